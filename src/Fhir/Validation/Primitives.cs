using System.Buffers;
using System.Text;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>
/// The formats of FHIR's string-valued primitives, matched by hand: the official patterns are the specification, but a regular
/// expression engine is too slow for every value of every resource, and base64Binary's pattern can backtrack without end.
/// </summary>
internal static class Primitives
{
    /// <summary>The longest string and markdown: 1 MB, counted in characters.</summary>
    public const int MaxCharacters = 1024 * 1024;

    private static readonly SearchValues<byte> IdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."u8);

    private static readonly SearchValues<byte> Base64Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    private static readonly SearchValues<byte> Whitespace = SearchValues.Create(" \t\r\n\v\f"u8);

    // What JSON can smuggle in by escapes: C0 controls other than tab, line feed and carriage return.
    private static readonly SearchValues<byte> Controls =
        SearchValues.Create([.. Enumerable.Range(0, 32).Select(c => (byte)c).Where(c => c is not (9 or 10 or 13))]);

    /// <summary>Whether unescaped, non-empty text has the format of its kind.</summary>
    /// <param name="kind">A kind whose JSON value is a string.</param>
    /// <param name="text">The text.</param>
    /// <param name="wasEscaped">Whether JSON escapes were in it; only those can bring control characters.</param>
    public static bool Matches(Kind kind, ReadOnlySpan<byte> text, bool wasEscaped) => kind switch
    {
        Kind.String or Kind.Markdown => !wasEscaped || !text.ContainsAny(Controls),
        Kind.Code => IsCode(text),
        Kind.Uri or Kind.Url or Kind.Canonical or Kind.ElementId => wasEscaped ? !text.ContainsAny(Whitespace) && !text.ContainsAny(Controls) : !text.Contains((byte)' '),
        Kind.Id => IsId(text),
        Kind.Date => FhirDate.TryParse(text, out var date) && date.Precision <= DatePrecision.Day,
        Kind.DateTime => FhirDate.TryParse(text, out _),
        Kind.Instant => FhirDate.TryParse(text, out var instant) && instant.Precision == DatePrecision.Second,
        Kind.Time => FhirDate.IsTime(text),
        Kind.Base64Binary => IsBase64(text),
        Kind.Oid => IsOid(text),
        Kind.Uuid => IsUuid(text),
        _ => true,
    };

    /// <summary>Whether text is longer than a FHIR string may be.</summary>
    public static bool IsTooLong(ReadOnlySpan<byte> text) => text.Length > MaxCharacters && Encoding.UTF8.GetCharCount(text) > MaxCharacters;

    /// <summary>1 to 64 letters, digits, hyphens and full stops.</summary>
    public static bool IsId(ReadOnlySpan<byte> text) => text.Length is >= 1 and <= 64 && !text.ContainsAnyExcept(IdCharacters);

    /// <summary>What the kind looks like, for an error text.</summary>
    public static string Form(Kind kind) => kind switch
    {
        Kind.Base64Binary => "base64 (A-Z a-z 0-9 + / in groups of four, padded with =)",
        Kind.Boolean => "true or false, without quotes",
        Kind.Canonical or Kind.Uri or Kind.Url => "a URI without spaces",
        Kind.Code => "a code: no space before, after, or two together inside",
        Kind.Date => "a real date: YYYY, YYYY-MM or YYYY-MM-DD",
        Kind.DateTime => "a real date YYYY, YYYY-MM or YYYY-MM-DD, or a date and time with zone YYYY-MM-DDThh:mm:ss+zz:zz",
        Kind.Decimal => "a number, without quotes",
        Kind.Id => "1 to 64 of A-Z a-z 0-9 - .",
        Kind.ElementId => "a text without spaces",
        Kind.Instant => "a real date and time with zone: YYYY-MM-DDThh:mm:ss.sss+zz:zz",
        Kind.Integer => "a whole number from -2147483648 to 2147483647, without quotes",
        Kind.Oid => "urn:oid: and an OID, such as urn:oid:1.2.3",
        Kind.PositiveInt => "a whole number from 1 to 2147483647, without quotes",
        Kind.UnsignedInt => "a whole number from 0 to 2147483647, without quotes",
        Kind.Time => "a time: hh:mm:ss, without zone",
        Kind.Uuid => "urn:uuid: and a UUID in lower case",
        Kind.Xhtml => "an XHTML div",
        Kind.Complex or Kind.Resource => "a JSON object",
        _ => "a text of 1 to 1,048,576 characters without control characters",
    };

    private static bool IsCode(ReadOnlySpan<byte> text)
    {
        var space = text.IndexOfAny(Whitespace);
        while (space >= 0)
        {
            if (space == 0 || space == text.Length - 1)
            {
                return false;
            }

            text = text[(space + 1)..];
            space = text.IndexOfAny(Whitespace);
        }

        return true;
    }

    private static bool IsOid(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("urn:oid:"u8) || text.Length < 11 || text[8] is < (byte)'0' or > (byte)'2' || text[9] != '.')
        {
            return false;
        }

        var arc = 0;
        for (var i = 10; i < text.Length; i++)
        {
            if (text[i] == '.')
            {
                if (arc == 0)
                {
                    return false;
                }

                arc = 0;
            }
            else if (!char.IsAsciiDigit((char)text[i]) || (arc == 1 && text[i - 1] == '0'))
            {
                return false;
            }
            else
            {
                arc++;
            }
        }

        return arc > 0;
    }

    private static bool IsUuid(ReadOnlySpan<byte> text)
    {
        if (text.Length != 45 || !text.StartsWith("urn:uuid:"u8))
        {
            return false;
        }

        text = text[9..];
        for (var i = 0; i < text.Length; i++)
        {
            if (i is 8 or 13 or 18 or 23 ? text[i] != '-' : !char.IsAsciiHexDigitLower((char)text[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsBase64(ReadOnlySpan<byte> text)
    {
        long digits = 0;
        var padding = 0;
        while (true)
        {
            var other = text.IndexOfAnyExcept(Base64Characters);
            var run = other < 0 ? text.Length : other;
            digits += run;
            if (run > 0 && padding > 0)
            {
                return false;
            }

            if (other < 0)
            {
                return digits > 0 && (digits + padding) % 4 == 0 && padding <= 2;
            }

            if (text[other] == '=')
            {
                padding++;
            }
            else if (!Whitespace.Contains(text[other]))
            {
                return false;
            }

            text = text[(other + 1)..];
        }
    }
}
