using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Tests.Api.Fhir;

/// <summary>Runs are read as RiskAssessments, beside those that suppliers post.</summary>
public abstract class RiskAssessmentTests(CareApp app)
{
    private const string Restricted = "\"meta\":{\"security\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\"}]},";
    private const string Runs = "https://bettercare.care/fhir/CodeSystem/stratification-run";

    [Fact]
    public async Task Run_IsReadAsRiskAssessments_EverywhereThatARecordIs()
    {
        var people = new List<string>();
        for (var i = 0; i < 12; i++)
        {
            people.Add(await app.GivenPatientAsync("Riskley", born: $"19{30 + (5 * i)}-02-03"));
        }

        var hidden = await app.GivenPatientAsync("Riskley", born: "1935-01-01", extra: Restricted);
        var (number, other) = (people[0], people[1]);
        for (var i = 1; i <= 3; i++)
        {
            await app.PostAsync("Encounter", Admission(number, $"2026-0{i}-05"));
        }

        var posted = (await app.PostAsync("RiskAssessment", $$"""{"resourceType":"RiskAssessment","status":"final","subject":{"reference":"Patient/{{number}}"},"prediction":[{"probabilityDecimal":99.5}]}""")).Id;
        var first = await RunAsync("2026-10-01");
        var second = await RunAsync("2026-11-01");
        var id = $"risk-{second}-{number}";

        // Read: percent, level, method, basis; valid by our own validator; it never changes.
        var read = await app.GetAsync($"RiskAssessment/{id}");
        read.Status.ShouldBe(200, read.Text);
        IsValid(read.Text);
        ((decimal)read.Json["prediction"]![0]!["probabilityDecimal"]!).ShouldBeInRange(0.0001m, 100);
        ((string)read.Json["prediction"]![0]!["qualitativeRisk"]!["coding"]![0]!["code"]!).ShouldBeOneOf("1", "2", "3", "4");
        ((string)read.Json["prediction"]![0]!["rationale"]!).ShouldNotBeEmpty();
        ((string)read.Json["method"]!["coding"]![0]!["code"]!).ShouldBe("synthetic-logistic");
        ((string)read.Json["method"]!["coding"]![0]!["version"]!).ShouldNotBeEmpty();
        ((string)read.Json["basis"]![0]!["reference"]!).ShouldBe($"Patient/{number}");
        read.Version.ShouldBe(1);
        (await app.GetAsync($"RiskAssessment/{id}", ("If-None-Match", read.ETag!))).Status.ShouldBe(304);
        (await app.GetAsync($"RiskAssessment/{id}/_history/1")).Text.ShouldBe(read.Text);
        (await app.GetAsync($"RiskAssessment/risk-{second}-9990000018")).Status.ShouldBe(404);
        (await app.GetAsync($"RiskAssessment/risk-99-{number}")).Status.ShouldBe(404);

        // Of one person: in searches, the compartment, $everything and _revinclude; the posted one beside them.
        string[] theirs = [$"risk-{first}-{number}", id, posted];
        (await app.GetAsync($"RiskAssessment?patient={number}")).Ids().ShouldBe(theirs, ignoreOrder: true);
        (await app.GetAsync($"RiskAssessment?subject=Patient/{number}&date=2026-11-01")).Ids().ShouldBe([id]);
        (await app.GetAsync($"Patient/{number}/RiskAssessment?_sort=-probability")).Ids()[0].ShouldBe(posted);
        (await app.GetAsync($"RiskAssessment?_id={id},{posted}")).Ids().ShouldBe([id, posted], ignoreOrder: true);
        (await app.GetAsync($"Patient/{number}/$everything?_type=RiskAssessment")).Ids().ShouldBe(theirs, ignoreOrder: true);
        (await app.GetAsync($"Patient?_id={number}&_revinclude=RiskAssessment:subject")).Ids("include").ShouldBe(theirs, ignoreOrder: true);
        (await app.GetAsync($"RiskAssessment?_id={id}&_include=RiskAssessment:subject")).Ids("include").ShouldBe([number]);

        // Across people: highest first, in pages that neither repeat nor skip.
        var all = await PagesAsync("RiskAssessment?_sort=-probability&_count=3");
        all.Count.ShouldBe(25);
        all.ShouldBeUnique();
        all[0].ShouldBe(posted);
        all.ShouldNotContain(i => i.Contains(hidden, StringComparison.Ordinal));
        var percents = (await app.GetAsync("RiskAssessment?_sort=-probability")).Json["entry"]!.AsArray().Select(e => (decimal)e!["resource"]!["prediction"]![0]!["probabilityDecimal"]!).ToList();
        percents.ShouldBe(percents.OrderDescending());
        (await PagesAsync("RiskAssessment?_sort=probability&_count=4")).ShouldBe(all, ignoreOrder: true);
        (await PagesAsync("RiskAssessment?_count=7")).ShouldBe(all);
        (await PagesAsync("RiskAssessment?_sort=-date,subject&_count=5")).Count.ShouldBe(25);
        (await PagesAsync($"RiskAssessment?_tag={Runs}|{second}&_count=5")).Count.ShouldBe(12);
        (await app.GetAsync($"RiskAssessment?_tag={Runs}|{second}&_total=accurate&_count=2")).Json["total"]!.GetValue<int>().ShouldBe(12);
        (await app.GetAsync("RiskAssessment?probability=gt99&_summary=count")).Json["total"]!.GetValue<int>().ShouldBe(1);
        var median = percents[12].ToString(System.Globalization.CultureInfo.InvariantCulture);
        (await PagesAsync($"RiskAssessment?probability=ge{median}&_sort=-probability")).ShouldBe(all.Take(percents.Count(p => p >= percents[12])));
        (await PagesAsync($"RiskAssessment?probability=lt{median}")).Count.ShouldBe(percents.Count(p => p < percents[12]));
        var levels = 0;
        for (var level = 1; level <= 4; level++)
        {
            levels += (await PagesAsync($"RiskAssessment?risk=https://bettercare.care/fhir/CodeSystem/risk-level|{level}&_tag={Runs}|{first}")).Count;
        }

        levels.ShouldBe(12);
        (await PagesAsync($"RiskAssessment?risk=urn:other|4")).ShouldBeEmpty();
        (await PagesAsync("RiskAssessment?method=synthetic-logistic&date=2026-10-01")).Count.ShouldBe(12);
        (await PagesAsync("RiskAssessment?method=another-model")).ShouldBeEmpty();
        (await PagesAsync($"RiskAssessment?subject:Patient.birthdate=1930-02-03&_tag={Runs}|{second}")).ShouldBe([id]);
        (await app.GetAsync("Patient?_has:RiskAssessment:subject:risk=4")).Status.ShouldBe(400);

        // What the service makes nobody else writes.
        (await app.PutAsync($"RiskAssessment/risk-7-{other}", $$"""{"resourceType":"RiskAssessment","id":"risk-7-{{other}}","status":"final","subject":{"reference":"Patient/{{other}}"} }""")).Status.ShouldBe(400);
        (await app.SendAsync(HttpMethod.Delete, $"RiskAssessment/{id}", null)).Status.ShouldBe(405);
        (await app.SendAsync(HttpMethod.Patch, $"RiskAssessment/{id}", """[{"op":"replace","path":"/status","value":"amended"}]""", ("Content-Type", "application/json-patch+json"))).Status.ShouldBe(405);
        (await app.GetAsync($"RiskAssessment?patient={hidden}")).Ids().Length.ShouldBe(2);

        // And in an export.
        var lines = await ExportAsync("Patient/$export?_type=RiskAssessment");
        lines.Count.ShouldBe(25);
        lines.ForEach(IsValid);
    }

    private static void IsValid(string json)
    {
        var reader = new ResourceReader();
        reader.Read(Encoding.UTF8.GetBytes(json)).ShouldBeTrue(string.Join('\n', reader.Issues));
        reader.Issues.ShouldBeEmpty();
        reader.Type.ShouldBe(ResourceType.RiskAssessment);
    }

    private static string Admission(string number, string day) => $$"""
        {"resourceType":"Encounter","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"EMER"},"subject":{"reference":"Patient/{{number}}"},"period":{"start":"{{day}}","end":"{{day}}"},"hospitalization":{} }
        """;

    private async Task<int> RunAsync(string indexDate)
    {
        var started = await app.PostAsync("/v1/stratification-runs", $$"""{"indexDate":"{{indexDate}}","policy":"prism"}""", ("Content-Type", "application/json"));
        started.Status.ShouldBe(202, started.Text);
        while (true)
        {
            var run = await app.GetAsync((string)started.Json["status"]!);
            if ((string)run.Json["status"]! is not ("queued" or "running"))
            {
                ((string)run.Json["status"]!).ShouldBe("completed", run.Text);
                return (int)run.Json["runId"]!;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private async Task<List<string>> PagesAsync(string address)
    {
        var seen = new List<string>();
        for (var page = await app.GetAsync(address); ; page = await app.GetAsync(page.Link("next")!))
        {
            page.Status.ShouldBe(200, $"{address}: {page.Text}");
            seen.AddRange(page.Ids());
            if (page.Link("next") is null)
            {
                return seen;
            }
        }
    }

    private async Task<List<string>> ExportAsync(string address)
    {
        var started = await app.GetAsync(address, ("Prefer", "respond-async"));
        for (var status = await app.GetAsync(started.Header("Content-Location")!); ; status = await app.GetAsync(started.Header("Content-Location")!))
        {
            if (status.Status == 200)
            {
                var text = new StringBuilder();
                foreach (var file in status.Json["output"]!.AsArray())
                {
                    text.Append((await app.GetAsync((string)file!["url"]!)).Text);
                }

                return [.. text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
            }

            status.Status.ShouldBe(202, status.Text);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
