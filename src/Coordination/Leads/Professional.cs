using System.Collections.Frozen;

namespace BetterCare.Care.Coordination.Leads;

/// <summary>A professional in one role, as the place's register has them.</summary>
public sealed record Professional
{
    /// <summary>Opaque key of the person in this role (PractitionerRole).</summary>
    public required string Key { get; init; }

    /// <summary>Title of the role, for reasons: "District nurse".</summary>
    public required string Role { get; init; }

    /// <summary>The kind of professional.</summary>
    public required RoleKind Kind { get; init; }

    /// <summary>The sector.</summary>
    public required Sector Sector { get; init; }

    /// <summary>The place (integrated care system, county …) the professional works in.</summary>
    public required string Place { get; init; }

    /// <summary>Whether the role may lead: from <see cref="LeadRoles"/>, unless the place says otherwise.</summary>
    public required bool LeadEligible { get; init; }

    /// <summary>The employing organisation's ODS code, where known.</summary>
    public string? Organisation { get; init; }

    /// <summary>Practices whose people the professional looks after; empty: the whole place.</summary>
    public FrozenSet<string> Practices { get; init; } = [];

    /// <summary>Professional registration (GMC, NMC, HCPC, Social Work England …) is current, or the role needs none.</summary>
    public bool IsRegistered { get; init; } = true;

    /// <summary>First day in the role; null: not known, long ago.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Last day in the role; null: no end is known.</summary>
    public DateOnly? LastDay { get; init; }

    /// <summary>People led now.</summary>
    public int Caseload { get; init; }

    /// <summary>Most people to lead at once; null: no limit is set.</summary>
    public int? Capacity { get; init; }

    /// <summary>The professional or their team answers seven days a week (national condition 3).</summary>
    public bool SevenDayCover { get; init; }

    /// <summary>What they are good at; null: what the role is trained for.</summary>
    public Needs? Skills { get; init; }

    /// <summary>Places left for more people; <see cref="int.MaxValue"/> where no limit is set.</summary>
    public int Headroom => Capacity is { } capacity ? Math.Max(0, capacity - Caseload) : int.MaxValue;

    /// <summary>In the role on a day.</summary>
    public bool IsInRoleOn(DateOnly day) => (From is null || From <= day) && (LastDay is null || LastDay >= day);

    /// <summary>Covers the people of a practice of the same place.</summary>
    public bool Covers(string practice) => Practices.Count == 0 || Practices.Contains(practice);
}

/// <summary>A contact between the person and a professional: seen, visited, spoken to.</summary>
/// <param name="Professional">Key of the professional.</param>
/// <param name="On">Day of the contact.</param>
public readonly record struct ProfessionalContact(string Professional, DateOnly On);

/// <summary>What the person wants about who leads.</summary>
public sealed record LeadWish
{
    /// <summary>Wants this professional; null: nobody in particular.</summary>
    public string? Professional { get; init; }

    /// <summary>Wants somebody of this kind; null: no wish.</summary>
    public RoleKind? Kind { get; init; }

    /// <summary>Does not want these professionals. They are never proposed.</summary>
    public FrozenSet<string> NotThese { get; init; } = [];
}

/// <summary>What must be known of a person to propose who leads.</summary>
public sealed record PersonForLead
{
    /// <summary>Storage key; never an NHS number.</summary>
    public required long Key { get; init; }

    /// <summary>Registered practice.</summary>
    public required string Practice { get; init; }

    /// <summary>The place the practice belongs to.</summary>
    public required string Place { get; init; }

    /// <summary>Risk level in force, 1 to 4.</summary>
    public int Level { get; init; }

    /// <summary>Main needs.</summary>
    public Needs Needs { get; init; }

    /// <summary>Contacts in any order; those outside the look-back are passed over.</summary>
    public IReadOnlyList<ProfessionalContact> Contacts { get; init; } = [];

    /// <summary>What the person wants; null: nothing recorded.</summary>
    public LeadWish? Wish { get; init; }

    /// <summary>Key of the current accountable lead; null: none.</summary>
    public string? CurrentLead { get; init; }

    /// <summary>Key of the named GP (everyone has one since April 2015); kept apart from the lead.</summary>
    public string? NamedGp { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"person {Key}";
}
