using System.Globalization;
using System.Text;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;

namespace BetterCare.Care.Stratification.Evaluation;

/// <summary>
/// An evaluation as one HTML page that stands alone: plain words first, plots as SVG, every plot with its data table
/// below it, no scripts.
/// </summary>
public static class EvaluationReport
{
    private const string Style = """
        body{font-family:"Frutiger W01",Arial,sans-serif;color:#212b32;background:#fff;max-width:960px;margin:0 auto;padding:16px;line-height:1.5}
        h1,h2,h3{line-height:1.2}table{border-collapse:collapse;margin:8px 0 24px;width:100%;font-size:.9rem}
        caption{text-align:left;font-weight:bold;padding:4px 0}th,td{border-bottom:1px solid #d8dde0;padding:4px 6px;text-align:right;vertical-align:top}td{white-space:nowrap}
        table.wide{font-size:.8rem}table.wide th,table.wide td{padding:4px}
        th:first-child,td:first-child{text-align:left}svg{max-width:640px;width:100%;height:auto;background:#fff;border:1px solid #d8dde0}
        .grid{stroke:#d8dde0}.label{font-size:11px;fill:#212b32}.curve{fill:none;stroke:#005eb8;stroke-width:2}
        .reference{fill:none;stroke:#4c6272;stroke-dasharray:4 4}.bar{fill:#005eb8}.bar2{fill:#aeb7bd}.dot{fill:#005eb8}.interval{stroke:#005eb8}
        .shapes{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:16px}summary{cursor:pointer;color:#005eb8}
        .note{border-left:8px solid #005eb8;background:#f0f4f5;padding:8px 16px}
        @media print{@page{size:A4;margin:15mm}body{max-width:none;padding:0;font-size:10pt}h1,h2,h3,caption{break-after:avoid}svg,tr,.note,.shapes>div{break-inside:avoid}
        svg{max-width:120mm}.shapes{grid-template-columns:1fr 1fr}details{display:none}.bar,.bar2,.note{print-color-adjust:exact}}
        """;

    /// <summary>Writes the page.</summary>
    /// <param name="document">The model.</param>
    /// <param name="evaluation">How good it was.</param>
    /// <param name="about">What it was evaluated on, in a sentence: place, index date, whether the people were new to the model.</param>
    /// <param name="drift">How far its predictors have moved since a baseline; null: not told.</param>
    public static string ToHtml(ModelDocument document, ModelEvaluation evaluation, string about, DriftReport? drift = null)
    {
        var html = new StringBuilder();
        html.Append("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
            .Append($"<title>How good is {E(document.Id)} {E(document.Version)}?</title><style>{Style}</style></head><body><main>")
            .Append($"<h1>How good is {E(document.Id)} {E(document.Version)}?</h1><p>{E(document.Card.Summary)}</p><p>{E(about)}</p>");
        InWords(html, evaluation);
        Figures(html, evaluation);
        Roc(html, evaluation);
        Calibration(html, evaluation);
        Deciles(html, evaluation);
        Cuts(html, evaluation);
        Groups(html, evaluation);
        Moved(html, drift);
        Shapes(html, document);
        Card(html, document);
        return html.Append("</main></body></html>\n").ToString();
    }

    private static void InWords(StringBuilder html, ModelEvaluation e)
    {
        var five = e.Cuts[^1];
        html.Append("<div class=\"note\"><h2>In words</h2><ul>")
            .Append($"<li>Of two people, one who was admitted as an emergency and one who was not, the model gives the higher risk to the right one {P(e.Auroc.Value)} of the time. Chance is 50 %; published models reach 69 to 80 %. Above 85 % look for predictors that know the future.</li>")
            .Append($"<li>Of the 5 % of people at highest risk, {P(five.PositivePredictiveValue.Value)} were admitted; they were {P(five.Sensitivity.Value)} of all who were.</li>")
            .Append($"<li>It told {P(e.MeanPredicted)} on average; {P((double)e.Events / e.People)} were admitted.</li>")
            .Append("<li>A good ranking does not show that acting on it helps: the PRISM trial found more admissions with stratification, not fewer.</li></ul></div>");
    }

    private static void Figures(StringBuilder html, ModelEvaluation e) => Table(html, "Figures with 95 % intervals", ["Figure", "Value", "From", "To", "Perfect"],
    [
        ["People", Count(e.People), "", "", ""],
        ["People admitted as an emergency", Count(e.Events), "", "", ""],
        ["AUROC", Fixed(e.Auroc.Value), Fixed(e.Auroc.Low), Fixed(e.Auroc.High), "1"],
        ["Average precision", Fixed(e.AveragePrecision), "", "", "1"],
        ["Brier score", Fixed(e.Brier), "", "", "0"],
        ["Scaled Brier score", Fixed(e.ScaledBrier), "", "", "1"],
        ["Calibration slope", Fixed(e.CalibrationSlope.Value), Fixed(e.CalibrationSlope.Low), Fixed(e.CalibrationSlope.High), "1"],
        ["Calibration intercept", Fixed(e.CalibrationIntercept.Value), Fixed(e.CalibrationIntercept.Low), Fixed(e.CalibrationIntercept.High), "0"],
    ]);

    private static void Roc(StringBuilder html, ModelEvaluation e)
    {
        var svg = new Svg($"ROC curve, area {F(e.Auroc.Value)}", "False positive rate", "True positive rate (sensitivity)", (0, 1), (0, 1));
        svg.Line([(0, 0), (1, 1)], "reference");
        svg.Line(e.Roc.Select(p => (p.FalsePositiveRate, p.TruePositiveRate)), "curve");
        Plot(html, "Telling people apart (ROC curve)", svg, ["False positive rate", "True positive rate", "Threshold"],
            e.Roc.Where((_, i) => i % 10 == 0).Select(p => new[] { F(p.FalsePositiveRate), F(p.TruePositiveRate), F(p.Threshold) }));
    }

    private static void Calibration(StringBuilder html, ModelEvaluation e)
    {
        var top = Svg.End(Math.Max(0.05, e.Calibration.Max(b => Math.Max(b.Predicted, b.Observed.High))));
        var svg = new Svg("Calibration: observed against predicted", "Predicted", "Observed", (0, top), (0, top));
        svg.Line([(0, 0), (top, top)], "reference");
        foreach (var band in e.Calibration.Where(b => b.People > 0))
        {
            svg.Dot(band.Predicted, band.Observed.Value, band.Observed.Low, band.Observed.High);
        }

        Plot(html, "Believing the numbers (calibration)", svg, ["Band", "People", "Predicted", "Observed", "From", "To"],
            e.Calibration.Select((b, i) => new[] { Count(i + 1), Count(b.People), P(b.Predicted), P(b.Observed.Value), P(b.Observed.Low), P(b.Observed.High) }));
    }

    private static void Deciles(StringBuilder html, ModelEvaluation e)
    {
        var svg = new Svg("Observed and predicted admissions by tenth of risk", "Tenth, highest risk first", "Share admitted", (0, 10), (0, e.Deciles.Max(d => Math.Max(d.Predicted, d.Observed.Value))), [.. e.Deciles.Select(d => Count(d.Number))]);
        foreach (var d in e.Deciles)
        {
            svg.Bar(d.Number - 0.9, d.Number - 0.5, d.Observed.Value, "bar");
            svg.Bar(d.Number - 0.5, d.Number - 0.1, d.Predicted, "bar2");
        }

        Plot(html, "By tenth of risk (blue: observed, grey: predicted)", svg, ["Tenth", "People", "Admitted", "Observed", "Predicted", "Lowest", "Highest"],
            e.Deciles.Select(d => new[] { Count(d.Number), Count(d.People), Count(d.Events), P(d.Observed.Value), P(d.Predicted), P(d.Lowest), P(d.Highest) }));
    }

    private static void Cuts(StringBuilder html, ModelEvaluation e)
    {
        html.Append("<h2>At the top of the list</h2>");
        Table(html, "What the top of the list finds", ["Top", "People", "Threshold", "Positive predictive value", "Sensitivity", "Mean predicted"],
            e.Cuts.Select(c => new[] { P(c.Share), Count(c.People), P(c.Threshold), Interval(c.PositivePredictiveValue), Interval(c.Sensitivity), P(c.MeanPredicted) }));
    }

    private static void Groups(StringBuilder html, ModelEvaluation e)
    {
        html.Append("<h2>Is it fair?</h2><p>One cut for everyone, the top 5 %. Where observed to expected is above 1 the group's risk is told too low.</p>");
        foreach (var dimension in e.Groups.GroupBy(g => g.Dimension))
        {
            Table(html, dimension.Key, ["Group", "People", "Observed", "Predicted", "Observed to expected", "AUROC", "Calibration slope", "Selected", "Positive predictive value", "Sensitivity"],
                dimension.Select(g => new[]
                {
                    g.Group, Count(g.People), P(g.Observed.Value), P(g.MeanPredicted), g.ObservedToExpected is { } oe ? F(oe) : "-", Interval(g.Auroc, Fixed), Interval(g.CalibrationSlope, Fixed),
                    P(g.SelectedShare), Interval(g.PositivePredictiveValue), Interval(g.Sensitivity),
                }));
        }
    }

    private static void Shapes(StringBuilder html, ModelDocument document)
    {
        html.Append("<h2>What the model has learnt</h2><p>What each value of a predictor adds to the log-odds, against the average person. 0.7 doubles the odds.</p>");
        if (document.Terms is { } terms)
        {
            Table(html, "Odds ratios", ["Column", "Odds ratio", "From", "To"], terms.Where(t => t.Coefficient != 0).Select(t => new[]
            {
                $"{Predictors.Find(t.Term.Feature)?.Label ?? t.Term.Feature} ({Form(t.Term)})", F(t.OddsRatio), t.OddsRatioInterval is { } i ? F(i.Low) : "", t.OddsRatioInterval is { } j ? F(j.High) : "",
            }));
        }

        html.Append("<div class=\"shapes\">");
        foreach (var shape in ShapeCurve.All(document).OrderByDescending(s => s.Spread))
        {
            var label = Predictors.Find(shape.Feature)?.Label ?? shape.Feature;
            var svg = new Svg($"{label}: added log-odds by value", Predictors.Find(shape.Feature)?.Unit ?? "value", "Added log-odds", (shape.Points[0].X, shape.Points[^1].X), (Math.Min(0, shape.Points.Min(p => p.Y)), Math.Max(0, shape.Points.Max(p => p.Y))));
            svg.Line([(shape.Points[0].X, 0), (shape.Points[^1].X, 0)], "reference");
            svg.Line(shape.Points, "curve");
            html.Append("<div>");
            Plot(html, label, svg, ["Value", "Added log-odds"], shape.Points.Where((_, i) => i % Math.Max(1, shape.Points.Count / 20) == 0).Select(p => new[] { F(p.X), F(p.Y) })
                .Append(["not known", F(shape.Missing)]), "h3");
            html.Append("</div>");
        }

        html.Append("</div>");
        foreach (var pair in document.Pairs ?? [])
        {
            var (rows, columns) = (Ranges(pair.FirstEdges), Ranges(pair.SecondEdges));
            Table(html, $"{Predictors.Find(pair.First)?.Label} and {Predictors.Find(pair.Second)?.Label} together: added log-odds", [Predictors.Find(pair.First)?.Label ?? pair.First, .. columns],
                rows.Select((r, i) => new[] { r }.Concat(columns.Select((_, j) => F(pair.Scores[(i * columns.Count) + j]))).ToArray()));
        }
    }

    private static void Card(StringBuilder html, ModelDocument document)
    {
        var card = document.Card;
        html.Append("<h2>Model card</h2><dl>");
        void Entry(string name, string? value) => html.Append(string.IsNullOrEmpty(value) ? "" : $"<dt><strong>{E(name)}</strong></dt><dd>{E(value)}</dd>");
        Entry("Outcome", card.Outcome);
        Entry("Data", card.Data);
        Entry("Population", card.Population);
        Entry("Index date", card.IndexDate);
        Entry("Made", card.Made);
        Entry("Training", card.Training);
        Entry("Limits", string.Join(" ", card.Limits));
        Entry("Sources", string.Join("; ", card.Sources));
        Entry("Approved by", card.ApprovedBy ?? "nobody yet");
        html.Append("</dl>");
    }

    private static void Moved(StringBuilder html, DriftReport? drift)
    {
        if (drift is not null)
        {
            html.Append("<h2>How far predictors have moved</h2>");
            Table(html, "Population stability index since the baseline, the most moved first", ["Predictor", "Index", "Reading"],
                drift.Rows.Select(r => new[] { Predictors.Find(r.What)?.Label ?? r.What, F(r.Index), r.Reading }));
        }
    }

    private static void Plot(StringBuilder html, string heading, Svg svg, string[] head, IEnumerable<string[]> rows, string level = "h2")
    {
        html.Append($"<{level}>{E(heading)}</{level}>{svg}<details><summary>The numbers behind the plot</summary>");
        Table(html, heading, head, rows);
        html.Append("</details>");
    }

    private static void Table(StringBuilder html, string caption, IReadOnlyList<string> head, IEnumerable<string[]> rows)
    {
        html.Append($"<table{(head.Count > 8 ? " class=\"wide\"" : "")}><caption>{E(caption)}</caption><thead><tr>");
        foreach (var h in head)
        {
            html.Append($"<th scope=\"col\">{E(h)}</th>");
        }

        html.Append("</tr></thead><tbody>");
        foreach (var row in rows)
        {
            html.Append($"<tr><th scope=\"row\">{E(row[0])}</th>");
            foreach (var cell in row.Skip(1))
            {
                // An interval stands below its value.
                html.Append($"<td>{E(cell).Replace("\n", "<br/>", StringComparison.Ordinal)}</td>");
            }

            html.Append("</tr>");
        }

        html.Append("</tbody></table>");
    }

    private static List<string> Ranges(IReadOnlyList<float> edges)
    {
        var ranges = new List<string>();
        for (var i = 0; i <= edges.Count; i++)
        {
            ranges.Add(edges.Count == 0 ? "any value" : i == 0 ? $"below {F(edges[0])}" : i == edges.Count ? $"{F(edges[^1])} and over" : $"{F(edges[i - 1])} to {F(edges[i])}");
        }

        ranges.Add("not known");
        return ranges;
    }

    private static string Form(Term term) => term.Form switch
    {
        TermForm.Linear => "per unit",
        TermForm.Log1p => "per unit of ln(1 + value)",
        TermForm.Capped => $"per unit, at most {term.To}",
        TermForm.AtLeast => $"{term.From} or more",
        TermForm.Band => term.From is null ? $"below {term.To}" : term.To is null ? $"{term.From} or more" : $"{term.From} to below {term.To}",
        TermForm.Hinge => $"per unit above {term.From}",
        _ => "not known",
    };

    private static string Interval(Estimate? e, Func<double, string>? format = null)
    {
        var f = format ?? P;
        return e is { } v ? $"{f(v.Value)}\n{f(v.Low).Replace(" %", "", StringComparison.Ordinal)} to {f(v.High)}" : "-";
    }

    private static string E(string text) => Svg.Escape(text);

    private static string F(double v) => v.ToString("0.###;-0.###;0", CultureInfo.InvariantCulture);

    private static string Fixed(double v) => v.ToString("0.000", CultureInfo.InvariantCulture);

    private static string P(double v) => (100 * v).ToString("0.#", CultureInfo.InvariantCulture) + " %";

    private static string Count(int v) => v.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>What a model adds over the range of one predictor, for plots.</summary>
/// <param name="Feature">Id of the predictor.</param>
/// <param name="Points">Value and added log-odds, rising by value.</param>
/// <param name="Missing">Added log-odds where the value is not known.</param>
public sealed record ShapeCurve(string Feature, IReadOnlyList<(double X, double Y)> Points, double Missing)
{
    /// <summary>Highest less lowest added log-odds: how much the predictor can matter.</summary>
    public double Spread => Points.Max(p => p.Y) - Points.Min(p => p.Y);

    /// <summary>The curves of all predictors of a model.</summary>
    public static IEnumerable<ShapeCurve> All(ModelDocument document) =>
        document.Shapes is { } shapes
            ? shapes.Select(OfShape)
            : (document.Terms ?? []).GroupBy(t => t.Term.Feature, StringComparer.Ordinal).Select(OfTerms);

    private static ShapeCurve OfShape(ShapeFunction shape)
    {
        var points = new List<(double, double)>();
        for (var i = 0; i < shape.Scores.Count; i++)
        {
            var from = i == 0 ? (shape.Edges.Count == 0 ? 0 : shape.Edges[0] - 1) : shape.Edges[i - 1];
            var to = i == shape.Scores.Count - 1 ? from + 1 : shape.Edges[i];
            points.Add((from, shape.Scores[i]));
            points.Add((to, shape.Scores[i]));
        }

        return new ShapeCurve(shape.Feature, points, shape.Missing);
    }

    private static ShapeCurve OfTerms(IGrouping<string, LogisticTerm> terms)
    {
        var ends = terms.SelectMany(t => new[] { t.Term.From, t.Term.To }).OfType<float>().ToList();
        var (low, high) = Range(Predictors.Find(terms.Key)) ?? (Math.Min(0, ends.Prepend(0).Min()), Math.Max(10, ends.Prepend(0).Max() * 1.25f));
        double At(float x) => terms.Sum(t => t.Coefficient * (t.Term.Apply(x) - t.Mean));
        return new ShapeCurve(terms.Key, [.. Enumerable.Range(0, 101).Select(i => low + ((high - low) * i / 100)).Select(x => ((double)x, At(x)))], At(float.NaN));
    }

    /// <summary>The values that people have, by what is measured; null for counts, which begin at nought and have no end.</summary>
    private static (float Low, float High)? Range(Predictor? predictor) => predictor switch
    {
        { IsYesNo: true } or { Unit: "0 to 1" } => (0, 1),
        { Unit: "years" } => (18, 100),
        { Unit: "quintile" } => (1, 5),
        { Words.Count: > 0 } graded => (0, graded.Words.Keys.Max()),
        { Unit: "kg/m2" } => (15, 45),
        { Unit: "mmHg" } => (80, 200),
        { Unit: "g/L" } => (70, 180),
        { Unit: "mmol/L" } => (120, 150),
        { Unit: "mL/min/1.73m2" } => (10, 120),
        { Unit: "mmol/mol" } => (25, 120),
        _ => null,
    };
}
