using BetterCare.Care.Coordination.Bcf;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Bcf;

/// <summary>The events of the Better Care Fund metrics in one person's timeline. One instance reads many people, one after the other.</summary>
/// <param name="from">First day of the period.</param>
/// <param name="until">The day after its last.</param>
/// <param name="asOf">The last day of which anything can be known.</param>
public sealed class BcfTimeline(DateOnly from, DateOnly until, DateOnly asOf)
{
    // A service that begins within a week of leaving hospital is taken to have been what the person was discharged into.
    private const int DaysToReablement = 7;
    private const int FollowUpDays = 91;

    // Readmissions are looked for in the 30 days after a discharge.
    private const int ReadmissionDays = 30;

    /// <summary>Year of the October to December whose discharges into reablement have been followed up by the end of the period.</summary>
    public int ReablementYear { get; } = until.Month > 3 ? until.Year - 1 : until.Year - 2;

    /// <summary>Permanent, council-supported placements in the period.</summary>
    public List<CareHomeAdmission> Placements { get; } = [];

    /// <summary>Discharges into reablement in <see cref="ReablementYear"/>.</summary>
    public List<ReablementDischarge> Reablement { get; } = [];

    /// <summary>Delays that touch the period.</summary>
    public List<DelayedTransfer> Delays { get; } = [];

    /// <summary>Stays that touch the period and the month after it.</summary>
    public List<HospitalSpell> Spells { get; } = [];

    /// <summary>On a dementia register at the end of the period.</summary>
    public bool HasDementia { get; private set; }

    /// <summary>Reads a person.</summary>
    public void Read(long person, in PersonFacts facts, ReadOnlySpan<TimelineEvent> events)
    {
        Placements.Clear();
        Reablement.Clear();
        Delays.Clear();
        Spells.Clear();
        HasDementia = false;
        for (var i = 0; i < events.Length; i++)
        {
            ref readonly var e = ref events[i];
            switch (e.Kind)
            {
                case EventKind.Admission:
                    ReadStay(person, in facts, events, in e);
                    break;
                case EventKind.Condition when e.Code == (uint)ConditionGroup.Dementia && e.Day < until.DayNumber:
                    HasDementia = !e.Is(EventFlags.Resolved);
                    break;
                case EventKind.Social when e.Code == (uint)SocialFact.CareHomePlacement && e.Day >= from.DayNumber && e.Day < until.DayNumber:
                    Placements.Add(new CareHomeAdmission(person, facts.AgeOn(e.Day), DateOnly.FromDayNumber(e.Day), true, true, LivedInCareHome(events, e.Day - 1, e.Source)));
                    break;
                case EventKind.Social when e.Code == (uint)SocialFact.Reablement:
                    ReadReablement(person, in facts, events, e.Day);
                    break;
                case EventKind.Social when e.Code == (uint)SocialFact.DelayedTransfer && e.Day < until.DayNumber:
                    Delays.Add(new DelayedTransfer(
                        person, facts.AgeOn(e.Day), DateOnly.FromDayNumber(e.Day), e.LengthDays == TimelineEvent.Ongoing ? null : DateOnly.FromDayNumber(e.Day + e.LengthDays)));
                    break;
            }
        }
    }

    private void ReadStay(long person, in PersonFacts facts, ReadOnlySpan<TimelineEvent> events, in TimelineEvent stay)
    {
        var end = stay.Day + stay.LengthDays;
        var isOpen = stay.Is(EventFlags.Open);
        if (stay.Day >= until.DayNumber + ReadmissionDays || (!isOpen && end < from.DayNumber))
        {
            return;
        }

        var secondary = new List<string>();
        var procedures = new List<string>();
        foreach (ref readonly var d in events)
        {
            if (d.Day > end)
            {
                break;
            }

            if (d.Kind == EventKind.Diagnosis && d.Day >= stay.Day && !(d.Is(EventFlags.Primary) && d.Source == stay.Source))
            {
                secondary.Add(Icd10Code.Unpack(d.Code));
            }
            else if (d.Kind == EventKind.Procedure && d.Day >= stay.Day && d.Is(ProcedureFlags.Opcs4))
            {
                procedures.Add(Icd10Code.Unpack(d.Code));
            }
        }

        var age = facts.AgeOn(stay.Day);
        Spells.Add(new HospitalSpell
        {
            Person = person,
            Admitted = DateOnly.FromDayNumber(stay.Day),
            Discharged = isOpen ? null : DateOnly.FromDayNumber(end),
            Age = age < 0 ? null : age,
            SexIsKnown = facts.Sex is Sex.Female or Sex.Male,

            // A timeline keeps whether a stay was an emergency, a birth or neither, not the code that said so.
            Method = stay.Is(EventFlags.Emergency) ? "21" : stay.Is(EventFlags.Maternity) ? "31" : "11",
            Source = stay.Is(AdmissionFlags.Transfer) ? "51" : null,
            PrimaryDiagnosis = stay.Code == 0 ? "" : Icd10Code.Unpack(stay.Code),
            SecondaryDiagnoses = secondary,
            Procedures = procedures,
            Died = stay.Is(AdmissionFlags.Died) || (facts.DeathDay > 1 && facts.DeathDay >= stay.Day && facts.DeathDay <= end),
        });
    }

    private void ReadReablement(long person, in PersonFacts facts, ReadOnlySpan<TimelineEvent> events, int begins)
    {
        var left = 0;
        foreach (ref readonly var e in events)
        {
            var end = e.Day + e.LengthDays;
            if (e.Kind == EventKind.Admission && !e.Is(EventFlags.Open) && end >= begins - DaysToReablement && end <= begins + 1)
            {
                left = Math.Max(left, end);
            }
        }

        if (left == 0 || left < new DateOnly(ReablementYear, 10, 1).DayNumber || left >= new DateOnly(ReablementYear + 1, 1, 1).DayNumber || Reablement.Exists(r => r.On.DayNumber == left))
        {
            return;
        }

        Reablement.Add(new ReablementDischarge(person, facts.AgeOn(left), DateOnly.FromDayNumber(left), true, WhereaboutsOn(in facts, events, left + FollowUpDays)));
    }

    private Whereabouts WhereaboutsOn(in PersonFacts facts, ReadOnlySpan<TimelineEvent> events, int day)
    {
        if (facts.DeathDay > 1 && facts.DeathDay <= day)
        {
            return Whereabouts.Died;
        }

        if (day > asOf.DayNumber || facts.DeathDay == 1 || (facts.DeregisteredDay != 0 && facts.DeregisteredDay <= day))
        {
            return Whereabouts.NotKnown;
        }

        foreach (ref readonly var e in events)
        {
            if (e.Kind == EventKind.Admission && e.Day <= day && (e.Is(EventFlags.Open) || e.Day + e.LengthDays > day))
            {
                return Whereabouts.InHospital;
            }
        }

        return LivedInCareHome(events, day, source: 0) ? Whereabouts.InCareHome : Whereabouts.AtHome;
    }

    /// <summary>Whether somebody lived in a care home on a day, by another record than the one named.</summary>
    private static bool LivedInCareHome(ReadOnlySpan<TimelineEvent> events, int day, uint source)
    {
        var lived = false;
        foreach (ref readonly var e in events)
        {
            if (e.Day > day)
            {
                break;
            }

            if (e.Kind == EventKind.Social && e.Code == (uint)SocialFact.CareHomeResident && e.Source != source)
            {
                // What was noted on a day (length 0) holds until something else is noted.
                lived = e.LengthDays is 0 or TimelineEvent.Ongoing ? !e.Is(EventFlags.Resolved) : lived || e.Day + e.LengthDays >= day;
            }
        }

        return lived;
    }
}
