using System.Collections.Immutable;

namespace BetterCare.Care.Coordination.Worklists;

/// <summary>How a stay on a virtual ward ended.</summary>
public enum WardOutcome
{
    /// <summary>Back to usual care.</summary>
    UsualCare,

    /// <summary>Admitted to hospital.</summary>
    Hospital,

    /// <summary>To another community service.</summary>
    OtherService,

    /// <summary>Died.</summary>
    Died,
}

/// <summary>A stay on a virtual ward.</summary>
/// <param name="Person">Storage key.</param>
/// <param name="From">Day of admission.</param>
/// <param name="Reason">Why.</param>
/// <param name="Until">Day of discharge; null: still there.</param>
/// <param name="Outcome">How it ended; null: still there.</param>
public sealed record WardStay(long Person, DateOnly From, string Reason, DateOnly? Until = null, WardOutcome? Outcome = null)
{
    /// <summary>Nights so far, or in all.</summary>
    public int LengthOfStay(DateOnly asOf) => Math.Max(0, (Until is { } until && until < asOf ? until : asOf).DayNumber - From.DayNumber);

    /// <summary>Takes a bed on a day; the day of discharge no longer does.</summary>
    public bool OccupiesOn(DateOnly day) => From <= day && (Until is null || day < Until);
}

/// <summary>A virtual ward: care at home with a number of beds. Stays are never taken out.</summary>
public sealed record VirtualWard
{
    /// <summary>There is a bed.</summary>
    public const string BedFree = "ward-bed";

    /// <summary>A person is on the ward once.</summary>
    public const string OnceOnly = "ward-once";

    /// <summary>Admission and discharge have a reason and an outcome, in order of time.</summary>
    public const string InOrder = "ward-order";

    /// <summary>NHS England counts acute care at home of up to so many days as a virtual ward; case management may be longer, and is noted.</summary>
    public const int UsualLongestStayDays = 14;

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Beds.</summary>
    public required int Beds { get; init; }

    /// <summary>All stays.</summary>
    public ImmutableArray<WardStay> Stays { get; init; } = [];

    /// <summary>Beds taken on a day.</summary>
    public int Occupied(DateOnly day) => Stays.Count(s => s.OccupiesOn(day));

    /// <summary>Stays longer than 14 days on a day: to be reviewed, or recorded as case management.</summary>
    public IReadOnlyList<WardStay> LongStays(DateOnly asOf) => [.. Stays.Where(s => s.OccupiesOn(asOf) && s.LengthOfStay(asOf) > UsualLongestStayDays)];

    /// <summary>Mean nights of the stays that ended in a period [from, until); null: none did.</summary>
    public double? MeanLengthOfStay(DateOnly from, DateOnly until)
    {
        var ended = Stays.Where(s => s.Until >= from && s.Until < until).ToArray();
        return ended.Length == 0 ? null : ended.Average(s => s.LengthOfStay(until));
    }

    /// <summary>Admits a person.</summary>
    public Decision<VirtualWard> Admit(long person, DateOnly on, string reason)
    {
        var unmet = new List<UnmetRule>();
        if (Stays.Any(s => s.Person == person && (s.Until is null || s.Until > on)))
        {
            unmet.Add(new UnmetRule(OnceOnly, "The person is on the ward already, or was until a later day.", "Nothing needs to be done, or correct the day."));
        }

        // Beds count from that day on: a stay recorded for later takes its bed, too.
        if (Stays.Count(s => s.Until is null || s.Until > on) >= Beds)
        {
            unmet.Add(new UnmetRule(BedFree, $"All {Words.Count(Beds, "bed")} are taken.", "Discharge someone first, or raise the number of beds."));
        }

        if (string.IsNullOrWhiteSpace(reason))
        {
            unmet.Add(new UnmetRule(InOrder, "The admission has no reason.", "Say why, in a few words."));
        }

        return unmet.Count > 0 ? unmet : this with { Stays = Stays.Add(new WardStay(person, on, reason)) };
    }

    /// <summary>Discharges a person.</summary>
    public Decision<VirtualWard> Discharge(long person, DateOnly on, WardOutcome outcome)
    {
        for (var i = 0; i < Stays.Length; i++)
        {
            if (Stays[i].Person == person && Stays[i].Until is null)
            {
                return Stays[i].From > on
                    ? new UnmetRule(InOrder, "The discharge is before the admission.", "Choose the day of admission or a later one.")
                    : this with { Stays = Stays.SetItem(i, Stays[i] with { Until = on, Outcome = outcome }) };
            }
        }

        return new UnmetRule(OnceOnly, "The person is not on the ward.", "Nothing needs to be done.");
    }
}
