using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Xml.Linq;

namespace BetterCare.Care.Tests.Api.Coverage;

/// <summary>The commissioner pastes, prints and fetches the same figures.</summary>
public sealed class ReportTests
{
    [Fact]
    public async Task Commissioner_OpensThePage_AndPastesTheText()
    {
        await using var app = await PlaceAsync();

        var response = await app.Client.GetAsync("/v1/coverage/report");
        var page = await response.Content.ReadAsStringAsync();

        response.StatusCode.ShouldBe(HttpStatusCode.OK, page);
        response.Headers.GetValues("Content-Security-Policy").Single().ShouldStartWith("default-src 'none'; style-src 'sha256-");
        var html = XDocument.Parse(page.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal).Replace("<meta charset=\"utf-8\">", "", StringComparison.Ordinal)
            .Replace("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">", "", StringComparison.Ordinal));
        html.Descendants("svg").ShouldAllBe(s => (string?)s.Attribute("role") == "img" && ((string?)s.Attribute("aria-label"))!.Length > 10);
        html.Descendants("table").ShouldAllBe(t => t.Element("caption") != null);
        html.Descendants("script").ShouldBeEmpty();
        html.Descendants().Attributes("style").ShouldBeEmpty();
        page.ShouldContain("Adults by level");
        page.ShouldContain("Avoidable emergency admissions");

        using var asText = new HttpRequestMessage(HttpMethod.Get, "/v1/coverage/report") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/plain") } } };
        var text = await (await app.Client.SendAsync(asText)).Content.ReadAsStringAsync();
        text.ShouldContain("(a) What proportion of the adult population");
        text.ShouldContain("1 in social care");
        text.ShouldContain("BETTER CARE FUND METRICS, twelve months to the end of 2026-10");
        text.Split('\n').ShouldAllBe(l => l.Length <= 110);
    }

    [Fact]
    public async Task FhirClient_EvaluatesTheMeasure_PublishedFiguresAreStored_ExactOnesAreNot()
    {
        await using var app = await PlaceAsync();

        var published = await app.GetJsonAsync("/fhir/Measure/national-condition-2d/$evaluate-measure?periodStart=2026-11-01&periodEnd=2026-11-30&figures=published");
        var exact = await app.GetJsonAsync("/fhir/Measure/$evaluate-measure?measure=https://bettercare.care/fhir/Measure/national-condition-2d");

        var highRisk = published.GetProperty("group")[0];
        highRisk.GetProperty("population")[1].GetProperty("_count").GetProperty("extension")[0].GetProperty("valueCode").GetString().ShouldBe("masked");
        highRisk.GetProperty("stratifier").GetArrayLength().ShouldBe(8);
        exact.GetProperty("group")[1].GetProperty("population")[1].GetProperty("count").GetInt32().ShouldBe(1);
        exact.GetProperty("group")[1].GetProperty("measureScore").GetProperty("code").GetString().ShouldBe("%");
        var stored = await app.GetJsonAsync("/fhir/MeasureReport?identifier=https://bettercare.care/fhir/Id/measure-report|national-condition-2d-2026-11-22");
        stored.GetProperty("entry").EnumerateArray().ShouldHaveSingleItem().GetProperty("resource").GetProperty("id").GetString().ShouldBe(published.GetProperty("id").GetString());
        (await app.GetJsonAsync("/fhir/Measure/national-condition-2d")).GetProperty("group").GetArrayLength().ShouldBe(4);
        foreach (var report in (JsonElement[])[published, exact])
        {
            var checkedIt = await app.PostFhirAsync("/fhir/MeasureReport/$validate", report.GetRawText());
            (await checkedIt.Content.ReadAsStringAsync()).ShouldNotContain("\"severity\":\"error\"");
        }
    }

    [Theory]
    [InlineData("/fhir/Measure/other/$evaluate-measure", 404)]
    [InlineData("/fhir/Measure/$evaluate-measure", 404)]
    [InlineData("/fhir/Measure/national-condition-2d/$evaluate-measure?reportType=subject-list", 400)]
    [InlineData("/fhir/Measure/national-condition-2d/$evaluate-measure?periodEnd=soon", 400)]
    [InlineData("/fhir/Measure/national-condition-2d/$evaluate-measure", 404)]
    [InlineData("/v1/coverage/report", 404)]
    public async Task WrongQuestion_OrNothingCounted_IsSaid(string path, int status)
    {
        await using var app = await StoryApp.StartAsync();

        ((int)(await app.Client.GetAsync(path)).StatusCode).ShouldBe(status);
    }

    private static async Task<StoryApp> PlaceAsync()
    {
        var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await CoverageTests.LeadAsync(app, Story.Ann, Story.SocialWorker);
        (await app.Client.PostAsJsonAsync("/v1/bcf/counts", new { })).StatusCode.ShouldBe(HttpStatusCode.OK);
        return app;
    }
}
