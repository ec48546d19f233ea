namespace BetterCare.Care.Coordination.Bcf;

/// <summary>
/// Counts each metric from event records. Periods run from their first day to the day before <c>until</c>.
/// </summary>
public static class BcfCounting
{
    /// <summary>Permanent, council-supported admissions of people of 65 and over; transfers between homes are not counted.</summary>
    public static int CareHomeAdmissions(IEnumerable<CareHomeAdmission> events, DateOnly from, DateOnly until) =>
        events.Count(e => e.Age >= 65 && e.IsPermanent && e.IsCouncilSupported && !e.FromAnotherHome && e.On >= from && e.On < until);

    /// <summary>Still at home on day 91, of people of 65 and over discharged into reablement from October to December of a year.</summary>
    /// <param name="events">Discharges.</param>
    /// <param name="year">Year of the October.</param>
    public static BcfCount StillAtHome(IEnumerable<ReablementDischarge> events, int year)
    {
        var (from, until) = (new DateOnly(year, 10, 1), new DateOnly(year + 1, 1, 1));
        int home = 0, all = 0;
        foreach (var e in events)
        {
            if (e.Age >= 65 && e.IntendsToReturnHome && e.On >= from && e.On < until)
            {
                all++;
                home += e.Day91 == Whereabouts.AtHome ? 1 : 0;
            }
        }

        return new BcfCount(home, all);
    }

    /// <summary>Delayed days of people of 18 and over in a period, as an average per month.</summary>
    /// <param name="events">Delays; only their days within the period count. The day of leaving is not a delayed day.</param>
    /// <param name="from">First day of the first month.</param>
    /// <param name="months">Whole months.</param>
    public static decimal DelayedDaysPerMonth(IEnumerable<DelayedTransfer> events, DateOnly from, int months)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(months, 1);
        var until = from.AddMonths(months);
        long days = 0;
        foreach (var e in events)
        {
            var first = e.ReadyOn > from ? e.ReadyOn : from;
            var end = e.LeftOn < until ? e.LeftOn.Value : until;
            days += e.Age >= 18 ? Math.Max(0, end.DayNumber - first.DayNumber) : 0;
        }

        return (decimal)days / months;
    }

    /// <summary>Avoidable emergency admissions of the composite, each counted once.</summary>
    public static int AvoidableAdmissions(IEnumerable<HospitalSpell> spells, DateOnly from, DateOnly until) =>
        spells.Count(s => s.Admitted >= from && s.Admitted < until && AvoidableAdmission.Counts(s));

    /// <summary>
    /// Discharges alive in a period, and those followed by an emergency admission on the same day or within the next 29 days
    /// (30 days with the day of discharge, as NHSOF 3b counts). Transfers are part of the stay, not new admissions; the stay
    /// ends with the last hospital. Stays for childbirth or cancer are left out, as there (from memory of its definition).
    /// </summary>
    public static BcfCount Readmissions(IEnumerable<HospitalSpell> spells, DateOnly from, DateOnly until)
    {
        int discharges = 0, readmitted = 0;
        foreach (var person in spells.GroupBy(s => s.Person))
        {
            var ordered = person.OrderBy(s => s.Admitted).ThenBy(s => s.Discharged ?? DateOnly.MaxValue).ToArray();
            for (var i = 0; i < ordered.Length; i++)
            {
                var spell = ordered[i];
                if (spell.Discharged is not { } left || left < from || left >= until || spell.Died || IsLeftOut(spell))
                {
                    continue;
                }

                var next = i + 1 < ordered.Length ? ordered[i + 1] : null;
                if (next is { IsTransfer: true } && next.Admitted.DayNumber - left.DayNumber is 0 or 1)
                {
                    continue;
                }

                discharges++;

                // An elective stay in between does not hide a readmission, so look on past it.
                for (var j = i + 1; j < ordered.Length && ordered[j].Admitted.DayNumber - left.DayNumber <= 29; j++)
                {
                    if (ordered[j].IsEmergency && !ordered[j].IsTransfer && ordered[j].Admitted >= left && !IsLeftOut(ordered[j]))
                    {
                        readmitted++;
                        break;
                    }
                }
            }
        }

        return new BcfCount(readmitted, discharges);
    }

    private static bool IsLeftOut(HospitalSpell spell) =>
        spell.Method is "31" or "32" or "82" or "83" or "2C" || IsCancer(spell.PrimaryDiagnosis) || spell.SecondaryDiagnoses.Any(IsCancer);

    // ICD-10 C00 to C97, malignant neoplasms.
    private static bool IsCancer(string code) => code.Length > 0 && code[0] is 'C' or 'c';
}
