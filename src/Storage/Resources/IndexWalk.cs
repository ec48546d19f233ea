namespace BetterCare.Care.Storage.Resources;

/// <summary>An entry of an index.</summary>
/// <param name="Place">Where it stands.</param>
/// <param name="Resource">The current resource; null where it is deleted, or not to be seen.</param>
public readonly record struct IndexEntry(IndexPlace Place, StoredResource? Resource);

/// <summary>
/// Goes along stretches of an index together, in one order, each place once; reads little at first and more with each step,
/// so that a page of what nearly all may see costs no more than itself.
/// </summary>
/// <param name="store">Where the entries are.</param>
/// <param name="stretches">Of one kind of index; they may overlap.</param>
/// <param name="after">The place to go on after; null: from the beginning.</param>
/// <param name="descending">From the greatest value to the least.</param>
/// <param name="people">Whose resources.</param>
/// <param name="first">How many entries to read at first.</param>
public sealed class IndexWalk(ResourceStore store, IEnumerable<IndexStretch> stretches, IndexPlace? after, bool descending, PeopleFilter people, int first)
{
    // Beyond this a longer read would gain nothing and hold more bodies at a time.
    private const int MaxRead = 1024;

    private readonly List<Lane> _lanes = [.. stretches.Select(s => new Lane(s, Begin(s, after, descending), first))];
    private IndexPlace? _last = after;

    /// <summary>The next entry; null after the last.</summary>
    public async ValueTask<IndexEntry?> NextAsync(CancellationToken ct)
    {
        while (_lanes.Count > 0)
        {
            var lane = _lanes[0];
            foreach (var other in _lanes)
            {
                lane = Order(other.Head, lane.Head) < 0 ? other : lane;
            }

            if (lane.TryTake(out var entry))
            {
                if (_last != entry.Place)
                {
                    _last = entry.Place;
                    return entry;
                }
            }
            else if (lane.IsOver)
            {
                _lanes.Remove(lane);
            }
            else
            {
                var read = Math.Min(lane.Read, MaxRead);
                lane.Fill(await store.EntriesAsync(lane.Stretch, lane.Head, descending, people, read, ct), read, Order);
            }
        }

        return null;
    }

    private static IndexPlace Begin(IndexStretch stretch, IndexPlace? after, bool descending)
    {
        var start = stretch.Start(descending);
        return after is { } place && (descending ? start.CompareTo(place) > 0 : start.CompareTo(place) < 0) ? place : start;
    }

    private int Order(IndexPlace a, IndexPlace b) => descending ? b.CompareTo(a) : a.CompareTo(b);

    /// <summary>What has been read of a stretch and not been taken.</summary>
    private sealed class Lane(IndexStretch stretch, IndexPlace begin, int first)
    {
        private List<IndexEntry> _entries = [];
        private int _taken;

        public IndexStretch Stretch => stretch;

        /// <summary>The next entry's place; where nothing is in hand, the place after which it is.</summary>
        public IndexPlace Head { get; private set; } = begin;

        /// <summary>How many entries to read next.</summary>
        public int Read { get; private set; } = first;

        public bool IsOver { get; private set; }

        public bool TryTake(out IndexEntry entry)
        {
            if (_taken == _entries.Count)
            {
                entry = default;
                return false;
            }

            entry = _entries[_taken++];
            Head = (_taken < _entries.Count ? _entries[_taken] : entry).Place;
            return true;
        }

        public void Fill(List<IndexEntry> entries, int asked, Comparison<IndexPlace> order)
        {
            // The index gives the order; a join may lose it.
            entries.Sort((a, b) => order(a.Place, b.Place));
            (_entries, _taken, IsOver, Read) = (entries, 0, entries.Count < asked, asked * 2);
            Head = entries.Count > 0 ? entries[0].Place : Head;
        }
    }
}
