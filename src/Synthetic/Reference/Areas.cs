namespace BetterCare.Care.Synthetic.Reference;

/// <summary>Hospital activity per head and year by single year of age (SUS+ 2023, smoothed).</summary>
internal enum Activity
{
    Emergency,
    EmergencyBedDays,
    Ambulance,
    WalkIn,
    Elective,
    ElectiveBedDays,
    DayCase,
    Outpatient,
}

/// <summary>One of the four areas: people, deprivation and hospital activity.</summary>
internal sealed class AreaData
{
    public const int Ages = 101;

    // Under 18 the source has no rates. These are our own round figures of the shape known from HES (a third of
    // infants, few school children); stated so in Data/README.md.
    private static readonly double[] ChildKnots = [0.32, 0.16, 0.11, 0.08, 0.06, 0.045, 0.04, 0.04, 0.04, 0.04, 0.04, 0.042, 0.044, 0.046, 0.05, 0.05, 0.05, 0.05];

    public required int Index { get; init; }

    public required string Name { get; init; }

    /// <summary>ONS mid-2023 people by [sex 0 F, 1 M][age 0 to 100+].</summary>
    public double[][] Population { get; } = [new double[Ages], new double[Ages]];

    /// <summary>By [activity][sex][age]; ages above 90 repeat 90+.</summary>
    public double[][][] Rates { get; } = [.. Enumerable.Range(0, 8).Select(_ => new[] { new double[Ages], new double[Ages] })];

    public List<Lsoa> Lsoas { get; } = [];

    /// <summary>QOF prevalence in per cent of the register's list (TOTAL or over an age) by register.</summary>
    public Dictionary<string, (string List, double Percent)> Registers { get; } = [];

    public static IReadOnlyList<AreaData> All { get; } = Load();

    public double Rate(Activity activity, int sex, double age) => Rates[(int)activity][sex][Math.Clamp((int)age, 0, Ages - 1)];

    private static List<AreaData> Load()
    {
        var areas = CohortOptions.Areas.Select((name, i) => new AreaData { Index = i, Name = name }).ToList();
        AreaData Area(string name) => areas.Find(a => a.Name == name) ?? throw new InvalidOperationException("Unknown area in an embedded table.");

        foreach (var row in Csv.Rows("population.csv"))
        {
            var area = Area(row[0]);
            area.Population[0][Csv.Whole(row[1])] = Csv.Number(row[2]);
            area.Population[1][Csv.Whole(row[1])] = Csv.Number(row[3]);
        }

        foreach (var row in Csv.Rows("activity-rates.csv"))
        {
            var area = Area(row[0]);
            for (var activity = 0; activity < 8; activity++)
            {
                // Smoothing left a few rates just below nothing at the youngest ages.
                area.Rates[activity][row[1] == "F" ? 0 : 1][Csv.Whole(row[2])] = Math.Max(0.002, Csv.Number(row[3 + activity]));
            }
        }

        foreach (var row in Csv.Rows("lsoa-imd2019.csv"))
        {
            Area(row[0]).Lsoas.Add(new Lsoa(row[1], Csv.Whole(row[2]), Csv.Whole(row[3])));
        }

        foreach (var row in Csv.Rows("qof-prevalence.csv"))
        {
            Area(row[0]).Registers[row[1]] = (row[2], Csv.Number(row[3]));
        }

        foreach (var area in areas)
        {
            area.ExtendAges();
        }

        return areas;
    }

    private void ExtendAges()
    {
        for (var activity = 0; activity < 8; activity++)
        {
            for (var sex = 0; sex < 2; sex++)
            {
                var rates = Rates[activity][sex];
                for (var age = 0; age < 18; age++)
                {
                    rates[age] = (Activity)activity switch
                    {
                        Activity.Emergency => ChildKnots[age],
                        Activity.EmergencyBedDays => ChildKnots[age] * 1.6,
                        Activity.Ambulance => 0.03,
                        Activity.WalkIn => 0.25 + (0.35 * Math.Max(0, 4 - age) / 4.0),
                        Activity.Elective => 0.006,
                        Activity.ElectiveBedDays => 0.012,
                        Activity.DayCase => 0.03,
                        _ => 0.6,
                    };
                }

                Array.Fill(rates, rates[90], 91, Ages - 91);
            }
        }
    }
}

/// <summary>A lower-layer super output area: about 1,500 people.</summary>
/// <param name="Code">ONS code of 2011.</param>
/// <param name="Rank">IMD 2019 rank, 1 most deprived of 32,844.</param>
/// <param name="Decile">IMD 2019 decile, 1 most deprived.</param>
internal sealed record Lsoa(string Code, int Rank, int Decile)
{
    /// <summary>1 least deprived to 5 most deprived.</summary>
    public byte Quintile => (byte)(6 - ((Decile + 1) / 2));
}
