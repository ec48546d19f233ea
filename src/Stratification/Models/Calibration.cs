using BetterCare.Care.Stratification.Evaluation;

namespace BetterCare.Care.Stratification.Models;

/// <summary>How a model is calibrated.</summary>
public enum CalibrationMethod
{
    /// <summary>A straight line in log-odds: keeps contributions exactly additive.</summary>
    Platt,

    /// <summary>Rising points: follows any bend; contributions get one more entry, the adjustment.</summary>
    Isotonic,
}

/// <summary>
/// Maps raw log-odds to calibrated log-odds; learnt on people that the model had not seen. Either a straight line
/// (Platt) or points joined by lines (isotonic), both rising, so that calibration never changes who comes first.
/// </summary>
public sealed record Calibration
{
    /// <summary>"platt" or "isotonic".</summary>
    public required string Method { get; init; }

    /// <summary>Platt: calibrated = intercept + slope x raw.</summary>
    public double Intercept { get; init; }

    /// <summary>Platt: must be above 0.</summary>
    public double Slope { get; init; } = 1;

    /// <summary>Isotonic: raw log-odds, strictly rising.</summary>
    public double[]? Raw { get; init; }

    /// <summary>Isotonic: calibrated log-odds, strictly rising; beyond the ends the line goes on with slope 1.</summary>
    public double[]? Calibrated { get; init; }

    /// <summary>Whether it is a straight line, which scales contributions and leaves no rest.</summary>
    internal bool IsLine => Raw is null;

    /// <summary>Calibrated log-odds.</summary>
    public double Apply(double raw)
    {
        if (Raw is not { } x || Calibrated is not { } y)
        {
            return Intercept + (Slope * raw);
        }

        if (raw <= x[0])
        {
            return y[0] + raw - x[0];
        }

        if (raw >= x[^1])
        {
            return y[^1] + raw - x[^1];
        }

        var i = Array.BinarySearch(x, raw);
        i = i >= 0 ? i : ~i - 1;
        return y[i] + ((raw - x[i]) / (x[i + 1] - x[i]) * (y[i + 1] - y[i]));
    }

    /// <summary>Learns a calibration from people that the model had not seen.</summary>
    public static Calibration Learn(CalibrationMethod method, ReadOnlySpan<double> raw, ReadOnlySpan<bool> outcome) =>
        method == CalibrationMethod.Platt ? Platt(raw, outcome) : Isotonic(raw, outcome);

    /// <summary>Platt scaling: logistic regression of the outcome on the raw log-odds, by Newton's method.</summary>
    public static Calibration Platt(ReadOnlySpan<double> raw, ReadOnlySpan<bool> outcome)
    {
        var fit = CalibrationLine.Fit(raw, outcome);
        return fit.Slope > 0
            ? new Calibration { Method = "platt", Intercept = fit.Intercept, Slope = fit.Slope }
            : throw new TrainingException("The model does not rank held-out people better than chance, so it cannot be calibrated. Check predictors, outcome and index date.");
    }

    /// <summary>
    /// Isotonic regression by pooling adjacent violators, each pool taken at its mean and joined by lines, so that
    /// people in one pool still differ.
    /// </summary>
    public static Calibration Isotonic(ReadOnlySpan<double> raw, ReadOnlySpan<bool> outcome)
    {
        var order = Enumerable.Range(0, raw.Length).ToArray();
        var keys = raw.ToArray();
        Array.Sort(keys, order);
        var pools = new Stack<(double SumRaw, double Events, int Count)>();
        for (var i = 0; i < order.Length; i++)
        {
            (double SumRaw, double Events, int Count) pool = (keys[i], outcome[order[i]] ? 1 : 0, 1);
            while (pools.TryPeek(out var last) && last.Events * pool.Count >= pool.Events * last.Count)
            {
                pools.Pop();
                pool = (pool.SumRaw + last.SumRaw, pool.Events + last.Events, pool.Count + last.Count);
            }

            pools.Push(pool);
        }

        var x = new List<double>();
        var y = new List<double>();
        foreach (var (sum, events, count) in pools.Reverse())
        {
            // Half an event added and taken away keeps the ends off 0 and 1.
            var at = sum / count;
            var rate = (events + 0.5) / (count + 1);
            var value = Math.Log(rate / (1 - rate));
            if (x.Count == 0 || (at > x[^1] + 1e-9 && value > y[^1] + 1e-9))
            {
                x.Add(at);
                y.Add(value);
            }
        }

        return new Calibration { Method = "isotonic", Raw = [.. x], Calibrated = [.. y] };
    }

    internal void Validate()
    {
        var ok = Method switch
        {
            "platt" => Raw is null && Calibrated is null && double.IsFinite(Intercept) && double.IsFinite(Slope) && Slope > 0,
            "isotonic" => Raw is { Length: > 0 } x && Calibrated is { } y && x.Length == y.Length && Rises(x) && Rises(y),
            _ => false,
        };
        if (!ok)
        {
            throw new ModelDocumentException("The calibration is neither a rising line (platt: intercept, slope above 0) nor rising points (isotonic: raw, calibrated).");
        }
    }

    private static bool Rises(double[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]) || (i > 0 && values[i] <= values[i - 1]))
            {
                return false;
            }
        }

        return true;
    }
}
