using System.Collections.Immutable;
using BetterCare.Care.Coordination.Leads;

namespace BetterCare.Care.Coordination.Mdt;

/// <summary>Where a meeting stands.</summary>
public enum MeetingStatus
{
    /// <summary>The agenda is drawn.</summary>
    Planned,

    /// <summary>Being held.</summary>
    Open,

    /// <summary>Ended; never changes again.</summary>
    Closed,
}

/// <summary>Somebody at the meeting.</summary>
/// <param name="Professional">Key.</param>
/// <param name="Role">Title of the role.</param>
/// <param name="Sector">Sector.</param>
/// <param name="Attended">Was there, in the room or online; false: sent apologies.</param>
/// <param name="IsChair">Chaired.</param>
public sealed record Attendee(string Professional, string Role, Sector Sector, bool Attended = true, bool IsChair = false);

/// <summary>What was decided.</summary>
public enum DecisionKind
{
    /// <summary>The level in force is right.</summary>
    KeepLevel,

    /// <summary>Another level than the model's, until a day, for a reason.</summary>
    AgreeLevel,

    /// <summary>This professional is accountable.</summary>
    AgreeLead,

    /// <summary>A joint plan is to be written.</summary>
    StartPlan,

    /// <summary>The plan is to be reviewed.</summary>
    ReviewPlan,

    /// <summary>The person leaves the list.</summary>
    DischargeFromList,

    /// <summary>To be discussed at the next meeting.</summary>
    Defer,
}

/// <summary>A decision about a person on the agenda.</summary>
/// <param name="Person">Storage key.</param>
/// <param name="Kind">What was decided.</param>
/// <param name="DecidedBy">Key of the attending professional who speaks for the decision: a named human.</param>
/// <param name="Reason">Why; needed wherever something changes or is put off.</param>
/// <param name="Level">For <see cref="DecisionKind.AgreeLevel"/>: 1 to 4.</param>
/// <param name="Until">For <see cref="DecisionKind.AgreeLevel"/>: last day.</param>
/// <param name="Lead">For <see cref="DecisionKind.AgreeLead"/>: key of the professional.</param>
public sealed record MdtDecision(long Person, DecisionKind Kind, string DecidedBy, string? Reason = null, int? Level = null, DateOnly? Until = null, string? Lead = null);

/// <summary>Something to be done after the meeting.</summary>
/// <param name="Id">Stable within the meeting.</param>
/// <param name="Person">Storage key.</param>
/// <param name="Text">What.</param>
/// <param name="Owner">Key of the professional.</param>
/// <param name="Due">By when.</param>
public sealed record MdtTask(string Id, long Person, string Text, string? Owner, DateOnly? Due);

/// <summary>A person as the meeting left them: one line of the snapshot.</summary>
/// <param name="Person">Storage key.</param>
/// <param name="Level">Level when the agenda was drawn.</param>
/// <param name="Reasons">Why they were on the agenda.</param>
/// <param name="Decisions">What was decided.</param>
public sealed record SnapshotLine(long Person, int Level, ImmutableArray<AgendaReason> Reasons, ImmutableArray<MdtDecision> Decisions);

/// <summary>The list as it was when the meeting closed. It never changes; the fingerprint shows that it has not.</summary>
/// <param name="ClosedOn">The day.</param>
/// <param name="Lines">In the order of the agenda.</param>
/// <param name="Fingerprint">SHA-256 of the content, in capitals.</param>
public sealed record MdtSnapshot(DateOnly ClosedOn, ImmutableArray<SnapshotLine> Lines, string Fingerprint);

/// <summary>A multidisciplinary team meeting.</summary>
public sealed record MdtMeeting
{
    /// <summary>The team's name, for the minutes.</summary>
    public required string Team { get; init; }

    /// <summary>The day.</summary>
    public required DateOnly HeldOn { get; init; }

    /// <summary>Where it stands.</summary>
    public MeetingStatus Status { get; init; }

    /// <summary>The agenda, in order.</summary>
    public ImmutableArray<AgendaItem> Agenda { get; init; } = [];

    /// <summary>Who was there, and who sent apologies.</summary>
    public ImmutableArray<Attendee> Attendance { get; init; } = [];

    /// <summary>Decisions in the order in which they were made.</summary>
    public ImmutableArray<MdtDecision> Decisions { get; init; } = [];

    /// <summary>Tasks.</summary>
    public ImmutableArray<MdtTask> Tasks { get; init; } = [];

    /// <summary>The snapshot; null until closed.</summary>
    public MdtSnapshot? Snapshot { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"MDT meeting on {Words.Date(HeldOn)} ({Status})";
}
