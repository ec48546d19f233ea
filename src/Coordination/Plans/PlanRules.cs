using System.Globalization;
using BetterCare.Care.Coordination.Leads;

namespace BetterCare.Care.Coordination.Plans;

/// <summary>What is so of a plan on a day, and what is missing.</summary>
public sealed record PlanVerdict
{
    /// <summary>Health and social care both contributed, and the person (or someone on their behalf) agreed.</summary>
    public required bool IsJoint { get; init; }

    /// <summary>Joint, and nothing that the rules ask for at this level is missing.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Its review is overdue.</summary>
    public required bool IsOverdue { get; init; }

    /// <summary>In force, joint and not overdue: counts in the answer to the national condition.</summary>
    public required bool Counts { get; init; }

    /// <summary>Last day for the next review; null for a plan not in force.</summary>
    public required DateOnly? ReviewBy { get; init; }

    /// <summary>Open actions past their date.</summary>
    public required IReadOnlyList<PlanAction> OverdueActions { get; init; }

    /// <summary>What is missing, in the order of the plan's headings.</summary>
    public required IReadOnlyList<UnmetRule> Missing { get; init; }
}

/// <summary>What makes a plan joint and complete, when it is overdue, and how it moves from draft to closed.</summary>
public static class PlanRules
{
    /// <summary>There is a plan.</summary>
    public const string Exists = "plan-exists";

    /// <summary>A health professional contributed.</summary>
    public const string HealthContribution = "plan-health-contribution";

    /// <summary>A social care professional contributed.</summary>
    public const string SocialCareContribution = "plan-social-care-contribution";

    /// <summary>The person or somebody on their behalf agreed, on a stated ground.</summary>
    public const string AgreementGiven = "plan-agreement";

    /// <summary>What matters to the person is written down.</summary>
    public const string WhatMatters = "plan-about-me";

    /// <summary>The joint assessment is summed up.</summary>
    public const string Assessment = "plan-assessment";

    /// <summary>At least one goal.</summary>
    public const string Goals = "plan-goals";

    /// <summary>At least one action.</summary>
    public const string Actions = "plan-actions";

    /// <summary>Every open action has an owner.</summary>
    public const string ActionOwner = "plan-action-owner";

    /// <summary>Every open action has a due date.</summary>
    public const string ActionDue = "plan-action-due";

    /// <summary>Preferences are recorded.</summary>
    public const string Preferences = "plan-preferences";

    /// <summary>An accountable lead professional.</summary>
    public const string Lead = "plan-lead";

    /// <summary>A number that reaches the lead.</summary>
    public const string LeadPhone = "plan-lead-phone";

    /// <summary>Allergies are noted.</summary>
    public const string Allergies = "plan-allergies";

    /// <summary>Medicines are noted.</summary>
    public const string Medicines = "plan-medicines";

    /// <summary>A contingency plan (trigger, action, contact) at level 4.</summary>
    public const string Contingency = "plan-contingency";

    /// <summary>A review date.</summary>
    public const string ReviewDate = "plan-review-date";

    /// <summary>The review date is within the interval of the level.</summary>
    public const string ReviewInterval = "plan-review-interval";

    /// <summary>The plan moves draft, proposed, agreed, closed.</summary>
    public const string StatusOrder = "plan-status";

    /// <summary>A plan is closed with an outcome.</summary>
    public const string OutcomeGiven = "plan-outcome";

    /// <summary>Judges a plan.</summary>
    /// <param name="plan">The latest version; null: there is none.</param>
    /// <param name="level">The person's level in force, 1 to 4.</param>
    /// <param name="asOf">The day.</param>
    /// <param name="settings">The place's settings.</param>
    public static PlanVerdict Evaluate(JointCarePlan? plan, int level, DateOnly asOf, PlanSettings? settings = null)
    {
        settings ??= PlanSettings.Default;
        if (plan is null)
        {
            return new PlanVerdict
            {
                IsJoint = false,
                IsComplete = false,
                IsOverdue = false,
                Counts = false,
                ReviewBy = null,
                OverdueActions = [],
                Missing = [new UnmetRule(Exists, "There is no plan.", "Start a joint care plan with the person.")],
            };
        }

        var missing = new List<UnmetRule>();
        AddMissingForJoint(plan, asOf, missing);
        var isJoint = missing.Count == 0;
        AddMissingForComplete(plan, level, settings, missing);
        var reviewBy = plan.Status == PlanStatus.Agreed ? ReviewBy(plan, level, settings) : null;
        var isOverdue = reviewBy < asOf;
        return new PlanVerdict
        {
            IsJoint = isJoint,
            IsComplete = missing.Count == 0,
            IsOverdue = isOverdue,
            Counts = isJoint && !isOverdue && plan.Status == PlanStatus.Agreed,
            ReviewBy = reviewBy,
            OverdueActions = plan.Status == PlanStatus.Closed ? [] : [.. plan.Actions.Where(a => a.IsOpen && a.Due < asOf)],
            Missing = missing,
        };
    }

    /// <summary>
    /// Last day for the next review: the plan's own date, or the interval of the level since the last review (or agreement),
    /// whichever is sooner. So a person who rises to level 4 is due sooner without anybody editing the plan.
    /// </summary>
    public static DateOnly? ReviewBy(JointCarePlan plan, int level, PlanSettings? settings = null)
    {
        settings ??= PlanSettings.Default;
        var last = Later(plan.ReviewedOn, plan.Agreement?.On);
        var byInterval = last?.AddMonths(settings.ReviewMonths(level));
        return byInterval is null || plan.ReviewDue < byInterval ? plan.ReviewDue : byInterval;
    }

    /// <summary>Moves a plan to another status, or says what stands in the way.</summary>
    /// <param name="plan">The latest version.</param>
    /// <param name="to">Where to.</param>
    /// <param name="asOf">The day.</param>
    /// <param name="outcome">How it ended, for <see cref="PlanStatus.Closed"/>.</param>
    public static Decision<JointCarePlan> Move(JointCarePlan plan, PlanStatus to, DateOnly asOf, PlanOutcome? outcome = null)
    {
        var allowed = (plan.Status, to) is
            (PlanStatus.Draft, PlanStatus.Proposed) or
            (PlanStatus.Proposed, PlanStatus.Draft) or
            (PlanStatus.Proposed, PlanStatus.Agreed) or
            (PlanStatus.Agreed, PlanStatus.Proposed) or
            (PlanStatus.Draft or PlanStatus.Proposed or PlanStatus.Agreed, PlanStatus.Closed);
        if (!allowed)
        {
            return new UnmetRule(StatusOrder, $"A plan that is {InWords(plan.Status)} cannot become {InWords(to)}.", plan.Status == PlanStatus.Closed ? "Start a new plan: a closed one stays as it was." : "Go by draft, proposed, agreed, closed, one step at a time.");
        }

        if (to == PlanStatus.Closed)
        {
            return outcome is null
                ? new UnmetRule(OutcomeGiven, "The plan has no outcome.", "Say how it ended: goals met, declined, moved, died, no longer needed, or replaced.")
                : plan with { Status = to, Outcome = outcome };
        }

        if (to == PlanStatus.Agreed && Disagreement(plan, asOf) is { } unmet)
        {
            return unmet;
        }

        // Whoever takes an agreed plan back to change it asks the person again.
        return plan.Status == PlanStatus.Agreed ? plan with { Status = to, Agreement = null } : plan with { Status = to };
    }

    private static void AddMissingForJoint(JointCarePlan plan, DateOnly asOf, List<UnmetRule> missing)
    {
        if (!HasContribution(plan, Sector.Health, asOf))
        {
            missing.Add(new UnmetRule(HealthContribution, "A health professional has not contributed yet.", "Ask the GP, a community nurse or another health professional for their part of the assessment, and record role and date."));
        }

        if (!HasContribution(plan, Sector.SocialCare, asOf))
        {
            missing.Add(new UnmetRule(SocialCareContribution, "A social care professional has not contributed yet.", "Ask a social worker or social care occupational therapist for their part of the assessment, and record role and date."));
        }

        if (Disagreement(plan, asOf) is { } unmet)
        {
            missing.Add(unmet);
        }
    }

    private static void AddMissingForComplete(JointCarePlan plan, int level, PlanSettings settings, List<UnmetRule> missing)
    {
        Need(missing, Written(plan.AboutMe), WhatMatters, "What matters to the person is not written down.", "Ask the person, and write it in their own words.");
        Need(missing, Written(plan.AssessmentSummary), Assessment, "The joint assessment is not summed up.", "Sum up what each professional found.");
        Need(missing, plan.Goals.Any(g => Written(g.Text)), Goals, "The plan has no goal.", "Agree at least one goal with the person.");
        Need(missing, plan.Actions.Any(a => Written(a.Text) && a.Status != ActionStatus.Cancelled), Actions, "The plan has no action.", "Add at least one action, with an owner and a date.");
        NeedOfActions(missing, plan, a => !Written(a.Owner), ActionOwner, "has no owner", "have no owner", "Name who does it: a professional, the person or the carer.");
        NeedOfActions(missing, plan, a => a.Due is null, ActionDue, "has no due date", "have no due date", "Give each a date.");
        Need(missing, Written(plan.Preferences), Preferences, "The person's preferences are not recorded.", "Record them; \"none stated\" is an answer.");
        Need(missing, Written(plan.Lead), Lead, "The plan names no accountable lead professional.", "Confirm a lead; the proposals list who knows the person.");
        Need(missing, !Written(plan.Lead) || Written(plan.LeadPhone), LeadPhone, "There is no number for the lead.", "Record a number that reaches the lead or their team.");
        Need(missing, plan.AllergiesNoted, Allergies, "Allergies are not noted.", "Note them; \"none known\" is an answer.");
        Need(missing, plan.MedicinesNoted, Medicines, "Medicines are not noted.", "Note them; \"none\" is an answer.");
        if (level >= settings.ContingencyFromLevel)
        {
            Need(missing, plan.Contingency is { Steps.Count: > 0 } c && c.Steps.All(s => Written(s.Trigger) && Written(s.Action) && Written(s.Contact)), Contingency, $"At level {level} a contingency plan is required: trigger, action and contact.", "Write at least one: what happens, what to do, whom to ring.");
        }

        if (plan.ReviewDue is null)
        {
            missing.Add(new UnmetRule(ReviewDate, "There is no review date.", $"Set one within {settings.ReviewMonths(level)} months."));
        }
        else if (Later(plan.ReviewedOn, plan.Agreement?.On) is { } last && plan.ReviewDue > last.AddMonths(settings.ReviewMonths(level)))
        {
            missing.Add(new UnmetRule(ReviewInterval, $"The review date is later than level {level} allows.", $"Bring it forward to {Words.Date(last.AddMonths(settings.ReviewMonths(level)))} or sooner."));
        }
    }

    private static UnmetRule? Disagreement(JointCarePlan plan, DateOnly asOf) => plan.Agreement switch
    {
        null => new UnmetRule(AgreementGiven, "Neither the person nor anybody on their behalf has agreed.", "Ask the person; record who agreed, when, and on what ground."),
        { } a when !Written(a.By) => new UnmetRule(AgreementGiven, "It is not recorded who agreed.", "Record who: the person, or the relation or role of whoever agreed for them."),
        { } a when a.On > asOf => new UnmetRule(AgreementGiven, "The agreement is dated in the future.", "Record the day on which it was given."),
        { Basis: AgreementBasis.BestInterests or AgreementBasis.AttorneyOrDeputy } a when !Written(a.CapacityAssessedBy) =>
            new UnmetRule(AgreementGiven, "Somebody decided for the person, but no assessment of capacity is recorded.", "Record the role of whoever assessed capacity for this decision (Mental Capacity Act 2005)."),
        _ => null,
    };

    private static bool HasContribution(JointCarePlan plan, Sector sector, DateOnly asOf) =>
        plan.Contributors.Any(c => c.Sector == sector && c.On <= asOf && Written(c.Professional));

    private static void Need(List<UnmetRule> missing, bool has, string rule, string detail, string how)
    {
        if (!has)
        {
            missing.Add(new UnmetRule(rule, detail, how));
        }
    }

    private static void NeedOfActions(List<UnmetRule> missing, JointCarePlan plan, Func<PlanAction, bool> lacks, string rule, string one, string several, string how)
    {
        var count = plan.Actions.Count(a => a.IsOpen && lacks(a));
        if (count > 0)
        {
            missing.Add(new UnmetRule(rule, count == 1 ? $"1 action {one}." : $"{count.ToString(CultureInfo.InvariantCulture)} actions {several}.", how));
        }
    }

    private static bool Written(string? text) => !string.IsNullOrWhiteSpace(text);

    private static DateOnly? Later(DateOnly? a, DateOnly? b) => a is null ? b : b is null ? a : a > b ? a : b;

    private static string InWords(PlanStatus status) => Words.Of(status.ToString());
}
