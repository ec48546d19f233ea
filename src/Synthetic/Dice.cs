namespace BetterCare.Care.Synthetic;

/// <summary>
/// Counter-based random numbers (SplitMix64, Steele, Lea and Flood 2014): a person's dice depend on the seed and the
/// person's number only, never on the core that happens to throw them.
/// </summary>
internal struct Dice
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _state;

    private Dice(ulong state) => _state = state;

    /// <summary>The dice of one purpose of one person (or practice, or calibration cell).</summary>
    public static Dice For(ulong seed, ulong number, ulong purpose) =>
        new(Mix(Mix(Mix(seed + Golden) ^ number) + (purpose * Golden)));

    /// <summary>The finaliser of SplitMix64: a bijection of 64-bit numbers.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    public ulong Next() => Mix(_state += Golden);

    /// <summary>Uniform in the open interval (0, 1).</summary>
    public double Uniform() => ((Next() >> 11) + 0.5) * (1.0 / (1UL << 53));

    /// <summary>0 to <paramref name="n"/> - 1.</summary>
    public int Below(int n) => (int)(((Next() >> 32) * (ulong)n) >> 32);

    /// <summary>True with probability <paramref name="p"/>.</summary>
    public bool Chance(double p) => Uniform() < p;

    /// <summary>Exponential with mean 1.</summary>
    public double Exponential() => -Math.Log(Uniform());

    /// <summary>Standard normal.</summary>
    public double Normal() => NormalDistribution.Quantile(Uniform());

    /// <summary>Poisson by multiplication of uniforms; meant for means below 30.</summary>
    public int Poisson(double mean)
    {
        if (mean <= 0)
        {
            return 0;
        }

        var limit = Math.Exp(-Math.Min(mean, 60));
        var count = 0;
        for (var product = Uniform(); product > limit; product *= Uniform())
        {
            count++;
        }

        return count;
    }

    /// <summary>An index drawn by cumulative weights, the last of which is the total.</summary>
    public int Pick(ReadOnlySpan<double> cumulative)
    {
        var at = Uniform() * cumulative[^1];
        var found = cumulative.BinarySearch(at);
        return Math.Min(found < 0 ? ~found : found + 1, cumulative.Length - 1);
    }
}

/// <summary>The standard normal distribution.</summary>
internal static class NormalDistribution
{
    /// <summary>P(Z &lt;= z): Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8.</summary>
    public static double Cumulative(double z)
    {
        var t = 1 / (1 + (0.2316419 * Math.Abs(z)));
        var tail = Math.Exp(-0.5 * z * z) * 0.3989422804014327 * t
            * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return z > 0 ? 1 - tail : tail;
    }

    /// <summary>The z with P(Z &lt;= z) = p: Acklam's rational approximation, relative error below 1.2e-9.</summary>
    public static double Quantile(double p)
    {
        if (p is < 0.02425 or > 1 - 0.02425)
        {
            var q = Math.Sqrt(-2 * Math.Log(p < 0.5 ? p : 1 - p));
            var x = (((((((((-7.784894002430293e-03 * q) - 3.223964580411365e-01) * q) - 2.400758277161838) * q) - 2.549732539343734) * q) + 4.374664141464968) * q) + 2.938163982698783;
            x /= (((((((7.784695709041462e-03 * q) + 3.224671290700398e-01) * q) + 2.445134137142996) * q) + 3.754408661907416) * q) + 1;
            return p < 0.5 ? x : -x;
        }

        var c = p - 0.5;
        var r = c * c;
        var numerator = (((((((((-3.969683028665376e+01 * r) + 2.209460984245205e+02) * r) - 2.759285104469687e+02) * r) + 1.383577518672690e+02) * r) - 3.066479806614716e+01) * r) + 2.506628277459239;
        var denominator = (((((((((-5.447609879822406e+01 * r) + 1.615858368580409e+02) * r) - 1.556989798598866e+02) * r) + 6.680131188771972e+01) * r) - 1.328068155288572e+01) * r) + 1;
        return numerator * c / denominator;
    }
}
