using System.Text;
using System.Text.Json;
using BetterCare.Care.Fhir.Validation;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Fhir.Validation;

/// <summary>Whatever is posted, the reader answers: no crash, and every issue points at a place that is there.</summary>
public sealed class MutationTests
{
    private static readonly byte[][] Samples = [.. new[]
    {
        Given.Patient("'id':'1','meta':{'source':'urn:x'},'text':{'status':'generated','div':'<div>a</div>'},'identifier':[{'system':'https://fhir.nhs.uk/Id/nhs-number','value':'9434765919'}],"
            + "'name':[{'family':'A','given':['B','C'],'_given':[null,{'extension':[{'url':'http://x.org','valueCode':'a'}]}]}],'gender':'female','birthDate':'1950-02-28','_birthDate':{'id':'b'},"
            + "'contact':[{'name':{'text':'D'},'telecom':[{'system':'phone','value':'1'}]}],'generalPractitioner':[{'reference':'Organization/1'}]"),
        Given.Observation("'contained':[{'resourceType':'Patient','id':'p'}],'subject':{'reference':'#p'},'effectivePeriod':{'start':'2024-01-01','end':'2024-02'},'valueQuantity':{'value':1.50,'code':'mg','system':'http://unitsofmeasure.org'},"
            + "'component':[{'code':{'coding':[{'system':'http://loinc.org','code':'1'}]},'valueString':'a'}],'referenceRange':[{'low':{'value':1}}]"),
        "{'resourceType':'Bundle','type':'transaction','entry':[{'fullUrl':'urn:uuid:c757873d-ec9a-4326-a141-556f43239520','resource':{'resourceType':'Condition','subject':{'reference':'Patient/1'},'abatementAge':{'value':3,'code':'a','system':'http://unitsofmeasure.org'},"
            + "'clinicalStatus':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/condition-clinical','code':'resolved'}]}},'request':{'method':'POST','url':'Condition'}},{'request':{'method':'DELETE','url':'Patient/2'}}]}",
        "{'resourceType':'Questionnaire','status':'draft','name':'A','item':[{'linkId':'1','type':'group','item':[{'linkId':'2','type':'choice','answerOption':[{'valueInteger':1}],'enableWhen':[{'question':'1','operator':'exists','answerBoolean':true}]}]}]}",
        "{'resourceType':'Parameters','parameter':[{'name':'a','valueTiming':{'repeat':{'duration':1,'durationUnit':'h','when':['ACM'],'offset':1}}},{'name':'b','resource':{'resourceType':'RiskAssessment','status':'final','subject':{'display':'a'},'prediction':[{'probabilityDecimal':5}]}}]}",
    }.Select(Given.Json)];

    [Fact]
    public void Read_MutatedSamples_PointsAtRealPlaces() => Check(Samples, 1500);

    [Fact]
    public void Read_MutatedExamples_PointsAtRealPlaces() =>
        Check([.. Shared.Lines("fhir/examples/*.ndjson").Select(l => l.Json).Where(j => j.Length < 20_000)], 1500);

    private static void Check(byte[][] samples, int times)
    {
        samples.ShouldAllBe(s => s.Length > 2);
        var reused = new ResourceReader();
        var cases = Gen.Choose(0, samples.Length - 1).SelectMany(_ => Gen.Choose(0, int.MaxValue - 1), (sample, seed) => (sample, seed));

        FsCheck.Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(times).WithQuietOnSuccess(true),
            Prop.ForAll(cases.ToArbitrary(), c => Holds(reused, Mutations.Apply(samples[c.sample], c.seed))));
    }

    private static void Holds(ResourceReader reused, byte[] json)
    {
        var text = Encoding.UTF8.GetString(json);

        var valid = reused.Read(json);

        var issues = reused.Issues;
        valid.ShouldBe(!issues.Any(i => i.IsError), text);
        issues.ShouldAllBe(i => !i.Text.Contains(Mutations.Secret) && !i.Expression.Contains(Mutations.Secret), text);
        var fresh = new ResourceReader();
        fresh.Read(json);
        issues.ShouldBe(fresh.Issues, text);
        reused.References.ToArray().ShouldAllBe(r => r.Text.End <= json.Length && r.TargetId.End <= json.Length);
        if (issues.Any(i => i.Severity == IssueSeverity.Fatal))
        {
            return;
        }

        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
        foreach (var issue in issues)
        {
            var isThere = issue.Code == "required"
                ? FhirPathLocator.ParentExists(document.RootElement, issue.Expression)
                : FhirPathLocator.Exists(document.RootElement, issue.Expression);
            isThere.ShouldBeTrue($"{issue}\n{text}");
        }
    }
}
