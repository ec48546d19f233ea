using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Coordination.Plans;

namespace BetterCare.Care.Coordination.Coverage;

/// <summary>
/// One coverage cell: how many people, and for how many of them the national condition is met. Cells add up.
/// The caller decides who is counted (adults or the whole list) and which levels are high risk (4, or 3 and 4).
/// </summary>
public readonly record struct CoverageCounts
{
    /// <summary>People registered (or resident).</summary>
    public int People { get; init; }

    /// <summary>Of them, with an NHS number present and verified.</summary>
    public int NumberVerified { get; init; }

    /// <summary>Of the people, at high risk.</summary>
    public int HighRisk { get; init; }

    /// <summary>Of those at high risk, with exactly one current accountable lead professional.</summary>
    public int WithLead { get; init; }

    /// <summary>Of those at high risk, with a joint plan in force and not overdue.</summary>
    public int WithPlan { get; init; }

    /// <summary>Of those at high risk, with both.</summary>
    public int WithBoth { get; init; }

    /// <summary>Of those at high risk, with a plan whose review is overdue.</summary>
    public int PlanOverdue { get; init; }

    /// <summary>Of the leads, in health.</summary>
    public int LeadInHealth { get; init; }

    /// <summary>Of the leads, in social care.</summary>
    public int LeadInSocialCare { get; init; }

    /// <summary>Of the leads, in a voluntary organisation.</summary>
    public int LeadInVoluntary { get; init; }

    /// <summary>The cell of one person.</summary>
    /// <param name="level">Level in force (or the model's, for the answer by model level), 1 to 4; 0: not stratified.</param>
    /// <param name="highRiskFrom">Lowest level that is high risk: 3, or 4.</param>
    /// <param name="lead">Sector of the one current lead; null: none.</param>
    /// <param name="plan">What <see cref="PlanRules.Evaluate"/> says of the plan.</param>
    /// <param name="numberVerified">The NHS number is present and verified.</param>
    public static CoverageCounts Of(int level, int highRiskFrom, Sector? lead, PlanVerdict plan, bool numberVerified)
    {
        var isHigh = level >= highRiskFrom;
        var hasLead = isHigh && lead is not null;
        var hasPlan = isHigh && plan.Counts;
        return new CoverageCounts
        {
            People = 1,
            NumberVerified = numberVerified ? 1 : 0,
            HighRisk = isHigh ? 1 : 0,
            WithLead = hasLead ? 1 : 0,
            WithPlan = hasPlan ? 1 : 0,
            WithBoth = hasLead && hasPlan ? 1 : 0,
            PlanOverdue = isHigh && plan.IsOverdue ? 1 : 0,
            LeadInHealth = hasLead && lead == Sector.Health ? 1 : 0,
            LeadInSocialCare = hasLead && lead == Sector.SocialCare ? 1 : 0,
            LeadInVoluntary = hasLead && lead == Sector.Voluntary ? 1 : 0,
        };
    }

    /// <summary>Adds two cells.</summary>
    public static CoverageCounts operator +(CoverageCounts a, CoverageCounts b) => new()
    {
        People = a.People + b.People,
        NumberVerified = a.NumberVerified + b.NumberVerified,
        HighRisk = a.HighRisk + b.HighRisk,
        WithLead = a.WithLead + b.WithLead,
        WithPlan = a.WithPlan + b.WithPlan,
        WithBoth = a.WithBoth + b.WithBoth,
        PlanOverdue = a.PlanOverdue + b.PlanOverdue,
        LeadInHealth = a.LeadInHealth + b.LeadInHealth,
        LeadInSocialCare = a.LeadInSocialCare + b.LeadInSocialCare,
        LeadInVoluntary = a.LeadInVoluntary + b.LeadInVoluntary,
    };

    /// <summary>What keeps the cell from being possible; null when it is.</summary>
    public string? Impossible() =>
        this switch
        {
            _ when HighRisk > People || NumberVerified > People || HighRisk < 0 || NumberVerified < 0 => "More people at high risk, or verified, than people.",
            _ when WithLead > HighRisk || WithPlan > HighRisk || PlanOverdue > HighRisk || PlanOverdue < 0 => "More leads or plans than people at high risk.",
            _ when WithBoth > Math.Min(WithLead, WithPlan) || WithBoth < Math.Max(0, WithLead + WithPlan - HighRisk) => "Leads, plans and both do not fit together.",
            _ when LeadInHealth + LeadInSocialCare + LeadInVoluntary != WithLead || Math.Min(LeadInHealth, Math.Min(LeadInSocialCare, LeadInVoluntary)) < 0 => "Leads by sector do not add up to the leads.",
            _ => null,
        };
}

/// <summary>One row of a breakdown, exact.</summary>
/// <param name="Value">For example a practice code or an age band; "not known" is a row too.</param>
/// <param name="Counts">The cell.</param>
/// <param name="Parents">The rows that this row belongs to, one for each of <see cref="Breakdown.Within"/>; empty: directly under the total.</param>
public sealed record BreakdownRow(string Value, CoverageCounts Counts, params IReadOnlyList<string> Parents);

/// <summary>The people of a release by one dimension. Every person is in exactly one row.</summary>
/// <param name="Dimension">For example <c>practice</c>, <c>neighbourhood</c>, <c>age</c>, <c>sex</c>, <c>deprivation</c>, <c>level</c>.</param>
/// <param name="Rows">The rows; they add up to the total.</param>
/// <param name="Within">
/// Coarser breakdowns of the same release whose rows these refine: <c>practice</c> within <c>neighbourhood</c>; and for a crossed
/// one both sides: <c>practice and age</c> within <c>practice</c> and <c>age</c>, so that neither margin gives a cell away.
/// </param>
public sealed record Breakdown(string Dimension, IReadOnlyList<BreakdownRow> Rows, params IReadOnlyList<string> Within);
