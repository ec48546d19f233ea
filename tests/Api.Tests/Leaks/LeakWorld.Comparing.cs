using System.Globalization;
using System.Text.RegularExpressions;

namespace BetterCare.Care.Tests.Api.Leaks;

/// <summary>Compares answers about another practice's person with answers about nobody.</summary>
public sealed partial class LeakWorld
{
    /// <summary>Sends a request with their marks and with nobody's; notes where the answers differ, or where theirs shows.</summary>
    internal async Task<int> TriedAsync(string token, HttpMethod method, string shape, string? body, List<string> leaks, string type = "application/fhir+json", params (string Name, string Value)[] headers)
    {
        var theirs = await App.SendAsync(token, method, InPlace(shape), body is null ? null : InPlace(body), type, [.. headers.Select(h => (h.Name, InPlace(h.Value)))]);
        var asked = InPlace(shape) + InPlace(body ?? "");
        var nobody = shape == InPlace(shape) && body == (body is null ? null : InPlace(body))
            ? theirs
            : await App.SendAsync(token, method, Nobodys(shape), body is null ? null : Nobodys(body), type, [.. headers.Select(h => (h.Name, Nobodys(h.Value)))]);
        if (theirs.Status != nobody.Status || Plain(theirs.Text) != Plain(nobody.Text))
        {
            leaks.Add($"{method} {shape}: {theirs.Status} {Short(theirs.Text)} | {nobody.Status} {Short(nobody.Text)}");
        }
        else if (ReferenceEquals(theirs.Text, nobody.Text) && Marked(theirs.Text) && !Marked(asked))
        {
            leaks.Add($"{method} {shape}: {theirs.Status} {Short(theirs.Text[Math.Max(0, theirs.Text.IndexOf(TheirMark, StringComparison.OrdinalIgnoreCase))..])}");
        }

        theirs.Status.ShouldBeLessThan(500, $"{method} {shape}: {theirs.Text}");
        return theirs.Status;
    }

    internal static bool Marked(string text) => text.Contains(TheirMark, StringComparison.OrdinalIgnoreCase) || text.Contains(Theirs, StringComparison.Ordinal);

    internal string InPlace(string text) => Filled(text, Theirs, TheirMark, TheirPractice, i => i.Theirs);

    private string Nobodys(string text) => Filled(text, Nobody, NoMark, NoPractice, i => i.Nobody);

    private string Filled(string text, string number, string mark, string practice, Func<(string Theirs, string Nobody), string> id)
    {
        foreach (var (key, value) in Ids)
        {
            text = text.Replace($"{{id:{key}}}", id(value), StringComparison.Ordinal);
        }

        return text.Replace("{num}", number, StringComparison.Ordinal).Replace("{mark}", mark, StringComparison.Ordinal).Replace("{practice}", practice, StringComparison.Ordinal);
    }

    /// <summary>An answer without what differs from one request to the next, and without the marks that were asked for.</summary>
    private static string Plain(string text) => Varying().Replace(
        text.Replace(Theirs, Nobody, StringComparison.Ordinal).Replace(TheirMark, NoMark, StringComparison.OrdinalIgnoreCase).Replace(TheirPractice, NoPractice, StringComparison.Ordinal), "~");

    private static string Short(string text) => text.Length > 300 ? string.Create(CultureInfo.InvariantCulture, $"{text[..300]}… ({text.Length})") : text;

    // Instants, ids that the server gave, and sealed page links.
    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|_cursor=[^""&]+|p-[0-9a-f]{24}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Varying();
}
