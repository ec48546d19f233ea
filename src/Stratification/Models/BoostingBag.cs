using System.Runtime.Intrinsics;

namespace BetterCare.Care.Stratification.Models;

/// <summary>
/// One bag of an explainable boosting machine: boosts every predictor in turn on the people outside its fold and stops
/// when the people of its fold no longer gain. Runs on one thread, so that its result does not depend on how many there are.
/// </summary>
internal sealed class BoostingBag
{
    // Sums over rows are taken in pieces that stay in the first-level cache.
    private const int Piece = 1024;

    private readonly BinnedData _data;
    private readonly BoostingOptions _options;
    private readonly int _fold;
    private readonly float[] _logOdds;
    private readonly float[] _gradient;
    private readonly float[] _hessian;
    private readonly float[] _weight;
    private readonly double[] _histogram = new double[4 * 256];

    public BoostingBag(BinnedData data, int fold, BoostingOptions options)
    {
        _data = data;
        _fold = fold;
        _options = options;
        _logOdds = new float[data.Count];
        _gradient = new float[data.Count];
        _hessian = new float[data.Count];
        _weight = new float[data.Count];
        double events = 0, people = 0;
        for (var i = 0; i < data.Count; i++)
        {
            _weight[i] = data.Fold[i] == fold ? 0 : 1;
            events += _weight[i] * data.Outcome[i];
            people += _weight[i];
        }

        Intercept = Logistic.LogOdds(events / people);
        Array.Fill(_logOdds, (float)Intercept);
        Curves = [.. data.Columns.Select(c => new double[c.ValueBins + 1])];
    }

    /// <summary>Log-odds of the bag's people.</summary>
    public double Intercept { get; }

    /// <summary>Log-odds of every bin of every predictor, "not known" last.</summary>
    public double[][] Curves { get; private set; }

    /// <summary>Log-odds of every cell of every pair.</summary>
    public double[][] Surfaces { get; private set; } = [];

    /// <summary>Raw log-odds of everyone.</summary>
    public ReadOnlySpan<float> LogOdds => _logOdds;

    /// <summary>Slope of the log-likelihood for everyone; 0 for the people kept out.</summary>
    public float[] Gradient => _gradient;

    /// <summary>Curvature of the log-likelihood for everyone; 0 for the people kept out.</summary>
    public float[] Hessian => _hessian;

    /// <summary>Rounds until the people kept out gained no more.</summary>
    public int Rounds { get; private set; }

    /// <summary>Boosts the curves of all predictors.</summary>
    public void BoostCurves(int[] directions, CancellationToken ct)
    {
        var dense = Enumerable.Range(0, Curves.Length).Where(f => _data.Columns[f] is { Varies: true, Rows: null }).ToArray();
        var sparse = Enumerable.Range(0, Curves.Length).Where(f => _data.Columns[f] is { Varies: true, Rows: not null }).ToArray();
        var best = Curves.Select(c => (double[])c.Clone()).ToArray();
        var stopper = new Stopper(_options.Patience, Loss());
        for (var round = 1; round <= _options.MaximumRounds; round++)
        {
            ct.ThrowIfCancellationRequested();
            byte[]? previous = null;
            float[]? update = null;
            foreach (var f in dense)
            {
                Pass(previous, update, _data.Columns[f].Bins);
                update = UpdateCurve(f, directions[f]);
                previous = _data.Columns[f].Bins;
            }

            Pass(previous, update, null);
            foreach (var f in sparse)
            {
                var column = _data.Columns[f];
                SumRows(column.Rows!, column.RowBins!);
                UpdateRows(column.Rows!, column.RowBins!, UpdateCurve(f, directions[f]));
            }

            if (stopper.IsBetter(Loss()))
            {
                Rounds = round;
                for (var f = 0; f < best.Length; f++)
                {
                    Curves[f].CopyTo(best[f], 0);
                }
            }
            else if (stopper.IsDone)
            {
                break;
            }
        }

        Curves = best;
        Restore([]);
    }

    /// <summary>Boosts the surfaces of pairs on top of the curves.</summary>
    public void BoostSurfaces(IReadOnlyList<PairGrid> pairs, CancellationToken ct)
    {
        Surfaces = [.. pairs.Select(p => new double[p.Cells])];
        var best = Surfaces.Select(s => (double[])s.Clone()).ToArray();
        var stopper = new Stopper(_options.Patience, Loss());
        for (var round = 1; round <= _options.MaximumRounds; round++)
        {
            ct.ThrowIfCancellationRequested();
            byte[]? previous = null;
            float[]? update = null;
            for (var k = 0; k < pairs.Count; k++)
            {
                Pass(previous, update, pairs[k].CellOf);
                update = UpdateSurface(Surfaces[k], pairs[k]);
                previous = pairs[k].CellOf;
            }

            Pass(previous, update, null);
            if (stopper.IsBetter(Loss()))
            {
                for (var k = 0; k < best.Length; k++)
                {
                    Surfaces[k].CopyTo(best[k], 0);
                }
            }
            else if (stopper.IsDone)
            {
                break;
            }
        }

        Surfaces = best;
        Restore(pairs);
    }

    // Log-odds of the best round again, rather than keeping a copy per round.
    private void Restore(IReadOnlyList<PairGrid> pairs)
    {
        Array.Fill(_logOdds, (float)Intercept);
        for (var f = 0; f < Curves.Length; f++)
        {
            Add(_data.Columns[f].Bins, Curves[f]);
        }

        for (var k = 0; k < pairs.Count; k++)
        {
            Add(pairs[k].CellOf, Surfaces[k]);
        }

        Pass(null, null, null);
    }

    private void Add(byte[] bins, double[] scores)
    {
        var single = Array.ConvertAll(scores, s => (float)s);
        for (var i = 0; i < bins.Length; i++)
        {
            _logOdds[i] += single[bins[i]];
        }
    }

    // In one walk over the people: apply the last update, work out slope and curvature anew, sum both by the bins of
    // the next predictor. Neighbouring rows go to two histograms, as adding to one place twice in a row must wait.
    private void Pass(byte[]? previous, float[]? update, byte[]? next)
    {
        Array.Clear(_histogram);
        var h = _histogram;
        for (var from = 0; from < _logOdds.Length; from += Piece)
        {
            var to = Math.Min(from + Piece, _logOdds.Length);
            if (previous is not null && update is not null)
            {
                for (var i = from; i < to; i++)
                {
                    _logOdds[i] += update[previous[i]];
                }
            }

            Derive(from, to);
            if (next is not null)
            {
                var i = from;
                for (; i + 1 < to; i += 2)
                {
                    var a = 2 * next[i];
                    h[a] += _gradient[i];
                    h[a + 1] += _hessian[i];
                    var b = 512 + (2 * next[i + 1]);
                    h[b] += _gradient[i + 1];
                    h[b + 1] += _hessian[i + 1];
                }

                if (i < to)
                {
                    h[2 * next[i]] += _gradient[i];
                    h[(2 * next[i]) + 1] += _hessian[i];
                }
            }
        }

        for (var b = 0; b < 512; b++)
        {
            h[b] += h[512 + b];
        }
    }

    private void Derive(int from, int to)
    {
        ref var z = ref _logOdds[0];
        ref var y = ref _data.Outcome[0];
        ref var w = ref _weight[0];
        ref var g = ref _gradient[0];
        ref var h = ref _hessian[0];
        var i = from;
        for (; i + 8 <= to; i += 8)
        {
            var at = (nuint)i;
            var p = Vector256<float>.One / (Vector256<float>.One + Vector256.Exp(-Vector256.LoadUnsafe(ref z, at)));
            var weight = Vector256.LoadUnsafe(ref w, at);
            (weight * (Vector256.LoadUnsafe(ref y, at) - p)).StoreUnsafe(ref g, at);
            (weight * p * (Vector256<float>.One - p)).StoreUnsafe(ref h, at);
        }

        for (; i < to; i++)
        {
            DeriveOne(i);
        }
    }

    private void DeriveOne(int i)
    {
        var p = 1 / (1 + MathF.Exp(-_logOdds[i]));
        _gradient[i] = _weight[i] * (_data.Outcome[i] - p);
        _hessian[i] = _weight[i] * p * (1 - p);
    }

    private void SumRows(int[] rows, byte[] bins)
    {
        Array.Clear(_histogram);
        for (var k = 0; k < rows.Length; k++)
        {
            var b = 2 * bins[k];
            _histogram[b] += _gradient[rows[k]];
            _histogram[b + 1] += _hessian[rows[k]];
        }
    }

    private void UpdateRows(int[] rows, byte[] bins, float[] update)
    {
        for (var k = 0; k < rows.Length; k++)
        {
            _logOdds[rows[k]] += update[bins[k]];
            DeriveOne(rows[k]);
        }
    }

    // A tree of a few leaves on the ordered bins, its leaves shrunk by the learning rate; "not known" is a leaf of its own.
    // Sparse predictors keep their commonest bin where it is, as the intercept and the dense ones move everyone.
    private float[] UpdateCurve(int f, int direction)
    {
        var column = _data.Columns[f];
        var curve = Curves[f];
        var step = new double[curve.Length];
        SmallTree.Fit(_histogram, column.ValueBins, _options, step);
        step[column.Missing] = _options.LearningRate * _histogram[2 * column.Missing] / (_histogram[(2 * column.Missing) + 1] + _options.Shrinkage);
        if (column.Rows is not null)
        {
            step[column.Default] = 0;
        }

        var target = new double[curve.Length];
        for (var b = 0; b < curve.Length; b++)
        {
            target[b] = curve[b] + step[b];
        }

        if (direction != 0)
        {
            Monotone.Project(target.AsSpan(0, column.ValueBins), direction, column.Rows is not null && column.Default < column.ValueBins ? column.Default : -1);
        }

        var update = new float[curve.Length];
        for (var b = 0; b < curve.Length; b++)
        {
            update[b] = (float)(target[b] - curve[b]);
            curve[b] = target[b];
        }

        return update;
    }

    private float[] UpdateSurface(double[] surface, PairGrid pair)
    {
        var target = new double[surface.Length];
        for (var c = 0; c < surface.Length; c++)
        {
            target[c] = surface[c] + (_options.LearningRate * _histogram[2 * c] / (_histogram[(2 * c) + 1] + _options.PairShrinkage));
        }

        pair.Project(target);
        var update = new float[surface.Length];
        for (var c = 0; c < surface.Length; c++)
        {
            update[c] = (float)(target[c] - surface[c]);
            surface[c] = target[c];
        }

        return update;
    }

    // Mean log loss of the people kept out.
    private double Loss()
    {
        double sum = 0;
        var people = 0;
        for (var i = 0; i < _logOdds.Length; i++)
        {
            if (_data.Fold[i] == _fold)
            {
                var z = _data.Outcome[i] > 0 ? -_logOdds[i] : _logOdds[i];
                sum += Math.Max(z, 0) + MathF.Log(1 + MathF.Exp(-Math.Abs(z)));
                people++;
            }
        }

        return sum / people;
    }

    private sealed class Stopper(int patience, double start)
    {
        private const double Relevant = 2e-6;
        private double _best = start;
        private int _waited;

        public bool IsDone => _waited >= patience;

        public bool IsBetter(double loss)
        {
            if (loss < _best - Relevant)
            {
                _best = loss;
                _waited = 0;
                return true;
            }

            _waited++;
            return false;
        }
    }
}

/// <summary>Settings of the boosting.</summary>
/// <param name="Bags">Bags; each keeps one fold of the people out.</param>
/// <param name="LearningRate">Share of a leaf that is added per round.</param>
/// <param name="Leaves">Most leaves of one tree.</param>
/// <param name="Pairs">Most pairs of predictors.</param>
/// <param name="MaximumRounds">Most rounds of a bag.</param>
/// <param name="Patience">Rounds without gain for the people kept out until a bag stops.</param>
/// <param name="Shrinkage">Added to the curvature of a leaf.</param>
/// <param name="PairShrinkage">Added to the curvature of a cell of a pair.</param>
/// <param name="MinimumCurvature">Least curvature of a leaf: about ten times as many people at a base rate of 10 %.</param>
/// <param name="HoldDirections">Whether curves are held to the directions that clinicians expect.</param>
/// <param name="Calibration">How the held-out people calibrate it.</param>
public sealed record BoostingOptions(
    int Bags = 6,
    double LearningRate = 0.2,
    int Leaves = 3,
    int Pairs = 10,
    int MaximumRounds = 300,
    int Patience = 8,
    double Shrinkage = 20,
    double PairShrinkage = 20,
    double MinimumCurvature = 50,
    bool HoldDirections = true,
    CalibrationMethod Calibration = CalibrationMethod.Platt);
