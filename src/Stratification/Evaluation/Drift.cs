using System.Text.Json;
using BetterCare.Care.Stratification.Models;

namespace BetterCare.Care.Stratification.Evaluation;

/// <summary>How far a distribution has moved.</summary>
/// <param name="What">"Probability" or the id of a predictor.</param>
/// <param name="Index">Population stability index: 0 the same; customary reading below 0.1 stable, from 0.25 moved a lot.</param>
public sealed record DriftRow(string What, double Index)
{
    /// <summary>The index in words.</summary>
    public string Reading => Index switch { < 0.1 => "stable", < 0.25 => "moved somewhat", _ => "moved a lot: check data and calibration" };
}

/// <summary>How far scores and predictors have moved since a baseline.</summary>
/// <param name="Rows">The probability first, then predictors, most moved first.</param>
public sealed record DriftReport(IReadOnlyList<DriftRow> Rows)
{
    /// <summary>The report as UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, EvaluationJson.Default.DriftReport);
}

/// <summary>Drift between two samples.</summary>
public static class Drift
{
    private const int Bins = 10;

    /// <summary>
    /// Population stability index over tenths of the baseline; missing values are a bin of their own. Half a person is
    /// added to every bin, so that an empty one does not make it infinite.
    /// </summary>
    public static double StabilityIndex(ReadOnlySpan<float> baseline, ReadOnlySpan<float> current)
    {
        if (baseline.IsEmpty || current.IsEmpty)
        {
            return double.NaN;
        }

        var sorted = baseline.ToArray().Where(v => !float.IsNaN(v)).Order().ToArray();
        var edges = Enumerable.Range(1, Bins - 1).Where(_ => sorted.Length > 0).Select(b => sorted[(int)((long)b * sorted.Length / Bins)]).Distinct().ToArray();
        var before = Shares(baseline, edges);
        var after = Shares(current, edges);
        var index = 0.0;
        for (var b = 0; b < before.Length; b++)
        {
            index += (after[b] - before[b]) * Math.Log(after[b] / before[b]);
        }

        return index;
    }

    /// <summary>How far probabilities have moved between two runs.</summary>
    public static DriftReport BetweenRuns(ReadOnlySpan<float> before, ReadOnlySpan<float> after) =>
        new([new DriftRow("Probability", StabilityIndex(before, after))]);

    /// <summary>How far every predictor has moved between two populations with the same predictors, most moved first.</summary>
    public static DriftReport Between(TrainingSet before, TrainingSet after) =>
        new([.. before.Features.Predictors.Select((p, f) => new DriftRow(p.Id, StabilityIndex(Column(before, f), Column(after, f)))).OrderByDescending(r => r.Index)]);

    private static float[] Column(TrainingSet set, int feature)
    {
        var values = new float[set.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = set.Row(i)[feature];
        }

        return values;
    }

    private static double[] Shares(ReadOnlySpan<float> values, float[] edges)
    {
        var counts = new double[edges.Length + 2];
        foreach (var v in values)
        {
            counts[BoostingMachine.Bin(edges, v)]++;
        }

        for (var b = 0; b < counts.Length; b++)
        {
            counts[b] = (counts[b] + 0.5) / (values.Length + (0.5 * counts.Length));
        }

        return counts;
    }
}
