using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// One value inside JSON bytes that were validated when they were stored: a window, not a copy and not a tree.
/// Reading a property scans for it and skips the rest, which for a resource of a few hundred bytes is cheaper than
/// building a document and allocates nothing.
/// </summary>
public readonly ref struct JsonView
{
    /// <summary>A view of the value that <paramref name="json"/> holds; white space (and a BOM) around it is ignored.</summary>
    public JsonView(ReadOnlySpan<byte> json)
    {
        if (json.StartsWith("\uFEFF"u8))
        {
            json = json[3..];
        }

        Raw = json.Trim(" \n\r\t"u8);
    }

    private JsonView(ReadOnlySpan<byte> json, int start, int end) => Raw = json[start..end];

    /// <summary>The bytes of the value exactly as they stand in the resource: numbers keep their digits.</summary>
    public ReadOnlySpan<byte> Raw { get; }

    /// <summary>Whether there is a value at all; JSON null counts as none.</summary>
    public bool Exists => Raw.Length > 0 && Raw[0] != (byte)'n';

    /// <summary>Whether the value is an object.</summary>
    public bool IsObject => Raw.Length > 0 && Raw[0] == (byte)'{';

    /// <summary>Whether the value is an array.</summary>
    public bool IsArray => Raw.Length > 0 && Raw[0] == (byte)'[';

    /// <summary>Whether the value is a string.</summary>
    public bool IsString => Raw.Length > 1 && Raw[0] == (byte)'"';

    /// <summary>
    /// The text of a string without quotes and escapes, or the literal of a number or boolean, in UTF-8.
    /// Allocates only where the string has an escape in it.
    /// </summary>
    public ReadOnlySpan<byte> Text
    {
        get
        {
            if (!IsString)
            {
                return Raw;
            }

            var inside = Raw[1..^1];
            return inside.Contains((byte)'\\') ? JsonScan.Unescape(inside) : inside;
        }
    }

    /// <summary>The property of an object, or a view for which <see cref="Exists"/> is false.</summary>
    /// <param name="name">The name in UTF-8.</param>
    public JsonView this[ReadOnlySpan<byte> name] => TryGet(name, out var value) ? value : default;

    /// <summary>Finds a property of an object; false if it is absent, null, or this is no object.</summary>
    /// <param name="name">The name in UTF-8.</param>
    /// <param name="value">Its value.</param>
    public bool TryGet(ReadOnlySpan<byte> name, out JsonView value)
    {
        value = default;
        if (!IsObject)
        {
            return false;
        }

        var start = JsonScan.FindProperty(Raw, name);
        if (start >= 0)
        {
            value = new JsonView(Raw, start, JsonScan.EndOfValue(Raw, start));
        }
        else if (Raw.IndexOf("\\u00"u8) >= 0)
        {
            value = FindEscaped(name);
        }

        return value.Exists;
    }

    // A name may be written with escapes ("\u0063ode"); nobody does, but it is the same name.
    private JsonView FindEscaped(ReadOnlySpan<byte> name)
    {
        foreach (var property in Properties)
        {
            if (property.Is(name))
            {
                return property.Value;
            }
        }

        return default;
    }

    /// <summary>The text as a string; empty if there is no value.</summary>
    public override string ToString() => Exists ? Encoding.UTF8.GetString(Text) : "";

    /// <summary>The properties of an object in their order; none for anything else.</summary>
    public PropertySequence Properties => new(Raw);

    /// <summary>The items of an array; the value itself as the only item if it is no array; none if it is absent.</summary>
    public ItemSequence Items => new(Raw);

    /// <summary>A property of an object.</summary>
    public readonly ref struct Property
    {
        private readonly ReadOnlySpan<byte> _json;
        private readonly int _valueStart;

        internal Property(ReadOnlySpan<byte> json, int nameStart, int nameEnd, int valueStart)
        {
            _json = json;
            _valueStart = valueStart;
            QuotedName = json[nameStart..nameEnd];
        }

        /// <summary>The name with its quotes, as it stands in the resource.</summary>
        public ReadOnlySpan<byte> QuotedName { get; }

        /// <summary>The name without quotes and escapes, in UTF-8.</summary>
        public ReadOnlySpan<byte> Name => new JsonView(QuotedName, 0, QuotedName.Length).Text;

        /// <summary>The value.</summary>
        public JsonView Value => new(_json, _valueStart, JsonScan.EndOfValue(_json, _valueStart));

        /// <summary>Whether the property has this name.</summary>
        /// <param name="name">The name in UTF-8.</param>
        public bool Is(ReadOnlySpan<byte> name) =>
            (QuotedName.Length == name.Length + 2 && QuotedName[1..^1].SequenceEqual(name))
            || (QuotedName.Contains((byte)'\\') && Name.SequenceEqual(name));
    }

    /// <summary>The properties of an object.</summary>
    public readonly ref struct PropertySequence
    {
        private readonly ReadOnlySpan<byte> _json;

        internal PropertySequence(ReadOnlySpan<byte> json) => _json = json;

        /// <summary>Starts at the first property.</summary>
        public PropertyEnumerator GetEnumerator() => new(_json);
    }

    /// <summary>Walks the properties of an object.</summary>
    public ref struct PropertyEnumerator
    {
        private readonly ReadOnlySpan<byte> _json;
        private int _nameStart;
        private int _nameEnd;
        private int _valueStart;

        internal PropertyEnumerator(ReadOnlySpan<byte> json)
        {
            _json = json;
            _valueStart = -1;
        }

        /// <summary>The property it stands on.</summary>
        public readonly Property Current => new(_json, _nameStart, _nameEnd, _valueStart);

        /// <summary>Goes to the next property.</summary>
        public bool MoveNext()
        {
            if (_json.Length == 0 || _json[0] != (byte)'{')
            {
                return false;
            }

            var i = _valueStart < 0 ? 1 : JsonScan.SkipSpace(_json, JsonScan.EndOfValue(_json, _valueStart));
            i = JsonScan.SkipSpace(_json, i);
            if (i < _json.Length && _json[i] == (byte)',')
            {
                i = JsonScan.SkipSpace(_json, i + 1);
            }

            if (i >= _json.Length || _json[i] != (byte)'"')
            {
                return false;
            }

            _nameStart = i;
            _nameEnd = JsonScan.EndOfString(_json, i);
            i = JsonScan.SkipSpace(_json, _nameEnd);
            _valueStart = JsonScan.SkipSpace(_json, Math.Min(i + 1, _json.Length));
            return _nameEnd - _nameStart >= 2 && _valueStart < _json.Length;
        }
    }

    /// <summary>The items of an array.</summary>
    public readonly ref struct ItemSequence
    {
        private readonly ReadOnlySpan<byte> _json;

        internal ItemSequence(ReadOnlySpan<byte> json) => _json = json;

        /// <summary>Starts at the first item.</summary>
        public ItemEnumerator GetEnumerator() => new(_json);
    }

    /// <summary>Walks the items of an array.</summary>
    public ref struct ItemEnumerator
    {
        private readonly ReadOnlySpan<byte> _json;
        private int _start;
        private int _end;

        internal ItemEnumerator(ReadOnlySpan<byte> json)
        {
            _json = json;
            _end = -1;
        }

        /// <summary>The item it stands on.</summary>
        public readonly JsonView Current => new(_json, _start, _end);

        /// <summary>Goes to the next item.</summary>
        public bool MoveNext()
        {
            if (_json.Length == 0 || _json[0] == (byte)'n')
            {
                return false;
            }

            if (_json[0] != (byte)'[')
            {
                if (_end >= 0)
                {
                    return false;
                }

                _end = _json.Length;
                return true;
            }

            var i = JsonScan.SkipSpace(_json, _end < 0 ? 1 : _end);
            if (i < _json.Length && _json[i] == (byte)',')
            {
                i = JsonScan.SkipSpace(_json, i + 1);
            }

            if (i >= _json.Length || _json[i] == (byte)']')
            {
                return false;
            }

            _start = i;
            _end = JsonScan.EndOfValue(_json, i);
            return true;
        }
    }
}
