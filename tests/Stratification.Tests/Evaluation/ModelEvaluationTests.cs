using System.Text.Json;
using System.Xml.Linq;
using BetterCare.Care.Stratification;
using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using BetterCare.Care.Stratification.Timelines;
using BetterCare.Care.Tests.Stratification.Given;

namespace BetterCare.Care.Tests.Stratification.Evaluation;

public sealed class ModelEvaluationTests
{
    private static readonly DataPeriod Period = new(new DateOnly(2020, 1, 1), new DateOnly(2025, 6, 30));
    private static readonly EvaluationSample Calibrated = Sample(20_000);
    private static readonly ModelEvaluation Evaluation = ModelEvaluation.Of(Calibrated);

    [Fact]
    public void Of_PerfectlyCalibratedPredictions_SaysSo()
    {
        Evaluation.CalibrationSlope.Low.ShouldBeLessThan(1);
        Evaluation.CalibrationSlope.High.ShouldBeGreaterThan(1);
        Evaluation.CalibrationIntercept.Value.ShouldBe(0, 0.06);
        Evaluation.ScaledBrier.ShouldBeGreaterThan(0);
        Evaluation.Auroc.Low.ShouldBeLessThan(Evaluation.Auroc.Value);
    }

    [Fact]
    public void Of_Sample_CountsEveryoneOnce()
    {
        Evaluation.Deciles.Sum(d => d.People).ShouldBe(20_000);
        Evaluation.Deciles.Sum(d => d.Events).ShouldBe(Evaluation.Events);
        Evaluation.Deciles.Select(d => d.Predicted).ShouldBeInOrder(SortDirection.Descending);
        Evaluation.Cuts.Select(c => c.People).ShouldBe([100, 200, 400, 1000]);
        foreach (var dimension in Evaluation.Groups.GroupBy(g => g.Dimension))
        {
            dimension.Sum(g => g.People).ShouldBe(20_000);
        }
    }

    [Fact]
    public void Of_OnlyOneGroupMispredicted_ShowsInThatGroupAlone()
    {
        var sample = new EvaluationSample();
        for (var i = 0; i < Calibrated.Count; i++)
        {
            var groups = Calibrated.Groups[i];
            sample.Add(groups.Sex == Sex.Female ? Calibrated.Probabilities[i] / 2 : Calibrated.Probabilities[i], Calibrated.Outcomes[i], groups);
        }

        var groupsOf = ModelEvaluation.Of(sample).Groups.Where(g => g.Dimension == "Sex").ToDictionary(g => g.Group);

        groupsOf["female"].ObservedToExpected!.Value.ShouldBe(2, 0.15);
        groupsOf["male"].ObservedToExpected!.Value.ShouldBe(1, 0.1);
    }

    [Fact]
    public void Of_NoEvents_IsRefused()
    {
        var sample = new EvaluationSample();
        sample.Add(0.1, false, default);

        Should.Throw<EvaluationException>(() => ModelEvaluation.Of(sample)).Message.ShouldContain("there are 0 and 1");
    }

    [Fact]
    public void ToJson_Evaluation_IsPlainNumbers() =>
        JsonDocument.Parse(Evaluation.ToJson()).RootElement.GetProperty("auroc").GetProperty("value").GetDouble().ShouldBe(Evaluation.Auroc.Value);

    [Theory]
    [InlineData("logistic")]
    [InlineData("ebm")]
    public void ToHtml_Report_IsWellFormedWithATableForEveryPlotAndNoScript(string kind)
    {
        IRiskModelTrainer trainer = kind == "ebm" ? new BoostingTrainer(new BoostingOptions(Bags: 2, MaximumRounds: 5, Pairs: 1)) : new LogisticTrainer();
        var document = trainer.Fit(Reference.Data()) with { Id = "<b>sly</b>" };

        var html = EvaluationReport.ToHtml(document, Evaluation, "Evaluated on made-up people.");

        var page = XDocument.Parse(html[html.IndexOf("<html", StringComparison.Ordinal)..].Replace("<meta charset=\"utf-8\">", "").Replace("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">", ""));
        var plots = page.Descendants("svg").ToList();
        plots.Count.ShouldBeGreaterThan(7);
        plots.ShouldAllBe(p => p.Attribute("role")!.Value == "img" && p.Element("title")!.Value.Length > 0 && p.ElementsAfterSelf("details").First().Descendants("td").Any());
        page.Descendants("script").ShouldBeEmpty();
        html.ShouldNotContain("<b>sly</b>");
        html.ShouldNotContain("NaN");
    }

    [Fact]
    public void Wilson_NoHits_StaysAboveNothing()
    {
        var none = Proportion.Wilson(0, 20);

        none.Value.ShouldBe(0);
        none.High.ShouldBe(0.1611, 0.0005); // Newcombe 1998, table I
        Proportion.Wilson(81, 263).Low.ShouldBe(0.2553, 0.0005); // the same
        Proportion.Wilson(81, 263).High.ShouldBe(0.3662, 0.0005);
    }

    [Fact]
    public void StabilityIndex_SameAndMoved_AreToldApart()
    {
        var random = new Random(5);
        var before = Enumerable.Range(0, 5000).Select(_ => random.NextSingle()).ToArray();

        Drift.StabilityIndex(before, before).ShouldBe(0, 1e-12);
        Drift.StabilityIndex(before, [.. before.Select(v => v * v)]).ShouldBeGreaterThan(0.25);
        Drift.StabilityIndex(before, [.. before.Select((v, i) => i % 3 == 0 ? float.NaN : v)]).ShouldBeGreaterThan(0.25);
        new DriftRow("Probability", 0.3).Reading.ShouldStartWith("moved a lot");
    }

    [Fact]
    public void Between_ServiceWithoutEffect_FindsNone()
    {
        var (treated, controls) = Trial(effect: 0);

        var comparison = MatchedComparison.Between(treated, controls);

        comparison.Pairs.ShouldBeGreaterThan(900);
        comparison.LogOddsGap.ShouldBe(0, 0.02);
        comparison.Difference.Low.ShouldBeLessThan(0);
        comparison.Difference.High.ShouldBeGreaterThan(0);
        comparison.Caution.ShouldContain("PRISM trial");
    }

    [Fact]
    public void Between_ServiceThatHelps_FindsIt() => MatchedComparison.Between(Trial(effect: -0.5).Treated, Trial(effect: -0.5).Controls).Difference.High.ShouldBeLessThan(0);

    [Fact]
    public void Between_NobodyAlike_IsRefusedWithWhatWouldDo() =>
        Should.Throw<EvaluationException>(() => MatchedComparison.Between([new(1, 3, 1, 0, 0), new(2, 3, 1, 0, 0)], [new(3, -3, 1, 0, 0), new(4, 3, 2, 0, 0)]))
            .Message.ShouldContain("Widen the caliper");

    [Fact]
    public void Of_Person_CountsTheYearBeforeAndTheYearAfter()
    {
        var person = new PersonBuilder().Admitted(366).Admitted(365).Admitted(1).Admitted(0).Admitted(-364).Admitted(-365).Build();

        var compared = new ComparedPersonReader(ModelDocument.Shipped("starting-values").ToModel(), PersonBuilder.Index).Read(person.PatientKey, person.Facts, person.Events.Span);

        (compared.Before, compared.After).ShouldBe((2, 2));
    }

    [Fact]
    public void Between_EveryControl_IsUsedOnce()
    {
        var treated = Enumerable.Range(0, 50).Select(i => new ComparedPerson(i, 0, 0, 0, 0)).ToList();
        var controls = Enumerable.Range(100, 30).Select(i => new ComparedPerson(i, (i % 3) * 1e-9, 0, 0, 1)).Append(new ComparedPerson(200, 5, 0, 0, 0)).ToList();

        MatchedComparison.Between(treated, controls).Pairs.ShouldBe(30);
    }

    [Fact]
    public void Read_Population_TrainsAndEvaluates()
    {
        using var source = new TimelineSequence(Population.Of(6000));
        using var again = new TimelineSequence(Population.Of(6000, 2));

        var cohort = Cohort.Read(source, FeatureSet.Default, PersonBuilder.Index, Period, ct: TestContext.Current.CancellationToken);
        var model = new LogisticTrainer(ridge: 10).Fit(cohort.Data).ToModel();
        var evaluation = ModelEvaluation.Of(EvaluationSample.Read(model, again, PersonBuilder.Index, Period, ct: TestContext.Current.CancellationToken));

        (cohort.Data.Count + cohort.Excluded.Values.Sum() + cohort.OutcomeUnknown).ShouldBe(6000);
        evaluation.Auroc.Value.ShouldBeInRange(0.6, 0.9);
    }

    [Theory]
    [InlineData("2024-07-02", "The latest index date that can be judged is 2024-07-01")]
    [InlineData("2019-01-01", "is before the data, which begins on 2020-01-01")]
    [InlineData("2026-01-01", "is after the data, which ends on 2025-06-30")]
    public void CheckOutcome_UnusableIndexDate_IsRefusedWithWhatWouldDo(string index, string message) =>
        Should.Throw<IndexDateException>(() => Period.CheckOutcome(IndexDate.Parse(index))).Message.ShouldContain(message);

    [Fact]
    public void CheckOutcome_LastPossibleDate_IsAccepted() => Period.CheckOutcome(IndexDate.Parse("2024-07-01"));

    private static EvaluationSample Sample(int people)
    {
        var random = new Random(1);
        var sample = new EvaluationSample();
        for (var i = 0; i < people; i++)
        {
            var p = Logistic.Probability(-3 + (1.2 * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2));
            sample.Add(p, random.NextDouble() < p, new PersonGroups((Sex)random.Next(1, 3), random.Next(18, 100), (byte)random.Next(0, 6), (byte)"AHMZ"[random.Next(4)]));
        }

        return sample;
    }

    private static (List<ComparedPerson> Treated, List<ComparedPerson> Controls) Trial(double effect)
    {
        var random = new Random(11);
        var treated = new List<ComparedPerson>();
        var controls = new List<ComparedPerson>();
        for (var i = 0; i < 11_000; i++)
        {
            var z = -2 + (2 * random.NextDouble());
            var person = new ComparedPerson(i, z, i % 4, random.Next(4), random.Next(4) * Logistic.Probability(z));
            (i < 1000 ? treated : controls).Add(i < 1000 ? person with { After = person.After + effect } : person);
        }

        return (treated, controls);
    }
}
