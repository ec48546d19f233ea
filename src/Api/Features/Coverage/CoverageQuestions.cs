using System.Globalization;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Coverage;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Model;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>Answers the national condition from the coverage cells: the same cost at a thousand people and at three million.</summary>
public sealed class CoverageQuestions(CoverageReads reads, CoverageReleases releases, Approaches approaches, TimeProvider clock)
{
    // Three years: further back a chart says nothing.
    private const int MostMonths = 36;

    private const string ExactLegend = "Exact figures: for those who may see the people themselves.";

    /// <summary>The answer that a caller may have: exact for those who may see people, of their own practices; from the release for others.</summary>
    /// <param name="ask">What is asked.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="asPublished">Whether to answer as others see it.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Result<CoverageAnswer>> AnswerAsync(CoverageAsk ask, Caller caller, bool asPublished, CancellationToken ct)
    {
        if (caller.Grants.Contains(Grant.ReadRecords) && !asPublished)
        {
            return await ExactAsync(ask, caller.Practices, ct);
        }

        if (ask.ByModel)
        {
            return new Invalid("basis", "The figures for publication count the level in force; the share at high risk by the model alone stands beside it as highRiskByModelPercent.");
        }

        if (caller.Practices is not null && ask.By != "practice")
        {
            return new Invalid("by", "Your access is to some practices: ask by=practice.");
        }

        return await releases.ForAsync(ask.Month, ct) is { } release
            ? Published(ask, release, caller.Practices)
            : new NotVisible("coverage: figures are published for whole months, after their end, from the first stratification on");
    }

    /// <summary>Month by month, as it stood then.</summary>
    public async Task<CoverageTrend> TrendAsync(bool wholeList, Caller caller, bool asPublished, CancellationToken ct)
    {
        var ask = new CoverageAsk("practice", WholeList: wholeList);
        var rows = new List<CoverageMonthRow>();
        var exact = caller.Grants.Contains(Grant.ReadRecords) && !asPublished;
        if (exact)
        {
            var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
            var months = (await reads.MonthsAsync(CoverageWriter.MonthOf(today), ct)).Take(MostMonths).ToList();
            var cells = caller.Practices is null ? await reads.TotalsAsync(months, ct) : await OfPracticesAsync(months, caller.Practices, ct);
            foreach (var month in cells.Where(c => wholeList || c.Adult).GroupBy(c => c.Month).OrderBy(g => g.Key))
            {
                rows.Add(new CoverageMonthRow(MonthText(month.Key), Day(StandsFor(month.Key, today)), CoverageRow.Of(MonthText(month.Key), CoverageFigures.Exact(CoverageGroups.Sum(month)))));
            }
        }
        else
        {
            foreach (var month in (await releases.MonthsAsync(ct)).Take(MostMonths).Reverse())
            {
                if (await releases.ForAsync(month, ct) is { } release)
                {
                    rows.Add(new CoverageMonthRow(MonthText(month), release.StandsFor, CoverageRow.Of(MonthText(month), release.TotalOf(wholeList))));
                }
            }
        }

        return new CoverageTrend(ask.Population, exact, exact ? ExactLegend : CoverageRelease.Legend, rows);
    }

    private static CoverageAnswer Published(CoverageAsk ask, PublishedCoverage release, IReadOnlySet<string>? practices)
    {
        var total = release.TotalOf(ask.WholeList);
        var adults = release.TotalOf(wholeList: false).People;

        // A page is cut from the release: what a caller's own practices show is what everybody's show.
        var rows = release.RowsOf(ask.By, ask.WholeList).Where(r => practices is null || practices.Contains(r.Group.Split(' ')[0])).ToList();
        return Answer(
            ask,
            ask.Month is { } month ? MonthText(month) : release.StandsFor[..7],
            release.StandsFor,
            exact: false,
            release.Approach,
            Rate.Of(PublishedCoverage.Count(release.ModelHighRisk[ask.WholeList ? 1 : 0]), total.People).ToString(),
            [.. release.Tiers().OrderByDescending(t => t.Level == "not scored" ? "0" : t.Level, StringComparer.Ordinal).Select(t => new TierRow(t.Level, t.People.ToString(), Rate.Of(t.People, adults).ToString()))],
            total,
            rows);
    }

    private async Task<Result<CoverageAnswer>> ExactAsync(CoverageAsk ask, IReadOnlySet<string>? practices, CancellationToken ct)
    {
        var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
        var thisMonth = CoverageWriter.MonthOf(today);
        var asked = ask.Month ?? thisMonth;

        // A month in which nothing changed stands as the month before it stood.
        var counted = asked > thisMonth ? 0 : (await reads.MonthsAsync(asked, ct)).FirstOrDefault();
        if (counted == 0)
        {
            return new NotVisible("coverage: nothing has been counted for that month. Run a stratification first");
        }

        var cells = await reads.CellsAsync(counted, CoverageGroups.SplitOf(ask.By), practices, ct);
        var of = ask.WholeList ? cells : cells.FindAll(c => c.Adult);
        var names = CoverageGroups.SplitOf(ask.By) == CoverageSplit.None ? await reads.PracticesAsync(ct) : [];

        // Added up by practice first: there are far fewer practices than cells to name.
        var rows = of.GroupBy(c => (c.PracticeCode, c.Part)).Select(g => (Group: CoverageGroups.Of(ask.By, g.First(), names), Counts: CoverageGroups.Sum(g, ask.ByModel)))
            .GroupBy(g => g.Group, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => (g.Key, CoverageFigures.Exact(g.Aggregate(default(CoverageCounts), (sum, x) => sum + x.Counts)))).ToList();
        var total = CoverageFigures.Exact(CoverageGroups.Sum(of, ask.ByModel));
        var adults = cells.Where(c => c.Adult).Sum(c => c.People);
        return Answer(
            ask,
            MonthText(asked),
            Day(StandsFor(asked, today)),
            exact: true,
            await approaches.TextAsync(ct),
            Rate.Of(SuppressedCount.Exact(CoverageGroups.Sum(of, byModel: true).HighRisk), total.People).ToString(),
            [
                .. Enumerable.Range(0, 5).Select(i => 4 - i).Select(level =>
                {
                    var people = SuppressedCount.Exact(cells.Where(c => c.Adult && (ask.ByModel ? c.ModelLevel : c.Level) == level).Sum(c => c.People));
                    return new TierRow(CoverageGroups.LevelName(level), people.ToString(), Rate.Of(people, SuppressedCount.Exact(adults)).ToString());
                }),
            ],
            total,
            rows);
    }

    private static CoverageAnswer Answer(
        CoverageAsk ask, string month, string standsFor, bool exact, string approach, string byModel, IReadOnlyList<TierRow> tiers, CoverageFigures total, List<(string Group, CoverageFigures Figures)> rows) => new(
            month,
            standsFor,
            ask.By,
            ask.Population,
            ask.Basis,
            exact,
            exact ? ExactLegend : CoverageRelease.Legend,
            total.HighRiskOfPeople.ToString(),
            approach,
            total.LeadOfHighRisk.ToString(),
            total.PlanOfHighRisk.ToString(),
            total.BothOfHighRisk.ToString(),
            byModel,
            tiers,
            CoverageRow.Of("All", total),
            [.. rows.Select(r => CoverageRow.Of(r.Group, r.Figures))])
        {
            Figures = rows,
            TotalFigures = total,
        };

    private async Task<List<CoverageCell>> OfPracticesAsync(List<int> months, IReadOnlySet<string> practices, CancellationToken ct)
    {
        var cells = new List<CoverageCell>();
        foreach (var month in months)
        {
            cells.AddRange(await reads.CellsAsync(month, CoverageSplit.None, practices, ct));
        }

        return cells;
    }

    private static DateOnly StandsFor(int month, DateOnly today) => month == CoverageWriter.MonthOf(today) ? today : CoverageWriter.LastDayOf(month);

    private static string MonthText(int month) => string.Create(CultureInfo.InvariantCulture, $"{month / 100}-{month % 100:00}");

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
