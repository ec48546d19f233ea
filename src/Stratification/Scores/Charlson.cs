using System.Globalization;
using System.Numerics;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Scores;

/// <summary>Which published weights a Charlson score uses.</summary>
public enum CharlsonWeights
{
    /// <summary>Charlson 1987, doi:10.1016/0021-9681(87)90171-8.</summary>
    Original1987,

    /// <summary>Quan 2011, Am J Epidemiol 173:676.</summary>
    Quan2011,
}

/// <summary>
/// Charlson comorbidity index with the ICD-10 coding of Quan 2005 (doi:10.1097/01.mlr.0000182534.19832.83): seventeen
/// conditions, each counted once; the severe form of liver disease, diabetes or cancer suppresses the mild one.
/// </summary>
public static class Charlson
{
    /// <summary>Look-back for hospital diagnoses, in days.</summary>
    public const int WindowDays = 730;

    private static readonly string[] Conditions;
    private static readonly int[] Original;
    private static readonly int[] Updated;
    private static readonly (int Mild, int Severe)[] Hierarchy;
    private static readonly Icd10PrefixMap<byte> Codes;

    static Charlson()
    {
        var rows = EmbeddedData.Lines("charlson_weights.csv").Select(l => l.Split(',', 5)).ToList();
        Conditions = [.. rows.Select(r => r[0])];
        Original = [.. rows.Select(r => int.Parse(r[1], CultureInfo.InvariantCulture))];
        Updated = [.. rows.Select(r => int.Parse(r[2], CultureInfo.InvariantCulture))];
        Hierarchy = [.. rows.Where(r => r[3].Length > 0).Select(r => (Array.IndexOf(Conditions, r[0]), Array.IndexOf(Conditions, r[3])))];
        Codes = new Icd10PrefixMap<byte>(EmbeddedData.Lines("charlson_codes.csv")
            .Select(l => l.Split(',')).Select(r => (r[1], (byte)Array.IndexOf(Conditions, r[0]))));
    }

    /// <summary>Short names of the seventeen conditions, in the order of the bits of a mask.</summary>
    public static IReadOnlyList<string> ConditionNames => Conditions;

    /// <summary>The score of a person from the hospital diagnoses of the window.</summary>
    public static int Score(PersonHistory history, int windowDays, CharlsonWeights weights)
    {
        uint mask = 0;
        foreach (ref readonly var e in history.Within(EventKind.Diagnosis, windowDays))
        {
            mask |= MaskOf(e.Code);
        }

        return Score(mask, weights);
    }

    /// <summary>The conditions that one ICD-10 code belongs to, one bit each.</summary>
    public static uint MaskOf(uint icd10)
    {
        uint mask = 0;
        foreach (var condition in Codes.Find(icd10))
        {
            mask |= 1u << condition;
        }

        return mask;
    }

    /// <summary>The score of a set of conditions, milder forms suppressed.</summary>
    public static int Score(uint mask, CharlsonWeights weights)
    {
        if (mask == 0)
        {
            return 0;
        }

        foreach (var (mild, severe) in Hierarchy)
        {
            if ((mask >> severe & 1) != 0)
            {
                mask &= ~(1u << mild);
            }
        }

        var table = weights == CharlsonWeights.Original1987 ? Original : Updated;
        var score = 0;
        for (var rest = mask; rest != 0; rest &= rest - 1)
        {
            score += table[BitOperations.TrailingZeroCount(rest)];
        }

        return score;
    }
}
