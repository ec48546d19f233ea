namespace BetterCare.Care.Stratification.Timelines;

/// <summary>What was measured, and by that the unit of the value. The number is stored; never reuse one.</summary>
public enum MeasurementKind : ushort
{
    /// <summary>None; never stored.</summary>
    None = 0,

    /// <summary>Body mass index. Unit: kg/m2.</summary>
    BodyMassIndex = 1,

    /// <summary>Body weight. Unit: kg.</summary>
    Weight = 2,

    /// <summary>Body height. Unit: cm.</summary>
    Height = 3,

    /// <summary>Systolic blood pressure. Unit: mmHg.</summary>
    SystolicPressure = 4,

    /// <summary>Diastolic blood pressure. Unit: mmHg.</summary>
    DiastolicPressure = 5,

    /// <summary>Haemoglobin. Unit: g/L.</summary>
    Haemoglobin = 6,

    /// <summary>Serum sodium. Unit: mmol/L.</summary>
    Sodium = 7,

    /// <summary>Estimated glomerular filtration rate. Unit: mL/min/1.73m2.</summary>
    Egfr = 8,

    /// <summary>Serum creatinine. Unit: umol/L.</summary>
    Creatinine = 9,

    /// <summary>Glycated haemoglobin, IFCC. Unit: mmol/mol.</summary>
    HbA1c = 10,

    /// <summary>Smoking status: a SmokingStatus number. Unit: SmokingStatus.</summary>
    SmokingStatus = 11,

    /// <summary>Alcohol, units a week. Unit: units/week.</summary>
    AlcoholUnitsPerWeek = 12,

    /// <summary>Electronic frailty index as the GP system computed it, 0 to 1. Unit: 1.</summary>
    FrailtyIndex = 13,

    /// <summary>Rockwood Clinical Frailty Scale, 1 to 9. Unit: 1.</summary>
    ClinicalFrailtyScale = 14,

    /// <summary>Barthel index of activities of daily living, 0 to 20. Unit: 1.</summary>
    BarthelIndex = 15,

    /// <summary>Six-item Cognitive Impairment Test, 0 to 28. Unit: 1.</summary>
    SixCit = 16,

    /// <summary>Malnutrition Universal Screening Tool, 0 to 6. Unit: 1.</summary>
    MustScore = 17,

    /// <summary>Thyroid stimulating hormone. Unit: mIU/L.</summary>
    Tsh = 18,

    /// <summary>Urine albumin to creatinine ratio. Unit: mg/mmol.</summary>
    UrineAlbuminCreatinineRatio = 19,

    /// <summary>Ankle brachial pressure index. Unit: 1.</summary>
    AnkleBrachialIndex = 20,

    /// <summary>Hip bone density T-score. Unit: 1.</summary>
    HipTScore = 21,

    /// <summary>Serum potassium. Unit: mmol/L.</summary>
    Potassium = 22,

    /// <summary>Serum albumin. Unit: g/L.</summary>
    Albumin = 23,
}
