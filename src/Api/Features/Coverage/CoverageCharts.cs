using System.Globalization;
using System.Net;
using System.Text;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>Charts as SVG text: named for screen readers, values written out, no scripts, no outside resources; every chart stands beside its table.</summary>
internal static class CoverageCharts
{
    private const int Width = 720;
    private const int Label = 250;
    private const int Bar = 13;

    /// <summary>Horizontal bars of percentages, several to a group.</summary>
    public static string Bars(string title, IReadOnlyList<string> series, IReadOnlyList<(string Group, IReadOnlyList<string> Values)> groups)
    {
        var body = new StringBuilder();
        var y = 26;
        for (var s = 0; s < series.Count; s++)
        {
            body.Append(Invariant($"<rect class=\"s{s}\" x=\"{Label + (s * 150)}\" y=\"2\" width=\"12\" height=\"12\"/><text x=\"{Label + 18 + (s * 150)}\" y=\"13\">{Text(series[s])}</text>"));
        }

        foreach (var (group, values) in groups)
        {
            body.Append(Invariant($"<text class=\"group\" x=\"{Label - 8}\" y=\"{y + (values.Count * Bar / 2) + 4}\" text-anchor=\"end\">{Text(group.Length > 36 ? group[..35] + "…" : group)}</text>"));
            for (var s = 0; s < values.Count; s++)
            {
                var length = Number(values[s]) is { } percent ? Math.Min(100, percent) / 100 * (Width - Label - 60) : 0;
                body.Append(Invariant($"<rect class=\"s{s}\" x=\"{Label}\" y=\"{y}\" width=\"{length:0.#}\" height=\"{Bar - 2}\"/><text class=\"value\" x=\"{Label + length + 5:0.#}\" y=\"{y + Bar - 3}\">{Text(values[s])}</text>"));
                y += Bar;
            }

            y += 8;
        }

        body.Append(Invariant($"<line class=\"axis\" x1=\"{Label}\" x2=\"{Label}\" y1=\"20\" y2=\"{y}\"/>"));
        return Frame(title, y + 4, body);
    }

    /// <summary>Lines of percentages over months. A hidden value breaks the line.</summary>
    public static string Lines(string title, IReadOnlyList<string> months, IReadOnlyList<(string Name, IReadOnlyList<string> Values)> series)
    {
        const int Left = 48, Top = 26, Bottom = 226, Right = Width - 150;
        var body = new StringBuilder();
        for (var percent = 0; percent <= 100; percent += 25)
        {
            var at = Y(percent);
            body.Append(Invariant($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Right}\" y1=\"{at:0.#}\" y2=\"{at:0.#}\"/><text x=\"{Left - 6}\" y=\"{at + 4:0.#}\" text-anchor=\"end\">{percent} %</text>"));
        }

        for (var i = 0; i < months.Count; i++)
        {
            if (i % Math.Max(1, months.Count / 8) == 0 || i == months.Count - 1)
            {
                body.Append(Invariant($"<text x=\"{X(i):0.#}\" y=\"{Bottom + 18}\" text-anchor=\"middle\">{Text(months[i])}</text>"));
            }
        }

        for (var s = 0; s < series.Count; s++)
        {
            var points = new List<string>();
            double? last = null;
            for (var i = 0; i <= months.Count; i++)
            {
                if (i < months.Count && Number(series[s].Values[i]) is { } value)
                {
                    points.Add(Invariant($"{X(i):0.#},{Y(value):0.#}"));
                    body.Append(Invariant($"<circle class=\"s{s}\" cx=\"{X(i):0.#}\" cy=\"{Y(value):0.#}\" r=\"3\"/>"));
                    last = value;
                }
                else if (points.Count > 0)
                {
                    body.Append(Invariant($"<polyline class=\"l{s}\" points=\"{string.Join(' ', points)}\"/>"));
                    points.Clear();
                }
            }

            if (last is { } end)
            {
                body.Append(Invariant($"<rect class=\"s{s}\" x=\"{Right + 10}\" y=\"{30 + (s * 22)}\" width=\"12\" height=\"12\"/><text x=\"{Right + 28}\" y=\"{41 + (s * 22)}\">{Text(series[s].Name)}: {end:0.0} %</text>"));
            }
        }

        return Frame(title, Bottom + 26, body);

        double X(int i) => months.Count == 1 ? (Left + Right) / 2.0 : Left + 20 + ((Right - Left - 40) * (double)i / (months.Count - 1));
        double Y(double percent) => Bottom - ((Bottom - Top) * Math.Clamp(percent, 0, 100) / 100);
    }

    private static string Frame(string title, int height, StringBuilder body) =>
        Invariant($"<svg role=\"img\" viewBox=\"0 0 {Width} {height}\" aria-label=\"{Text(title)}. The figures are in the table that follows.\"><title>{Text(title)}</title>{body}</svg>");

    private static double? Number(string value) => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
