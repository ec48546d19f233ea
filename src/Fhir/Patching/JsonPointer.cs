using System.Globalization;
using System.Text.Json.Nodes;

namespace BetterCare.Care.Fhir.Patching;

/// <summary>A JSON Pointer (RFC 6901).</summary>
internal sealed class JsonPointer
{
    private readonly string[] _tokens;

    private JsonPointer(string[] tokens) => _tokens = tokens;

    /// <summary>Whether it points at the whole document.</summary>
    public bool IsRoot => _tokens.Length == 0;

    /// <summary>The last token.</summary>
    public string Last => _tokens[^1];

    /// <summary>Reads a pointer; null if it is none.</summary>
    public static JsonPointer? Parse(string? text)
    {
        if (text is null || (text.Length > 0 && text[0] != '/'))
        {
            return null;
        }

        if (text.Length == 0)
        {
            return new JsonPointer([]);
        }

        var tokens = text[1..].Split('/');
        for (var i = 0; i < tokens.Length; i++)
        {
            if (!TryUnescape(tokens[i], out tokens[i]))
            {
                return null;
            }
        }

        return new JsonPointer(tokens);
    }

    /// <summary>Whether the other points inside what this points at.</summary>
    public bool IsProperPrefixOf(JsonPointer other) =>
        _tokens.Length < other._tokens.Length && other._tokens.AsSpan(0, _tokens.Length).SequenceEqual(_tokens);

    /// <summary>What it points at; false if there is nothing there. A JSON null is there, as null.</summary>
    public bool TryFind(JsonNode? root, out JsonNode? found)
    {
        found = root;
        return Follow(_tokens, ref found);
    }

    /// <summary>The object or array that holds what it points at, there or not.</summary>
    public JsonNode? Parent(JsonNode? root)
    {
        var parent = root;
        return Follow(_tokens.AsSpan(..^1), ref parent) ? parent : null;
    }

    /// <summary>An array index without leading zeros, below <paramref name="limit"/>.</summary>
    public static bool TryIndex(string token, int limit, out int index)
    {
        index = 0;
        return token.Length is > 0 and < 10
            && (token.Length == 1 || token[0] != '0')
            && int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out index)
            && index < limit;
    }

    private static bool Follow(ReadOnlySpan<string> tokens, ref JsonNode? at)
    {
        foreach (var token in tokens)
        {
            switch (at)
            {
                case JsonObject o when o.TryGetPropertyValue(token, out var value):
                    at = value;
                    break;
                case JsonArray a when TryIndex(token, a.Count, out var index):
                    at = a[index];
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    // ~1 is a slash and ~0 a tilde; any other tilde is an error.
    private static bool TryUnescape(string token, out string plain)
    {
        plain = token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        for (var i = token.IndexOf('~', StringComparison.Ordinal); i >= 0; i = token.IndexOf('~', i + 1))
        {
            if (i + 1 >= token.Length || token[i + 1] is not ('0' or '1'))
            {
                return false;
            }
        }

        return true;
    }
}
