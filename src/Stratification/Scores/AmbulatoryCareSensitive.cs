using System.Globalization;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Scores;

/// <summary>
/// Emergency admissions for ambulatory care sensitive conditions: NHS Outcomes Framework 2.3.i (official list) with
/// stand-ins for 2.3.ii, 3a and 3.2, by primary diagnosis. Conditions on other diagnoses of the stay are honoured;
/// the exclusions by procedure are not, because a timeline keeps no procedure codes.
/// </summary>
public static class AmbulatoryCareSensitive
{
    private static readonly Icd10PrefixMap<Rule> Rules = new(EmbeddedData.Lines("acsc_codes.csv").Select(Parse));

    /// <summary>Number of emergency admissions in the window with an ambulatory care sensitive primary diagnosis.</summary>
    public static int Admissions(PersonHistory history, int windowDays)
    {
        var n = 0;
        foreach (ref readonly var e in history.Within(EventKind.Admission, windowDays))
        {
            if (e.Is(EventFlags.Emergency) && !e.Is(EventFlags.Maternity) && IsSensitive(history, in e))
            {
                n++;
            }
        }

        return n;
    }

    private static bool IsSensitive(PersonHistory history, in TimelineEvent admission)
    {
        foreach (ref readonly var rule in Rules.Find(admission.Code != 0 ? admission.Code : PrimaryDiagnosis(history, in admission)))
        {
            if (rule.Oldest > 0 && (history.Age < 0 || history.Facts.AgeOn(admission.Day) > rule.Oldest))
            {
                continue;
            }

            if ((rule.RequiresAny.Length == 0 || AnyDuring(history, in admission, rule.RequiresAny))
                && !AnyDuring(history, in admission, rule.Excludes))
            {
                return true;
            }
        }

        return false;
    }

    private static uint PrimaryDiagnosis(PersonHistory history, in TimelineEvent admission)
    {
        foreach (ref readonly var d in history.All(EventKind.Diagnosis))
        {
            if (d.Is(EventFlags.Primary) && IsDuring(in admission, d.Day))
            {
                return d.Code;
            }
        }

        return 0;
    }

    private static bool AnyDuring(PersonHistory history, in TimelineEvent admission, (uint From, uint To)[] codes)
    {
        if (codes.Length == 0)
        {
            return false;
        }

        foreach (ref readonly var d in history.All(EventKind.Diagnosis))
        {
            if (!IsDuring(in admission, d.Day))
            {
                continue;
            }

            foreach (var (from, to) in codes)
            {
                if (d.Code >= from && d.Code < to)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool IsDuring(in TimelineEvent admission, int day) => day >= admission.Day && day <= admission.Day + admission.LengthDays;

    private static (string, Rule) Parse(string line)
    {
        var f = line.Split(',', 5);
        return (f[0], new Rule(f[1].Length == 0 ? 0 : int.Parse(f[1], CultureInfo.InvariantCulture), Ranges(f[2]), Ranges(f[3])));
    }

    private static (uint, uint)[] Ranges(string prefixes) =>
        [.. prefixes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(p => Icd10Code.PrefixRange(p))];

    private readonly record struct Rule(int Oldest, (uint From, uint To)[] RequiresAny, (uint From, uint To)[] Excludes);
}
