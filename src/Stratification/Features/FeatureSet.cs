using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Features;

/// <summary>An ordered choice of predictors, and their extraction for a person.</summary>
public sealed class FeatureSet
{
    private readonly Func<PersonHistory, int, float>[] _functions;
    private readonly int[] _windows;

    private FeatureSet(IReadOnlyList<Predictor> predictors)
    {
        Predictors = predictors;
        _functions = [.. predictors.Select(p => p.Function)];
        _windows = [.. predictors.Select(p => p.WindowDays ?? int.MaxValue / 2)];
    }

    /// <summary>The predictors that models are trained on by default.</summary>
    public static FeatureSet Default { get; } = Of(Features.Predictors.DefaultIds);

    /// <summary>The predictors in order.</summary>
    public IReadOnlyList<Predictor> Predictors { get; }

    /// <summary>Number of values per person.</summary>
    public int Count => _functions.Length;

    /// <summary>The set of these predictors in this order.</summary>
    /// <exception cref="UnknownPredictorException">An id is not that of a predictor.</exception>
    public static FeatureSet Of(IEnumerable<string> ids)
    {
        var predictors = new List<Predictor>();
        var unknown = new List<string>();
        foreach (var id in ids)
        {
            if (Features.Predictors.Find(id) is { } predictor)
            {
                predictors.Add(predictor);
            }
            else
            {
                unknown.Add(id);
            }
        }

        return unknown.Count == 0 ? new FeatureSet(predictors) : throw new UnknownPredictorException(unknown);
    }

    /// <summary>
    /// Computes all values of a person that has been loaded into <paramref name="history"/>. Allocates nothing.
    /// </summary>
    /// <param name="history">The person before the index date.</param>
    /// <param name="values">Receives <see cref="Count"/> values; NaN: not known.</param>
    public void Extract(PersonHistory history, Span<float> values)
    {
        var functions = _functions;
        for (var i = 0; i < functions.Length; i++)
        {
            values[i] = functions[i](history, _windows[i]);
        }
    }

    /// <summary>Loads a person and computes all values.</summary>
    public void Extract(in PersonTimeline person, IndexDate index, PersonHistory scratch, Span<float> values)
    {
        scratch.Load(person.Facts, person.Events.Span, index);
        Extract(scratch, values);
    }
}

/// <summary>A model or a request names a predictor that does not exist.</summary>
public sealed class UnknownPredictorException(IReadOnlyList<string> ids)
    : Exception($"Unknown predictor{(ids.Count == 1 ? "" : "s")}: {string.Join(", ", ids.Take(10))}. The known ones are: {string.Join(", ", Predictors.All.Select(p => p.Id))}.")
{
    /// <summary>The ids that are not known.</summary>
    public IReadOnlyList<string> Ids { get; } = ids;
}
