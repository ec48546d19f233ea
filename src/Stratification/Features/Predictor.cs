using System.Globalization;

namespace BetterCare.Care.Stratification.Features;

/// <summary>Which way clinicians expect a predictor to move the risk; a boosting machine is held to it.</summary>
public enum Direction
{
    /// <summary>No expectation, or a curve.</summary>
    Any = 0,

    /// <summary>More of it never lowers the risk.</summary>
    Rising = 1,

    /// <summary>More of it never raises the risk.</summary>
    Falling = -1,
}

/// <summary>Headings under which predictors are shown.</summary>
public enum PredictorGroup
{
    /// <summary>Age, sex, area.</summary>
    Demographic,

    /// <summary>Hospital, emergency department, practice and community contacts.</summary>
    Utilisation,

    /// <summary>Long-term conditions.</summary>
    Condition,

    /// <summary>Published scores and counts of conditions.</summary>
    Multimorbidity,

    /// <summary>Medicines.</summary>
    Medication,

    /// <summary>Measurements and habits.</summary>
    Observation,

    /// <summary>Function and frailty.</summary>
    Function,

    /// <summary>Home, carers and social care.</summary>
    Social,
}

/// <summary>
/// A predictor, declared once: what it is called, how it is computed, how it is told to people and where it comes from.
/// </summary>
/// <param name="Id">Stable id, as models name it.</param>
/// <param name="Group">Heading.</param>
/// <param name="Label">Plain English, for column heads and charts.</param>
/// <param name="Reason">
/// Plain English about one person; {n} is the value, {s} a plural s where the value is not 1.
/// </param>
/// <param name="ReasonWhenNone">The same where the value is 0, or null for "Label: none".</param>
/// <param name="Unit">Unit of the value; "0/1" for yes or no.</param>
/// <param name="WindowDays">How far back it looks from the index date; null: ever.</param>
/// <param name="Direction">Expected direction of risk.</param>
/// <param name="Source">Where the predictor comes from.</param>
/// <param name="Function">The value from a history and the window in days; NaN where it is not known.</param>
public sealed record Predictor(
    string Id,
    PredictorGroup Group,
    string Label,
    string Reason,
    string? ReasonWhenNone,
    string Unit,
    int? WindowDays,
    Direction Direction,
    string Source,
    Func<PersonHistory, int, float> Function)
{
    /// <summary>The columns that it makes in a logistic model by default; empty: shown or used by trees only.</summary>
    public IReadOnlyList<Term> DefaultTerms { get; init; } = [];

    /// <summary>Words for values that are codes rather than amounts, such as grades of smoking.</summary>
    public IReadOnlyDictionary<float, string>? Words { get; init; }

    /// <summary>Whether the value is yes or no.</summary>
    public bool IsYesNo => Unit == "0/1";

    /// <summary>The value for a person.</summary>
    public float Compute(PersonHistory history) => Function(history, WindowDays ?? int.MaxValue / 2);

    /// <summary>The value of a person in plain English.</summary>
    public string Describe(float value)
    {
        if (float.IsNaN(value))
        {
            return $"{Label}: not known";
        }

        if (Words is not null && Words.TryGetValue(value, out var words))
        {
            return words;
        }

        if (value == 0)
        {
            return ReasonWhenNone ?? (IsYesNo ? $"Not so: {Label.ToLowerInvariant()}" : $"{Label}: none");
        }

        var number = value == MathF.Round(value) ? value.ToString("0", CultureInfo.InvariantCulture) : value.ToString("0.##", CultureInfo.InvariantCulture);
        return Reason.Replace("{n}", number, StringComparison.Ordinal).Replace("{s}", value == 1 ? "" : "s", StringComparison.Ordinal);
    }
}
