using System.Collections.Frozen;
using BetterCare.Care.Stratification.Scores;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Features;

/// <summary>
/// Every predictor there is, each declared once. Ids and definitions follow the project's evidence table (60 variables
/// from PRISM's class of models), with further social-care and frailty predictors; published effects are in the
/// shipped starting-values model.
/// </summary>
public static partial class Predictors
{
    private const int Month = 30;
    private const int Year = 365;
    private const int TwoYears = 730;
    private const int ThreeYears = 1095;
    private const int FiveYears = 1826;

    private const string InputClass = "Input class of PRISM, the Combined Model and QAdmissions";
    private const string Bottle = "Bottle 2006, doi:10.1258/jrsm.99.8.406";
    private const string Cambridge = "Payne 2020, doi:10.1503/cmaj.190757";

    /// <summary>All predictors, in the order in which they are listed and shown.</summary>
    public static IReadOnlyList<Predictor> All { get; } =
        [.. Demography(), .. Utilisation(), .. Conditions(), .. Multimorbidity(), .. Medicines(), .. Observations(), .. Function(), .. Social()];

    private static readonly FrozenDictionary<string, Predictor> ById = All.ToFrozenDictionary(p => p.Id, StringComparer.Ordinal);

    /// <summary>The predictor of an id, or null.</summary>
    public static Predictor? Find(string id) => ById.GetValueOrDefault(id);

    /// <summary>Ids of the predictors that a model is trained on by default.</summary>
    public static IReadOnlyList<string> DefaultIds { get; } = [.. All.Where(p => p.DefaultTerms.Count > 0).Select(p => p.Id)];

    private static Term[] Linear(string id) => [new(id, TermForm.Linear)];

    private static Term[] Log(string id) => [new(id, TermForm.Log1p)];

    private static Term[] Steps(string id, params ReadOnlySpan<float> from)
    {
        var terms = new Term[from.Length];
        for (var i = 0; i < from.Length; i++)
        {
            terms[i] = new Term(id, TermForm.AtLeast, from[i]);
        }

        return terms;
    }

    private static float YesNo(bool value) => value ? 1 : 0;

    private static Predictor[] Demography() =>
    [
        new("age", PredictorGroup.Demographic, "Age", "Aged {n}", "Under one year old", "years", null, Direction.Any,
            "Payne 2013, CMAJ 185:E221; Devon model, doi:10.1093/pubmed/fdt009", (h, _) => h.Age < 0 ? float.NaN : h.Age)
        {
            DefaultTerms = [.. Linear("age"), new("age", TermForm.Hinge, 30), new("age", TermForm.Hinge, 50), new("age", TermForm.Hinge, 65), new("age", TermForm.Hinge, 75), new("age", TermForm.Hinge, 85)],
        },
        new("male", PredictorGroup.Demographic, "Male", "Male", "Not male", "0/1", null, Direction.Any,
            "Payne 2014, doi:10.1111/bcp.12292", (h, _) => h.Facts.Sex switch { Sex.Male => 1, Sex.Female => 0, _ => float.NaN })
        {
            DefaultTerms = Linear("male"),
        },
        new("deprivation_quintile", PredictorGroup.Demographic, "Deprivation quintile of the area", "Lives in an area of deprivation quintile {n} (5 is the most deprived)", null, "quintile", null, Direction.Rising,
            "Payne 2014, doi:10.1111/bcp.12292", (h, _) => h.Facts.DeprivationQuintile is 0 or > 5 ? float.NaN : h.Facts.DeprivationQuintile)
        {
            DefaultTerms = [.. Linear("deprivation_quintile"), new("deprivation_quintile", TermForm.Missing)],
            Words = new Dictionary<float, string> { [1] = "Lives in one of the least deprived areas (quintile 1 of 5)", [5] = "Lives in one of the most deprived areas (quintile 5 of 5)" },
        },
    ];

    private static Predictor[] Utilisation() =>
    [
        new("emerg_adm_0_12m", PredictorGroup.Utilisation, "Emergency admissions, last 12 months", "{n} emergency admission{s} in the last 12 months", "No emergency admission in the last 12 months", "admissions", Year, Direction.Rising,
            Bottle + "; QMortality 2017", (h, days) => h.EmergencyAdmissions(days))
        {
            DefaultTerms = Steps("emerg_adm_0_12m", 1, 2, 3),
        },
        new("emerg_adm_13_36m", PredictorGroup.Utilisation, "Emergency admissions, 13 to 36 months ago", "{n} emergency admission{s} 13 to 36 months ago", "No emergency admission 13 to 36 months ago", "admissions", ThreeYears, Direction.Rising,
            Bottle, (h, days) => h.EmergencyAdmissions(days) - h.EmergencyAdmissions(Year))
        {
            DefaultTerms = Log("emerg_adm_13_36m"),
        },
        new("emerg_adm_30d", PredictorGroup.Utilisation, "Emergency admission, last 30 days", "An emergency admission in the last 30 days", "No emergency admission in the last 30 days", "0/1", Month, Direction.Rising,
            "PARR-30, doi:10.1136/bmjopen-2012-001667", (h, days) => YesNo(h.EmergencyAdmissions(days) > 0))
        {
            DefaultTerms = Linear("emerg_adm_30d"),
        },
        new("admissions_any_12m", PredictorGroup.Utilisation, "Admissions of any kind, last 12 months", "{n} admission{s} of any kind in the last 12 months", "No admission in the last 12 months", "admissions", Year, Direction.Rising,
            "PREADM-H 2019", (h, days) => h.Count(EventKind.Admission, days))
        {
            DefaultTerms = Log("admissions_any_12m"),
        },
        new("emerg_bed_days_12m", PredictorGroup.Utilisation, "Nights in hospital after emergency admission, last 12 months", "{n} night{s} in hospital after emergency admission in the last 12 months", "No night in hospital after emergency admission in the last 12 months", "nights", Year, Direction.Rising,
            InputClass, EmergencyNights)
        {
            DefaultTerms = Log("emerg_bed_days_12m"),
        },
        new("last_los_ge5d", PredictorGroup.Utilisation, "Last hospital stay of 5 nights or more", "Last hospital stay was 5 nights or more", "No last hospital stay of 5 nights or more in 12 months", "0/1", Year, Direction.Rising,
            "PREADM-H 2019", (h, days) => h.Within(EventKind.Admission, days) is [.., var last] ? YesNo(last.LengthDays >= 5) : 0)
        {
            DefaultTerms = Linear("last_los_ge5d"),
        },
        new("days_since_discharge", PredictorGroup.Utilisation, "Days since the last discharge", "Discharged from hospital {n} day{s} ago", "In hospital now", "days", ThreeYears, Direction.Any,
            InputClass, DaysSinceDischarge)
        {
            DefaultTerms = [new("days_since_discharge", TermForm.Band, null, 31), new("days_since_discharge", TermForm.Band, 31, 91), new("days_since_discharge", TermForm.Band, 91, 366)],
        },
        new("acsc_adm_24m", PredictorGroup.Utilisation, "Emergency admission for a condition that care outside hospital can often manage, last 24 months", "An emergency admission in the last 24 months for a condition that care outside hospital can often manage", null, "0/1", TwoYears, Direction.Rising,
            Bottle, (h, days) => YesNo(AmbulatoryCareSensitive.Admissions(h, days) > 0))
        {
            DefaultTerms = Linear("acsc_adm_24m"),
        },
        new("ae_attend_12m", PredictorGroup.Utilisation, "A&E attendances, last 12 months", "{n} A&E attendance{s} in the last 12 months", "No A&E attendance in the last 12 months", "attendances", Year, Direction.Rising,
            "Muratov 2019, doi:10.9778/cmajo.20180185", (h, days) => h.Count(EventKind.AeAttendance, days))
        {
            DefaultTerms = [.. Steps("ae_attend_12m", 1), new("ae_attend_12m", TermForm.Capped, null, 10)],
        },
        new("ae_ambulance_12m", PredictorGroup.Utilisation, "Came to A&E by ambulance, last 12 months", "Came to A&E by ambulance in the last 12 months", "Did not come to A&E by ambulance in the last 12 months", "0/1", Year, Direction.Rising,
            InputClass, (h, days) => YesNo(h.Count(EventKind.AeAttendance, days, EventFlags.AmbulanceOrHomeVisit) > 0))
        {
            DefaultTerms = Linear("ae_ambulance_12m"),
        },
        new("outpatient_12m", PredictorGroup.Utilisation, "Outpatient attendances, last 12 months", "{n} outpatient attendance{s} in the last 12 months", "No outpatient attendance in the last 12 months", "attendances", Year, Direction.Any,
            "Muratov 2019, doi:10.9778/cmajo.20180185", (h, days) => h.Count(EventKind.Outpatient, days, without: EventFlags.DidNotAttend))
        {
            DefaultTerms = Log("outpatient_12m"),
        },
        new("dna_12m", PredictorGroup.Utilisation, "Missed appointments, last 12 months", "{n} missed appointment{s} in the last 12 months", "No missed appointment in the last 12 months", "appointments", Year, Direction.Any,
            InputClass, (h, days) => h.Count(EventKind.Outpatient, days, EventFlags.DidNotAttend) + h.Count(EventKind.GpContact, days, EventFlags.DidNotAttend) + h.Count(EventKind.CommunityContact, days, EventFlags.DidNotAttend) + h.Count(EventKind.OtherContact, days, EventFlags.DidNotAttend))
        {
            DefaultTerms = Log("dna_12m"),
        },
        new("gp_contacts_12m", PredictorGroup.Utilisation, "Contacts with the practice, last 12 months", "{n} contact{s} with the practice in the last 12 months", "No contact with the practice in the last 12 months", "contacts", Year, Direction.Any,
            "Muratov 2019, doi:10.9778/cmajo.20180185", (h, days) => h.Count(EventKind.GpContact, days, without: EventFlags.DidNotAttend))
        {
            DefaultTerms = Log("gp_contacts_12m"),
        },
        new("home_visits_12m", PredictorGroup.Utilisation, "Home visits, last 12 months", "{n} home visit{s} in the last 12 months", "No home visit in the last 12 months", "visits", Year, Direction.Rising,
            InputClass, (h, days) => h.Count(EventKind.GpContact, days, EventFlags.AmbulanceOrHomeVisit) + h.Count(EventKind.CommunityContact, days, EventFlags.AmbulanceOrHomeVisit))
        {
            DefaultTerms = Log("home_visits_12m"),
        },
        new("community_contacts_12m", PredictorGroup.Utilisation, "Community health contacts, last 12 months", "{n} community health contact{s} in the last 12 months", "No community health contact in the last 12 months", "contacts", Year, Direction.Any,
            "Integrated-care input, not in the published models", (h, days) => h.Count(EventKind.CommunityContact, days, without: EventFlags.DidNotAttend))
        {
            DefaultTerms = Log("community_contacts_12m"),
        },
        new("social_care_contacts_12m", PredictorGroup.Utilisation, "Social care contacts, last 12 months", "{n} social care contact{s} in the last 12 months", "No social care contact in the last 12 months", "contacts", Year, Direction.Any,
            "Integrated-care input, not in the published models", (h, days) => h.Count(EventKind.SocialCareContact, days, without: EventFlags.DidNotAttend))
        {
            DefaultTerms = Log("social_care_contacts_12m"),
        },
    ];

    // Nights that fall into the window, of spells that may have begun before it.
    private static float EmergencyNights(PersonHistory history, int days)
    {
        var from = history.IndexDay - days;
        var nights = 0;
        foreach (ref readonly var e in history.All(EventKind.Admission))
        {
            if (e.Is(EventFlags.Emergency) && !e.Is(EventFlags.Maternity))
            {
                nights += Math.Max(0, Math.Min(e.Day + e.LengthDays, history.IndexDay) - Math.Max(e.Day, from));
            }
        }

        return nights;
    }

    private static float DaysSinceDischarge(PersonHistory history, int days)
    {
        var latest = 0;
        foreach (ref readonly var e in history.All(EventKind.Admission))
        {
            latest = Math.Max(latest, e.Day + e.LengthDays);
        }

        return latest == 0 || history.IndexDay - latest > days ? float.NaN : history.IndexDay - latest;
    }
}
