namespace BetterCare.Care.Identity.Matching;

/// <summary>
/// How a name sounds to someone who writes it down: Soundex (Russell 1918, US patent 1,261,167) after the beginnings that
/// English spells in several ways are made one (Ph and F, Kn and N, Wr and R, C and K, Mac and Mc), so that the first letter
/// does not decide alone. Coarse on purpose: it brings records together to be compared, and counts for little by itself.
/// </summary>
public static class Phonetics
{
    // Digit of each letter, a to z; 0 vowels, '-' h and w, which do not part two equal sounds.
    private const string Digits = "01230120022455012623010202";
    private const string Silent = "hw";

    private static readonly (string Spelt, string Sounds)[] Beginnings =
    [
        ("mac", "mc"), ("kn", "n"), ("gn", "n"), ("wr", "r"), ("ph", "f"), ("wh", "w"), ("rh", "r"), ("sch", "s"), ("ps", "s"), ("x", "z"),
        ("c", "k"), ("q", "k"), ("j", "g"), ("y", "i"), ("e", "i"),
    ];

    /// <summary>The code: first sound and three digits, packed; 0 for an empty name.</summary>
    /// <param name="letters">Letters a to z.</param>
    public static uint Code(ReadOnlySpan<char> letters)
    {
        if (letters.IsEmpty)
        {
            return 0;
        }

        foreach (var (spelt, sounds) in Beginnings)
        {
            if (letters.StartsWith(spelt, StringComparison.Ordinal))
            {
                Span<char> changed = stackalloc char[letters.Length - spelt.Length + sounds.Length];
                sounds.CopyTo(changed);
                letters[spelt.Length..].CopyTo(changed[sounds.Length..]);
                return Soundex(changed);
            }
        }

        return Soundex(letters);
    }

    private static uint Soundex(ReadOnlySpan<char> letters)
    {
        uint code = letters[0];
        var digits = 0;
        var last = Digits[letters[0] - 'a'];
        foreach (var c in letters[1..])
        {
            var digit = Digits[c - 'a'];
            if (digit != '0' && digit != last)
            {
                code = (code << 4) | (uint)(digit - '0');
                if (++digits == 3)
                {
                    return code;
                }
            }

            if (!Silent.Contains(c))
            {
                last = digit;
            }
        }

        return code << (4 * (3 - digits));
    }
}
