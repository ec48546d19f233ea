namespace BetterCare.Care.Identity.Matching;

/// <summary>How two records agree about one thing.</summary>
public enum Agreement : byte
{
    /// <summary>One of the two does not say.</summary>
    Absent,

    /// <summary>The same.</summary>
    Same,

    /// <summary>A short or familiar form of the same given name.</summary>
    Nickname,

    /// <summary>Only an initial, which fits.</summary>
    Initial,

    /// <summary>The middle name of the one is the first name of the other.</summary>
    MiddleName,

    /// <summary>A family name that the person had before.</summary>
    FormerName,

    /// <summary>One part of a double-barrelled name.</summary>
    PartOfName,

    /// <summary>Family and given name are changed about.</summary>
    ChangedAbout,

    /// <summary>Day and month are changed about.</summary>
    DayMonthSwapped,

    /// <summary>One slip apart: a letter or digit.</summary>
    OneSlip,

    /// <summary>Spelt much alike.</summary>
    Alike,

    /// <summary>Sounds alike.</summary>
    SoundsAlike,

    /// <summary>Two of the three parts of a date, or all that the less exact one says.</summary>
    Partly,

    /// <summary>The same postal district.</summary>
    SameDistrict,

    /// <summary>Different.</summary>
    Different,
}

/// <summary>How two records agree, thing by thing.</summary>
public readonly record struct Comparison
{
    /// <summary>NHS number.</summary>
    public Agreement Number { get; init; }

    /// <summary>Family name.</summary>
    public Agreement Family { get; init; }

    /// <summary>Given name.</summary>
    public Agreement Given { get; init; }

    /// <summary>Date of birth.</summary>
    public Agreement Birth { get; init; }

    /// <summary>Sex.</summary>
    public Agreement Sex { get; init; }

    /// <summary>Postcode.</summary>
    public Agreement Postcode { get; init; }

    /// <summary>Telephone.</summary>
    public Agreement Phone { get; init; }

    /// <summary>Compares two people. Nothing is allocated.</summary>
    public static Comparison Of(in Person a, in Person b)
    {
        var family = FamilyOf(in a, in b);
        var given = GivenOf(in a, in b);
        if (family == Agreement.Different && given == Agreement.Different && ReferenceEquals(a.Family, b.Given) && ReferenceEquals(a.Given, b.Family))
        {
            (family, given) = (Agreement.ChangedAbout, Agreement.ChangedAbout);
        }

        return new Comparison
        {
            Number = a.Number == 0 || b.Number == 0 ? Agreement.Absent : a.Number == b.Number ? Agreement.Same : Agreement.Different,
            Family = family,
            Given = given,
            Birth = BirthOf(a.Birth, b.Birth),
            Sex = a.Sex == 0 || b.Sex == 0 ? Agreement.Absent : a.Sex == b.Sex ? Agreement.Same : Agreement.Different,
            Postcode = PostcodeOf(a.Postcode, b.Postcode),
            Phone = a.Phone == 0 || b.Phone == 0 ? Agreement.Absent : a.Phone == b.Phone ? Agreement.Same : Agreement.Different,
        };
    }

    private static Agreement FamilyOf(in Person a, in Person b)
    {
        if (a.Family is null || b.Family is null)
        {
            return Agreement.Absent;
        }

        if (ReferenceEquals(a.Family, b.Family))
        {
            return Agreement.Same;
        }

        if (ReferenceEquals(a.Family, b.FormerFamily) || ReferenceEquals(a.FormerFamily, b.Family))
        {
            return Agreement.FormerName;
        }

        if (IsPart(a.Family, b.Family) || IsPart(b.Family, a.Family))
        {
            return Agreement.PartOfName;
        }

        return Spelt(a.Family, b.Family);
    }

    private static bool IsPart(Name of, Name name)
    {
        foreach (var part in of.Parts)
        {
            if (ReferenceEquals(part, name))
            {
                return true;
            }
        }

        return false;
    }

    private static Agreement GivenOf(in Person a, in Person b)
    {
        if (a.Given is null || b.Given is null)
        {
            return Agreement.Absent;
        }

        if (ReferenceEquals(a.Given, b.Given))
        {
            return Agreement.Same;
        }

        if (a.Given.Letters.Length == 1 || b.Given.Letters.Length == 1)
        {
            return a.Given.Letters[0] == b.Given.Letters[0] ? Agreement.Initial : Agreement.Different;
        }

        if (ShareGroup(a.Given.Groups, b.Given.Groups))
        {
            return Agreement.Nickname;
        }

        if (ReferenceEquals(a.Given, b.SecondGiven) || ReferenceEquals(a.SecondGiven, b.Given))
        {
            return Agreement.MiddleName;
        }

        var spelt = Spelt(a.Given, b.Given);
        return spelt == Agreement.Different && (IsPart(a.Given, b.Given) || IsPart(b.Given, a.Given)) ? Agreement.PartOfName : spelt;
    }

    private static bool ShareGroup(int[] a, int[] b)
    {
        for (int i = 0, j = 0; i < a.Length && j < b.Length;)
        {
            if (a[i] == b[j])
            {
                return true;
            }

            if (a[i] < b[j])
            {
                i++;
            }
            else
            {
                j++;
            }
        }

        return false;
    }

    private static Agreement Spelt(Name a, Name b)
    {
        // Short names one letter apart (Ann and Ian, Lee and Les) are other names more often than slips.
        var shorter = Math.Min(a.Letters.Length, b.Letters.Length);
        if (shorter >= 4 && Spelling.OneSlip(a.Letters, b.Letters))
        {
            return Agreement.OneSlip;
        }

        var sounds = a.Sound == b.Sound;
        if (!sounds && a.Letters[0] != b.Letters[0])
        {
            return Agreement.Different;
        }

        return shorter >= 4 && Spelling.JaroWinkler(a.Letters, b.Letters) >= 0.93 ? Agreement.Alike
            : sounds ? Agreement.SoundsAlike
            : Agreement.Different;
    }

    private static Agreement BirthOf(int a, int b)
    {
        if (a == 0 || b == 0)
        {
            return Agreement.Absent;
        }

        if (a == b)
        {
            return a % 100 == 0 ? Agreement.Partly : Agreement.Same;
        }

        int yearA = a / 10_000, monthA = a / 100 % 100, dayA = a % 100;
        int yearB = b / 10_000, monthB = b / 100 % 100, dayB = b % 100;
        if (dayA == 0 || dayB == 0)
        {
            return yearA == yearB && (monthA == monthB || monthA == 0 || monthB == 0) ? Agreement.Partly : Agreement.Different;
        }

        if (yearA == yearB && dayA == monthB && monthA == dayB)
        {
            return Agreement.DayMonthSwapped;
        }

        if (DigitSlip(a, b))
        {
            return Agreement.OneSlip;
        }

        // Two of the three parts, as the rule for verifying an NHS number takes them.
        return (yearA == yearB ? 1 : 0) + (monthA == monthB ? 1 : 0) + (dayA == dayB ? 1 : 0) >= 2 ? Agreement.Partly : Agreement.Different;
    }

    /// <summary>One digit differs, or two neighbours are changed about.</summary>
    private static bool DigitSlip(int a, int b)
    {
        int differing = 0, at = -1, lastA = 0, lastB = 0;
        for (var place = 0; place < 8; place++)
        {
            int x = a % 10, y = b % 10;
            if (x != y)
            {
                differing++;
                if (differing == 2 && (place != at + 1 || x != lastB || y != lastA))
                {
                    return false;
                }

                (at, lastA, lastB) = (place, x, y);
            }

            a /= 10;
            b /= 10;
        }

        return differing is 1 or 2;
    }

    private static Agreement PostcodeOf(ulong a, ulong b)
    {
        if (a == 0 || b == 0)
        {
            return Agreement.Absent;
        }

        if (a == b)
        {
            return Agreement.Same;
        }

        int differing = 0, at = -2;
        ulong x = a, y = b, lastX = 0, lastY = 0;
        var near = true;
        for (var place = 0; x != 0 || y != 0; place++, x /= 37, y /= 37)
        {
            if (x % 37 == y % 37)
            {
                continue;
            }

            differing++;
            near &= differing == 1 || (differing == 2 && place == at + 1 && x % 37 == lastY && y % 37 == lastX);
            (at, lastX, lastY) = (place, x % 37, y % 37);
        }

        return near ? Agreement.OneSlip : Person.District(a) == Person.District(b) ? Agreement.SameDistrict : Agreement.Different;
    }
}
