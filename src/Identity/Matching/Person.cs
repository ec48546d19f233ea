using BetterCare.Care.Fhir.Nhs;

namespace BetterCare.Care.Identity.Matching;

/// <summary>What a record says of a person, as it was written. Everything may be missing.</summary>
public sealed record PersonText
{
    /// <summary>The NHS number; null where there is none.</summary>
    public NhsNumber? Number { get; init; }

    /// <summary>Family name.</summary>
    public string? Family { get; init; }

    /// <summary>Given names, the first first.</summary>
    public IReadOnlyList<string> Given { get; init; } = [];

    /// <summary>A family name that the person had before; null none known.</summary>
    public string? FormerFamily { get; init; }

    /// <summary>Birth as FHIR writes it: yyyy, yyyy-MM or yyyy-MM-dd.</summary>
    public string? Birth { get; init; }

    /// <summary>FHIR administrative gender.</summary>
    public string? Gender { get; init; }

    /// <summary>Postcode.</summary>
    public string? Postcode { get; init; }

    /// <summary>Telephone.</summary>
    public string? Phone { get; init; }

    /// <summary>Says nothing: it is all personal.</summary>
    public override string ToString() => "(person)";
}

/// <summary>A person made ready to be compared: plain numbers and interned names, so that a million fit and a comparison allocates nothing.</summary>
public readonly record struct Person
{
    // Dates that systems put in where they know none.
    private const int EpochOfSpreadsheets = 19000101;
    private const int EpochOfUnix = 19700101;

    /// <summary>The NHS number; 0 none.</summary>
    public long Number { get; init; }

    /// <summary>Family name.</summary>
    public Name? Family { get; init; }

    /// <summary>A family name that the person had before.</summary>
    public Name? FormerFamily { get; init; }

    /// <summary>First given name.</summary>
    public Name? Given { get; init; }

    /// <summary>Second given name.</summary>
    public Name? SecondGiven { get; init; }

    /// <summary>Birth as yyyyMMdd; 00 where month or day are not known; 0 not known.</summary>
    public int Birth { get; init; }

    /// <summary>0 not known, 1 female, 2 male, 3 other.</summary>
    public byte Sex { get; init; }

    /// <summary>Letters and digits of the postcode, packed; 0 not known.</summary>
    public ulong Postcode { get; init; }

    /// <summary>The last nine digits of the telephone; 0 not known.</summary>
    public long Phone { get; init; }

    /// <summary>Says nothing: it is all personal.</summary>
    public override string ToString() => "(person)";

    /// <summary>Reads a description.</summary>
    /// <param name="text">As it was written.</param>
    /// <param name="names">Where its names are kept.</param>
    public static Person Of(PersonText text, NameBook names) => new()
    {
        Number = text.Number?.Number ?? 0,
        Family = names.Of(text.Family),
        FormerFamily = names.Of(text.FormerFamily),
        Given = names.Of(text.Given.Count > 0 ? text.Given[0] : null),
        SecondGiven = names.Of(text.Given.Count > 1 ? text.Given[1] : null),
        Birth = BirthOf(text.Birth),
        Sex = text.Gender switch
        {
            "female" => 1,
            "male" => 2,
            "other" => 3,
            _ => 0,
        },
        Postcode = PostcodeOf(text.Postcode),
        Phone = PhoneOf(text.Phone),
    };

    /// <summary>The outward part of a packed postcode (WA7 of WA7 1AB); 0 where there is none.</summary>
    internal static ulong District(ulong postcode) => postcode / (37 * 37 * 37);

    private static int BirthOf(string? birth)
    {
        var digits = 0;
        var value = 0;
        foreach (var c in birth ?? "")
        {
            if (char.IsAsciiDigit(c))
            {
                if (++digits > 8)
                {
                    break;
                }

                value = (value * 10) + (c - '0');
            }
            else if (c != '-')
            {
                break;
            }
        }

        return digits switch
        {
            8 when value is EpochOfSpreadsheets or EpochOfUnix => 0,
            8 => value,
            6 => value * 100,
            4 => value * 10_000,
            _ => 0,
        };
    }

    private static ulong PostcodeOf(string? text)
    {
        ulong packed = 0;
        var length = 0;
        foreach (var c in text ?? "")
        {
            var upper = char.ToUpperInvariant(c);
            if (char.IsAsciiDigit(upper) || char.IsAsciiLetterUpper(upper))
            {
                packed = (packed * 37) + (ulong)(char.IsAsciiDigit(upper) ? upper - '0' + 1 : upper - 'A' + 11);
                length++;
            }
        }

        // ZZ99 is the NHS's pseudo-postcode for people of no fixed abode and from abroad: it says nothing of where.
        return length is < 5 or > 7 || text!.TrimStart().StartsWith("ZZ99", StringComparison.OrdinalIgnoreCase) ? 0 : packed;
    }

    private static long PhoneOf(string? text)
    {
        long value = 0;
        var digits = 0;
        var same = true;
        var last = '\0';
        foreach (var c in text ?? "")
        {
            if (char.IsAsciiDigit(c))
            {
                value = ((value * 10) + (c - '0')) % 1_000_000_000;
                same &= digits == 0 || c == last;
                last = c;
                digits++;
            }
        }

        // Shorter ones are extensions; equal digits are placeholders.
        return digits is < 10 or > 14 || same ? 0 : value;
    }
}
