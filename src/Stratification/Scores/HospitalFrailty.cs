using System.Globalization;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Scores;

/// <summary>
/// Hospital Frailty Risk Score, Gilbert 2018, doi:10.1016/S0140-6736(18)30668-8: 109 three-character ICD-10 categories
/// of the last two years, each counted once. Made for people of 75 and over: below 5 low, 5 to 15 intermediate, above 15 high.
/// </summary>
public static class HospitalFrailty
{
    /// <summary>Look-back for hospital diagnoses, in days.</summary>
    public const int WindowDays = 730;

    /// <summary>The youngest age that the score was made for.</summary>
    public const int MinimumAge = 75;

    private static readonly (string Category, short Tenths)[] Table =
        [.. EmbeddedData.Lines("hfrs_codes.csv").Select(l => l.Split(',', 3)).Select(r => (r[0], short.Parse(r[1], CultureInfo.InvariantCulture)))];

    private static readonly Icd10PrefixMap<byte> Codes = new(Table.Select((row, i) => (row.Category, (byte)i)));

    /// <summary>The 109 three-character ICD-10 categories.</summary>
    public static IReadOnlyList<string> Categories { get; } = [.. Table.Select(row => row.Category)];

    /// <summary>The score at any age; whether it applies at this one is for the caller to say.</summary>
    public static float Score(PersonHistory history, int windowDays)
    {
        UInt128 seen = 0;
        var tenths = 0;
        foreach (ref readonly var e in history.Within(EventKind.Diagnosis, windowDays))
        {
            foreach (var category in Codes.Find(e.Code))
            {
                var bit = UInt128.One << category;
                if ((seen & bit) == 0)
                {
                    seen |= bit;
                    tenths += Table[category].Tenths;
                }
            }
        }

        // Sums in whole tenths, so that 0.1 + 0.2 is 0.3 as in the paper.
        return tenths / 10f;
    }
}
