namespace BetterCare.Care.Stratification.Models;

/// <summary>
/// The training set in bins, one byte a value, predictor by predictor. Where most people share one bin (no such
/// condition, no admission) only the others are listed, so that a pass over a rare condition costs what it is worth.
/// </summary>
internal sealed class BinnedData
{
    /// <summary>Most ranges of values of a predictor; one more bin is for "not known".</summary>
    public const int MaximumBins = 254;

    // Below this share of people outside the commonest bin the list is quicker than the column.
    private const double SparseBelow = 0.25;
    private const int SampleForEdges = 200_000;

    private BinnedData(TrainingSet data)
    {
        Count = data.Count;
        Columns = new Column[data.Features.Count];
        Outcome = new float[Count];
        Fold = new byte[Count];
    }

    /// <summary>People.</summary>
    public int Count { get; }

    /// <summary>Predictors in the order of the training set.</summary>
    public Column[] Columns { get; }

    /// <summary>1 where the outcome came.</summary>
    public float[] Outcome { get; }

    /// <summary>The bag that each person is kept out of.</summary>
    public byte[] Fold { get; }

    /// <summary>Bins a training set.</summary>
    public static BinnedData From(TrainingSet data, int folds, CancellationToken ct)
    {
        var binned = new BinnedData(data);
        for (var i = 0; i < data.Count; i++)
        {
            binned.Outcome[i] = data.Outcome(i) ? 1 : 0;
            binned.Fold[i] = (byte)data.Fold(i, folds);
        }

        Parallel.For(0, binned.Columns.Length, new ParallelOptions { CancellationToken = ct }, f => binned.Columns[f] = Column.From(data, f));
        return binned;
    }

    /// <summary>One predictor in bins.</summary>
    internal sealed class Column
    {
        private Column(float[] edges, byte[] bins)
        {
            Edges = edges;
            Bins = bins;
            Weights = new int[edges.Length + 2];
            foreach (var b in bins)
            {
                Weights[b]++;
            }

            Default = (byte)Array.IndexOf(Weights, Weights.Max());
            if (bins.Length - Weights[Default] < SparseBelow * bins.Length)
            {
                Rows = new int[bins.Length - Weights[Default]];
                RowBins = new byte[Rows.Length];
                var n = 0;
                for (var i = 0; i < bins.Length; i++)
                {
                    if (bins[i] != Default)
                    {
                        Rows[n] = i;
                        RowBins[n++] = bins[i];
                    }
                }
            }
        }

        /// <summary>Upper edges of all ranges but the last.</summary>
        public float[] Edges { get; }

        /// <summary>Bin of every person.</summary>
        public byte[] Bins { get; }

        /// <summary>People in every bin.</summary>
        public int[] Weights { get; }

        /// <summary>The commonest bin.</summary>
        public byte Default { get; }

        /// <summary>People outside the commonest bin, where they are few; else null.</summary>
        public int[]? Rows { get; }

        /// <summary>Their bins.</summary>
        public byte[]? RowBins { get; }

        /// <summary>Ranges of values.</summary>
        public int ValueBins => Edges.Length + 1;

        /// <summary>Bin of "not known".</summary>
        public int Missing => Edges.Length + 1;

        /// <summary>Whether anything can be learnt from it.</summary>
        public bool Varies => Weights.Count(w => w > 0) > 1;

        public static Column From(TrainingSet data, int feature)
        {
            var stride = Math.Max(1, data.Count / SampleForEdges);
            var sample = new List<float>((data.Count / stride) + 1);
            for (var i = 0; i < data.Count; i += stride)
            {
                var v = data.Row(i)[feature];
                if (!float.IsNaN(v))
                {
                    sample.Add(v);
                }
            }

            sample.Sort();
            var edges = EdgesOf(sample);
            var bins = new byte[data.Count];
            for (var i = 0; i < bins.Length; i++)
            {
                bins[i] = (byte)BoostingMachine.Bin(edges, data.Row(i)[feature]);
            }

            return new Column(edges, bins);
        }

        // Between neighbouring distinct values where they are few enough, else at quantiles.
        private static float[] EdgesOf(List<float> sorted)
        {
            var distinct = sorted.Distinct().ToList();
            var edges = new List<float>();
            if (distinct.Count <= MaximumBins)
            {
                for (var i = 1; i < distinct.Count; i++)
                {
                    edges.Add(Between(distinct[i - 1], distinct[i]));
                }
            }
            else
            {
                for (var q = 1; q < MaximumBins; q++)
                {
                    var at = (int)((long)q * sorted.Count / MaximumBins);
                    if (sorted[at] > sorted[at - 1])
                    {
                        edges.Add(Between(sorted[at - 1], sorted[at]));
                    }
                    else if (edges.Count == 0 || sorted[at] > edges[^1])
                    {
                        edges.Add(sorted[at]);
                    }
                }
            }

            return [.. edges.Distinct()];
        }

        // A value belongs to the first range whose edge exceeds it, so the edge is above the lower and at most the upper.
        private static float Between(float low, float high)
        {
            var middle = low + ((high - low) / 2);
            return middle > low ? middle : high;
        }
    }
}
