using System.Runtime.InteropServices;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Timelines;

/// <summary>What a commit changes in one person's timeline.</summary>
internal sealed class TimelineChange
{
    private readonly List<TimelineEvent> _added = [];
    private HashSet<uint>? _replaced;

    /// <summary>Collects the changes per person from the resources that a commit writes.</summary>
    public static Dictionary<long, TimelineChange> Gather(IEnumerable<PreparedResource> written, IReadOnlyDictionary<string, int> professionals)
    {
        var changes = new Dictionary<long, TimelineChange>();
        var (last, of) = (default(TimelineChange), 0L);
        foreach (var item in written)
        {
            if (item.PatientKey == 0 || (item.Events.Length == 0 && item.Before is null))
            {
                continue;
            }

            // They come in the order of people.
            if (last is null || of != item.PatientKey)
            {
                last = CollectionsMarshal.GetValueRefOrAddDefault(changes, item.PatientKey, out _) ??= new TimelineChange();
                of = item.PatientKey;
            }

            var change = last;
            foreach (var (index, practitionerId) in item.Contacts)
            {
                item.Events[index] = item.Events[index] with { Code = (uint)professionals[practitionerId] };
            }

            change._added.AddRange(item.Events);
            if (item.Before is not null)
            {
                (change._replaced ??= []).Add(SourceOf((byte)item.Type, item.Id));
            }
        }

        return changes;
    }

    /// <summary>Names a resource in 32 bits, within one person's timeline.</summary>
    public static uint SourceOf(byte type, string id)
    {
        // FNV-1a: stable across processes, and a person has hundreds of resources, not millions.
        var hash = (2166136261u ^ type) * 16777619u;
        foreach (var c in id)
        {
            hash = (hash ^ c) * 16777619u;
        }

        return hash;
    }

    /// <summary>The timeline after the change, sorted.</summary>
    public byte[] Apply(byte[] stored)
    {
        var before = MemoryMarshal.Cast<byte, TimelineEvent>(stored);
        var kept = before.Length;
        if (_replaced is not null)
        {
            kept = 0;
            foreach (ref readonly var e in before)
            {
                kept += _replaced.Contains(e.Source) ? 0 : 1;
            }
        }

        var after = new byte[(kept + _added.Count) * TimelineEvent.Size];
        var events = MemoryMarshal.Cast<byte, TimelineEvent>(after.AsSpan());
        var at = 0;
        foreach (ref readonly var e in before)
        {
            if (_replaced is null || !_replaced.Contains(e.Source))
            {
                events[at++] = e;
            }
        }

        CollectionsMarshal.AsSpan(_added).CopyTo(events[at..]);
        events.Sort(Order);
        return after;
    }

    /// <summary>The order of a stored timeline: day, kind, code, source.</summary>
    public static int Order(TimelineEvent a, TimelineEvent b)
    {
        var order = a.Day.CompareTo(b.Day);
        order = order != 0 ? order : a.Kind.CompareTo(b.Kind);
        order = order != 0 ? order : a.Code.CompareTo(b.Code);
        order = order != 0 ? order : a.Source.CompareTo(b.Source);
        return order != 0 ? order : a.Value.CompareTo(b.Value);
    }
}
