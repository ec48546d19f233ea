namespace BetterCare.Care.Stratification.Runs;

/// <summary>What a cut would mean.</summary>
/// <param name="People">People at or above the cut.</param>
/// <param name="ShareOfPopulation">Their share of everyone scored.</param>
/// <param name="Threshold">Lowest probability among them; 1 where there is nobody.</param>
/// <param name="ExpectedAdmissions">Of them, how many are expected to be admitted as an emergency within 12 months.</param>
/// <param name="PositivePredictiveValue">Expected share of them who will be.</param>
/// <param name="Sensitivity">Expected share of all people who will be admitted that is among them.</param>
/// <param name="StaffHours">Hours a year, at the hours per person given.</param>
public readonly record struct TierPlan(
    int People, double ShareOfPopulation, double Threshold, double ExpectedAdmissions, double PositivePredictiveValue, double Sensitivity, double StaffHours);

/// <summary>
/// Answers "what if the cut were here" from one run, without a new one, in microseconds: all answers are sums of calibrated
/// probabilities down the ranked list. They are expectations, as good as the model's calibration.
/// </summary>
public sealed class TierPlanner
{
    private readonly float[] _ranked;
    private readonly double[] _expected;

    /// <summary>Prepares the answers.</summary>
    /// <param name="ranked">Probabilities, highest first.</param>
    public TierPlanner(ReadOnlySpan<float> ranked)
    {
        _ranked = ranked.ToArray();
        _expected = new double[ranked.Length + 1];
        for (var i = 0; i < ranked.Length; i++)
        {
            if (i > 0 && ranked[i] > ranked[i - 1])
            {
                throw new ArgumentException("Probabilities must come highest first.", nameof(ranked));
            }

            _expected[i + 1] = _expected[i] + ranked[i];
        }
    }

    /// <summary>A planner for a run.</summary>
    public static TierPlanner For(StratificationResult result)
    {
        var ranked = new float[result.Count];
        for (var i = 0; i < ranked.Length; i++)
        {
            ranked[i] = result.Probabilities[result.ByRank[i]];
        }

        return new TierPlanner(ranked);
    }

    /// <summary>People scored.</summary>
    public int Population => _ranked.Length;

    /// <summary>The cut after a number of people.</summary>
    public TierPlan ForPeople(int people, double hoursPerPerson = 0)
    {
        var n = Math.Clamp(people, 0, Population);
        var expected = _expected[n];
        return new TierPlan(
            n,
            Population == 0 ? 0 : (double)n / Population,
            n == 0 ? 1 : _ranked[n - 1],
            expected,
            n == 0 ? 0 : expected / n,
            _expected[^1] == 0 ? 0 : expected / _expected[^1],
            n * hoursPerPerson);
    }

    /// <summary>The cut after a share of the population, 0 to 1.</summary>
    public TierPlan ForShare(double share, double hoursPerPerson = 0) =>
        ForPeople((int)Math.Floor((Math.Clamp(share, 0, 1) * Population) + 0.5 + 1e-9), hoursPerPerson);

    /// <summary>The cut at a probability, 0 to 1.</summary>
    public TierPlan ForProbability(double probability, double hoursPerPerson = 0)
    {
        var (low, high) = (0, Population);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = _ranked[middle] >= (float)probability ? (middle + 1, high) : (low, middle);
        }

        return ForPeople(low, hoursPerPerson);
    }

    /// <summary>The widest cut that a number of staff hours a year can carry.</summary>
    public TierPlan ForHours(double hours, double hoursPerPerson) =>
        hoursPerPerson > 0
            ? ForPeople((int)Math.Min(Population, Math.Floor(hours / hoursPerPerson)), hoursPerPerson)
            : throw new ArgumentOutOfRangeException(nameof(hoursPerPerson), "Hours per person must be above 0.");
}
