using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>Query strings, and FHIR's own escapes inside values (<c>\,</c> <c>\$</c> <c>\|</c> <c>\\</c>).</summary>
public static class QueryText
{
    /// <summary>Reads a query string or a form body into names and values, in order.</summary>
    /// <param name="query">With or without the leading question mark, percent-encoded.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> Parse(string query)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var part in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? part : part[..equals];
            var value = equals < 0 ? "" : part[(equals + 1)..];
            pairs.Add(KeyValuePair.Create(Decode(name), Decode(value)));
        }

        return pairs;
    }

    internal static string Encode(string text) => Uri.EscapeDataString(text);

    /// <summary>Splits at a separator that no backslash stands before; the escapes stay in the parts.</summary>
    internal static List<string> Split(string text, char separator)
    {
        var parts = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == separator)
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
        }

        parts.Add(text[start..]);
        return parts;
    }

    /// <summary>Takes the backslash off the four characters that FHIR escapes.</summary>
    internal static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is (',' or '$' or '|' or '\\'))
            {
                i++;
            }

            plain.Append(text[i]);
        }

        return plain.ToString();
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
