using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Scores;

/// <summary>How much of a deficit's published code list can be recognised here.</summary>
public enum DeficitCoverage
{
    /// <summary>A few example codes (and ICD-10 categories) only: the deficit is under-counted.</summary>
    ExampleCodes,

    /// <summary>A full register refset that is close to the deficit's own list, but not the same list.</summary>
    RegisterList,

    /// <summary>The published rule itself.</summary>
    Complete,
}

/// <summary>One of the 36 deficits of the electronic Frailty Index.</summary>
/// <param name="Number">1 to 36, in the order of the paper.</param>
/// <param name="Name">Name as published.</param>
/// <param name="Coverage">How much of it can be recognised with the codes that are free to use.</param>
/// <param name="IsPresent">The rule.</param>
public sealed record FrailtyDeficit(int Number, string Name, DeficitCoverage Coverage, Func<PersonHistory, bool> IsPresent);

/// <summary>
/// Electronic Frailty Index, Clegg 2016, doi:10.1093/ageing/afw039: deficits present, ever, divided by 36, for people
/// of 65 and over. Fit below 0.12, mild from 0.12, moderate from 0.24, severe from 0.36.
/// </summary>
/// <remarks>
/// The paper's full code lists are not free to redistribute. What is counted here are register lists, example codes
/// and numeric rules (see <see cref="Deficits"/>), so the index is a lower bound; a value that the GP system computed
/// is kept apart as the predictor <c>efi_recorded</c> and is to be preferred.
/// </remarks>
public static class ElectronicFrailtyIndex
{
    /// <summary>The youngest age that the index was made for.</summary>
    public const int MinimumAge = 65;

    private const int Ever = int.MaxValue / 2;

    /// <summary>The 36 deficits.</summary>
    public static IReadOnlyList<FrailtyDeficit> Deficits { get; } =
    [
        new(1, "Activity limitation", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.ActivityLimitation) || h.Latest(MeasurementKind.BarthelIndex, Ever) <= 18),
        new(2, "Anaemia and haematinic deficiency", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.Anaemia) || IsAnaemic(h)),
        new(3, "Arthritis", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.Arthritis) || h.Has(ConditionGroup.Osteoarthritis) || h.Has(ConditionGroup.RheumatoidArthritis) || h.Has(ConditionGroup.Gout)),
        new(4, "Atrial fibrillation", DeficitCoverage.RegisterList, h => h.Has(ConditionGroup.AtrialFibrillation)),
        new(5, "Cerebrovascular disease", DeficitCoverage.RegisterList, h => h.Has(ConditionGroup.Stroke) || h.Has(ConditionGroup.TransientIschaemicAttack)),
        new(6, "Chronic kidney disease", DeficitCoverage.RegisterList, h => h.Has(ConditionGroup.CkdStage3To5) || h.Has(ConditionGroup.CkdStage1To2) || h.Latest(MeasurementKind.Egfr, Ever) < 60 || h.Latest(MeasurementKind.UrineAlbuminCreatinineRatio, Ever) > 3),
        new(7, "Diabetes", DeficitCoverage.RegisterList, h => h.Has(ConditionGroup.Diabetes)),
        new(8, "Dizziness", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.Dizziness)),
        new(9, "Dyspnoea", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.Dyspnoea)),
        new(10, "Falls", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.Falls)),
        new(11, "Foot problems", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.FootProblem)),
        new(12, "Fragility fracture", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.FragilityFracture) || h.Has(ConditionGroup.HipFracture)),
        new(13, "Hearing impairment", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.HearingImpairment)),
        new(14, "Heart failure", DeficitCoverage.RegisterList, h => h.Has(ConditionGroup.HeartFailure)),
        new(15, "Heart valve disease", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.HeartValveDisease)),
        new(16, "Housebound", DeficitCoverage.ExampleCodes, h => h.Has(SocialFact.Housebound, Ever)),
        new(17, "Hypertension", DeficitCoverage.RegisterList, h => h.Has(ConditionGroup.Hypertension)),
        new(18, "Hypotension or syncope", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.HypotensionSyncope)),
        new(19, "Ischaemic heart disease", DeficitCoverage.RegisterList, h => h.Has(ConditionGroup.CoronaryHeartDisease) || h.Has(ConditionGroup.MyocardialInfarction)),
        new(20, "Memory and cognitive problems", DeficitCoverage.RegisterList, h => h.Has(ConditionGroup.Dementia) || h.Has(ConditionGroup.MemoryProblem) || h.Latest(MeasurementKind.SixCit, Ever) >= 8),
        new(21, "Mobility and transfer problems", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.MobilityProblem)),
        new(22, "Osteoporosis", DeficitCoverage.RegisterList, h => h.Has(ConditionGroup.Osteoporosis) || h.Latest(MeasurementKind.HipTScore, Ever) <= -2.5f),
        new(23, "Parkinsonism and tremor", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.ParkinsonDisease) || h.Has(ConditionGroup.ParkinsonismTremor)),
        new(24, "Peptic ulcer", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.PepticUlcer)),
        new(25, "Peripheral vascular disease", DeficitCoverage.RegisterList, h => h.Has(ConditionGroup.PeripheralArterialDisease) || h.Latest(MeasurementKind.AnkleBrachialIndex, Ever) < 0.95f),
        new(26, "Polypharmacy", DeficitCoverage.Complete, h => h.DistinctMedicines(365) >= 5),
        new(27, "Requirement for care", DeficitCoverage.RegisterList, h => h.Has(SocialFact.CareHomeResident, Ever) || h.Has(SocialFact.PackageOfCare, Ever)),
        new(28, "Respiratory disease", DeficitCoverage.RegisterList, h => h.Has(ConditionGroup.Asthma) || h.Has(ConditionGroup.Copd) || h.Has(ConditionGroup.Bronchiectasis)),
        new(29, "Skin ulcer", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.SkinUlcer)),
        new(30, "Sleep disturbance", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.SleepDisturbance)),
        new(31, "Social vulnerability", DeficitCoverage.ExampleCodes, h => h.Has(SocialFact.LivesAlone, Ever) || h.Has(SocialFact.VulnerableAdult, Ever) || h.Has(SocialFact.NoCarer, Ever) || h.Has(SocialFact.HousingProblem, Ever)),
        new(32, "Thyroid disease", DeficitCoverage.RegisterList, h => h.Has(ConditionGroup.ThyroidDisease) || h.Latest(MeasurementKind.Tsh, Ever) is < 0.36f or > 5.5f),
        new(33, "Urinary incontinence", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.UrinaryIncontinence)),
        new(34, "Urinary system disease", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.UrinarySystemDisease) || h.Has(ConditionGroup.UrinaryTractInfection)),
        new(35, "Visual impairment", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.VisualImpairment) || h.Has(ConditionGroup.BlindnessLowVision)),
        new(36, "Weight loss and anorexia", DeficitCoverage.ExampleCodes, h => h.Has(ConditionGroup.WeightLossAnorexia) || h.Latest(MeasurementKind.MustScore, Ever) >= 1),
    ];

    /// <summary>Deficits present divided by 36, at any age; whether it applies at this one is for the caller to say.</summary>
    public static float Score(PersonHistory history)
    {
        var present = 0;
        for (var i = 0; i < Deficits.Count; i++)
        {
            present += Deficits[i].IsPresent(history) ? 1 : 0;
        }

        return present / 36f;
    }

    // Below 130 g/L in men, 115 g/L in women (gm-sde rule); NaN compares false.
    private static bool IsAnaemic(PersonHistory h) =>
        h.Latest(MeasurementKind.Haemoglobin, Ever) < (h.Facts.Sex == Sex.Male ? 130 : 115);
}
