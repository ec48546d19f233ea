using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using BetterCare.Care.Api.Features.Bcf;
using BetterCare.Care.Api.Security;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Coverage;

/// <summary>A commissioner reads the Better Care Fund metrics of the year; every event came in over FHIR.</summary>
public sealed class BcfTests
{
    [Fact]
    public async Task YearInALittlePlace_EveryMetricIsCountedFromWhatWasPosted()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await PostYearAsync(app);

        var counted = await app.Client.PostAsJsonAsync("/v1/bcf/counts", new { until = "2026-10" });
        counted.StatusCode.ShouldBe(HttpStatusCode.OK, await counted.Content.ReadAsStringAsync());
        var answer = await app.GetJsonAsync("/v1/bcf?by=ccg");

        answer.GetProperty("until").GetString().ShouldBe("2026-10");
        Line(answer, "care-home-admissions").ShouldBe(("1", "8"), "one permanent placement of somebody over 65; respite, self-funded and a move between homes are not counted");
        Line(answer, "still-at-home-91-days").ShouldBe(("1", "2"), "one of two was in a care home on day 91");
        Line(answer, "delayed-transfers").ShouldBe(("0.8", "59"), "ten delayed days in twelve months");
        Line(answer, "dementia-diagnosis").Numerator.ShouldBe("1");
        var avoidable = Metric(answer, "avoidable-emergency-admissions");
        avoidable.GetProperty("whole").GetProperty("numerator").GetString().ShouldBe("4", "Ann's four stays for heart failure; the other's have no diagnosis");
        avoidable.GetProperty("whole").GetProperty("denominator").GetString().ShouldBe("59");
        avoidable.GetProperty("areas")[0].GetProperty("area").GetString().ShouldBe("NHS Halton CCG");
        Line(answer, "readmissions-30-days").Numerator.ShouldBe("5", "three of Ann's stays and two of the other's");
    }

    [Fact]
    public async Task StayWithAnOperation_IsNoAvoidableAdmission_AndTheAnswerSaysWhatItsListsAre()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        var posted = await app.PostFhirAsync("/fhir", Story.Bundle(
        [
            Operation("during", "2026-03-04", "https://fhir.hl7.org.uk/Id/opcs-4", "K40.1"),
            Operation("other", "2026-04-04", "https://fhir.nhs.uk/Id/opcs-4", "X40.3"),
            Operation("between", "2026-04-20", "https://fhir.nhs.uk/Id/opcs-4", "K401"),
        ]));
        posted.StatusCode.ShouldBe(HttpStatusCode.OK, await posted.Content.ReadAsStringAsync());

        await app.Client.PostAsJsonAsync("/v1/bcf/counts", new { until = "2026-10" });
        var avoidable = Metric(await app.GetJsonAsync("/v1/bcf?by=ccg"), "avoidable-emergency-admissions");

        avoidable.GetProperty("whole").GetProperty("numerator").GetString().ShouldBe("3", "of Ann's four stays for heart failure one had a bypass; dialysis excludes nothing, and one was between stays");
        avoidable.GetProperty("note").GetString()!.ShouldContain("stand-ins");
    }

    [Fact]
    public async Task Commissioner_SetsATargetAndChangesIt_BothAreKeptAndTheLatestIsJudged()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await app.Client.PostAsJsonAsync("/v1/bcf/counts", new { until = "2026-10" });

        await SetAsync(app, new { kind = "target", value = 400.0, period = "2026/27", reason = "Plan of March" });
        await SetAsync(app, new { kind = "baseline", value = 600.0, period = "2025/26", reason = "Last year" });
        await SetAsync(app, new { kind = "target", value = 700.5, period = "2026/27", reason = "Revised in June" });

        var whole = Metric(await app.GetJsonAsync("/v1/bcf"), "avoidable-emergency-admissions").GetProperty("whole");
        whole.GetProperty("value").GetString().ShouldBe("595.2", "4 / 56 / 12 x 100,000");
        whole.GetProperty("target").GetDecimal().ShouldBe(700.5m);
        whole.GetProperty("targetIsMet").GetBoolean().ShouldBeTrue();
        whole.GetProperty("changeOnBaselinePercent").GetDecimal().ShouldBe(-0.8m);
        var history = await app.GetJsonAsync("/v1/bcf/avoidable-emergency-admissions/plan-values");
        history.EnumerateArray().Select(v => v.GetProperty("reason").GetString()).ShouldBe(["Plan of March", "Last year", "Revised in June"], ignoreOrder: true);
        history[0].GetProperty("setBy").GetString().ShouldBe("demo-user");

        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/bcf") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/csv") } } };
        var csv = await (await app.Client.SendAsync(request)).Content.ReadAsStringAsync();
        csv.ShouldContain("2026-10,avoidable-emergency-admissions,\"per 100,000 per month\"");
        csv.ShouldContain(",595.2,600,700.5,-0.8,yes");
    }

    [Fact]
    public async Task WhatNobodySends_IsNotCountedAsNone()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        (await app.Client.GetAsync("/v1/bcf")).StatusCode.ShouldBe(HttpStatusCode.NotFound, "nothing counted yet");
        await app.Client.PostAsJsonAsync("/v1/bcf/counts", new { });

        var delays = Metric(await app.GetJsonAsync("/v1/bcf"), "delayed-transfers");

        delays.GetProperty("whole").GetProperty("value").GetString().ShouldBe("-");
        delays.GetProperty("note").GetString()!.ShouldContain("No system has sent");
    }

    [Fact]
    public async Task Commissioner_ReadsOneRelease_WhateverIsCountedAfterwards()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await app.Client.PostAsJsonAsync("/v1/bcf/counts", new { });
        var commissioner = new Caller("commissioner", new HashSet<Grant> { Grant.ReadCoverage }, null);
        var questions = app.Services.GetRequiredService<BcfQuestions>();
        var first = (await questions.AnswerAsync(null, "locality", commissioner, false, default)).Value;

        await PostYearAsync(app);
        await app.Client.PostAsJsonAsync("/v1/bcf/counts", new { });

        first.Metrics.Single(m => m.Id == "avoidable-emergency-admissions").Whole.Numerator.ShouldBe("*");
        (await questions.AnswerAsync(null, "locality", commissioner, false, default)).Value.Metrics.Single(m => m.Id == "readmissions-30-days").Whole.ShouldBe(first.Metrics.Single(m => m.Id == "readmissions-30-days").Whole);
        (await questions.AnswerAsync(null, "practice", commissioner, false, default)).Error.ShouldNotBeNull("another split could be subtracted");
    }

    [Theory]
    [InlineData("unknown-metric", "target", 1.0, "P", "R", HttpStatusCode.NotFound)]
    [InlineData("delayed-transfers", "wish", 1.0, "P", "R", HttpStatusCode.BadRequest)]
    [InlineData("delayed-transfers", "estimate", 1.0, "P", "R", HttpStatusCode.BadRequest)]
    [InlineData("delayed-transfers", "target", -1.0, "P", "R", HttpStatusCode.BadRequest)]
    [InlineData("delayed-transfers", "target", 1.0, " ", "R", HttpStatusCode.BadRequest)]
    [InlineData("delayed-transfers", "target", 1.0, "P", null, HttpStatusCode.BadRequest)]
    public async Task WrongPlanValue_IsRefused(string metric, string kind, double value, string period, string? reason, HttpStatusCode status)
    {
        await using var app = await StoryApp.StartAsync();

        var response = await app.Client.PutAsJsonAsync($"/v1/bcf/{metric}/plan-values", new { kind, value, period, reason });

        response.StatusCode.ShouldBe(status, await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("until=2026-11")]
    [InlineData("until=soon")]
    [InlineData("by=age")]
    public async Task WrongQuestion_IsRefused(string query)
    {
        await using var app = await StoryApp.StartAsync();

        (await app.Client.GetAsync($"/v1/bcf?{query}")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    /// <summary>Four people of 80: one moves into a home for good, one is readmitted to it after reablement, one has respite, one is delayed.</summary>
    private static async Task PostYearAsync(StoryApp app)
    {
        string[] old = ["9990002002", "9990002010", "9990002029"];
        var entries = old.Select((n, i) => Story.Patient(n, "1945-01-01", $"Old{i}")).ToList();
        entries.Add(Episode("home1", old[0], "residential-care", "2026-01-15", null));
        entries.Add(Episode("home2", old[0], "residential-care", "2026-05-01", null));
        entries.Add(Episode("own", old[1], "residential-care-self-funded", "2026-03-10", "2026-09-01"));
        entries.Add(Episode("respite", old[2], "residential-care-temporary", "2026-03-01", "2026-03-14"));
        entries.Add(Stay("s1", old[0], "2025-10-20", "2025-11-01"));
        entries.Add(Episode("r1", old[0], "reablement", "2025-11-02", "2025-12-10"));
        entries.Add(Stay("s2", old[1], "2025-11-20", "2025-12-02"));
        entries.Add(Episode("r2", old[1], "reablement", "2025-12-02", "2026-01-10"));
        entries.Add(Episode("d1", old[2], "delayed-transfer", "2026-04-01", "2026-04-11"));
        entries.Add(Story.Entry("Condition", "dem", $$$"""{"resourceType":"Condition","id":"dem","code":{"coding":[{"system":"http://snomed.info/sct","code":"52448006"}]},"subject":{"reference":"Patient/{{{old[2]}}}"},"recordedDate":"2024-05-05"}"""));
        var response = await app.PostFhirAsync("/fhir", Story.Bundle(entries));
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }

    private static string Episode(string id, string number, string type, string start, string? end) => Story.Entry("EpisodeOfCare", id,
        $$$"""{"resourceType":"EpisodeOfCare","id":"{{{id}}}","status":"active","type":[{"coding":[{"system":"https://bettercare.care/fhir/CodeSystem/episode-type","code":"{{{type}}}"}]}],"patient":{"reference":"Patient/{{{number}}}"},"period":{"start":"{{{start}}}"{{{(end is null ? "" : $",\"end\":\"{end}\"")}}}}}""");

    private static string Operation(string id, string on, string system, string code) => Story.Entry("Procedure", id,
        $$$"""{"resourceType":"Procedure","id":"{{{id}}}","status":"completed","code":{"coding":[{"system":"{{{system}}}","code":"{{{code}}}"}]},"subject":{"reference":"Patient/{{{Story.Ann}}}"},"performedDateTime":"{{{on}}}"}""");

    private static string Stay(string id, string number, string start, string end) => Story.Entry("Encounter", id,
        $$$"""{"resourceType":"Encounter","id":"{{{id}}}","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/{{{number}}}"},"period":{"start":"{{{start}}}","end":"{{{end}}}"},"hospitalization":{"extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AdmissionMethod","valueCodeableConcept":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-AdmissionMethodEngland","code":"11"}]}}]}}""");

    private static async Task SetAsync(StoryApp app, object value)
    {
        var response = await app.Client.PutAsJsonAsync("/v1/bcf/avoidable-emergency-admissions/plan-values", value);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        app.Clock.Now = app.Clock.Now.AddMinutes(1);
    }

    private static JsonElement Metric(JsonElement answer, string id) => answer.GetProperty("metrics").EnumerateArray().Single(m => m.GetProperty("id").GetString() == id);

    private static (string Numerator, string Denominator) Line(JsonElement answer, string id)
    {
        var whole = Metric(answer, id).GetProperty("whole");
        return (whole.GetProperty("numerator").GetString()!, whole.GetProperty("denominator").GetString()!);
    }
}
