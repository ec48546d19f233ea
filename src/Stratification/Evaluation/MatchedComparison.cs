using System.Text.Json;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Evaluation;

/// <summary>One person for a matched comparison.</summary>
/// <param name="Key">Stable key; decides ties.</param>
/// <param name="LogOdds">Predicted log-odds when the service began (or would have).</param>
/// <param name="Stratum">People are only matched within a stratum, for example sex and age band.</param>
/// <param name="Before">Emergency admissions in the year before.</param>
/// <param name="After">Emergency admissions in the year after.</param>
public readonly record struct ComparedPerson(long Key, double LogOdds, int Stratum, double Before, double After);

/// <summary>Looks at people on the day on which a service began (or, without it, would have); one thread's memory, used again and again.</summary>
public sealed class ComparedPersonReader
{
    private readonly IRiskModel _model;
    private readonly IndexDate _began;
    private readonly FeatureSet _features;
    private readonly float[] _values;
    private readonly PersonHistory _history = new();

    /// <summary>Prepares the reading.</summary>
    /// <param name="model">The model whose risk people are matched on.</param>
    /// <param name="began">The day.</param>
    public ComparedPersonReader(IRiskModel model, IndexDate began)
    {
        _model = model;
        _began = began;
        _features = FeatureSet.Of(model.FeatureIds);
        _values = new float[_features.Count];
    }

    /// <summary>Risk on the day, sex and ten-year age band as stratum, emergency admissions of the 365 days before and after.</summary>
    /// <param name="key">Storage key.</param>
    /// <param name="facts">Undated facts.</param>
    /// <param name="events">The whole timeline.</param>
    public ComparedPerson Read(long key, in PersonFacts facts, ReadOnlySpan<TimelineEvent> events)
    {
        _history.Load(in facts, events, _began);
        _features.Extract(_history, _values);
        var before = _history.EmergencyAdmissions(IndexDate.OutcomeDays);

        // The year after, seen from its end, with the same rules for what one admission is.
        _history.Load(in facts, events, new IndexDate(_began.OutcomeEnd));
        var after = _history.EmergencyAdmissions(IndexDate.OutcomeDays);
        var stratum = ((int)facts.Sex * 16) + (Math.Max(0, facts.AgeOn(_began.Day)) / 10);
        return new ComparedPerson(key, Logistic.LogOdds(_model.Score(_values)), stratum, before, after);
    }

    /// <summary>Reads those with the service and those without it out of a population.</summary>
    /// <param name="model">The model whose risk people are matched on.</param>
    /// <param name="source">The people.</param>
    /// <param name="began">The day.</param>
    /// <param name="period">Days that the data covers.</param>
    /// <param name="hasService">Whether a person got it (true), did not (false), or belongs to neither (null); asked by several threads.</param>
    /// <param name="progress">Told the number of people read; may be null.</param>
    /// <param name="ct">Stops the reading.</param>
    /// <exception cref="IndexDateException">The year after the day is not covered.</exception>
    public static (List<ComparedPerson> With, List<ComparedPerson> Without) Split(
        IRiskModel model, ITimelineSource source, IndexDate began, DataPeriod period, Func<long, bool?> hasService, IProgress<int>? progress = null, CancellationToken ct = default)
    {
        period.CheckOutcome(began);
        var chunks = BatchWork.Map(source, 0, () => new ComparedPersonReader(model, began).Worker(hasService), progress, ct);
        return (
            [.. chunks.SelectMany(c => c).Where(p => p.Service).Select(p => p.Person)],
            [.. chunks.SelectMany(c => c).Where(p => !p.Service).Select(p => p.Person)]);
    }

    private Func<PersonTimelineBatch, List<(ComparedPerson Person, bool Service)>> Worker(Func<long, bool?> hasService) => batch =>
    {
        var rows = new List<(ComparedPerson, bool)>(batch.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            ref readonly var facts = ref batch.Facts(i);
            if (hasService(batch.Key(i)) is { } service
                && Eligibility.Default.Check(in facts, _began) == ExclusionReason.None
                && Eligibility.OutcomeOf(in facts, batch.Events(i), _began) != Outcome.Unknown)
            {
                rows.Add((Read(batch.Key(i), in facts, batch.Events(i)), service));
            }
        }

        return rows;
    };
}

/// <summary>
/// Emergency admissions before and after of people who got a service, against people of like risk who did not:
/// difference in differences over pairs matched one to one on the risk score.
/// </summary>
/// <param name="Treated">People with the service.</param>
/// <param name="Pairs">Those of them for whom a like person was found.</param>
/// <param name="TreatedBefore">Mean admissions a person-year before, with the service.</param>
/// <param name="TreatedAfter">After.</param>
/// <param name="ControlBefore">Mean admissions a person-year before, without the service.</param>
/// <param name="ControlAfter">After.</param>
/// <param name="Difference">Change with the service less change without, admissions a person-year; below 0: fewer.</param>
/// <param name="LogOddsGap">Mean difference in predicted log-odds within pairs; near 0: well matched.</param>
public sealed record MatchedComparison(
    int Treated, int Pairs, double TreatedBefore, double TreatedAfter, double ControlBefore, double ControlAfter, Estimate Difference, double LogOddsGap)
{
    /// <summary>What the figures cannot say; shown with them.</summary>
    public string Caution { get; } =
        "People picked at their worst get better on their own, and staff pick people for reasons that no record holds. Matching on risk takes out the first in part and the second not at all. The PRISM trial, which was randomised, found more admissions with stratification, not fewer.";

    /// <summary>The comparison as UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, EvaluationJson.Default.MatchedComparison);

    /// <summary>
    /// Matches every person with the service, highest risk first, to the nearest unused person without it in the same
    /// stratum within the caliper, and compares.
    /// </summary>
    /// <param name="treated">People with the service.</param>
    /// <param name="controls">People without it.</param>
    /// <param name="caliper">Furthest apart in standard deviations of the log-odds; Austin 2011: 0.2.</param>
    /// <exception cref="EvaluationException">Fewer than two pairs were found.</exception>
    public static MatchedComparison Between(IReadOnlyList<ComparedPerson> treated, IReadOnlyList<ComparedPerson> controls, double caliper = 0.2)
    {
        var furthest = caliper * Deviation([.. treated.Concat(controls).Select(p => p.LogOdds)]);
        var pairs = new List<(ComparedPerson With, ComparedPerson Without)>();
        var pools = controls.GroupBy(c => c.Stratum).ToDictionary(g => g.Key, g => new Pool([.. g.OrderBy(c => c.LogOdds).ThenBy(c => c.Key)]));
        foreach (var person in treated.OrderByDescending(t => t.LogOdds).ThenBy(t => t.Key))
        {
            if (pools.TryGetValue(person.Stratum, out var pool) && pool.TakeNearest(person.LogOdds, furthest) is { } match)
            {
                pairs.Add((person, match));
            }
        }

        if (pairs.Count < 2)
        {
            throw new EvaluationException($"Only {pairs.Count} of {treated.Count} people with the service could be matched. Widen the caliper or the strata, or take more people without it.");
        }

        var changes = pairs.Select(p => p.With.After - p.With.Before - (p.Without.After - p.Without.Before)).ToArray();
        return new MatchedComparison(
            treated.Count, pairs.Count,
            pairs.Average(p => p.With.Before), pairs.Average(p => p.With.After), pairs.Average(p => p.Without.Before), pairs.Average(p => p.Without.After),
            Estimate.Normal(changes.Average(), Deviation(changes) / Math.Sqrt(changes.Length)),
            pairs.Average(p => p.With.LogOdds - p.Without.LogOdds));
    }

    private static double Deviation(double[] values)
    {
        if (values.Length < 2)
        {
            return 0;
        }

        var mean = values.Average();
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
    }

    // People without the service by log-odds; used ones are skipped by links to the next free one on either side.
    private sealed class Pool
    {
        private readonly ComparedPerson[] _people;
        private readonly int[] _left;
        private readonly int[] _right;

        public Pool(ComparedPerson[] people)
        {
            _people = people;
            _left = [.. Enumerable.Range(0, people.Length + 2)];
            _right = [.. Enumerable.Range(0, people.Length + 2)];
        }

        public ComparedPerson? TakeNearest(double logOdds, double furthest)
        {
            var (low, high) = (0, _people.Length);
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                (low, high) = _people[middle].LogOdds < logOdds ? (middle + 1, high) : (low, middle);
            }

            // Places are one higher than positions, so that 0 and the last are "nobody".
            var below = Free(_left, low);
            var above = Free(_right, low + 1);
            var toBelow = below == 0 ? double.PositiveInfinity : logOdds - _people[below - 1].LogOdds;
            var toAbove = above > _people.Length ? double.PositiveInfinity : _people[above - 1].LogOdds - logOdds;
            var place = toBelow <= toAbove ? below : above;
            if (!(Math.Min(toBelow, toAbove) <= furthest))
            {
                return null;
            }

            _left[place] = place - 1;
            _right[place] = place + 1;
            return _people[place - 1];
        }

        private static int Free(int[] links, int place)
        {
            var at = place;
            while (links[at] != at)
            {
                at = links[at];
            }

            while (links[place] != at && place != at)
            {
                (links[place], place) = (at, links[place]);
            }

            return at;
        }
    }
}
