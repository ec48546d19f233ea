using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Evaluation;

/// <summary>
/// Predictions and what became of the people, with the groups that fairness is judged by. A model must be judged on
/// people that it was not trained on: another index date, another place, or folds kept out.
/// </summary>
public sealed class EvaluationSample
{
    private readonly List<double> _probabilities = [];
    private readonly List<bool> _outcomes = [];
    private readonly List<PersonGroups> _groups = [];

    /// <summary>People.</summary>
    public int Count => _outcomes.Count;

    /// <summary>People who had the outcome.</summary>
    public int Events { get; private set; }

    /// <summary>Probability of each person.</summary>
    public IReadOnlyList<double> Probabilities => _probabilities;

    /// <summary>Outcome of each person.</summary>
    public IReadOnlyList<bool> Outcomes => _outcomes;

    /// <summary>Groups of each person.</summary>
    public IReadOnlyList<PersonGroups> Groups => _groups;

    /// <summary>Adds a person.</summary>
    public void Add(double probability, bool outcome, PersonGroups groups)
    {
        _probabilities.Add(probability);
        _outcomes.Add(outcome);
        _groups.Add(groups);
        Events += outcome ? 1 : 0;
    }

    /// <summary>Scores a population at an index date and looks up what became of it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="source">The people.</param>
    /// <param name="index">The index date.</param>
    /// <param name="period">Days that the data covers.</param>
    /// <param name="eligibility">Who belongs to it; null: adults.</param>
    /// <param name="workers">Threads; 0: one per core.</param>
    /// <param name="progress">Told the number of people read; may be null.</param>
    /// <param name="ct">Stops the reading.</param>
    /// <exception cref="IndexDateException">The index date cannot be judged.</exception>
    public static EvaluationSample Read(IRiskModel model, ITimelineSource source, IndexDate index, DataPeriod period, Eligibility? eligibility = null, int workers = 0, IProgress<int>? progress = null, CancellationToken ct = default)
    {
        period.CheckOutcome(index);
        var rules = eligibility ?? Eligibility.Default;
        var features = FeatureSet.Of(model.FeatureIds);
        var chunks = BatchWork.Map(source, workers, () => Worker(model, features, index, rules), progress, ct);
        var sample = new EvaluationSample();
        foreach (var (probability, outcome, groups) in chunks.SelectMany(c => c))
        {
            sample.Add(probability, outcome, groups);
        }

        return sample;
    }

    private static Func<PersonTimelineBatch, List<(double, bool, PersonGroups)>> Worker(IRiskModel model, FeatureSet features, IndexDate index, Eligibility rules)
    {
        var history = new PersonHistory();
        var values = new float[features.Count];
        return batch =>
        {
            var rows = new List<(double, bool, PersonGroups)>(batch.Count);
            for (var i = 0; i < batch.Count; i++)
            {
                ref readonly var facts = ref batch.Facts(i);
                var outcome = Eligibility.OutcomeOf(in facts, batch.Events(i), index);
                if (outcome == Outcome.Unknown || rules.Check(in facts, index) != ExclusionReason.None)
                {
                    continue;
                }

                history.Load(in facts, batch.Events(i), index);
                features.Extract(history, values);
                rows.Add((model.Score(values), outcome == Outcome.Yes, PersonGroups.Of(in facts, index)));
            }

            return rows;
        };
    }
}

/// <summary>The groups of a person for fairness tables.</summary>
/// <param name="Sex">Administrative sex.</param>
/// <param name="Age">Age in years on the index date.</param>
/// <param name="DeprivationQuintile">1 least to 5 most deprived; 0 not known.</param>
/// <param name="Ethnicity">Letter of the NHS ethnic category; 0 not known.</param>
public readonly record struct PersonGroups(Sex Sex, int Age, byte DeprivationQuintile, byte Ethnicity)
{
    /// <summary>The groups of a person at an index date.</summary>
    public static PersonGroups Of(in PersonFacts facts, IndexDate index) => new(facts.Sex, facts.AgeOn(index.Day), facts.DeprivationQuintile, facts.Ethnicity);

    /// <summary>Age in the bands of the published models.</summary>
    public string AgeBand => Age switch { < 18 => "under 18", < 35 => "18 to 34", < 45 => "35 to 44", < 55 => "45 to 54", < 65 => "55 to 64", < 75 => "65 to 74", < 85 => "75 to 84", _ => "85 and over" };

    /// <summary>Deprivation in words.</summary>
    public string Deprivation => DeprivationQuintile is 0 or > 5 ? "not known" : DeprivationQuintile switch { 1 => "1 (least deprived)", 5 => "5 (most deprived)", var q => q.ToString() };

    /// <summary>The five high-level groups of the 2001 census categories that the NHS codes.</summary>
    public string EthnicGroup => (char)Ethnicity switch
    {
        >= 'A' and <= 'C' => "White",
        >= 'D' and <= 'G' => "Mixed",
        >= 'H' and <= 'L' => "Asian or Asian British",
        >= 'M' and <= 'P' => "Black or Black British",
        'R' or 'S' => "Chinese or other",
        _ => "not known",
    };
}
