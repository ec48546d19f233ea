namespace BetterCare.Care.Storage.Model;

/// <summary>Twelve months of which the Better Care Fund metrics have been counted.</summary>
public sealed class BcfPeriod
{
    /// <summary>Year x 100 + month of the last of the twelve.</summary>
    public int Month { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long CountedAt { get; set; }

    /// <summary>Care home placements on record, of any time; 0: nobody sends them, so a count of 0 says nothing.</summary>
    public long Placements { get; set; }

    /// <summary>Reablement on record, of any time.</summary>
    public long Reablements { get; set; }

    /// <summary>Delayed transfers on record, of any time.</summary>
    public long Delays { get; set; }

    /// <summary>Hospital admissions on record, of any time.</summary>
    public long Admissions { get; set; }
}

/// <summary>A metric's count of one practice.</summary>
public sealed class BcfCountRow
{
    /// <summary>Year x 100 + month of the last of the twelve.</summary>
    public int Month { get; set; }

    /// <summary>Id of the metric.</summary>
    public required string Metric { get; set; }

    /// <summary>ODS code; empty where not known.</summary>
    public required string PracticeCode { get; set; }

    /// <summary>Events, people or days above the line.</summary>
    public long Numerator { get; set; }

    /// <summary>People or events below the line.</summary>
    public long Denominator { get; set; }
}

/// <summary>A baseline, target or estimate as a commissioner set it. Rows are only ever added; the latest counts.</summary>
public sealed class BcfPlanValue
{
    /// <summary>Id of the metric.</summary>
    public required string Metric { get; set; }

    /// <summary>The area; empty: the whole.</summary>
    public required string Area { get; set; }

    /// <summary><c>baseline</c>, <c>target</c> or <c>estimate</c>.</summary>
    public required string Kind { get; set; }

    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary>The value as a decimal; empty: taken back.</summary>
    public required string Value { get; set; }

    /// <summary>For which period, as the plan names it.</summary>
    public required string Period { get; set; }

    /// <summary>Where it comes from.</summary>
    public required string Reason { get; set; }

    /// <summary>Who set it.</summary>
    public required string SetBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long SetAt { get; set; }
}
