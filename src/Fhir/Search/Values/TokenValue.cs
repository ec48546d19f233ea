using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// A token: <c>code</c>, <c>system|code</c>, <c>|code</c> (no system) or <c>system|</c> (any code of the system).
/// Codes and identifiers are compared exactly; telephone numbers without their punctuation; e-mail addresses and plain
/// strings without case.
/// </summary>
public sealed class TokenValue : SearchValue
{
    private readonly byte[]? _system;
    private readonly byte[] _code;

    internal TokenValue(string? system, string code)
    {
        System = system;
        Code = code;
        _system = system is null ? null : Encoding.UTF8.GetBytes(system);
        _code = Encoding.UTF8.GetBytes(code);
    }

    /// <summary>The system; null if any; empty if the element must have none.</summary>
    public string? System { get; }

    /// <summary>The code or value; empty if any of the system's.</summary>
    public string Code { get; }

    internal override bool Matches(scoped in Element element) => Matches(element.Value, element.Type, element.Path.Codes);

    internal bool Matches(JsonView value, FhirType type, ImpliedCodes? implied = null)
    {
        switch (type)
        {
            case FhirType.Coding:
                return IsPair(value, "code"u8);
            case FhirType.Identifier:
                return IsPair(value, "value"u8);
            case FhirType.CodeableConcept:
                return AnyCoding(value["coding"u8]);
            case FhirType.ContactPoint:
                return IsContact(value);
            case FhirType.Code:
                return IsCode(value.Text, implied);
            case FhirType.Boolean:
                return value.Raw.SequenceEqual(_code) && (_system is null or [] || _system.AsSpan().SequenceEqual("http://hl7.org/fhir/special-values"u8));
            case FhirType.String:
                return _system is null or [] && EqualsIgnoringCase(value.Text, _code);
            case FhirType.Canonical:
                return _system is null or [] && Canonical.Matches(value.Text, _code, isCanonical: true);
            default:
                return _system is null or [] && value.Text.SequenceEqual(_code);
        }
    }

    private bool AnyCoding(JsonView codings)
    {
        foreach (var coding in codings.Items)
        {
            if (IsPair(coding, "code"u8))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsPair(JsonView value, ReadOnlySpan<byte> codeName)
    {
        if (_code.Length > 0 && !value[codeName].Text.SequenceEqual(_code))
        {
            return false;
        }

        return _system switch
        {
            null => true,
            [] => !value["system"u8].Exists,
            _ => value["system"u8].Text.SequenceEqual(_system),
        };
    }

    // A code's system is the one that its binding implies; where that is not known only the code can be compared.
    private bool IsCode(ReadOnlySpan<byte> code, ImpliedCodes? implied)
    {
        if (_code.Length > 0 && !code.SequenceEqual(_code))
        {
            return false;
        }

        return _system is null or [] || implied?.Contains(_system, code) == true;
    }

    // The part before the bar may be the kind (phone, email) or the use (home, work) of the contact point.
    private bool IsContact(JsonView value)
    {
        if (_system is { Length: > 0 } && !value["system"u8].Text.SequenceEqual(_system) && !value["use"u8].Text.SequenceEqual(_system))
        {
            return false;
        }

        var contact = value["value"u8].Text;
        return _code.Length == 0
            || EqualsIgnoringCase(contact, _code)
            || (!_code.AsSpan().Contains((byte)'@') && SameDigits(contact, _code));
    }

    // 0161 496 0000, (0161) 4960000 and 01614960000 are one number. A plus sign counts for nothing: in a query that was
    // not percent-encoded it has become a space.
    private static bool SameDigits(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        int i = 0, j = 0, digits = 0;
        while (true)
        {
            i = SkipPunctuation(a, i);
            j = SkipPunctuation(b, j);
            if (i == a.Length || j == b.Length)
            {
                return i == a.Length && j == b.Length && digits > 0;
            }

            if (a[i] != b[j] || !char.IsAsciiDigit((char)a[i]))
            {
                return false;
            }

            digits++;
            i++;
            j++;
        }
    }

    private static int SkipPunctuation(ReadOnlySpan<byte> text, int i)
    {
        while (i < text.Length && text[i] is (byte)' ' or (byte)'+' or (byte)'-' or (byte)'(' or (byte)')' or (byte)'.')
        {
            i++;
        }

        return i;
    }

    private static bool EqualsIgnoringCase(ReadOnlySpan<byte> found, ReadOnlySpan<byte> wanted)
    {
        if (found.SequenceEqual(wanted))
        {
            return true;
        }

        using var folded = new TextFolding.Folded(found);
        using var wantedFolded = new TextFolding.Folded(wanted);
        return folded.Text.SequenceEqual(wantedFolded.Text);
    }
}

/// <summary>An identifier by its type: <c>identifier:of-type=type-system|type-code|value</c>.</summary>
public sealed class IdentifierOfTypeValue : SearchValue
{
    private readonly TokenValue _type;
    private readonly byte[] _value;

    internal IdentifierOfTypeValue(string system, string code, string value)
    {
        _type = new TokenValue(system, code);
        _value = Encoding.UTF8.GetBytes(value);
    }

    internal override bool Matches(scoped in Element element) =>
        element.Type == FhirType.Identifier
        && element.Value["value"u8].Text.SequenceEqual(_value)
        && _type.Matches(element.Value["type"u8], FhirType.CodeableConcept);
}
