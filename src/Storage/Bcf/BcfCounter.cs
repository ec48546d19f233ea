using System.Runtime.InteropServices;
using BetterCare.Care.Coordination.Bcf;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification.Runs;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Storage.Bcf;

/// <summary>
/// Counts the Better Care Fund metrics of twelve months by practice: one pass over everyone's timeline, as a stratification
/// run makes it, and some thousand rows that every answer is then read from.
/// </summary>
public sealed class BcfCounter(CareDatabase database, IDbContextFactory<CareDbContext> contexts, TimeProvider clock)
{
    /// <summary>Months that are counted.</summary>
    public const int Months = 12;

    /// <summary>Counts the twelve months up to the end of <paramref name="month"/> (year x 100 + month), in place of an earlier count.</summary>
    public async Task CountAsync(int month, CancellationToken ct)
    {
        var until = CoverageWriter.LastDayOf(month).AddDays(1);
        var from = until.AddMonths(-Months);
        var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
        var period = new BcfPeriod { Month = month, CountedAt = clock.GetUtcNow().ToUnixTimeMilliseconds() };
        var tallies = await Task.Run(() => ReadAsync(period, from, until, today, ct), ct);

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.BcfPeriods.Where(p => p.Month == month).ExecuteDeleteAsync(ct);
        await db.BcfCounts.Where(c => c.Month == month).ExecuteDeleteAsync(ct);
        db.BcfPeriods.Add(period);
        db.BcfCounts.AddRange(tallies.SelectMany(t => t.Value.Rows(month, t.Key)));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    private async Task<Dictionary<string, Tally>> ReadAsync(BcfPeriod period, DateOnly from, DateOnly until, DateOnly today, CancellationToken ct)
    {
        var tallies = new Dictionary<string, Tally>(StringComparer.Ordinal);
        var timeline = new BcfTimeline(from, until, today);
        await using var source = await StoredTimelines.OpenAsync(database, int.MaxValue, ct);
        var batch = new PersonTimelineBatch();
        while (source.TryFill(batch))
        {
            ct.ThrowIfCancellationRequested();
            for (var i = 0; i < batch.Count; i++)
            {
                ref var tally = ref CollectionsMarshal.GetValueRefOrAddDefault(tallies, source.Seen[i].PracticeCode, out _);
                tally ??= new Tally();
                var events = batch.Events(i);
                Recorded(period, events);
                timeline.Read(batch.Key(i), in batch.Facts(i), events);
                tally.Add(timeline, in batch.Facts(i), from, until);
            }

            batch.Clear();
            source.Seen.Clear();
        }

        return tallies;
    }

    private static void Recorded(BcfPeriod period, ReadOnlySpan<TimelineEvent> events)
    {
        foreach (ref readonly var e in events)
        {
            if (e.Kind == EventKind.Admission)
            {
                period.Admissions++;
            }
            else if (e.Kind == EventKind.Social)
            {
                period.Placements += e.Code == (uint)SocialFact.CareHomePlacement ? 1 : 0;
                period.Reablements += e.Code == (uint)SocialFact.Reablement ? 1 : 0;
                period.Delays += e.Code == (uint)SocialFact.DelayedTransfer ? 1 : 0;
            }
        }
    }

    /// <summary>The counts of a practice.</summary>
    private sealed class Tally
    {
        private long _people;
        private long _adults;
        private long _old;
        private long _placements;
        private long _home;
        private long _reablement;
        private long _delayedDays;
        private long _avoidable;
        private long _readmitted;
        private long _discharges;
        private long _dementia;

        public void Add(BcfTimeline person, in PersonFacts facts, DateOnly from, DateOnly until)
        {
            // Denominators are the people registered on the last day.
            if (CoverageShare.IsRegistered(in facts, until.DayNumber - 1))
            {
                var age = facts.AgeOn(until.DayNumber - 1);
                _people++;
                _adults += age >= 18 ? 1 : 0;
                _old += age >= 65 ? 1 : 0;
                _dementia += age >= 65 && person.HasDementia ? 1 : 0;
            }

            _placements += BcfCounting.CareHomeAdmissions(person.Placements, from, until);
            if (person.Reablement.Count > 0)
            {
                var count = BcfCounting.StillAtHome(person.Reablement, person.ReablementYear);
                _home += (long)count.Numerator;
                _reablement += (long)count.Denominator;
            }

            if (person.Delays.Count > 0)
            {
                _delayedDays += (long)Math.Round(BcfCounting.DelayedDaysPerMonth(person.Delays, from, Months) * Months);
            }

            if (person.Spells.Count > 0)
            {
                _avoidable += BcfCounting.AvoidableAdmissions(person.Spells, from, until);
                var count = BcfCounting.Readmissions(person.Spells, from, until);
                _readmitted += (long)count.Numerator;
                _discharges += (long)count.Denominator;
            }
        }

        public IEnumerable<BcfCountRow> Rows(int month, string practice) =>
        [
            Row(BcfMetric.CareHomeAdmissions, _placements, _old, month, practice),
            Row(BcfMetric.StillAtHome, _home, _reablement, month, practice),
            Row(BcfMetric.DelayedTransfers, _delayedDays, _adults, month, practice),
            Row(BcfMetric.AvoidableAdmissions, _avoidable, _people, month, practice),
            Row(BcfMetric.DementiaDiagnosis, _dementia, _old, month, practice),
            Row(BcfMetric.Readmissions, _readmitted, _discharges, month, practice),
        ];

        private static BcfCountRow Row(BcfMetric metric, long numerator, long denominator, int month, string practice) =>
            new() { Month = month, Metric = metric.Id, PracticeCode = practice, Numerator = numerator, Denominator = denominator };
    }
}
