using System.Buffers;
using System.Collections.Frozen;
using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// Folds text so that people find each other's spellings: no case, no accents, one space for many, straight
/// apostrophes and hyphens. Written out because the service runs with invariant globalisation, where the runtime's
/// own Unicode normalisation does nothing.
/// </summary>
internal static class TextFolding
{
    private static readonly (string Base, string Letters)[] Accented =
    [
        ("a", "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ"),
        ("ae", "æǣǽ"),
        ("b", "ḃḅḇ"),
        ("c", "çćĉċčḉ"),
        ("d", "ðďđḋḍḏḑḓ"),
        ("dz", "ǆǳ"),
        ("e", "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ"),
        ("f", "ƒḟ"),
        ("g", "ĝğġģǧǵḡ"),
        ("h", "ĥħȟḣḥḧḩḫẖ"),
        ("i", "ìíîïĩīĭįıǐȉȋḭḯỉị"),
        ("ij", "ĳ"),
        ("j", "ĵǰ"),
        ("k", "ķĸǩḱḳḵ"),
        ("l", "ĺļľŀłḷḹḻḽ"),
        ("lj", "ǉ"),
        ("m", "ḿṁṃ"),
        ("n", "ñńņňŉŋǹṅṇṉṋ"),
        ("nj", "ǌ"),
        ("o", "òóôõöøōŏőơǒǫǭǿȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ"),
        ("oe", "œ"),
        ("p", "ṕṗ"),
        ("r", "ŕŗřȑȓṙṛṝṟ"),
        ("s", "śŝşšſșṡṣṥṧṩẛ"),
        ("ss", "ß"),
        ("t", "ţťŧțṫṭṯṱẗ"),
        ("th", "þ"),
        ("u", "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự"),
        ("v", "ṽṿ"),
        ("w", "ŵẁẃẅẇẉẘ"),
        ("x", "ẋẍ"),
        ("y", "ýÿŷȳẏẙỳỵỷỹ"),
        ("z", "źżžƶẑẓẕ"),
        ("α", "ά"),
        ("ε", "έ"),
        ("η", "ή"),
        ("ι", "ΐίϊ"),
        ("ο", "ό"),
        ("υ", "ΰϋύ"),
        ("ω", "ώ"),
        ("е", "ё"),
    ];

    private static readonly FrozenDictionary<char, string> Bases =
        Accented.SelectMany(a => a.Letters.Select(letter => KeyValuePair.Create(letter, a.Base))).ToFrozenDictionary();

    /// <summary>The folded text.</summary>
    public static string Fold(string text)
    {
        using var folded = new Folded(Encoding.UTF8.GetBytes(text));
        return folded.Text.ToString();
    }

    /// <summary>Folds UTF-8 into <paramref name="to"/>, which must hold two characters for each byte; the length used.</summary>
    private static int Fold(ReadOnlySpan<byte> utf8, Span<char> to)
    {
        var length = 0;
        while (!utf8.IsEmpty)
        {
            if (utf8[0] < 0x80)
            {
                length = Append((char)utf8[0], to, length);
                utf8 = utf8[1..];
                continue;
            }

            Rune.DecodeFromUtf8(utf8, out var rune, out var used);
            utf8 = utf8[used..];
            length = rune.IsBmp ? Append((char)rune.Value, to, length) : length + Rune.ToLowerInvariant(rune).EncodeToUtf16(to[length..]);
        }

        return length > 0 && to[length - 1] == ' ' ? length - 1 : length;
    }

    private static int Append(char c, Span<char> to, int length)
    {
        if (c < 0x80)
        {
            if (c <= ' ')
            {
                return AppendSpace(to, length);
            }

            to[length] = char.ToLowerInvariant(c);
            return length + 1;
        }

        switch (c)
        {
            case >= '\u0300' and <= '\u036F': // combining marks
                return length;
            case '\u2018' or '\u2019' or '\u02BC' or '\u00B4':
                to[length] = '\'';
                return length + 1;
            case >= '\u2010' and <= '\u2015':
                to[length] = '-';
                return length + 1;
        }

        if (char.IsWhiteSpace(c))
        {
            return AppendSpace(to, length);
        }

        var lower = char.ToLowerInvariant(c);
        if (Bases.TryGetValue(lower, out var letters))
        {
            letters.CopyTo(to[length..]);
            return length + letters.Length;
        }

        to[length] = lower;
        return length + 1;
    }

    private static int AppendSpace(Span<char> to, int length)
    {
        if (length == 0 || to[length - 1] == ' ')
        {
            return length;
        }

        to[length] = ' ';
        return length + 1;
    }

    /// <summary>Folded text in a rented buffer.</summary>
    public readonly ref struct Folded : IDisposable
    {
        private readonly char[] _buffer;

        public Folded(ReadOnlySpan<byte> utf8)
        {
            _buffer = ArrayPool<char>.Shared.Rent(Math.Max(2, utf8.Length * 2));
            Text = _buffer.AsSpan(0, Fold(utf8, _buffer));
        }

        public ReadOnlySpan<char> Text { get; }

        public void Dispose() => ArrayPool<char>.Shared.Return(_buffer);
    }
}
