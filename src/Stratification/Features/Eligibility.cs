using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Features;

/// <summary>Why a person is left out of a run. The number is stored; never reuse one.</summary>
public enum ExclusionReason : byte
{
    /// <summary>Not left out.</summary>
    None = 0,

    /// <summary>Died before the index date, or on a day not known.</summary>
    Deceased = 1,

    /// <summary>The registration had ended by the index date.</summary>
    Deregistered = 2,

    /// <summary>The registration began on or after the index date.</summary>
    NotYetRegistered = 3,

    /// <summary>The record is marked inactive.</summary>
    Inactive = 4,

    /// <summary>Type 1 opt-out.</summary>
    TypeOneOptOut = 5,

    /// <summary>National data opt-out, where the run honours it.</summary>
    NationalOptOut = 6,

    /// <summary>No date of birth, so no age.</summary>
    NoBirthDate = 7,

    /// <summary>Younger than the run's population.</summary>
    UnderAge = 8,

    /// <summary>Older than the run's population.</summary>
    OverAge = 9,

    /// <summary>Born on or after the index date.</summary>
    NotYetBorn = 10,
}

/// <summary>What became of a person in the 365 days from the index date.</summary>
public enum Outcome : byte
{
    /// <summary>No emergency admission; a person who died without one has had none.</summary>
    No = 0,

    /// <summary>At least one emergency admission.</summary>
    Yes = 1,

    /// <summary>The registration ended without an emergency admission before: not known, left out of training and evaluation.</summary>
    Unknown = 2,
}

/// <summary>Who belongs to a run's population. Reasons are tried in the order of <see cref="ExclusionReason"/>, one per person.</summary>
/// <param name="MinimumAge">Youngest age in years on the index date.</param>
/// <param name="MaximumAge">Oldest age in years.</param>
/// <param name="HonourTypeOneOptOut">Leave out people with a type 1 opt-out.</param>
/// <param name="HonourNationalOptOut">
/// Leave out people with a national data opt-out: needed for planning, not for finding cases for their own care.
/// </param>
public sealed record Eligibility(int MinimumAge = 18, int MaximumAge = 130, bool HonourTypeOneOptOut = true, bool HonourNationalOptOut = false)
{
    /// <summary>Adults, type 1 opt-outs honoured.</summary>
    public static Eligibility Default { get; } = new();

    /// <summary>Why a person is left out at an index date; <see cref="ExclusionReason.None"/> where not.</summary>
    public ExclusionReason Check(in PersonFacts facts, IndexDate index)
    {
        var day = index.Day;

        // A death on or after the index date is in the future and must not be seen.
        if (facts.DeathDay != 0 && facts.DeathDay < day)
        {
            return ExclusionReason.Deceased;
        }

        if (facts.DeregisteredDay != 0 && facts.DeregisteredDay <= day)
        {
            return ExclusionReason.Deregistered;
        }

        if (facts.RegisteredDay != 0 && facts.RegisteredDay >= day)
        {
            return ExclusionReason.NotYetRegistered;
        }

        // The flag has no date. Where the date of death or of leaving is known, the date is believed instead.
        if (facts.Flags.HasFlag(PersonFlags.Inactive) && facts.DeathDay == 0 && facts.DeregisteredDay == 0)
        {
            return ExclusionReason.Inactive;
        }

        if (HonourTypeOneOptOut && facts.Flags.HasFlag(PersonFlags.TypeOneOptOut))
        {
            return ExclusionReason.TypeOneOptOut;
        }

        if (HonourNationalOptOut && facts.Flags.HasFlag(PersonFlags.NationalOptOut))
        {
            return ExclusionReason.NationalOptOut;
        }

        if (facts.BirthDay == 0)
        {
            return ExclusionReason.NoBirthDate;
        }

        if (facts.BirthDay >= day)
        {
            return ExclusionReason.NotYetBorn;
        }

        var age = facts.AgeOn(day);
        return age < MinimumAge ? ExclusionReason.UnderAge : age > MaximumAge ? ExclusionReason.OverAge : ExclusionReason.None;
    }

    /// <summary>Whether an emergency admission began in [index, index + 365 days).</summary>
    /// <param name="facts">Undated facts, for the end of the registration.</param>
    /// <param name="events">The whole timeline.</param>
    /// <param name="index">The index date.</param>
    public static Outcome OutcomeOf(in PersonFacts facts, ReadOnlySpan<TimelineEvent> events, IndexDate index)
    {
        var from = index.Day;
        var to = from + IndexDate.OutcomeDays;
        foreach (ref readonly var e in events)
        {
            if (e.Kind == EventKind.Admission && e.Day >= from && e.Day < to && e.Is(EventFlags.Emergency) && !e.Is(EventFlags.Maternity))
            {
                return Outcome.Yes;
            }
        }

        var died = facts.DeathDay >= from && facts.DeathDay < to;
        return facts.DeregisteredDay >= from && facts.DeregisteredDay < to && !died ? Outcome.Unknown : Outcome.No;
    }
}
