using BetterCare.Care.Stratification.Models;

namespace BetterCare.Care.Stratification.Evaluation;

/// <summary>An estimate with its 95 % confidence interval.</summary>
/// <param name="Value">The estimate.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public readonly record struct Estimate(double Value, double Low, double High)
{
    /// <summary>Half width of a 95 % interval in standard errors.</summary>
    public const double Z95 = 1.959963984540054;

    /// <summary>Value plus and minus 1.96 standard errors.</summary>
    public static Estimate Normal(double value, double standardError) => new(value, value - (Z95 * standardError), value + (Z95 * standardError));
}

/// <summary>How well a score tells people with the outcome from those without.</summary>
public static class Discrimination
{
    /// <summary>Area under the ROC curve: the chance that a person with the outcome scores above one without; ties count half.</summary>
    public static double Auroc(ReadOnlySpan<double> scores, ReadOnlySpan<bool> outcome)
    {
        var (midranks, events) = Midranks(scores, outcome);
        var others = scores.Length - events;
        if (events == 0 || others == 0)
        {
            return double.NaN;
        }

        var sum = 0.0;
        for (var i = 0; i < scores.Length; i++)
        {
            sum += outcome[i] ? midranks[i] : 0;
        }

        return (sum - (events * (events + 1.0) / 2)) / ((double)events * others);
    }

    /// <summary>
    /// AUROC with the 95 % interval of DeLong 1988, by the fast algorithm of Sun and Xu 2014 (doi:10.1109/LSP.2014.2337313),
    /// on the logit scale so that it stays between 0 and 1.
    /// </summary>
    public static Estimate AurocWithInterval(ReadOnlySpan<double> scores, ReadOnlySpan<bool> outcome)
    {
        var (auc, variance) = DeLong(scores, outcome);
        if (!(auc is > 0 and < 1) || variance <= 0)
        {
            return new Estimate(auc, auc, auc);
        }

        var centre = Logistic.LogOdds(auc);
        var half = Estimate.Z95 * Math.Sqrt(variance) / (auc * (1 - auc));
        return new Estimate(auc, Logistic.Probability(centre - half), Logistic.Probability(centre + half));
    }

    /// <summary>AUROC and its DeLong variance.</summary>
    public static (double Auroc, double Variance) DeLong(ReadOnlySpan<double> scores, ReadOnlySpan<bool> outcome)
    {
        var (midranks, m) = Midranks(scores, outcome);
        var n = scores.Length - m;
        if (m < 2 || n < 2)
        {
            return (Auroc(scores, outcome), double.NaN);
        }

        // Placement values: the share of the other class that each person beats, from ranks overall and within the class.
        var positive = new double[m];
        var negative = new double[n];
        var placeOverall = new double[m + n];
        int p = 0, q = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            if (outcome[i])
            {
                placeOverall[p] = midranks[i];
                positive[p++] = scores[i];
            }
            else
            {
                placeOverall[m + q] = midranks[i];
                negative[q++] = scores[i];
            }
        }

        var withinPositive = Midranks(positive);
        var withinNegative = Midranks(negative);
        var v10 = new double[m];
        var v01 = new double[n];
        for (var i = 0; i < m; i++)
        {
            v10[i] = (placeOverall[i] - withinPositive[i]) / n;
        }

        for (var i = 0; i < n; i++)
        {
            v01[i] = 1 - ((placeOverall[m + i] - withinNegative[i]) / m);
        }

        return (v10.Average(), (Variance(v10) / m) + (Variance(v01) / n));
    }

    /// <summary>
    /// Average precision: the mean of the positive predictive value at every true positive, going down the ranked list; ties taken together.
    /// </summary>
    public static double AveragePrecision(ReadOnlySpan<double> scores, ReadOnlySpan<bool> outcome)
    {
        var order = DescendingOrder(scores);
        double found = 0, seen = 0, sum = 0;
        var events = 0;
        for (var i = 0; i < order.Length;)
        {
            var (from, inGroup) = (i, 0);
            while (i < order.Length && scores[order[i]] == scores[order[from]])
            {
                inGroup += outcome[order[i]] ? 1 : 0;
                i++;
            }

            seen = i;
            found += inGroup;
            events += inGroup;
            sum += inGroup * (found / seen);
        }

        return events == 0 ? double.NaN : sum / events;
    }

    /// <summary>Positions from the highest score to the lowest; equal ones keep their order.</summary>
    internal static int[] DescendingOrder(ReadOnlySpan<double> scores)
    {
        var keys = new double[scores.Length];
        var order = new int[scores.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = -scores[i];
            order[i] = i;
        }

        Array.Sort(keys, order);

        // The sort is not stable; equal keys are put back in the order of position.
        for (var i = 0; i < keys.Length;)
        {
            var from = i;
            while (i < keys.Length && keys[i] == keys[from])
            {
                i++;
            }

            Array.Sort(order, from, i - from);
        }

        return order;
    }

    private static (double[] Ranks, int Events) Midranks(ReadOnlySpan<double> scores, ReadOnlySpan<bool> outcome)
    {
        var events = 0;
        foreach (var o in outcome)
        {
            events += o ? 1 : 0;
        }

        return (Midranks(scores), events);
    }

    private static double[] Midranks(ReadOnlySpan<double> scores)
    {
        var keys = scores.ToArray();
        var order = new int[keys.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(keys, order);
        var ranks = new double[keys.Length];
        for (var i = 0; i < keys.Length;)
        {
            var from = i;
            while (i < keys.Length && keys[i] == keys[from])
            {
                i++;
            }

            for (var j = from; j < i; j++)
            {
                ranks[order[j]] = (from + i + 1) / 2.0;
            }
        }

        return ranks;
    }

    private static double Variance(double[] values)
    {
        var mean = values.Average();
        return values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1);
    }
}
