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
    private const double Right = 12;

    private readonly StringBuilder _body = new();
    private readonly (double Low, double High) _x;
    private readonly (double Low, double High) _y;
    private readonly string _title;

    public Svg(string title, string xLabel, string yLabel, (double Low, double High) x, (double Low, double High) y, string format = "0.##;-0.##;0")
    {
        _title = title;
        _x = x.High > x.Low ? x : (x.Low - 0.5, x.Low + 0.5);
        _y = y.High > y.Low ? y : (y.Low - 0.5, y.Low + 0.5);
        for (var i = 0; i <= 4; i++)
        {
            var vx = _x.Low + ((_x.High - _x.Low) * i / 4);
            var vy = _y.Low + ((_y.High - _y.Low) * i / 4);
            Raw($"<line class=\"grid\" x1=\"{N(Left)}\" x2=\"{N(Width - Right)}\" y1=\"{N(Y(vy))}\" y2=\"{N(Y(vy))}\"/>");
            Text(X(vx), Height - Bottom + 16, "middle", vx.ToString(format, CultureInfo.InvariantCulture));
            Text(Left - 6, Y(vy) + 4, "end", vy.ToString(format, CultureInfo.InvariantCulture));
        }

        Text((Left + Width - Right) / 2, Height - 6, "middle", xLabel);
        Raw($"<text class=\"label\" transform=\"translate(12 {N((Top + Height - Bottom) / 2)}) rotate(-90)\" text-anchor=\"middle\">{Escape(yLabel)}</text>");
    }

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

    private void Text(double x, double y, string anchor, string text) =>
        Raw($"<text class=\"label\" x=\"{N(x)}\" y=\"{N(y)}\" text-anchor=\"{anchor}\">{Escape(text)}</text>");

    private void Raw(string text) => _body.Append(text);

    private static string N(double v) => v.ToString("0.#", CultureInfo.InvariantCulture);
}
