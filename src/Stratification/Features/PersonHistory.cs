using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Features;

/// <summary>
/// What is known about one person before an index date, sorted by kind so that a feature is a short loop. One object
/// is loaded again and again by a worker; loading and asking allocate nothing once its arrays have grown.
/// </summary>
/// <remarks>
/// This is the only door from a timeline to a feature, and it is shut at the index date: later events are dropped, and
/// the end of an earlier one that lies on or after the index date is forgotten ("not yet ended").
/// </remarks>
public sealed class PersonHistory
{
    private const int Kinds = 14;
    private const int Groups = 128;
    private const int Measures = 32;

    private readonly TimelineEvent[][] _events = new TimelineEvent[Kinds][];
    private readonly int[] _counts = new int[Kinds];
    private readonly int[] _firstDay = new int[Groups];
    private readonly int[] _lastDay = new int[Groups];
    private readonly int[] _resolvedDay = new int[Groups];
    private readonly int[] _measuredDay = new int[Measures];
    private readonly float[] _measured = new float[Measures];
    private readonly float[] _before = new float[Measures];

    /// <summary>A history of nobody.</summary>
    public PersonHistory()
    {
        for (var kind = 0; kind < Kinds; kind++)
        {
            _events[kind] = new TimelineEvent[16];
        }
    }

    /// <summary>The index date as a day number; everything here happened before it.</summary>
    public int IndexDay { get; private set; }

    /// <summary>Undated facts of the person.</summary>
    public PersonFacts Facts { get; private set; }

    /// <summary>Age in completed years on the index date; -1 where the birth date is not known.</summary>
    public int Age { get; private set; }

    /// <summary>Takes up another person.</summary>
    /// <param name="facts">Undated facts; the day of death and deregistration are not looked at here.</param>
    /// <param name="events">The whole timeline, sorted by day.</param>
    /// <param name="index">The index date.</param>
    public void Load(in PersonFacts facts, ReadOnlySpan<TimelineEvent> events, IndexDate index)
    {
        IndexDay = index.Day;
        Facts = facts;
        Age = facts.AgeOn(index.Day);
        Array.Clear(_counts);
        Array.Clear(_firstDay);
        Array.Clear(_lastDay);
        Array.Clear(_resolvedDay);
        Array.Clear(_measuredDay);
        foreach (ref readonly var e in events)
        {
            if (e.Day < IndexDay)
            {
                Take(in e);
            }
        }
    }

    /// <summary>All events of a kind before the index date, oldest first.</summary>
    public ReadOnlySpan<TimelineEvent> All(EventKind kind) => _events[(int)kind].AsSpan(0, _counts[(int)kind]);

    /// <summary>The events of a kind that began in the last <paramref name="days"/> days before the index date.</summary>
    public ReadOnlySpan<TimelineEvent> Within(EventKind kind, int days)
    {
        var all = All(kind);
        var from = IndexDay - days;
        var i = all.Length;
        while (i > 0 && all[i - 1].Day >= from)
        {
            i--;
        }

        return all[i..];
    }

    /// <summary>Number of events of a kind in the window that carry all of the flags and none of the others named.</summary>
    public int Count(EventKind kind, int days, EventFlags having = EventFlags.None, EventFlags without = EventFlags.None)
    {
        var n = 0;
        foreach (ref readonly var e in Within(kind, days))
        {
            n += (e.Flags & having) == having && (e.Flags & without) == EventFlags.None ? 1 : 0;
        }

        return n;
    }

    /// <summary>Number of emergency admissions that began in the window; maternity is never one.</summary>
    public int EmergencyAdmissions(int days) => Count(EventKind.Admission, days, EventFlags.Emergency, EventFlags.Maternity);

    /// <summary>Whether a condition was recorded before the index date and no later code says that it resolved.</summary>
    public bool Has(ConditionGroup group) => _lastDay[(int)group] > 0 && _resolvedDay[(int)group] <= _lastDay[(int)group];

    /// <summary>Whether a condition was recorded in the window.</summary>
    public bool HasWithin(ConditionGroup group, int days) => Has(group) && _lastDay[(int)group] >= IndexDay - days;

    /// <summary>Whether a condition was recorded for the first time in the window.</summary>
    public bool IsNewWithin(ConditionGroup group, int days) => Has(group) && _firstDay[(int)group] >= IndexDay - days;

    /// <summary>Whether a social fact was true at any time in the window.</summary>
    public bool Has(SocialFact fact, int days)
    {
        var from = IndexDay - days;
        foreach (ref readonly var e in All(EventKind.Social))
        {
            if (e.Code == (uint)fact && (e.LengthDays == TimelineEvent.Ongoing || e.Day + e.LengthDays >= from))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The latest value measured in the window; NaN where there is none.</summary>
    public float Latest(MeasurementKind kind, int days) =>
        _measuredDay[(int)kind] > 0 && _measuredDay[(int)kind] >= IndexDay - days ? _measured[(int)kind] : float.NaN;

    /// <summary>
    /// The higher of the latest value, measured in the window, and the one before it, whenever that was; NaN where nothing
    /// was measured in the window, and the latest alone where there is no other.
    /// </summary>
    public float HigherOfLastTwo(MeasurementKind kind, int days)
    {
        var latest = Latest(kind, days);
        return float.IsNaN(latest) ? latest : float.MaxNumber(latest, _before[(int)kind]);
    }

    /// <summary>Number of medicines of a group ordered in the window, each order counted.</summary>
    public int Orders(MedicineGroup group, int days)
    {
        var n = 0;
        foreach (ref readonly var e in Within(EventKind.Medicine, days))
        {
            n += MedicineCode.GroupOf(e.Code) == group ? 1 : 0;
        }

        return n;
    }

    /// <summary>The groups of medicines ordered in the window, one bit each.</summary>
    public ulong MedicineGroups(int days)
    {
        ulong mask = 0;
        foreach (ref readonly var e in Within(EventKind.Medicine, days))
        {
            mask |= 1UL << (int)(e.Code >> 24);
        }

        return mask;
    }

    /// <summary>Number of distinct medicines ordered in the window (at most 128 are told apart).</summary>
    public int DistinctMedicines(int days)
    {
        Span<uint> seen = stackalloc uint[128];
        var n = 0;
        foreach (ref readonly var e in Within(EventKind.Medicine, days))
        {
            if (n < seen.Length && !seen[..n].Contains(e.Code))
            {
                seen[n++] = e.Code;
            }
        }

        return n;
    }

    private void Take(in TimelineEvent e)
    {
        switch (e.Kind)
        {
            case EventKind.Condition:
                TakeCondition(e.Code, e.Day, e.Is(EventFlags.Resolved));
                return;
            case EventKind.Measurement:
                // Events come in order of day, so the last one seen is the latest.
                if (e.Code < Measures)
                {
                    _before[e.Code] = _measuredDay[e.Code] > 0 ? _measured[e.Code] : float.NaN;
                    _measuredDay[e.Code] = e.Day;
                    _measured[e.Code] = e.Value;
                }

                return;
            case EventKind.Diagnosis:
                TakeDiagnosis(in e);
                return;
            case EventKind.Admission:
                TakeAdmission(in e);
                return;
            case EventKind.None:
            case EventKind.Procedure:
                return;
            default:
                if ((int)e.Kind >= Kinds)
                {
                    return;
                }

                break;
        }

        Append(e.Kind, ShutAtIndex(in e));
    }

    // A spell posted twice, or by two systems, begins on the same day: it counts once.
    private void TakeAdmission(in TimelineEvent e)
    {
        var spell = ShutAtIndex(in e);
        var all = _events[(int)EventKind.Admission].AsSpan(0, _counts[(int)EventKind.Admission]);
        if (all.Length > 0 && all[^1].Day == spell.Day)
        {
            ref var same = ref all[^1];
            same = same with
            {
                Flags = (same.Flags | spell.Flags) & ~(same.Is(EventFlags.Open) && spell.Is(EventFlags.Open) ? EventFlags.None : EventFlags.Open),
                LengthDays = same.Is(EventFlags.Open) == spell.Is(EventFlags.Open) ? Math.Max(same.LengthDays, spell.LengthDays)
                    : same.Is(EventFlags.Open) ? spell.LengthDays : same.LengthDays,
                Code = same.Code != 0 ? same.Code : spell.Code,
            };
        }
        else
        {
            Append(EventKind.Admission, spell);
        }

        if (spell.Code != 0)
        {
            TakeDiagnosis(e with { Kind = EventKind.Diagnosis, Flags = EventFlags.Primary, LengthDays = 0 });
        }
    }

    private void TakeDiagnosis(in TimelineEvent e)
    {
        Append(EventKind.Diagnosis, e);
        foreach (var meaning in ClinicalCodes.Default.FindIcd10(e.Code))
        {
            if (meaning.Kind == MeaningKind.Condition)
            {
                TakeCondition(meaning.Group, e.Day, meaning.Resolved || e.Is(EventFlags.Resolved));
            }
            else if (meaning.Kind == MeaningKind.Social)
            {
                Append(EventKind.Social, new TimelineEvent { Day = e.Day, Kind = EventKind.Social, Code = meaning.Group });
            }
        }
    }

    private void TakeCondition(uint group, int day, bool resolved)
    {
        if (group >= Groups)
        {
            return;
        }

        if (resolved)
        {
            _resolvedDay[group] = Math.Max(_resolvedDay[group], day);
            return;
        }

        _firstDay[group] = _firstDay[group] == 0 ? day : Math.Min(_firstDay[group], day);
        _lastDay[group] = Math.Max(_lastDay[group], day);
    }

    // Nights after the index date have not happened yet, and neither have the coding and the destination, which come at
    // discharge. An admission still open has lasted until today; a social circumstance simply goes on.
    private TimelineEvent ShutAtIndex(in TimelineEvent e)
    {
        if (e.LengthDays != TimelineEvent.Ongoing && e.Day + e.LengthDays < IndexDay && !(e.Kind == EventKind.Admission && e.Is(EventFlags.Open)))
        {
            return e;
        }

        return e.Kind == EventKind.Admission
            ? e with { LengthDays = (ushort)Math.Min(IndexDay - e.Day, TimelineEvent.Ongoing - 1), Flags = (e.Flags | EventFlags.Open) & ~EventFlags.CareHome, Code = 0 }
            : e with { LengthDays = TimelineEvent.Ongoing };
    }

    private void Append(EventKind kind, in TimelineEvent e)
    {
        ref var list = ref _events[(int)kind];
        ref var count = ref _counts[(int)kind];
        if (count == list.Length)
        {
            Array.Resize(ref list, count * 2);
        }

        list[count++] = e;
    }
}
