using System.Text.Json;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Features.Levels;
using BetterCare.Care.Coordination.Mdt;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Mdt;

/// <summary>Draws an agenda from where the people of some practices stand.</summary>
public sealed class AgendaRows(CareDbContext db, ProfessionalRegister registers)
{
    /// <summary>Without an earlier meeting, what happened in so many days is "just".</summary>
    private const int FirstMeetingLooksBackDays = 28;

    /// <summary>The agenda of a team's meeting on a day.</summary>
    /// <param name="team">The team: its last closed meeting says what is new.</param>
    /// <param name="practices">ODS codes.</param>
    /// <param name="on">Day of the meeting.</param>
    /// <param name="most">Most people.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<AgendaItem>> DrawAsync(string team, IReadOnlyCollection<string> practices, DateOnly on, int most, CancellationToken ct)
    {
        var last = await db.Meetings.AsNoTracking().Where(m => m.Team == team && m.Status == 2 && m.HeldDay <= on.DayNumber)
            .OrderByDescending(m => m.HeldDay).ThenByDescending(m => m.Id).Select(m => m.Meeting).FirstOrDefaultAsync(ct);
        var before = last is null ? null : JsonSerializer.Deserialize<MdtMeeting>(last, PutCarePlan.Json);
        var options = new AgendaOptions { MeetingOn = on, LastMeetingOn = before?.HeldOn ?? on.AddDays(-FirstMeetingLooksBackDays), MaxItems = most };
        return Agenda.Draw(await RowsAsync(practices, before, options, ct), options);
    }

    private async Task<List<AgendaRow>> RowsAsync(IReadOnlyCollection<string> practices, MdtMeeting? before, AgendaOptions options, CancellationToken ct)
    {
        var today = options.MeetingOn.DayNumber;
        var requests = (await db.MdtRequests.AsNoTracking().Where(r => r.MeetingId == null).OrderBy(r => r.Id).ToListAsync(ct)).ToLookup(r => r.PatientKey, r => r.Reason);
        var asked = requests.Select(r => r.Key).ToList();

        // The dead are not discussed; a restricted record is found by its exact number only, so somebody has to ask.
        var people = await (
            from p in db.Patients.AsNoTracking()
            where p.DeathDay == 0 && practices.Contains(p.PracticeCode)
            join s in db.Standings.AsNoTracking() on p.PatientKey equals s.PatientKey into standings
            from s in standings.DefaultIfEmpty()
            where asked.Contains(p.PatientKey) || (s != null && (p.Flags & PersonFlags.Restricted) == PersonFlags.None)
            select new { p.PatientKey, Standing = s }).ToListAsync(ct);
        var until = await AgreedLevels.ToReviewAsync(db, options.LastMeetingOn.DayNumber, ct);
        var overdue = await db.MdtTasks.Where(t => t.EndDay == 0 && t.DueDay < today).GroupBy(t => t.PatientKey).Select(g => new { g.Key, Tasks = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Tasks, ct);
        var left = await db.Leads.Where(l => l.State == LeadState.Ended && l.EndDay >= options.LastMeetingOn.DayNumber && l.EndReason!.StartsWith(LeadDecisions.LeftTheRole))
            .GroupBy(l => l.PatientKey).Select(g => new { g.Key, On = g.Max(l => l.EndDay) }).ToDictionaryAsync(g => g.Key, g => g.On, ct);
        
        // What the last meeting agreed is not news to this one.
        var levelThen = before?.Snapshot?.Lines.ToDictionary(l => l.Person, l => l.Decisions.LastOrDefault(d => d.Kind == DecisionKind.AgreeLevel)?.Level ?? l.Level) ?? [];
        var register = await registers.ReadAsync(ct);

        return people.ConvertAll(person =>
        {
            var s = person.Standing;
            var key = person.PatientKey;
            return new AgendaRow
            {
                Person = key,
                Level = s is null ? 1 : People.LevelOf(s),
                PreviousLevel = levelThen.TryGetValue(key, out var then) ? then : s?.PreviousLevel is { } run and > 0 ? run : null,
                Risk = s?.Risk ?? 0,
                HasLead = s?.HasLead ?? false,
                LeadLeavesOn = s is { HasLead: true } ? register.GetValueOrDefault(s.LeadId)?.Professional.LastDay : left.TryGetValue(key, out var day) ? DateOnly.FromDayNumber(day) : null,
                HasPlan = s is { PlanJoint: true, PlanState: "agreed" },
                PlanReviewBy = s is { ReviewDay: > 0 } ? DateOnly.FromDayNumber(s.ReviewDay) : null,
                AdmittedOn = s is { AdmittedDay: > 0 } ? DateOnly.FromDayNumber(s.AdmittedDay) : null,
                DischargedOn = s is { DischargedDay: > 0 } ? DateOnly.FromDayNumber(s.DischargedDay) : null,
                AgreedLevelUntil = until.TryGetValue(key, out var expires) ? DateOnly.FromDayNumber(expires) : null,
                OverdueTasks = overdue.GetValueOrDefault(key),
                Request = requests[key].LastOrDefault(),
            };
        });
    }
}
