namespace BetterCare.Care.Api.Security;

/// <summary>What a caller may do. Every request names the grant that it needs.</summary>
public enum Grant
{
    /// <summary>Send patient data (data suppliers).</summary>
    SupplyData,

    /// <summary>Read identifiable records of people of one's own practices (MDT).</summary>
    ReadRecords,

    /// <summary>Read lists of people: with names for those who may read records, with pseudonyms for analysts.</summary>
    ReadLists,

    /// <summary>Work the list: levels, leads, plans, meetings (MDT).</summary>
    CoordinateCare,

    /// <summary>Start runs and see how they went (analyst, administrator).</summary>
    RunStratification,

    /// <summary>Read aggregates, small numbers suppressed (commissioner).</summary>
    ReadCoverage,

    /// <summary>Read one person's contingency plan in an emergency.</summary>
    UrgentCare,

    /// <summary>Read the audit: who saw whom (privacy officer).</summary>
    ReadAudit,

    /// <summary>Operate the service.</summary>
    Administer,

    /// <summary>Set baselines and targets of the Better Care Fund metrics (commissioner).</summary>
    SetTargets,

    /// <summary>Decide who people are: the tracing queue, merges, their undoing (identity reviewer).</summary>
    ResolveIdentity,

    /// <summary>Nothing at all: public descriptions of the service.</summary>
    None,
}

/// <summary>A request that says who may send it. A test fails for any request that does not.</summary>
public interface IGuarded
{
    /// <summary>The grant that its sender needs.</summary>
    static abstract Grant Needs { get; }

    /// <summary>
    /// Whose data it touches. What does not say so is treated as touching people, and a test fails for it; where the answer shows
    /// people whom neither <c>People</c> nor <c>Visibility</c> looked up, tell <see cref="Storage.Audit.AccessTrail.Saw(long)"/>.
    /// </summary>
    static virtual PersonData Touches => PersonData.Undeclared;
}

/// <summary>Whose data a request touches; what touches people is audited (docs/decisions/0013-audit.md).</summary>
public enum PersonData
{
    /// <summary>Not said; audited to be safe.</summary>
    Undeclared,

    /// <summary>Nobody's: descriptions of the service, aggregates, the progress of a job. Not audited.</summary>
    None,

    /// <summary>One person's, whom the request names: an answer without a recorded person is a fault.</summary>
    Named,

    /// <summary>Those whom the answer shows or the body names; there may be none.</summary>
    Listed,

    /// <summary>The whole cohort as far as the caller may see it: runs, proposals for all, exports.</summary>
    Everyone,
}

/// <summary>The caller of the request in hand.</summary>
public sealed class CurrentCaller
{
    /// <summary>Set by the host for each request; nobody until then.</summary>
    public Caller Caller { get; set; } = Caller.Nobody;
}
