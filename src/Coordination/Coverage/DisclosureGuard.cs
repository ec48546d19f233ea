using System.Runtime.InteropServices;

namespace BetterCare.Care.Coordination.Coverage;

/// <summary>
/// Decides which figures of one release must be <c>*</c> so that no small count (1 to 7) can be worked out from the others.
/// <para>Method. First every count by itself: 0 shown, 1-7 hidden, others to the nearest 5. A reader then knows of a shown figure
/// only that the count lies within 2 of it (10 means 8 to 12), and of a hidden one that it is 1 or more. From these
/// ranges and the sums that hold between figures (rows of a breakdown add up to its total, the same total in every breakdown, part
/// of a whole) the reader can narrow other ranges. The guard does the same arithmetic, and while any small count would be narrowed to
/// less than 1 to 7, it hides the smallest shown figure of the sum that narrows it. So totals are the true totals, rounded
/// once, and read the same on every page and in every breakdown.</para>
/// <para>A hidden figure is therefore "1 to 7, or more where it protects another", and readers are told so.</para>
/// <para>Figures that are one and the same (a total and the only part of it that is not 0) are hidden or shown as one. The figures that
/// readers need most (<see cref="KeepToTheLast"/>) are hidden only where nothing else would help.</para>
/// <para>Tested against every small table: single and paired breakdowns also against a reader who knows the method and lists all tables
/// that it would publish alike; crossed breakdowns against a reader of figures and sums. Crossed tables of fewer than some 20 people
/// in all should not be published.</para>
/// </summary>
public sealed partial class DisclosureGuard
{
    private const long Unknown = long.MaxValue / 4;

    private readonly List<int> _exact = [];
    private readonly List<bool> _hidden = [];
    private readonly List<Relation> _relations = [];
    private readonly List<List<int>> _relationsOf = [];
    private readonly HashSet<int> _kept = [];

    // The figure that stands for each: itself, or one that is the same by a sum whose other parts are 0.
    private int[] _same = [];
    private bool _sparing = true;

    // What a reader can infer: at least _least; at most _most, taking every small count as known to be small (the cautious
    // reading, for what it says about others); at most _mostKnown, from the release alone.
    private long[] _least = [];
    private long[] _most = [];
    private long[] _mostKnown = [];

    private enum RelationKind
    {
        Sum,
        Within,
        Overlap,
    }

    /// <summary>The figure to publish.</summary>
    public SuppressedCount this[int cell] => _hidden[Same(cell)] ? SuppressedCount.Hidden : SuppressedCount.Of(_exact[cell]);

    /// <summary>Adds a count and answers its number.</summary>
    public int Add(int exact)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(exact);
        _exact.Add(exact);
        _hidden.Add(IsSmall(exact));
        _relationsOf.Add([]);
        return _exact.Count - 1;
    }

    /// <summary>The parts add up to the total.</summary>
    public void Sum(int total, ReadOnlySpan<int> parts) => Relate(RelationKind.Sum, [total, .. parts]);

    /// <summary>The part is counted within the whole.</summary>
    public void Within(int part, int whole) => Relate(RelationKind.Within, [whole, part]);

    /// <summary>Of the whole some are a, some are b, and <paramref name="both"/> are both.</summary>
    public void Overlap(int both, int a, int b, int whole) => Relate(RelationKind.Overlap, [whole, a, b, both]);

    /// <summary>A figure that readers need more than any other: hidden only where nothing else would protect a small one.</summary>
    public void KeepToTheLast(int cell) => _kept.Add(cell);

    /// <summary>Hides what must be hidden besides the small counts.</summary>
    /// <returns>How many more figures were hidden.</returns>
    public int Protect()
    {
        Unite();
        var more = 0;
        var helpless = new HashSet<int>();
        while (true)
        {
            Infer();
            var hidden = HideNearby();
            if (hidden == 0)
            {
                var exposed = FirstExposed(helpless);
                if (exposed < 0)
                {
                    return more;
                }

                if (!HideFurtherOut(exposed) && !HideWhatWasKept(exposed))
                {
                    // Hiding more would not help this one: all that bears on it is hidden.
                    helpless.Add(exposed);
                    continue;
                }

                hidden = 1;
            }

            more += hidden;
        }
    }

    private static bool IsSmall(int exact) => exact is >= SuppressedCount.SmallestHidden and <= SuppressedCount.LargestHidden;

    private void Relate(RelationKind kind, int[] cells)
    {
        foreach (var cell in cells)
        {
            var relations = _relationsOf[cell];
            if (relations.Count == 0 || relations[^1] != _relations.Count)
            {
                relations.Add(_relations.Count);
            }
        }

        _relations.Add(new Relation(kind, cells));
    }

    private int Same(int cell) => _same.Length == 0 || _same[cell] == cell ? cell : _same[cell] = Same(_same[cell]);

    // A total whose parts but one are 0, and are shown so, is that part: hiding one of the two would hide nothing.
    private void Unite()
    {
        _same = [.. Enumerable.Range(0, _exact.Count)];
        bool changed;
        do
        {
            changed = false;
            foreach (var relation in _relations.Where(r => r.Kind == RelationKind.Sum))
            {
                var parts = relation.Cells.Skip(1).Where(c => _exact[c] > 0).Take(2).ToArray();
                if (parts.Length == 1 && Same(parts[0]) != Same(relation.Cells[0]))
                {
                    _same[Same(parts[0])] = Same(relation.Cells[0]);
                    changed = true;
                }
            }
        }
        while (changed);

        // What is said of each is said of the one that stands for it, once.
        var said = new HashSet<string>(StringComparer.Ordinal);
        var all = _relations.ToArray();
        _relations.Clear();
        _relationsOf.ForEach(r => r.Clear());
        foreach (var relation in all)
        {
            int[] cells = [.. relation.Cells.Select(Same)];
            var isItself = relation.Kind == RelationKind.Sum && cells.Skip(1).Any(c => c == cells[0]);
            if (!isItself && said.Add($"{relation.Kind} {string.Join(' ', cells)}"))
            {
                Relate(relation.Kind, cells);
            }
        }

        int[] kept = [.. _kept.Select(Same)];
        _kept.Clear();
        _kept.UnionWith(kept);
    }

    private bool Narrows(Relation relation, int cell)
    {
        var (least, most) = (_least[cell], _mostKnown[cell]);
        _least[cell] = SuppressedCount.SmallestHidden;
        _mostKnown[cell] = Unknown;
        Apply(relation);
        var narrows = IsExposed(cell);
        _least[cell] = least;
        _mostKnown[cell] = most;
        return narrows;
    }

    private void Infer()
    {
        var count = _exact.Count;
        if (_least.Length != count)
        {
            (_least, _most, _mostKnown) = (new long[count], new long[count], new long[count]);
        }

        for (var i = 0; i < count; i++)
        {
            if (_hidden[i])
            {
                _least[i] = SuppressedCount.SmallestHidden;
                _most[i] = IsSmall(_exact[i]) ? SuppressedCount.LargestHidden : Unknown;
                _mostKnown[i] = Unknown;
            }
            else
            {
                long shown = SuppressedCount.Of(_exact[i]).Value!.Value;
                _least[i] = shown == 0 ? 0 : Math.Max(SuppressedCount.LargestHidden + 1, shown - (SuppressedCount.RoundedTo / 2));
                _mostKnown[i] = shown == 0 ? 0 : shown + (SuppressedCount.RoundedTo / 2);
                _most[i] = _mostKnown[i];
            }
        }

        bool changed;
        do
        {
            changed = false;
            foreach (ref readonly var relation in CollectionsMarshal.AsSpan(_relations))
            {
                changed |= Apply(relation);
            }
        }
        while (changed);
    }

    private bool Apply(in Relation relation) => relation.Kind switch
    {
        RelationKind.Sum => ApplySum(relation.Cells),
        RelationKind.Within => AtMost(relation.Cells[1], _mostKnown[relation.Cells[0]]) | AtLeast(relation.Cells[0], _least[relation.Cells[1]]),
        _ => ApplyOverlap(relation.Cells),
    };

    private bool ApplySum(int[] cells)
    {
        long least = 0, most = 0, mostKnown = 0;
        int open = 0, openKnown = 0;
        var anyShown = false;
        for (var i = 1; i < cells.Length; i++)
        {
            var cell = cells[i];
            least += _least[cell];
            var (m, k) = (Math.Min(_most[cell], _mostKnown[cell]), _mostKnown[cell]);
            open += m >= Unknown ? 1 : 0;
            most += m >= Unknown ? 0 : m;
            openKnown += k >= Unknown ? 1 : 0;
            mostKnown += k >= Unknown ? 0 : k;
            anyShown |= !_hidden[cell] && _exact[cell] > 0;
        }

        var total = cells[0];

        // That a hidden total of k hidden parts is at least k gives nothing away: the total may be hidden to protect the parts.
        var changed = (anyShown || !_hidden[total]) && AtLeast(total, least);
        changed |= AtMost(total, openKnown > 0 ? Unknown : mostKnown);
        var (totalLeast, totalMost) = (_least[total], _mostKnown[total]);

        // The sums above go stale while the parts sharpen; stale ones are only less sharp, and the next round takes them anew.
        for (var i = 1; i < cells.Length; i++)
        {
            var cell = cells[i];

            // A figure hidden to protect others looks like any small one, so a reader cannot take the others for small.
            var cautious = IsSmall(_exact[cell]);
            var own = cautious ? Math.Min(_most[cell], _mostKnown[cell]) : _mostKnown[cell];
            var othersOpen = (cautious ? open : openKnown) - (own >= Unknown ? 1 : 0);
            if (othersOpen == 0)
            {
                var othersMost = (cautious ? most : mostKnown) - (own >= Unknown ? 0 : own);
                changed |= AtLeast(cell, totalLeast - othersMost);
            }

            if (totalMost < Unknown)
            {
                changed |= AtMost(cell, totalMost - (least - _least[cell]));
            }
        }

        return changed;
    }

    // both >= a + b - whole, both <= a, both <= b, and what follows for a and b.
    private bool ApplyOverlap(int[] cells)
    {
        var (whole, a, b, both) = (cells[0], cells[1], cells[2], cells[3]);
        var changed = AtMost(both, Math.Min(_mostKnown[a], _mostKnown[b])) | AtLeast(a, _least[both]) | AtLeast(b, _least[both]);
        if (_mostKnown[whole] < Unknown)
        {
            changed |= AtLeast(both, _least[a] + _least[b] - _mostKnown[whole]);
            if (_mostKnown[both] < Unknown)
            {
                changed |= AtMost(a, _mostKnown[whole] - _least[b] + _mostKnown[both]) | AtMost(b, _mostKnown[whole] - _least[a] + _mostKnown[both]);
            }
        }

        return changed;
    }

    private bool AtLeast(int cell, long least)
    {
        if (least <= _least[cell])
        {
            return false;
        }

        _least[cell] = least;
        return true;
    }

    private bool AtMost(int cell, long most)
    {
        if (most >= _mostKnown[cell])
        {
            return false;
        }

        _mostKnown[cell] = most;
        return true;
    }

    private readonly record struct Relation(RelationKind Kind, int[] Cells);
}
