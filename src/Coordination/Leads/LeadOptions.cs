namespace BetterCare.Care.Coordination.Leads;

/// <summary>
/// How proposals weigh what speaks for a professional. The default weights add up to 100 points, and the wish to 200,
/// so that a wish that can be met outweighs everything else together.
/// </summary>
public sealed record LeadOptions
{
    /// <summary>The defaults.</summary>
    public static LeadOptions Default { get; } = new();

    /// <summary>Contacts older than this are passed over, days.</summary>
    public int LookBackDays { get; init; } = 730;

    /// <summary>A contact this many days ago counts half of one today.</summary>
    public int RecentHalfLifeDays { get; init; } = 90;

    /// <summary>Points for a contact today.</summary>
    public int RecentContact { get; init; } = 30;

    /// <summary>Points for having had all the person's contacts (usual provider of care index 1; Breslau and Reeb 1975).</summary>
    public int Continuity { get; init; } = 25;

    /// <summary>Points for covering all main needs.</summary>
    public int Skills { get; init; } = 20;

    /// <summary>Points for an empty caseload.</summary>
    public int Headroom { get; init; } = 10;

    /// <summary>Points for seven-day cover.</summary>
    public int SevenDayCover { get; init; } = 5;

    /// <summary>Points for being responsible already: the current lead, or (half) the named GP.</summary>
    public int Responsibility { get; init; } = 10;

    /// <summary>Points for being whom, or half for being of the kind, the person wishes.</summary>
    public int Wish { get; init; } = 200;

    /// <summary>Longest list of proposals.</summary>
    public int MaxProposals { get; init; } = 20;
}
