using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Fhir.Views;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>A person who may be the one asked for.</summary>
/// <param name="Resource">The Patient.</param>
/// <param name="Score">How sure, and why.</param>
public sealed record PatientMatch(StoredResource Resource, MatchScore Score);

/// <summary>Finds the people whom a description may mean. A seam: a probabilistic matcher takes the place of the rules without touching a caller.</summary>
public interface IPatientMatcher
{
    /// <summary>The matches, best first; none is worse than possible.</summary>
    /// <param name="described">A Patient, complete or not.</param>
    /// <param name="visibility">Who asks.</param>
    /// <param name="ct">Cancels.</param>
    Task<IReadOnlyList<PatientMatch>> MatchAsync(ReadOnlyMemory<byte> described, Visibility visibility, CancellationToken ct);
}

/// <summary>
/// Deterministic rules, after those by which NHS systems verify a traced number: a valid number with the date of birth is
/// certain; family name, given name, birth and postcode together are probable; family name and birth are possible.
/// </summary>
public sealed class RulesMatcher(ResourceStore store, Directories directories) : IPatientMatcher
{
    private const int MaxCandidates = 2000;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PatientMatch>> MatchAsync(ReadOnlyMemory<byte> described, Visibility visibility, CancellationToken ct)
    {
        var asked = Description.Of(described.Span);
        var matches = new List<PatientMatch>();
        if (asked.Number is { } number && await directories.FindAsync(number, ct) is { } key && await visibility.MaySeeAsync(key, ct)
            && await store.ReadAsync(ResourceType.Patient, number.Value, ct) is { Deleted: false } numbered
            && Grade(asked, Description.Of(numbered.Body)) is { } exact)
        {
            matches.Add(new PatientMatch(numbered, exact));
        }

        if (asked.BirthDay != 0)
        {
            // People with a restricted record are not among those born on a day: they are found by number only.
            foreach (var candidate in await store.PatientsBornAsync(asked.BirthDay, asked.BirthDay, visibility.Search, MaxCandidates, ct))
            {
                if (matches.TrueForAll(m => m.Resource.Id != candidate.Id) && Grade(asked, Description.Of(candidate.Body)) is { } score)
                {
                    matches.Add(new PatientMatch(candidate, score));
                }
            }
        }

        return [.. matches.OrderByDescending(m => m.Score.Score).ThenBy(m => m.Resource.Id, StringComparer.Ordinal)];
    }

    private static MatchScore? Grade(Description asked, Description found)
    {
        var number = asked.Number is not null && asked.Number == found.Number;
        var conflict = asked.Number is not null && !number;
        var born = asked.BirthDay != 0 && asked.BirthDay == found.BirthDay;
        var family = asked.Family.Length > 0 && asked.Family == found.Family;
        var given = asked.Given.Length > 0 && asked.Given == found.Given;
        var postcode = asked.Postcode.Length > 0 && asked.Postcode == found.Postcode;
        List<string> reasons =
        [
            .. Reason(asked.Number is not null, number, "NHS number"),
            .. Reason(asked.BirthDay != 0, born, "date of birth"),
            .. Reason(asked.Family.Length > 0, family, "family name"),
            .. Reason(asked.Given.Length > 0, given, "given name"),
            .. Reason(asked.Postcode.Length > 0, postcode, "postcode"),
        ];

        // Another number than the one asked for is another person's, however like they are: a human looks at it.
        return number && born ? new MatchScore(family ? 1.0m : 0.97m, "certain", reasons)
            : family && given && born && postcode ? new MatchScore(conflict ? 0.6m : 0.9m, conflict ? "possible" : "probable", reasons)
            : number ? new MatchScore(0.5m, "possible", reasons)
            : family && born ? new MatchScore(conflict ? 0.3m : given || postcode ? 0.7m : 0.5m, "possible", reasons)
            : null;
    }

    private static IEnumerable<string> Reason(bool given, bool equal, string what) => given ? [equal ? $"The {what} is the same." : $"The {what} differs."] : [];

    /// <summary>What is compared of a Patient; texts folded, so that case, accents and spaces do not part people.</summary>
    private readonly record struct Description(NhsNumber? Number, int BirthDay, string Family, string Given, string Postcode)
    {
        public static Description Of(ReadOnlySpan<byte> json)
        {
            var patient = new JsonView(json);
            NhsNumber? number = null;
            foreach (var identifier in patient["identifier"u8].Items)
            {
                if (identifier["system"u8].ToString() is NhsNumber.System or NhsNumber.OldSystem && NhsNumber.TryParse(identifier["value"u8].ToString(), out var found))
                {
                    number = found;
                }
            }

            string family = "", given = "", postcode = "";
            foreach (var name in patient["name"u8].Items)
            {
                // The first name that has a family name is the one that lists show.
                if (family.Length == 0)
                {
                    family = Folded(name["family"u8]);
                    foreach (var first in name["given"u8].Items)
                    {
                        given = given.Length == 0 ? Folded(first) : given;
                    }
                }
            }

            foreach (var address in patient["address"u8].Items)
            {
                postcode = postcode.Length == 0 ? Folded(address["postalCode"u8]) : postcode;
            }

            var birth = patient["birthDate"u8].Text;
            return new Description(number, birth.Length == 10 ? ClinicalView.Day(birth) : 0, family, given, postcode);
        }

        private static string Folded(JsonView text)
        {
            var letters = new StringBuilder();
            foreach (var c in FoldedText.Of(text.ToString()).Where(char.IsLetterOrDigit))
            {
                letters.Append(c);
            }

            return letters.ToString();
        }
    }
}
