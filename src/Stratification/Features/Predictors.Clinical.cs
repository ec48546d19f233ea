using System.Numerics;
using BetterCare.Care.Stratification.Scores;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Stratification.Features;

public static partial class Predictors
{
    private static readonly ConditionGroup[] PhysicalLongTermConditions =
    [
        ConditionGroup.AtrialFibrillation, ConditionGroup.CoronaryHeartDisease, ConditionGroup.HeartFailure, ConditionGroup.Hypertension,
        ConditionGroup.Stroke, ConditionGroup.PeripheralArterialDisease, ConditionGroup.Diabetes, ConditionGroup.Copd, ConditionGroup.Asthma,
        ConditionGroup.CkdStage3To5, ConditionGroup.Dementia, ConditionGroup.Epilepsy, ConditionGroup.Cancer, ConditionGroup.RheumatoidArthritis,
        ConditionGroup.ConnectiveTissueDisorder, ConditionGroup.Osteoporosis, ConditionGroup.ThyroidDisease, ConditionGroup.ChronicLiverDisease,
        ConditionGroup.ParkinsonDisease, ConditionGroup.MultipleSclerosis, ConditionGroup.InflammatoryBowelDisease, ConditionGroup.Bronchiectasis,
    ];

    private const ulong AnyGlucoseLowering = (1UL << (int)MedicineGroup.Insulin) | (1UL << (int)MedicineGroup.Sulfonylurea);

    private const ulong HighRiskAlone =
        (1UL << (int)MedicineGroup.Anticoagulant) | (1UL << (int)MedicineGroup.Antiplatelet) | (1UL << (int)MedicineGroup.Opioid)
        | (1UL << (int)MedicineGroup.OralSteroid) | (1UL << (int)MedicineGroup.Antipsychotic);

    private static Predictor[] Conditions() =>
    [
        Condition("atrial_fibrillation", "Atrial fibrillation", (h, _) => h.Has(ConditionGroup.AtrialFibrillation)),
        Condition("chd", "Coronary heart disease", (h, _) => h.Has(ConditionGroup.CoronaryHeartDisease) || h.Has(ConditionGroup.MyocardialInfarction)),
        Condition("mi_history", "Previous heart attack", (h, _) => h.Has(ConditionGroup.MyocardialInfarction)),
        Condition("heart_failure", "Heart failure", (h, _) => h.Has(ConditionGroup.HeartFailure)),
        Condition("hypertension", "High blood pressure", (h, _) => h.Has(ConditionGroup.Hypertension)),
        Condition("stroke_tia", "Stroke or transient ischaemic attack", (h, _) => h.Has(ConditionGroup.Stroke) || h.Has(ConditionGroup.TransientIschaemicAttack)),
        Condition("pad", "Peripheral arterial disease", (h, _) => h.Has(ConditionGroup.PeripheralArterialDisease)),
        Condition("diabetes", "Diabetes", (h, _) => h.Has(ConditionGroup.Diabetes)),
        Condition("copd", "COPD", (h, _) => h.Has(ConditionGroup.Copd)),
        Condition("asthma", "Asthma, treated in the last 12 months", (h, _) => h.Has(ConditionGroup.Asthma) && h.Orders(MedicineGroup.InhaledRespiratory, Year) > 0),
        Condition("ckd", "Chronic kidney disease, stage 3 to 5", (h, _) => h.Has(ConditionGroup.CkdStage3To5) || h.HigherOfLastTwo(MeasurementKind.Egfr, ThreeYears) < 60),
        Condition("dementia", "Dementia", (h, _) => h.Has(ConditionGroup.Dementia)),
        Condition("depression_anxiety", "Depression or anxiety in the last 12 months", (h, _) => h.HasWithin(ConditionGroup.Depression, Year) || h.HasWithin(ConditionGroup.Anxiety, Year)
            || h.Orders(MedicineGroup.Antidepressant, Year) >= 4),
        Condition("smi", "Serious mental illness", (h, _) => h.Has(ConditionGroup.SeriousMentalIllness)),
        Condition("epilepsy", "Epilepsy", (h, _) => h.Has(ConditionGroup.Epilepsy)),
        Condition("cancer_5y", "Cancer found in the last 5 years", (h, days) => h.IsNewWithin(ConditionGroup.Cancer, days), FiveYears),
        Condition("parkinsons", "Parkinson disease", (h, _) => h.Has(ConditionGroup.ParkinsonDisease)),
        Condition("liver_disease", "Chronic liver disease", (h, _) => h.Has(ConditionGroup.ChronicLiverDisease)),
        Condition("alcohol_problem", "Alcohol problem", (h, _) => h.Has(ConditionGroup.AlcoholProblem)),
        Condition("ra_ctd", "Rheumatoid arthritis or connective tissue disease", (h, _) => h.Has(ConditionGroup.RheumatoidArthritis) || h.Has(ConditionGroup.ConnectiveTissueDisorder)),
        Condition("learning_disability", "Learning disability", (h, _) => h.Has(ConditionGroup.LearningDisability)),
    ];

    private static Predictor[] Multimorbidity() =>
    [
        new("ltc_count", PredictorGroup.Multimorbidity, "Physical long-term conditions", "{n} physical long-term condition{s}", "No physical long-term condition on record", "conditions", null, Direction.Rising,
            "Payne 2013, CMAJ 185:E221", (h, _) => CountLongTermConditions(h))
        {
            DefaultTerms = Steps("ltc_count", 1, 2, 4),
        },
        new("charlson", PredictorGroup.Multimorbidity, "Charlson comorbidity score (1987 weights)", "Charlson comorbidity score {n}", "Charlson comorbidity score 0", "points", Charlson.WindowDays, Direction.Rising,
            "Quan 2005, doi:10.1097/01.mlr.0000182534.19832.83", (h, days) => Charlson.Score(h, days, CharlsonWeights.Original1987))
        {
            DefaultTerms = [new("charlson", TermForm.Capped, null, 6)],
        },
        new("charlson_2011", PredictorGroup.Multimorbidity, "Charlson comorbidity score (2011 weights)", "Charlson comorbidity score, 2011 weights, {n}", "Charlson comorbidity score, 2011 weights, 0", "points", Charlson.WindowDays, Direction.Rising,
            "Quan 2011, Am J Epidemiol 173:676", (h, days) => Charlson.Score(h, days, CharlsonWeights.Quan2011)),
        new("hfrs", PredictorGroup.Multimorbidity, "Hospital Frailty Risk Score (75 and over)", "Hospital Frailty Risk Score {n}", "Hospital Frailty Risk Score 0", "points", HospitalFrailty.WindowDays, Direction.Rising,
            "Gilbert 2018, doi:10.1016/S0140-6736(18)30668-8", (h, days) => h.Age < HospitalFrailty.MinimumAge ? float.NaN : HospitalFrailty.Score(h, days))
        {
            DefaultTerms = [.. Steps("hfrs", 5), new("hfrs", TermForm.AtLeast, 15.05f)],
        },
        new("efi", PredictorGroup.Multimorbidity, "Electronic Frailty Index, computed (65 and over, a lower bound)", "Electronic Frailty Index at least {n}", "No frailty deficit on record", "0 to 1", null, Direction.Rising,
            "Clegg 2016, doi:10.1093/ageing/afw039", (h, _) => h.Age < ElectronicFrailtyIndex.MinimumAge ? float.NaN : ElectronicFrailtyIndex.Score(h))
        {
            DefaultTerms = Linear("efi"),
        },
        new("efi_recorded", PredictorGroup.Multimorbidity, "Electronic Frailty Index as the GP system recorded it", "Electronic Frailty Index {n}", null, "0 to 1", TwoYears, Direction.Rising,
            "Clegg 2016, doi:10.1093/ageing/afw039", (h, days) => h.Latest(MeasurementKind.FrailtyIndex, days)),
        new("cambridge", PredictorGroup.Multimorbidity, "Cambridge Multimorbidity Score, 37 conditions", "Cambridge Multimorbidity Score {n}", "Cambridge Multimorbidity Score 0", "points", null, Direction.Rising,
            Cambridge, (h, _) => CambridgeMultimorbidity.Score37(h))
        {
            DefaultTerms = Linear("cambridge"),
        },
        new("cambridge_20", PredictorGroup.Multimorbidity, "Cambridge Multimorbidity Score, 20 conditions", "Cambridge Multimorbidity Score (20 conditions) {n}", "Cambridge Multimorbidity Score (20 conditions) 0", "points", null, Direction.Rising,
            Cambridge, (h, _) => CambridgeMultimorbidity.Score20(h)),
    ];

    private static Predictor[] Medicines() =>
    [
        new("medicine_count", PredictorGroup.Medication, "Different medicines, last 12 months", "{n} different medicine{s} in the last 12 months", "No medicine in the last 12 months", "medicines", Year, Direction.Rising,
            "Payne 2014, doi:10.1111/bcp.12292", (h, days) => h.DistinctMedicines(days))
        {
            DefaultTerms = [.. Steps("medicine_count", 1, 4, 7, 10), new("medicine_count", TermForm.Capped, null, 20)],
        },
        new("high_risk_medicines", PredictorGroup.Medication, "Kinds of high-risk medicine, last 6 months", "{n} kind{s} of high-risk medicine in the last 6 months", "No high-risk medicine in the last 6 months", "kinds", 182, Direction.Rising,
            "Anticoagulant, antiplatelet, opioid, insulin or sulfonylurea, oral steroid, antipsychotic; list to be approved", (h, days) => HighRiskKinds(h.MedicineGroups(days)))
        {
            DefaultTerms = Linear("high_risk_medicines"),
        },
    ];

    private static Predictor[] Observations() =>
    [
        new("smoking", PredictorGroup.Observation, "Smoking (0 never, 1 ex, 2 light to 4 heavy)", "Smokes, or used to (level {n} of 4)", "Has never smoked", "level", FiveYears, Direction.Rising,
            "QAdmissions, BMJ Open 2013;3:e003482", (h, days) => h.Latest(MeasurementKind.SmokingStatus, days))
        {
            DefaultTerms = Steps("smoking", 1, 2),
            Words = new Dictionary<float, string>
            {
                [SmokingStatus.Never] = "Has never smoked",
                [SmokingStatus.Ex] = "Used to smoke",
                [SmokingStatus.Light] = "Smokes up to 9 cigarettes a day",
                [SmokingStatus.Current] = "Smokes",
                [SmokingStatus.Moderate] = "Smokes 10 to 19 cigarettes a day",
                [SmokingStatus.Heavy] = "Smokes 20 or more cigarettes a day",
            },
        },
        new("alcohol_units", PredictorGroup.Observation, "Alcohol, units a day", "Drinks {n} unit{s} of alcohol a day", "Drinks no alcohol", "units/day", FiveYears, Direction.Any,
            "QAdmissions, BMJ Open 2013;3:e003482", (h, days) => h.Latest(MeasurementKind.AlcoholUnitsPerWeek, days) / 7)
        {
            DefaultTerms = [new("alcohol_units", TermForm.Band, 0.01f, 7), .. Steps("alcohol_units", 7)],
        },
        new("bmi", PredictorGroup.Observation, "Body mass index", "Body mass index {n}", null, "kg/m2", ThreeYears, Direction.Any,
            "QAdmissions, BMJ Open 2013;3:e003482", BodyMassIndex)
        {
            DefaultTerms = [new("bmi", TermForm.Band, null, 18.5f), new("bmi", TermForm.Hinge, 30), new("bmi", TermForm.Missing)],
        },
        new("systolic_bp", PredictorGroup.Observation, "Systolic blood pressure", "Systolic blood pressure {n} mmHg", null, "mmHg", TwoYears, Direction.Any,
            "QAdmissions, BMJ Open 2013;3:e003482", (h, days) => h.Latest(MeasurementKind.SystolicPressure, days))
        {
            DefaultTerms = [new("systolic_bp", TermForm.Band, null, 110), new("systolic_bp", TermForm.AtLeast, 160), new("systolic_bp", TermForm.Missing)],
        },
        new("low_haemoglobin", PredictorGroup.Observation, "Low haemoglobin (below 120 g/L)", "Low haemoglobin (below 120 g/L)", "Haemoglobin not low", "0/1", TwoYears, Direction.Rising,
            "HOSPITAL score; PREADM-H 2019", (h, days) => Below(h.Latest(MeasurementKind.Haemoglobin, days), 120))
        {
            DefaultTerms = Linear("low_haemoglobin"),
        },
        new("low_sodium", PredictorGroup.Observation, "Low sodium (below 135 mmol/L)", "Low sodium (below 135 mmol/L)", "Sodium not low", "0/1", TwoYears, Direction.Rising,
            "HOSPITAL score; PREADM-H 2019", (h, days) => Below(h.Latest(MeasurementKind.Sodium, days), 135))
        {
            DefaultTerms = Linear("low_sodium"),
        },
        new("egfr_lt30", PredictorGroup.Observation, "Poor kidney function (eGFR below 30)", "Poor kidney function (eGFR below 30)", "Kidney function (eGFR) 30 or more", "0/1", TwoYears, Direction.Rising,
            InputClass, (h, days) => Below(h.Latest(MeasurementKind.Egfr, days), 30))
        {
            DefaultTerms = Linear("egfr_lt30"),
        },
        new("haemoglobin", PredictorGroup.Observation, "Haemoglobin", "Haemoglobin {n} g/L", null, "g/L", TwoYears, Direction.Any,
            "Finer form of low_haemoglobin", (h, days) => h.Latest(MeasurementKind.Haemoglobin, days)),
        new("sodium", PredictorGroup.Observation, "Sodium", "Sodium {n} mmol/L", null, "mmol/L", TwoYears, Direction.Any,
            "Finer form of low_sodium", (h, days) => h.Latest(MeasurementKind.Sodium, days)),
        new("egfr", PredictorGroup.Observation, "Kidney function (eGFR)", "eGFR {n}", null, "mL/min/1.73m2", TwoYears, Direction.Any,
            "Finer form of egfr_lt30", (h, days) => h.Latest(MeasurementKind.Egfr, days)),
        new("hba1c", PredictorGroup.Observation, "HbA1c", "HbA1c {n} mmol/mol", null, "mmol/mol", TwoYears, Direction.Any,
            InputClass, (h, days) => h.Latest(MeasurementKind.HbA1c, days)),
    ];

    private static Predictor[] Function() =>
    [
        new("falls_12m", PredictorGroup.Function, "A fall, last 12 months", "A fall recorded in the last 12 months", "No fall recorded in the last 12 months", "0/1", Year, Direction.Rising,
            "eFI deficit 10", (h, days) => YesNo(h.HasWithin(ConditionGroup.Falls, days)))
        {
            DefaultTerms = Linear("falls_12m"),
        },
        new("fragility_fracture", PredictorGroup.Function, "Fragility or hip fracture", "Has had a fragility or hip fracture", "No fragility fracture on record", "0/1", null, Direction.Rising,
            "eFI deficit 12", (h, _) => YesNo(h.Has(ConditionGroup.FragilityFracture) || h.Has(ConditionGroup.HipFracture)))
        {
            DefaultTerms = Linear("fragility_fracture"),
        },
        new("urinary_incontinence", PredictorGroup.Function, "Urinary incontinence, last 24 months", "Urinary incontinence", "No urinary incontinence recorded", "0/1", TwoYears, Direction.Rising,
            "ELSA cohort, PMC8427733", (h, days) => YesNo(h.HasWithin(ConditionGroup.UrinaryIncontinence, days)))
        {
            DefaultTerms = Linear("urinary_incontinence"),
        },
        new("housebound", PredictorGroup.Function, "Housebound", "Housebound", "Not recorded as housebound", "0/1", TwoYears, Direction.Rising,
            "eFI deficit 16", (h, days) => YesNo(h.Has(SocialFact.Housebound, days)))
        {
            DefaultTerms = Linear("housebound"),
        },
        new("palliative_register", PredictorGroup.Function, "On the palliative care register", "On the palliative care register", "Not on the palliative care register", "0/1", TwoYears, Direction.Any,
            InputClass, (h, days) => YesNo(h.HasWithin(ConditionGroup.PalliativeCare, days)))
        {
            DefaultTerms = Linear("palliative_register"),
        },
        new("frailty_recorded", PredictorGroup.Function, "Frailty as a clinician recorded it (1 mild, 2 moderate, 3 severe)", "Frailty recorded by a clinician (level {n} of 3)", "No frailty recorded by a clinician", "level", ThreeYears, Direction.Rising,
            "NHS GP contract frailty identification; Clinical Frailty Scale 5, 6 and 7 or more", FrailtyRecorded)
        {
            DefaultTerms = Linear("frailty_recorded"),
            Words = new Dictionary<float, string> { [1] = "Mild frailty recorded by a clinician", [2] = "Moderate frailty recorded by a clinician", [3] = "Severe frailty recorded by a clinician" },
        },
        new("delirium_24m", PredictorGroup.Function, "Delirium, last 24 months", "Delirium in the last 24 months", "No delirium recorded in the last 24 months", "0/1", TwoYears, Direction.Rising,
            "Part of the Hospital Frailty Risk Score", (h, days) => YesNo(h.HasWithin(ConditionGroup.Delirium, days))),
    ];

    private static Predictor[] Social() =>
    [
        new("care_home_resident", PredictorGroup.Social, "Lives in a care home", "Lives in a care home", "Not recorded as living in a care home", "0/1", TwoYears, Direction.Any,
            "QMortality, BMJ 2017;358:j4208", (h, days) => YesNo(h.Has(SocialFact.CareHomeResident, days) || h.Count(EventKind.Admission, days, EventFlags.CareHome) > 0))
        {
            DefaultTerms = Linear("care_home_resident"),
        },
        new("social_vulnerability", PredictorGroup.Social, "Social vulnerability (no carer, housing problem, safeguarding or recorded as vulnerable)", "Socially vulnerable (no carer, a housing problem, a safeguarding concern or recorded as vulnerable)", "No social vulnerability recorded", "0/1", TwoYears, Direction.Rising,
            InputClass, (h, days) => YesNo(h.Has(SocialFact.VulnerableAdult, days) || h.Has(SocialFact.NoCarer, days) || h.Has(SocialFact.HousingProblem, days) || h.Has(SocialFact.SafeguardingConcern, days)))
        {
            DefaultTerms = Linear("social_vulnerability"),
        },
        SocialPredictor("lives_alone", "Lives alone", SocialFact.LivesAlone, "Lloyd 2022, BMJ Open 12:e059371", Direction.Rising),
        SocialPredictor("package_of_care", "Has a package of care at home", SocialFact.PackageOfCare, "Integrated-care input; eFI deficit 27", Direction.Rising),
        SocialPredictor("reablement", "Has had reablement or intermediate care", SocialFact.Reablement, "Integrated-care input", Direction.Any),
        SocialPredictor("has_carer", "Has an unpaid carer", SocialFact.HasCarer, "Integrated-care input", Direction.Any),
        SocialPredictor("is_carer", "Is an unpaid carer", SocialFact.IsCarer, "Integrated-care input", Direction.Any),
    ];

    private static Predictor Condition(string id, string label, Func<PersonHistory, int, bool> present, int? windowDays = null) =>
        new(id, PredictorGroup.Condition, label, label, $"Not on record: {label}", "0/1", windowDays, Direction.Rising, Cambridge, (h, days) => YesNo(present(h, days)))
        {
            DefaultTerms = Linear(id),
        };

    private static Predictor SocialPredictor(string id, string label, SocialFact fact, string source, Direction direction) =>
        new(id, PredictorGroup.Social, label + ", last 24 months", label, $"Not on record: {label}", "0/1", TwoYears, direction, source, (h, days) => YesNo(h.Has(fact, days)))
        {
            DefaultTerms = Linear(id),
        };

    private static float CountLongTermConditions(PersonHistory history)
    {
        var n = 0;
        foreach (var group in PhysicalLongTermConditions)
        {
            n += history.Has(group) ? 1 : 0;
        }

        return n;
    }

    private static float HighRiskKinds(ulong groups) =>
        BitOperations.PopCount(groups & HighRiskAlone) + ((groups & AnyGlucoseLowering) != 0 ? 1 : 0);

    // From weight and height where no index was recorded; height does not change much in adults.
    private static float BodyMassIndex(PersonHistory history, int days)
    {
        var recorded = history.Latest(MeasurementKind.BodyMassIndex, days);
        if (!float.IsNaN(recorded))
        {
            return recorded;
        }

        var metres = history.Latest(MeasurementKind.Height, int.MaxValue / 2) / 100;
        return history.Latest(MeasurementKind.Weight, days) / (metres * metres);
    }

    private static float FrailtyRecorded(PersonHistory history, int days)
    {
        var scale = history.Latest(MeasurementKind.ClinicalFrailtyScale, days);
        var level = history.HasWithin(ConditionGroup.FrailtySevere, days) ? 3
            : history.HasWithin(ConditionGroup.FrailtyModerate, days) ? 2
            : history.HasWithin(ConditionGroup.FrailtyMild, days) ? 1 : 0;
        return Math.Max(level, scale switch { >= 7 => 3, >= 6 => 2, >= 5 => 1, _ => 0 });
    }

    private static float Below(float value, float limit) => float.IsNaN(value) ? float.NaN : YesNo(value < limit);
}
