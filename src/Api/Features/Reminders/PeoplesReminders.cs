using System.Runtime.InteropServices;
using System.Text.Json;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Coordination.Reminders;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Reminders;

/// <summary>
/// Works out what is due for some people and makes the list say so: what is new is added, said once, and a review that was held
/// or a task that was done is settled, and open again if its cause comes back. A decision calls it within its own commit; so the list is never behind what was decided.
/// </summary>
public static class PeoplesReminders
{
    /// <summary>Kinds whose cause can go away; an admission that was told stays told.</summary>
    internal static readonly IReadOnlyList<ReminderKind> Settled = [ReminderKind.ReviewDue, ReminderKind.ReviewOverdue, ReminderKind.TaskOverdue];

    /// <summary>Brings the reminders of some people up to date.</summary>
    /// <param name="db">Where; within the caller's transaction, if there is one.</param>
    /// <param name="people">At most a few hundred.</param>
    /// <param name="now">When.</param>
    /// <param name="today">The day, where the service runs.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task UpdateAsync(CareDbContext db, IReadOnlyCollection<long> people, DateTimeOffset now, DateOnly today, CancellationToken ct)
    {
        var standings = await db.Standings.AsNoTracking()
            .Where(s => people.Contains(s.PatientKey) && (s.HasLead || s.PlanState == "agreed" || s.AgreedLevel == 4 || (s.AgreedLevel == 0 && s.ModelLevel == 4))).ToListAsync(ct);
        var due = standings.Count == 0 ? [] : RemindersDue.On(today, await FactsAsync(db, standings, today, ct)).ToList();
        var ids = due.ConvertAll(r => r.Id.ToString());
        var known = (await db.Reminders.AsNoTracking().Where(r => people.Contains(r.PatientKey)).Select(r => new { r.Id, r.Kind, r.ClosedAt, r.ClosedBy }).ToListAsync(ct)).ToDictionary(r => r.Id, StringComparer.Ordinal);
        var at = now.ToUnixTimeMilliseconds();
        foreach (var reminder in due.Where(r => !known.ContainsKey(r.Id.ToString())))
        {
            // Whoever works it out at the same time says the same: the first stands.
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO reminder (patient_key, id, kind, recipient, occasion_day, text, created_at, closed_at, closed_by)
                VALUES ({reminder.Person}, {reminder.Id.ToString()}, {(short)reminder.Kind}, {reminder.To ?? ""}, {reminder.Occasion.DayNumber}, {reminder.Text}, {at}, 0, '') ON CONFLICT DO NOTHING
                """,
                ct);
        }

        var gone = known.Values.Where(r => r.ClosedAt == 0 && Settled.Contains(r.Kind) && !ids.Contains(r.Id)).Select(r => r.Id).ToList();
        if (gone.Count > 0)
        {
            await db.Reminders.Where(r => people.Contains(r.PatientKey) && gone.Contains(r.Id) && r.ClosedAt == 0).ExecuteUpdateAsync(s => s.SetProperty(r => r.ClosedAt, at), ct);
        }

        var back = known.Values.Where(r => r.ClosedAt != 0 && r.ClosedBy.Length == 0 && ids.Contains(r.Id)).Select(r => r.Id).ToList();
        if (back.Count > 0)
        {
            await db.Reminders.Where(r => people.Contains(r.PatientKey) && back.Contains(r.Id) && r.ClosedBy == "").ExecuteUpdateAsync(s => s.SetProperty(r => r.ClosedAt, 0), ct);
        }
    }

    private static async Task<List<ReminderFacts>> FactsAsync(CareDbContext db, List<PersonStanding> people, DateOnly today, CancellationToken ct)
    {
        var keys = people.ConvertAll(p => p.PatientKey);
        var run = await db.Runs.AsNoTracking().Where(r => r.Status == JobStatus.Completed).OrderByDescending(r => r.RunId)
            .Select(r => new { r.RunId, r.FinishedAt }).FirstOrDefaultAsync(ct);
        var runDay = run is null ? default : DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeMilliseconds(run.FinishedAt).UtcDateTime);
        var tasks = (await db.MdtTasks.AsNoTracking().Where(t => keys.Contains(t.PatientKey) && t.EndDay == 0 && t.DueDay < today.DayNumber).ToListAsync(ct)).ToLookup(t => t.PatientKey);
        var since = today.AddDays(-ReminderOptions.Default.LookBackDays);
        var led = people.Where(p => p.HasLead).Select(p => p.PatientKey).ToList();
        var timelines = await db.Timelines.AsNoTracking().Where(t => led.Contains(t.PatientKey)).ToDictionaryAsync(t => t.PatientKey, t => t.Events, ct);
        var agreed = (await db.AgreedLevels.AsNoTracking().Where(a => keys.Contains(a.PatientKey) && a.EndDay == 0 && a.Level == 4).ToListAsync(ct)).ToDictionary(a => a.PatientKey);
        var risen = run is null || runDay < since
            ? []
            : (await db.RiskScores.AsNoTracking().Where(s => s.RunId == run.RunId && keys.Contains(s.PatientKey) && s.Level == 4 && s.PreviousLevel < 4).Select(s => s.PatientKey).ToListAsync(ct)).ToHashSet();
        var plans = await db.CarePlans.AsNoTracking().Where(p => keys.Contains(p.PatientKey))
            .Join(db.Standings, p => new { p.PatientKey, p.Version }, s => new { s.PatientKey, Version = s.PlanVersion }, (p, _) => new { p.PatientKey, p.Plan })
            .ToDictionaryAsync(p => p.PatientKey, p => p.Plan, ct);
        return people.ConvertAll(p =>
        {
            var (admissions, discharges) = Stays(timelines.GetValueOrDefault(p.PatientKey) ?? [], since, today);
            DateOnly? level4 = agreed.TryGetValue(p.PatientKey, out var level) ? level.ModelLevel < 4 ? DateOnly.FromDayNumber(level.StartDay) : null
                : p.AgreedLevel == 0 && risen.Contains(p.PatientKey) ? runDay : null;
            return new ReminderFacts
            {
                Person = p.PatientKey,
                Lead = p.HasLead ? p.LeadId : null,
                Level4Since = level4,
                ReviewBy = p.PlanState == "agreed" && p.ReviewDay > 0 ? DateOnly.FromDayNumber(p.ReviewDay) : null,
                Tasks =
                [
                    .. p.PlanState == "agreed" && plans.TryGetValue(p.PatientKey, out var plan) ? Actions(plan) : [],
                    .. tasks[p.PatientKey].Select(t => new OpenTask(t.Id, t.Owner, DateOnly.FromDayNumber(t.DueDay))),
                ],
                Admissions = admissions,
                Discharges = discharges,
            };
        });
    }

    private static IEnumerable<OpenTask> Actions(string stored)
    {
        var plan = JsonSerializer.Deserialize<JointCarePlan>(stored, PutCarePlan.Json)!;

        // What the person or a carer does is the lead's to ask after.
        return plan.Actions.Where(a => a is { IsOpen: true, Due: not null }).Select(a => new OpenTask(a.Id, a.Owner is PlanPeople.ThePerson or PlanPeople.TheCarer ? null : a.Owner, a.Due!.Value));
    }

    private static (List<DateOnly> Admissions, List<DateOnly> Discharges) Stays(byte[] stored, DateOnly since, DateOnly today)
    {
        var (admissions, discharges) = (new List<DateOnly>(), new List<DateOnly>());
        foreach (ref readonly var e in MemoryMarshal.Cast<byte, TimelineEvent>(stored))
        {
            if (e.Kind != EventKind.Admission)
            {
                continue;
            }

            if (e.Day > since.DayNumber && e.Day <= today.DayNumber && !e.Is(AdmissionFlags.Transfer))
            {
                admissions.Add(DateOnly.FromDayNumber(e.Day));
            }

            var end = e.Day + e.LengthDays;
            if (!e.Is(EventFlags.Open) && !e.Is(AdmissionFlags.Died) && end > since.DayNumber && end <= today.DayNumber)
            {
                discharges.Add(DateOnly.FromDayNumber(end));
            }
        }

        return (admissions, discharges);
    }
}
