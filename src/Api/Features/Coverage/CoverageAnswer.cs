using BetterCare.Care.Coordination.Coverage;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>What is asked of coverage.</summary>
/// <param name="By">One of <see cref="CoverageGroups.Dimensions"/>.</param>
/// <param name="Month">Year x 100 + month; null: the latest.</param>
/// <param name="WholeList">Everybody registered; else adults of 18 and over, as the national condition asks.</param>
/// <param name="ByModel">High risk by the model's level; else by the level in force, which a team may have agreed.</param>
public sealed record CoverageAsk(string By, int? Month = null, bool WholeList = false, bool ByModel = false)
{
    /// <summary>Among whom: <c>adults</c> or <c>whole-list</c>.</summary>
    public string Population => WholeList ? "whole-list" : "adults";

    /// <summary>By which level: <c>in-force</c> or <c>model</c>.</summary>
    public string Basis => ByModel ? "model" : "in-force";
}

/// <summary>One row of a coverage answer; figures as published: numbers, * where suppressed, - where there is nobody to count among.</summary>
/// <param name="Group">The group.</param>
/// <param name="People">People registered.</param>
/// <param name="NumberVerified">Of them, with a verified NHS number.</param>
/// <param name="NumberVerifiedPercent">The same, % of the people.</param>
/// <param name="HighRisk">Of the people, at levels 3 and 4.</param>
/// <param name="HighRiskPercent">The same, % of the people.</param>
/// <param name="WithLead">Of those, with an accountable lead professional.</param>
/// <param name="WithLeadPercent">The same, %.</param>
/// <param name="WithPlan">Of those at high risk, with a joint plan in force and not overdue.</param>
/// <param name="WithPlanPercent">The same, %.</param>
/// <param name="WithBoth">Of those at high risk, with both.</param>
/// <param name="WithBothPercent">The same, %.</param>
/// <param name="PlanOverdue">Of those at high risk, with a plan whose review is overdue.</param>
/// <param name="PlanOverduePercent">The same, %.</param>
/// <param name="LeadInHealth">Of the leads, in health.</param>
/// <param name="LeadInSocialCare">Of the leads, in social care.</param>
/// <param name="LeadInVoluntary">Of the leads, in voluntary organisations.</param>
public sealed record CoverageRow(
    string Group,
    string People,
    string NumberVerified,
    string NumberVerifiedPercent,
    string HighRisk,
    string HighRiskPercent,
    string WithLead,
    string WithLeadPercent,
    string WithPlan,
    string WithPlanPercent,
    string WithBoth,
    string WithBothPercent,
    string PlanOverdue,
    string PlanOverduePercent,
    string LeadInHealth,
    string LeadInSocialCare,
    string LeadInVoluntary)
{
    internal static CoverageRow Of(string group, CoverageFigures f) => new(
        group, f.People.ToString(), f.NumberVerified.ToString(), f.VerifiedOfPeople.ToString(), f.HighRisk.ToString(), f.HighRiskOfPeople.ToString(),
        f.WithLead.ToString(), f.LeadOfHighRisk.ToString(), f.WithPlan.ToString(), f.PlanOfHighRisk.ToString(), f.WithBoth.ToString(), f.BothOfHighRisk.ToString(),
        f.PlanOverdue.ToString(), f.OverdueOfHighRisk.ToString(), f.LeadInHealth.ToString(), f.LeadInSocialCare.ToString(), f.LeadInVoluntary.ToString());
}

/// <summary>Adults at a level.</summary>
public sealed record TierRow(string Level, string Adults, string Percent);

/// <summary>The three answers of the national condition.</summary>
/// <param name="Month">yyyy-MM.</param>
/// <param name="StandsFor">The day for which the figures stand, yyyy-MM-dd.</param>
/// <param name="By">practice, locality, place …</param>
/// <param name="Population"><c>adults</c> or <c>whole-list</c>.</param>
/// <param name="Basis"><c>in-force</c> or <c>model</c>: whose level makes a person high risk.</param>
/// <param name="Exact">Whether figures are exact (for those who may see people) or suppressed and rounded.</param>
/// <param name="Legend">What the signs mean.</param>
/// <param name="HighRiskPercent">1: what proportion is at high risk.</param>
/// <param name="Approach">2: by what approach.</param>
/// <param name="WithLeadPercent">3a: what proportion of those has an accountable professional.</param>
/// <param name="WithPlanPercent">3b: what proportion of those has a joint care plan.</param>
/// <param name="WithBothPercent">3: what proportion of those has both.</param>
/// <param name="HighRiskByModelPercent">What proportion would be at high risk by the model alone.</param>
/// <param name="Tiers">Adults by level in force.</param>
/// <param name="Total">All groups together.</param>
/// <param name="Rows">The groups.</param>
public sealed record CoverageAnswer(
    string Month,
    string StandsFor,
    string By,
    string Population,
    string Basis,
    bool Exact,
    string Legend,
    string HighRiskPercent,
    string Approach,
    string WithLeadPercent,
    string WithPlanPercent,
    string WithBothPercent,
    string HighRiskByModelPercent,
    IReadOnlyList<TierRow> Tiers,
    CoverageRow Total,
    IReadOnlyList<CoverageRow> Rows)
{
    /// <summary>The figures behind the rows, for the renderers.</summary>
    internal IReadOnlyList<(string Group, CoverageFigures Figures)> Figures { get; init; } = [];

    /// <summary>The figures behind the total.</summary>
    internal CoverageFigures? TotalFigures { get; init; }
}

/// <summary>A month of a trend.</summary>
/// <param name="Month">yyyy-MM.</param>
/// <param name="StandsFor">The day for which the figures stand, yyyy-MM-dd.</param>
/// <param name="Figures">The figures of the whole place.</param>
public sealed record CoverageMonthRow(string Month, string StandsFor, CoverageRow Figures);

/// <summary>Coverage month by month, as it stood then.</summary>
/// <param name="Population"><c>adults</c> or <c>whole-list</c>.</param>
/// <param name="Exact">Whether figures are exact.</param>
/// <param name="Legend">What the signs mean.</param>
/// <param name="Months">The earliest first.</param>
public sealed record CoverageTrend(string Population, bool Exact, string Legend, IReadOnlyList<CoverageMonthRow> Months);
