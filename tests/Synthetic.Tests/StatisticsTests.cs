using BetterCare.Care.Synthetic;
using BetterCare.Care.Synthetic.People;
using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Tests.Synthetic;

/// <summary>60,000 lives in hospital, lived once for the tests of the numbers.</summary>
public sealed class Lives
{
    public const int People = 60_000;

    public Lives()
    {
        Plan = new CohortPlan(new CohortOptions(People, 20_260));
        var simulator = new LifeSimulator(Plan);
        var person = new Person();
        for (var index = 0; index < People; index++)
        {
            simulator.LiveHospital(index, person);
            Count(person);
        }
    }

    internal CohortPlan Plan { get; }

    /// <summary>[sex, band]: admissions that happened, and that the published rates expect.</summary>
    public double[,] Admissions { get; } = new double[2, 8];

    public double[,] Expected { get; } = new double[2, 8];

    public double[,] Deaths { get; } = new double[2, 8];

    public double[,] ExpectedDeaths { get; } = new double[2, 8];

    public double[] Cases { get; } = new double[Traits.Count];

    public double[] ExpectedCases { get; } = new double[Traits.Count];

    public List<(double Risk, bool Admitted)> Adults { get; } = [];

    public static int Band(double age) => age switch { < 18 => 0, < 35 => 1, < 50 => 2, < 65 => 3, < 75 => 4, < 80 => 5, < 85 => 6, _ => 7 };

    private void Count(Person person)
    {
        var area = person.Practice.Area;
        var last = person.LastDay(Plan.Until);
        for (var day = Math.Max(Plan.From, person.RegisteredDay); day <= last; day += 30)
        {
            var days = Math.Min(30, last + 1 - day);
            var age = person.AgeOn(day + (days / 2));
            Expected[person.Sex, Band(age)] += days / 365.25 * area.Rate(Activity.Emergency, person.Sex, age);
            ExpectedDeaths[person.Sex, Band(age)] += days / 365.25 * RiskModel.Mortality(person.Sex, age);
        }

        foreach (var e in person.Events.Where(e => e.Kind == LifeKind.EmergencyAdmission))
        {
            Admissions[person.Sex, Band(person.AgeOn(e.Day))]++;
        }

        if (person.DeathDay != 0)
        {
            Deaths[person.Sex, Band(person.AgeOn(person.DeathDay))]++;
        }
        else
        {
            foreach (var trait in Traits.All)
            {
                Cases[(int)trait.Trait] += person.Has(trait.Trait, Plan.Until) ? 1 : 0;
                ExpectedCases[(int)trait.Trait] += Traits.Prevalence(trait, area, person.Sex)[(int)Math.Clamp(person.AgeOn(Plan.Until), 0, 105)];
            }
        }

        var index = Plan.IndexDays.Length - 2;
        var on = Plan.IndexDays[index];
        if (!double.IsNaN(person.TrueRisk[index]) && person.AgeOn(on) >= 18)
        {
            Adults.Add((person.TrueRisk[index], person.Events.Any(e => e.Kind == LifeKind.EmergencyAdmission && e.Day >= on && e.Day < on + 365)));
        }
    }
}

public sealed class StatisticsTests(Lives lives) : IClassFixture<Lives>
{
    // Admissions of one person come in runs: the variance is about two and a half times Poisson's.
    private const double Overdispersion = 1.6;

    private readonly Lives _lives = lives;

    [Theory]
    [MemberData(nameof(SexesAndBands))]
    public void EmergencyAdmissions_EverySexAndAge_FollowThePublishedRates(int sex, int band)
    {
        var ratio = _lives.Admissions[sex, band] / _lives.Expected[sex, band];
        var error = Overdispersion * Math.Sqrt(_lives.Admissions[sex, band]) / _lives.Expected[sex, band];

        Math.Abs(ratio - 1).ShouldBeLessThan(Math.Max(0.1, 3.5 * error));
    }

    [Fact]
    public void EmergencyAdmissions_AllAges_FollowThePublishedRates()
    {
        var ratio = _lives.Admissions.Cast<double>().Sum() / _lives.Expected.Cast<double>().Sum();

        ratio.ShouldBe(1, 0.04);
    }

    [Fact]
    public void Deaths_AllAges_FollowMortality()
    {
        var ratio = _lives.Deaths.Cast<double>().Sum() / _lives.ExpectedDeaths.Cast<double>().Sum();

        ratio.ShouldBe(1, 0.1);
    }

    [Fact]
    public void Conditions_AtTheEnd_HaveTheirPrevalence()
    {
        foreach (var trait in Traits.All)
        {
            var expected = _lives.ExpectedCases[(int)trait.Trait];
            var ratio = _lives.Cases[(int)trait.Trait] / expected;

            // The iller die sooner, so that registers of the dying fall a little short of the shape.
            Math.Abs(ratio - 1).ShouldBeLessThan(0.16 + (3 / Math.Sqrt(expected)), trait.Trait.ToString());
        }
    }

    [Fact]
    public void Prevalence_OfAnArea_AddsUpToItsRegister()
    {
        foreach (var area in AreaData.All)
        {
            var trait = Traits.All[(int)Trait.HeartFailure];
            double cases = 0, people = 0;
            for (var sex = 0; sex < 2; sex++)
            {
                var prevalence = Traits.Prevalence(trait, area, sex);
                for (var age = 0; age < AreaData.Ages; age++)
                {
                    cases += area.Population[sex][age] * prevalence[age];
                    people += area.Population[sex][age];
                }
            }

            (100 * cases / people).ShouldBe(area.Registers["HF"].Percent, 0.01);
        }
    }

    [Fact]
    public void HiddenRisk_AgainstWhatHappened_IsCalibratedAndDiscriminates()
    {
        var observed = _lives.Adults.Average(a => a.Admitted ? 1.0 : 0);
        var expected = _lives.Adults.Average(a => a.Risk);

        (observed / expected).ShouldBe(1, 0.05);
        Auroc(_lives.Adults).ShouldBeInRange(0.76, 0.82);

        // Calibrated in each fifth of risk too, so that the truth is a probability and not only a rank.
        foreach (var fifth in _lives.Adults.OrderBy(a => a.Risk).Chunk((_lives.Adults.Count / 5) + 1))
        {
            var happened = fifth.Count(a => a.Admitted);
            (happened / fifth.Sum(a => a.Risk)).ShouldBe(1, 0.05 + (3.5 / Math.Sqrt(happened)));
        }
    }

    [Fact]
    public void ActivityRates_WithinAgeBands_EqualTheSourceTable()
    {
        var path = Shared("uk-population/emergency-rates-by-age-band.csv");
        Assert.SkipWhen(path is null, "../shared is not here.");

        var rows = File.ReadLines(path!).Skip(1).Select(l => l.Split(',')).Where(f => f[2] == "emer_n" && f[6].Length > 0);
        foreach (var f in rows.Where(f => f[1] != "England"))
        {
            var area = AreaData.All.First(a => a.Name == f[1]);
            var sex = f[4] == "F" ? 0 : 1;
            double expected = 0, people = 0;
            for (var age = int.Parse(f[5], null); age <= int.Parse(f[6], null); age++)
            {
                expected += area.Population[sex][age] * area.Rate(Activity.Emergency, sex, age);
                people += area.Population[sex][age];
            }

            (1000 * expected / people).ShouldBe(double.Parse(f[7], null), 0.01 * double.Parse(f[7], null));
        }
    }

    public static IEnumerable<TheoryDataRow<int, int>> SexesAndBands() =>
        from sex in Enumerable.Range(0, 2) from band in Enumerable.Range(0, 8) select new TheoryDataRow<int, int>(sex, band);

    internal static double Auroc(IEnumerable<(double Risk, bool Admitted)> people)
    {
        var ranked = people.OrderBy(p => p.Risk).ToArray();
        double positives = ranked.Count(p => p.Admitted), rankSum = 0;
        for (var i = 0; i < ranked.Length; i++)
        {
            rankSum += ranked[i].Admitted ? i + 1 : 0;
        }

        return (rankSum - (positives * (positives + 1) / 2)) / (positives * (ranked.Length - positives));
    }

    private static string? Shared(string file)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "BetterCare.Care.sln")))
        {
            root = root.Parent;
        }

        var path = root?.Parent is null ? null : Path.Combine(root.Parent.FullName, "shared", file);
        return path is not null && File.Exists(path) ? path : null;
    }
}
