using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using BetterCare.Care.Api.Features.Coordination;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Loop;

/// <summary>Worklists: the right people, by any filter, true within seconds of what happens to them.</summary>
public sealed class WorklistTests
{
    [Theory]
    [InlineData("", true)]
    [InlineData("?practice=N81019&level=3,4", true)]
    [InlineData("?practice=Y00002", false)]
    [InlineData("?neighbourhood=nowhere", false)]
    [InlineData("?noLead=true&planMissing=true", true)]
    [InlineData("?noLead=false", false)]
    [InlineData("?change=new", true)]
    [InlineData("?change=fallen", false)]
    [InlineData("?condition=HeartFailure", true)]
    [InlineData("?condition=Dementia", false)]
    [InlineData("?frailty=severe", false)]
    [InlineData("?careHome=true", false)]
    [InlineData("?admittedWithin=30", false)]
    [InlineData("?dischargedWithin=365", true)]
    [InlineData("?planOverdue=true", false)]
    [InlineData("?caseload=me", false)]
    public async Task Filter_ShowsAnnOrNot(string filter, bool shown)
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        (await NumbersAsync(app, filter)).Contains(Story.Ann).ShouldBe(shown);
    }

    [Fact]
    public async Task AdmittedThisMorning_IsOnTheWorklistByNow_AndGoneWhenHome()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        app.Clock.Now = app.Clock.Now.AddHours(1);
        await StayAsync(app, "\"start\":\"2026-11-21\"", "in-progress");
        await app.Services.GetRequiredService<LoopWorker>().CatchUpAsync(CancellationToken.None);

        (await NumbersAsync(app, "?admittedWithin=7")).ShouldBe([Story.Ann]);
        app.Clock.Now = app.Clock.Now.AddDays(2);
        await StayAsync(app, "\"start\":\"2026-11-21\",\"end\":\"2026-11-23\"", "finished");
        await app.Services.GetRequiredService<LoopWorker>().CatchUpAsync(CancellationToken.None);

        (await NumbersAsync(app, "?admittedWithin=7")).ShouldBeEmpty();
        (await NumbersAsync(app, "?dischargedWithin=7")).ShouldBe([Story.Ann]);
    }

    [Fact]
    public async Task Lead_HasTheirCaseload_AtOnce()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        await LeadTests.DecideAsync(app, Story.Gp, "Knows her.");

        (await NumbersAsync(app, $"?caseload={Story.Gp}&condition=HeartFailure&dischargedWithin=365")).ShouldBe([Story.Ann]);
        (await NumbersAsync(app, $"?caseload={Story.SocialWorker}")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Saved_IsOnesOwn_AndReadByName()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        (await app.Client.PutAsJsonAsync("/v1/worklists/new%20people", new { filter = "change=new&noLead=true" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await app.Client.PutAsJsonAsync("/v1/worklists/bad", new { filter = "colour=red" })).StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        (await app.GetJsonAsync("/v1/worklists")).EnumerateArray().ShouldHaveSingleItem().GetProperty("name").GetString().ShouldBe("new people");
        (await NumbersAsync(app, "?list=new%20people")).ShouldContain(Story.Ann);
        (await app.Client.DeleteAsync("/v1/worklists/new%20people")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await app.Client.GetAsync("/v1/worklist?list=new%20people")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task PageByPage_RepeatsAndSkipsNobody_AndCsvHoldsTheSame()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        foreach (var number in Story.Others.Take(9))
        {
            // A decision brings people of low levels onto the worklist.
            (await app.Client.PutAsJsonAsync($"/v1/patients/{number}/agreed-level", new { level = 3, reason = "The team knows more.", expires = "2027-03-01" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        var seen = new List<string?>();
        string? cursor = null;
        do
        {
            var page = await app.GetJsonAsync($"/v1/worklist?count=4{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.GetProperty("people").EnumerateArray().Select(p => p.GetProperty("nhsNumber").GetString()));
            cursor = page.TryGetProperty("next", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);

        seen.Distinct().Count().ShouldBe(seen.Count);
        seen.ShouldContain(Story.Ann);
        Story.Others.Take(9).ShouldAllBe(n => seen.Contains(n));
        using var csv = new HttpRequestMessage(HttpMethod.Get, "/v1/worklist") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/csv") } } };
        var lines = (await (await app.Client.SendAsync(csv)).Content.ReadAsStringAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        lines.Skip(1).Select(l => l.Split(',')[0]).ShouldBe(seen);
    }

    [Theory]
    [InlineData("?level=5")]
    [InlineData("?colour=red")]
    [InlineData("?admittedWithin=0")]
    [InlineData("?condition=Nonsense")]
    [InlineData("?reason=nonsense")]
    [InlineData("?count=501")]
    [InlineData("?cursor=abc")]
    public async Task Filter_ThatIsWrong_SaysWhatWouldDo(string filter)
    {
        await using var app = await StoryApp.StartAsync();

        var response = await app.Client.GetAsync("/v1/worklist" + filter);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task VirtualWard_HasABedOrSaysSo_AndCountsNights()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        var opened = await StoryApp.JsonOf(await app.Client.PostAsJsonAsync("/v1/virtual-wards", new { name = "Runcorn at home", beds = 1 }));
        var path = $"/v1/virtual-wards/{opened.GetProperty("id").GetString()}";

        await MeetingTests.OkAsync(await app.Client.PostAsJsonAsync(path + "/admissions", new { nhsNumber = Story.Ann, reason = "Heart failure, needs daily bloods." }));
        var full = await app.Client.PostAsJsonAsync(path + "/admissions", new { nhsNumber = Story.Others.First(), reason = "Chest infection." });
        var twice = await app.Client.PostAsJsonAsync(path + "/admissions", new { nhsNumber = Story.Ann, reason = "Again." });
        app.Clock.Now = app.Clock.Now.AddDays(6);
        var there = await app.GetJsonAsync(path);
        await MeetingTests.OkAsync(await app.Client.PostAsJsonAsync(path + "/discharges", new { nhsNumber = Story.Ann, outcome = "usual-care" }));

        (await PlanTests.RuleAsync(full)).ShouldBe("ward-bed");
        (await PlanTests.RuleAsync(twice)).ShouldBe("ward-once");
        there.GetProperty("occupied").GetInt32().ShouldBe(1);
        there.GetProperty("stays")[0].GetProperty("nights").GetInt32().ShouldBe(6);
        var after = (await app.GetJsonAsync("/v1/virtual-wards"))[0];
        (after.GetProperty("occupied").GetInt32(), after.GetProperty("meanLengthOfStay").GetDouble()).ShouldBe((0, 6));
        await MeetingTests.OkAsync(await app.Client.PostAsJsonAsync(path + "/admissions", new { nhsNumber = Story.Others.First(), reason = "Chest infection." }));
    }

    private static async Task<string?[]> NumbersAsync(StoryApp app, string filter) =>
        [.. (await app.GetJsonAsync("/v1/worklist" + filter)).GetProperty("people").EnumerateArray().Select(p => p.GetProperty("nhsNumber").GetString())];

    private static async Task StayAsync(StoryApp app, string period, string status) => await MeetingTests.OkAsync(await app.Client.PutAsync("/fhir/Encounter/now", new StringContent(
        $$$"""{"resourceType":"Encounter","id":"now","status":"{{{status}}}","class":{"code":"IMP"},"subject":{"reference":"Patient/{{{Story.Ann}}}"},"period":{{{{period}}}}}""",
        System.Text.Encoding.UTF8, "application/fhir+json")));
}
