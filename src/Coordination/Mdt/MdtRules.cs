using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BetterCare.Care.Coordination.Leads;

namespace BetterCare.Care.Coordination.Mdt;

/// <summary>What makes a meeting quorate, a decision and a task valid, and when a meeting may close.</summary>
public static class MdtRules
{
    /// <summary>At least one health professional attends.</summary>
    public const string QuorumHealth = "mdt-quorum-health";

    /// <summary>At least one social care professional attends.</summary>
    public const string QuorumSocialCare = "mdt-quorum-social-care";

    /// <summary>Exactly one attending chair.</summary>
    public const string Chair = "mdt-chair";

    /// <summary>The person is on the agenda.</summary>
    public const string OnAgenda = "mdt-on-agenda";

    /// <summary>Somebody who attends answers for the decision.</summary>
    public const string DecidedByAttendee = "mdt-decided-by";

    /// <summary>A change has a reason.</summary>
    public const string ReasonGiven = "mdt-reason";

    /// <summary>An agreed level is 1 to 4 and runs out within a year.</summary>
    public const string AgreedLevel = "mdt-agreed-level";

    /// <summary>A decision about the lead names the professional.</summary>
    public const string LeadNamed = "mdt-lead-named";

    /// <summary>Decisions about one person do not contradict each other.</summary>
    public const string OneDecision = "mdt-one-decision";

    /// <summary>A task says what, by whom and by when.</summary>
    public const string TaskComplete = "mdt-task";

    /// <summary>Everyone on the agenda has a decision.</summary>
    public const string EveryoneDecided = "mdt-everyone-decided";

    /// <summary>A closed meeting never changes.</summary>
    public const string NotClosed = "mdt-not-closed";

    /// <summary>Longest time for an agreed level, months.</summary>
    public const int LongestAgreedLevelMonths = 12;

    /// <summary>What the meeting lacks to be quorate; empty: quorate.</summary>
    public static IReadOnlyList<UnmetRule> Quorum(MdtMeeting meeting)
    {
        var there = meeting.Attendance.Where(a => a.Attended).ToArray();
        var unmet = new List<UnmetRule>();
        if (!there.Any(a => a.Sector == Sector.Health))
        {
            unmet.Add(new UnmetRule(QuorumHealth, "No health professional attends.", "Wait for one to join, or hold the meeting on another day."));
        }

        if (!there.Any(a => a.Sector == Sector.SocialCare))
        {
            unmet.Add(new UnmetRule(QuorumSocialCare, "No social care professional attends.", "Wait for a social worker or another social care professional to join, or hold the meeting on another day."));
        }

        if (there.Count(a => a.IsChair) != 1)
        {
            unmet.Add(new UnmetRule(Chair, "The meeting does not have exactly one attending chair.", "Name one of those attending as chair."));
        }

        return unmet;
    }

    /// <summary>Adds a decision, or says why not.</summary>
    public static Decision<MdtMeeting> Decide(MdtMeeting meeting, MdtDecision decision)
    {
        var unmet = Unmet(meeting, decision);
        return unmet.Count > 0 ? unmet : meeting with { Status = MeetingStatus.Open, Decisions = meeting.Decisions.Add(decision) };
    }

    /// <summary>Adds a task, or says why not.</summary>
    public static Decision<MdtMeeting> AddTask(MdtMeeting meeting, MdtTask task)
    {
        var unmet = Unmet(meeting, task);
        return unmet.Count > 0 ? unmet : meeting with { Status = MeetingStatus.Open, Tasks = meeting.Tasks.Add(task) };
    }

    /// <summary>Closes the meeting and takes the snapshot, or says everything that stands in the way.</summary>
    public static Decision<MdtMeeting> Close(MdtMeeting meeting, DateOnly on)
    {
        if (meeting.Status == MeetingStatus.Closed)
        {
            return Closed;
        }

        var unmet = new List<UnmetRule>(Quorum(meeting));
        var undecided = meeting.Agenda.Count(item => !meeting.Decisions.Any(d => d.Person == item.Person));
        if (undecided > 0)
        {
            unmet.Add(new UnmetRule(EveryoneDecided, undecided == 1 ? "1 person on the agenda has no decision." : $"{undecided} people on the agenda have no decision.", "Decide about each, or defer them to the next meeting with a reason."));
        }

        // Attendance may have been corrected after a decision was made; nothing invalid goes into the snapshot.
        var open = meeting with { Decisions = [], Tasks = [] };
        foreach (var decision in meeting.Decisions)
        {
            unmet.AddRange(Unmet(open, decision).Where(u => !unmet.Contains(u)));
            open = open with { Decisions = open.Decisions.Add(decision) };
        }

        unmet.AddRange(meeting.Tasks.SelectMany(t => Unmet(meeting with { Tasks = meeting.Tasks.Remove(t) }, t)).Distinct());
        return unmet.Count > 0 ? unmet : meeting with { Status = MeetingStatus.Closed, Snapshot = Snapshot(meeting, on) };
    }

    private static UnmetRule Closed { get; } = new(NotClosed, "The meeting is closed.", "Raise it at the next meeting; closed minutes stay as they are.");

    private static List<UnmetRule> Unmet(MdtMeeting meeting, MdtDecision decision)
    {
        if (meeting.Status == MeetingStatus.Closed)
        {
            return [Closed];
        }

        var unmet = new List<UnmetRule>();
        AddUnlessOnAgenda(unmet, meeting, decision.Person);
        if (!meeting.Attendance.Any(a => a.Attended && string.Equals(a.Professional, decision.DecidedBy, StringComparison.Ordinal)))
        {
            unmet.Add(new UnmetRule(DecidedByAttendee, "Nobody who attends answers for the decision.", "Name one of those attending."));
        }

        if (decision.Kind is DecisionKind.AgreeLevel or DecisionKind.AgreeLead or DecisionKind.DischargeFromList or DecisionKind.Defer && string.IsNullOrWhiteSpace(decision.Reason))
        {
            unmet.Add(new UnmetRule(ReasonGiven, "The decision has no reason.", "Say why, in a few words."));
        }

        if (decision.Kind == DecisionKind.AgreeLevel
            && (decision.Level is not (>= 1 and <= 4) || !(decision.Until > meeting.HeldOn) || decision.Until > meeting.HeldOn.AddMonths(LongestAgreedLevelMonths)))
        {
            unmet.Add(new UnmetRule(AgreedLevel, "The agreed level is not 1 to 4, or has no last day within a year.", $"Give a level from 1 to 4 and a last day no later than {Words.Date(meeting.HeldOn.AddMonths(LongestAgreedLevelMonths))}."));
        }

        if (decision.Kind == DecisionKind.AgreeLead && string.IsNullOrWhiteSpace(decision.Lead))
        {
            unmet.Add(new UnmetRule(LeadNamed, "The decision names no professional.", "Name the professional who is to be accountable."));
        }

        if (meeting.Decisions.Any(d => d.Person == decision.Person && Contradict(d.Kind, decision.Kind)))
        {
            unmet.Add(new UnmetRule(OneDecision, "An earlier decision of this meeting about the person says otherwise.", "Take the earlier decision back first."));
        }

        return unmet;
    }

    private static List<UnmetRule> Unmet(MdtMeeting meeting, MdtTask task)
    {
        if (meeting.Status == MeetingStatus.Closed)
        {
            return [Closed];
        }

        var unmet = new List<UnmetRule>();
        AddUnlessOnAgenda(unmet, meeting, task.Person);
        if (string.IsNullOrWhiteSpace(task.Text) || string.IsNullOrWhiteSpace(task.Owner) || task.Due is null || task.Due < meeting.HeldOn)
        {
            unmet.Add(new UnmetRule(TaskComplete, "A task lacks what, who or when.", "Say what is to be done, name the professional who does it, and give a day on or after the meeting."));
        }

        if (meeting.Tasks.Any(t => string.Equals(t.Id, task.Id, StringComparison.Ordinal)))
        {
            unmet.Add(new UnmetRule(TaskComplete, "A task with this id is there already.", "Give the task its own id."));
        }

        return unmet;
    }

    private static void AddUnlessOnAgenda(List<UnmetRule> unmet, MdtMeeting meeting, long person)
    {
        if (!meeting.Agenda.Any(a => a.Person == person))
        {
            unmet.Add(new UnmetRule(OnAgenda, "The person is not on the agenda.", "Add the person to the agenda, with the reason."));
        }
    }

    // Two levels, two leads, or anything beside leaving the list or putting it off.
    private static bool Contradict(DecisionKind a, DecisionKind b) =>
        a == b
        || (a, b) is (DecisionKind.KeepLevel, DecisionKind.AgreeLevel) or (DecisionKind.AgreeLevel, DecisionKind.KeepLevel)
        || (a, b) is (DecisionKind.StartPlan, DecisionKind.ReviewPlan) or (DecisionKind.ReviewPlan, DecisionKind.StartPlan)
        || a is DecisionKind.DischargeFromList or DecisionKind.Defer
        || b is DecisionKind.DischargeFromList or DecisionKind.Defer;

    private static MdtSnapshot Snapshot(MdtMeeting meeting, DateOnly on)
    {
        var lines = meeting.Agenda.Select(i => new SnapshotLine(i.Person, i.Level, i.Reasons, [.. meeting.Decisions.Where(d => d.Person == i.Person)])).ToImmutableArray();
        return new MdtSnapshot(on, lines, Fingerprint(meeting.Team, on, lines));
    }

    /// <summary>The fingerprint of a snapshot's content, to compare with the stored one.</summary>
    public static string Fingerprint(string team, DateOnly closedOn, IEnumerable<SnapshotLine> lines)
    {
        // Each field with its length before it, so that no two contents read the same.
        var text = new StringBuilder();
        Field(team);
        Field(closedOn.ToString("O", CultureInfo.InvariantCulture));
        foreach (var line in lines)
        {
            Field($"person {line.Person} level {line.Level} reasons {line.Reasons.Length} decisions {line.Decisions.Length}");
            foreach (var reason in line.Reasons)
            {
                Field($"{reason.Kind}: {reason.Text}");
            }

            foreach (var d in line.Decisions)
            {
                Field($"{d.Kind} {d.Level} {d.Until:O}");
                Field(d.Lead);
                Field(d.DecidedBy);
                Field(d.Reason);
            }
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));

        void Field(string? value) => text.Append(value?.Length ?? -1).Append(':').Append(value);
    }
}
