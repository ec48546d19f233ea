namespace BetterCare.Care.Identity.Matching;

/// <summary>How near two spellings are. Nothing is allocated.</summary>
public static class Spelling
{
    private const int Longest = 32;

    /// <summary>Whether one slip of the keyboard makes the one into the other: a letter more, less, other, or two changed about.</summary>
    public static bool OneSlip(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (a.Length > b.Length)
        {
            var swap = a;
            a = b;
            b = swap;
        }

        if (b.Length - a.Length > 1)
        {
            return false;
        }

        var from = a.CommonPrefixLength(b);
        if (a.Length != b.Length)
        {
            return a[from..].SequenceEqual(b[(from + 1)..]);
        }

        if (from == a.Length)
        {
            return false;
        }

        return a[(from + 1)..].SequenceEqual(b[(from + 1)..])
            || (from + 1 < a.Length && a[from] == b[from + 1] && a[from + 1] == b[from] && a[(from + 2)..].SequenceEqual(b[(from + 2)..]));
    }

    /// <summary>
    /// Similarity after Jaro (1989) with Winkler's bonus for a common beginning (1990): 0 nothing in common, 1 equal.
    /// </summary>
    public static double JaroWinkler(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        a = a[..Math.Min(a.Length, Longest)];
        b = b[..Math.Min(b.Length, Longest)];
        if (a.IsEmpty || b.IsEmpty)
        {
            return 0;
        }

        // Which letters of each have found their like, as bits.
        uint inA = 0, inB = 0;
        var window = Math.Max(0, (Math.Max(a.Length, b.Length) / 2) - 1);
        var common = 0;
        for (var i = 0; i < a.Length; i++)
        {
            var to = Math.Min(b.Length - 1, i + window);
            for (var j = Math.Max(0, i - window); j <= to; j++)
            {
                if (a[i] == b[j] && (inB & (1u << j)) == 0)
                {
                    inA |= 1u << i;
                    inB |= 1u << j;
                    common++;
                    break;
                }
            }
        }

        if (common == 0)
        {
            return 0;
        }

        var moved = 0;
        for (int i = 0, j = 0; i < a.Length; i++)
        {
            if ((inA & (1u << i)) == 0)
            {
                continue;
            }

            while ((inB & (1u << j)) == 0)
            {
                j++;
            }

            moved += a[i] == b[j] ? 0 : 1;
            j++;
        }

        double m = common;
        var jaro = ((m / a.Length) + (m / b.Length) + ((m - (moved / 2)) / m)) / 3;
        var prefix = Math.Min(4, a.CommonPrefixLength(b));
        return jaro + (prefix * 0.1 * (1 - jaro));
    }
}
