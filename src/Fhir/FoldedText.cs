using System.Text;

namespace BetterCare.Care.Fhir;

/// <summary>
/// Text without case and accents, for search. The host runs without ICU (InvariantGlobalization), which leaves
/// <see cref="string.Normalize()"/> without Unicode data, so the Latin letters of European names are folded here.
/// </summary>
public static class FoldedText
{
    // U+00C0 to U+017F: Latin-1 Supplement letters and Latin Extended-A; '?' keeps the character.
    private const string Base =
        "aaaaaaaceeeeiiii?nooooo?ouuuuy?saaaaaaaceeeeiiii?nooooo?ouuuuy?y" +
        "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

    /// <summary>Folds a text.</summary>
    public static string Of(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            // Combining marks U+0300 to U+036F vanish.
            if (c is >= '\u0300' and <= '\u036F')
            {
                continue;
            }

            var b = c is >= '\u00C0' and <= '\u017F' ? Base[c - '\u00C0'] : '?';
            folded.Append(b == '?' ? char.ToLowerInvariant(c) : b);
        }

        return folded.ToString();
    }
}
