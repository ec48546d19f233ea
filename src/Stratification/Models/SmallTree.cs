namespace BetterCare.Care.Stratification.Models;

/// <summary>The best tree of a few leaves over the ordered bins of one predictor.</summary>
internal static class SmallTree
{
    /// <summary>Fits a tree and writes the step of every bin.</summary>
    /// <param name="histogram">Slope and curvature of every bin, in turns.</param>
    /// <param name="bins">Number of bins.</param>
    /// <param name="options">Leaves, learning rate, shrinkage.</param>
    /// <param name="step">Receives the step of every bin.</param>
    public static void Fit(ReadOnlySpan<double> histogram, int bins, BoostingOptions options, Span<double> step)
    {
        Span<Leaf> leaves = stackalloc Leaf[options.Leaves];
        leaves[0] = Best(histogram, 0, bins, options);
        var count = 1;
        while (count < options.Leaves)
        {
            var widest = -1;
            for (var l = 0; l < count; l++)
            {
                if (leaves[l].Cut > 0 && (widest < 0 || leaves[l].Gain > leaves[widest].Gain))
                {
                    widest = l;
                }
            }

            if (widest < 0)
            {
                break;
            }

            var leaf = leaves[widest];
            leaves[widest] = Best(histogram, leaf.From, leaf.Cut, options);
            leaves[count++] = Best(histogram, leaf.Cut, leaf.To, options);
        }

        foreach (ref readonly var leaf in leaves[..count])
        {
            step[leaf.From..leaf.To].Fill(options.LearningRate * leaf.Slope / (leaf.Curvature + options.Shrinkage));
        }
    }

    private static Leaf Best(ReadOnlySpan<double> histogram, int from, int to, BoostingOptions options)
    {
        double slope = 0, curvature = 0;
        for (var b = from; b < to; b++)
        {
            slope += histogram[2 * b];
            curvature += histogram[(2 * b) + 1];
        }

        var leaf = new Leaf(from, to, 0, 0, slope, curvature);
        var whole = slope * slope / (curvature + options.Shrinkage);
        double left = 0, leftCurvature = 0;
        for (var b = from; b < to - 1; b++)
        {
            left += histogram[2 * b];
            leftCurvature += histogram[(2 * b) + 1];
            var right = slope - left;
            var rightCurvature = curvature - leftCurvature;
            if (leftCurvature < options.MinimumCurvature)
            {
                continue;
            }

            if (rightCurvature < options.MinimumCurvature)
            {
                break;
            }

            var gain = (left * left / (leftCurvature + options.Shrinkage)) + (right * right / (rightCurvature + options.Shrinkage)) - whole;
            if (gain > leaf.Gain)
            {
                leaf = leaf with { Cut = b + 1, Gain = gain };
            }
        }

        return leaf;
    }

    private readonly record struct Leaf(int From, int To, int Cut, double Gain, double Slope, double Curvature);
}

/// <summary>Keeps curves rising or falling.</summary>
internal static class Monotone
{
    /// <summary>
    /// Moves values to the middle between the lowest curve above and the highest curve below that only rise (or only fall).
    /// Values that already do stay as they are.
    /// </summary>
    /// <param name="values">The curve.</param>
    /// <param name="direction">1: must not fall; -1: must not rise.</param>
    /// <param name="anchor">Position whose value must stay, or -1.</param>
    public static void Project(Span<double> values, int direction, int anchor = -1)
    {
        if (anchor >= 0)
        {
            var fixedValue = values[anchor];
            for (var i = 0; i < values.Length; i++)
            {
                var above = (i > anchor) == (direction > 0);
                values[i] = i == anchor ? fixedValue : above ? Math.Max(values[i], fixedValue) : Math.Min(values[i], fixedValue);
            }
        }

        var n = values.Length;
        Span<double> upper = n <= 256 ? stackalloc double[n] : new double[n];
        var highest = double.NegativeInfinity;
        for (var k = 0; k < n; k++)
        {
            var i = direction > 0 ? k : n - 1 - k;
            highest = Math.Max(highest, values[i]);
            upper[i] = highest;
        }

        var lowest = double.PositiveInfinity;
        for (var k = n - 1; k >= 0; k--)
        {
            var i = direction > 0 ? k : n - 1 - k;
            lowest = Math.Min(lowest, values[i]);
            values[i] = (upper[i] + lowest) / 2;
        }
    }
}
