namespace BetterCare.Care.Stratification.Features;

/// <summary>How a predictor enters a logistic model.</summary>
public enum TermForm
{
    /// <summary>The value itself.</summary>
    Linear,

    /// <summary>ln(1 + value), for counts whose effect levels off.</summary>
    Log1p,

    /// <summary>The value, at most <see cref="Term.To"/>.</summary>
    Capped,

    /// <summary>1 where the value is <see cref="Term.From"/> or more, else 0.</summary>
    AtLeast,

    /// <summary>1 where the value is from <see cref="Term.From"/> to below <see cref="Term.To"/>, else 0; an open end is null.</summary>
    Band,

    /// <summary>What the value exceeds <see cref="Term.From"/> by, else 0: a bend in a line.</summary>
    Hinge,

    /// <summary>1 where the value is missing, else 0.</summary>
    Missing,
}

/// <summary>One column of a logistic model: a predictor in a form. A missing value makes every form but Missing 0.</summary>
/// <param name="Feature">Id of the predictor.</param>
/// <param name="Form">The form.</param>
/// <param name="From">Lower end, in the predictor's unit, where the form has one.</param>
/// <param name="To">Upper end, in the predictor's unit, where the form has one.</param>
public sealed record Term(string Feature, TermForm Form, float? From = null, float? To = null)
{
    /// <summary>The column's value for a value of the predictor.</summary>
    public float Apply(float value) => Apply(Form, value, From ?? float.NegativeInfinity, To ?? float.PositiveInfinity);

    /// <summary>The column's value, ends unpacked.</summary>
    internal static float Apply(TermForm form, float value, float from, float to)
    {
        if (float.IsNaN(value))
        {
            return form == TermForm.Missing ? 1 : 0;
        }

        return form switch
        {
            TermForm.Linear => value,
            TermForm.Log1p => LogOnePlus(value),
            TermForm.Capped => Math.Min(value, to),
            TermForm.AtLeast => value >= from ? 1 : 0,
            TermForm.Band => value >= from && value < to ? 1 : 0,
            TermForm.Hinge => value > from ? value - from : 0,
            _ => 0,
        };
    }

    // Counts are nearly always small whole numbers; a table saves the logarithm.
    private static readonly float[] LogOfSmall = [.. Enumerable.Range(0, 256).Select(i => (float)Math.Log(1 + i))];

    private static float LogOnePlus(float value)
    {
        var whole = (int)value;
        return whole == value && (uint)whole < 256u ? LogOfSmall[whole] : (float)Math.Log(1 + Math.Max(0, value));
    }
}
