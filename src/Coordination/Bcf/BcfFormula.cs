namespace BetterCare.Care.Coordination.Bcf;

/// <summary>The arithmetic of the Better Care Fund plans, in decimals, rounded half up only where a figure is printed.</summary>
public static class BcfFormula
{
    /// <summary>numerator / denominator / months x multiplier; null where the denominator is 0.</summary>
    /// <param name="numerator">Events or people.</param>
    /// <param name="denominator">Population.</param>
    /// <param name="months">Months that the numerator was counted over; 1 where it is a year's count or a monthly average already.</param>
    /// <param name="multiplier">100 for percent, 100,000 for a rate.</param>
    public static decimal? Value(decimal numerator, decimal denominator, int months = 1, int multiplier = 100)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(months, 1);
        return denominator == 0 ? null : numerator * multiplier / denominator / months;
    }

    /// <summary>Change from <paramref name="before"/> to <paramref name="after"/>, %; null where there was nothing before.</summary>
    public static decimal? PercentChange(decimal after, decimal before) => before == 0 ? null : (after - before) * 100 / before;

    /// <summary>The part of a whole count that falls to an area by population.</summary>
    public static decimal? ProRata(decimal count, decimal population, decimal wholePopulation) => wholePopulation == 0 ? null : count * population / wholePopulation;

    /// <summary>Mean of rates weighted by population; null where nobody lives.</summary>
    public static decimal? WeightedMean(IEnumerable<(decimal Rate, decimal Population)> areas)
    {
        decimal sum = 0, people = 0;
        foreach (var (rate, population) in areas)
        {
            sum += rate * population;
            people += population;
        }

        return people == 0 ? null : sum / people;
    }

    /// <summary>Patients that a dementia register needs to reach a diagnosis rate (67 % by March 2015), not rounded.</summary>
    public static decimal RegisterNeeded(decimal estimated, decimal target = 0.67m) => estimated * target;

    /// <summary>Rounds half up, away from zero, as the plans print.</summary>
    public static decimal HalfUp(decimal value, int decimals = 1) => Math.Round(value, decimals, MidpointRounding.AwayFromZero);
}
