using BetterCare.Care.Coordination.Bcf;

namespace BetterCare.Care.Api.Features.Bcf;

/// <summary>A metric of one area; figures as published: numbers, * where suppressed, - where there are none.</summary>
/// <param name="Area">CCG or sub-ICB location, place or ICB; <c>All</c> for the whole.</param>
/// <param name="Numerator">Above the line.</param>
/// <param name="Denominator">Below the line.</param>
/// <param name="Value">The metric, to one decimal.</param>
/// <param name="Baseline">As planned; null none.</param>
/// <param name="Target">As planned; null none.</param>
/// <param name="ChangeOnBaselinePercent">Change against the baseline, %.</param>
/// <param name="TargetIsMet">Whether the target is reached; null without value or target.</param>
public sealed record BcfLineView(string Area, string Numerator, string Denominator, string Value, decimal? Baseline, decimal? Target, decimal? ChangeOnBaselinePercent, bool? TargetIsMet);

/// <summary>A metric with its areas.</summary>
/// <param name="Id">Stable id.</param>
/// <param name="Title">Title.</param>
/// <param name="Numerator">What is counted.</param>
/// <param name="Denominator">Among whom.</param>
/// <param name="Unit">Unit of the value.</param>
/// <param name="LowerIsBetter">A fall is an improvement.</param>
/// <param name="Source">Where the definition comes from.</param>
/// <param name="Period">The days of which it was counted.</param>
/// <param name="Note">What a reader must know; null nothing.</param>
/// <param name="Whole">All areas together, from the same counts.</param>
/// <param name="Areas">By area.</param>
public sealed record BcfMetricView(
    string Id, string Title, string Numerator, string Denominator, string Unit, bool LowerIsBetter, string Source, string Period, string? Note, BcfLineView Whole, IReadOnlyList<BcfLineView> Areas);

/// <summary>The Better Care Fund metrics.</summary>
/// <param name="Until">yyyy-MM, the last of the twelve months.</param>
/// <param name="By">By which areas.</param>
/// <param name="Exact">Whether figures are exact.</param>
/// <param name="Legend">What the signs mean.</param>
/// <param name="CountedAt">When they were counted.</param>
/// <param name="Metrics">In the order of the template.</param>
public sealed record BcfAnswer(string Until, string By, bool Exact, string Legend, DateTimeOffset CountedAt, IReadOnlyList<BcfMetricView> Metrics);

/// <summary>A baseline, target or estimate as it was set.</summary>
/// <param name="Kind"><c>baseline</c>, <c>target</c> or <c>estimate</c>.</param>
/// <param name="Area">The area; empty: the whole.</param>
/// <param name="Value">The value; null: taken back.</param>
/// <param name="Period">For which period.</param>
/// <param name="Reason">Where it comes from.</param>
/// <param name="SetBy">Who set it.</param>
/// <param name="SetAt">When.</param>
public sealed record BcfPlanValueView(string Kind, string Area, decimal? Value, string Period, string Reason, string SetBy, DateTimeOffset SetAt);

/// <summary>What metrics are about, beyond their definitions.</summary>
internal static class BcfNotes
{
    /// <summary>
    /// Share of people of 65 and over who have dementia (CFAS II, Lancet 2013;382:1405-12, England 2008-11): the estimate of the
    /// denominator until a commissioner enters the national one.
    /// </summary>
    public const decimal DementiaShare = 0.065m;

    /// <summary>The metrics that are counted from the record; experience comes from surveys.</summary>
    public static IReadOnlyList<BcfMetric> Counted { get; } =
        [BcfMetric.CareHomeAdmissions, BcfMetric.StillAtHome, BcfMetric.DelayedTransfers, BcfMetric.AvoidableAdmissions, BcfMetric.DementiaDiagnosis, BcfMetric.Readmissions];

    /// <summary>Limits of a count, in plain English.</summary>
    public static string? Of(BcfMetric metric, bool recorded, bool estimated) => metric.Id switch
    {
        _ when !recorded => "No system has sent any such event, so nothing can be counted.",
        "avoidable-emergency-admissions" =>
            "The ICD-10 list of NHSOF 2.3.i is the official one (CCG OIS 2.6 v1.15). Those of 2.3.ii, 3a and 3.2 are stand-ins, because the exact national lists were not found: "
            + "do not compare with published composites. Exclusions by procedure act where Procedures within the stay carry OPCS-4 codes.",
        "dementia-diagnosis" when !estimated => "Of people aged 65 and over; the number with dementia is estimated as 6.5 % of them (CFAS II) until a commissioner enters the national estimate.",
        "readmissions-30-days" => "Crude: not standardised by age, sex or diagnosis.",
        _ => null,
    };
}
