using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Levels;

/// <summary>Both levels of a person, and what was agreed.</summary>
/// <param name="Level">The level in force: agreed where agreed, else the model's, else 1.</param>
/// <param name="ModelLevel">The model's in the current run; 0 not stratified.</param>
/// <param name="Agreed">The agreed level in force; null none.</param>
public sealed record LevelView(int Level, int ModelLevel, AgreedLevelView? Agreed);

/// <summary>An agreed level: in force, or as it was.</summary>
/// <param name="Level">1 to 4.</param>
/// <param name="ModelLevel">The model's level when it was agreed; 0 not stratified.</param>
/// <param name="Reason">Why they differ.</param>
/// <param name="DecidedBy">Who answers for it.</param>
/// <param name="From">First day in force.</param>
/// <param name="Expires">Last day in force, as agreed.</param>
/// <param name="Ended">Day on which it ended; null: in force.</param>
/// <param name="EndReason">Why it ended; <c>expired</c> where it ran out.</param>
/// <param name="EndedBy">Who ended it.</param>
public sealed record AgreedLevelView(int Level, int ModelLevel, string Reason, string DecidedBy, string From, string Expires, string? Ended, string? EndReason, string? EndedBy)
{
    internal static AgreedLevelView Of(AgreedLevelRecord r) => new(
        r.Level, r.ModelLevel, r.Reason, r.DecidedBy, Day(r.StartDay), Day(r.ExpiresDay), r.EndDay == 0 ? null : Day(r.EndDay), r.EndReason, r.EndedBy);

    private static string Day(int day) => DateOnly.FromDayNumber(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}

/// <summary>Puts agreed levels in force and out of it, together with everything that follows from a level.</summary>
public sealed class AgreedLevels(IDbContextFactory<CareDbContext> contexts, Directories directories, TimeProvider clock)
{
    /// <summary>Ends every agreed level whose last day is over: the model's level counts again, in the coverage too.</summary>
    /// <returns>How many were ended.</returns>
    public async Task<int> ExpireAsync(DateOnly today, CancellationToken ct)
    {
        List<long> due;
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            due = await db.AgreedLevels.Where(a => a.EndDay == 0 && a.ExpiresDay < today.DayNumber).Select(a => a.PatientKey).ToListAsync(ct);
        }

        var ended = 0;
        foreach (var key in due)
        {
            // A person at a time: somebody at work on one of them never holds up the others.
            await using var db = await contexts.CreateDbContextAsync(ct);
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var record = await db.AgreedLevels.SingleOrDefaultAsync(a => a.PatientKey == key && a.EndDay == 0 && a.ExpiresDay < today.DayNumber, ct);
            if (record is null)
            {
                continue;
            }

            (record.EndDay, record.EndReason, record.EndedBy) = (record.ExpiresDay, AgreedLevelRecord.Expired, AgreedLevelRecord.Expired);
            var standing = await db.Standings.SingleAsync(s => s.PatientKey == key, ct);
            try
            {
                await PutInForceAsync(db, new People(db, new CurrentCaller(), clock, directories), standing, 0, ct);
                await transaction.CommitAsync(ct);
                ended++;
            }
            catch (CareException)
            {
                // Changed at this very moment by someone else: the next look finds it again.
            }
        }

        return ended;
    }

    /// <summary>People whose agreed level somebody has to look at again, with its last day: those in force, and those that ran out with nothing agreed since.</summary>
    /// <param name="db">Where.</param>
    /// <param name="since">First day on which a level may have run out, a day number.</param>
    /// <param name="ct">Cancels.</param>
    internal static async Task<Dictionary<long, int>> ToReviewAsync(CareDbContext db, int since, CancellationToken ct)
    {
        var rows = await db.AgreedLevels.AsNoTracking()
            .Where(a => a.EndDay == 0 || (a.EndReason == AgreedLevelRecord.Expired && a.EndDay >= since))
            .GroupBy(a => a.PatientKey)
            .Select(g => new { g.Key, Latest = g.Max(a => a.ExpiresDay), Open = g.Max(a => a.EndDay == 0 ? a.ExpiresDay : 0) })
            .ToListAsync(ct);
        return rows.ToDictionary(r => r.Key, r => r.Open > 0 ? r.Open : r.Latest);
    }

    /// <summary>Agrees a level: ends the one before, if any, and puts the new one in force; the caller commits.</summary>
    internal static async Task<AgreedLevelRecord> AgreeAsync(CareDbContext db, People people, PersonStanding standing, int level, string reason, DateOnly expires, string who, DateTimeOffset now, CancellationToken ct)
    {
        var open = await db.AgreedLevels.SingleOrDefaultAsync(a => a.PatientKey == standing.PatientKey && a.EndDay == 0, ct);
        if (open is not null)
        {
            // In a statement before: the database allows one level in force at any moment.
            (open.EndDay, open.EndReason, open.EndedBy) = (people.Today.DayNumber, reason, who);
            await db.SaveChangesAsync(ct);
        }

        var record = new AgreedLevelRecord
        {
            PatientKey = standing.PatientKey,
            Id = Guid.CreateVersion7(now).ToString(),
            Level = (byte)level,
            ModelLevel = standing.ModelLevel,
            Reason = reason,
            DecidedBy = who,
            DecidedAt = now.ToUnixTimeMilliseconds(),
            StartDay = people.Today.DayNumber,
            ExpiresDay = expires.DayNumber,
        };
        db.AgreedLevels.Add(record);
        await PutInForceAsync(db, people, standing, record.Level, ct);
        return record;
    }

    /// <summary>Gives a person an agreed level, or none (0), with the plan judged by it and the coverage moved; the caller commits.</summary>
    internal static async Task PutInForceAsync(CareDbContext db, People people, PersonStanding standing, byte level, CancellationToken ct)
    {
        standing.AgreedLevel = level;
        if (standing.PlanVersion > 0)
        {
            // A higher level asks more of a plan, and for a sooner review.
            var latest = await db.CarePlans.AsNoTracking().SingleAsync(p => p.PatientKey == standing.PatientKey && p.Version == standing.PlanVersion, ct);
            var verdict = PlanRules.Evaluate(JsonSerializer.Deserialize<JointCarePlan>(latest.Plan, PutCarePlan.Json), People.LevelOf(standing), people.Today);
            standing.PlanComplete = verdict.IsComplete;
            standing.ReviewDay = verdict.ReviewBy?.DayNumber ?? 0;
        }

        await people.KeepAsync(standing, ct);
    }
}
