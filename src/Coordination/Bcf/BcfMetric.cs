namespace BetterCare.Care.Coordination.Bcf;

/// <summary>A Better Care Fund metric: what is counted over whom, in which unit, and which way is better.</summary>
/// <param name="Id">Stable id.</param>
/// <param name="Title">Title.</param>
/// <param name="Numerator">What is counted.</param>
/// <param name="Denominator">Among whom.</param>
/// <param name="Multiplier">100 (percent) or 100,000; 1 for a score that is printed as it is.</param>
/// <param name="DividesByMonths">The count is divided by the months of the period.</param>
/// <param name="Unit">Unit of the value.</param>
/// <param name="LowerIsBetter">A fall is an improvement.</param>
/// <param name="Source">Where the definition comes from.</param>
public sealed record BcfMetric(string Id, string Title, string Numerator, string Denominator, int Multiplier, bool DividesByMonths, string Unit, bool LowerIsBetter, string Source)
{
    /// <summary>Metric 1.</summary>
    public static BcfMetric CareHomeAdmissions { get; } = new(
        "care-home-admissions",
        "Permanent admissions of people aged 65 and over to residential and nursing care homes",
        "council-supported permanent admissions of people of 65 and over in 12 months; transfers between homes are not counted",
        "residents of 65 and over",
        100_000,
        DividesByMonths: false,
        "per 100,000 in 12 months",
        LowerIsBetter: true,
        "ASCOF 2A part 2");

    /// <summary>Metric 2.</summary>
    public static BcfMetric StillAtHome { get; } = new(
        "still-at-home-91-days",
        "People aged 65 and over still at home 91 days after discharge from hospital into reablement",
        "of the denominator, those at home, in extra care housing or in adult placement on day 91",
        "people of 65 and over discharged from October to December into reablement with a clear intention to return home",
        100,
        DividesByMonths: false,
        "%",
        LowerIsBetter: false,
        "ASCOF 2B part 1");

    /// <summary>Metric 3.</summary>
    public static BcfMetric DelayedTransfers { get; } = new(
        "delayed-transfers",
        "Delayed transfers of care from hospital",
        "delayed days, as an average per month",
        "residents of 18 and over",
        100_000,
        DividesByMonths: false,
        "per 100,000 per month",
        LowerIsBetter: true,
        "Better Care Fund technical guidance as applied in the Lancashire plan");

    /// <summary>Metric 4.</summary>
    public static BcfMetric AvoidableAdmissions { get; } = new(
        "avoidable-emergency-admissions",
        "Avoidable emergency admissions (composite)",
        "emergency admissions in any of the four lists (NHSOF 2.3.i, 2.3.ii, 3a, 3.2), each counted once",
        "residents of all ages",
        100_000,
        DividesByMonths: true,
        "per 100,000 per month",
        LowerIsBetter: true,
        "NHS Outcomes Framework; CCG OIS 2.6 v1.15 filters");

    /// <summary>Metric 5: the national measure was in development in 2014; a place enters its own survey.</summary>
    public static BcfMetric Experience { get; } = new(
        "experience",
        "Patient and service user experience",
        "people who answered that they felt supported to manage their condition",
        "people who answered",
        100,
        DividesByMonths: false,
        "%",
        LowerIsBetter: false,
        "local survey; NHSOF 2.1 where none");

    /// <summary>Metric 6, the local metric of the Lancashire plan.</summary>
    public static BcfMetric DementiaDiagnosis { get; } = new(
        "dementia-diagnosis",
        "Estimated diagnosis rate for people with dementia",
        "patients on dementia registers",
        "estimated number of people with dementia",
        100,
        DividesByMonths: false,
        "%",
        LowerIsBetter: false,
        "NHSOF 2.6.i");

    /// <summary>A further local metric that several plans report.</summary>
    public static BcfMetric Readmissions { get; } = new(
        "readmissions-30-days",
        "Emergency readmissions within 30 days of discharge from hospital",
        "of the denominator, those followed by an emergency admission within 30 days",
        "discharges alive",
        100,
        DividesByMonths: false,
        "%",
        LowerIsBetter: true,
        "NHSOF 3b");

    /// <summary>All of them, in the order of the template.</summary>
    public static IReadOnlyList<BcfMetric> All { get; } = [CareHomeAdmissions, StillAtHome, DelayedTransfers, AvoidableAdmissions, Experience, DementiaDiagnosis, Readmissions];
}

/// <summary>A numerator and denominator of one area.</summary>
/// <param name="Numerator">Events or people.</param>
/// <param name="Denominator">Population.</param>
public readonly record struct BcfCount(decimal Numerator, decimal Denominator)
{
    /// <summary>Adds two areas.</summary>
    public static BcfCount operator +(BcfCount a, BcfCount b) => new(a.Numerator + b.Numerator, a.Denominator + b.Denominator);
}

/// <summary>One line of a metric: an area in a period.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Area">CCG, ICB or the whole.</param>
/// <param name="Count">Numerator and denominator.</param>
/// <param name="Months">Months of the period.</param>
/// <param name="Baseline">Printed value before; null: none.</param>
/// <param name="Target">Printed value to reach; null: none.</param>
public sealed record BcfLine(BcfMetric Metric, string Area, BcfCount Count, int Months, decimal? Baseline = null, decimal? Target = null)
{
    /// <summary>The value as printed, half up to one decimal; null where nobody is in the denominator.</summary>
    public decimal? Value => BcfFormula.Value(Count.Numerator, Count.Denominator, Metric.DividesByMonths ? Months : 1, Metric.Multiplier) is { } value ? BcfFormula.HalfUp(value) : null;

    /// <summary>Change against the baseline, %, one decimal; null without either.</summary>
    public decimal? ChangeOnBaseline => Value is { } value && Baseline is { } before && BcfFormula.PercentChange(value, before) is { } change ? BcfFormula.HalfUp(change) : null;

    /// <summary>The target is reached; null without value or target.</summary>
    public bool? TargetIsMet => Value is { } value && Target is { } target ? Metric.LowerIsBetter ? value <= target : value >= target : null;
}

/// <summary>A metric by CCG, with the whole from the same counts: never a mean of rates.</summary>
/// <param name="Whole">The whole area.</param>
/// <param name="Areas">By CCG.</param>
public sealed record BcfTable(BcfLine Whole, IReadOnlyList<BcfLine> Areas)
{
    /// <summary>Adds up the areas.</summary>
    /// <param name="metric">The metric.</param>
    /// <param name="whole">Name of the whole area.</param>
    /// <param name="areas">Counts by CCG, with baseline and target where they have them.</param>
    /// <param name="months">Months of the period.</param>
    /// <param name="baseline">Baseline of the whole.</param>
    /// <param name="target">Target of the whole.</param>
    public static BcfTable Of(BcfMetric metric, string whole, IEnumerable<(string Area, BcfCount Count, decimal? Baseline, decimal? Target)> areas, int months, decimal? baseline = null, decimal? target = null)
    {
        var lines = areas.Select(a => new BcfLine(metric, a.Area, a.Count, months, a.Baseline, a.Target)).ToArray();
        var sum = lines.Aggregate(default(BcfCount), (total, line) => total + line.Count);
        return new BcfTable(new BcfLine(metric, whole, sum, months, baseline, target), lines);
    }
}
