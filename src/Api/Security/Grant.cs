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

    /// <summary>Operate the service.</summary>
    Administer,

    /// <summary>Set baselines and targets of the Better Care Fund metrics (commissioner).</summary>
    SetTargets,

    /// <summary>Nothing at all: public descriptions of the service.</summary>
    None,
}

/// <summary>A request that says who may send it. A test fails for any request that does not.</summary>
public interface IGuarded
{
    /// <summary>The grant that its sender needs.</summary>
    static abstract Grant Needs { get; }
}

/// <summary>The caller of the request in hand.</summary>
public sealed class CurrentCaller
{
    /// <summary>Set by the host for each request; nobody until then.</summary>
    public Caller Caller { get; set; } = Caller.Nobody;
}
