using System.Globalization;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Scores;

/// <summary>
/// Cambridge Multimorbidity Score, Payne 2020, doi:10.1503/cmaj.190757, general-outcome weights for 37 and for 20
/// conditions. The weights of two of the 37 (diverticular disease, chronic sinusitis) were not found in an open
/// source and count 0; the weights for unplanned admission alone were not found either and are not offered.
/// </summary>
public static class CambridgeMultimorbidity
{
    private const int Year = 365;
    private const int FiveYears = 1826;

    private static readonly Dictionary<string, Func<PersonHistory, bool>> Rules = new(StringComparer.Ordinal)
    {
        ["Hypertension"] = h => h.Has(ConditionGroup.Hypertension),
        ["AnxietyDepression"] = h => h.HasWithin(ConditionGroup.Depression, Year) || h.HasWithin(ConditionGroup.Anxiety, Year)
            || h.Orders(MedicineGroup.Antidepressant, Year) >= 4 || h.Orders(MedicineGroup.Anxiolytic, Year) >= 4,
        ["PainfulCondition"] = h => h.Orders(MedicineGroup.Analgesic, Year) + h.Orders(MedicineGroup.Opioid, Year) + h.Orders(MedicineGroup.Nsaid, Year) >= 4
            || (h.Orders(MedicineGroup.Antiepileptic, Year) >= 4 && !h.Has(ConditionGroup.Epilepsy)),
        ["HearingLoss"] = h => h.Has(ConditionGroup.HearingImpairment),
        ["IrritableBowelSyndrome"] = h => h.Has(ConditionGroup.IrritableBowelSyndrome) || h.Orders(MedicineGroup.Antispasmodic, Year) >= 4,
        ["Asthma"] = h => h.Has(ConditionGroup.Asthma) && h.Orders(MedicineGroup.InhaledRespiratory, Year) > 0,
        ["Diabetes"] = h => h.Has(ConditionGroup.Diabetes),
        ["CoronaryHeartDisease"] = h => h.Has(ConditionGroup.CoronaryHeartDisease) || h.Has(ConditionGroup.MyocardialInfarction),
        ["ChronicKidneyDisease"] = h => h.HigherOfLastTwo(MeasurementKind.Egfr, int.MaxValue / 2) < 60,
        ["AtrialFibrillation"] = h => h.Has(ConditionGroup.AtrialFibrillation),
        ["Constipation"] = h => h.Orders(MedicineGroup.Laxative, Year) >= 4,
        ["StrokeTia"] = h => h.Has(ConditionGroup.Stroke) || h.Has(ConditionGroup.TransientIschaemicAttack),
        ["Copd"] = h => h.Has(ConditionGroup.Copd),
        ["ConnectiveTissueDisorders"] = h => h.Has(ConditionGroup.ConnectiveTissueDisorder) || h.Has(ConditionGroup.RheumatoidArthritis),
        ["Cancer"] = h => h.IsNewWithin(ConditionGroup.Cancer, FiveYears),
        ["AlcoholProblems"] = h => h.Has(ConditionGroup.AlcoholProblem),
        ["HeartFailure"] = h => h.Has(ConditionGroup.HeartFailure),
        ["Dementia"] = h => h.Has(ConditionGroup.Dementia),
        ["PsychosisBipolarDisorder"] = h => h.Has(ConditionGroup.SeriousMentalIllness) || h.Orders(MedicineGroup.Lithium, int.MaxValue / 2) > 0,
        ["Epilepsy"] = h => h.Has(ConditionGroup.Epilepsy) && h.Orders(MedicineGroup.Antiepileptic, Year) > 0,
        ["ProstateDisorders"] = h => h.Has(ConditionGroup.ProstateDisorder),
        ["ThyroidDisorders"] = h => h.Has(ConditionGroup.ThyroidDisease),
        ["PepticUlcerDisease"] = h => h.Has(ConditionGroup.PepticUlcer),
        ["PsychoactiveSubstanceMisuse"] = h => h.Has(ConditionGroup.SubstanceMisuse) || h.Has(ConditionGroup.OpioidMisuse),
        ["EczemaPsoriasis"] = h => h.Has(ConditionGroup.EczemaPsoriasis) && h.Orders(MedicineGroup.SkinMedicine, Year) >= 4,
        ["BlindnessLowVision"] = h => h.Has(ConditionGroup.BlindnessLowVision),
        ["InflammatoryBowelDisease"] = h => h.Has(ConditionGroup.InflammatoryBowelDisease),
        ["PeripheralVascularDisease"] = h => h.Has(ConditionGroup.PeripheralArterialDisease),
        ["AnorexiaBulimia"] = h => h.Has(ConditionGroup.EatingDisorder),
        ["ChronicLiverDiseaseViralHepatitis"] = h => h.Has(ConditionGroup.ChronicLiverDisease),
        ["Migraine"] = h => h.Orders(MedicineGroup.AntiMigraine, Year) >= 4,
        ["LearningDisability"] = h => h.Has(ConditionGroup.LearningDisability),
        ["Bronchiectasis"] = h => h.Has(ConditionGroup.Bronchiectasis),
        ["MultipleSclerosis"] = h => h.Has(ConditionGroup.MultipleSclerosis),
        ["ParkinsonDisease"] = h => h.Has(ConditionGroup.ParkinsonDisease),
        ["DiverticularDisease"] = h => h.Has(ConditionGroup.DiverticularDisease),
        ["ChronicSinusitis"] = h => h.Has(ConditionGroup.ChronicSinusitis),
    };

    private static readonly (Func<PersonHistory, bool> IsPresent, float In37, float In20)[] Table =
        [.. EmbeddedData.Lines("cambridge_weights.csv").Select(l => l.Split(',', 4)).Select(r => (Rules[r[0]], Weight(r[1]), Weight(r[2])))];

    /// <summary>Number of conditions told apart.</summary>
    public static int ConditionCount => Table.Length;

    /// <summary>The score with 37 conditions.</summary>
    public static float Score37(PersonHistory history)
    {
        var score = 0f;
        foreach (var (isPresent, weight, _) in Table)
        {
            score += weight != 0 && isPresent(history) ? weight : 0;
        }

        return score;
    }

    /// <summary>The score with 20 conditions.</summary>
    public static float Score20(PersonHistory history)
    {
        var score = 0f;
        foreach (var (isPresent, _, weight) in Table)
        {
            score += weight != 0 && isPresent(history) ? weight : 0;
        }

        return score;
    }

    private static float Weight(string field) => field.Length == 0 ? 0 : float.Parse(field, CultureInfo.InvariantCulture);
}
