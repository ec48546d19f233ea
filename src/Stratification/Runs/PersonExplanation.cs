using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Runs;

/// <summary>One line of an explanation.</summary>
/// <param name="Feature">Id of the predictor; null for the starting point and the calibration.</param>
/// <param name="With">Id of the second predictor where two work together.</param>
/// <param name="Text">Plain English.</param>
/// <param name="LogOdds">What it adds to the log-odds.</param>
/// <param name="Value">Value of the predictor; null where not known or none.</param>
public sealed record ExplanationLine(string? Feature, string? With, string Text, double LogOdds, float? Value)
{
    /// <summary>What it multiplies the odds by.</summary>
    public double OddsMultiplier => Math.Exp(LogOdds);
}

/// <summary>Why one person has their risk: every contribution, the starting point first, then the largest first; they add up to it.</summary>
/// <param name="Probability">The probability, 0 to 1.</param>
/// <param name="Lines">All contributions that are not 0.</param>
public sealed record PersonExplanation(double Probability, IReadOnlyList<ExplanationLine> Lines)
{
    /// <summary>Explains a person at an index date.</summary>
    public static PersonExplanation Of(IRiskModel model, in PersonTimeline person, IndexDate index)
    {
        var features = FeatureSet.Of(model.FeatureIds);
        var values = new float[features.Count];
        features.Extract(in person, index, new PersonHistory(), values);
        var contributions = new Contribution[model.MaximumContributions];
        var count = model.Explain(values, contributions);
        var lines = new List<ExplanationLine>(count);
        foreach (var c in contributions.AsSpan(0, count))
        {
            if (c.LogOdds == 0 && c.Feature != Contribution.Baseline)
            {
                continue;
            }

            var value = c.Feature >= 0 ? values[c.Feature] : float.NaN;
            lines.Add(new ExplanationLine(
                c.Feature >= 0 ? model.FeatureIds[c.Feature] : null,
                c.With >= 0 ? model.FeatureIds[c.With] : null,
                ReasonText.Of(model, c.Feature, c.With, value, c.With >= 0 ? values[c.With] : float.NaN),
                c.LogOdds,
                float.IsNaN(value) ? null : value));
        }

        return new PersonExplanation(
            model.Score(values),
            [.. lines.OrderByDescending(l => l.Feature is null && l.With is null && l == lines[0]).ThenByDescending(l => Math.Abs(l.LogOdds))]);
    }
}
