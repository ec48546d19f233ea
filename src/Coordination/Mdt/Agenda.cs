using System.Collections.Immutable;

namespace BetterCare.Care.Coordination.Mdt;

/// <summary>Why a person is on the agenda, most urgent first: this is the order of the agenda.</summary>
public enum AgendaReasonKind
{
    /// <summary>In hospital since the last meeting.</summary>
    JustAdmitted,

    /// <summary>Home from hospital since the last meeting.</summary>
    JustDischarged,

    /// <summary>At level 4, and was not at the last meeting.</summary>
    NewAtLevel4,

    /// <summary>The accountable lead has left or is leaving.</summary>
    LeadLeft,

    /// <summary>Risen to level 3.</summary>
    Risen,

    /// <summary>No accountable lead.</summary>
    NoLead,

    /// <summary>No joint plan in force.</summary>
    PlanMissing,

    /// <summary>The plan's review is overdue.</summary>
    PlanOverdue,

    /// <summary>The level that the team agreed runs out.</summary>
    AgreedLevelExpiring,

    /// <summary>A task from an earlier meeting is overdue.</summary>
    TaskOverdue,

    /// <summary>A professional, the person or a carer asked.</summary>
    Requested,
}

/// <summary>A person of the list, as far as it bears on the agenda.</summary>
public sealed record AgendaRow
{
    /// <summary>Storage key.</summary>
    public required long Person { get; init; }

    /// <summary>Level in force, 1 to 4.</summary>
    public required int Level { get; init; }

    /// <summary>Level at the last meeting or run; null: was not on the list.</summary>
    public int? PreviousLevel { get; init; }

    /// <summary>Probability of an emergency admission, 0 to 1; orders people with the same reasons.</summary>
    public double Risk { get; init; }

    /// <summary>Has an accountable lead.</summary>
    public bool HasLead { get; init; }

    /// <summary>Last day of the lead in their role, or of the one who left since the last meeting; null: no end is known.</summary>
    public DateOnly? LeadLeavesOn { get; init; }

    /// <summary>Has a joint plan in force.</summary>
    public bool HasPlan { get; init; }

    /// <summary>Last day for the plan's review; null: none.</summary>
    public DateOnly? PlanReviewBy { get; init; }

    /// <summary>Latest admission; null: none.</summary>
    public DateOnly? AdmittedOn { get; init; }

    /// <summary>Latest discharge; null: none.</summary>
    public DateOnly? DischargedOn { get; init; }

    /// <summary>Last day of the level that the team agreed; null: the model's level is in force.</summary>
    public DateOnly? AgreedLevelUntil { get; init; }

    /// <summary>Tasks past their date.</summary>
    public int OverdueTasks { get; init; }

    /// <summary>Why somebody asked to discuss the person; null: nobody did.</summary>
    public string? Request { get; init; }
}

/// <summary>One reason, with its text.</summary>
/// <param name="Kind">The reason.</param>
/// <param name="Text">In plain English.</param>
public sealed record AgendaReason(AgendaReasonKind Kind, string Text);

/// <summary>One person on the agenda.</summary>
/// <param name="Person">Storage key.</param>
/// <param name="Level">Level in force when the agenda was drawn.</param>
/// <param name="Reasons">Most urgent first; at least one.</param>
public sealed record AgendaItem(long Person, int Level, ImmutableArray<AgendaReason> Reasons);

/// <summary>Settings of the agenda.</summary>
public sealed record AgendaOptions
{
    /// <summary>Day of the meeting.</summary>
    public required DateOnly MeetingOn { get; init; }

    /// <summary>Day of the last meeting; admissions and discharges from then on are "just".</summary>
    public required DateOnly LastMeetingOn { get; init; }

    /// <summary>Levels that run out, and leads who leave, within so many days after the meeting are raised.</summary>
    public int LookAheadDays { get; init; } = 28;

    /// <summary>Lowest level at which a lead and a plan are due.</summary>
    public int DueFromLevel { get; init; } = 3;

    /// <summary>Most people on one agenda; null: all.</summary>
    public int? MaxItems { get; init; }
}

/// <summary>Draws the agenda of a multidisciplinary team meeting from the list.</summary>
public static class Agenda
{
    /// <summary>The people with a reason, most urgent first; among equals by number of reasons, level, risk and key.</summary>
    public static IReadOnlyList<AgendaItem> Draw(IEnumerable<AgendaRow> list, AgendaOptions options)
    {
        var drawn = new List<(AgendaItem Item, double Risk)>();
        foreach (var row in list)
        {
            var reasons = ReasonsFor(row, options);
            if (reasons.Length > 0)
            {
                drawn.Add((new AgendaItem(row.Person, row.Level, reasons), row.Risk));
            }
        }

        drawn.Sort((a, b) =>
        {
            var order = a.Item.Reasons[0].Kind.CompareTo(b.Item.Reasons[0].Kind);
            order = order != 0 ? order : b.Item.Reasons.Length.CompareTo(a.Item.Reasons.Length);
            order = order != 0 ? order : b.Item.Level.CompareTo(a.Item.Level);
            order = order != 0 ? order : b.Risk.CompareTo(a.Risk);
            return order != 0 ? order : a.Item.Person.CompareTo(b.Item.Person);
        });
        return [.. drawn.Take(options.MaxItems ?? int.MaxValue).Select(d => d.Item)];
    }

    private static ImmutableArray<AgendaReason> ReasonsFor(AgendaRow row, AgendaOptions options)
    {
        var reasons = ImmutableArray.CreateBuilder<AgendaReason>();
        var (today, since, ahead) = (options.MeetingOn, options.LastMeetingOn, options.MeetingOn.AddDays(options.LookAheadDays));
        var isDue = row.Level >= options.DueFromLevel;

        // Who went home again is no longer "just admitted".
        var isHome = row.DischargedOn is { } home && (row.AdmittedOn is null || home >= row.AdmittedOn) && home <= today;
        if (row.AdmittedOn >= since && row.AdmittedOn <= today && !isHome)
        {
            Add(AgendaReasonKind.JustAdmitted, $"Admitted to hospital on {Words.Date(row.AdmittedOn.Value)}.");
        }

        if (isHome && row.DischargedOn >= since)
        {
            Add(AgendaReasonKind.JustDischarged, $"Discharged from hospital on {Words.Date(row.DischargedOn!.Value)}.");
        }

        if (row.Level == 4 && row.PreviousLevel is not 4)
        {
            Add(AgendaReasonKind.NewAtLevel4, row.PreviousLevel is { } from ? $"New at level 4; was at level {from}." : "New at level 4; was not on the list.");
        }

        if (isDue && row.LeadLeavesOn <= ahead)
        {
            Add(AgendaReasonKind.LeadLeft, row.LeadLeavesOn < today ? $"The accountable lead left on {Words.Date(row.LeadLeavesOn.Value)}." : $"The accountable lead leaves on {Words.Date(row.LeadLeavesOn!.Value)}.");
        }

        if (row.Level == 3 && row.PreviousLevel is not >= 3)
        {
            Add(AgendaReasonKind.Risen, row.PreviousLevel is { } lower ? $"Risen from level {lower} to level 3." : "New at level 3; was not on the list.");
        }

        if (isDue && !row.HasLead)
        {
            Add(AgendaReasonKind.NoLead, "Has no accountable lead professional.");
        }

        if (isDue && !row.HasPlan)
        {
            Add(AgendaReasonKind.PlanMissing, "Has no joint plan in force.");
        }

        if (row.HasPlan && row.PlanReviewBy < today)
        {
            Add(AgendaReasonKind.PlanOverdue, $"The plan was due for review by {Words.Date(row.PlanReviewBy.Value)}.");
        }

        if (row.AgreedLevelUntil <= ahead)
        {
            Add(AgendaReasonKind.AgreedLevelExpiring, row.AgreedLevelUntil < today ? $"The level that the team agreed ran out on {Words.Date(row.AgreedLevelUntil.Value)}." : $"The level that the team agreed runs out on {Words.Date(row.AgreedLevelUntil!.Value)}.");
        }

        if (row.OverdueTasks > 0)
        {
            Add(AgendaReasonKind.TaskOverdue, $"{Words.Count(row.OverdueTasks, "task")} overdue.");
        }

        if (!string.IsNullOrWhiteSpace(row.Request))
        {
            Add(AgendaReasonKind.Requested, "Asked for: " + row.Request.Trim());
        }

        return reasons.ToImmutable();

        void Add(AgendaReasonKind kind, string text) => reasons.Add(new AgendaReason(kind, text));
    }
}
