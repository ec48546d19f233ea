using System.Text.Json;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>Primitive values.</summary>
public sealed partial class ResourceReader
{
    private readonly Xhtml _xhtml = new();

    private bool CheckPrimitive(ref Utf8JsonReader reader, Property property)
    {
        var type = property.Type;
        switch (type.Kind)
        {
            case Kind.Boolean:
                return reader.TokenType is JsonTokenType.True or JsonTokenType.False || WrongJson(ref reader, property);
            case Kind.Decimal:
                return reader.TokenType == JsonTokenType.Number || WrongJson(ref reader, property);
            case Kind.Integer or Kind.PositiveInt or Kind.UnsignedInt:
                return reader.TokenType == JsonTokenType.Number ? CheckInteger(ref reader, property) : WrongJson(ref reader, property);
            default:
                return reader.TokenType == JsonTokenType.String ? CheckString(ref reader, property) : WrongJson(ref reader, property);
        }
    }

    private bool WrongJson(ref Utf8JsonReader reader, Property property)
    {
        Error("structure", $"{property.Element.Name} must be {(property.Type.Kind is Kind.Boolean or Kind.Decimal or Kind.Integer or Kind.PositiveInt or Kind.UnsignedInt ? string.Empty : "a JSON string: ")}{Primitives.Form(property.Type.Kind)}.");
        reader.Skip();
        return false;
    }

    private bool CheckInteger(ref Utf8JsonReader reader, Property property)
    {
        // 1.0 and 1e2 are whole numbers to JSON, but not to FHIR's pattern; TryGetInt32 takes neither.
        var least = property.Type.Kind switch { Kind.PositiveInt => 1, Kind.UnsignedInt => 0, _ => int.MinValue };
        if (reader.TryGetInt32(out var number) && number >= least && (least == int.MinValue || reader.ValueSpan[0] != (byte)'-'))
        {
            return true;
        }

        Error("value", $"{property.Element.Name} must be {Primitives.Form(property.Type.Kind)}.");
        return false;
    }

    private bool CheckString(ref Utf8JsonReader reader, Property property)
    {
        var text = reader.ValueSpan;
        var escaped = reader.ValueIsEscaped;
        if (text.IsEmpty)
        {
            Error("value", $"{property.Element.Name} is an empty text. Leave it out, or give it a value.");
            return false;
        }

        if (escaped)
        {
            text = Unescaped(text);
            if (text.IsEmpty)
            {
                Error("value", $"{property.Element.Name} holds half of a surrogate pair (\\uD800 to \\uDFFF), which is not a character. Send the whole pair, or the character in UTF-8.");
                return false;
            }
        }

        var type = property.Type;
        if (type.Kind == Kind.Xhtml)
        {
            return CheckXhtml(text);
        }

        if (!Primitives.Matches(type.Kind, text, escaped))
        {
            Error("value", $"{property.Element.Name} must be {Primitives.Form(type.Kind)}.");
            return false;
        }

        if (text.Length > Primitives.MaxCharacters && type.Kind != Kind.Base64Binary && Primitives.IsTooLong(text))
        {
            Error("too-long", $"{property.Element.Name} is longer than 1,048,576 characters. Shorten it, or send it as an attachment.");
            return false;
        }

        if (type.Codes is not null && !type.Codes.Contains(text))
        {
            Error("code-invalid", $"{property.Element.Name} must be one of the codes {type.Codes.Hint}.");
            return false;
        }

        if (text[0] == '#' && type.Kind is Kind.Uri or Kind.Url or Kind.Canonical)
        {
            AddFragment(new TextRange((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length), isReference: false);
        }

        return true;
    }

    private bool CheckXhtml(ReadOnlySpan<byte> text)
    {
        var fault = _xhtml.Check(text);
        if (fault is null)
        {
            return true;
        }

        // Two of the official examples have an empty div, so txt-2 can only warn.
        Add(_xhtml.Key == "txt-2" ? IssueSeverity.Warning : IssueSeverity.Error, "invariant", fault, _xhtml.Key);
        return _xhtml.Key == "txt-2";
    }
}
