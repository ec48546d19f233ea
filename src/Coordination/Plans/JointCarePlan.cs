using BetterCare.Care.Coordination.Leads;

namespace BetterCare.Care.Coordination.Plans;

/// <summary>Where a plan stands.</summary>
public enum PlanStatus
{
    /// <summary>Being written.</summary>
    Draft,

    /// <summary>Put to the person and the team.</summary>
    Proposed,

    /// <summary>Agreed with the person or on their behalf; in force.</summary>
    Agreed,

    /// <summary>Ended, with an outcome.</summary>
    Closed,
}

/// <summary>Where an action stands.</summary>
public enum ActionStatus
{
    /// <summary>Not begun.</summary>
    Planned,

    /// <summary>Under way.</summary>
    InProgress,

    /// <summary>Done.</summary>
    Done,

    /// <summary>No longer wanted or needed.</summary>
    Cancelled,
}

/// <summary>On what ground a plan counts as agreed.</summary>
public enum AgreementBasis
{
    /// <summary>The person agreed, having capacity to.</summary>
    Person,

    /// <summary>A carer or relative agreed at the person's wish.</summary>
    CarerForPerson,

    /// <summary>An attorney or deputy for health and welfare agreed.</summary>
    AttorneyOrDeputy,

    /// <summary>Decided in the person's best interests: lacks capacity (Mental Capacity Act 2005, section 4).</summary>
    BestInterests,
}

/// <summary>Who agreed to a plan, when and on what ground.</summary>
/// <param name="By">Who, as a relation or role: "the person", "daughter". Never a name.</param>
/// <param name="On">Day of the agreement.</param>
/// <param name="Basis">On what ground.</param>
/// <param name="CapacityAssessedBy">Role that assessed capacity; needed for <see cref="AgreementBasis.BestInterests"/> and <see cref="AgreementBasis.AttorneyOrDeputy"/>.</param>
public sealed record PlanAgreement(string By, DateOnly On, AgreementBasis Basis, string? CapacityAssessedBy = null);

/// <summary>A professional's part in the plan.</summary>
/// <param name="Professional">Key of the professional.</param>
/// <param name="Role">Title of the role.</param>
/// <param name="Sector">The sector they contributed for.</param>
/// <param name="On">Day of the contribution.</param>
public sealed record PlanContributor(string Professional, string Role, Sector Sector, DateOnly On);

/// <summary>Something the person wants to reach, in their own words where possible.</summary>
/// <param name="Id">Stable within the plan.</param>
/// <param name="Text">The goal.</param>
public sealed record PlanGoal(string Id, string Text);

/// <summary>Something somebody will do.</summary>
/// <param name="Id">Stable within the plan.</param>
/// <param name="Text">What.</param>
/// <param name="Owner">Who: key of a professional, or "person" or "carer"; null: nobody yet.</param>
/// <param name="Due">By when; null: no date yet.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Goal">Id of the goal it serves; null: none.</param>
public sealed record PlanAction(string Id, string Text, string? Owner, DateOnly? Due, ActionStatus Status = ActionStatus.Planned, string? Goal = null)
{
    /// <summary>Still to be done.</summary>
    public bool IsOpen => Status is ActionStatus.Planned or ActionStatus.InProgress;
}

/// <summary>What to do when something happens: one row of a contingency plan.</summary>
/// <param name="Trigger">What happens: "more breathless than usual at rest".</param>
/// <param name="Action">What to do: "start the rescue pack, ring the matron".</param>
/// <param name="Contact">Whom to ring, with a number that answers then.</param>
public sealed record ContingencyStep(string Trigger, string Action, string Contact);

/// <summary>What to do when things go wrong, for the person, the carer, NHS 111 and ambulance crews.</summary>
/// <param name="Steps">Trigger, action, contact.</param>
public sealed record ContingencyPlan(IReadOnlyList<ContingencyStep> Steps);

/// <summary>How a plan ended.</summary>
public enum PlanOutcome
{
    /// <summary>Goals met.</summary>
    GoalsMet,

    /// <summary>The person no longer wants it.</summary>
    Declined,

    /// <summary>Moved away, or to another plan.</summary>
    Moved,

    /// <summary>Died.</summary>
    Died,

    /// <summary>No longer needed.</summary>
    NoLongerNeeded,

    /// <summary>Replaced by a new plan.</summary>
    Replaced,
}

/// <summary>One version of a person's joint care plan, under the headings of the personalised care and support plan (DAPB4022).</summary>
public sealed record JointCarePlan
{
    /// <summary>Where it stands.</summary>
    public PlanStatus Status { get; init; }

    /// <summary>About me: what matters to the person.</summary>
    public string? AboutMe { get; init; }

    /// <summary>Summary of the joint assessment.</summary>
    public string? AssessmentSummary { get; init; }

    /// <summary>What the person wants to reach.</summary>
    public IReadOnlyList<PlanGoal> Goals { get; init; } = [];

    /// <summary>What will be done.</summary>
    public IReadOnlyList<PlanAction> Actions { get; init; } = [];

    /// <summary>Preferences: how, where and by whom; "none stated" is an answer.</summary>
    public string? Preferences { get; init; }

    /// <summary>Key of the accountable lead professional; null: none.</summary>
    public string? Lead { get; init; }

    /// <summary>Number that reaches the lead or their team; null: none.</summary>
    public string? LeadPhone { get; init; }

    /// <summary>Who contributed.</summary>
    public IReadOnlyList<PlanContributor> Contributors { get; init; } = [];

    /// <summary>Who agreed; null: nobody yet.</summary>
    public PlanAgreement? Agreement { get; init; }

    /// <summary>What to do when things go wrong; null: none.</summary>
    public ContingencyPlan? Contingency { get; init; }

    /// <summary>Allergies were looked at and noted ("none known" counts).</summary>
    public bool AllergiesNoted { get; init; }

    /// <summary>Medicines were looked at and noted ("none" counts).</summary>
    public bool MedicinesNoted { get; init; }

    /// <summary>Last review, or null before the first.</summary>
    public DateOnly? ReviewedOn { get; init; }

    /// <summary>Next review; null: no date set.</summary>
    public DateOnly? ReviewDue { get; init; }

    /// <summary>How it ended; null unless closed.</summary>
    public PlanOutcome? Outcome { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"joint care plan ({Status})";
}
