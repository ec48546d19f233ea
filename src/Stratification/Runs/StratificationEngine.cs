using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;

namespace BetterCare.Care.Stratification.Runs;

/// <summary>
/// Scores a population at an index date. Workers take turns to read a batch and score it side by side; rows are put
/// back in order, so the result is the same to the byte on any number of cores.
/// </summary>
public sealed class StratificationEngine
{
    private const string LongTermConditions = "ltc_count";

    private readonly IRiskModel _model;
    private readonly TierPolicy _policy;
    private readonly IndexDate _index;
    private readonly Eligibility _eligibility;
    private readonly FeatureSet _features;
    private readonly Predictor _longTermConditions = Predictors.Find(LongTermConditions)!;

    /// <summary>Prepares a run.</summary>
    /// <exception cref="TierPolicyException">The policy cannot be used.</exception>
    /// <exception cref="UnknownPredictorException">The model names a predictor that does not exist.</exception>
    public StratificationEngine(IRiskModel model, TierPolicy policy, IndexDate index, Eligibility? eligibility = null)
    {
        policy.Validate();
        _model = model;
        _policy = policy;
        _index = index;
        _eligibility = eligibility ?? Eligibility.Default;
        _features = FeatureSet.Of(model.FeatureIds);
    }

    /// <summary>Runs over all people of a source.</summary>
    /// <param name="source">The people; read by one thread at a time.</param>
    /// <param name="workers">Threads; 0: one per core.</param>
    /// <param name="progress">Told the number of people looked at so far; may be null.</param>
    /// <param name="ct">Stops the run between batches.</param>
    public StratificationResult Run(ITimelineSource source, int workers = 0, IProgress<int>? progress = null, CancellationToken ct = default)
    {
        var chunks = BatchWork.Map<Chunk>(source, workers, () => new Scorer(this).Score, progress, ct);
        return Assemble(chunks);
    }

    private StratificationResult Assemble(List<Chunk> chunks)
    {
        var n = chunks.Sum(c => c.Keys.Length);
        var keys = new long[n];
        var probabilities = new float[n];
        var other = new float[n];
        var places = new Place[n];
        var reasons = new RunReason[n * StratificationResult.ReasonsPerPerson];
        var excluded = new SortedDictionary<ExclusionReason, int>();
        var at = 0;
        for (var c = 0; c < chunks.Count; c++)
        {
            var chunk = chunks[c];
            chunk.Keys.CopyTo(keys, at);
            chunk.Probabilities.CopyTo(probabilities, at);
            chunk.Other.CopyTo(other, at);
            chunk.Places.CopyTo(places, at);
            chunk.Reasons.CopyTo(reasons, at * StratificationResult.ReasonsPerPerson);
            at += chunk.Keys.Length;
            foreach (var (reason, people) in chunk.Excluded)
            {
                excluded[reason] = excluded.GetValueOrDefault(reason) + people;
            }

            chunks[c] = Chunk.Pending;
        }

        SortByKey(keys, probabilities, other, places, reasons);
        var byRank = Ranking.HighestFirst(probabilities);
        var ranks = new int[n];
        for (var i = 0; i < n; i++)
        {
            ranks[byRank[i]] = i + 1;
        }

        return new StratificationResult(_model, _policy, _index, _eligibility)
        {
            PatientKeys = keys,
            Probabilities = probabilities,
            Levels = Levels(probabilities, places, byRank),
            Ranks = ranks,
            ByRank = byRank,
            Baseline = Baseline(),
            OtherLogOdds = other,
            AllReasons = reasons,
            Excluded = excluded,
        };
    }

    private byte[] Levels(float[] probabilities, Place[] places, int[] byRank)
    {
        var levels = new byte[probabilities.Length];
        Array.Fill(levels, (byte)1);
        var ranked = _policy.Population == TierPopulation.LongTermConditions ? [.. byRank.Where(i => places[i].HasCondition)] : byRank;
        var lists = _policy.Scope == TierScope.EachGroup ? ranked.GroupBy(i => places[i].Group).Select(g => g.ToArray()) : [ranked];
        foreach (var rows in lists)
        {
            var assigned = new byte[rows.Length];
            _policy.Assign(Array.ConvertAll(rows, i => probabilities[i]), assigned);
            for (var i = 0; i < rows.Length; i++)
            {
                levels[rows[i]] = assigned[i];
            }
        }

        return levels;
    }

    private float Baseline()
    {
        Span<Contribution> contributions = new Contribution[_model.MaximumContributions];
        _model.Explain(new float[_features.Count], contributions);
        return contributions[0].LogOdds;
    }

    // Storage gives people by rising key, so this is a check; any other source is put in order.
    private static void SortByKey(long[] keys, float[] probabilities, float[] other, Place[] places, RunReason[] reasons)
    {
        var sorted = true;
        for (var i = 1; i < keys.Length && sorted; i++)
        {
            sorted = keys[i - 1] <= keys[i];
        }

        if (sorted)
        {
            return;
        }

        const int k = StratificationResult.ReasonsPerPerson;
        var order = Enumerable.Range(0, keys.Length).ToArray();
        Array.Sort(keys, order);
        Permute(probabilities, order, 1);
        Permute(other, order, 1);
        Permute(places, order, 1);
        Permute(reasons, order, k);
    }

    private static void Permute<T>(T[] values, int[] order, int width)
    {
        var copy = (T[])values.Clone();
        for (var i = 0; i < order.Length; i++)
        {
            Array.Copy(copy, order[i] * width, values, i * width, width);
        }
    }

    private sealed record Chunk(long[] Keys, float[] Probabilities, float[] Other, Place[] Places, RunReason[] Reasons, IReadOnlyDictionary<ExclusionReason, int> Excluded)
    {
        public static readonly Chunk Pending = new([], [], [], [], [], new Dictionary<ExclusionReason, int>());
    }

    // What a policy may ask about a person beside the risk.
    private readonly record struct Place(int Group, bool HasCondition);

    // One worker's memory, used for every batch it takes.
    private sealed class Scorer(StratificationEngine run)
    {
        private readonly PersonHistory _history = new();
        private readonly float[] _values = new float[run._features.Count];
        private readonly Contribution[] _contributions = new Contribution[run._model.MaximumContributions];

        public Chunk Score(PersonTimelineBatch batch)
        {
            const int k = StratificationResult.ReasonsPerPerson;
            var n = 0;
            var keys = new long[batch.Count];
            var probabilities = new float[batch.Count];
            var other = new float[batch.Count];
            var places = new Place[batch.Count];
            var reasons = new RunReason[batch.Count * k];
            var excluded = new Dictionary<ExclusionReason, int>();
            for (var i = 0; i < batch.Count; i++)
            {
                ref readonly var facts = ref batch.Facts(i);
                var reason = run._eligibility.Check(in facts, run._index);
                if (reason != ExclusionReason.None)
                {
                    excluded[reason] = excluded.GetValueOrDefault(reason) + 1;
                    continue;
                }

                _history.Load(in facts, batch.Events(i), run._index);
                run._features.Extract(_history, _values);
                keys[n] = batch.Key(i);
                probabilities[n] = (float)run._model.Score(_values);
                places[n] = new Place(batch.Group(i), run._longTermConditions.Compute(_history) > 0);
                other[n] = Reasons(reasons.AsSpan(n * k, k));
                n++;
            }

            Array.Resize(ref keys, n);
            Array.Resize(ref probabilities, n);
            Array.Resize(ref other, n);
            Array.Resize(ref places, n);
            Array.Resize(ref reasons, n * k);
            return new Chunk(keys, probabilities, other, places, reasons, excluded);
        }

        // Keeps the largest contributions, largest first (the earlier predictor first at a tie), and adds up the rest.
        private float Reasons(Span<RunReason> kept)
        {
            var count = run._model.Explain(_values, _contributions);
            var all = _contributions.AsSpan(1, count - 1);
            var rest = 0.0;
            foreach (ref readonly var c in all)
            {
                rest += c.LogOdds;
            }

            var filled = 0;
            foreach (ref readonly var c in all)
            {
                var size = Math.Abs(c.LogOdds);
                if (size == 0 || c.Feature < 0 || (filled == kept.Length && size <= Math.Abs(kept[^1].LogOdds)))
                {
                    continue;
                }

                var place = filled < kept.Length ? filled++ : kept.Length - 1;
                while (place > 0 && Math.Abs(kept[place - 1].LogOdds) < size)
                {
                    kept[place] = kept[place - 1];
                    place--;
                }

                kept[place] = new RunReason(c.Feature, c.With, c.LogOdds, _values[c.Feature], c.With < 0 ? 0 : _values[c.With]);
            }

            foreach (ref readonly var r in kept[..filled])
            {
                rest -= r.LogOdds;
            }

            return (float)rest;
        }
    }
}

/// <summary>Ranking by probability.</summary>
public static class Ranking
{
    /// <summary>
    /// Positions from the highest probability to the lowest; equal ones keep their order, which is that of patient keys.
    /// </summary>
    public static int[] HighestFirst(ReadOnlySpan<float> probabilities)
    {
        // Bits of a non-negative float rise with its value: turned round in the upper half, the position below, one
        // sort of plain numbers does both.
        var composite = new ulong[probabilities.Length];
        for (var i = 0; i < composite.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(probabilities[i]);
            composite[i] = ((ulong)~bits << 32) | (uint)i;
        }

        Array.Sort(composite);
        var order = new int[composite.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = (int)(uint)composite[i];
        }

        return order;
    }
}
