using BetterCare.Care.Stratification.Features;

namespace BetterCare.Care.Stratification.Models;

/// <summary>
/// Explainable boosting machine (generalised additive model with interactions, Lou 2013): the log-odds are an intercept
/// plus one curve per predictor plus a few surfaces of two predictors. A look-up each, so it scores as fast as it explains.
/// </summary>
public sealed class BoostingMachine : IRiskModel
{
    private readonly double _intercept;
    private readonly Curve[] _curves;
    private readonly Surface[] _surfaces;
    private readonly Calibration? _calibration;

    internal BoostingMachine(ModelDocument document)
    {
        var shapes = document.Shapes is { Count: > 0 } s ? s : throw new ModelDocumentException("A boosting machine has at least one shape.");
        var pairs = document.Pairs ?? [];
        Id = document.Id;
        Version = document.Version;
        FeatureIds = [.. shapes.Select(f => f.Feature).Concat(pairs.SelectMany(p => new[] { p.First, p.Second })).Distinct(StringComparer.Ordinal)];
        FeatureSet.Of(FeatureIds);
        _calibration = document.Calibration;
        var scale = _calibration is { IsLine: true } line ? line.Slope : 1;
        _intercept = (document.Intercept * scale) + (_calibration is { IsLine: true } moved ? moved.Intercept : 0);
        var position = FeatureIds.Select((id, i) => (id, i)).ToDictionary(p => p.id, p => p.i, StringComparer.Ordinal);
        foreach (var f in shapes)
        {
            if (f.Scores.Count != f.Edges.Count + 1 || !f.Scores.All(double.IsFinite) || !double.IsFinite(f.Missing) || !Rises(f.Edges))
            {
                throw new ModelDocumentException($"The shape of {f.Feature} needs rising edges and one finite score more than edges.");
            }
        }

        foreach (var p in pairs)
        {
            if (p.Scores.Count != (p.FirstEdges.Count + 2) * (p.SecondEdges.Count + 2) || !p.Scores.All(double.IsFinite) || !Rises(p.FirstEdges) || !Rises(p.SecondEdges))
            {
                throw new ModelDocumentException($"The pair {p.First}, {p.Second} needs rising edges and a finite score for every cell, \"not known\" included.");
            }
        }

        _curves = [.. shapes.Select(f => new Curve(position[f.Feature], [.. f.Edges], [.. f.Scores.Append(f.Missing).Select(v => v * scale)]))];
        _surfaces = [.. pairs.Select(p => new Surface(position[p.First], position[p.Second], [.. p.FirstEdges], [.. p.SecondEdges], [.. p.Scores.Select(v => v * scale)]))];
    }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public string Version { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> FeatureIds { get; }

    /// <inheritdoc/>
    public int MaximumContributions => _curves.Length + _surfaces.Length + 2;

    /// <inheritdoc/>
    public double Score(ReadOnlySpan<float> features)
    {
        var z = _intercept;
        foreach (var c in _curves)
        {
            z += c.Scores[Bin(c.Edges, features[c.Feature])];
        }

        foreach (var s in _surfaces)
        {
            z += s.At(features);
        }

        return Logistic.Probability(_calibration is { IsLine: false } curve ? curve.Apply(z) : z);
    }

    /// <inheritdoc/>
    public int Explain(ReadOnlySpan<float> features, Span<Contribution> contributions)
    {
        var n = 0;
        var raw = _intercept;
        contributions[n++] = new Contribution(Contribution.Baseline, -1, (float)_intercept);
        foreach (var c in _curves)
        {
            var value = c.Scores[Bin(c.Edges, features[c.Feature])];
            raw += value;
            contributions[n++] = new Contribution((short)c.Feature, -1, (float)value);
        }

        foreach (var s in _surfaces)
        {
            var value = s.At(features);
            raw += value;
            contributions[n++] = new Contribution((short)s.First, (short)s.Second, (float)value);
        }

        if (_calibration is { IsLine: false } curve)
        {
            contributions[n++] = new Contribution(Contribution.Calibration, -1, (float)(curve.Apply(raw) - raw));
        }

        return n;
    }

    /// <summary>The range of a value: the first whose upper edge exceeds it; one past the last range where not known.</summary>
    internal static int Bin(float[] edges, float value)
    {
        if (float.IsNaN(value))
        {
            return edges.Length + 1;
        }

        var low = 0;
        var length = edges.Length;
        while (length > 0)
        {
            var half = length >> 1;
            if (edges[low + half] <= value)
            {
                low += half + 1;
                length -= half + 1;
            }
            else
            {
                length = half;
            }
        }

        return low;
    }

    private static bool Rises(IReadOnlyList<float> edges)
    {
        for (var i = 0; i < edges.Count; i++)
        {
            if (!float.IsFinite(edges[i]) || (i > 0 && edges[i] <= edges[i - 1]))
            {
                return false;
            }
        }

        return true;
    }

    private sealed record Curve(int Feature, float[] Edges, double[] Scores);

    private sealed record Surface(int First, int Second, float[] FirstEdges, float[] SecondEdges, double[] Scores)
    {
        public double At(ReadOnlySpan<float> features) =>
            Scores[(Bin(FirstEdges, features[First]) * (SecondEdges.Length + 2)) + Bin(SecondEdges, features[Second])];
    }
}
