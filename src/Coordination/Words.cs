using System.Globalization;
using System.Text;

namespace BetterCare.Care.Coordination;

/// <summary>Small helpers for plain English.</summary>
internal static class Words
{
    /// <summary>"EndOfLife" as "end of life".</summary>
    public static string Of(string pascal)
    {
        var text = new StringBuilder(pascal.Length + 4);
        foreach (var c in pascal)
        {
            if (char.IsUpper(c) && text.Length > 0)
            {
                text.Append(' ');
            }

            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }

    /// <summary>"1 day", "3 days".</summary>
    public static string Count(int n, string one) => n == 1 ? $"1 {one}" : $"{n.ToString(CultureInfo.InvariantCulture)} {one}s";

    /// <summary>"4 March 2026", as the NHS style has it.</summary>
    public static string Date(DateOnly date) => date.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);

    /// <summary>"a", "a and b", "a, b and c".</summary>
    public static string List(IReadOnlyList<string> items) => items.Count switch
    {
        0 => string.Empty,
        1 => items[0],
        _ => string.Join(", ", items.Take(items.Count - 1)) + " and " + items[^1],
    };
}
