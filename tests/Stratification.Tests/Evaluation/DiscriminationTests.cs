using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Tests.Stratification.Given;

namespace BetterCare.Care.Tests.Stratification.Evaluation;

/// <summary>Figures against scikit-learn and against the definitions.</summary>
public sealed class DiscriminationTests
{
    private static readonly (double[] LogOdds, bool[] Outcome) Sample = Fitted();

    [Fact]
    public void Auroc_SameScores_EqualsScikitLearn() => Discrimination.Auroc(Sample.LogOdds, Sample.Outcome).ShouldBe(Expected("auroc"), 1e-6);

    [Fact]
    public void DeLong_FastAlgorithm_EqualsTheDefinition() => Discrimination.DeLong(Sample.LogOdds, Sample.Outcome).Variance.ShouldBe(Expected("delongVariance"), 1e-8);

    [Fact]
    public void AveragePrecision_SameScores_EqualsScikitLearn() => Discrimination.AveragePrecision(Sample.LogOdds, Sample.Outcome).ShouldBe(Expected("averagePrecision"), 1e-5);

    [Fact]
    public void CalibrationLine_WrongPredictions_EqualsScikitLearn()
    {
        var wrong = Sample.LogOdds.Select(z => (0.5 * z) + 0.3).ToArray();

        var line = CalibrationLine.Fit(wrong, Sample.Outcome);

        line.Slope.ShouldBe(Expected("wrongSlope"), 1e-4);
        line.Intercept.ShouldBe(Expected("wrongIntercept"), 1e-4);
    }

    [Fact]
    public void Isotonic_WrongPredictions_CalibratesLikeScikitLearn()
    {
        var wrong = Sample.LogOdds.Select(z => (0.5 * z) + 0.3).ToArray();

        var calibration = Calibration.Isotonic(wrong, Sample.Outcome);

        var brier = wrong.Zip(Sample.Outcome, (z, o) => Math.Pow(Logistic.Probability(calibration.Apply(z)) - (o ? 1 : 0), 2)).Average();
        brier.ShouldBe(Expected("isotonicBrier"), 0.002);
        wrong.Order().Select(calibration.Apply).ShouldBeInOrder();
    }

    [Fact]
    public void Auroc_AllEqual_IsAHalf() => Discrimination.Auroc([1, 1, 1, 1], [true, false, true, false]).ShouldBe(0.5);

    [Fact]
    public void Auroc_NoEvents_IsNotANumber() => Discrimination.Auroc([1, 2], [false, false]).ShouldBe(double.NaN);

    private static double Expected(string name) => Reference.Expected.GetProperty(name).GetDouble();

    private static (double[], bool[]) Fitted()
    {
        var data = Reference.Data();
        var columns = data.Features.Predictors.Select(p => new Term(p.Id, TermForm.Linear)).ToArray();
        var model = new LogisticTrainer(columns, 0, 0).Fit(data).ToModel();
        var logOdds = Enumerable.Range(0, data.Count).Select(i => Logistic.LogOdds(model.Score(data.Row(i)))).ToArray();
        return (logOdds, [.. Enumerable.Range(0, data.Count).Select(data.Outcome)]);
    }
}
