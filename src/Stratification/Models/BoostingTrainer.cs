using System.Globalization;

namespace BetterCare.Care.Stratification.Models;

/// <summary>
/// Learns an explainable boosting machine (Lou 2012 and 2013; Nori 2019): cyclic boosting of small trees, one predictor
/// at a time, in several bags that each keep out one fold of the people for stopping and calibration; then the pairs of
/// predictors that explain most of what is left. Curves follow the directions that clinicians expect. The average of
/// the bags is the model. Bags run side by side, each on one thread: the same bytes on any number of cores.
/// </summary>
public sealed class BoostingTrainer(BoostingOptions? options = null) : IRiskModelTrainer
{
    // Enough people to rank pairs by.
    private const int PairSample = 250_000;

    // Pairs must explain clearly more than chance would: the 99.99 % point of chi-square with one degree of freedom, about.
    private const double LeastPairGain = 15;

    private readonly BoostingOptions _options = options ?? new BoostingOptions();

    /// <inheritdoc/>
    public string Kind => "ebm";

    /// <inheritdoc/>
    public ModelDocument Train(TrainingSet data, ModelCard card, IProgress<TrainingProgress>? progress = null, CancellationToken ct = default)
    {
        data.Validate();
        if (_options.Bags < 2)
        {
            throw new TrainingException("A boosting machine needs at least two bags, as each keeps out one fold of the people.");
        }

        progress?.Report(new TrainingProgress("Sorting values into ranges", 0));
        var binned = BinnedData.From(data, _options.Bags, ct);
        var directions = data.Features.Predictors.Select(p => _options.HoldDirections ? (int)p.Direction : 0).ToArray();
        var bags = new BoostingBag[_options.Bags];
        var done = 0;
        var parallel = new ParallelOptions { CancellationToken = ct };
        Parallel.For(0, bags.Length, parallel, b =>
        {
            bags[b] = new BoostingBag(binned, b, _options);
            bags[b].BoostCurves(directions, ct);
            progress?.Report(new TrainingProgress("Learning curves", 0.1 + (0.6 * Interlocked.Increment(ref done) / bags.Length)));
        });
        var pairs = FindPairs(binned, bags[0], parallel);
        if (pairs.Count > 0)
        {
            done = 0;
            Parallel.For(0, bags.Length, parallel, b =>
            {
                bags[b].BoostSurfaces(Held(pairs, directions, bags[b]), ct);
                progress?.Report(new TrainingProgress("Learning pairs", 0.7 + (0.25 * Interlocked.Increment(ref done) / bags.Length)));
            });
        }

        var raw = new double[data.Count];
        var outcome = new bool[data.Count];
        for (var i = 0; i < raw.Length; i++)
        {
            raw[i] = bags[binned.Fold[i]].LogOdds[i];
            outcome[i] = binned.Outcome[i] > 0;
        }

        var calibration = Calibration.Learn(_options.Calibration, raw, outcome);
        progress?.Report(new TrainingProgress("Done", 1));
        return Document(data, binned, bags, pairs) with
        {
            Calibration = calibration,
            Card = card with
            {
                People = data.Count,
                Events = data.Events,
                Training = string.Create(CultureInfo.InvariantCulture, $"Explainable boosting machine, {_options.Bags} bags, learning rate {_options.LearningRate}, {_options.Leaves} leaves, {string.Join("/", bags.Select(b => b.Rounds))} rounds, {pairs.Count} pairs"),
                Performance = HeldOut.Performance($"{_options.Bags} folds by patient key, each scored by the bag that did not see it", raw, outcome, calibration),
            },
        };
    }

    private List<PairGrid> FindPairs(BinnedData binned, BoostingBag bag, ParallelOptions parallel)
    {
        if (_options.Pairs == 0)
        {
            return [];
        }

        var features = Enumerable.Range(0, binned.Columns.Length).Where(f => binned.Columns[f].Varies).ToArray();
        var axes = new CoarseAxis?[binned.Columns.Length];
        Parallel.For(0, features.Length, parallel, k => axes[features[k]] = new CoarseAxis(binned.Columns[features[k]]));
        var candidates = features.SelectMany((f, k) => features.Skip(k + 1).Select(s => (First: f, Second: s))).ToArray();
        var gains = new double[candidates.Length];
        var stride = Math.Max(1, binned.Count / PairSample);
        Parallel.For(0, candidates.Length, parallel, k =>
        {
            var (a, b) = (axes[candidates[k].First]!, axes[candidates[k].Second]!);
            var histogram = new double[2 * a.Count * b.Count];
            for (var i = 0; i < binned.Count; i += stride)
            {
                var cell = 2 * ((a.GroupOf[i] * b.Count) + b.GroupOf[i]);
                histogram[cell] += bag.Gradient[i];
                histogram[cell + 1] += bag.Hessian[i];
            }

            gains[k] = PairGrid.Gain(histogram, a.Count, b.Count, _options.Shrinkage);
        });
        return [.. candidates.Select((c, k) => (c.First, c.Second, Gain: gains[k]))
            .Where(c => c.Gain > LeastPairGain)
            .OrderByDescending(c => c.Gain).ThenBy(c => c.First).ThenBy(c => c.Second)
            .Take(_options.Pairs)
            .Select(c => new PairGrid(c.First, c.Second, axes[c.First]!, axes[c.Second]!))];
    }

    private static List<PairGrid> Held(List<PairGrid> pairs, int[] directions, BoostingBag bag)
    {
        int PairsOf(int feature) => pairs.Count(p => p.First == feature || p.Second == feature);
        return [.. pairs.Select(p => p.Held(directions[p.First], directions[p.Second], bag.Curves[p.First], bag.Curves[p.Second], PairsOf(p.First), PairsOf(p.Second)))];
    }

    // Averages the bags; moves what a surface says about one predictor alone into that predictor's curve, and what a
    // curve says about everyone into the intercept, so that every part means what its name says. The sum stays the same.
    private static ModelDocument Document(TrainingSet data, BinnedData binned, BoostingBag[] bags, List<PairGrid> pairs)
    {
        var intercept = bags.Average(b => b.Intercept);
        var curves = binned.Columns.Select((c, f) => Enumerable.Range(0, c.ValueBins + 1).Select(b => bags.Average(bag => bag.Curves[f][b])).ToArray()).ToArray();
        var surfaces = pairs.Select((p, k) => Enumerable.Range(0, p.Cells).Select(c => bags.Average(bag => bag.Surfaces[k][c])).ToArray()).ToArray();
        for (var k = 0; k < pairs.Count; k++)
        {
            intercept += Purify(surfaces[k], pairs[k], curves[pairs[k].First], curves[pairs[k].Second]);
        }

        var shapes = new List<ShapeFunction>();
        for (var f = 0; f < curves.Length; f++)
        {
            var column = binned.Columns[f];
            var mean = curves[f].Zip(column.Weights, (s, w) => s * w).Sum() / binned.Count;
            intercept += mean;
            var spread = Enumerable.Range(0, curves[f].Length).Select(b => Spread([.. bags.Select(bag => bag.Curves[f][b])])).ToArray();
            shapes.Add(Shape(data.Features.Predictors[f].Id, column, [.. curves[f].Select(s => s - mean)], spread));
        }

        return new ModelDocument
        {
            Id = "ebm",
            Version = "1",
            Kind = "ebm",
            Card = new ModelCard { Summary = "" },
            Intercept = intercept,
            Shapes = shapes,
            Pairs = [.. pairs.Select((p, k) => new PairFunction(data.Features.Predictors[p.First].Id, data.Features.Predictors[p.Second].Id, p.FirstAxis.Edges, p.SecondAxis.Edges, surfaces[k]))],
        };
    }

    private static double Purify(double[] surface, PairGrid pair, double[] firstCurve, double[] secondCurve)
    {
        var (a, b) = (pair.FirstAxis, pair.SecondAxis);
        var (rowTotal, columnTotal) = (a.Weights.Sum(), b.Weights.Sum());
        var rows = new double[a.Count];
        var columns = new double[b.Count];
        for (var r = 0; r < a.Count; r++)
        {
            for (var c = 0; c < b.Count; c++)
            {
                rows[r] += surface[(r * b.Count) + c] * b.Weights[c] / columnTotal;
                columns[c] += surface[(r * b.Count) + c] * a.Weights[r] / rowTotal;
            }
        }

        var mean = rows.Zip(a.Weights, (v, w) => v * w).Sum() / rowTotal;
        for (var r = 0; r < a.Count; r++)
        {
            for (var c = 0; c < b.Count; c++)
            {
                surface[(r * b.Count) + c] -= rows[r] + columns[c] - mean;
            }
        }

        for (var bin = 0; bin < firstCurve.Length; bin++)
        {
            firstCurve[bin] += rows[a.GroupOfBin[bin]] - mean;
        }

        for (var bin = 0; bin < secondCurve.Length; bin++)
        {
            secondCurve[bin] += columns[b.GroupOfBin[bin]] - mean;
        }

        return mean;
    }

    // Neighbouring bins that say the same become one range: the document stays small and readable.
    private static ShapeFunction Shape(string id, BinnedData.Column column, double[] scores, double[] spread)
    {
        var edges = new List<float>();
        var merged = new List<double> { scores[0] };
        var errors = new List<double> { spread[0] };
        var weights = new List<int> { column.Weights[0] };
        for (var b = 1; b < column.ValueBins; b++)
        {
            if (scores[b] == merged[^1] && spread[b] == errors[^1])
            {
                weights[^1] += column.Weights[b];
                continue;
            }

            edges.Add(column.Edges[b - 1]);
            merged.Add(scores[b]);
            errors.Add(spread[b]);
            weights.Add(column.Weights[b]);
        }

        weights.Add(column.Weights[column.Missing]);
        return new ShapeFunction(id, edges, merged, scores[column.Missing], errors, weights);
    }

    private static double Spread(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
    }
}
