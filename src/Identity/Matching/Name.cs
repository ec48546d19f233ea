using BetterCare.Care.Fhir;

namespace BetterCare.Care.Identity.Matching;

/// <summary>
/// A name made ready to be compared: folded letters, how it sounds, what it is short for, how common it is. One instance a
/// name in a <see cref="NameBook"/>, so that equal names are the same object and comparing a pair allocates nothing.
/// </summary>
public sealed class Name
{
    internal Name(string letters, int[] groups, Name[] parts)
    {
        Letters = letters;
        Groups = groups;
        Parts = parts;
        Sound = Phonetics.Code(letters);
    }

    /// <summary>Letters a to z only, at most 30: case, accents, spaces and marks never part two people.</summary>
    public string Letters { get; }

    /// <summary>How it sounds (see <see cref="Phonetics"/>); equal for names that are often confused by ear.</summary>
    public uint Sound { get; }

    /// <summary>Numbers of the groups of given names that it belongs to, ascending (Bill is in William's).</summary>
    internal int[] Groups { get; }

    /// <summary>The names of a double-barrelled one; empty for a simple one.</summary>
    internal Name[] Parts { get; }

    /// <summary>Share of people who bear it as a family name, 0 to 1.</summary>
    public float FamilyShare { get; internal set; }

    /// <summary>Share of people who bear it as a given name, 0 to 1.</summary>
    public float GivenShare { get; internal set; }

    internal int FamilyCount;
    internal int GivenCount;

    /// <summary>Says nothing: a name is personal.</summary>
    public override string ToString() => "(name)";
}

/// <summary>
/// All names of a population, each once, with how common they are. The commoner a name, the less it says that two records
/// share it. Not safe for writers on several threads; reading needs no lock.
/// </summary>
public sealed class NameBook
{
    private const int LongestName = 30;

    // A name that the population has not shown is still somebody's: as rare as one in a hundred thousand, on the evidence of
    // this many people. It keeps a small population from believing its own few names.
    private const double PriorPeople = 5_000;
    private const double PriorShare = 1e-4;

    private readonly Dictionary<string, Name> _names = new(StringComparer.Ordinal);
    private long _people;

    /// <summary>People counted.</summary>
    public long People => _people;

    /// <summary>The name, or null where the text has no letters.</summary>
    /// <param name="text">As it was written; two names joined by a hyphen or a space are double-barrelled.</param>
    public Name? Of(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var folded = FoldedText.Of(text);
        Span<char> letters = stackalloc char[LongestName];
        var length = 0;
        var joined = false;
        foreach (var c in folded)
        {
            if (char.IsAsciiLetterLower(c))
            {
                if (length < LongestName)
                {
                    letters[length++] = c;
                }
            }
            else if (c is '-' or ' ' && length > 0)
            {
                joined = true;
            }
        }

        return length == 0 ? null : Of(letters[..length].ToString(), joined ? folded : null);
    }

    /// <summary>Counts a person of the population, for the shares.</summary>
    public void Count(in Person person) => Count(person.Family, person.Given, 1);

    /// <summary>Counts people of one name.</summary>
    /// <param name="family">Their family name; null not known.</param>
    /// <param name="given">Their first given name; null not known.</param>
    /// <param name="people">How many.</param>
    public void Count(Name? family, Name? given, int people)
    {
        _people += people;
        if (family is not null)
        {
            family.FamilyCount += people;
        }

        if (given is not null)
        {
            given.GivenCount += people;
        }
    }

    /// <summary>Works the shares out of what was counted; call it once the population is in.</summary>
    /// <param name="people">People behind the counts, where family and given names were counted apart; null: as counted.</param>
    public void Weigh(long? people = null)
    {
        _people = people ?? _people;
        foreach (var name in _names.Values)
        {
            name.FamilyShare = Share(name.FamilyCount, _people);
            name.GivenShare = Share(name.GivenCount, _people);
        }
    }

    private static float Share(long count, long people) => (float)((count + (PriorPeople * PriorShare)) / (people + PriorPeople));

    private Name Of(string letters, string? joined)
    {
        if (_names.TryGetValue(letters, out var known))
        {
            return known;
        }

        Name[] parts = [];
        if (joined is not null)
        {
            parts = [.. joined.Split(['-', ' '], StringSplitOptions.RemoveEmptyEntries).Where(p => p.Length > 2).Select(p => Of(p)).OfType<Name>().Distinct()];
            parts = parts.Length > 1 ? parts : [];
        }

        return _names[letters] = new Name(letters, Nicknames.Of(letters), parts) { FamilyShare = Share(0, _people), GivenShare = Share(0, _people) };
    }
}

/// <summary>Groups of given names that one person may go by (nicknames.csv).</summary>
internal static class Nicknames
{
    private static readonly Dictionary<string, int[]> Groups = Read();

    public static int[] Of(string letters) => Groups.GetValueOrDefault(letters) ?? [];

    private static Dictionary<string, int[]> Read()
    {
        var groups = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        using var stream = typeof(Nicknames).Assembly.GetManifestResourceStream("nicknames.csv")!;
        using var lines = new StreamReader(stream);
        for (var number = 1; lines.ReadLine() is { } line; number++)
        {
            foreach (var name in line.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal))
            {
                (groups.TryGetValue(name, out var of) ? of : groups[name] = []).Add(number);
            }
        }

        return groups.ToDictionary(g => g.Key, g => g.Value.ToArray(), StringComparer.Ordinal);
    }
}
