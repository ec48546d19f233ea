using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using BetterCare.Care.Api.Features.Bcf;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>The report as one HTML page that stands by itself: reads on a screen, prints on A4, needs no script and nothing from elsewhere.</summary>
internal static class CoveragePage
{
    private const string Style = """
        :root { color-scheme: light; }
        body { font: 16px/1.5 Arial, Helvetica, sans-serif; color: #212b32; background: #fff; margin: 0 auto; max-width: 60rem; padding: 1.5rem; }
        h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; }
        h2 { font-size: 1.35rem; margin: 2.25rem 0 .5rem; border-top: 3px solid #005eb8; padding-top: .6rem; }
        h3 { font-size: 1.05rem; margin: 1.5rem 0 .25rem; }
        .answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem; margin: 1rem 0; padding: 0; }
        .answers div { border: 1px solid #768692; border-top: 6px solid #005eb8; padding: .75rem 1rem; }
        .answers dt { font-size: .95rem; }
        .answers dd { margin: 0; font-size: 1.9rem; font-weight: bold; }
        .answers dd span { display: block; font-size: .9rem; font-weight: normal; }
        .note { color: #425563; }
        figure { margin: .75rem 0; }
        svg { width: 100%; height: auto; font: 12px Arial, Helvetica, sans-serif; }
        svg text { fill: #212b32; }
        .s0 { fill: #005eb8; } .s1 { fill: #00704a; } .s2 { fill: #7c2855; }
        .l0, .l1, .l2 { fill: none; stroke-width: 2.5; } .l0 { stroke: #005eb8; } .l1 { stroke: #00704a; stroke-dasharray: 6 3; } .l2 { stroke: #7c2855; stroke-dasharray: 2 3; }
        .grid { stroke: #d8dde0; } .axis { stroke: #425563; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-size: .875rem; margin: .5rem 0 1rem; }
        caption { text-align: left; font-weight: bold; padding: .4rem 0; }
        th, td { border-bottom: 1px solid #d8dde0; padding: .3rem .5rem; text-align: right; white-space: nowrap; }
        th:first-child, td:first-child { text-align: left; white-space: normal; }
        tfoot th, tfoot td { border-top: 2px solid #425563; font-weight: bold; }
        thead { display: table-header-group; }
        @page { size: A4; margin: 14mm; }
        @media print { body { font-size: 11pt; max-width: none; padding: 0; } h2 { break-after: avoid; } figure, tr, .answers div { break-inside: avoid; } .scroll { overflow: visible; } table { font-size: 8.5pt; } }
        """;

    /// <summary>What the page may do: nothing but its own style.</summary>
    public static string Policy { get; } =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static string Render(CoverageReport report)
    {
        var a = report.First;
        var html = new StringBuilder(32_768);
        html.Append("<!DOCTYPE html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Coverage of leads and joint plans, ")
            .Append(Text(a.StandsFor)).Append("</title><style>").Append(Style).Append("</style></head><body><main>");
        html.Append($"<h1>Joint assessment and accountable lead professional</h1><p>Better Care Fund, national condition. Figures for {Text(a.StandsFor)}, {(a.Population == "adults" ? "adults of 18 and over" : "everybody on the list")}.</p><p class=\"note\">{Text(a.Legend)}</p>");
        html.Append("<h2>The three answers</h2><dl class=\"answers\">");
        Answer("At high risk of hospital admission", a.Total.HighRiskPercent, $"{a.Total.HighRisk} of {a.Total.People}; by the model alone {Percent(a.HighRiskByModelPercent)}");
        Answer("Of those, with an accountable lead", a.Total.WithLeadPercent, a.Total.WithLead);
        Answer("Of those, with a joint plan in force", a.Total.WithPlanPercent, $"{a.Total.WithPlan}; overdue for review {a.Total.PlanOverdue}");
        Answer("Of those, with both", a.Total.WithBothPercent, a.Total.WithBoth);
        Answer("With a verified NHS number", a.Total.NumberVerifiedPercent, $"{a.Total.NumberVerified} of {a.Total.People}");
        html.Append("</dl><h3>By what approach</h3><p>").Append(Text(a.Approach)).Append("</p>");
        Table("Adults by level", ["Level", "Adults", "%"], a.Tiers.Select(t => (string[])[t.Level, t.Adults, t.Percent]), null);
        Table("Leads by sector", ["Sector", "Leads"], [["Health", a.Total.LeadInHealth], ["Social care", a.Total.LeadInSocialCare], ["Voluntary organisations", a.Total.LeadInVoluntary]], ["All", a.Total.WithLead]);
        Trend(report.Trend);
        foreach (var answer in report.Answers)
        {
            Breakdown(answer);
        }

        if (report.Bcf is { } bcf)
        {
            Metrics(bcf);
        }

        html.Append("</main></body></html>");
        return html.ToString();

        void Answer(string question, string percent, string counts) =>
            html.Append($"<div><dt>{Text(question)}</dt><dd>{Text(Percent(percent))} <span>{Text(counts)}</span></dd></div>");

        void Trend(CoverageTrend trend)
        {
            html.Append("<h2>Month by month, as it stood then</h2>");
            IReadOnlyList<string> Of(Func<CoverageRow, string> value) => [.. trend.Months.Select(m => value(m.Figures))];
            Figure(CoverageCharts.Lines(
                "Share of people at high risk with a lead, a joint plan and both, by month",
                [.. trend.Months.Select(m => m.Month)],
                [("Lead", Of(r => r.WithLeadPercent)), ("Plan", Of(r => r.WithPlanPercent)), ("Both", Of(r => r.WithBothPercent))]));
            Table("Coverage by month", Heads("Month"), trend.Months.Select(m => Cells(m.Month, m.Figures)), null);
        }

        void Breakdown(CoverageAnswer answer)
        {
            html.Append($"<h2>By {Text(Named(answer.By))}</h2>");

            // A chart of two hundred practices would say nothing; their table does.
            if (answer.Rows.Count <= 30)
            {
                Figure(CoverageCharts.Bars(
                    $"Share of people at high risk with a lead, a joint plan and both, by {Named(answer.By)}",
                    ["Lead", "Plan", "Both"],
                    [.. answer.Rows.Select(r => (r.Group, (IReadOnlyList<string>)[r.WithLeadPercent, r.WithPlanPercent, r.WithBothPercent]))]));
            }

            Table($"Coverage by {Named(answer.By)}", Heads(Named(answer.By)), answer.Rows.Select(r => Cells(r.Group, r)), Cells("All", answer.Total));
        }

        void Metrics(BcfAnswer bcf)
        {
            html.Append($"<h2>Better Care Fund metrics, twelve months to {Text(bcf.Until)}</h2><p class=\"note\">{Text(bcf.Legend)}</p>");
            foreach (var m in bcf.Metrics)
            {
                html.Append($"<h3>{Text(m.Title)}</h3><p>{Text(Capital(m.Numerator))}, of {Text(m.Denominator)}; {Text(m.Unit)}. {Text(Capital(m.Period))}. {(m.LowerIsBetter ? "Lower is better." : "Higher is better.")}{(m.Note is { } note ? $" <span class=\"note\">{Text(note)}</span>" : "")}</p>");
                Table(m.Title, ["Area", "Numerator", "Denominator", "Value", "Baseline", "Change %", "Target", "Target met"], m.Areas.Select(Line), Line(m.Whole));
            }

            static string[] Line(BcfLineView l) =>
                [l.Area, l.Numerator, l.Denominator, l.Value, Number(l.Baseline), Number(l.ChangeOnBaselinePercent), Number(l.Target), l.TargetIsMet switch { true => "yes", false => "no", _ => "-" }];
        }

        void Figure(string svg) => html.Append("<figure>").Append(svg).Append("</figure>");

        void Table(string caption, string[] heads, IEnumerable<string[]> rows, string[]? foot)
        {
            html.Append($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{Text(caption)}\"><table><caption>{Text(caption)}</caption><thead><tr>");
            foreach (var head in heads)
            {
                html.Append($"<th scope=\"col\">{Text(head)}</th>");
            }

            html.Append("</tr></thead><tbody>");
            foreach (var row in rows)
            {
                Row(row);
            }

            html.Append("</tbody>");
            if (foot is not null)
            {
                html.Append("<tfoot>");
                Row(foot);
                html.Append("</tfoot>");
            }

            html.Append("</table></div>");
        }

        void Row(string[] cells)
        {
            html.Append($"<tr><th scope=\"row\">{Text(cells[0])}</th>");
            foreach (var cell in cells.AsSpan(1))
            {
                html.Append($"<td>{Text(cell)}</td>");
            }

            html.Append("</tr>");
        }
    }

    private static string[] Heads(string first) => [Capital(first), "People", "High risk", "High risk %", "Lead", "Lead %", "Plan", "Plan %", "Both", "Both %", "Overdue"];

    private static string[] Cells(string first, CoverageRow r) =>
        [first, r.People, r.HighRisk, r.HighRiskPercent, r.WithLead, r.WithLeadPercent, r.WithPlan, r.WithPlanPercent, r.WithBoth, r.WithBothPercent, r.PlanOverdue];

    private static string Named(string by) => by switch
    {
        "locality" => "locality (CCG, sub-ICB location)",
        "place" => "place (local authority)",
        "neighbourhood" => "neighbourhood (primary care network)",
        _ => by,
    };

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    private static string Percent(string rate) => rate is "*" or "-" ? rate : rate + " %";

    private static string Number(decimal? value) => value?.ToString("0.0", CultureInfo.InvariantCulture) ?? "-";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
