using System.Globalization;
using System.Text;
using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Features;

namespace BetterCare.Care.Stratification.Models;

/// <summary>A model card as a document in plain English (Markdown), made from the model itself, so that both always agree.</summary>
public static class ModelCardText
{
    private const int StrongestShown = 12;

    /// <summary>Writes the card.</summary>
    /// <param name="document">The model.</param>
    /// <param name="evaluation">An evaluation to tell by group; null: only what the model says about itself.</param>
    /// <param name="about">What it was evaluated on.</param>
    public static string Of(ModelDocument document, ModelEvaluation? evaluation = null, string about = "")
    {
        var card = document.Card;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Model card: {document.Id} {document.Version}\n\n{card.Summary}\n\n");
        Row(text, "Kind", document.Kind == "ebm" ? "Explainable boosting machine: a sum of one curve per predictor and a few surfaces for pairs" : "Logistic regression: a sum of coefficients");
        Row(text, "Predicts", card.Outcome);
        Row(text, "For", card.Population);
        Row(text, "Made", card.Made);
        Row(text, "Approved by", card.ApprovedBy ?? "nobody yet");

        text.Append("""

            ## Intended use
            To help a multidisciplinary team find people whose care should be looked at. It ranks; people decide. It is not a
            diagnosis, not a reason to refuse anything to anybody, and not for use in an acute emergency. Stratification by itself
            has not been shown to reduce admissions (PRISM trial, doi:10.3310/hsdr06010).


            """);
        text.Append("## Data\n");
        Row(text, "Source", card.Data);
        Row(text, "Index date", card.IndexDate);
        Row(text, "People", card.People?.ToString("N0", CultureInfo.InvariantCulture));
        Row(text, "With the outcome", card is { Events: { } events, People: { } people } ? string.Create(CultureInfo.InvariantCulture, $"{events:N0} ({100.0 * events / people:F1} %)") : null);
        Row(text, "Training", card.Training);
        foreach (var source in card.Sources)
        {
            Row(text, "Source", source);
        }

        Performance(text, card.Performance);
        Groups(text, evaluation, about);
        Strongest(text, document);
        text.Append("\n## Limits\n");
        foreach (var limit in card.Limits)
        {
            text.Append("- ").Append(limit).Append('\n');
        }

        return text.ToString();
    }

    private static void Performance(StringBuilder text, ModelPerformance? p)
    {
        text.Append("\n## Performance on people it had not seen\n");
        if (p is null)
        {
            text.Append("Not measured. Evaluate it (`./run evaluate`, `POST /v1/model-evaluations`) before it is activated.\n");
            return;
        }

        text.Append(CultureInfo.InvariantCulture, $"""
            {p.How}; {p.People:N0} people, {p.Events:N0} with the outcome.

            | AUROC (chance 0.5) | Brier score | calibration slope (perfect 1) | calibration intercept (perfect 0) |
            | --- | --- | --- | --- |
            | {p.Auroc:F3} | {p.Brier:F4} | {p.CalibrationSlope:F2} | {p.CalibrationIntercept:F2} |

            """);
    }

    private static void Groups(StringBuilder text, ModelEvaluation? evaluation, string about)
    {
        text.Append("\n## By group\n");
        if (evaluation is null)
        {
            text.Append("Told by an evaluation on the people of a place: its page has a table by sex, age, deprivation and ethnic group.\n");
            return;
        }

        text.Append(CultureInfo.InvariantCulture, $"{about} {evaluation.People:N0} people, {evaluation.Events:N0} with the outcome; AUROC {evaluation.Auroc.Value:F3} ({evaluation.Auroc.Low:F3} to {evaluation.Auroc.High:F3}).\n\n")
            .Append("| | group | people | predicted | observed | AUROC | share in the top 5 % |\n| --- | --- | --- | --- | --- | --- | --- |\n");
        foreach (var g in evaluation.Groups)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {g.Dimension} | {g.Group} | {g.People:N0} | {100 * g.MeanPredicted:F1} % | {100 * g.Observed.Value:F1} % | {(g.Auroc is { } a ? a.Value.ToString("F3", CultureInfo.InvariantCulture) : "-")} | {100 * g.SelectedShare:F1} % |\n");
        }
    }

    private static void Strongest(StringBuilder text, ModelDocument document)
    {
        text.Append("\n## What it looks at\n")
            .Append(CultureInfo.InvariantCulture, $"{document.ToModel().FeatureIds.Count} predictors. Those whose curve spreads widest, as the odds at their highest over those at their lowest:\n\n");
        foreach (var curve in ShapeCurve.All(document).OrderByDescending(c => c.Spread).Take(StrongestShown))
        {
            text.Append(CultureInfo.InvariantCulture, $"- {Predictors.Find(curve.Feature)?.Label ?? curve.Feature}: {Math.Exp(curve.Spread):F1}\n");
        }
    }

    private static void Row(StringBuilder text, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            text.Append(CultureInfo.InvariantCulture, $"- **{name}**: {value}\n");
        }
    }
}
