using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Audit;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api;

/// <summary>Who saw whom: whatever is done to people's data leaves a row, whether its author thought of it or not.</summary>
public sealed partial class AuditTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PostBundle_OfACohort_IsOneRowThatNamesEveryPersonInIt()
    {
        await using var app = await StoryApp.StartAsync();

        await Story.PostCohortAsync(app);

        var record = (await AllAsync(app)).Single();
        record.Chain.ShouldBe(AuditChain.Changes, "the row is in the commit of what it records");
        record.Entry.Interaction.ShouldBe("PostBundle");
        record.Entry.People.Count.ShouldBe(Story.Others.Count() + 1);
        Guid.TryParse(record.Entry.RequestId, out _).ShouldBeTrue();
    }

    [Fact]
    public async Task Read_OfAPerson_IsRecordedBeforeTheAnswer()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        var ann = await KeyAsync(app);

        var answer = await app.Client.GetAsync($"/fhir/Patient/{Story.Ann}", Ct);

        var record = (await AllAsync(app))[0];
        (record.Entry.Interaction, record.Entry.Action, record.Entry.Outcome).ShouldBe(("ReadResource", AuditAction.Read, AuditOutcome.Success));
        record.Entry.People.ShouldBe([ann]);
        record.Entry.RequestId.ShouldBe(answer.Headers.GetValues("X-Request-ID").Single());
        record.Entry.ResourceId.ShouldBeEmpty("the id of a Patient is the NHS number");
    }

    [Fact]
    public async Task Search_ByName_RecordsWhoWasShownAndTheShapeOfTheQuestion()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        await app.GetJsonAsync("/fhir/Patient?family=Well&_count=7");

        var entry = (await AllAsync(app))[0].Entry;
        (entry.Interaction, entry.Query).ShouldBe(("SearchResources", "family&_count"));
        entry.People.Count.ShouldBe(7);
    }

    [Fact]
    public async Task RiskList_Page_RecordsEachPersonOnIt()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        var page = await app.GetJsonAsync("/v1/risk-list?count=5");

        var entry = (await AllAsync(app))[0].Entry;
        entry.Interaction.ShouldBe("RiskList");
        entry.People.Count.ShouldBe(page.GetProperty("people").GetArrayLength());
    }

    [Fact]
    public async Task Decision_CarriesItsRowInItsOwnCommit()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        var answer = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/lead-professional", new { practitioner = Story.Gp, reason = "Knows her" }, Ct);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Ct));
        var record = (await AllAsync(app))[0];
        (record.Chain, record.Entry.Interaction, record.Entry.Action).ShouldBe((AuditChain.Changes, "SetLeadProfessional", AuditAction.Update));
        record.Entry.People.ShouldBe([await KeyAsync(app)]);
    }

    [Fact]
    public async Task UrgentCare_CarriesItsReason()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        await app.GetJsonAsync($"/v1/urgent-care/{Story.Ann}?reason=Found%20on%20the%20floor");

        var record = (await AllAsync(app))[0];
        (record.Chain, record.Entry.Interaction, record.Entry.Reason).ShouldBe((AuditChain.Changes, "GetUrgentCare", "Found on the floor"));
    }

    [Fact]
    public async Task Read_OfSomebodyWhoIsNotHere_IsRecordedAsRefused()
    {
        await using var app = await StoryApp.StartAsync();

        (await app.Client.GetAsync("/v1/patients/9990000026/care-plan", Ct)).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        var entry = (await AllAsync(app))[0].Entry;
        entry.Outcome.ShouldBe(AuditOutcome.Refused);
        entry.People.ShouldBe([-9990000026]);
    }

    [Fact]
    public async Task Everything_OfAWholeStory_IsAChainThatVerifies()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await Task.WhenAll(Story.Others.Select(o => app.Client.GetAsync($"/fhir/Patient/{o}", Ct)));

        var verdict = await app.Services.GetRequiredService<AuditVerifier>().VerifyAsync([], null, Ct);

        verdict.Faults.ShouldBeEmpty();
        verdict.Rows.ShouldBeGreaterThanOrEqualTo(Story.Others.Count() + 2);
    }

    [Fact]
    public async Task AuditEvents_ByPersonAndDay_AreValidFhirAndTellWhoDidWhat()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await app.Client.GetAsync($"/fhir/Patient/{Story.Ann}", Ct);
        await app.Client.GetAsync($"/fhir/Condition?patient={Story.Ann}", Ct);

        var found = await app.GetJsonAsync($"/fhir/AuditEvent?patient=Patient/{Story.Ann}&date=2026-11-22&agent=demo-user");

        var events = found.GetProperty("entry").EnumerateArray().Select(e => e.GetProperty("resource")).ToList();
        events.Select(e => e.GetProperty("subtype")[0].GetProperty("code").GetString()).ShouldBe(["search-type", "read", "transaction"]);
        foreach (var one in events)
        {
            var checkedBy = await app.PostFhirAsync("/fhir/AuditEvent/$validate", one.GetRawText());
            var outcome = await checkedBy.Content.ReadAsStringAsync(Ct);
            outcome.ShouldNotContain("\"error\"", customMessage: outcome);
            one.GetRawText().ShouldContain($"Patient/{Story.Ann}");
        }

        var id = events[1].GetProperty("id").GetString();
        (await app.GetJsonAsync($"/fhir/AuditEvent/{id}")).GetProperty("action").GetString().ShouldBe("R");
        (await app.GetJsonAsync("/fhir/AuditEvent?date=lt2026-11-22")).TryGetProperty("entry", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task AuditEvents_PageByPage_ComeToTheEnd()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        foreach (var other in Story.Others.Take(5))
        {
            await app.Client.GetAsync($"/fhir/Patient/{other}", Ct);
        }

        var ids = new List<string?>();
        string? next = "/fhir/AuditEvent?action=R&_count=2";
        while (next is not null)
        {
            var page = await app.GetJsonAsync(next);
            ids.AddRange(page.GetProperty("entry").EnumerateArray().Select(e => e.GetProperty("resource").GetProperty("id").GetString()));
            next = page.GetProperty("link").EnumerateArray().Where(l => l.GetProperty("relation").GetString() == "next").Select(l => new Uri(l.GetProperty("url").GetString()!).PathAndQuery).FirstOrDefault();
        }

        ids.Distinct().Count().ShouldBe(ids.Count);
        ids.Count.ShouldBe(5);
    }

    [Fact]
    public async Task AuditEvents_OfAPerson_PageByLinksThatNameNobody()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        for (var i = 0; i < 3; i++)
        {
            await app.Client.GetAsync($"/fhir/Patient/{Story.Ann}", Ct);
            await app.Client.GetAsync($"/fhir/Patient/{Story.Others.First()}", Ct);
        }

        var form = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal) { ["patient"] = $"Patient/{Story.Ann}", ["action"] = "R", ["_count"] = "2" });
        var first = await StoryApp.JsonOf(await app.Client.PostAsync("/fhir/AuditEvent/_search", form, Ct));
        var links = first.GetProperty("link").GetRawText();
        var next = new Uri(first.GetProperty("link")[1].GetProperty("url").GetString()!).PathAndQuery;
        var second = await app.GetJsonAsync(next);

        links.ShouldNotContain(Story.Ann);
        second.GetProperty("link").GetRawText().ShouldNotContain(Story.Ann);
        second.GetProperty("entry").EnumerateArray().ShouldAllBe(e => e.GetRawText().Contains(Story.Ann, StringComparison.Ordinal));
        (await app.Client.GetAsync(next + "x", Ct)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await app.Client.GetAsync(next.Replace("AuditEvent", "Observation", StringComparison.Ordinal), Ct)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await app.Client.GetAsync("/fhir/AuditEvent?_cursor=1763800000000.2.1", Ct)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("Appointment", "\"status\":\"booked\",\"start\":\"2026-11-20T09:00:00Z\",\"end\":\"2026-11-20T09:30:00Z\",\"participant\":[{\"actor\":{\"reference\":\"Patient/ONE\"},\"status\":\"accepted\"},{\"actor\":{\"reference\":\"Patient/TWO\"},\"status\":\"accepted\"}]")]
    [InlineData("Group", "\"type\":\"person\",\"actual\":true,\"member\":[{\"entity\":{\"reference\":\"Patient/ONE\"}},{\"entity\":{\"reference\":\"Patient/TWO\"}}]")]
    public async Task Resource_OfTwoPeople_IsRecordedForBoth(string type, string body)
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        var two = Story.Others.First();
        long[] both = [await KeyAsync(app), await KeyAsync(app, two)];
        var resource = $"{{\"resourceType\":\"{type}\",\"id\":\"shared\",{body}}}".Replace("ONE", Story.Ann, StringComparison.Ordinal).Replace("TWO", two, StringComparison.Ordinal);

        await app.Client.PutAsync($"/fhir/{type}/shared", new StringContent(resource, System.Text.Encoding.UTF8, "application/fhir+json"), Ct);
        await app.Client.GetAsync($"/fhir/{type}/shared", Ct);
        await app.Client.GetAsync($"/fhir/{type}?_id=shared", Ct);
        await app.Client.GetAsync($"/fhir/{type}/shared/_history", Ct);
        await app.Client.GetAsync($"/fhir/{type}?_lastUpdated=ge2026-11-22", Ct);
        await app.Client.DeleteAsync($"/fhir/{type}/shared", Ct);

        var entries = (await AllAsync(app)).Take(6).ToList();
        entries.Select(e => e.Entry.Interaction).ShouldBe(["DeleteResource", "SearchResources", "GetHistory", "SearchResources", "ReadResource", "UpdateResource"], ignoreOrder: true);
        entries.ShouldAllBe(e => both.All(e.Entry.People.Contains));
    }

    [Fact]
    public async Task BackgroundWork_ThatChangesAPerson_IsRecordedInItsCommit()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/agreed-level", new { level = 2, reason = "Better than the figures", expires = "2026-12-01" }, Ct);
        app.Clock.Now = app.Clock.Now.AddDays(30);
        var levels = app.Services.GetRequiredService<BetterCare.Care.Api.Features.Levels.AgreedLevels>();

        await app.Services.GetRequiredService<BetterCare.Care.Api.Jobs.BackgroundTrail>().RunAsync("expiry of agreed levels", () => levels.ExpireAsync(new DateOnly(2026, 12, 22), Ct));

        var record = (await AllAsync(app)).First(r => r.Entry.Interaction == "expiry of agreed levels");
        (record.Chain, record.Entry.Agent).ShouldBe((AuditChain.Changes, "service"));
        record.Entry.People.ShouldBe([await KeyAsync(app)]);
    }

    [Theory]
    [InlineData("POST", "/fhir/AuditEvent")]
    [InlineData("PUT", "/fhir/AuditEvent/2-1")]
    [InlineData("DELETE", "/fhir/AuditEvent/2-1")]
    public async Task Audit_FromOutside_CannotBeWritten(string method, string path)
    {
        await using var app = await StoryApp.StartAsync();

        var answer = await app.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent("{}") }, Ct);

        answer.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task AccessReport_OfAPerson_TellsWhoSawWhatAndWhy()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await app.Client.GetAsync($"/fhir/Patient/{Story.Others.First()}", Ct);
        await app.GetJsonAsync($"/v1/urgent-care/{Story.Ann}?reason=Found%20on%20the%20floor");

        var report = await app.GetJsonAsync($"/v1/patients/{Story.Ann}/access-report");
        using var asPage = new HttpRequestMessage(HttpMethod.Get, $"/v1/patients/{Story.Ann}/access-report");
        asPage.Headers.Add("Accept", "text/html");
        var page = await (await app.Client.SendAsync(asPage, Ct)).Content.ReadAsStringAsync(Ct);

        var rows = report.GetProperty("accesses").EnumerateArray().ToList();
        rows.Select(r => r.GetProperty("what").GetString()).ShouldBe(["Get urgent care", "Post bundle"]);
        rows[0].GetProperty("reason").GetString().ShouldBe("Found on the floor");
        rows[0].GetProperty("by").GetString().ShouldBe("demo-user");
        page.ShouldContain("999 000 0018");
        page.ShouldContain("Found on the floor");

        var again = await app.GetJsonAsync($"/v1/patients/{Story.Ann}/access-report");
        again.GetProperty("accesses").EnumerateArray().Count(r => r.GetProperty("what").GetString() == "Get access report").ShouldBe(2, "who reads the audit is in it");
    }

    [Fact]
    public async Task EverythingThatShowsAPerson_RecordsThatPerson()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await app.Client.PostAsync("/v1/lead-proposals", null, Ct);
        await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/lead-professional", new { practitioner = Story.Gp, reason = "Knows her" }, Ct);
        await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/care-plan", new { status = "draft", aboutMe = "Home" }, Ct);
        var store = app.Services.GetRequiredService<AuditStore>();
        var shown = 0;
        foreach (var route in app.Services.GetRequiredService<Microsoft.AspNetCore.Routing.EndpointDataSource>().Endpoints.OfType<Microsoft.AspNetCore.Routing.RouteEndpoint>())
        {
            var methods = route.Metadata.GetMetadata<Microsoft.AspNetCore.Routing.IHttpMethodMetadata>()?.HttpMethods ?? [];
            if (!methods.Contains("GET"))
            {
                continue;
            }

            var path = "/" + route.RoutePattern.RawText!.TrimStart('/').Replace("{nhsNumber}", Story.Ann, StringComparison.Ordinal).Replace("{type}", "Patient", StringComparison.Ordinal)
                .Replace("{id}", Story.Ann, StringComparison.Ordinal).Replace("{version:int}", "1", StringComparison.Ordinal).Replace("{compartment}", "Patient", StringComparison.Ordinal);
            var answer = await app.Client.GetAsync(path.EndsWith("/Patient", StringComparison.Ordinal) ? path + "?family=Well" : path.Contains("urgent-care/", StringComparison.Ordinal) ? path + "?reason=Found%20on%20the%20floor" : path, Ct);
            var people = answer.IsSuccessStatusCode && answer.Content.Headers.ContentType?.MediaType?.Contains("json", StringComparison.Ordinal) == true
                ? TestNumber().Matches(await answer.Content.ReadAsStringAsync(Ct)).Select(m => m.Value).Distinct().ToList()
                : [];
            if (people.Count == 0 || !answer.Headers.TryGetValues("X-Request-ID", out var request))
            {
                continue;
            }

            shown++;
            var recorded = (await store.FindAsync(new AuditFilter(), null, Ct).Where(r => r.Entry.RequestId == request.Single()).ToListAsync(Ct)).SelectMany(r => r.Entry.People).ToHashSet();
            foreach (var person in people.Where(p => NhsNumber.TryParse(p, out _)))
            {
                recorded.Contains(AuditEntry.Everyone).ShouldBeFalse(path);
                (recorded.Contains(await KeyAsync(app, person)) || path.Contains("AuditEvent", StringComparison.Ordinal)).ShouldBeTrue($"{path} showed somebody who is not in the audit: tell AccessTrail.Saw");
            }
        }

        shown.ShouldBeGreaterThan(8);
    }

    private static async Task<List<AuditRecord>> AllAsync(StoryApp app) =>
        await app.Services.GetRequiredService<AuditStore>().FindAsync(new AuditFilter(), null, Ct).ToListAsync(Ct);

    private static async Task<long> KeyAsync(StoryApp app, string person = Story.Ann)
    {
        NhsNumber.TryParse(person, out var number).ShouldBeTrue();
        return (await app.Services.GetRequiredService<BetterCare.Care.Storage.Resources.Directories>().FindAsync(number, Ct))!.Value;
    }

    [GeneratedRegex("(?<![0-9])999[0-9]{7}(?![0-9])", RegexOptions.None, 1000)]
    private static partial Regex TestNumber();
}
