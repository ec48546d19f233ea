using System.Collections.Concurrent;
using System.Text.Json;
using BetterCare.Care.Coordination.Coverage;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>
/// What those read who may not see people. Every breakdown and population of a month is cut from one release, which is built
/// once, after the month is over, and kept: two answers can differ only as two months differ. A place that has no month
/// behind it yet gets one opening release, which stands until the month is over.
/// </summary>
public sealed class CoverageReleases(CoverageReads reads, Approaches approaches, IDbContextFactory<CareDbContext> contexts, TimeProvider clock)
{
    private const string Kind = "coverage";

    private readonly ConcurrentDictionary<int, PublishedCoverage> _kept = new();

    /// <summary>The release for a month; null where nothing was counted, or the month is not over.</summary>
    /// <param name="month">Year x 100 + month; null: the latest that is published.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<PublishedCoverage?> ForAsync(int? month, CancellationToken ct)
    {
        var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
        var thisMonth = CoverageWriter.MonthOf(today);
        var counted = await reads.MonthsAsync(thisMonth, ct);
        if (counted.Count == 0)
        {
            return null;
        }

        var over = counted.Find(m => m < thisMonth && m <= (month ?? thisMonth));
        return over != 0 && (month is null || month < thisMonth) ? await KeptAsync(over, CoverageWriter.LastDayOf(over), ct)
            : counted.Exists(m => m < thisMonth) || (month ?? thisMonth) != thisMonth ? null
            : await KeptAsync(thisMonth, await OpeningAsync(thisMonth, ct) ?? today, ct);
    }

    /// <summary>Months that are published, the latest first.</summary>
    public async Task<IReadOnlyList<int>> MonthsAsync(CancellationToken ct)
    {
        var thisMonth = CoverageWriter.MonthOf(DateOnly.FromDateTime(clock.GetLocalNow().DateTime));
        var counted = await reads.MonthsAsync(thisMonth, ct);
        return counted.Exists(m => m < thisMonth) ? counted.FindAll(m => m < thisMonth) : counted;
    }

    private async Task<DateOnly?> OpeningAsync(int month, CancellationToken ct)
    {
        var last = CoverageWriter.LastDayOf(month);
        var first = new DateOnly(last.Year, last.Month, 1).DayNumber;
        foreach (var kept in _kept.Keys.Where(d => d >= first && d < last.DayNumber))
        {
            return DateOnly.FromDayNumber(kept);
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var day = await db.PublishedReleases.Where(r => r.Kind == Kind && r.StandsFor >= first && r.StandsFor <= last.DayNumber).MinAsync(r => (int?)r.StandsFor, ct);
        return day is { } d ? DateOnly.FromDayNumber(d) : null;
    }

    private async Task<PublishedCoverage> KeptAsync(int month, DateOnly standsFor, CancellationToken ct)
    {
        if (_kept.TryGetValue(standsFor.DayNumber, out var known))
        {
            return known;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await BodyAsync(db, standsFor, ct) is not { } body)
        {
            var release = JsonSerializer.Serialize(await BuildAsync(month, standsFor, ct), ReleaseJson.Default.PublishedCoverage);
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();

            // Of two that build at once the first is kept, and both answer from it.
            await db.Database.ExecuteSqlAsync(
                $"INSERT INTO published_release (kind, stands_for, month, built_at, body) VALUES ({Kind}, {standsFor.DayNumber}, {month}, {now}, {release}) ON CONFLICT (kind, stands_for) DO NOTHING", ct);
            body = (await BodyAsync(db, standsFor, ct))!;
        }

        return _kept[standsFor.DayNumber] = JsonSerializer.Deserialize(body, ReleaseJson.Default.PublishedCoverage)!;
    }

    private static Task<string?> BodyAsync(CareDbContext db, DateOnly standsFor, CancellationToken ct) =>
        db.PublishedReleases.Where(r => r.Kind == Kind && r.StandsFor == standsFor.DayNumber).Select(r => r.Body).SingleOrDefaultAsync(ct);

    private async Task<PublishedCoverage> BuildAsync(int month, DateOnly standsFor, CancellationToken ct)
    {
        var cells = await reads.CellsAsync(month, CoverageSplit.None, null, ct);
        var practices = await reads.PracticesAsync(ct);
        var breakdowns = new List<Breakdown>();
        Whole(PublishedCoverage.Population, cells, PopulationOf);
        Under(PublishedCoverage.Level, cells, c => c.Adult ? CoverageGroups.LevelName(c.Level) : PublishedCoverage.Children, (PublishedCoverage.Population, PopulationOf));

        // Practices lie within neighbourhoods, and those within localities, wherever that is so: a reader may subtract along each of these.
        foreach (var dimension in CoverageGroups.OfPractices.Reverse())
        {
            var within = CoverageGroups.OfPractices.SkipWhile(d => d != dimension).Skip(1).Where(d => LiesWithin(dimension, d)).ToArray();
            Under(dimension, cells, c => GroupOf(dimension, c), [.. within.Select(d => (d, GroupIn(d)))]);
            Under(
                PublishedCoverage.ByPopulation(dimension),
                cells,
                Crossed(dimension),
                [(dimension, GroupIn(dimension)), (PublishedCoverage.Population, PopulationOf), .. within.Select(d => (PublishedCoverage.ByPopulation(d), Crossed(d)))]);
        }

        foreach (var dimension in CoverageGroups.Dimensions.Except(CoverageGroups.OfPractices))
        {
            var split = await reads.CellsAsync(month, CoverageGroups.SplitOf(dimension), null, ct);
            if (dimension == "age")
            {
                Under(dimension, split, GroupIn(dimension), (PublishedCoverage.Population, PopulationOf));
            }
            else
            {
                Whole(dimension, split, GroupIn(dimension));
                Under(PublishedCoverage.ByPopulation(dimension), split, Crossed(dimension), (dimension, GroupIn(dimension)), (PublishedCoverage.Population, PopulationOf));
            }
        }

        SuppressedCount[] model =
        [
            SuppressedCount.Of(CoverageGroups.Sum(cells.Where(c => c.Adult), byModel: true).HighRisk),
            SuppressedCount.Of(CoverageGroups.Sum(cells, byModel: true).HighRisk),
        ];
        return PublishedCoverage.Of(standsFor, await approaches.TextAsync(ct), model, CoverageRelease.Publish(CoverageGroups.Sum(cells), breakdowns));

        static string PopulationOf(CoverageCell c) => c.Adult ? PublishedCoverage.Adults : PublishedCoverage.Children;
        string GroupOf(string dimension, CoverageCell c) => CoverageGroups.Of(dimension, c, practices);
        Func<CoverageCell, string> GroupIn(string dimension) => c => GroupOf(dimension, c);
        Func<CoverageCell, string> Crossed(string dimension) => c => $"{GroupOf(dimension, c)} | {PopulationOf(c)}";
        bool LiesWithin(string fine, string coarse) => cells.GroupBy(c => GroupOf(fine, c), StringComparer.Ordinal).All(g => g.Select(c => GroupOf(coarse, c)).Distinct(StringComparer.Ordinal).Count() == 1);
        void Whole(string name, List<CoverageCell> of, Func<CoverageCell, string> group) => Under(name, of, group);
        void Under(string name, List<CoverageCell> of, Func<CoverageCell, string> group, params (string Dimension, Func<CoverageCell, string> Group)[] within) => breakdowns.Add(new Breakdown(
            name,
            [.. of.GroupBy(group, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => new BreakdownRow(g.Key, CoverageGroups.Sum(g), [.. within.Select(w => w.Group(g.First()))]))],
            [.. within.Select(w => w.Dimension)]));
    }
}
