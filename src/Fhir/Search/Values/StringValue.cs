using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>How text is compared.</summary>
public enum StringComparisonKind : byte
{
    /// <summary>The element starts with the text; case and accents do not count.</summary>
    StartsWith,

    /// <summary>The element has the text in it; case and accents do not count.</summary>
    Contains,

    /// <summary>The element is exactly the text.</summary>
    Exact,

    /// <summary>The element has words that sound like those of the text (Soundex).</summary>
    SoundsLike,
}

/// <summary>Text to find in strings, and in each part of names and addresses.</summary>
public sealed class StringValue : SearchValue
{
    private static readonly byte[][] NameParts = [[.. "family"u8], [.. "given"u8], [.. "text"u8], [.. "prefix"u8], [.. "suffix"u8]];

    private static readonly byte[][] AddressParts =
        [[.. "line"u8], [.. "city"u8], [.. "district"u8], [.. "state"u8], [.. "postalCode"u8], [.. "country"u8], [.. "text"u8]];

    private readonly byte[] _exact;
    private readonly string _folded;
    private readonly string[] _sounds;

    internal StringValue(string text, StringComparisonKind kind)
    {
        Kind = kind;
        _exact = Encoding.UTF8.GetBytes(text);
        _folded = TextFolding.Fold(text);
        _sounds = kind == StringComparisonKind.SoundsLike ? Soundex.OfWords(_folded) : [];
    }

    /// <summary>How it compares.</summary>
    public StringComparisonKind Kind { get; }

    internal override bool Matches(scoped in Element element) => element.Type switch
    {
        FhirType.HumanName => AnyPart(element.Value, NameParts),
        FhirType.Address => AnyPart(element.Value, AddressParts),
        FhirType.CodeableConcept => IsText(element.Value["text"u8]) || AnyDisplay(element.Value["coding"u8]),
        _ => IsText(element.Value),
    };

    private bool AnyPart(JsonView value, byte[][] parts)
    {
        foreach (var part in parts)
        {
            foreach (var text in value[part].Items)
            {
                if (IsText(text))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private bool AnyDisplay(JsonView codings)
    {
        foreach (var coding in codings.Items)
        {
            if (IsText(coding["display"u8]))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsText(JsonView value)
    {
        if (!value.Exists)
        {
            return false;
        }

        if (Kind == StringComparisonKind.Exact)
        {
            return value.Text.SequenceEqual(_exact);
        }

        using var folded = new TextFolding.Folded(value.Text);
        return Kind switch
        {
            StringComparisonKind.StartsWith => folded.Text.StartsWith(_folded, StringComparison.Ordinal),
            StringComparisonKind.Contains => folded.Text.Contains(_folded, StringComparison.Ordinal),
            _ => Array.TrueForAll(_sounds, Soundex.OfWords(folded.Text.ToString()).Contains),
        };
    }
}

/// <summary>American Soundex: a letter and three digits for how an English surname sounds.</summary>
internal static class Soundex
{
    /// <summary>The code of each word that starts with a letter.</summary>
    public static string[] OfWords(string folded) =>
        [.. folded.Split([' ', '-', ',', '.'], StringSplitOptions.RemoveEmptyEntries).Where(w => char.IsAsciiLetter(w[0])).Select(Of)];

    private static string Of(string word)
    {
        Span<char> code = [char.ToUpperInvariant(word[0]), '0', '0', '0'];
        var length = 1;
        var last = Digit(word[0]);
        foreach (var letter in word.AsSpan(1))
        {
            var digit = Digit(letter);
            if (digit > '0' && digit != last && length < 4)
            {
                code[length++] = digit;
            }

            // h and w do not part two letters of the same sound; vowels do.
            last = letter is 'h' or 'w' ? last : digit;
        }

        return code.ToString();
    }

    private static char Digit(char letter) => letter switch
    {
        'b' or 'f' or 'p' or 'v' => '1',
        'c' or 'g' or 'j' or 'k' or 'q' or 's' or 'x' or 'z' => '2',
        'd' or 't' => '3',
        'l' => '4',
        'm' or 'n' => '5',
        'r' => '6',
        _ => '0',
    };
}
