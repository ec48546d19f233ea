using System.Globalization;

namespace BetterCare.Care.Synthetic.Matching;

/// <summary>The errors of real records: what people type, hear, mistake and do not know.</summary>
internal static class Errors
{
    private static readonly (string Formal, string Familiar)[] Familiar =
    [
        ("Margaret", "Peggy"), ("Patricia", "Pat"), ("Barbara", "Babs"), ("Dorothy", "Dot"), ("Elizabeth", "Betty"), ("Kathleen", "Kath"), ("Pamela", "Pam"),
        ("Susan", "Sue"), ("Jacqueline", "Jackie"), ("Deborah", "Debbie"), ("Amanda", "Mandy"), ("Catherine", "Kate"), ("Gillian", "Jill"), ("Nicola", "Nicky"),
        ("William", "Bill"), ("Ronald", "Ron"), ("Robert", "Bob"), ("Kenneth", "Ken"), ("Frederick", "Fred"), ("Thomas", "Tom"), ("Albert", "Bert"),
        ("Leslie", "Les"), ("Raymond", "Ray"), ("Stanley", "Stan"), ("Donald", "Don"), ("David", "Dave"), ("Andrew", "Andy"), ("Michael", "Mick"),
        ("Stephen", "Steve"), ("Richard", "Dick"), ("Christopher", "Chris"), ("Anthony", "Tony"), ("Daniel", "Dan"), ("Matthew", "Matt"), ("Joshua", "Josh"),
        ("Rebecca", "Becky"), ("Jessica", "Jess"), ("James", "Jim"), ("John", "Jack"), ("Mohammed", "Muhammad"),
    ];

    /// <summary>Puts one error into a record.</summary>
    /// <param name="dice">What decides.</param>
    /// <param name="record">The record.</param>
    /// <param name="relative">Someone at the same address, whose number may be copied.</param>
    public static MatchRecord Put(ref Dice dice, MatchRecord record, MatchRecord relative)
    {
        record = record with { Dirty = true };
        return dice.Below(14) switch
        {
            0 or 1 => record with { Family = Slip(ref dice, record.Family) },
            2 => record with { Given = [Slip(ref dice, record.Given[0]), .. record.Given[1..]] },
            3 or 4 => record with { Given = [Short(record.Given[0]), .. record.Given[1..]] },
            5 => record with { Given = [record.Given[0][..1]] },
            6 => record with { Family = record.Given[0], Given = [record.Family] },
            7 => record with { Birth = Swapped(record.Birth) },
            8 => record with { Birth = DigitSlip(ref dice, record.Birth) },
            9 => record with { Postcode = "" },
            10 => record with { Postcode = $"L{dice.Below(30) + 1} {dice.Below(9) + 1}AA" },
            11 => record with { Family = record.Gender == "female" ? MatchNames.Family(ref dice) : Slip(ref dice, record.Family) },
            12 when record.Number is not null && relative.Person != record.Person => record with { Number = relative.Number },
            12 => record with { Postcode = Slip(ref dice, record.Postcode.Length == 0 ? "WA1 1AA" : record.Postcode).ToUpperInvariant() },
            _ => record.Given.Length > 1 ? record with { Given = [record.Given[1]] } : record with { Phone = "" },
        };
    }

    private static string Short(string given)
    {
        foreach (var (formal, familiar) in Familiar)
        {
            if (formal == given)
            {
                return familiar;
            }
        }

        return given;
    }

    private static string Slip(ref Dice dice, string text)
    {
        if (text.Length < 3)
        {
            return text;
        }

        var at = 1 + dice.Below(text.Length - 2);
        return dice.Below(4) switch
        {
            0 => text.Remove(at, 1),
            1 => text.Insert(at, text[at].ToString()),
            2 => string.Concat(text.AsSpan(0, at), text.AsSpan(at + 1, 1), text.AsSpan(at, 1), text.AsSpan(at + 2)),
            _ => string.Concat(text.AsSpan(0, at), ((char)('a' + dice.Below(26))).ToString(), text.AsSpan(at + 1)),
        };
    }

    private static string Swapped(string birth)
    {
        var swapped = $"{birth[..4]}-{birth[8..]}-{birth[5..7]}";
        return DateOnly.TryParseExact(swapped, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) ? swapped : birth;
    }

    private static string DigitSlip(ref Dice dice, string birth)
    {
        while (true)
        {
            var at = 3 + dice.Below(birth.Length - 3);
            if (birth[at] == '-')
            {
                continue;
            }

            var slipped = string.Concat(birth.AsSpan(0, at), ((char)('0' + dice.Below(10))).ToString(), birth.AsSpan(at + 1));
            if (slipped != birth && DateOnly.TryParseExact(slipped, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
            {
                return slipped;
            }
        }
    }
}
