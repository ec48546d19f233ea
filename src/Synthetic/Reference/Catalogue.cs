using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Synthetic.Reference;

/// <summary>
/// A primary diagnosis of emergency admissions: a row of diagnoses.csv. Weight is its frequency among people of the age,
/// times the trait factor for those who have the trait; sex is 0 F, 1 M, -1 both; the stay factor is against the mean stay of the age.
/// </summary>
internal sealed record Diagnosis(
    string Icd10, string Text, uint Packed, double Weight, int AgeFrom, int AgeTo, int Sex, Trait? Trait, double TraitFactor, double StayFactor);

/// <summary>A repeat medicine: a row of medicines.csv. Share of people with the trait who take it; high-risk group by name, or empty.</summary>
internal sealed record Medicine(int Index, Trait Trait, double Share, string Group, string Text);

/// <summary>A planned procedure with the admission that it makes.</summary>
internal sealed record Planned(Coded Procedure, Coded Reason, double Weight, int AgeFrom, bool DayCase);

/// <summary>What is measured. The unit is UCUM.</summary>
internal enum Measure
{
    BodyMassIndex,
    BloodPressure,
    Haemoglobin,
    Sodium,
    Egfr,
    HbA1c,
    Cholesterol,
    Smoking,
    ClinicalFrailtyScale,
    AlcoholUnits,
}

/// <summary>Medicines, diagnoses and procedures to draw from.</summary>
internal static class Catalogue
{
    public static readonly Diagnosis[] Diagnoses = [.. Csv.Rows("diagnoses.csv").Select(r => new Diagnosis(
        r[0],
        r[1],
        Icd10Code.Pack(r[0]),
        Csv.Number(r[2]),
        Csv.Whole(r[3]),
        Csv.Whole(r[4]),
        r[5] switch { "F" => 0, "M" => 1, _ => -1 },
        r[6].Length == 0 ? null : Enum.Parse<Trait>(r[6]),
        Csv.Number(r[7]),
        Csv.Number(r[8])))];

    /// <summary>Mean stay factor of the diagnoses of a sex and age, so that the factors do not change the mean stay.</summary>
    private static readonly double[][] StayFactors = [.. Enumerable.Range(0, 2).Select(s => Enumerable.Range(0, 121).Select(a => MeanStayFactor(s, a)).ToArray())];

    public static readonly Medicine[] Repeats =
        [.. Csv.Rows("medicines.csv").Select((r, i) => new Medicine(i, Enum.Parse<Trait>(r[0]), Csv.Number(r[1]), r[2], r[3]))];

    /// <summary>Short courses, prescribed at a contact.</summary>
    public static readonly string[] Acute =
    [
        "Amoxicillin 500mg capsules", "Nitrofurantoin 100mg modified-release capsules", "Doxycycline 100mg capsules",
        "Flucloxacillin 500mg capsules", "Prednisolone 5mg tablets", "Paracetamol 500mg tablets", "Ibuprofen 400mg tablets",
        "Clotrimazole 1% cream", "Chloramphenicol 0.5% eye drops", "Codeine 30mg tablets",
    ];

    public static readonly Planned[] PlannedCare =
    [
        new(new("73761001", "Colonoscopy"), new("K63.5", "Polyp of colon"), 5, 30, true),
        new(new("76009000", "Esophagogastroduodenoscopy"), new("K21.9", "Gastro-oesophageal reflux disease without oesophagitis"), 4, 18, true),
        new(new("54885007", "Extraction of cataract"), new("H26.9", "Cataract, unspecified"), 5, 55, true),
        new(new("24139008", "Cystoscopy"), new("N32.9", "Bladder disorder, unspecified"), 3, 30, true),
        new(new("52734007", "Total replacement of hip"), new("M16.1", "Other primary coxarthrosis"), 3, 50, false),
        new(new("609588000", "Total replacement of knee joint"), new("M17.1", "Other primary gonarthrosis"), 3, 50, false),
        new(new("38102005", "Cholecystectomy"), new("K80.2", "Calculus of gallbladder without cholecystitis"), 2, 18, false),
        new(new("44558001", "Repair of inguinal hernia"), new("K40.9", "Unilateral or unspecified inguinal hernia, without obstruction or gangrene"), 2, 0, true),
        new(new("173422009", "Tonsillectomy"), new("J35.0", "Chronic tonsillitis"), 1, 2, true),
    ];

    /// <summary>ICD-10 codes that hospitals add for frail people, with the trait that calls for them.</summary>
    public static readonly (Coded Code, Trait Trait)[] FrailtyDiagnoses =
    [
        (new("R29.6", "Tendency to fall, not elsewhere classified"), Trait.ReducedMobility),
        (new("R26.8", "Other and unspecified abnormalities of gait and mobility"), Trait.ReducedMobility),
        (new("R32", "Unspecified urinary incontinence"), Trait.UrinaryIncontinence),
        (new("F05.9", "Delirium, unspecified"), Trait.MemoryImpairment),
        (new("L89.9", "Decubitus ulcer and pressure area, unspecified"), Trait.PressureUlcer),
        (new("Z60.2", "Living alone"), Trait.LivesAlone),
        (new("Z74.2", "Need for assistance at home and no other household member able to render care"), Trait.CarePackage),
        (new("Z51.5", "Palliative care"), Trait.PalliativeCare),
    ];

    /// <summary>Length of stay of a diagnosis against the mean of the sex and age.</summary>
    public static double StayFactor(Diagnosis diagnosis, int sex, double age) => diagnosis.StayFactor / StayFactors[sex][(int)age];

    private static double MeanStayFactor(int sex, int age)
    {
        double weights = 0, sum = 0;
        foreach (var diagnosis in Diagnoses)
        {
            if (age >= diagnosis.AgeFrom && age <= diagnosis.AgeTo && (diagnosis.Sex < 0 || diagnosis.Sex == sex))
            {
                weights += diagnosis.Weight;
                sum += diagnosis.Weight * diagnosis.StayFactor;
            }
        }

        return sum / weights;
    }
}
