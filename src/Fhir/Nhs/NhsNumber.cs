using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace BetterCare.Care.Fhir.Nhs;

/// <summary>Why a text is not an NHS number.</summary>
public enum NhsNumberFault
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>Not exactly ten digits once single spaces are taken out.</summary>
    Length,

    /// <summary>A character other than a digit or a separating space.</summary>
    NotDigits,

    /// <summary>The modulus 11 check digit does not fit.</summary>
    CheckDigit,

    /// <summary>Ten equal digits: they can pass modulus 11 and are used as placeholders.</summary>
    Placeholder,
}

/// <summary>
/// A valid NHS number: ten digits, the last a modulus 11 check digit (NHS Data Dictionary, NHS NUMBER).
/// Parsed once at the edge and trusted after. Prints masked, so that a log or an exception cannot leak it;
/// <see cref="Value"/> is the only way to the digits.
/// </summary>
public readonly record struct NhsNumber : IParsable<NhsNumber>, IUtf8SpanParsable<NhsNumber>, IComparable<NhsNumber>
{
    /// <summary>The identifier system of the NHS number in England.</summary>
    public const string System = "https://fhir.nhs.uk/Id/nhs-number";

    /// <summary>The same system as older messages spell it; read, never written.</summary>
    public const string OldSystem = "http://fhir.nhs.net/Id/nhs-number";

    /// <summary>How many digits a number has.</summary>
    public const int Digits = 10;

    private readonly long _number;
    private readonly bool _parsed;

    private NhsNumber(long number)
    {
        _number = number;
        _parsed = true;
    }

    /// <summary>The ten digits, unspaced.</summary>
    /// <exception cref="InvalidOperationException">The value was never parsed.</exception>
    public string Value => Number.ToString("D10", CultureInfo.InvariantCulture);

    /// <summary>The same digits as an integer, for keys and sorting.</summary>
    /// <exception cref="InvalidOperationException">The value was never parsed.</exception>
    public long Number => _parsed ? _number : throw new InvalidOperationException("default(NhsNumber) has no digits");

    /// <summary>The digits as people read them: 3-3-4 with single spaces (NHS Common User Interface).</summary>
    public string Display
    {
        get
        {
            var v = Value;
            return $"{v[..3]} {v[3..6]} {v[6..]}";
        }
    }

    /// <summary>Masked; only the last four digits are shown.</summary>
    public override string ToString() => _parsed ? $"*** *** {_number % 10_000:D4}" : "(none)";

    /// <inheritdoc/>
    public int CompareTo(NhsNumber other) => _number.CompareTo(other._number);

    /// <summary>A number that was validated before and comes back from the database.</summary>
    /// <param name="number">The ten digits as an integer.</param>
    public static NhsNumber FromStored(long number) => new(number);

    /// <summary>Says what is wrong with <paramref name="text"/>, or gives the number.</summary>
    /// <param name="text">Ten digits; single spaces as in 3-3-4 are allowed.</param>
    /// <param name="result">The number when the answer is <see cref="NhsNumberFault.None"/>.</param>
    public static NhsNumberFault Check(ReadOnlySpan<byte> text, out NhsNumber result)
    {
        result = default;
        long number = 0;
        int digits = 0, sum = 0, first = 0, check = 0;
        var same = true;
        foreach (var b in text)
        {
            if (b == (byte)' ')
            {
                continue;
            }

            var d = b - '0';
            if (d is < 0 or > 9)
            {
                return NhsNumberFault.NotDigits;
            }

            if (digits == 10)
            {
                return NhsNumberFault.Length;
            }

            if (digits == 0)
            {
                first = d;
            }

            same &= d == first;
            number = (number * 10) + d;
            if (digits < 9)
            {
                sum += d * (10 - digits);
            }
            else
            {
                check = d;
            }

            digits++;
        }

        if (digits != 10)
        {
            return NhsNumberFault.Length;
        }

        if (same)
        {
            return NhsNumberFault.Placeholder;
        }

        // 11 - remainder; 11 counts as 0, and 10 means that no such number exists.
        if (CheckDigit(sum) != check)
        {
            return NhsNumberFault.CheckDigit;
        }

        result = new NhsNumber(number);
        return NhsNumberFault.None;
    }

    /// <summary>The number whose first nine digits are given, or null where modulus 11 allows none.</summary>
    /// <param name="firstNine">0 to 999,999,999.</param>
    public static NhsNumber? WithFirstNine(int firstNine)
    {
        int sum = 0, rest = firstNine;
        for (var weight = 2; weight <= 10; weight++)
        {
            sum += rest % 10 * weight;
            rest /= 10;
        }

        var check = CheckDigit(sum);
        return check == 10 ? null : new NhsNumber(((long)firstNine * 10) + check);
    }

    /// <summary>Parses, or answers false; see <see cref="Check"/> for the reason.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, out NhsNumber result)
    {
        result = default;
        if (s is null || s.Length > 64)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[s.Length];
        for (var i = 0; i < s.Length; i++)
        {
            bytes[i] = s[i] < 128 ? (byte)s[i] : (byte)'?';
        }

        return Check(bytes, out result) == NhsNumberFault.None;
    }

    /// <summary>Parses, or throws without repeating the text.</summary>
    public static NhsNumber Parse(string s) =>
        TryParse(s, out var n) ? n : throw new FormatException("Not a valid NHS number.");

    static NhsNumber IParsable<NhsNumber>.Parse(string s, IFormatProvider? provider) => Parse(s);

    static bool IParsable<NhsNumber>.TryParse(string? s, IFormatProvider? provider, out NhsNumber result) => TryParse(s, out result);

    static NhsNumber IUtf8SpanParsable<NhsNumber>.Parse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider) =>
        Check(utf8Text, out var n) == NhsNumberFault.None ? n : throw new FormatException("Not a valid NHS number.");

    static bool IUtf8SpanParsable<NhsNumber>.TryParse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider, out NhsNumber result) =>
        Check(utf8Text, out result) == NhsNumberFault.None;

    private static int CheckDigit(int weightedSum)
    {
        var c = 11 - (weightedSum % 11);
        return c == 11 ? 0 : c;
    }
}
