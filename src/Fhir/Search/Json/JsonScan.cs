using System.Buffers;
using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// Finds the ends of values in JSON that has been validated already. It checks nothing and it never runs past the
/// end: on broken JSON it stops at the last byte. Skipping is vectorised, so a search touches only what it asks for.
/// </summary>
internal static class JsonScan
{
    private static readonly SearchValues<byte> ScalarEnds = SearchValues.Create(",]} \t\r\n"u8);

    /// <summary>The first index from <paramref name="i"/> on that is not white space.</summary>
    public static int SkipSpace(ReadOnlySpan<byte> json, int i)
    {
        while (i < json.Length && json[i] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            i++;
        }

        return i;
    }

    /// <summary>The index after the closing quote of the string that opens at <paramref name="i"/>.</summary>
    public static int EndOfString(ReadOnlySpan<byte> json, int i)
    {
        i++;
        while (i < json.Length)
        {
            var next = json[i..].IndexOfAny((byte)'"', (byte)'\\');
            if (next < 0)
            {
                break;
            }

            i += next;
            if (json[i] == (byte)'"')
            {
                return i + 1;
            }

            i += 2;
        }

        return json.Length;
    }

    /// <summary>The index after the value that starts at <paramref name="i"/>.</summary>
    public static int EndOfValue(ReadOnlySpan<byte> json, int i)
    {
        if (i >= json.Length)
        {
            return json.Length;
        }

        switch (json[i])
        {
            case (byte)'"':
                return EndOfString(json, i);
            case (byte)'{' or (byte)'[':
                return new JsonBlocks(json, i).EndOfContainer();
            default:
                var length = json[i..].IndexOfAny(ScalarEnds);
                // Broken JSON may start a value with one of the ends: move on by a byte, never stand still.
                return length < 0 ? json.Length : i + Math.Max(length, 1);
        }
    }

    /// <summary>
    /// The index of the value of a property of the object that <paramref name="json"/> is; -1 if there is none of this
    /// name. Looks for the quoted name first and then whether it stands where a property's name does, which is rarer than
    /// it being absent.
    /// </summary>
    public static int FindProperty(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        Span<byte> quoted = stackalloc byte[name.Length + 2];
        quoted[0] = quoted[^1] = (byte)'"';
        name.CopyTo(quoted[1..]);
        var blocks = new JsonBlocks(json, 0);
        for (var from = 0; ;)
        {
            var hit = json[from..].IndexOf(quoted);
            if (hit < 0)
            {
                return -1;
            }

            hit += from;
            from = hit + quoted.Length;
            var colon = SkipSpace(json, from);
            if (colon < json.Length && json[colon] == (byte)':' && blocks.IsAtRoot(hit))
            {
                return SkipSpace(json, colon + 1);
            }
        }
    }

    /// <summary>The text inside a JSON string's quotes with its escapes undone; lone surrogates become U+FFFD.</summary>
    public static byte[] Unescape(ReadOnlySpan<byte> quoted)
    {
        var text = new byte[quoted.Length];
        var to = 0;
        for (var i = 0; i < quoted.Length; i++)
        {
            if (quoted[i] != (byte)'\\' || i + 1 >= quoted.Length)
            {
                text[to++] = quoted[i];
                continue;
            }

            i++;
            switch (quoted[i])
            {
                case (byte)'n': text[to++] = (byte)'\n'; break;
                case (byte)'r': text[to++] = (byte)'\r'; break;
                case (byte)'t': text[to++] = (byte)'\t'; break;
                case (byte)'b': text[to++] = (byte)'\b'; break;
                case (byte)'f': text[to++] = (byte)'\f'; break;
                case (byte)'u': to += Unicode(quoted, ref i, text.AsSpan(to)); break;
                default: text[to++] = quoted[i]; break;
            }
        }

        return text[..to];
    }

    // At i stands the u of \uXXXX; leaves i on the last digit read. Six bytes of escape never need more than three.
    private static int Unicode(ReadOnlySpan<byte> quoted, ref int i, Span<byte> to)
    {
        var unit = Hex(quoted, i + 1);
        i += 4;
        if (char.IsHighSurrogate(unit) && i + 2 < quoted.Length && quoted[i + 1] == (byte)'\\' && quoted[i + 2] == (byte)'u')
        {
            var low = Hex(quoted, i + 3);
            if (char.IsLowSurrogate(low))
            {
                i += 6;
                return new Rune(unit, low).EncodeToUtf8(to);
            }
        }

        return (Rune.TryCreate(unit, out var rune) ? rune : Rune.ReplacementChar).EncodeToUtf8(to);
    }

    private static char Hex(ReadOnlySpan<byte> quoted, int i) =>
        i + 4 <= quoted.Length && ushort.TryParse(quoted.Slice(i, 4), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var unit)
            ? (char)unit
            : '\uFFFD';
}
