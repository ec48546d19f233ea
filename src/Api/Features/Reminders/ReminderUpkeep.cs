using System.Runtime.InteropServices;
using System.Text.Json;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Coordination.Reminders;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Reminders;

/// <summary>
/// Works out what is due and keeps what is new of it: review due, task overdue, new at level 4, admission or discharge of
/// someone with a lead. Reminders whose cause is gone are closed.
/// </summary>
public sealed class ReminderUpkeep(IDbContextFactory<CareDbContext> contexts, TimeProvider clock) : IUpkeep
{
    private const int PeopleAtOnce = 500;

    /// <inheritdoc/>
    public string Name => "reminders";

    /// <inheritdoc/>
    public TimeSpan Every => TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken ct)
    {
        var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var due = new HashSet<string>(StringComparer.Ordinal);
        var run = await db.Runs.AsNoTracking().Where(r => r.Status == JobStatus.Completed).OrderByDescending(r => r.RunId)
            .Select(r => new { r.RunId, r.FinishedAt }).FirstOrDefaultAsync(ct);
        var runDay = run is null ? default : DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeMilliseconds(run.FinishedAt).UtcDateTime);
        var tasks = (await db.MdtTasks.AsNoTracking().Where(t => t.EndDay == 0 && t.DueDay < today.DayNumber).ToListAsync(ct)).ToLookup(t => t.PatientKey);
        var from = long.MinValue;
        while (true)
        {
            var people = await db.Standings.AsNoTracking()
                .Where(s => s.PatientKey > from && (s.HasLead || s.PlanState == "agreed" || s.AgreedLevel == 4 || (s.AgreedLevel == 0 && s.ModelLevel == 4)))
                .OrderBy(s => s.PatientKey).Take(PeopleAtOnce).ToListAsync(ct);
            if (people.Count == 0)
            {
                break;
            }

            from = people[^1].PatientKey;
            var facts = await FactsAsync(db, people, tasks, run?.RunId ?? 0, runDay, today, ct);
            await KeepAsync(db, [.. RemindersDue.On(today, facts)], due, ct);
        }

        await CloseAsync(db, due, ct);
    }

    private static async Task<List<ReminderFacts>> FactsAsync(
        CareDbContext db, List<PersonStanding> people, ILookup<long, MdtTaskRecord> tasks, int run, DateOnly runDay, DateOnly today, CancellationToken ct)
    {
        var keys = people.ConvertAll(p => p.PatientKey);
        var since = today.AddDays(-ReminderOptions.Default.LookBackDays);
        var led = people.Where(p => p.HasLead).Select(p => p.PatientKey).ToList();
        var timelines = await db.Timelines.AsNoTracking().Where(t => led.Contains(t.PatientKey)).ToDictionaryAsync(t => t.PatientKey, t => t.Events, ct);
        var agreed = (await db.AgreedLevels.AsNoTracking().Where(a => keys.Contains(a.PatientKey) && a.EndDay == 0 && a.Level == 4).ToListAsync(ct)).ToDictionary(a => a.PatientKey);
        var risen = runDay < since
            ? []
            : (await db.RiskScores.AsNoTracking().Where(s => s.RunId == run && keys.Contains(s.PatientKey) && s.Level == 4 && s.PreviousLevel < 4).Select(s => s.PatientKey).ToListAsync(ct)).ToHashSet();
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
        return plan.Actions.Where(a => a is { IsOpen: true, Due: not null }).Select(a => new OpenTask(a.Id, a.Owner is "person" or "carer" ? null : a.Owner, a.Due!.Value));
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

    private async Task KeepAsync(CareDbContext db, List<Reminder> reminders, HashSet<string> due, CancellationToken ct)
    {
        var ids = reminders.ConvertAll(r => r.Id.ToString());
        due.UnionWith(ids);
        var known = (await db.Reminders.Where(r => ids.Contains(r.Id)).Select(r => r.Id).ToListAsync(ct)).ToHashSet(StringComparer.Ordinal);
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var reminder in reminders.Where(r => known.Add(r.Id.ToString())))
        {
            db.Reminders.Add(new ReminderRow
            {
                PatientKey = reminder.Person,
                Id = reminder.Id.ToString(),
                Kind = reminder.Kind,
                Recipient = reminder.To ?? "",
                OccasionDay = reminder.Occasion.DayNumber,
                Text = reminder.Text,
                CreatedAt = now,
            });
        }

        await db.SaveChangesAsync(ct);
        db.ChangeTracker.Clear();
    }

    /// <summary>A review that was held or a task that was done needs no reminder any more.</summary>
    private async Task CloseAsync(CareDbContext db, HashSet<string> due, CancellationToken ct)
    {
        var open = await db.Reminders
            .Where(r => r.ClosedAt == 0 && (r.Kind == ReminderKind.ReviewDue || r.Kind == ReminderKind.ReviewOverdue || r.Kind == ReminderKind.TaskOverdue)).ToListAsync(ct);
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var gone in open.Where(r => !due.Contains(r.Id)))
        {
            gone.ClosedAt = now;
        }

        await db.SaveChangesAsync(ct);
    }
}
