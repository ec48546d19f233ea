using System.Globalization;
using System.Net;
using System.Text;

namespace BetterCare.Care.Stratification.Evaluation;

/// <summary>Small plots as SVG text: a title for screen readers, axes with numbers, no scripts, no outside resources.</summary>
internal sealed class Svg
{
    private const double Width = 420;
    private const double Height = 300;
    private const double Left = 52;
    private const double Bottom = 44;
    private const double Top = 12;
    private const double Right = 18;

    /// <summary>What arithmetic may add to a round number.</summary>
    private const double Rounding = 1e-9;

    private readonly StringBuilder _body = new();
    private readonly (double Low, double High) _x;
    private readonly (double Low, double High) _y;
    private readonly string _title;

    /// <summary>An empty plot; the upright axis ends at round numbers, whatever the data.</summary>
    /// <param name="title">For screen readers.</param>
    /// <param name="xLabel">What goes along.</param>
    /// <param name="yLabel">What goes up.</param>
    /// <param name="x">Range along.</param>
    /// <param name="y">Range upwards.</param>
    /// <param name="bands">Names of equal bands along the axis, each named in its middle; null: it is a scale.</param>
    public Svg(string title, string xLabel, string yLabel, (double Low, double High) x, (double Low, double High) y, IReadOnlyList<string>? bands = null)
    {
        _title = title;
        _x = x.High > x.Low ? x : (x.Low - 0.5, x.Low + 0.5);
        var (low, high) = y.High > y.Low ? y : (y.Low - 0.5, y.Low + 0.5);
        var step = Step(high - low);
        _y = (Math.Floor((low / step) + Rounding) * step, Math.Ceiling((high / step) - Rounding) * step);
        foreach (var value in Ticks(_y, step))
        {
            Raw($"<line class=\"grid\" x1=\"{N(Left)}\" x2=\"{N(Width - Right)}\" y1=\"{N(Y(value))}\" y2=\"{N(Y(value))}\"/>");
            Text(Left - 6, Y(value) + 4, "end", Number(value));
        }

        if (bands is null)
        {
            foreach (var value in Ticks(_x, Step(_x.High - _x.Low)))
            {
                Text(X(value), Height - Bottom + 16, "middle", Number(value));
            }
        }

        for (var i = 0; i < bands?.Count; i++)
        {
            Text(X(_x.Low + ((_x.High - _x.Low) * (i + 0.5) / bands.Count)), Height - Bottom + 16, "middle", bands[i]);
        }

        Text((Left + Width - Right) / 2, Height - 6, "middle", xLabel);
        Raw($"<text class=\"label\" transform=\"translate(12 {N((Top + Height - Bottom) / 2)}) rotate(-90)\" text-anchor=\"middle\">{Escape(yLabel)}</text>");
    }

    /// <summary>The round number at which an axis ends that has to reach a value.</summary>
    public static double End(double value) => Math.Ceiling((value / Step(value)) - Rounding) * Step(value);

    public void Line(IEnumerable<(double X, double Y)> points, string style)
    {
        var path = string.Join(' ', points.Select(p => $"{N(X(p.X))},{N(Y(p.Y))}"));
        Raw($"<polyline class=\"{style}\" points=\"{path}\"/>");
    }

    public void Bar(double from, double to, double value, string style)
    {
        var (a, b) = (Y(Math.Max(_y.Low, 0)), Y(value));
        Raw($"<rect class=\"{style}\" x=\"{N(X(from))}\" width=\"{N(Math.Max(0, X(to) - X(from)))}\" y=\"{N(Math.Min(a, b))}\" height=\"{N(Math.Abs(a - b))}\"/>");
    }

    public void Dot(double x, double y, double low, double high)
    {
        Raw($"<line class=\"interval\" x1=\"{N(X(x))}\" x2=\"{N(X(x))}\" y1=\"{N(Y(low))}\" y2=\"{N(Y(high))}\"/>");
        Raw($"<circle class=\"dot\" cx=\"{N(X(x))}\" cy=\"{N(Y(y))}\" r=\"3\"/>");
    }

    public override string ToString() =>
        $"<svg role=\"img\" viewBox=\"0 0 {N(Width)} {N(Height)}\" aria-label=\"{Escape(_title)}\"><title>{Escape(_title)}</title>{_body}</svg>";

    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    private double X(double v) => Left + ((Math.Clamp(v, _x.Low, _x.High) - _x.Low) / (_x.High - _x.Low) * (Width - Left - Right));

    private double Y(double v) => Height - Bottom - ((Math.Clamp(v, _y.Low, _y.High) - _y.Low) / (_y.High - _y.Low) * (Height - Bottom - Top));

    /// <summary>A quarter of a span or a little more, as 1, 2, 2.5 or 5 of its power of ten.</summary>
    private static double Step(double span)
    {
        var raw = span / 4;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        foreach (var round in (double[])[1, 2, 2.5, 5])
        {
            if (round * power >= raw * (1 - Rounding))
            {
                return round * power;
            }
        }

        return 10 * power;
    }

    private static IEnumerable<double> Ticks((double Low, double High) range, double step)
    {
        for (var i = Math.Ceiling((range.Low / step) - Rounding); i * step <= range.High + (Rounding * step); i++)
        {
            yield return i * step;
        }
    }

    private static string Number(double v) => v.ToString("#,0.####;-#,0.####;0", CultureInfo.InvariantCulture);

    private void Text(double x, double y, string anchor, string text) =>
        Raw($"<text class=\"label\" x=\"{N(x)}\" y=\"{N(y)}\" text-anchor=\"{anchor}\">{Escape(text)}</text>");

    private void Raw(string text) => _body.Append(text);

    private static string N(double v) => v.ToString("0.#", CultureInfo.InvariantCulture);
}
