using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using BetterCare.Care.Stratification.Features;

namespace BetterCare.Care.Stratification.Models;

/// <summary>
/// Logistic regression: the log-odds are an intercept plus coefficient times column. All columns of one predictor make
/// one contribution, told against the average person of the training data.
/// </summary>
public sealed class LogisticModel : IRiskModel
{
    private readonly Compiled[] _terms;
    private readonly float[] _linear;
    private readonly Interval[] _intervals;
    private readonly Compiled[] _others;
    private readonly double _intercept;
    private readonly double _baseline;
    private readonly double[] _meanOfFeature;
    private readonly Calibration? _calibration;

    internal LogisticModel(ModelDocument document)
    {
        if (document.Terms is not { Count: > 0 } terms)
        {
            throw new ModelDocumentException("A logistic model has at least one term.");
        }

        Id = document.Id;
        Version = document.Version;
        FeatureIds = [.. terms.Select(t => t.Term.Feature).Distinct(StringComparer.Ordinal)];
        FeatureSet.Of(FeatureIds);
        _calibration = document.Calibration;
        var scale = _calibration is { IsLine: true } line ? line.Slope : 1;
        var shift = _calibration is { IsLine: true } moved ? moved.Intercept : 0;
        if (!double.IsFinite(document.Intercept) || terms.Any(t => !double.IsFinite(t.Coefficient) || !double.IsFinite(t.Mean)))
        {
            throw new ModelDocumentException("Intercept, coefficients and means must be finite numbers.");
        }

        // A straight calibration line is folded into the coefficients, so contributions need no rest.
        _intercept = (document.Intercept * scale) + shift;
        _meanOfFeature = new double[FeatureIds.Count];
        var position = FeatureIds.Select((id, i) => (id, i)).ToDictionary(p => p.id, p => p.i, StringComparer.Ordinal);
        _terms = [.. terms.Select(t => new Compiled(position[t.Term.Feature], t.Term.Form, t.Term.From ?? float.NegativeInfinity, t.Term.To ?? float.PositiveInfinity, t.Coefficient * scale))
            .OrderBy(t => t.Feature)];
        foreach (var t in terms)
        {
            _meanOfFeature[position[t.Term.Feature]] += t.Coefficient * scale * t.Mean;
        }

        _baseline = _intercept + _meanOfFeature.Sum();

        // For scoring, terms are sorted by how they are computed: lines eight at a time, steps and bands without a branch.
        _linear = new float[FeatureIds.Count];
        foreach (var t in _terms.Where(t => t.Form == TermForm.Linear))
        {
            _linear[t.Feature] += (float)t.Coefficient;
        }

        _intervals = [.. _terms.Where(t => t.Form is TermForm.AtLeast or TermForm.Band)
            .Select(t => new Interval(t.Feature, t.From, t.Form == TermForm.Band ? t.To : float.PositiveInfinity, t.Coefficient))];
        _others = [.. _terms.Where(t => t.Form is not (TermForm.Linear or TermForm.AtLeast or TermForm.Band))];
    }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public string Version { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> FeatureIds { get; }

    /// <inheritdoc/>
    public int MaximumContributions => FeatureIds.Count + 2;

    /// <inheritdoc/>
    public double Score(ReadOnlySpan<float> features)
    {
        var z = _intercept + LinearPart(features);
        foreach (ref readonly var t in _intervals.AsSpan())
        {
            // A missing value fails every comparison, so it adds nothing, as it should.
            var value = features[t.Feature];
            z += value >= t.From & value < t.To ? t.Coefficient : 0;
        }

        foreach (ref readonly var t in _others.AsSpan())
        {
            z += t.Coefficient * Term.Apply(t.Form, features[t.Feature], t.From, t.To);
        }

        return Logistic.Probability(_calibration is { IsLine: false } curve ? curve.Apply(z) : z);
    }

    /// <inheritdoc/>
    public int Explain(ReadOnlySpan<float> features, Span<Contribution> contributions)
    {
        var n = 1;
        var i = 0;
        var raw = _intercept;
        for (var feature = 0; feature < _meanOfFeature.Length; feature++)
        {
            var sum = 0.0;
            for (; i < _terms.Length && _terms[i].Feature == feature; i++)
            {
                ref readonly var t = ref _terms[i];
                sum += t.Coefficient * Term.Apply(t.Form, features[feature], t.From, t.To);
            }

            raw += sum;
            contributions[n++] = new Contribution((short)feature, -1, (float)(sum - _meanOfFeature[feature]));
        }

        contributions[0] = new Contribution(Contribution.Baseline, -1, (float)_baseline);
        if (_calibration is { IsLine: false } curve)
        {
            contributions[n++] = new Contribution(Contribution.Calibration, -1, (float)(curve.Apply(raw) - raw));
        }

        return n;
    }

    private double LinearPart(ReadOnlySpan<float> features)
    {
        ref var x = ref MemoryMarshal.GetReference(features);
        ref var c = ref MemoryMarshal.GetArrayDataReference(_linear);
        var sum = Vector256<float>.Zero;
        nuint i = 0;
        for (; i + 8 <= (nuint)_linear.Length; i += 8)
        {
            var value = Vector256.LoadUnsafe(ref x, i);
            var known = Vector256.Equals(value, value);
            sum += (value & known) * Vector256.LoadUnsafe(ref c, i);
        }

        var z = (double)Vector256.Sum(sum);
        for (; i < (nuint)_linear.Length; i++)
        {
            var value = features[(int)i];
            z += float.IsNaN(value) ? 0 : value * _linear[i];
        }

        return z;
    }

    private readonly record struct Interval(int Feature, float From, float To, double Coefficient);

    private readonly record struct Compiled(int Feature, TermForm Form, float From, float To, double Coefficient);
}

/// <summary>The logistic function and its inverse.</summary>
public static class Logistic
{
    /// <summary>Probability of log-odds.</summary>
    public static double Probability(double logOdds) => 1 / (1 + Math.Exp(-logOdds));

    /// <summary>Log-odds of a probability, kept finite at 0 and 1.</summary>
    public static double LogOdds(double probability)
    {
        var p = Math.Clamp(probability, 1e-12, 1 - 1e-12);
        return Math.Log(p / (1 - p));
    }
}
