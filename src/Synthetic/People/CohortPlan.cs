using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Synthetic.Place;
using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.People;

/// <summary>What all people of a cohort share; immutable, used by all cores.</summary>
internal sealed class CohortPlan
{
    private readonly int[] _firstNine;
    private readonly ulong _stride;
    private readonly ulong _offset;

    // [area] cumulative weights of sex and age on the last day, people who died on the way included.
    private readonly double[][] _agesByArea;
    private readonly double[] _lists;

    public CohortPlan(CohortOptions options)
    {
        CohortOptions.Check(options);
        Options = options;
        From = options.From.DayNumber;
        Until = options.Until.DayNumber;
        IndexDays = [.. options.IndexDates.Select(d => d.DayNumber)];
        Practices = Place.Practices.Choose(options.Patients, options.Area, options.Seed);
        Workforce = new Workforce(Practices, options);
        Risk = new RiskModel(Practices);
        double total = 0;
        _lists = [.. Practices.Select(p => total += p.ListSize)];
        _agesByArea = [.. AreaData.All.Select(AgeWeights)];
        _firstNine = ValidFirstNine(options.Patients);
        _stride = Coprime((ulong)_firstNine.Length, options.Seed);
        _offset = Dice.Mix(options.Seed ^ 0x0FF5E7) % (ulong)_firstNine.Length;
        IdSalt = Dice.Mix(options.Seed + 0x1D);
    }

    public CohortOptions Options { get; }

    public int From { get; }

    public int Until { get; }

    public int[] IndexDays { get; }

    public IReadOnlyList<PracticeInfo> Practices { get; }

    public Workforce Workforce { get; }

    public RiskModel Risk { get; }

    public ulong IdSalt { get; }

    /// <summary>A number of nobody: each person another, in no order that tells anything.</summary>
    public NhsNumber NumberOf(int index)
    {
        var at = (int)((((UInt128)(ulong)index * _stride) + _offset) % (ulong)_firstNine.Length);
        return NhsNumber.WithFirstNine(_firstNine[at])!.Value;
    }

    public PracticeInfo PickPractice(ref Dice dice) => Practices[dice.Pick(_lists)];

    /// <summary>Sex (0 F, 1 M) and completed years of age that the person has, or would have had, on the last day.</summary>
    public (int Sex, int Age) PickSexAndAge(AreaData area, ref Dice dice)
    {
        var cell = dice.Pick(_agesByArea[area.Index]);
        return (cell / AreaData.Ages, cell % AreaData.Ages);
    }

    // People in the register on the last day have the age structure of ONS; those who die during the period come on top.
    private double[] AgeWeights(AreaData area)
    {
        var years = (Until - From) / 365.25;
        var cumulative = new double[2 * AreaData.Ages];
        double total = 0;
        for (var cell = 0; cell < cumulative.Length; cell++)
        {
            var (sex, age) = (cell / AreaData.Ages, cell % AreaData.Ages);
            double hazard = 0;
            for (var back = 0.5; back < Math.Min(years, age); back++)
            {
                hazard += RiskModel.Mortality(sex, age - back);
            }

            cumulative[cell] = total += area.Population[sex][age] * Math.Exp(hazard);
        }

        return cumulative;
    }

    // 999 000 0000 to 999 999 9999 are never issued; more than about 909,000 people spill into 998, 997 …, which are not
    // issued today but not reserved for tests either: for load tests only.
    private static int[] ValidFirstNine(int patients)
    {
        var valid = new List<int>(1_000_000);
        for (var block = 999; valid.Count < patients; block--)
        {
            for (var i = 0; i < 1_000_000; i++)
            {
                var nine = (block * 1_000_000) + i;
                if (nine != 999_999_999 && NhsNumber.WithFirstNine(nine) is not null)
                {
                    valid.Add(nine);
                }
            }
        }

        return [.. valid];
    }

    private static ulong Coprime(ulong n, ulong seed)
    {
        var stride = (Dice.Mix(seed ^ 0x57121DE) % n) | 1;
        while (Gcd(stride, n) != 1)
        {
            stride += 2;
        }

        return stride;
    }

    private static ulong Gcd(ulong a, ulong b) => b == 0 ? a : Gcd(b, a % b);
}
