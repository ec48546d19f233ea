using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Synthetic.Reference;

/// <summary>The conditions, findings and circumstances of a person, in the order of conditions.csv.</summary>
internal enum Trait
{
    Hypertension,
    Diabetes,
    AtrialFibrillation,
    CoronaryHeartDisease,
    HeartFailure,
    StrokeOrTia,
    PeripheralArterialDisease,
    ChronicKidneyDisease,
    Copd,
    Asthma,
    Depression,
    SeriousMentalIllness,
    Dementia,
    Epilepsy,
    LearningDisability,
    Cancer,
    RheumatoidArthritis,
    Osteoporosis,
    Obesity,
    NonDiabeticHyperglycaemia,
    Hypothyroidism,
    ParkinsonsDisease,
    ChronicLiverDisease,
    AlcoholDependence,
    Osteoarthritis,
    Anxiety,
    ChronicPain,
    HearingLoss,
    Cataract,
    FragilityFracture,
    ReducedMobility,
    UrinaryIncontinence,
    MemoryImpairment,
    PressureUlcer,
    Housebound,
    CareHome,
    CarePackage,
    LivesAlone,
    PalliativeCare,
    VulnerableAdult,
    NoCarer,
    IsCarer,
}

/// <summary>How a trait is recorded.</summary>
internal enum TraitKind
{
    /// <summary>A long-term condition: Condition, problem list.</summary>
    Problem,

    /// <summary>A symptom, sign or register entry: Condition, problem list.</summary>
    Finding,

    /// <summary>A circumstance: Observation, social history.</summary>
    Social,
}

/// <summary>A code and its words, ready to be written.</summary>
internal sealed record Coded(string Code, string Term);

/// <summary>One row of conditions.csv.</summary>
internal sealed class TraitInfo
{
    public required Trait Trait { get; init; }

    public required TraitKind Kind { get; init; }

    /// <summary>QOF register whose total the prevalence is scaled to; empty: none.</summary>
    public required string Register { get; init; }

    public required string Icd10 { get; init; }

    public required uint PackedIcd10 { get; init; }

    /// <summary>Loading of the liability on general ill health; with <see cref="ClusterLoading"/> it makes multimorbidity.</summary>
    public required double GeneralLoading { get; init; }

    /// <summary>0 none, 1 cardiometabolic, 2 respiratory, 3 mental, 4 frailty.</summary>
    public required int Cluster { get; init; }

    public required double ClusterLoading { get; init; }

    /// <summary>Log prevalence ratio per IMD quintile towards deprivation.</summary>
    public required double Deprivation { get; init; }

    /// <summary>Log rate ratio of emergency admission: a term of the hidden true risk.</summary>
    public required double LogRate { get; init; }

    /// <summary>Share in per cent at ages 0, 10 … 90 by sex (0 F, 1 M), before scaling.</summary>
    public required double[][] ByDecade { get; init; }

    public required Coded[] Snomed { get; init; }

    /// <summary>Whether it counts as a health deficit of the frailty index: all but being someone else's carer.</summary>
    public bool IsDeficit => Trait != Trait.IsCarer;

    public double ResidualLoading => Math.Sqrt(1 - (GeneralLoading * GeneralLoading) - (ClusterLoading * ClusterLoading));
}

/// <summary>All traits, and their prevalence by area, sex and age.</summary>
internal static class Traits
{
    public const int Ages = 106;

    public static readonly TraitInfo[] All = [.. Csv.Rows("conditions.csv").Select(Read)];

    public static int Count => All.Length;

    /// <summary>
    /// Prevalence by age for one area and sex, never falling with age (a long-term condition stays), scaled so that the
    /// area's population has the total of its QOF register.
    /// </summary>
    public static double[] Prevalence(TraitInfo trait, AreaData area, int sex)
    {
        var scale = 0.01;
        if (area.Registers.TryGetValue(trait.Register, out var register))
        {
            var fromAge = register.List.EndsWith("OV", StringComparison.Ordinal) ? Csv.Whole(register.List[..2]) : 0;
            double people = 0, cases = 0;
            for (var age = fromAge; age < AreaData.Ages; age++)
            {
                for (var s = 0; s < 2; s++)
                {
                    people += area.Population[s][age];
                    cases += area.Population[s][age] * At(trait.ByDecade[s], age);
                }
            }

            scale = register.Percent * people / cases / 100;
        }

        var prevalence = new double[Ages];
        for (var age = 0; age < Ages; age++)
        {
            prevalence[age] = Math.Min(0.95, Math.Max(age == 0 ? 0 : prevalence[age - 1], scale * At(trait.ByDecade[sex], age)));
        }

        return prevalence;
    }

    private static double At(double[] byDecade, int age)
    {
        var at = Math.Min(age / 10.0, byDecade.Length - 1.000001);
        var low = (int)at;
        return byDecade[low] + ((at - low) * (byDecade[low + 1] - byDecade[low]));
    }

    private static TraitInfo Read(string[] row, int index)
    {
        var trait = Enum.Parse<Trait>(row[0]);
        if ((int)trait != index)
        {
            throw new InvalidOperationException("conditions.csv is not in the order of Trait.");
        }

        return new TraitInfo
        {
            Trait = trait,
            Kind = Enum.Parse<TraitKind>(row[1], ignoreCase: true),
            Register = row[2],
            Icd10 = row[3],
            PackedIcd10 = Icd10Code.Pack(row[3]),
            GeneralLoading = Csv.Number(row[4]),
            Cluster = row[5] switch { "cardiometabolic" => 1, "respiratory" => 2, "mental" => 3, "frailty" => 4, _ => 0 },
            ClusterLoading = Csv.Number(row[6]),
            Deprivation = Csv.Number(row[7]),
            LogRate = Csv.Number(row[8]),
            ByDecade = [Knots(row[9]), Knots(row[10])],
            Snomed = [.. row[11].Split(';').Select(c => new Coded(c[..c.IndexOf('|', StringComparison.Ordinal)], c[(c.IndexOf('|', StringComparison.Ordinal) + 1)..]))],
        };
    }

    private static double[] Knots(string cell) => [.. cell.Split(' ').Select(Csv.Number)];
}
