namespace BetterCare.Care.Stratification.Timelines;

/// <summary>A group of medicines. The number is stored in the top byte of a medicine event's code; never reuse one.
/// None (0) is a medicine of no named group; it still counts as a medicine.</summary>
public enum MedicineGroup : byte
{
    /// <summary>None; never stored.</summary>
    None = 0,

    /// <summary>Oral or injected anticoagulants.</summary>
    Anticoagulant = 1,

    /// <summary>Antiplatelet medicines.</summary>
    Antiplatelet = 2,

    /// <summary>Insulins.</summary>
    Insulin = 3,

    /// <summary>Sulfonylureas.</summary>
    Sulfonylurea = 4,

    /// <summary>Opioid analgesics.</summary>
    Opioid = 5,

    /// <summary>Non-steroidal anti-inflammatory medicines.</summary>
    Nsaid = 6,

    /// <summary>Antipsychotics.</summary>
    Antipsychotic = 7,

    /// <summary>Digoxin.</summary>
    Digoxin = 8,

    /// <summary>Lithium.</summary>
    Lithium = 9,

    /// <summary>Methotrexate.</summary>
    Methotrexate = 10,

    /// <summary>Oral corticosteroids.</summary>
    OralSteroid = 11,

    /// <summary>Diuretics.</summary>
    Diuretic = 12,

    /// <summary>Antidepressants, without low-dose tricyclics for pain, which names alone cannot tell.</summary>
    Antidepressant = 13,

    /// <summary>Amitriptyline and nortriptyline, mostly at low dose for pain.</summary>
    Tricyclic = 14,

    /// <summary>Anxiolytics and hypnotics.</summary>
    Anxiolytic = 15,

    /// <summary>Antiepileptics, with the gabapentinoids.</summary>
    Antiepileptic = 16,

    /// <summary>Laxatives.</summary>
    Laxative = 17,

    /// <summary>Non-opioid analgesics.</summary>
    Analgesic = 18,

    /// <summary>Inhaled and other medicines for asthma and COPD.</summary>
    InhaledRespiratory = 19,

    /// <summary>Antispasmodics.</summary>
    Antispasmodic = 20,

    /// <summary>Medicines for migraine.</summary>
    AntiMigraine = 21,

    /// <summary>ACE inhibitors, angiotensin receptor blockers and sacubitril.</summary>
    AceInhibitorOrArb = 22,

    /// <summary>Beta blockers.</summary>
    BetaBlocker = 23,

    /// <summary>Calcium channel blockers.</summary>
    CalciumChannelBlocker = 24,

    /// <summary>Statins and other lipid medicines.</summary>
    Statin = 25,

    /// <summary>Other glucose-lowering medicines.</summary>
    OtherGlucoseLowering = 26,

    /// <summary>Medicines for dementia.</summary>
    DementiaMedicine = 27,

    /// <summary>Medicines for Parkinson disease.</summary>
    ParkinsonMedicine = 28,

    /// <summary>Proton pump inhibitors.</summary>
    ProtonPumpInhibitor = 29,

    /// <summary>Medicines for an overactive bladder.</summary>
    BladderAntimuscarinic = 30,

    /// <summary>Disease-modifying antirheumatic and immunosuppressive medicines.</summary>
    Dmard = 31,

    /// <summary>Antibiotics.</summary>
    Antibiotic = 32,

    /// <summary>Topical steroids and other medicines for eczema and psoriasis, without simple emollients.</summary>
    SkinMedicine = 33,

    /// <summary>Levothyroxine and antithyroid medicines.</summary>
    ThyroidMedicine = 34,

    /// <summary>Bisphosphonates and other bone-sparing medicines.</summary>
    BoneMedicine = 35,
}
