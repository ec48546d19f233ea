using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Features.Coverage;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Bcf;
using BetterCare.Care.Coordination.Coverage;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Bcf;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Bcf;

/// <summary>
/// Answers the Better Care Fund metrics from the counts by practice. Callers who may not see people read one release per
/// period, split by CCG only, built once: other splits, or the same counted anew, could be subtracted.
/// </summary>
public sealed class BcfQuestions(IDbContextFactory<CareDbContext> contexts, CoverageReads reads, TimeProvider clock)
{
    private const string Kind = "bcf";

    /// <summary>The areas that figures are published by: CCGs, today sub-ICB locations.</summary>
    public const string PublishedBy = "locality";

    /// <summary>The last month that is over.</summary>
    public int LastMonth => CoverageWriter.MonthOf(DateOnly.FromDateTime(clock.GetLocalNow().DateTime).AddMonths(-1));

    /// <summary>The metrics of the twelve months up to one.</summary>
    public async Task<Result<BcfAnswer>> AnswerAsync(int? until, string by, Caller caller, bool asPublished, CancellationToken ct)
    {
        if (until > LastMonth)
        {
            return new Invalid("until", $"Metrics are counted over whole months: the latest is {MonthText(LastMonth)}.");
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var month = until ?? await db.BcfPeriods.MaxAsync(p => (int?)p.Month, ct) ?? LastMonth;
        var period = await db.BcfPeriods.AsNoTracking().SingleOrDefaultAsync(p => p.Month == month, ct);
        if (period is null)
        {
            return new NotVisible("count of these months: POST /v1/bcf/counts makes one");
        }

        var values = await PlanValuesAsync(db, ct);
        if (caller.Grants.Contains(Grant.ReadRecords) && !asPublished)
        {
            if (caller.Practices is not null)
            {
                return new NotAllowed("metrics of the whole place: your access is to some practices. Ask figures=published");
            }

            return Exact(await TablesAsync(db, period, by, values, ct), period, by, values);
        }

        return by != PublishedBy
            ? new Invalid("by", "The figures for publication are split by locality (CCG, sub-ICB location) only, so that they cannot be subtracted.")
            : Published(await ReleaseAsync(db, period, values, ct), period, values);
    }

    /// <summary>Whether the last month should be counted: it has not been since the last run.</summary>
    public async Task<int?> DueAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var month = LastMonth;
        var run = await db.Runs.Where(r => r.Status == JobStatus.Completed).MaxAsync(r => (long?)r.FinishedAt, ct);
        var counted = await db.BcfPeriods.Where(p => p.Month == month).Select(p => (long?)p.CountedAt).SingleOrDefaultAsync(ct);
        return run is not null && (counted is null || counted < run) ? month : null;
    }

    internal static string MonthText(int month) => string.Create(CultureInfo.InvariantCulture, $"{month / 100}-{month % 100:00}");

    private static BcfAnswer Exact(IEnumerable<BcfTable> tables, BcfPeriod period, string by, PlanValues values) => new(
        MonthText(period.Month),
        by,
        true,
        "Exact figures: for those who may see the people themselves.",
        DateTimeOffset.FromUnixTimeMilliseconds(period.CountedAt),
        [.. tables.Select(t => View(t.Whole.Metric, period, values, Line(t.Whole), [.. t.Areas.Select(Line)]))]);

    private static BcfLineView Line(BcfLine line) => new(
        line.Area, Text(line.Count.Numerator), Text(line.Count.Denominator), line.Value is { } v ? v.ToString("0.0", CultureInfo.InvariantCulture) : "-",
        line.Baseline, line.Target, line.ChangeOnBaseline, line.TargetIsMet);

    private static string Text(decimal count) => BcfFormula.HalfUp(count).ToString("0.#", CultureInfo.InvariantCulture);

    private static BcfMetricView View(BcfMetric m, BcfPeriod period, PlanValues values, BcfLineView whole, IReadOnlyList<BcfLineView> areas)
    {
        var recorded = m.Id switch
        {
            "care-home-admissions" => period.Placements,
            "still-at-home-91-days" => period.Reablements,
            "delayed-transfers" => period.Delays,
            "avoidable-emergency-admissions" or "readmissions-30-days" => period.Admissions,
            _ => 1,
        } > 0;
        var until = CoverageWriter.LastDayOf(period.Month).AddDays(1);
        var text = m.Id switch
        {
            "still-at-home-91-days" => $"discharges of October to December {new BcfTimeline(until.AddMonths(-12), until, until).ReablementYear}, followed for 91 days",
            "dementia-diagnosis" => $"on {until.AddDays(-1):yyyy-MM-dd}",
            _ => $"{until.AddMonths(-12):yyyy-MM-dd} to {until.AddDays(-1):yyyy-MM-dd}",
        };
        BcfLineView Known(BcfLineView line) => recorded ? line : line with { Numerator = "-", Value = "-", ChangeOnBaselinePercent = null, TargetIsMet = null };
        return new BcfMetricView(
            m.Id, m.Title, m.Numerator, m.Denominator, m.Unit, m.LowerIsBetter, m.Source, text,
            BcfNotes.Of(m, recorded, values.Find(m.Id, "", "estimate") is not null), Known(whole), [.. areas.Select(Known)]);
    }

    private async Task<List<BcfTable>> TablesAsync(CareDbContext db, BcfPeriod period, string by, PlanValues values, CancellationToken ct)
    {
        var practices = await reads.PracticesAsync(ct);
        var counts = await db.BcfCounts.AsNoTracking().Where(c => c.Month == period.Month).ToListAsync(ct);
        var tables = new List<BcfTable>();
        foreach (var metric in BcfNotes.Counted)
        {
            var areas = counts.Where(c => c.Metric == metric.Id)
                .GroupBy(c => CoverageGroups.Of(by, new CoverageCell { PracticeCode = c.PracticeCode }, practices), StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => (g.Key, CountOf(metric, g.Key, g.Sum(c => c.Numerator), g.Sum(c => c.Denominator), values), values.Find(metric.Id, g.Key, "baseline"), values.Find(metric.Id, g.Key, "target")));
            var table = BcfTable.Of(metric, "All", areas, BcfCounter.Months, values.Find(metric.Id, "", "baseline"), values.Find(metric.Id, "", "target"));

            // A national estimate for the whole goes before the sum of the areas'.
            tables.Add(metric.Id == "dementia-diagnosis" && values.Find(metric.Id, "", "estimate") is { } estimate
                ? table with { Whole = table.Whole with { Count = table.Whole.Count with { Denominator = estimate } } }
                : table);
        }

        return tables;
    }

    private static BcfCount CountOf(BcfMetric metric, string area, long numerator, long denominator, PlanValues values) => metric.Id switch
    {
        "delayed-transfers" => new BcfCount((decimal)numerator / BcfCounter.Months, denominator),
        "dementia-diagnosis" => new BcfCount(numerator, values.Find(metric.Id, area, "estimate") ?? BcfFormula.HalfUp(denominator * BcfNotes.DementiaShare, 0)),
        _ => new BcfCount(numerator, denominator),
    };

    private static BcfAnswer Published(StoredBcf release, BcfPeriod period, PlanValues values) => new(
        MonthText(period.Month),
        PublishedBy,
        false,
        CoverageRelease.Legend,
        DateTimeOffset.FromUnixTimeMilliseconds(period.CountedAt),
        [.. release.Metrics.Select(m =>
        {
            var metric = BcfNotes.Counted.First(x => x.Id == m.Metric);
            BcfLineView Line(StoredBcfLine l)
            {
                var area = l.Area == "All" ? "" : l.Area;
                var (n, d) = (PublishedCoverage.Count(l.Numerator), PublishedCoverage.Count(l.Denominator));
                if (n.IsHidden || d.IsHidden)
                {
                    return new BcfLineView(l.Area, n.ToString(), d.ToString(), "*", values.Find(m.Metric, area, "baseline"), values.Find(m.Metric, area, "target"), null, null);
                }

                // The value, its change and whether it reaches the target: all from the figures that are shown.
                return BcfQuestions.Line(new BcfLine(
                    metric, l.Area, new BcfCount(n.Value!.Value, d.Value!.Value), BcfCounter.Months, values.Find(m.Metric, area, "baseline"), values.Find(m.Metric, area, "target")));
            }

            return View(metric, period, values, Line(m.Lines[0]), [.. m.Lines.Skip(1).Select(Line)]);
        })]);

    private async Task<StoredBcf> ReleaseAsync(CareDbContext db, BcfPeriod period, PlanValues values, CancellationToken ct)
    {
        var standsFor = CoverageWriter.LastDayOf(period.Month).DayNumber;
        if (await BodyAsync(db, standsFor, ct) is not { } body)
        {
            var release = new StoredBcf([.. (await TablesAsync(db, period, PublishedBy, values, ct)).Select(t =>
            {
                var published = PublishedBcf.Of(t);
                return new StoredBcfMetric(t.Whole.Metric.Id, [.. published.Areas.Prepend(published.Whole).Select(l => new StoredBcfLine(l.Area, l.Numerator.Value, l.Denominator.Value))]);
            })]);
            var text = JsonSerializer.Serialize(release, JsonSerializerOptions.Web);
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            await db.Database.ExecuteSqlAsync(
                $"INSERT INTO published_release (kind, stands_for, month, built_at, body) VALUES ({Kind}, {standsFor}, {period.Month}, {now}, {text}) ON CONFLICT (kind, stands_for) DO NOTHING", ct);
            body = (await BodyAsync(db, standsFor, ct))!;
        }

        return JsonSerializer.Deserialize<StoredBcf>(body, JsonSerializerOptions.Web)!;
    }

    private static Task<string?> BodyAsync(CareDbContext db, int standsFor, CancellationToken ct) =>
        db.PublishedReleases.Where(r => r.Kind == Kind && r.StandsFor == standsFor).Select(r => r.Body).SingleOrDefaultAsync(ct);

    private static async Task<PlanValues> PlanValuesAsync(CareDbContext db, CancellationToken ct) =>
        new(await db.BcfPlanValues.AsNoTracking().OrderBy(v => v.Id).ToListAsync(ct));

    /// <summary>The values in force: the latest of each.</summary>
    private sealed class PlanValues(IEnumerable<BcfPlanValue> all)
    {
        private readonly Dictionary<(string, string, string), string> _latest = all.GroupBy(v => (v.Metric, v.Area, v.Kind)).ToDictionary(g => g.Key, g => g.Last().Value);

        public decimal? Find(string metric, string area, string kind) =>
            _latest.GetValueOrDefault((metric, area, kind)) is { Length: > 0 } value ? decimal.Parse(value, CultureInfo.InvariantCulture) : null;
    }
}

/// <summary>A release of the metrics as it is kept: suppressed figures only.</summary>
internal sealed record StoredBcf(IReadOnlyList<StoredBcfMetric> Metrics);

/// <summary>A metric of a release; the whole first.</summary>
internal sealed record StoredBcfMetric(string Metric, IReadOnlyList<StoredBcfLine> Lines);

/// <summary>An area of a release; null where hidden.</summary>
internal sealed record StoredBcfLine(string Area, int? Numerator, int? Denominator);
