using System.Buffers;
using System.Globalization;
using System.Text;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>JSON string content.</summary>
public static class JsonText
{
    /// <summary>
    /// Turns the raw content of a JSON string (quotes excluded, already found well formed) into UTF-8 text.
    /// </summary>
    /// <param name="raw">The raw content.</param>
    /// <param name="text">Where to write; as long as <paramref name="raw"/> is always enough.</param>
    /// <returns>The number of bytes written, or -1 when a surrogate stands alone, so that the text is not Unicode.</returns>
    public static int Unescape(ReadOnlySpan<byte> raw, Span<byte> text)
    {
        var written = 0;
        while (true)
        {
            var plain = raw.IndexOf((byte)'\\');
            if (plain < 0)
            {
                raw.CopyTo(text[written..]);
                return written + raw.Length;
            }

            raw[..plain].CopyTo(text[written..]);
            written += plain;
            var escape = raw[plain + 1];
            raw = raw[(plain + 2)..];
            if (escape != (byte)'u')
            {
                text[written++] = escape switch
                {
                    (byte)'n' => (byte)'\n',
                    (byte)'r' => (byte)'\r',
                    (byte)'t' => (byte)'\t',
                    (byte)'b' => (byte)'\b',
                    (byte)'f' => (byte)'\f',
                    _ => escape,
                };
                continue;
            }

            var unit = Hex(raw);
            raw = raw[4..];
            Rune rune;
            if (char.IsSurrogate(unit))
            {
                if (raw.Length < 6 || raw[0] != (byte)'\\' || raw[1] != (byte)'u' || !Rune.TryCreate(unit, Hex(raw[2..]), out rune))
                {
                    return -1;
                }

                raw = raw[6..];
            }
            else
            {
                rune = new Rune(unit);
            }

            written += rune.EncodeToUtf8(text[written..]);
        }
    }

    /// <summary>The text as a string; null when a surrogate stands alone.</summary>
    public static string? ToString(ReadOnlySpan<byte> raw)
    {
        if (!raw.Contains((byte)'\\'))
        {
            return Encoding.UTF8.GetString(raw);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(raw.Length);
        var length = Unescape(raw, buffer);
        var text = length < 0 ? null : Encoding.UTF8.GetString(buffer, 0, length);
        ArrayPool<byte>.Shared.Return(buffer);
        return text;
    }

    private static char Hex(ReadOnlySpan<byte> digits) =>
        (char)ushort.Parse(digits[..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
