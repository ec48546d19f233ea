using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification.Models;

namespace BetterCare.Care.Api.Features.RiskAssessments;

/// <summary>The RiskAssessments of stratification runs: found in the score rows, rendered when they are asked for.</summary>
public sealed class RenderedRisks(ScoreReads scores, Directories directories)
{
    private const int MaxKept = 64;

    // A completed run never changes, so what was read of it stays true.
    private readonly ConcurrentDictionary<CompletedRun, ExplainedRun> _explained = new();

    /// <summary>The RiskAssessment of an id; null where there is none.</summary>
    public async Task<StoredResource?> FindAsync(string id, CancellationToken ct) =>
        RenderedRisk.TryParse(id, out var run, out var number) && await directories.FindAsync(number, ct) is { } person
            ? (await RenderAsync(await scores.OfPersonAsync(person, run, ct), ct)).FirstOrDefault()
            : null;

    /// <summary>A person's RiskAssessments, newest run first.</summary>
    public async Task<List<StoredResource>> OfPersonAsync(long person, CancellationToken ct) => await RenderAsync(await scores.OfPersonAsync(person, null, ct), ct);

    /// <summary>Every RiskAssessment of every run, for exports.</summary>
    /// <param name="since">Only of runs that finished since, Unix milliseconds.</param>
    /// <param name="until">Only of runs that had finished by then, Unix milliseconds.</param>
    /// <param name="ct">Cancels.</param>
    public async IAsyncEnumerable<StoredResource> AllAsync(long since, long until, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var run in (await scores.RunsAsync(ct)).Where(r => r.FinishedAt >= since && r.FinishedAt <= until))
        {
            var explained = await ExplainAsync(run, ct);
            await foreach (var row in scores.AllAsync(run.RunId, ct))
            {
                yield return RenderedRisk.Render(explained, row);
            }
        }
    }

    /// <summary>A run with its model.</summary>
    public async ValueTask<ExplainedRun> ExplainAsync(CompletedRun run, CancellationToken ct)
    {
        if (_explained.TryGetValue(run, out var known))
        {
            return known;
        }

        var document = ModelDocument.Parse(Encoding.UTF8.GetBytes((await scores.ModelAsync(run.RunId, ct))!));
        if (_explained.Count >= MaxKept)
        {
            _explained.Clear();
        }

        return _explained[run] = new ExplainedRun(run, document.ToModel(), document.Card.Summary);
    }

    private async Task<List<StoredResource>> RenderAsync(List<ScoreRow> rows, CancellationToken ct)
    {
        if (rows.Count == 0)
        {
            return [];
        }

        var runs = (await scores.RunsAsync(ct)).ToDictionary(r => r.RunId);
        var rendered = new List<StoredResource>(rows.Count);
        foreach (var row in rows.Where(r => runs.ContainsKey(r.RunId)))
        {
            rendered.Add(RenderedRisk.Render(await ExplainAsync(runs[row.RunId], ct), row));
        }

        return rendered;
    }
}
