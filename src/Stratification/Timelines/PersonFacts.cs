namespace BetterCare.Care.Stratification.Timelines;

/// <summary>Administrative sex as posted (Patient.gender); not clinical advice on anyone's identity.</summary>
public enum Sex : byte
{
    /// <summary>Not stated.</summary>
    Unknown = 0,

    /// <summary>Female.</summary>
    Female = 1,

    /// <summary>Male.</summary>
    Male = 2,

    /// <summary>Other.</summary>
    Other = 3,
}

/// <summary>What about a person bears on being in a run at all.</summary>
[Flags]
public enum PersonFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Type 1 opt-out: no use beyond direct care.</summary>
    TypeOneOptOut = 1,

    /// <summary>National data opt-out.</summary>
    NationalOptOut = 2,

    /// <summary>Restricted record (v3-Confidentiality R or V).</summary>
    Restricted = 4,

    /// <summary>Patient.active is false.</summary>
    Inactive = 8,

    /// <summary>NHS number present and verified (status 01).</summary>
    NumberVerified = 16,
}

/// <summary>The undated facts of a person that a run needs beside the timeline. Days are <see cref="DateOnly.DayNumber"/>; 0: none.</summary>
/// <param name="BirthDay">Day of birth; 0 where not known.</param>
/// <param name="DeathDay">Day of death; 0 where alive; 1 where dead on a day not known.</param>
/// <param name="RegisteredDay">First day of the current registration; 0 where not known.</param>
/// <param name="DeregisteredDay">Day the registration ended; 0 where it has not.</param>
/// <param name="Sex">Administrative sex.</param>
/// <param name="DeprivationQuintile">IMD 2019 quintile, 1 least deprived to 5 most deprived; 0 where not known.</param>
/// <param name="Ethnicity">First letter of the NHS ethnic category (A to S, Z not stated); 0 where absent. For fairness tables only.</param>
/// <param name="Flags">Opt-outs and the like.</param>
public readonly record struct PersonFacts(
    int BirthDay,
    int DeathDay,
    int RegisteredDay,
    int DeregisteredDay,
    Sex Sex,
    byte DeprivationQuintile,
    byte Ethnicity,
    PersonFlags Flags)
{
    /// <summary>Age in completed years on <paramref name="day"/>; -1 where the birth date is not known.</summary>
    public int AgeOn(int day)
    {
        if (BirthDay == 0)
        {
            return -1;
        }

        var birth = DateOnly.FromDayNumber(BirthDay);
        var on = DateOnly.FromDayNumber(day);
        var years = on.Year - birth.Year;
        return on < birth.AddYears(years) ? years - 1 : years;
    }
}

/// <summary>A person as a run sees them: facts and events, events sorted by day, then kind, then code.</summary>
/// <param name="PatientKey">The storage key; stable, never an NHS number.</param>
/// <param name="Facts">Undated facts.</param>
/// <param name="Events">The whole timeline; features look only at days before the index date.</param>
public readonly record struct PersonTimeline(long PatientKey, PersonFacts Facts, ReadOnlyMemory<TimelineEvent> Events);
