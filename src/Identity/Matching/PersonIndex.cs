namespace BetterCare.Care.Identity.Matching;

/// <summary>A person of the population who may be the one that a record means.</summary>
/// <param name="At">Place in the population.</param>
/// <param name="Result">How the two compare.</param>
public readonly record struct Candidate(int At, MatchResult Result);

/// <summary>
/// A population that incoming records are matched with. Comparing each with each would be 10,000,000,000 comparisons for
/// 10,000 records and a million people; so only those are compared who share a key: the number; the birthday, also with day
/// and month changed about; how the family name sounds with the beginning of the given name; the postcode with the initial;
/// the telephone. A record that differs in all of these is not found.
/// </summary>
public sealed class PersonIndex
{
    // A block larger than this is a default that some system puts in, not a likeness.
    private const int LargestBlock = 20_000;
    private const int KeysPerPerson = 6;

    private readonly Person[] _people;
    private readonly ulong[] _keys;
    private readonly int[] _at;

    // Where each run of keys that share the top bits begins: narrows a search to a few entries.
    private readonly int[] _starts;
    private readonly int _shift;

    /// <summary>Builds the index.</summary>
    /// <param name="people">The population; kept, not copied.</param>
    public PersonIndex(Person[] people)
    {
        _people = people;
        var keys = new ulong[people.Length * KeysPerPerson];
        var at = new int[keys.Length];
        var count = 0;
        Span<ulong> own = stackalloc ulong[KeysPerPerson];
        for (var i = 0; i < people.Length; i++)
        {
            var n = Keys(in people[i], own);
            for (var k = 0; k < n; k++)
            {
                keys[count] = own[k];
                at[count++] = i;
            }
        }

        Array.Sort(keys, at, 0, count);
        _keys = keys[..count];
        _at = at[..count];
        var bits = Math.Clamp((int)Math.Log2(Math.Max(2, count)), 1, 22);
        _shift = 64 - bits;
        _starts = new int[(1 << bits) + 1];
        for (int i = 0, slot = 0; slot < _starts.Length; slot++)
        {
            while (i < count && (int)(_keys[i] >> _shift) < slot)
            {
                i++;
            }

            _starts[slot] = i;
        }
    }

    /// <summary>People in it.</summary>
    public int Count => _people.Length;

    /// <summary>A person of it.</summary>
    public ref readonly Person this[int at] => ref _people[at];

    /// <summary>Makes what one thread needs to match.</summary>
    public Matcher NewMatcher(MatchModel model) => new(this, model);

    /// <summary>The keys by which a person is found; returns how many.</summary>
    internal static int Keys(in Person person, Span<ulong> keys)
    {
        var n = 0;
        if (person.Number != 0)
        {
            keys[n++] = Mix(1, (ulong)person.Number);
        }

        if (person.Birth % 100 != 0)
        {
            int year = person.Birth / 10_000, month = person.Birth / 100 % 100, day = person.Birth % 100;
            keys[n++] = Mix(2, (ulong)((year * 10_000) + (Math.Min(month, day) * 100) + Math.Max(month, day)));
        }

        if (person.Family is { } family && person.Given is { } given)
        {
            keys[n++] = Mix(3, ((ulong)family.Sound << 8) | given.Letters[0]);

            // Names changed about are found by the same key the other way round.
            keys[n++] = Mix(3, ((ulong)given.Sound << 8) | family.Letters[0]);
        }

        if (person.Postcode != 0)
        {
            keys[n++] = Mix(4, (person.Postcode << 5) ^ (person.Given?.Letters[0] ?? '?'));
        }

        if (person.Phone != 0)
        {
            keys[n++] = Mix(5, (ulong)person.Phone);
        }

        return n;
    }

    /// <summary>The people who share a key; empty for a block that is too large to mean anything.</summary>
    internal ReadOnlySpan<int> Block(ulong key)
    {
        var slot = (int)(key >> _shift);
        var from = _starts[slot];
        var end = _starts[slot + 1];
        while (from < end && _keys[from] < key)
        {
            from++;
        }

        var to = from;
        while (to < end && _keys[to] == key)
        {
            to++;
        }

        return to - from > LargestBlock ? [] : _at.AsSpan(from, to - from);
    }

    /// <summary>The finaliser of SplitMix64: spreads keys evenly, so that the top bits find them.</summary>
    private static ulong Mix(ulong kind, ulong value)
    {
        var z = value + (kind * 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

/// <summary>Matches records with a population. One instance a thread; a match allocates nothing.</summary>
public sealed class Matcher
{
    /// <summary>Candidates kept of one record.</summary>
    public const int MostCandidates = 10;

    private readonly PersonIndex _index;
    private readonly MatchModel _model;
    private readonly int[] _seen;
    private readonly Candidate[] _best = new Candidate[MostCandidates];
    private int _round;

    internal Matcher(PersonIndex index, MatchModel model)
    {
        _index = index;
        _model = model;
        _seen = new int[index.Count];
    }

    /// <summary>Pairs compared so far.</summary>
    public long Compared { get; private set; }

    /// <summary>
    /// The people whom a record may mean, the likeliest first, none worse than possible; the first's grade is as it stands
    /// against the next. Good until the next call.
    /// </summary>
    public ReadOnlySpan<Candidate> Match(in Person asked)
    {
        _round++;
        var kept = 0;
        Span<ulong> keys = stackalloc ulong[6];
        var n = PersonIndex.Keys(in asked, keys);
        for (var k = 0; k < n; k++)
        {
            foreach (var at in _index.Block(keys[k]))
            {
                if (_seen[at] == _round)
                {
                    continue;
                }

                _seen[at] = _round;
                Compared++;
                var result = _model.Score(in asked, in _index[at]);
                if (result.Grade > MatchGrade.CertainlyNot)
                {
                    kept = Ranking.Keep(_best, kept, new Candidate(at, result));
                }
            }
        }

        Ranking.Settle(_best.AsSpan(0, kept));
        return _best.AsSpan(0, kept);
    }
}

/// <summary>The order of candidates.</summary>
public static class Ranking
{
    /// <summary>Puts a candidate in its place among the best; returns how many there are now.</summary>
    internal static int Keep(Candidate[] best, int kept, in Candidate candidate)
    {
        var place = kept;
        while (place > 0 && Better(in candidate, in best[place - 1]))
        {
            place--;
        }

        if (place == best.Length)
        {
            return kept;
        }

        var last = Math.Min(kept, best.Length - 1);
        Array.Copy(best, place, best, place + 1, last - place);
        best[place] = candidate;
        return last + 1;
    }

    /// <summary>Judges the best of a ranked list against the next.</summary>
    public static void Settle(Span<Candidate> ranked)
    {
        if (ranked.Length > 1)
        {
            var grade = MatchModel.Against(ranked[0].Result, ranked[1].Result);
            if (grade != ranked[0].Result.Grade && ranked[1].Result.Grade == MatchGrade.Certain)
            {
                ranked[1] = ranked[1] with { Result = ranked[1].Result with { Grade = MatchGrade.Probable } };
            }

            ranked[0] = ranked[0] with { Result = ranked[0].Result with { Grade = grade } };
        }
    }

    /// <summary>Grade first, then evidence, then place, so that the order never depends on chance.</summary>
    private static bool Better(in Candidate a, in Candidate b) =>
        a.Result.Grade != b.Result.Grade ? a.Result.Grade > b.Result.Grade
        : a.Result.Weight != b.Result.Weight ? a.Result.Weight > b.Result.Weight
        : a.At < b.At;
}
