using System.Runtime.InteropServices;
using BetterCare.Care.Stratification;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Scores;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Worklists;

/// <summary>What worklists need of a person's timeline, as of a day.</summary>
/// <param name="Frailty">Band of the electronic Frailty Index, or of what a clinician recorded where that is higher: 0 fit to 3 severe.</param>
/// <param name="InCareHome">Lives in a care home.</param>
/// <param name="ConditionsLow">Bit n: <see cref="ConditionGroup"/> n, 0 to 63.</param>
/// <param name="ConditionsHigh">Bit n: <see cref="ConditionGroup"/> 64 + n.</param>
/// <param name="AdmittedDay">Day of the latest admission; 0 none.</param>
/// <param name="DischargedDay">Day of the latest discharge; 0 none.</param>
public readonly record struct StandingFacts(byte Frailty, bool InCareHome, long ConditionsLow, long ConditionsHigh, int AdmittedDay, int DischargedDay)
{
    private const int CareHomeLookBackDays = 730;

    /// <summary>Reads a timeline.</summary>
    /// <param name="history">Reused from person to person.</param>
    /// <param name="facts">The person's undated facts.</param>
    /// <param name="stored">The timeline as stored.</param>
    /// <param name="today">Events of this day count.</param>
    public static StandingFacts Of(PersonHistory history, in PersonFacts facts, ReadOnlySpan<byte> stored, DateOnly today)
    {
        var events = MemoryMarshal.Cast<byte, TimelineEvent>(stored);
        history.Load(in facts, events, new IndexDate(today.AddDays(1)));
        long low = 0, high = 0;
        foreach (var group in Groups)
        {
            if (history.Has(group))
            {
                var bit = 1L << ((int)group & 63);
                (low, high) = (int)group < 64 ? (low | bit, high) : (low, high | bit);
            }
        }

        var (admitted, discharged) = (0, 0);
        foreach (ref readonly var e in history.All(EventKind.Admission))
        {
            admitted = Math.Max(admitted, e.Day);
            if (!e.Is(EventFlags.Open) && e.LengthDays != TimelineEvent.Ongoing && e.Day + e.LengthDays <= today.DayNumber)
            {
                discharged = Math.Max(discharged, e.Day + e.LengthDays);
            }
        }

        return new StandingFacts(FrailtyOf(history), history.Has(SocialFact.CareHomeResident, CareHomeLookBackDays), low, high, admitted, discharged);
    }

    /// <summary>Puts them where worklists look.</summary>
    public void Fill(Model.PersonStanding standing) =>
        (standing.Frailty, standing.InCareHome, standing.ConditionsLow, standing.ConditionsHigh, standing.AdmittedDay, standing.DischargedDay) =
        (Frailty, InCareHome, ConditionsLow, ConditionsHigh, AdmittedDay, DischargedDay);

    private static readonly ConditionGroup[] Groups = [.. Enum.GetValues<ConditionGroup>().Where(g => (int)g is > 0 and < 128)];

    // Clegg 2016, doi:10.1093/ageing/afw039: above 0.12 mild, 0.24 moderate, 0.36 severe. A diagnosis by a clinician goes before.
    private static byte FrailtyOf(PersonHistory history)
    {
        var score = ElectronicFrailtyIndex.Score(history);
        var byIndex = (byte)(score > 0.36f ? 3 : score > 0.24f ? 2 : score > 0.12f ? 1 : 0);
        var recorded = (byte)(history.Has(ConditionGroup.FrailtySevere) ? 3 : history.Has(ConditionGroup.FrailtyModerate) ? 2 : history.Has(ConditionGroup.FrailtyMild) ? 1 : 0);
        return Math.Max(byIndex, recorded);
    }
}
