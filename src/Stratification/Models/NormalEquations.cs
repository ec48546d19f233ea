using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using BetterCare.Care.Stratification.Features;

namespace BetterCare.Care.Stratification.Models;

/// <summary>
/// Sums gradient and Hessian of a logistic regression over rows. Columns are held as 32-bit floats and multiplied four
/// rows at a time with vector instructions; sums of 256 rows go over into doubles. Rows are split into a fixed number
/// of segments that are added up in order, so the result is the same to the bit on any number of cores.
/// </summary>
internal sealed class NormalEquations
{
    private const int Segments = 64;
    private const int RowsPerFlush = 256;

    private readonly TrainingSet _data;
    private readonly Column[] _columns;
    private readonly int _width;
    private readonly int _stride;

    /// <summary>Prepares the columns.</summary>
    /// <param name="data">Rows.</param>
    /// <param name="terms">Columns after the intercept, which is column 0.</param>
    /// <param name="scale">What each column is divided by.</param>
    public NormalEquations(TrainingSet data, IReadOnlyList<Term> terms, ReadOnlySpan<double> scale)
    {
        _data = data;
        var position = data.Features.Predictors.Select((p, i) => (p.Id, i)).ToDictionary(p => p.Id, p => p.i, StringComparer.Ordinal);
        _columns = new Column[terms.Count];
        for (var j = 0; j < terms.Count; j++)
        {
            var t = terms[j];
            _columns[j] = new Column(position[t.Feature], t.Form, t.From ?? float.NegativeInfinity, t.To ?? float.PositiveInfinity, (float)(1 / scale[j]));
        }

        _width = terms.Count + 1;
        _stride = (_width + 7) & ~7;
    }

    /// <summary>Number of columns, the intercept included.</summary>
    public int Width => _width;

    /// <summary>Gradient, Hessian (lower triangle) and log-likelihood at beta, over the rows of one fold or of all (-1).</summary>
    public Sums At(double[] beta, int fold, int folds, CancellationToken ct)
    {
        var parts = new Sums[Segments];
        var perSegment = (_data.Count + Segments - 1) / Segments;
        Parallel.For(0, Segments, new ParallelOptions { CancellationToken = ct }, s =>
        {
            var from = Math.Min(s * perSegment, _data.Count);
            parts[s] = Segment(beta, from, Math.Min(from + perSegment, _data.Count), fold, folds);
        });
        var total = parts[0];
        for (var s = 1; s < Segments; s++)
        {
            total.Add(parts[s]);
        }

        return total;
    }

    /// <summary>Sum and sum of squares of every column, for means and scales.</summary>
    public (double[] Mean, double[] Deviation) Moments(CancellationToken ct)
    {
        var sums = new double[Segments][];
        var perSegment = (_data.Count + Segments - 1) / Segments;
        Parallel.For(0, Segments, new ParallelOptions { CancellationToken = ct }, s =>
        {
            var sum = new double[2 * _columns.Length];
            Span<float> row = new float[_stride];
            for (var i = s * perSegment; i < Math.Min((s + 1) * perSegment, _data.Count); i++)
            {
                Expand(i, row);
                for (var j = 0; j < _columns.Length; j++)
                {
                    double x = row[j + 1];
                    sum[2 * j] += x;
                    sum[(2 * j) + 1] += x * x;
                }
            }

            sums[s] = sum;
        });
        var mean = new double[_columns.Length];
        var deviation = new double[_columns.Length];
        for (var j = 0; j < _columns.Length; j++)
        {
            double a = 0, b = 0;
            foreach (var sum in sums)
            {
                a += sum[2 * j];
                b += sum[(2 * j) + 1];
            }

            mean[j] = a / _data.Count;
            deviation[j] = Math.Sqrt(Math.Max(0, (b / _data.Count) - (mean[j] * mean[j])));
        }

        return (mean, deviation);
    }

    /// <summary>Log-odds of one row.</summary>
    public double LogOdds(int row, double[] beta, Span<float> scratch)
    {
        Expand(row, scratch);
        return Dot(scratch, beta);
    }

    /// <summary>Room for one expanded row.</summary>
    public float[] RowBuffer() => new float[_stride];

    private Sums Segment(double[] beta, int from, int to, int fold, int folds)
    {
        var sums = new Sums(_width);
        var rows = new float[RowsPerFlush * _stride];
        var weights = new float[RowsPerFlush];
        var hessian = new float[_stride * _stride];
        var filled = 0;
        for (var i = from; i < to; i++)
        {
            if (fold >= 0 && _data.Fold(i, folds) != fold)
            {
                continue;
            }

            var row = rows.AsSpan(filled * _stride, _stride);
            Expand(i, row);
            var z = Dot(row, beta);
            var p = Logistic.Probability(z);
            var outcome = _data.Outcome(i);
            sums.LogLikelihood += outcome ? -SoftPlus(-z) : -SoftPlus(z);
            weights[filled] = (float)(p * (1 - p));
            var residual = (outcome ? 1 : 0) - p;
            AddScaled(row, residual, sums.Gradient);

            if (++filled == RowsPerFlush)
            {
                Flush(rows, weights, filled, hessian, sums);
                filled = 0;
            }
        }

        Flush(rows, weights, filled, hessian, sums);
        return sums;
    }

    // ln(1 + e^z) without overflow.
    private static double SoftPlus(double z) => Math.Max(z, 0) + Math.Log(1 + Math.Exp(-Math.Abs(z)));

    private void Flush(float[] rows, float[] weights, int filled, float[] hessian, Sums sums)
    {
        Array.Clear(rows, filled * _stride, (((filled + 3) & ~3) - filled) * _stride);
        Array.Clear(weights, filled, ((filled + 3) & ~3) - filled);
        Array.Clear(hessian);
        for (var r = 0; r < filled; r += 4)
        {
            FourRows(rows.AsSpan(r * _stride, 4 * _stride), weights.AsSpan(r, 4), hessian);
        }

        for (var j = 0; j < _width; j++)
        {
            for (var k = 0; k <= j; k++)
            {
                sums.Hessian[(j * _width) + k] += hessian[(j * _stride) + k];
            }
        }
    }

    // hessian[j, 0..j] += sum over four rows of weight x row[j] x row[0..j]. Most columns are 0 or 1 and mostly 0: those are skipped.
    private void FourRows(ReadOnlySpan<float> rows, ReadOnlySpan<float> weights, float[] hessian)
    {
        ref var x0 = ref MemoryMarshal.GetReference(rows);
        ref var x1 = ref MemoryMarshal.GetReference(rows[_stride..]);
        ref var x2 = ref MemoryMarshal.GetReference(rows[(2 * _stride)..]);
        ref var x3 = ref MemoryMarshal.GetReference(rows[(3 * _stride)..]);
        for (var j = 0; j < _width; j++)
        {
            var a0 = weights[0] * rows[j];
            var a1 = weights[1] * rows[_stride + j];
            var a2 = weights[2] * rows[(2 * _stride) + j];
            var a3 = weights[3] * rows[(3 * _stride) + j];
            if (a0 == 0 && a1 == 0 && a2 == 0 && a3 == 0)
            {
                continue;
            }

            var v0 = Vector256.Create(a0);
            var v1 = Vector256.Create(a1);
            var v2 = Vector256.Create(a2);
            var v3 = Vector256.Create(a3);
            ref var h = ref MemoryMarshal.GetReference(hessian.AsSpan(j * _stride, _stride));
            for (nuint k = 0; k <= (nuint)j; k += 8)
            {
                var sum = Vector256.LoadUnsafe(ref h, k);
                sum = Vector256.MultiplyAddEstimate(v0, Vector256.LoadUnsafe(ref x0, k), sum);
                sum = Vector256.MultiplyAddEstimate(v1, Vector256.LoadUnsafe(ref x1, k), sum);
                sum = Vector256.MultiplyAddEstimate(v2, Vector256.LoadUnsafe(ref x2, k), sum);
                sum = Vector256.MultiplyAddEstimate(v3, Vector256.LoadUnsafe(ref x3, k), sum);
                sum.StoreUnsafe(ref h, k);
            }
        }
    }

    private void Expand(int i, Span<float> row)
    {
        var values = _data.Row(i);
        row[0] = 1;
        for (var j = 0; j < _columns.Length; j++)
        {
            ref readonly var c = ref _columns[j];
            row[j + 1] = Term.Apply(c.Form, values[c.Feature], c.From, c.To) * c.InverseScale;
        }
    }

    private double Dot(ReadOnlySpan<float> row, double[] beta)
    {
        ref var x = ref MemoryMarshal.GetReference(row);
        ref var b = ref MemoryMarshal.GetArrayDataReference(beta);
        var low = Vector256<double>.Zero;
        var high = Vector256<double>.Zero;
        nuint j = 0;
        for (; j + 8 <= (nuint)_width; j += 8)
        {
            var (first, second) = Vector256.Widen(Vector256.LoadUnsafe(ref x, j));
            low = Vector256.MultiplyAddEstimate(first, Vector256.LoadUnsafe(ref b, j), low);
            high = Vector256.MultiplyAddEstimate(second, Vector256.LoadUnsafe(ref b, j + 4), high);
        }

        var z = Vector256.Sum(low + high);
        for (; j < (nuint)_width; j++)
        {
            z += row[(int)j] * beta[j];
        }

        return z;
    }

    private void AddScaled(ReadOnlySpan<float> row, double factor, double[] sum)
    {
        ref var x = ref MemoryMarshal.GetReference(row);
        ref var s = ref MemoryMarshal.GetArrayDataReference(sum);
        var f = Vector256.Create(factor);
        nuint j = 0;
        for (; j + 8 <= (nuint)_width; j += 8)
        {
            var (first, second) = Vector256.Widen(Vector256.LoadUnsafe(ref x, j));
            Vector256.MultiplyAddEstimate(first, f, Vector256.LoadUnsafe(ref s, j)).StoreUnsafe(ref s, j);
            Vector256.MultiplyAddEstimate(second, f, Vector256.LoadUnsafe(ref s, j + 4)).StoreUnsafe(ref s, j + 4);
        }

        for (; j < (nuint)_width; j++)
        {
            sum[j] += factor * row[(int)j];
        }
    }

    private readonly record struct Column(int Feature, TermForm Form, float From, float To, float InverseScale);

    /// <summary>Gradient, Hessian and log-likelihood.</summary>
    internal sealed class Sums(double[] gradient, double[] hessian)
    {
        public Sums(int width)
            : this(new double[width], new double[width * width])
        {
        }

        public double[] Gradient { get; } = gradient;

        public double[] Hessian { get; } = hessian;

        public double LogLikelihood { get; set; }

        public void Add(Sums other)
        {
            for (var i = 0; i < Gradient.Length; i++)
            {
                Gradient[i] += other.Gradient[i];
            }

            for (var i = 0; i < Hessian.Length; i++)
            {
                Hessian[i] += other.Hessian[i];
            }

            LogLikelihood += other.LogLikelihood;
        }
    }
}
