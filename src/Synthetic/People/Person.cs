using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Synthetic.Place;
using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.People;

/// <summary>One synthetic person: what they are like, and what happened. Reused for the next person by each worker.</summary>
internal sealed class Person
{
    /// <summary>A day that does not come.</summary>
    public const int Never = int.MaxValue;

    public int Index;
    public NhsNumber Number;
    public ulong IdBase;

    /// <summary>0 female, 1 male.</summary>
    public int Sex;
    public int BirthDay;

    /// <summary>0 while alive on the last day.</summary>
    public int DeathDay;
    public PracticeInfo Practice = null!;

    /// <summary>The practice before a move, if there was one.</summary>
    public PracticeInfo? FormerPractice;
    public int MoveDay;
    public int RegisteredDay;

    /// <summary>0 while registered.</summary>
    public int DeregisteredDay;
    public Lsoa Lsoa = null!;
    public byte Ethnicity;
    public bool Smoker;
    public bool ExSmoker;
    public double BodyMassIndex;

    /// <summary>Latent general ill health, standard normal.</summary>
    public double General;

    /// <summary>Latent clusters; index as <see cref="TraitInfo.Cluster"/>, 0 unused.</summary>
    public readonly double[] Clusters = new double[5];

    /// <summary>What no record will show: a lasting log rate ratio of admission.</summary>
    public double Unobserved;

    /// <summary>Day of onset by <see cref="Trait"/>; <see cref="Never"/>.</summary>
    public readonly int[] Onset = new int[Traits.Count];

    public bool TypeOneOptOut;
    public bool NationalOptOut;
    public bool Restricted;
    public bool NumberUnverified;

    /// <summary>The person's usual GP, as a number within the practice's.</summary>
    public int UsualGp;

    /// <summary>A number that spreads people over community and social care teams.</summary>
    public int TeamSlot;

    public readonly List<LifeEvent> Events = new(256);

    /// <summary>True risk per index date; NaN where the person is not alive and registered.</summary>
    public double[] TrueRisk = [];

    public bool Has(Trait trait, int day) => Onset[(int)trait] <= day;

    /// <summary>Age in years with fraction.</summary>
    public double AgeOn(int day) => (day - BirthDay) / 365.25;

    /// <summary>The practice on a day.</summary>
    public PracticeInfo PracticeOn(int day) => FormerPractice is not null && day < MoveDay ? FormerPractice : Practice;

    /// <summary>The last day on which anything can happen.</summary>
    public int LastDay(int until)
    {
        var last = DeathDay == 0 ? until : Math.Min(until, DeathDay);
        return DeregisteredDay == 0 ? last : Math.Min(last, DeregisteredDay);
    }
}

/// <summary>What kind of event; decides the resource that it becomes.</summary>
internal enum LifeKind : byte
{
    EmergencyAdmission,
    PlannedAdmission,
    MaternityAdmission,
    AeAttendance,
    OutpatientAttended,
    OutpatientMissed,
    GpContact,
    GpMissed,
    CommunityContact,
    MentalHealthContact,
    SocialCareContact,
    HospitalDiagnosis,
    Procedure,
    Measurement,
    RepeatMedicine,
    AcuteMedicine,
    Fall,
    SocialService,
    SocialCircumstance,
    FutureAppointment,
}

/// <summary>More about an event.</summary>
[Flags]
internal enum LifeFlags : byte
{
    None = 0,
    Ambulance = 1,
    HomeVisit = 2,
    Telephone = 4,
    Admitted = 8,
    Open = 16,
    Died = 32,
    Uncoded = 64,
    Late = 128,
}

/// <summary>A dated event of a life.</summary>
internal readonly record struct LifeEvent
{
    public int Day { get; init; }

    /// <summary>Minute of the day.</summary>
    public short Minute { get; init; }

    public LifeKind Kind { get; init; }

    public LifeFlags Flags { get; init; }

    /// <summary>Nights of an admission, minutes of a contact, days of a service (-1: still so), 1 for the last issue of a medicine.</summary>
    public short Length { get; init; }

    /// <summary>Index into the table of the kind (diagnosis, medicine, measure, planned procedure …).</summary>
    public short Code { get; init; }

    /// <summary>Rank of a diagnosis, second value of a measurement, number of a service.</summary>
    public short Second { get; init; }

    /// <summary>Value of a measurement.</summary>
    public float Value { get; init; }

    /// <summary>Who saw the person; -1 nobody named.</summary>
    public int Practitioner { get; init; }

    /// <summary>Index of the event that this belongs to; -1 none.</summary>
    public int Parent { get; init; }
}
