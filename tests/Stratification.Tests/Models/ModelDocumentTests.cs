using System.Text;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Tests.Stratification.Given;

namespace BetterCare.Care.Tests.Stratification.Models;

public sealed class ModelDocumentTests
{
    private static ModelDocument Trained => new LogisticTrainer().Fit(Reference.Data());

    [Fact]
    public void Parse_WrittenDocument_GivesTheSameBytesAgain()
    {
        var json = Trained.ToJson();

        ModelDocument.Parse(json).ToJson().ShouldBe(json);
    }

    [Theory]
    [InlineData("platt")]
    [InlineData("isotonic")]
    public void Explain_AnyPerson_AddsUpToTheScore(string method)
    {
        var isotonic = new Calibration { Method = "isotonic", Raw = [-4, -2, 0], Calibrated = [-3.5, -2.2, 0.5] };
        var model = (method == "platt" ? Trained : Trained with { Calibration = isotonic }).ToModel();
        var contributions = new Contribution[model.MaximumContributions];
        var data = Reference.Data();
        for (var i = 0; i < 300; i++)
        {
            var n = model.Explain(data.Row(i), contributions);

            contributions[..n].Sum(c => (double)c.LogOdds).ShouldBe(Logistic.LogOdds(model.Score(data.Row(i))), 1e-4);
            contributions[0].Feature.ShouldBe(Contribution.Baseline);
        }
    }

    [Fact]
    public void Explain_AveragePerson_HasNothingToSay()
    {
        var document = new LogisticTrainer([new Term("age", TermForm.Linear)], 1, 0).Fit(Reference.Data());
        var contributions = new Contribution[8];

        document.ToModel().Explain([(float)document.Terms![0].Mean], contributions);

        contributions[1].LogOdds.ShouldBe(0, 1e-5f);
    }

    [Fact]
    public void Shipped_StartingValues_WorksAndSaysWhatItIs()
    {
        var document = ModelDocument.Shipped("starting-values");
        var model = document.ToModel();
        var features = FeatureSet.Of(model.FeatureIds);
        var values = new float[features.Count];

        features.Extract(new PersonBuilder().Aged(40).Build(), PersonBuilder.Index, new PersonHistory(), values);
        var low = model.Score(values);
        features.Extract(new PersonBuilder().Aged(88).Admitted(20, 9).Admitted(100).Admitted(200).Has(BetterCare.Care.Stratification.Timelines.ConditionGroup.HeartFailure).Build(), PersonBuilder.Index, new PersonHistory(), values);
        var high = model.Score(values);

        low.ShouldBeInRange(0.005, 0.06);
        high.ShouldBeInRange(0.3, 0.95);
        document.Card.Summary.ShouldContain("NOT one published model");
        document.Card.Limits.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("\"kind\": \"logistic\"", "\"kind\": \"oracle\"", "A model's kind is")]
    [InlineData("\"age\"", "\"shoe_size\"", "Unknown predictor: shoe_size")]
    [InlineData("bettercare-risk-model/1", "bettercare-risk-model/9", "this program reads bettercare-risk-model/1")]
    [InlineData("\"method\": \"platt\"", "\"method\": \"magic\"", "The calibration is neither")]
    [InlineData("\"intercept\"", "\"interzept\"", "The model document is not valid at")]
    [InlineData("{", "", "The model document is not valid at")]
    public void Parse_BrokenDocument_IsRefusedWithTheReason(string part, string replacement, string message)
    {
        var json = Encoding.UTF8.GetString(Trained.ToJson());
        var at = json.IndexOf(part, StringComparison.Ordinal);
        var broken = json[..at] + replacement + json[(at + part.Length)..];
        broken = part == "\"age\"" ? broken.Replace(part, replacement, StringComparison.Ordinal) : broken;

        Should.Throw<ModelDocumentException>(() => ModelDocument.Parse(Encoding.UTF8.GetBytes(broken))).Message.ShouldContain(message);
    }

    [Theory]
    [InlineData("[null]", "empty entry")]
    [InlineData("[]", "at least one term")]
    [InlineData("[{\"term\": null, \"coefficient\": 1}]", "is not valid at")]
    [InlineData("[{\"term\": {\"feature\": \"age\"}, \"coefficient\": 1}]", "is not valid at")]
    public void Parse_BrokenTerms_IsRefusedWithTheReason(string terms, string message)
    {
        var json = $$"""{"format": "bettercare-risk-model/1", "id": "x", "version": "1", "kind": "logistic", "card": {"summary": "x"}, "intercept": -3, "terms": {{terms}}}""";

        Should.Throw<ModelDocumentException>(() => ModelDocument.Parse(Encoding.UTF8.GetBytes(json))).Message.ShouldContain(message);
    }

    [Fact]
    public void CoefficientTable_Rows_BecomeAModel()
    {
        const string csv = """
            feature,form,from,to,coefficient
            intercept,,,,-3
            age,Hinge,65,,0.05
            emerg_adm_0_12m,AtLeast,1,,0.7
            """;

        var model = CoefficientTable.Parse(csv, "mine", "1", Reference.Card).ToModel();

        model.Score([75, 2]).ShouldBe(Logistic.Probability(-3 + (10 * 0.05f) + 0.7), 1e-7);
    }

    [Theory]
    [InlineData("age,coefficient\n", "The first line must name")]
    [InlineData("feature,form,from,to,coefficient\nage,,,,0.1", "no row for the intercept")]
    [InlineData("feature,form,from,to,coefficient\nintercept,,,,-3\nage,,,,much", "Line 3: coefficient must be a number")]
    [InlineData("feature,form,from,to,coefficient\nintercept,,,,-3\nage,Wobbly,,,1", "Line 3: form must be one of")]
    [InlineData("feature,form,from,to,coefficient\nintercept,,,,-3\nshoe_size,,,,1", "Unknown predictor: shoe_size")]
    [InlineData("feature,form,from,to,coefficient\nintercept,,,,-3\nage,,1", "Line 3 has 3 fields")]
    public void CoefficientTable_Broken_IsRefusedWithTheLine(string csv, string message) =>
        Should.Throw<ModelDocumentException>(() => CoefficientTable.Parse(csv, "mine", "1", Reference.Card)).Message.ShouldContain(message);
}
