using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Coordination.Coverage;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>One row of a coverage answer; figures as published: numbers, or * where suppressed.</summary>
public sealed record CoverageRow(
    string Group, string Adults, string HighRisk, string HighRiskPercent, string WithLead, string WithLeadPercent, string WithPlan, string WithPlanPercent, string WithBoth, string WithBothPercent);

/// <summary>People at a level.</summary>
public sealed record TierRow(string Level, string Adults, string Percent);

/// <summary>The three answers of the national condition.</summary>
/// <param name="Month">yyyy-MM.</param>
/// <param name="By">practice, locality, place …</param>
/// <param name="Exact">Whether figures are exact (for those who may see people) or suppressed and rounded.</param>
/// <param name="Legend">What the signs mean.</param>
/// <param name="HighRiskPercent">1: what proportion of adults is at high risk.</param>
/// <param name="Approach">2: by what approach.</param>
/// <param name="WithLeadPercent">3a: what proportion of those has an accountable professional.</param>
/// <param name="WithPlanPercent">3b: what proportion of those has a joint care plan.</param>
/// <param name="WithBothPercent">3: what proportion of those has both.</param>
/// <param name="Tiers">People by level.</param>
/// <param name="Total">All groups together.</param>
/// <param name="Rows">The groups.</param>
public sealed record CoverageAnswer(
    string Month,
    string By,
    bool Exact,
    string Legend,
    string HighRiskPercent,
    string Approach,
    string WithLeadPercent,
    string WithPlanPercent,
    string WithBothPercent,
    IReadOnlyList<TierRow> Tiers,
    CoverageRow Total,
    IReadOnlyList<CoverageRow> Rows);

/// <summary>Answers the national condition from the coverage cells: the same cost at a thousand people and at three million.</summary>
public sealed class CoverageQuestions(CareDbContext db, TimeProvider clock)
{
    /// <summary>What people can be counted by.</summary>
    public static IReadOnlyList<string> Dimensions { get; } = ["practice", "neighbourhood", "locality", "place", "age", "sex", "deprivation"];

    /// <summary>The answer for a month.</summary>
    /// <param name="by">One of <see cref="Dimensions"/>.</param>
    /// <param name="month">yyyy-MM; null: this month.</param>
    /// <param name="exact">Exact figures, for those who may see people.</param>
    /// <param name="practices">ODS codes to count; null: all.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Null where nothing has been counted for that month.</returns>
    public async Task<CoverageAnswer?> AnswerAsync(string by, int? month, bool exact, IReadOnlySet<string>? practices, CancellationToken ct)
    {
        var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
        var asked = month ?? CoverageWriter.MonthOf(today);

        // A month in which nothing changed stands as the month before it stood.
        var counted = await db.CoverageCells.Where(c => c.Month <= asked).MaxAsync(c => (int?)c.Month, ct);
        if (counted is null || asked > CoverageWriter.MonthOf(today))
        {
            return null;
        }

        var cells = await db.CoverageCells.AsNoTracking().Where(c => c.Month == counted && c.AgeBand > 0 && c.People > 0).ToListAsync(ct);
        if (practices is not null)
        {
            cells = [.. cells.Where(c => practices.Contains(c.PracticeCode))];
        }

        var groups = await GroupsAsync(by, ct);
        var rows = cells.GroupBy(groups, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new BreakdownRow(g.Key, Sum(g))).ToList();
        var total = Sum(cells);
        List<Breakdown> breakdowns = [new(by, rows)];
        var release = exact ? CoverageRelease.Exact(total, breakdowns) : CoverageRelease.Publish(total, breakdowns);
        return new CoverageAnswer(
            $"{asked / 100}-{asked % 100:00}",
            by,
            exact,
            exact ? "Exact figures: for those who may see the people themselves." : CoverageRelease.Legend,
            release.Total.HighRiskOfPeople.ToString(),
            await ApproachAsync(ct),
            release.Total.LeadOfHighRisk.ToString(),
            release.Total.PlanOfHighRisk.ToString(),
            release.Total.BothOfHighRisk.ToString(),
            Tiers(cells, exact),
            RowOf("All", release.Total),
            [.. release.Breakdowns[0].Rows.Select(r => RowOf(r.Value, r.Figures))]);
    }

    private static CoverageCounts Sum(IEnumerable<CoverageCell> cells)
    {
        var sum = default(CoverageCounts);
        foreach (var c in cells)
        {
            sum += new CoverageCounts
            {
                People = c.People,
                HighRisk = c.Level >= 3 ? c.People : 0,
                WithLead = c.Level >= 3 ? c.WithLead : 0,
                WithPlan = c.Level >= 3 ? c.WithPlan : 0,
                WithBoth = c.Level >= 3 ? c.WithBoth : 0,
            };
        }

        return sum;
    }

    private static List<TierRow> Tiers(List<CoverageCell> cells, bool exact)
    {
        var all = cells.Sum(c => c.People);
        var whole = exact ? SuppressedCount.Exact(all) : SuppressedCount.Of(all);
        return
        [
            .. Enumerable.Range(0, 5).Select(i => 4 - i).Select(level =>
            {
                var people = cells.Where(c => c.Level == level).Sum(c => c.People);
                var count = exact ? SuppressedCount.Exact(people) : SuppressedCount.Of(people);
                return new TierRow(level == 0 ? "not scored" : level.ToString(CultureInfo.InvariantCulture), count.ToString(), Rate.Of(count, whole).ToString());
            }),
        ];
    }

    private static CoverageRow RowOf(string group, CoverageFigures f) => new(
        group, f.People.ToString(), f.HighRisk.ToString(), f.HighRiskOfPeople.ToString(), f.WithLead.ToString(), f.LeadOfHighRisk.ToString(),
        f.WithPlan.ToString(), f.PlanOfHighRisk.ToString(), f.WithBoth.ToString(), f.BothOfHighRisk.ToString());

    private async Task<Func<CoverageCell, string>> GroupsAsync(string by, CancellationToken ct)
    {
        switch (by)
        {
            case "age":
                return c => AgeBand.Name(c.AgeBand);
            case "sex":
                return c => ((Stratification.Timelines.Sex)c.Sex).ToString().ToLowerInvariant();
            case "deprivation":
                return c => c.Deprivation == 0 ? "not known" : $"quintile {c.Deprivation}";
        }

        var practices = await db.Practices.AsNoTracking().ToDictionaryAsync(p => p.Code, StringComparer.Ordinal, ct);
        return c =>
        {
            var practice = practices.GetValueOrDefault(c.PracticeCode);
            var name = by switch
            {
                "practice" => c.PracticeCode.Length == 0 ? "" : $"{c.PracticeCode} {practice?.Name}".Trim(),
                "neighbourhood" => practice?.Neighbourhood,
                "locality" => practice?.Locality,
                _ => practice?.Place,
            };
            return string.IsNullOrEmpty(name) ? "not known" : name;
        };
    }

    private async Task<string> ApproachAsync(CancellationToken ct)
    {
        var run = await db.Runs.AsNoTracking().Where(r => r.Status == JobStatus.Completed).OrderByDescending(r => r.RunId).FirstOrDefaultAsync(ct);
        if (run is null)
        {
            return "No stratification has been run.";
        }

        var document = ModelDocument.Parse(System.Text.Encoding.UTF8.GetBytes(run.Model));
        var policy = JsonSerializer.Deserialize<TierPolicy>(run.Policy, JsonSerializerOptions.Web)!;
        var card = document.Card;
        return ApproachText.Describe(
            new ModelDescriptor(document.Id, document.Version, card.Outcome, card.Data.Length > 0 ? card.Data : card.Summary, card.Data.Contains("synthetic", StringComparison.OrdinalIgnoreCase), card.Performance?.Auroc),
            new PolicyDescriptor(policy.Name, LevelRules(policy), policy.Population == TierPopulation.Everyone ? "all adults in the run" : "adults with a long-term condition", [3, 4]),
            DateOnly.FromDayNumber(run.IndexDay),
            levelIsAgreed: true);
    }

    private static string[] LevelRules(TierPolicy p) => p.Rule switch
    {
        TierRule.Share => [$"level 4: top {p.Level4:P1}", $"level 3: to the top {p.Level3:P0}", $"level 2: to the top {p.Level2:P0}", "level 1: the rest"],
        TierRule.Probability => [$"level 4: from {p.Level4:P0}", $"level 3: from {p.Level3:P0}", $"level 2: from {p.Level2:P0}", "level 1: below"],
        _ => [$"level 4: {p.Level4:N0} people", $"level 3: the next {p.Level3:N0}", $"level 2: the next {p.Level2:N0}", "level 1: the rest"],
    };
}
