using System.Buffers;

namespace BetterCare.Care.Fhir.Nhs;

/// <summary>A rule of the NHS that a value breaks.</summary>
/// <param name="Key">The rule: nhs-number, ods-code …</param>
/// <param name="IsError">Whether the resource is refused.</param>
/// <param name="Text">What is wrong and how to mend it; never the value.</param>
internal sealed record NhsFault(string Key, bool IsError, string Text);

/// <summary>The forms of identifiers in the NHS, by their systems (see Definitions/README.md and UK Core).</summary>
internal static class NhsIdentifiers
{
    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789"u8);

    private static readonly NhsFault NotTenDigits = new("nhs-number", true, "The NHS number must have ten digits, without letters or punctuation.");
    private static readonly NhsFault WrongCheckDigit = new("nhs-number", true, "The NHS number's last digit does not fit the others (modulus 11). Check it against the record that it was copied from.");
    private static readonly NhsFault Placeholder = new("nhs-number", true, "Ten equal digits are not an NHS number. Leave the identifier out, and say why it is missing with Extension-UKCore-NHSNumberUnavailableReason.");
    private static readonly NhsFault Spaced = new("nhs-number", false, "Send the NHS number without spaces.");
    private static readonly NhsFault Ods = new("ods-code", false, "An ODS code has 3 to 12 letters and digits.");
    private static readonly NhsFault Gmc = new("gmc-number", false, "A GMC reference number has 7 digits, or L and 6 digits.");
    private static readonly NhsFault Sds = new("sds-user-id", false, "An SDS user id is made of digits only.");

    /// <summary>The rule that an identifier breaks, or null.</summary>
    public static NhsFault? Check(ReadOnlySpan<byte> system, ReadOnlySpan<byte> value)
    {
        // All of these systems begin with http and end in a word of their own: most identifiers fail here.
        if (system.Length < 30 || !system.StartsWith("http"u8))
        {
            return null;
        }

        if (system.SequenceEqual("https://fhir.nhs.uk/Id/nhs-number"u8) || system.SequenceEqual("http://fhir.nhs.net/Id/nhs-number"u8))
        {
            return NhsNumber.Check(value, out _) switch
            {
                NhsNumberFault.None => value.Length == 10 ? null : Spaced,
                NhsNumberFault.CheckDigit => WrongCheckDigit,
                NhsNumberFault.Placeholder => Placeholder,
                _ => NotTenDigits,
            };
        }

        if (system.SequenceEqual("https://fhir.nhs.uk/Id/ods-organization-code"u8) || system.SequenceEqual("https://fhir.nhs.uk/Id/ods-site-code"u8))
        {
            return value.Length is >= 3 and <= 12 && IsLettersAndDigits(value) ? null : Ods;
        }

        if (system.SequenceEqual("https://fhir.hl7.org.uk/Id/gmc-number"u8))
        {
            return value.Length == 7 && !value[(value[0] == (byte)'L' ? 1 : 0)..].ContainsAnyExcept(Digits) ? null : Gmc;
        }

        if (system.SequenceEqual("https://fhir.nhs.uk/Id/sds-user-id"u8))
        {
            return !value.ContainsAnyExcept(Digits) ? null : Sds;
        }

        return null;
    }

    private static bool IsLettersAndDigits(ReadOnlySpan<byte> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)c))
            {
                return false;
            }
        }

        return true;
    }
}
