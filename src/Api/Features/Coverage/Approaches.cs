using System.Text.Json;
using BetterCare.Care.Coordination.Coverage;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>The answer to "by what approach?", written from the model and the policy of the latest run; a run never changes, so once per run.</summary>
public sealed class Approaches(IDbContextFactory<CareDbContext> contexts, CoverageReads reads)
{
    private sealed record Written(int RunId, string Text);

    private volatile Written? _last;

    /// <summary>The text for the latest run.</summary>
    public async Task<string> TextAsync(CancellationToken ct)
    {
        var runId = await reads.LastRunAsync(ct);
        if (runId == 0)
        {
            return "No stratification has been run.";
        }

        if (_last is { } last && last.RunId == runId)
        {
            return last.Text;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var run = await db.Runs.AsNoTracking().SingleAsync(r => r.RunId == runId, ct);
        _last = new Written(runId, Describe(run));
        return _last.Text;
    }

    private static string Describe(StratificationRun run)
    {
        var document = ModelDocument.Parse(System.Text.Encoding.UTF8.GetBytes(run.Model));
        var policy = JsonSerializer.Deserialize<TierPolicy>(run.Policy, JsonSerializerOptions.Web)!;
        var card = document.Card;
        return ApproachText.Describe(
            new ModelDescriptor(document.Id, document.Version, Within(card.Outcome), Within(card.Data.Length > 0 ? card.Data : card.Summary), card.Data.Contains("synthetic", StringComparison.OrdinalIgnoreCase), card.Performance?.Auroc),
            new PolicyDescriptor(policy.Name, LevelRules(policy), policy.Population == TierPopulation.Everyone ? "all adults in the run" : "adults with a long-term condition", [3, 4]),
            DateOnly.FromDayNumber(run.IndexDay),
            levelIsAgreed: true);
    }

    /// <summary>A sentence of the model's card as part of another: "At least one …" becomes "at least one …".</summary>
    private static string Within(string text) => text.Length > 1 && (char.IsLower(text[1]) || text[1] == ' ') ? char.ToLowerInvariant(text[0]) + text[1..].TrimEnd('.') : text.TrimEnd('.');

    private static string[] LevelRules(TierPolicy p) => p.Rule switch
    {
        TierRule.Share => [$"level 4: top {p.Level4:P1}", $"level 3: to the top {p.Level3:P0}", $"level 2: to the top {p.Level2:P0}", "level 1: the rest"],
        TierRule.Probability => [$"level 4: from {p.Level4:P0}", $"level 3: from {p.Level3:P0}", $"level 2: from {p.Level2:P0}", "level 1: below"],
        _ => [$"level 4: {p.Level4:N0} people", $"level 3: the next {p.Level3:N0}", $"level 2: the next {p.Level2:N0}", "level 1: the rest"],
    };
}
