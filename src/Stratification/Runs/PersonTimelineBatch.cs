using System.Runtime.InteropServices;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Runs;

/// <summary>
/// Some thousand people with their timelines in four flat arrays, filled and emptied again and again, so that a run
/// over millions allocates next to nothing.
/// </summary>
public sealed class PersonTimelineBatch
{
    private long[] _keys = new long[1024];
    private PersonFacts[] _facts = new PersonFacts[1024];
    private int[] _groups = new int[1024];
    private int[] _ends = new int[1024];
    private TimelineEvent[] _events = new TimelineEvent[64 * 1024];

    /// <summary>People in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Events of all people in the batch.</summary>
    public int EventCount => Count == 0 ? 0 : _ends[Count - 1];

    /// <summary>Empties the batch and keeps its memory.</summary>
    public void Clear() => Count = 0;

    /// <summary>Adds a person.</summary>
    /// <param name="patientKey">Storage key.</param>
    /// <param name="facts">Undated facts.</param>
    /// <param name="events">Events sorted by day; copied.</param>
    /// <param name="group">Number of the practice (or other list) for policies that rank within it; 0: none.</param>
    public void Add(long patientKey, in PersonFacts facts, ReadOnlySpan<TimelineEvent> events, int group = 0) =>
        events.CopyTo(Reserve(patientKey, in facts, events.Length, group));

    /// <summary>Adds a person from the stored bytes of the timeline (<see cref="TimelineEvent.Size"/> bytes an event).</summary>
    /// <param name="patientKey">Storage key.</param>
    /// <param name="facts">Undated facts.</param>
    /// <param name="stored">Events as stored, little-endian, sorted by day; copied.</param>
    /// <param name="group">Number of the practice (or other list) for policies that rank within it; 0: none.</param>
    public void Add(long patientKey, in PersonFacts facts, ReadOnlySpan<byte> stored, int group = 0) =>
        stored.CopyTo(MemoryMarshal.AsBytes(Reserve(patientKey, in facts, stored.Length / TimelineEvent.Size, group)));

    /// <summary>Key of a person.</summary>
    public long Key(int i) => _keys[i];

    /// <summary>Facts of a person.</summary>
    public ref readonly PersonFacts Facts(int i) => ref _facts[i];

    /// <summary>Group of a person; 0: none.</summary>
    public int Group(int i) => _groups[i];

    /// <summary>Events of a person.</summary>
    public ReadOnlySpan<TimelineEvent> Events(int i)
    {
        var start = i == 0 ? 0 : _ends[i - 1];
        return _events.AsSpan(start, _ends[i] - start);
    }

    private Span<TimelineEvent> Reserve(long key, in PersonFacts facts, int events, int group)
    {
        if (Count == _keys.Length)
        {
            Array.Resize(ref _keys, Count * 2);
            Array.Resize(ref _facts, Count * 2);
            Array.Resize(ref _groups, Count * 2);
            Array.Resize(ref _ends, Count * 2);
        }

        var start = EventCount;
        if (start + events > _events.Length)
        {
            Array.Resize(ref _events, Math.Max(_events.Length * 2, start + events));
        }

        _keys[Count] = key;
        _facts[Count] = facts;
        _groups[Count] = group;
        _ends[Count] = start + events;
        Count++;
        return _events.AsSpan(start, events);
    }
}

/// <summary>Where a run's people come from: a database, a file, a generator. Called by one thread at a time.</summary>
public interface ITimelineSource
{
    /// <summary>Fills an empty batch with the next people, a few thousand at most.</summary>
    /// <returns>False where nobody is left; it is not asked again.</returns>
    bool TryFill(PersonTimelineBatch batch);
}

/// <summary>A source over people in memory.</summary>
public sealed class TimelineSequence(IEnumerable<PersonTimeline> people, int batchSize = 2048) : ITimelineSource, IDisposable
{
    private readonly IEnumerator<PersonTimeline> _people = people.GetEnumerator();

    /// <inheritdoc/>
    public bool TryFill(PersonTimelineBatch batch)
    {
        while (batch.Count < batchSize && _people.MoveNext())
        {
            var person = _people.Current;
            batch.Add(person.PatientKey, person.Facts, person.Events.Span);
        }

        return batch.Count > 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _people.Dispose();
}
