using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Tests.Stratification.Given;

namespace BetterCare.Care.Tests.Stratification.Models;

public sealed class LogisticTrainerTests
{
    private static readonly Term[] Columns = [.. Reference.Features.Predictors.Select(p => new Term(p.Id, TermForm.Linear))];

    [Theory]
    [InlineData("ridge0", 0)]
    [InlineData("ridge1", 1)]
    [InlineData("ridge100", 100)]
    public void Train_SameData_EqualsScikitLearnTo1e4(string name, double ridge)
    {
        var expected = Reference.Expected.GetProperty(name);

        var document = new LogisticTrainer(Columns, ridge, folds: 0).Fit(Reference.Data());

        document.Intercept.ShouldBe(expected.GetProperty("intercept").GetDouble(), 1e-4);
        document.Terms!.Select(t => t.Coefficient).ShouldBe(expected.GetProperty("coefficients").EnumerateArray().Select(e => e.GetDouble()), 1e-4);
    }

    [Fact]
    public void Train_NoRidge_HasTheStandardErrorsOfTheFisherInformation()
    {
        var expected = Reference.Expected.GetProperty("ridge0").GetProperty("standardErrors").EnumerateArray().Select(e => e.GetDouble());

        var document = new LogisticTrainer(Columns, 0, folds: 0).Fit(Reference.Data());

        document.Terms!.Select(t => t.StandardError!.Value).ShouldBe(expected, 1e-4);
        var first = document.Terms![0];
        first.OddsRatio.ShouldBe(Math.Exp(first.Coefficient));
        first.OddsRatioInterval!.Value.Low.ShouldBeLessThan(first.OddsRatio);
    }

    [Fact]
    public void Train_FoldsHeldOut_AgreesWithRefittingEveryFold()
    {
        const int folds = 5;
        var data = Reference.Data();
        var document = new LogisticTrainer(Columns, 1, folds).Fit(data);

        var raw = new double[data.Count];
        var outcome = new bool[data.Count];
        for (var fold = 0; fold < folds; fold++)
        {
            var others = new TrainingSet(data.Features);
            for (var i = 0; i < data.Count; i++)
            {
                if (data.Fold(i, folds) != fold)
                {
                    others.Add(data.Key(i), data.Row(i), data.Outcome(i));
                }
            }

            var model = new LogisticTrainer(Columns, 1, folds: 0).Fit(others).ToModel();
            for (var i = 0; i < data.Count; i++)
            {
                if (data.Fold(i, folds) == fold)
                {
                    raw[i] = Logistic.LogOdds(model.Score(data.Row(i)));
                    outcome[i] = data.Outcome(i);
                }
            }
        }

        var refitted = Calibration.Platt(raw, outcome);
        document.Calibration!.Slope.ShouldBe(refitted.Slope, 0.005);
        document.Calibration.Intercept.ShouldBe(refitted.Intercept, 0.01);
        document.Card.Performance!.Auroc.ShouldBe(Discrimination.Auroc(raw, outcome), 0.001);
    }

    [Fact]
    public void Train_Twice_GivesTheSameBytes() =>
        new LogisticTrainer().Fit(Reference.Data()).ToJson()
            .ShouldBe(new LogisticTrainer().Fit(Reference.Data()).ToJson());

    [Fact]
    public void Train_TwelveEvents_IsRefusedWithWhatWouldDo()
    {
        var data = new TrainingSet(FeatureSet.Of(["age"]));
        for (var i = 0; i < 1000; i++)
        {
            data.Add(i, [i % 90], i < 12);
        }

        Should.Throw<TrainingException>(() => new LogisticTrainer().Fit(data))
            .Message.ShouldBe("Training needs at least 100 people with the outcome and 100 without; there are 12 and 988. Take a larger population or an index date with a full year of data after it.");
    }

    [Fact]
    public void Train_SameColumnTwiceWithoutRidge_IsRefused() =>
        Should.Throw<TrainingException>(() => new LogisticTrainer([Columns[0], Columns[0]], 0, 0).Fit(Reference.Data()))
            .Message.ShouldContain("exactly the same thing");

    [Fact]
    public void Train_ColumnThatNeverVaries_GetsNoEffect()
    {
        var document = new LogisticTrainer([Columns[0], new Term("age", TermForm.Missing)], 1, 0).Fit(Reference.Data());

        document.Terms![1].Coefficient.ShouldBe(0);
        document.Terms[1].StandardError.ShouldBeNull();
    }
}
