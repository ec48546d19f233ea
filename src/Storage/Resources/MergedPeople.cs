using BetterCare.Care.Fhir.Nhs;

namespace BetterCare.Care.Storage.Resources;

/// <summary>A record that another has taken up.</summary>
/// <param name="Key">Its key; nothing is kept under it while the merge is in force.</param>
/// <param name="Number">Its number.</param>
/// <param name="IntoKey">Key of the record that remains, at the end of the chain.</param>
/// <param name="IntoNumber">The number in force.</param>
/// <param name="Merges">The merges on the way, the first one first.</param>
/// <param name="Renumbered">The record that remains is this one under its new number.</param>
public sealed record FormerPerson(long Key, NhsNumber Number, long IntoKey, NhsNumber IntoNumber, IReadOnlyList<string> Merges, bool Renumbered);

/// <summary>What a Patient whose record has taken up others says besides what its supplier sends.</summary>
/// <param name="Numbers">The former numbers, ascending.</param>
/// <param name="Restricted">One of those records was restricted.</param>
public sealed record TakenUp(IReadOnlyList<NhsNumber> Numbers, bool Restricted);

/// <summary>
/// The merges in force: former numbers and keys, each with the record that answers for it now. There are few; they are kept
/// in memory whole, so that a number that was never merged costs one look into a small table, and none where it is empty.
/// </summary>
public sealed class MergedPeople
{
    private readonly Dictionary<long, FormerPerson> _byNumber = [];
    private readonly Dictionary<long, FormerPerson> _byKey = [];
    private readonly Dictionary<long, TakenUp> _takenUp = [];

    /// <summary>Makes it of the merges in force.</summary>
    /// <param name="epoch">Counts merges and undoings: another one means that these are out of date.</param>
    /// <param name="merges">The merges; of a number there is one at most.</param>
    internal MergedPeople(long epoch, IReadOnlyList<MergeInForce> merges)
    {
        Epoch = epoch;
        var byFrom = merges.ToDictionary(m => m.FromNumber);
        var takenUp = new Dictionary<long, (SortedSet<long> Numbers, bool Restricted)>();
        foreach (var merge in merges)
        {
            var chain = new List<MergeInForce> { merge };
            while (byFrom.TryGetValue(chain[^1].IntoNumber, out var next))
            {
                chain.Add(next);
            }

            var last = chain[^1];
            var former = new FormerPerson(
                merge.FromKey, NhsNumber.FromStored(merge.FromNumber), last.IntoKey, NhsNumber.FromStored(last.IntoNumber), [.. chain.Select(c => c.Id)], chain.TrueForAll(c => c.Renumbered));
            _byNumber[merge.FromNumber] = former;
            _byKey[merge.FromKey] = former;
            var (numbers, restricted) = takenUp.GetValueOrDefault(last.IntoNumber);
            numbers ??= [];
            numbers.Add(merge.FromNumber);
            takenUp[last.IntoNumber] = (numbers, restricted || chain.Exists(c => c.Restricted));
        }

        foreach (var (number, (numbers, restricted)) in takenUp)
        {
            _takenUp[number] = new TakenUp([.. numbers.Select(NhsNumber.FromStored)], restricted);
        }
    }

    /// <summary>Whether there are none: nearly always.</summary>
    public bool IsEmpty => _byNumber.Count == 0;

    /// <summary>Counts merges and undoings.</summary>
    internal long Epoch { get; }

    /// <summary>Who answers for a former number; null where it is in force, or not known.</summary>
    public FormerPerson? Of(NhsNumber number) => IsEmpty ? null : _byNumber.GetValueOrDefault(number.Number);

    /// <summary>Who answers for a key that is no longer in use; null where it is.</summary>
    public FormerPerson? Of(long key) => IsEmpty ? null : _byKey.GetValueOrDefault(key);

    /// <summary>The records that the one of a number has taken up; null none.</summary>
    public TakenUp? TakenUpBy(NhsNumber number) => IsEmpty ? null : _takenUp.GetValueOrDefault(number.Number);

    /// <summary>Keys whose record the one of this key has taken up: what the audit wrote of them is of this person.</summary>
    public IEnumerable<long> KeysTakenUpBy(long key) => _byKey.Values.Where(f => f.IntoKey == key).Select(f => f.Key);

    /// <summary>The earlier merges whose people a merge has taken along.</summary>
    internal IEnumerable<string> Under(string merge) => _byKey.Values.Where(f => f.Merges.Skip(1).Contains(merge)).Select(f => f.Merges[0]);

    /// <summary>
    /// A text with every former number in it made the one in force; the same text where there is none. Numbers stand alone:
    /// ten digits with no letter, digit, dot or hyphen beside them.
    /// </summary>
    public string InForce(string text)
    {
        if (IsEmpty)
        {
            return text;
        }

        char[]? changed = null;
        for (var i = 0; i + 10 <= text.Length; i++)
        {
            if (!char.IsAsciiDigit(text[i]) || (i > 0 && IsPart(text[i - 1]) && !IsEscape(text, i)) || (i + 10 < text.Length && IsPart(text[i + 10])))
            {
                continue;
            }

            if (NhsNumber.TryParse(text.Substring(i, 10), out var number) && Of(number) is { } former)
            {
                changed ??= text.ToCharArray();
                former.IntoNumber.Value.CopyTo(0, changed, i, 10);
                i += 9;
            }
        }

        return changed is null ? text : new string(changed);
    }

    private static bool IsPart(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '-';

    /// <summary>Whether what stands before is an escaped character, such as %7C or %2F, and not a part of a longer word.</summary>
    private static bool IsEscape(string text, int at) => at >= 3 && text[at - 3] == '%' && char.IsAsciiHexDigit(text[at - 2]) && char.IsAsciiHexDigit(text[at - 1]);
}

/// <summary>A merge in force, as it is read.</summary>
internal sealed record MergeInForce(string Id, long FromNumber, long IntoNumber, long FromKey, long IntoKey, bool Restricted, bool Renumbered);
