using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Tests.Stratification.Given;

namespace BetterCare.Care.Tests.Stratification.Models;

public sealed class BoostingTrainerTests
{
    private static readonly BoostingOptions Small = new(Bags: 3, MaximumRounds: 60, Pairs: 3);

    /// <summary>Risk that bends with age, rises with emergency admissions, and jumps where heart failure meets old age.</summary>
    private static readonly TrainingSet Bent = Make(20_000, 7);
    private static readonly ModelDocument Trained = new BoostingTrainer(Small).Fit(Bent);

    [Fact]
    public void Train_RiskThatBendsAndInteracts_BeatsAStraightLine()
    {
        var test = Make(10_000, 8);
        var straight = new LogisticTrainer([.. Bent.Features.Predictors.Select(p => new Term(p.Id, TermForm.Linear))], 1, 0).Fit(Bent);

        var (boosted, linear) = (Auroc(Trained, test), Auroc(straight, test));

        boosted.ShouldBeGreaterThan(linear + 0.015);
        boosted.ShouldBeGreaterThan(AurocOfTruth(test) - 0.015);
    }

    [Fact]
    public void Train_Interaction_IsFoundAndFirst() =>
        new[] { Trained.Pairs![0].First, Trained.Pairs[0].Second }.ShouldBe(["age", "heart_failure"]);

    [Fact]
    public void Train_HeldOutPeople_AreCalibrated()
    {
        var test = Make(10_000, 9);
        var model = Trained.ToModel();
        var (logOdds, outcome) = Score(model, test);

        var line = CalibrationLine.Fit(logOdds, outcome);

        line.Slope.ShouldBe(1, 0.12);
        line.InTheLarge.ShouldBe(0, 0.12);
        Trained.Card.Performance!.Auroc.ShouldBe(Discrimination.Auroc(logOdds, outcome), 0.02);
    }

    [Fact]
    public void Train_Twice_GivesTheSameBytes() => new BoostingTrainer(Small).Fit(Make(20_000, 7)).ToJson().ShouldBe(Trained.ToJson());

    [Fact]
    public void Explain_AnyPerson_AddsUpToTheScore()
    {
        var model = ModelDocument.Parse(Trained.ToJson()).ToModel();
        var contributions = new Contribution[model.MaximumContributions];
        for (var i = 0; i < 500; i++)
        {
            var n = model.Explain(Bent.Row(i), contributions);

            contributions[..n].Sum(c => (double)c.LogOdds).ShouldBe(Logistic.LogOdds(model.Score(Bent.Row(i))), 1e-4);
        }
    }

    [Fact]
    public void Score_MoreEmergencyAdmissions_NeverLowersTheRisk()
    {
        // The age of 20 to 98, with and without heart failure: all surfaces and curves together must rise.
        var model = Trained.ToModel();
        for (var age = 20; age < 99; age += 3)
        {
            foreach (var heartFailure in new[] { 0f, 1f, float.NaN })
            {
                var scores = Enumerable.Range(0, 12).Select(n => model.Score([age, n, heartFailure, 0.5f, float.NaN])).ToArray();

                for (var i = 1; i < scores.Length; i++)
                {
                    scores[i].ShouldBeGreaterThanOrEqualTo(scores[i - 1] - 1e-9);
                }
            }
        }
    }

    [Fact]
    public void Shapes_Curves_AreCentredOnThePeople()
    {
        foreach (var shape in Trained.Shapes!)
        {
            var people = shape.Weights!.Sum();
            var mean = shape.Scores.Append(shape.Missing).Zip(shape.Weights!, (s, w) => s * w).Sum() / people;

            people.ShouldBe(Bent.Count);
            mean.ShouldBe(0, 1e-9);
        }
    }

    [Fact]
    public void Project_ZigZag_BecomesRisingAndRisingStays()
    {
        double[] zigzag = [0, 2, 1, 3, 3, 2];
        double[] rising = [0, 1, 1, 2];

        Monotone.Project(zigzag, 1);
        Monotone.Project(rising, 1);

        zigzag.ShouldBeInOrder();
        rising.ShouldBe([0, 1, 1, 2]);
    }

    private static double Auroc(ModelDocument document, TrainingSet test)
    {
        var (scores, outcome) = Score(document.ToModel(), test);
        return Discrimination.Auroc(scores, outcome);
    }

    private static (double[] LogOdds, bool[] Outcome) Score(IRiskModel model, TrainingSet test) =>
        ([.. Enumerable.Range(0, test.Count).Select(i => Logistic.LogOdds(model.Score(test.Row(i))))], [.. Enumerable.Range(0, test.Count).Select(test.Outcome)]);

    private static double AurocOfTruth(TrainingSet test)
    {
        var truth = Enumerable.Range(0, test.Count).Select(i => Truth(test.Row(i))).ToArray();
        return Discrimination.Auroc(truth, [.. Enumerable.Range(0, test.Count).Select(test.Outcome)]);
    }

    private static double Truth(ReadOnlySpan<float> x) =>
        -3 + (0.002 * Math.Pow((x[0] - 45) / 5, 2)) + (0.6 * Math.Min(x[1], 4)) + (x[2] == 1 && x[0] >= 75 ? 2.2 : 0) + (float.IsNaN(x[4]) ? 0 : x[4] < 20 ? 0.8 : 0);

    private static TrainingSet Make(int people, int seed)
    {
        var random = new Random(seed);
        var set = new TrainingSet(FeatureSet.Of(["age", "emerg_adm_0_12m", "heart_failure", "efi", "bmi"]));
        for (var i = 0; i < people; i++)
        {
            float[] x =
            [
                random.Next(18, 100),
                random.Next(10) < 7 ? 0 : random.Next(1, 8),
                random.Next(6) == 0 ? 1 : 0,
                random.NextSingle(),
                random.Next(3) == 0 ? float.NaN : random.Next(15, 45),
            ];
            set.Add(i, x, random.NextDouble() < Logistic.Probability(Truth(x)));
        }

        return set;
    }
}
