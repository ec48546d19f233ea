using System.Text.Json;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>
/// A second look into a small part of the JSON, for the few rules that compare values deep inside. The JSON is known to be well
/// formed; what has another shape than expected is answered with nothing.
/// </summary>
internal static class Scan
{
    /// <summary>The JSON of a property of an object; empty when absent or not an object.</summary>
    public static ReadOnlySpan<byte> Field(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            return default;
        }

        var reader = Reader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = IsNamed(ref reader, name);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (found)
            {
                return json[start..(int)reader.BytesConsumed];
            }
        }

        return default;
    }

    /// <summary>The items of an array, or the value itself when it is none; nothing when absent.</summary>
    public static ItemsOf Items(ReadOnlySpan<byte> json) => new(json);

    /// <summary>The content of a string, without JSON escapes; other JSON as it is.</summary>
    public static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> json)
    {
        if (json.Length < 2 || json[0] != (byte)'"')
        {
            return json;
        }

        json = json[1..^1];
        if (!json.Contains((byte)'\\'))
        {
            return json;
        }

        // Some serialisers write every / as \/, so this is not an error, but it is rare enough to allocate.
        var text = new byte[json.Length];
        return text.AsSpan(0, Math.Max(0, JsonText.Unescape(json, text)));
    }

    /// <summary>Whether a CodeableConcept, or one of an array of them, has a coding.</summary>
    public static bool HasCoding(ReadOnlySpan<byte> concepts, ReadOnlySpan<byte> system, params ReadOnlySpan<string> codes)
    {
        foreach (var concept in Items(concepts))
        {
            foreach (var coding in Items(Field(concept, "coding"u8)))
            {
                if (!Text(Field(coding, "system"u8)).SequenceEqual(system))
                {
                    continue;
                }

                var code = Text(Field(coding, "code"u8));
                foreach (var wanted in codes)
                {
                    if (System.Text.Ascii.Equals(code, wanted))
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    /// <summary>
    /// Whether no two items of a tree have the same text in a child; one pass, however deep the tree.
    /// </summary>
    /// <param name="json">An array of items; empty when absent.</param>
    /// <param name="branch">The property of an item that holds items.</param>
    /// <param name="leaf">The property that must differ.</param>
    public static bool AreDistinct(ReadOnlySpan<byte> json, ReadOnlySpan<byte> branch, ReadOnlySpan<byte> leaf)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var reader = Reader(json);
        while (!json.IsEmpty && reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || IsNamed(ref reader, branch))
            {
                continue;
            }

            var isLeaf = IsNamed(ref reader, leaf);
            reader.Read();
            if (isLeaf && reader.TokenType == JsonTokenType.String && JsonText.ToString(reader.ValueSpan) is { } text && !seen.Add(text))
            {
                return false;
            }

            reader.Skip();
        }

        return true;
    }

    /// <summary>
    /// Whether the property that was just read has a name. Utf8JsonReader.ValueTextEquals throws at half a surrogate pair, which
    /// anybody can post.
    /// </summary>
    public static bool IsNamed(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        if (!reader.ValueIsEscaped)
        {
            return reader.ValueSpan.SequenceEqual(name);
        }

        var text = new byte[reader.ValueSpan.Length];
        var length = JsonText.Unescape(reader.ValueSpan, text);
        return length >= 0 && name.SequenceEqual(text.AsSpan(0, length));
    }

    private static Utf8JsonReader Reader(ReadOnlySpan<byte> json) => new(json, new JsonReaderOptions { MaxDepth = 1000 });

    /// <summary>Enumerates the JSON of the items.</summary>
    public ref struct ItemsOf
    {
        private readonly ReadOnlySpan<byte> _json;
        private readonly bool _isArray;
        private Utf8JsonReader _reader;
        private bool _done;

        public ItemsOf(ReadOnlySpan<byte> json)
        {
            _json = json;
            _done = json.IsEmpty;
            _isArray = !_done && json[0] == (byte)'[';
            _reader = Reader(json);
            if (_isArray)
            {
                _reader.Read();
            }
        }

        public ReadOnlySpan<byte> Current { get; private set; }

        public readonly ItemsOf GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_done)
            {
                return false;
            }

            if (!_isArray)
            {
                _done = true;
                Current = _json;
                return true;
            }

            if (!_reader.Read() || _reader.TokenType == JsonTokenType.EndArray)
            {
                _done = true;
                return false;
            }

            var start = (int)_reader.TokenStartIndex;
            _reader.Skip();
            Current = _json[start..(int)_reader.BytesConsumed];
            return true;
        }
    }
}
