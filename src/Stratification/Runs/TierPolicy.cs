using System.Globalization;

namespace BetterCare.Care.Stratification.Runs;

/// <summary>How a policy cuts.</summary>
public enum TierRule
{
    /// <summary>By share of the ranked population: 0.005 is the top 0.5 %.</summary>
    Share,

    /// <summary>By probability: 0.5 and above.</summary>
    Probability,

    /// <summary>By number of people that the teams can carry.</summary>
    Capacity,
}

/// <summary>Who is ranked.</summary>
public enum TierPopulation
{
    /// <summary>Everyone in the run.</summary>
    Everyone,

    /// <summary>People with a long-term condition; all others are at level 1.</summary>
    LongTermConditions,
}

/// <summary>Where people are ranked.</summary>
public enum TierScope
{
    /// <summary>Against everyone in the run.</summary>
    WholePopulation,

    /// <summary>Against the people of the same practice (the group of the timeline), so that every practice has its share.</summary>
    EachGroup,
}

/// <summary>A policy cannot be used; the message says why and what would do.</summary>
public sealed class TierPolicyException(string message) : Exception(message);

/// <summary>
/// How probabilities become levels. The cuts of levels 4, 3 and 2 are one after the other; who is below all is at level 1.
/// Kept with every run. Ties at a cut go by probability, then by patient key, so that a run can be repeated.
/// </summary>
/// <param name="Id">Stable id.</param>
/// <param name="Name">Plain English.</param>
/// <param name="Rule">How the cuts are meant.</param>
/// <param name="Level4">Cut of level 4; see <see cref="TierRule"/>. Shares and capacities count from the top: 0.05 at level 3
/// means the top 5 %, level 4 included; capacities are of the level alone.</param>
/// <param name="Level3">Cut of level 3.</param>
/// <param name="Level2">Cut of level 2.</param>
/// <param name="Population">Who is ranked.</param>
/// <param name="Source">Where the cuts come from.</param>
/// <param name="Scope">Where people are ranked; for probabilities it makes no difference.</param>
public sealed record TierPolicy(
    string Id,
    string Name,
    TierRule Rule,
    double Level4,
    double Level3,
    double Level2,
    TierPopulation Population = TierPopulation.Everyone,
    string Source = "",
    TierScope Scope = TierScope.WholePopulation)
{
    /// <summary>The policies that ship with the product.</summary>
    public static IReadOnlyList<TierPolicy> Presets { get; } =
    [
        new("prism", "PRISM: top 0.5 %, 5 % and 20 % of the population", TierRule.Share, 0.005, 0.05, 0.20,
            Source: "Level 4: primecentre.wales (top 0.5 %). 5 % and 20 %: Combined Model strata, not confirmed for PRISM."),
        new("combined-model", "Combined Predictive Model: very high 0.5 %, high 5 %, moderate 20 %", TierRule.Share, 0.005, 0.05, 0.20,
            Source: "King's Fund, Combined Predictive Model final report 2006; strata from memory."),
        new("halton-2014", "Halton Better Care Fund plan 2014: of people with long-term conditions, level 4 top 5 %, level 3 next 20 %, levels 1 and 2 together the rest", TierRule.Share, 0.05, 0.25, 1, TierPopulation.LongTermConditions,
            Source: "Halton plan: level 4 about 5 %, levels 1 and 2 about 70 to 80 % of the long-term-condition population; shown as level 2 here."),
        new("emis-qadmissions-bands", "EMIS QAdmissions bands: very high from 28 %, high from 18 %, medium from 12 %", TierRule.Probability, 0.28, 0.18, 0.12,
            Source: "Bands of QAdmissions in EMIS Web as cited by Camden; its low band (7 to 12 %) and the rest are level 1 here. Made for QAdmissions probabilities, not for those of another model."),
    ];

    /// <summary>The preset of an id.</summary>
    /// <exception cref="TierPolicyException">There is none.</exception>
    public static TierPolicy Preset(string id) =>
        Presets.FirstOrDefault(p => string.Equals(p.Id, id, StringComparison.Ordinal))
        ?? throw new TierPolicyException($"There is no tier policy of that name. The presets are: {string.Join(", ", Presets.Select(p => p.Id))}.");

    /// <summary>A policy by what the teams can carry.</summary>
    /// <param name="level4">People whom teams can carry at level 4.</param>
    /// <param name="level3">People whom teams can carry at level 3.</param>
    /// <param name="level2">People at level 2.</param>
    public static TierPolicy ByCapacity(int level4, int level3, int level2) =>
        new("capacity", $"The {level4} people at highest risk at level 4, the next {level3} at level 3, the next {level2} at level 2", TierRule.Capacity, level4, level3, level2);

    /// <summary>Refuses cuts that overlap or make no sense.</summary>
    /// <exception cref="TierPolicyException">The policy cannot be used.</exception>
    public void Validate()
    {
        if (!double.IsFinite(Level4) || !double.IsFinite(Level3) || !double.IsFinite(Level2))
        {
            throw new TierPolicyException("A tier policy needs three numbers: the cuts of levels 4, 3 and 2.");
        }

        switch (Rule)
        {
            case TierRule.Share when Level4 < 0 || Level2 > 1 || Level4 > Level3 || Level3 > Level2:
                throw new TierPolicyException($"The levels overlap: shares count from the top and must rise, 0 <= level 4 <= level 3 <= level 2 <= 1. Given: {Show(Level4)}, {Show(Level3)}, {Show(Level2)}. For the top 0.5 %, next 4.5 % and next 15 % write 0.005, 0.05, 0.20.");
            case TierRule.Probability when Level4 > 1 || Level2 < 0 || Level4 < Level3 || Level3 < Level2:
                throw new TierPolicyException($"The levels overlap: probabilities must fall, 1 >= level 4 >= level 3 >= level 2 >= 0. Given: {Show(Level4)}, {Show(Level3)}, {Show(Level2)}. Probabilities are 0 to 1, not percent.");
            case TierRule.Capacity when Level4 < 0 || Level3 < 0 || Level2 < 0 || new[] { Level4, Level3, Level2 }.Any(c => c != Math.Floor(c)):
                throw new TierPolicyException("Capacities are whole numbers of people, 0 or more, one per level.");
            default:
                return;
        }
    }

    /// <summary>Gives every person of a ranked list a level.</summary>
    /// <param name="ranked">Probabilities of the ranked population, highest first.</param>
    /// <param name="levels">Receives 1 to 4 for each.</param>
    public void Assign(ReadOnlySpan<float> ranked, Span<byte> levels)
    {
        Validate();
        var (four, three, two) = Rule switch
        {
            TierRule.Share => (PeopleAt(Level4, ranked.Length), PeopleAt(Level3, ranked.Length), PeopleAt(Level2, ranked.Length)),
            TierRule.Probability => (PeopleAbove(ranked, Level4), PeopleAbove(ranked, Level3), PeopleAbove(ranked, Level2)),
            _ => (Fit(Level4, ranked.Length), Fit(Level4 + Level3, ranked.Length), Fit(Level4 + Level3 + Level2, ranked.Length)),
        };
        levels[..four].Fill(4);
        levels[four..three].Fill(3);
        levels[three..two].Fill(2);
        levels[two..ranked.Length].Fill(1);
    }

    // Half a person counts as one; the tiny amount undoes the binary rounding of shares such as 0.005.
    private static int PeopleAt(double share, int population) => (int)Math.Floor((share * population) + 0.5 + 1e-9);

    private static int Fit(double people, int population) => (int)Math.Min(people, population);

    // First position whose probability is below the cut.
    private static int PeopleAbove(ReadOnlySpan<float> ranked, double cut)
    {
        var (low, high) = (0, ranked.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (ranked[middle] >= (float)cut)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private static string Show(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
