using BetterCare.Care.Synthetic.Place;
using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.People;

/// <summary>
/// The hidden truth of the cohort. A person is admitted as an emergency by a Poisson process whose yearly rate on day t is
/// <code>
/// rate(t)  = min(4, R(area, sex, age) x k(area, sex, age) x exp(eta(t))) x season(t) x recovery(t)
/// eta(t)   = s(age) x [sum over traits with onset by t of their log_rate (conditions.csv)
///          + 1.2 x frailty index(t) + 0.07 x (deprivation quintile - 3) + 0.15 if smoking] + u,   u ~ N(0, 0.65 squared)
/// s(age)   = 1.9 to age 45, falling straight to 0.75 at 90: the same illness says less about a 90-year-old
/// recovery = 2.2 in the 30 days after a discharge, 1.5 until day 90, else 1
/// </code>
/// R is the published rate (SUS+ 2023) and k the constant that makes the average person of that area, sex and age have
/// it. Death competes: Gompertz mortality (England, our fit) less deaths in hospital, raised by exp(0.6 (eta - mean)).
/// Nobody but hidden-risk.csv is told u, the rates or the probabilities.
/// </summary>
internal sealed class RiskModel
{
    private const double UnobservedSpread = 0.65;
    private const double MaxRate = 4;
    private const int GridStep = 5;
    private const int GridPoints = 21;
    private const int Draws = 1200;

    // Days of extra exposure that an admission adds through recovery(t), in years.
    private const double RecoveryYears = ((1.2 * 30) + (0.5 * 60)) / 365;

    // The closed form of the calibration forgets that the illest are in hospital or die sooner. Ratio of published to
    // simulated admissions by age 0, 5 … 100 without it, from 400,000 lives; the tests hold the result to the source.
    private static readonly double[] Correction =
        [1, 1, 1, 1, 1, 1, 1, 1, 1.03, 1, 1.06, 1.06, 1.04, 1.045, 1.161, 1.137, 1.347, 1.469, 1.547, 1.926, 2.214];

    // [area][sex][grid age]: ln k, and the mean of exp(0.6 (eta - mean eta)) with that mean.
    private readonly double[][][] _logScale = Grid();
    private readonly double[][][] _meanEta = Grid();
    private readonly double[][][] _logDeathScale = Grid();

    // [area][sex][trait][age]; deprivation factors by [area][trait][quintile].
    private readonly double[][][][] _prevalence;
    private readonly double[][][] _deprivation;

    public RiskModel(IReadOnlyList<PracticeInfo> practices)
    {
        _prevalence = [.. AreaData.All.Select(a => new[] { 0, 1 }.Select(s => Traits.All.Select(t => Traits.Prevalence(t, a, s)).ToArray()).ToArray())];
        _deprivation = new double[AreaData.All.Count][][];
        var areas = practices.GroupBy(p => p.Area).ToList();
        foreach (var area in areas)
        {
            var quintiles = QuintileShares(area);
            _deprivation[area.Key.Index] = [.. Traits.All.Select(t => DeprivationFactors(t.Deprivation, quintiles))];
        }

        var cells = areas.SelectMany(a => Enumerable.Range(0, 2 * GridPoints).Select(c => (Area: a, Sex: c / GridPoints, Point: c % GridPoints))).ToList();
        Parallel.ForEach(cells, cell => Calibrate(cell.Area, cell.Sex, cell.Point));
        foreach (var area in areas)
        {
            foreach (var table in new[] { _logScale, _meanEta, _logDeathScale })
            {
                table[area.Key.Index] = [.. table[area.Key.Index].Select(Smooth)];
            }
        }
    }

    /// <summary>Gompertz mortality per year, fitted to England's life tables at 65 and 85.</summary>
    public static double Mortality(int sex, double age) => sex == 0
        ? Math.Max(0.0002, 0.0082 * Math.Exp(0.103 * (age - 65)))
        : Math.Max(0.0003, 0.0125 * Math.Exp(0.098 * (age - 65)));

    /// <summary>Chance of dying in an emergency admission.</summary>
    public static double HospitalDeath(double age, double frailty, bool palliative) =>
        Math.Min(0.5, 0.0045 * Math.Exp(0.055 * (age - 40)) * (0.7 + (1.5 * frailty)) * (palliative ? 4 : 1));

    /// <summary>Draws what a person is born with: latents, and the onset day of every trait.</summary>
    public void DrawConstitution(Person person, ref Dice dice)
    {
        person.General = dice.Normal();
        for (var c = 1; c < person.Clusters.Length; c++)
        {
            person.Clusters[c] = dice.Normal();
        }

        person.Unobserved = UnobservedSpread * dice.Normal();
        var area = person.Practice.Area.Index;
        foreach (var trait in Traits.All)
        {
            // Liability threshold model: the trait sets in at the age at which prevalence reaches the person's place.
            var liability = (trait.GeneralLoading * person.General) + (trait.ClusterLoading * person.Clusters[trait.Cluster]) + (trait.ResidualLoading * dice.Normal());
            var place = NormalDistribution.Cumulative(-liability) / _deprivation[area][(int)trait.Trait][person.Lsoa.Quintile];
            var age = AgeAt(_prevalence[area][person.Sex][(int)trait.Trait], place);
            person.Onset[(int)trait.Trait] = double.IsNaN(age) ? Person.Never : person.BirthDay + (int)(age * 365.25);
        }

        // Smoking follows the respiratory latent, youth and deprivation (adults about 13 %, ONS 2022).
        var smoke = NormalDistribution.Cumulative((0.55 * person.Clusters[2]) + (0.25 * person.General) + (0.8 * dice.Normal()));
        var smokers = 0.13 * (1 + (0.22 * (person.Lsoa.Quintile - 3)));
        person.Smoker = smoke > 1 - smokers;
        person.ExSmoker = !person.Smoker && smoke > 0.62;
        person.BodyMassIndex = person.Onset[(int)Trait.Obesity] != Person.Never
            ? 33 + (3 * Math.Abs(dice.Normal()))
            : Math.Clamp(26 + (1.5 * person.Clusters[1]) + (2.8 * dice.Normal()), 15.5, 34);
    }

    /// <summary>Share of health deficits, 0 to about 0.7.</summary>
    public static double Frailty(Person person, int day)
    {
        var deficits = 0;
        foreach (var trait in Traits.All)
        {
            deficits += trait.IsDeficit && person.Onset[(int)trait.Trait] <= day ? 1 : 0;
        }

        var age = person.AgeOn(day);
        return Math.Clamp(0.01 + (0.026 * deficits) + (0.02 * Math.Max(0, person.Clusters[4]) * Math.Max(0, (age - 60) / 20)), 0, 0.7);
    }

    /// <summary>The log rate ratio of a person on a day.</summary>
    public static double Eta(Person person, int day)
    {
        double eta = 0;
        foreach (var trait in Traits.All)
        {
            if (person.Onset[(int)trait.Trait] <= day)
            {
                eta += trait.LogRate;
            }
        }

        eta += (1.2 * Frailty(person, day)) + (0.07 * (person.Lsoa.Quintile - 3)) + (person.Smoker ? 0.15 : 0);
        var span = Math.Clamp((person.AgeOn(day) - 45) / 45, 0, 1);
        return ((1.9 - (1.15 * span)) * eta) + person.Unobserved;
    }

    /// <summary>Eta less the mean of the person's area, sex and age: how much iller than their like.</summary>
    public double Excess(Person person, double eta, double age) => eta - At(_meanEta, person, age);

    /// <summary>Emergency admissions per year before season and recovery.</summary>
    public double Rate(Person person, double eta, double age) => Math.Min(
        MaxRate, person.Practice.Area.Rate(Activity.Emergency, person.Sex, age) * Math.Exp(eta + At(_logScale, person, age)));

    /// <summary>Deaths per year outside hospital.</summary>
    public double DeathRate(Person person, double eta, double age)
    {
        var all = Mortality(person.Sex, age);
        var outside = Math.Max(0.4 * all, all - (person.Practice.Area.Rate(Activity.Emergency, person.Sex, age) * HospitalDeath(age, 0.2, false)));
        return Math.Min(2, outside * Math.Exp((0.6 * Excess(person, eta, age)) - At(_logDeathScale, person, age)));
    }

    /// <summary>Winter brings more admissions: up to 9 % either way, most in mid-January.</summary>
    public static double Season(int day) => 1 + (0.09 * Math.Cos((DateOnly.FromDayNumber(day).DayOfYear - 15) * (2 * Math.PI / 365.25)));

    /// <summary>Recovery after a discharge, and the day on which it changes next.</summary>
    public static (double Factor, int Until) Recovery(int day, int lastDischarge) => (day - lastDischarge) switch
    {
        < 30 => (2.2, lastDischarge + 30),
        < 90 => (1.5, lastDischarge + 90),
        _ => (1, Person.Never),
    };

    /// <summary>
    /// The true probability of an emergency admission in the 365 days from <paramref name="day"/>, given the person's
    /// state on that day; what sets in afterwards is not foreseen, death competes.
    /// </summary>
    public double Probability(Person person, int day, int lastDischarge)
    {
        var eta = Eta(person, day);
        double surviving = 1, admitted = 0;
        for (var at = day; at < day + 365;)
        {
            var (recovery, changes) = Recovery(at, lastDischarge);
            var next = Math.Min(Math.Min(at + 31, changes), day + 365);
            var age = person.AgeOn(at);
            var rate = Rate(person, eta, age) * Season((at + next) / 2) * recovery / 365;
            var both = rate + (DeathRate(person, eta, age) / 365);
            var leaves = 1 - Math.Exp(-both * (next - at));
            admitted += surviving * leaves * rate / both;
            surviving *= 1 - leaves;
            at = next;
        }

        return admitted;
    }

    private static double[][][] Grid() => [.. Enumerable.Range(0, AreaData.All.Count).Select(_ => new[] { new double[GridPoints], new double[GridPoints] })];

    private static double[] Smooth(double[] values) =>
        [.. values.Select((v, i) => (values[Math.Max(0, i - 1)] + (2 * v) + values[Math.Min(values.Length - 1, i + 1)]) / 4)];

    private static double At(double[][][] table, Person person, double age)
    {
        var points = table[person.Practice.Area.Index][person.Sex];
        var at = Math.Clamp(age / GridStep, 0, GridPoints - 1.000001);
        var low = (int)at;
        return points[low] + ((at - low) * (points[low + 1] - points[low]));
    }

    private static double AgeAt(double[] prevalence, double place)
    {
        if (place > prevalence[^1])
        {
            return double.NaN;
        }

        var found = Array.BinarySearch(prevalence, place);
        var above = found < 0 ? ~found : found;
        while (above > 0 && prevalence[above - 1] >= place)
        {
            above--;
        }

        if (above == 0)
        {
            return 0;
        }

        return above - 1 + ((place - prevalence[above - 1]) / (prevalence[above] - prevalence[above - 1]));
    }

    private static double[] QuintileShares(IEnumerable<PracticeInfo> practices)
    {
        var shares = new double[6];
        foreach (var practice in practices)
        {
            foreach (var lsoa in practice.Catchment)
            {
                shares[lsoa.Quintile] += practice.ListSize;
            }
        }

        var total = shares.Sum();
        return [.. shares.Select(s => s / total)];
    }

    private static double[] DeprivationFactors(double slope, double[] shares)
    {
        var raw = shares.Select((_, q) => Math.Exp(slope * (q - 3))).ToArray();
        var mean = raw.Zip(shares, (r, s) => r * s).Sum();
        return [.. raw.Select(r => r / mean)];
    }

    // A fixed pilot population of each area, sex and age, the same for every seed, so that seeds differ by chance only.
    private void Calibrate(IGrouping<AreaData, PracticeInfo> area, int sex, int point)
    {
        const int Today = 739_000;
        var practices = area.ToArray();
        double total = 0;
        var cumulative = practices.Select(p => total += p.ListSize).ToArray();
        var dice = Dice.For(0xCA11B8A7E, (ulong)((((area.Key.Index * 2) + sex) * GridPoints) + point), 1);
        var age = Math.Max(0.5, point * GridStep);
        var person = new Person { Sex = sex, BirthDay = Today - (int)(age * 365.25) };
        var etas = new double[Draws];
        for (var i = 0; i < Draws; i++)
        {
            person.Practice = practices[dice.Pick(cumulative)];
            person.Lsoa = person.Practice.Catchment[dice.Below(person.Practice.Catchment.Length)];
            DrawConstitution(person, ref dice);
            etas[i] = Eta(person, Today);
        }

        var published = area.Key.Rate(Activity.Emergency, sex, age);
        double low = -8, high = 4;
        for (var i = 0; i < 40; i++)
        {
            var middle = (low + high) / 2;
            double mean = 0;
            foreach (var eta in etas)
            {
                var rate = Math.Min(MaxRate, published * Math.Exp(eta + middle));
                mean += rate / (1 - (RecoveryYears * Math.Min(rate, 2.5)));
            }

            (low, high) = mean / Draws < published * Correction[point] ? (middle, high) : (low, middle);
        }

        var centre = etas.Average();
        _logScale[area.Key.Index][sex][point] = (low + high) / 2;
        _meanEta[area.Key.Index][sex][point] = centre;
        _logDeathScale[area.Key.Index][sex][point] = Math.Log(etas.Average(e => Math.Exp(0.6 * (e - centre))));
    }
}
