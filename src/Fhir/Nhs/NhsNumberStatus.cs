using BetterCare.Care.Fhir.Structure;
using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Fhir.Nhs;

/// <summary>
/// The extension that says how far an NHS number was verified. It is met with three spellings: UK Core's England system (01 to 08);
/// the system without "England", now retired, with the same codes (PDS sends it); and the retired system's kebab-case codes.
/// </summary>
internal static class NhsNumberStatus
{
    private static readonly int Url = Structures.Get("Extension").IndexOf("url");
    private static readonly int Value = Structures.Get("Extension").IndexOf("value");

    private static readonly NhsFault Retired = new("nhs-number-verification", false,
        "This code system for the NHS number verification status is retired. Send https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland with 01 to 08.");

    private static readonly NhsFault Unknown = new("nhs-number-verification", true,
        "The NHS number verification status needs a valueCodeableConcept with a coding from https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland, 01 to 08.");

    /// <summary>The rule that an Extension breaks, or null; other extensions break none.</summary>
    public static NhsFault? Check(ReadOnlySpan<byte> json, Shape shape, ReadOnlySpan<Slot> slots)
    {
        var url = json.Slice(slots[Url].Start, slots[Url].Length);
        if (!Scan.Text(url).SequenceEqual("https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"u8))
        {
            return null;
        }

        if (slots[Value].Count == 0 || shape.Elements[Value].Types[slots[Value].Chosen - 1].Name != "CodeableConcept")
        {
            return Unknown;
        }

        var retired = false;
        foreach (var coding in Scan.Items(Scan.Field(json.Slice(slots[Value].Start, slots[Value].Length), "coding"u8)))
        {
            var system = Scan.Text(Scan.Field(coding, "system"u8));
            var code = Scan.Text(Scan.Field(coding, "code"u8));
            if (system.SequenceEqual("https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland"u8) && IsNumbered(code))
            {
                return null;
            }

            if (system.SequenceEqual("https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusWales"u8) && (IsNumbered(code) || code.SequenceEqual("nn"u8)))
            {
                return null;
            }

            retired |= system.SequenceEqual("https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus"u8) && (IsNumbered(code) || IsKebab(code));
        }

        return retired ? Retired : Unknown;
    }

    private static bool IsNumbered(ReadOnlySpan<byte> code) => code.Length == 2 && code[0] == (byte)'0' && code[1] is >= (byte)'1' and <= (byte)'8';

    private static bool IsKebab(ReadOnlySpan<byte> code)
    {
        foreach (var c in code)
        {
            if (!char.IsAsciiLetterLower((char)c) && c != (byte)'-')
            {
                return false;
            }
        }

        return code.Length > 2;
    }
}
