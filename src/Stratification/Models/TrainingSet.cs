using BetterCare.Care.Stratification.Features;

namespace BetterCare.Care.Stratification.Models;

/// <summary>
/// People with features and a known outcome, in blocks, so that it grows without copying. Rows keep the order in which
/// they were added; add them in a fixed order (by patient key) for repeatable models.
/// </summary>
public sealed class TrainingSet
{
    /// <summary>Rows in one block.</summary>
    public const int BlockRows = 4096;

    /// <summary>Fewest events, and fewest non-events, that a model may be trained on.</summary>
    public const int FewestEvents = 100;

    private readonly List<float[]> _blocks = [];
    private readonly List<bool> _outcomes = [];
    private readonly List<long> _keys = [];

    /// <summary>An empty set for these predictors.</summary>
    public TrainingSet(FeatureSet features) => Features = features;

    /// <summary>The predictors.</summary>
    public FeatureSet Features { get; }

    /// <summary>Number of people.</summary>
    public int Count => _outcomes.Count;

    /// <summary>Number of people who had the outcome.</summary>
    public int Events { get; private set; }

    /// <summary>Number of blocks of rows.</summary>
    public int BlockCount => _blocks.Count;

    /// <summary>Adds one person.</summary>
    /// <param name="key">Stable key; decides the fold.</param>
    /// <param name="values">One value per predictor; NaN: not known.</param>
    /// <param name="outcome">Whether the outcome came.</param>
    public void Add(long key, ReadOnlySpan<float> values, bool outcome)
    {
        var width = Features.Count;
        if (values.Length != width)
        {
            throw new ArgumentException("One value per predictor.", nameof(values));
        }

        var row = Count % BlockRows;
        if (row == 0)
        {
            _blocks.Add(new float[BlockRows * width]);
        }

        values.CopyTo(_blocks[^1].AsSpan(row * width, width));
        _outcomes.Add(outcome);
        _keys.Add(key);
        Events += outcome ? 1 : 0;
    }

    /// <summary>The features of one person.</summary>
    public ReadOnlySpan<float> Row(int i) => _blocks[i / BlockRows].AsSpan(i % BlockRows * Features.Count, Features.Count);

    /// <summary>Whether the outcome came.</summary>
    public bool Outcome(int i) => _outcomes[i];

    /// <summary>Stable key of one person.</summary>
    public long Key(int i) => _keys[i];

    /// <summary>The fold of one person out of <paramref name="folds"/>, from the key alone.</summary>
    public int Fold(int i, int folds) => (int)(Mix((ulong)_keys[i]) % (ulong)folds);

    /// <summary>Refuses a set that cannot carry a model.</summary>
    /// <exception cref="TrainingException">Too few events or non-events.</exception>
    public void Validate()
    {
        if (Count == 0)
        {
            throw new TrainingException("There is nobody to train on: no eligible person had a known outcome at this index date.");
        }

        if (Events < FewestEvents || Count - Events < FewestEvents)
        {
            throw new TrainingException($"Training needs at least {FewestEvents} people with the outcome and {FewestEvents} without; there are {Events} and {Count - Events}. Take a larger population or an index date with a full year of data after it.");
        }
    }

    // SplitMix64: spreads sequential keys evenly.
    internal static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
