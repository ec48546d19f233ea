using System.Text;

namespace BetterCare.Care.Api.Features.Tracing.Pds;

/// <summary>
/// The search as PDS's own recipe for tracing puts it: neither fuzzy nor exact, with history, the first three letters of the
/// given name and the first two of the postcode; fuzzy only where that finds nobody.
/// </summary>
internal static class PdsQuery
{
    /// <summary>The query string; null where less is known than PDS demands.</summary>
    public static string? Of(PdsSearch search)
    {
        var person = search.Person;
        var given = Clean(person.Given.Count > 0 ? person.Given[0] : "");
        var family = Clean(person.Family ?? "");
        var postcode = string.Concat((person.Postcode ?? "").Where(char.IsLetterOrDigit)).ToUpperInvariant();
        var born = DateOnly.TryParseExact(person.Birth, "yyyy-MM-dd", out _) ? person.Birth : null;
        var gender = person.Gender is "male" or "female" ? person.Gender : null;
        if (born is null)
        {
            return null;
        }

        var query = new StringBuilder("_max-results=1");
        if (search.Fuzzy)
        {
            // PDS takes given+family+birth, or two of them with gender and postcode.
            var whole = postcode.Length is >= 5 and <= 7 ? $"{postcode[..^3]} {postcode[^3..]}" : null;
            if (!(given.Length > 0 && family.Length > 0) && !((family.Length > 0 || given.Length > 0) && gender is not null && whole is not null))
            {
                return null;
            }

            Add("_fuzzy-match", "true");
            Add("given", given);
            Add("address-postalcode", whole);
        }
        else
        {
            if (family.Length == 0)
            {
                return null;
            }

            Add("_history", "true");

            // A star may not be among the first two letters.
            Add("given", given.Length >= 2 ? given[..Math.Min(3, given.Length)] + "*" : null);
            Add("address-postalcode", postcode.Length >= 5 ? postcode[..2] + "*" : null);
        }

        Add("family", family);
        Add("gender", gender);
        Add("birthdate", "eq" + born);
        return query.ToString();

        void Add(string name, string? value)
        {
            if (value is { Length: > 0 })
            {
                query.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value).Replace("%2A", "*", StringComparison.Ordinal));
            }
        }
    }

    /// <summary>Letters, spaces, hyphens and apostrophes: a star of the supplier's is no wildcard of ours.</summary>
    private static string Clean(string name) => string.Concat(name.Where(c => char.IsLetter(c) || c is ' ' or '-' or '\'' or '’')).Trim();
}
