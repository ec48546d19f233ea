using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;

namespace BetterCare.Care.Stratification.Runs;

/// <summary>An index date cannot be used; the message says why and what would do.</summary>
public sealed class IndexDateException(string message) : Exception(message);

/// <summary>The days that the data covers, against which index dates are judged.</summary>
/// <param name="From">First day with events.</param>
/// <param name="To">Last day with events.</param>
public readonly record struct DataPeriod(DateOnly From, DateOnly To)
{
    /// <summary>Refuses an index date that a run cannot be made for.</summary>
    /// <exception cref="IndexDateException">Before the data, or after its last day but one.</exception>
    public void CheckRun(IndexDate index)
    {
        if (index.Date <= From)
        {
            throw new IndexDateException($"The index date {index} is before the data, which begins on {From:yyyy-MM-dd}: there would be nothing to look back on. Take a later date.");
        }

        if (index.Date > To.AddDays(1))
        {
            throw new IndexDateException($"The index date {index} is after the data, which ends on {To:yyyy-MM-dd}. Take that day's morrow or an earlier date.");
        }
    }

    /// <summary>Refuses an index date whose outcome year the data does not cover, for training and evaluation.</summary>
    /// <exception cref="IndexDateException">The outcome window is not over.</exception>
    public void CheckOutcome(IndexDate index)
    {
        CheckRun(index);
        if (index.OutcomeEnd > To.AddDays(1))
        {
            throw new IndexDateException($"The outcome window of index date {index} ends on {index.OutcomeEnd.AddDays(-1):yyyy-MM-dd}, but the data ends on {To:yyyy-MM-dd}. The latest index date that can be judged is {To.AddDays(1 - IndexDate.OutcomeDays):yyyy-MM-dd}.");
        }
    }
}

/// <summary>People whose outcome is known, with their features, and how many were left out and why.</summary>
/// <param name="Data">Features and outcomes, in the order of the source.</param>
/// <param name="Excluded">People left out, by reason.</param>
/// <param name="OutcomeUnknown">Eligible people who left before the year was over without an emergency admission.</param>
public sealed record Cohort(TrainingSet Data, IReadOnlyDictionary<ExclusionReason, int> Excluded, int OutcomeUnknown)
{
    /// <summary>Reads features and outcomes of a population at an index date, for training.</summary>
    /// <param name="source">The people.</param>
    /// <param name="features">The predictors.</param>
    /// <param name="index">The index date.</param>
    /// <param name="period">Days that the data covers.</param>
    /// <param name="eligibility">Who belongs to it; null: adults.</param>
    /// <param name="workers">Threads; 0: one per core.</param>
    /// <param name="progress">Told the number of people read; may be null.</param>
    /// <param name="ct">Stops the reading.</param>
    /// <exception cref="IndexDateException">The index date cannot be used.</exception>
    public static Cohort Read(ITimelineSource source, FeatureSet features, IndexDate index, DataPeriod period, Eligibility? eligibility = null, int workers = 0, IProgress<int>? progress = null, CancellationToken ct = default)
    {
        period.CheckOutcome(index);
        return Read(source, features, index, withOutcome: true, eligibility, workers, progress, ct);
    }

    /// <summary>Reads the features of a population at an index date whatever became of it, to tell how far they have moved. Every outcome says no.</summary>
    /// <param name="source">The people.</param>
    /// <param name="features">The predictors.</param>
    /// <param name="index">The index date.</param>
    /// <param name="period">Days that the data covers.</param>
    /// <param name="ct">Stops the reading.</param>
    /// <exception cref="IndexDateException">The index date cannot be used.</exception>
    public static TrainingSet ReadFeatures(ITimelineSource source, FeatureSet features, IndexDate index, DataPeriod period, CancellationToken ct = default)
    {
        period.CheckRun(index);
        return Read(source, features, index, withOutcome: false, null, 0, null, ct).Data;
    }

    private static Cohort Read(ITimelineSource source, FeatureSet features, IndexDate index, bool withOutcome, Eligibility? eligibility, int workers, IProgress<int>? progress, CancellationToken ct)
    {
        var rules = eligibility ?? Eligibility.Default;
        var chunks = BatchWork.Map<Chunk>(source, workers, () => new Reader(features, index, rules, withOutcome).Read, progress, ct);
        var data = new TrainingSet(features);
        var excluded = new SortedDictionary<ExclusionReason, int>();
        var unknown = 0;
        for (var c = 0; c < chunks.Count; c++)
        {
            var chunk = chunks[c];
            for (var i = 0; i < chunk.Keys.Count; i++)
            {
                data.Add(chunk.Keys[i], chunk.Values.AsSpan(i * features.Count, features.Count), chunk.Outcomes[i]);
            }

            unknown += chunk.Unknown;
            foreach (var (reason, people) in chunk.Excluded)
            {
                excluded[reason] = excluded.GetValueOrDefault(reason) + people;
            }

            chunks[c] = null!;
        }

        return new Cohort(data, excluded, unknown);
    }

    private sealed record Chunk(List<long> Keys, float[] Values, List<bool> Outcomes, Dictionary<ExclusionReason, int> Excluded, int Unknown);

    private sealed class Reader(FeatureSet features, IndexDate index, Eligibility eligibility, bool withOutcome)
    {
        private readonly PersonHistory _history = new();

        public Chunk Read(PersonTimelineBatch batch)
        {
            var keys = new List<long>(batch.Count);
            var outcomes = new List<bool>(batch.Count);
            var values = new float[batch.Count * features.Count];
            var excluded = new Dictionary<ExclusionReason, int>();
            var unknown = 0;
            for (var i = 0; i < batch.Count; i++)
            {
                ref readonly var facts = ref batch.Facts(i);
                var reason = eligibility.Check(in facts, index);
                if (reason != ExclusionReason.None)
                {
                    excluded[reason] = excluded.GetValueOrDefault(reason) + 1;
                    continue;
                }

                var outcome = withOutcome ? Eligibility.OutcomeOf(in facts, batch.Events(i), index) : Outcome.No;
                if (outcome == Outcome.Unknown)
                {
                    unknown++;
                    continue;
                }

                _history.Load(in facts, batch.Events(i), index);
                features.Extract(_history, values.AsSpan(keys.Count * features.Count, features.Count));
                keys.Add(batch.Key(i));
                outcomes.Add(outcome == Outcome.Yes);
            }

            return new Chunk(keys, values, outcomes, excluded, unknown);
        }
    }
}
