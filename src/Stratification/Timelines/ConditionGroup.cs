namespace BetterCare.Care.Stratification.Timelines;

/// <summary>A group of condition codes. The number is stored; never reuse one. 1 to 49: registers of long-term conditions;
/// 50 to 79: further deficits of the electronic Frailty Index; 80 to 109: further conditions of the Cambridge
/// Multimorbidity Score; from 110: others.</summary>
public enum ConditionGroup : ushort
{
    /// <summary>None; never stored.</summary>
    None = 0,

    /// <summary>Atrial fibrillation or flutter (QOF AF).</summary>
    AtrialFibrillation = 1,

    /// <summary>Coronary heart disease (QOF CHD).</summary>
    CoronaryHeartDisease = 2,

    /// <summary>Previous myocardial infarction.</summary>
    MyocardialInfarction = 3,

    /// <summary>Heart failure (QOF HF).</summary>
    HeartFailure = 4,

    /// <summary>Hypertension (QOF HYP).</summary>
    Hypertension = 5,

    /// <summary>Stroke (QOF STIA).</summary>
    Stroke = 6,

    /// <summary>Transient ischaemic attack (QOF STIA).</summary>
    TransientIschaemicAttack = 7,

    /// <summary>Peripheral arterial disease (QOF PAD).</summary>
    PeripheralArterialDisease = 8,

    /// <summary>Diabetes mellitus (QOF DM).</summary>
    Diabetes = 9,

    /// <summary>Non-diabetic hyperglycaemia (QOF NDH).</summary>
    NonDiabeticHyperglycaemia = 10,

    /// <summary>Chronic obstructive pulmonary disease (QOF COPD).</summary>
    Copd = 11,

    /// <summary>Asthma (QOF AST).</summary>
    Asthma = 12,

    /// <summary>Chronic kidney disease, stages 3 to 5 (QOF CKD).</summary>
    CkdStage3To5 = 13,

    /// <summary>Chronic kidney disease, stages 1 and 2.</summary>
    CkdStage1To2 = 14,

    /// <summary>Dementia (QOF DEM).</summary>
    Dementia = 15,

    /// <summary>Depression (QOF DEP).</summary>
    Depression = 16,

    /// <summary>Schizophrenia, bipolar disorder or other psychosis (QOF MH).</summary>
    SeriousMentalIllness = 17,

    /// <summary>Epilepsy (QOF EP).</summary>
    Epilepsy = 18,

    /// <summary>Cancer (QOF CAN).</summary>
    Cancer = 19,

    /// <summary>Haematological cancer.</summary>
    HaematologicalCancer = 20,

    /// <summary>Learning disability (QOF LD).</summary>
    LearningDisability = 21,

    /// <summary>Rheumatoid arthritis (QOF RA).</summary>
    RheumatoidArthritis = 22,

    /// <summary>Osteoporosis (QOF OST).</summary>
    Osteoporosis = 23,

    /// <summary>Obesity, body mass index 30 or more (QOF OB).</summary>
    Obesity = 24,

    /// <summary>Thyroid disease.</summary>
    ThyroidDisease = 25,

    /// <summary>On the palliative care register (QOF PC).</summary>
    PalliativeCare = 26,

    /// <summary>Alcohol dependence or problem drinking.</summary>
    AlcoholProblem = 27,

    /// <summary>Anaemia or haematinic deficiency.</summary>
    Anaemia = 28,

    /// <summary>Gout.</summary>
    Gout = 29,

    /// <summary>Hip fracture.</summary>
    HipFracture = 30,

    /// <summary>Hyperlipidaemia.</summary>
    Hyperlipidaemia = 31,

    /// <summary>Opioid misuse.</summary>
    OpioidMisuse = 32,

    /// <summary>Osteoarthritis.</summary>
    Osteoarthritis = 33,

    /// <summary>Drug overdose.</summary>
    Overdose = 34,

    /// <summary>Chronic painful condition.</summary>
    PainfulCondition = 35,

    /// <summary>Pneumonia.</summary>
    Pneumonia = 36,

    /// <summary>Urinary tract infection.</summary>
    UrinaryTractInfection = 37,

    /// <summary>Activity limitation (eFI 1).</summary>
    ActivityLimitation = 50,

    /// <summary>Arthritis of any other kind (eFI 3).</summary>
    Arthritis = 51,

    /// <summary>Dizziness or vertigo (eFI 8).</summary>
    Dizziness = 52,

    /// <summary>Breathlessness (eFI 9).</summary>
    Dyspnoea = 53,

    /// <summary>A fall, or recurrent falls (eFI 10).</summary>
    Falls = 54,

    /// <summary>Foot problem (eFI 11).</summary>
    FootProblem = 55,

    /// <summary>Fragility fracture (eFI 12).</summary>
    FragilityFracture = 56,

    /// <summary>Hearing impairment (eFI 13; Cambridge: hearing loss).</summary>
    HearingImpairment = 57,

    /// <summary>Heart valve disease (eFI 15).</summary>
    HeartValveDisease = 58,

    /// <summary>Hypotension or syncope (eFI 18).</summary>
    HypotensionSyncope = 59,

    /// <summary>Memory or cognitive problem short of dementia (eFI 20).</summary>
    MemoryProblem = 60,

    /// <summary>Mobility or transfer problem (eFI 21).</summary>
    MobilityProblem = 61,

    /// <summary>Parkinsonism or tremor other than Parkinson disease (eFI 23).</summary>
    ParkinsonismTremor = 62,

    /// <summary>Peptic ulcer (eFI 24).</summary>
    PepticUlcer = 63,

    /// <summary>Skin or pressure ulcer (eFI 29).</summary>
    SkinUlcer = 64,

    /// <summary>Sleep disturbance (eFI 30).</summary>
    SleepDisturbance = 65,

    /// <summary>Urinary incontinence (eFI 33).</summary>
    UrinaryIncontinence = 66,

    /// <summary>Disease of the urinary system (eFI 34).</summary>
    UrinarySystemDisease = 67,

    /// <summary>Visual impairment, cataract or retinopathy (eFI 35).</summary>
    VisualImpairment = 68,

    /// <summary>Weight loss or loss of appetite (eFI 36).</summary>
    WeightLossAnorexia = 69,

    /// <summary>Anxiety disorder.</summary>
    Anxiety = 80,

    /// <summary>Irritable bowel syndrome.</summary>
    IrritableBowelSyndrome = 81,

    /// <summary>Constipation.</summary>
    Constipation = 82,

    /// <summary>Connective tissue disorder other than rheumatoid arthritis.</summary>
    ConnectiveTissueDisorder = 83,

    /// <summary>Prostate disorder.</summary>
    ProstateDisorder = 84,

    /// <summary>Psychoactive substance misuse other than alcohol and opioids.</summary>
    SubstanceMisuse = 85,

    /// <summary>Eczema or psoriasis.</summary>
    EczemaPsoriasis = 86,

    /// <summary>Blindness or low vision.</summary>
    BlindnessLowVision = 87,

    /// <summary>Inflammatory bowel disease.</summary>
    InflammatoryBowelDisease = 88,

    /// <summary>Anorexia nervosa or bulimia.</summary>
    EatingDisorder = 89,

    /// <summary>Chronic liver disease or viral hepatitis.</summary>
    ChronicLiverDisease = 90,

    /// <summary>Migraine.</summary>
    Migraine = 91,

    /// <summary>Bronchiectasis.</summary>
    Bronchiectasis = 92,

    /// <summary>Multiple sclerosis.</summary>
    MultipleSclerosis = 93,

    /// <summary>Parkinson disease.</summary>
    ParkinsonDisease = 94,

    /// <summary>Diverticular disease.</summary>
    DiverticularDisease = 95,

    /// <summary>Chronic sinusitis.</summary>
    ChronicSinusitis = 96,

    /// <summary>Mild frailty, as a clinician recorded it.</summary>
    FrailtyMild = 110,

    /// <summary>Moderate frailty, as a clinician recorded it.</summary>
    FrailtyModerate = 111,

    /// <summary>Severe frailty, as a clinician recorded it.</summary>
    FrailtySevere = 112,

    /// <summary>Delirium.</summary>
    Delirium = 113,

    /// <summary>Cellulitis.</summary>
    Cellulitis = 114,
}
