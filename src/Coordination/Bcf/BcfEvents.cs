namespace BetterCare.Care.Coordination.Bcf;

/// <summary>An admission to a residential or nursing care home.</summary>
/// <param name="Person">Storage key.</param>
/// <param name="Age">Age in years on the day.</param>
/// <param name="On">The day.</param>
/// <param name="IsPermanent">Meant to last; not respite or a temporary stay.</param>
/// <param name="IsCouncilSupported">The council supports it, in part or whole.</param>
/// <param name="FromAnotherHome">A transfer from another care home.</param>
public readonly record struct CareHomeAdmission(long Person, int Age, DateOnly On, bool IsPermanent, bool IsCouncilSupported, bool FromAnotherHome);

/// <summary>Where somebody was on the 91st day after discharge.</summary>
public enum Whereabouts
{
    /// <summary>Not followed up: counts as not at home, as ASCOF has it.</summary>
    NotKnown,

    /// <summary>At home, in extra care housing or in an adult placement.</summary>
    AtHome,

    /// <summary>In hospital.</summary>
    InHospital,

    /// <summary>In a residential or nursing home.</summary>
    InCareHome,

    /// <summary>Died.</summary>
    Died,
}

/// <summary>A discharge from hospital into reablement or rehabilitation.</summary>
/// <param name="Person">Storage key.</param>
/// <param name="Age">Age in years on the day of discharge.</param>
/// <param name="On">Day of discharge.</param>
/// <param name="IntendsToReturnHome">With a clear intention to move on, or back, to their own home.</param>
/// <param name="Day91">Where they were on day 91.</param>
public readonly record struct ReablementDischarge(long Person, int Age, DateOnly On, bool IntendsToReturnHome, Whereabouts Day91);

/// <summary>A time in a hospital bed after the person was ready to leave.</summary>
/// <param name="Person">Storage key.</param>
/// <param name="Age">Age in years on the first day.</param>
/// <param name="ReadyOn">The day they were ready for transfer; the first delayed night.</param>
/// <param name="LeftOn">The day they left; null: still there.</param>
public readonly record struct DelayedTransfer(long Person, int Age, DateOnly ReadyOn, DateOnly? LeftOn);

/// <summary>A hospital spell, by its first finished or unfinished episode (EPIORDER 1, EPISTAT 1 or 3, EPITYPE 1).</summary>
public sealed record HospitalSpell
{
    /// <summary>Storage key.</summary>
    public required long Person { get; init; }

    /// <summary>Day of admission.</summary>
    public required DateOnly Admitted { get; init; }

    /// <summary>Day of discharge; null: not yet.</summary>
    public DateOnly? Discharged { get; init; }

    /// <summary>Age in years on admission; null: not known.</summary>
    public int? Age { get; init; }

    /// <summary>Female or male is recorded (SEX 1 or 2).</summary>
    public bool SexIsKnown { get; init; } = true;

    /// <summary>Admission method, for example "21".</summary>
    public required string Method { get; init; }

    /// <summary>Source of admission, for example "19"; null: not known.</summary>
    public string? Source { get; init; }

    /// <summary>Patient classification: 1 is an ordinary admission.</summary>
    public int PatientClass { get; init; } = 1;

    /// <summary>Primary diagnosis, ICD-10, with or without the dot.</summary>
    public required string PrimaryDiagnosis { get; init; }

    /// <summary>Further diagnoses.</summary>
    public IReadOnlyList<string> SecondaryDiagnoses { get; init; } = [];

    /// <summary>Procedures, OPCS-4.</summary>
    public IReadOnlyList<string> Procedures { get; init; } = [];

    /// <summary>Died in hospital.</summary>
    public bool Died { get; init; }

    /// <summary>An emergency admission method (21 to 25, 28, 2A to 2D).</summary>
    public bool IsEmergency => Method is "21" or "22" or "23" or "24" or "25" or "28" or "2A" or "2B" or "2C" or "2D";

    /// <summary>A transfer from another hospital (source 51 to 53): the same stay, not a new one.</summary>
    public bool IsTransfer => Source is "51" or "52" or "53";

    /// <inheritdoc/>
    public override string ToString() => $"hospital spell of person {Person}";
}
