using System.Text.Json;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination;
using BetterCare.Care.Coordination.Mdt;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Mdt;

/// <summary>A person on an agenda as shown: by number and name, never by storage key.</summary>
/// <param name="NhsNumber">NHS number.</param>
/// <param name="Name">Name.</param>
/// <param name="Practice">ODS code.</param>
/// <param name="Level">Level when the agenda was drawn.</param>
/// <param name="Reasons">Why the person is on the agenda, most urgent first.</param>
/// <param name="Decisions">What was decided.</param>
/// <param name="Tasks">What is to be done.</param>
public sealed record AgendaPerson(
    string NhsNumber, string Name, string Practice, int Level, IReadOnlyList<AgendaReason> Reasons, IReadOnlyList<DecisionView> Decisions, IReadOnlyList<TaskView> Tasks)
{
    /// <summary>Masked: a record would print everything.</summary>
    public override string ToString() => $"agenda item at level {Level}";
}

/// <summary>A decision of a meeting.</summary>
public sealed record DecisionView(DecisionKind Kind, string DecidedBy, string? Reason, int? Level, string? Until, string? Lead);

/// <summary>A task of a meeting.</summary>
public sealed record TaskView(string Id, string Text, string? Owner, string? Due);

/// <summary>A meeting as a caller sees it: people of other practices are left out.</summary>
/// <param name="Id">Id.</param>
/// <param name="Team">The team.</param>
/// <param name="HeldOn">Day.</param>
/// <param name="Status">Planned, open or closed.</param>
/// <param name="Practices">ODS codes.</param>
/// <param name="Quorate">Health and social care attend, with one chair.</param>
/// <param name="QuorumLacks">What is missing for it.</param>
/// <param name="Attendance">Who is there, and who sent apologies.</param>
/// <param name="Agenda">The people, most urgent first.</param>
/// <param name="ClosedBy">Who closed it.</param>
/// <param name="Fingerprint">SHA-256 of the snapshot; null until closed.</param>
/// <param name="Intact">Whether the snapshot still has that fingerprint; null until closed.</param>
public sealed record MeetingView(
    string Id, string Team, string HeldOn, MeetingStatus Status, IReadOnlyList<string> Practices, bool Quorate, IReadOnlyList<UnmetRule> QuorumLacks,
    IReadOnlyList<Attendee> Attendance, IReadOnlyList<AgendaPerson> Agenda, string? ClosedBy, string? Fingerprint, bool? Intact);

/// <summary>Reads, shows and keeps meetings.</summary>
public sealed class Meetings(CareDbContext db, CurrentCaller current, ProfessionalRegister registers, Directories directories)
{
    /// <summary>A meeting of whose practices the caller may see at least one; absent and not-yours answer alike.</summary>
    public async Task<Result<(MdtMeetingRecord Record, MdtMeeting Meeting)>> FindAsync(string id, CancellationToken ct)
    {
        var record = await db.Meetings.SingleOrDefaultAsync(m => m.Id == id, ct);
        return record is null || !PracticesOf(record).Any(current.Caller.MaySee)
            ? new NotVisible("meeting")
            : (record, JsonSerializer.Deserialize<MdtMeeting>(record.Meeting, PutCarePlan.Json)!);
    }

    /// <summary>ODS codes of a meeting's practices.</summary>
    public static string[] PracticesOf(MdtMeetingRecord record) => record.Practices.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Keeps a meeting as it is now; the caller commits.</summary>
    /// <exception cref="CareException">Somebody else changed it in the meantime (412).</exception>
    public async Task KeepAsync(MdtMeetingRecord record, MdtMeeting meeting, CancellationToken ct)
    {
        record.Meeting = JsonSerializer.Serialize(meeting, PutCarePlan.Json);
        record.Status = (byte)meeting.Status;
        record.Revision++;
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateConcurrencyException)
        {
            throw new CareException(new Conflict(412, "Somebody else changed this meeting at the same time. Read it again and repeat your change."));
        }
    }

    /// <summary>The people of a meeting whom the caller may see, by key.</summary>
    public async Task<Dictionary<long, Patient>> PeopleAsync(MdtMeeting meeting, CancellationToken ct)
    {
        var merged = await directories.MergedAsync(ct);
        var named = meeting.Agenda.Select(a => a.Person).ToList();
        var keys = named.ConvertAll(k => merged.Of(k)?.IntoKey ?? k);
        var people = await db.Patients.AsNoTracking().Where(p => keys.Contains(p.PatientKey)).ToListAsync(ct);
        var visible = people.Where(p => current.Caller.MaySee(p.PracticeCode, p.Flags)).ToDictionary(p => p.PatientKey);
        AccessTrail.Current?.Saw(visible.Keys);

        // A closed meeting goes on to name the record that it was about; who reads it is shown the one that has taken it up.
        foreach (var former in named.Where(k => merged.Of(k) is not null))
        {
            if (visible.TryGetValue(merged.Of(former)!.IntoKey, out var inForce))
            {
                visible[former] = inForce;
            }
        }

        return visible;
    }

    /// <summary>The meeting for the caller.</summary>
    public async Task<MeetingView> ViewAsync(MdtMeetingRecord record, MdtMeeting meeting, CancellationToken ct)
    {
        var people = await PeopleAsync(meeting, ct);
        var lacks = MdtRules.Quorum(meeting);
        return new MeetingView(
            record.Id, record.Team, FhirText.Day(record.HeldDay), meeting.Status, PracticesOf(record), lacks.Count == 0, lacks, meeting.Attendance,
            [.. meeting.Agenda.Where(a => people.ContainsKey(a.Person)).Select(a => Person(people[a.Person], a, meeting))],
            record.ClosedBy, meeting.Snapshot?.Fingerprint,
            meeting.Snapshot is { } s ? s.Fingerprint == MdtRules.Fingerprint(meeting.Team, s.ClosedOn, s.Lines) : null);
    }

    /// <summary>The meeting without the people whom the caller may not see, and how to name the others.</summary>
    public async Task<(MdtMeeting Meeting, MinutesLabels Labels)> MinutesAsync(MdtMeeting meeting, CancellationToken ct)
    {
        var people = await PeopleAsync(meeting, ct);
        var register = await registers.ReadAsync(ct);
        return (
            meeting with
            {
                Agenda = [.. meeting.Agenda.Where(a => people.ContainsKey(a.Person))],
                Decisions = [.. meeting.Decisions.Where(d => people.ContainsKey(d.Person))],
                Tasks = [.. meeting.Tasks.Where(t => people.ContainsKey(t.Person))],
            },
            new MinutesLabels(key => $"{NameOf(people[key])}, NHS number {Spaced(people[key].NhsNumber.Value)}", key => register.GetValueOrDefault(key)?.Name ?? key));
    }

    /// <summary>Given and family name.</summary>
    public static string NameOf(Patient patient) => $"{patient.Given} {patient.Family}".Trim();

    private static AgendaPerson Person(Patient patient, AgendaItem item, MdtMeeting meeting) => new(
        patient.NhsNumber.Value, NameOf(patient), patient.PracticeCode, item.Level, item.Reasons,
        [.. meeting.Decisions.Where(d => d.Person == item.Person).Select(d => new DecisionView(d.Kind, d.DecidedBy, d.Reason, d.Level, d.Until is { } u ? FhirText.Day(u) : null, d.Lead))],
        [.. meeting.Tasks.Where(t => t.Person == item.Person).Select(t => new TaskView(t.Id, t.Text, t.Owner, t.Due is { } due ? FhirText.Day(due) : null))]);

    private static string Spaced(string number) => $"{number[..3]} {number[3..6]} {number[6..]}";
}
