using System.Globalization;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Runs;

/// <summary>The model of the current run, read once: runs never change.</summary>
public sealed class RunModels(LatestRun latest, IDbContextFactory<CareDbContext> contexts)
{
    private volatile Known? _last;

    /// <summary>A run's model, ready to explain.</summary>
    /// <param name="RunId">The run.</param>
    /// <param name="IndexDate">Its index date, yyyy-MM-dd.</param>
    /// <param name="Name">Model and version.</param>
    /// <param name="Note">What kind of model it is.</param>
    /// <param name="Model">The model.</param>
    /// <param name="Ranges">Lowest and highest probability at level 1, 2, 3 and 4; empty where the run does not tell.</param>
    /// <param name="Moves">People from level (row 0 to 4) of the previous run to level (column 0 to 4) of this one; 0: not in the run; empty where the run does not tell.</param>
    public sealed record Known(int RunId, string IndexDate, string Name, string Note, IRiskModel Model, IReadOnlyList<double[]> Ranges, IReadOnlyList<int[]> Moves)
    {
        private readonly Dictionary<string, int> _numbers = Model.FeatureIds.Select((id, i) => (id, i)).ToDictionary(x => x.id, x => x.i + 1, StringComparer.Ordinal);
        private readonly string[] _labels = [.. Model.FeatureIds.Select(id => Predictors.Find(id)?.Label ?? id)];

        /// <summary>The number of a predictor in the model, from 1; 0 where it has none of this id.</summary>
        public int NumberOf(string predictor) => _numbers.GetValueOrDefault(predictor);

        /// <summary>A predictor's label in plain English; null for number 0 or one that the model does not have.</summary>
        public string? Label(int number) => number > 0 && number <= _labels.Length ? _labels[number - 1] : null;
    }

    /// <summary>The model of the current run; null where there is no run yet.</summary>
    public async Task<Known?> CurrentAsync(CancellationToken ct)
    {
        var id = await latest.IdAsync(ct);
        if (id == 0)
        {
            return null;
        }

        if (_last is { } last && last.RunId == id)
        {
            return last;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var run = await db.Runs.AsNoTracking().SingleAsync(r => r.RunId == id, ct);
        var document = ModelDocument.Parse(Encoding.UTF8.GetBytes(run.Model));
        return _last = new Known(
            id,
            DateOnly.FromDayNumber(run.IndexDay).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            $"{run.ModelId} {run.ModelVersion}",
            document.Card.Summary,
            document.ToModel(),
            JsonSerializer.Deserialize<double[][]>(run.LevelRanges)!,
            JsonSerializer.Deserialize<int[][]>(run.Transitions)!);
    }
}
