namespace BetterCare.Care.Stratification.Models;

/// <summary>Two predictors on a coarse grid, "not known" being the last row and column.</summary>
internal sealed class PairGrid
{
    /// <summary>Most value groups per axis.</summary>
    public const int Groups = 8;

    private readonly int _rows;
    private readonly int _columns;
    private readonly double[]? _firstAllowance;
    private readonly double[]? _secondAllowance;
    private readonly int _firstDirection;
    private readonly int _secondDirection;

    /// <summary>Lays the grid and sorts everyone into its cells.</summary>
    public PairGrid(int first, int second, CoarseAxis firstAxis, CoarseAxis secondAxis)
    {
        First = first;
        Second = second;
        FirstAxis = firstAxis;
        SecondAxis = secondAxis;
        _rows = firstAxis.Count;
        _columns = secondAxis.Count;
        CellOf = new byte[firstAxis.GroupOf.Length];
        for (var i = 0; i < CellOf.Length; i++)
        {
            CellOf[i] = (byte)((firstAxis.GroupOf[i] * _columns) + secondAxis.GroupOf[i]);
        }
    }

    private PairGrid(PairGrid grid, int firstDirection, int secondDirection, double[] firstAllowance, double[] secondAllowance)
    {
        (First, Second, FirstAxis, SecondAxis, _rows, _columns, CellOf) = (grid.First, grid.Second, grid.FirstAxis, grid.SecondAxis, grid._rows, grid._columns, grid.CellOf);
        (_firstDirection, _secondDirection, _firstAllowance, _secondAllowance) = (firstDirection, secondDirection, firstAllowance, secondAllowance);
    }

    /// <summary>Position of the first predictor.</summary>
    public int First { get; }

    /// <summary>Position of the second predictor.</summary>
    public int Second { get; }

    /// <summary>Rows.</summary>
    public CoarseAxis FirstAxis { get; }

    /// <summary>Columns.</summary>
    public CoarseAxis SecondAxis { get; }

    /// <summary>Cell of every person.</summary>
    public byte[] CellOf { get; }

    /// <summary>Number of cells.</summary>
    public int Cells => _rows * _columns;

    /// <summary>
    /// The same grid held to expected directions: a surface may go against its predictor's direction only as far as the
    /// curve's own steps (shared between the pairs of the predictor) make up for it, so the sum keeps the direction.
    /// </summary>
    public PairGrid Held(int firstDirection, int secondDirection, double[] firstCurve, double[] secondCurve, int pairsOfFirst, int pairsOfSecond) =>
        new(this, firstDirection, secondDirection, FirstAxis.Climb(firstCurve, pairsOfFirst), SecondAxis.Climb(secondCurve, pairsOfSecond));

    /// <summary>Moves a surface to where it keeps the directions.</summary>
    public void Project(double[] surface)
    {
        if (_firstDirection != 0)
        {
            ProjectAlong(surface, _firstDirection, _firstAllowance!, FirstAxis.ValueGroups, _columns, 1, _columns);
        }

        if (_secondDirection != 0)
        {
            ProjectAlong(surface, _secondDirection, _secondAllowance!, SecondAxis.ValueGroups, _rows, _columns, 1);
        }
    }

    /// <summary>
    /// The best gain of one cut in each predictor (four quadrants), as FAST ranks pairs (Lou 2013), from sums over the grid.
    /// </summary>
    /// <param name="histogram">Slope and curvature of every cell, in turns.</param>
    /// <param name="rows">Rows of the grid.</param>
    /// <param name="columns">Columns of the grid.</param>
    /// <param name="shrinkage">Added to every curvature.</param>
    public static double Gain(ReadOnlySpan<double> histogram, int rows, int columns, double shrinkage)
    {
        var slope = new double[(rows + 1) * (columns + 1)];
        var curvature = new double[slope.Length];
        var wide = columns + 1;
        for (var r = 0; r < rows; r++)
        {
            for (var c = 0; c < columns; c++)
            {
                var cell = 2 * ((r * columns) + c);
                var at = ((r + 1) * wide) + c + 1;
                slope[at] = histogram[cell] + slope[at - 1] + slope[at - wide] - slope[at - wide - 1];
                curvature[at] = histogram[cell + 1] + curvature[at - 1] + curvature[at - wide] - curvature[at - wide - 1];
            }
        }

        double Part(int r0, int r1, int c0, int c1)
        {
            var s = slope[(r1 * wide) + c1] - slope[(r0 * wide) + c1] - slope[(r1 * wide) + c0] + slope[(r0 * wide) + c0];
            var k = curvature[(r1 * wide) + c1] - curvature[(r0 * wide) + c1] - curvature[(r1 * wide) + c0] + curvature[(r0 * wide) + c0];
            return s * s / (k + shrinkage);
        }

        var best = 0.0;
        for (var r = 1; r < rows; r++)
        {
            var alone = Part(0, r, 0, columns) + Part(r, rows, 0, columns);
            for (var c = 1; c < columns; c++)
            {
                var other = Part(0, rows, 0, c) + Part(0, rows, c, columns);
                var gain = Part(0, r, 0, c) + Part(0, r, c, columns) + Part(r, rows, 0, c) + Part(r, rows, c, columns);
                best = Math.Max(best, gain - Math.Max(alone, other));
            }
        }

        return best;
    }

    // Allowances turn "may fall by as much as the curve climbs" into "must not fall".
    private static void ProjectAlong(double[] surface, int direction, double[] allowance, int length, int lines, int lineStride, int step)
    {
        Span<double> line = stackalloc double[Groups + 1];
        for (var l = 0; l < lines; l++)
        {
            for (var i = 0; i < length; i++)
            {
                line[i] = surface[(l * lineStride) + (i * step)] + allowance[i];
            }

            Monotone.Project(line[..length], direction);
            for (var i = 0; i < length; i++)
            {
                surface[(l * lineStride) + (i * step)] = line[i] - allowance[i];
            }
        }
    }
}

/// <summary>One predictor in a few groups of bins.</summary>
internal sealed class CoarseAxis
{
    private readonly BinnedData.Column _column;

    /// <summary>Groups the bins so that they hold about equally many people; rare high counts keep a group of their own.</summary>
    public CoarseAxis(BinnedData.Column column)
    {
        _column = column;
        GroupOfBin = new byte[column.ValueBins + 1];
        var people = column.Weights.AsSpan(0, column.ValueBins).ToArray().Sum(w => (long)w);
        var starts = new List<int> { 0 };
        long seen = 0, inGroup = 0;
        for (var b = 0; b < column.ValueBins; b++)
        {
            var left = PairGrid.Groups - starts.Count;
            if (b > starts[^1] && left > 0 && inGroup > 0 && (inGroup >= (people - seen + inGroup) / (left + 1) || column.ValueBins - b <= left))
            {
                starts.Add(b);
                inGroup = 0;
            }

            inGroup += column.Weights[b];
            seen += column.Weights[b];
            GroupOfBin[b] = (byte)(starts.Count - 1);
        }

        ValueGroups = starts.Count;
        GroupOfBin[^1] = (byte)ValueGroups;
        Edges = [.. starts.Skip(1).Select(s => column.Edges[s - 1])];
        GroupOf = new byte[column.Bins.Length];
        for (var i = 0; i < GroupOf.Length; i++)
        {
            GroupOf[i] = GroupOfBin[column.Bins[i]];
        }

        Weights = new double[Count];
        for (var b = 0; b < column.Weights.Length; b++)
        {
            Weights[GroupOfBin[b]] += column.Weights[b];
        }
    }

    /// <summary>Groups of values.</summary>
    public int ValueGroups { get; }

    /// <summary>Groups, "not known" included.</summary>
    public int Count => ValueGroups + 1;

    /// <summary>Upper edges of all value groups but the last.</summary>
    public float[] Edges { get; }

    /// <summary>Group of every bin.</summary>
    public byte[] GroupOfBin { get; }

    /// <summary>Group of every person.</summary>
    public byte[] GroupOf { get; }

    /// <summary>People in every group.</summary>
    public double[] Weights { get; }

    /// <summary>How far a curve has climbed by each group, counting only its steps between groups, shared between pairs.</summary>
    public double[] Climb(double[] curve, int pairs)
    {
        var climb = new double[ValueGroups];
        for (var b = 1; b < _column.ValueBins; b++)
        {
            if (GroupOfBin[b] != GroupOfBin[b - 1])
            {
                climb[GroupOfBin[b]] = climb[GroupOfBin[b - 1]] + ((curve[b] - curve[b - 1]) / pairs);
            }
        }

        return climb;
    }
}
