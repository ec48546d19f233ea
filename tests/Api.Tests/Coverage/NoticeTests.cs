using System.Net;
using System.Text.Json;
using BetterCare.Care.Api.Features.Reminders;
using BetterCare.Care.Api.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Coverage;

/// <summary>Nobody has to look for what is due: it stands in the lead's list.</summary>
public sealed class NoticeTests
{
    [Fact]
    public async Task CrewOpensTheView_TheLeadIsTold_ByCommunicationAndInTheList()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await CoverageTests.LeadAsync(app, Story.Ann, Story.Gp);

        (await app.Client.GetAsync($"/v1/urgent-care/{Story.Ann}?reason=Fall%20at%20home")).StatusCode.ShouldBe(HttpStatusCode.OK, "there is no run, and the view answers");

        var alert = (await EventuallyAsync(app, $"/v1/reminders?to={Story.Gp}")).ShouldHaveSingleItem();
        alert.GetProperty("kind").GetString().ShouldBe("urgent-care-opened");
        alert.GetProperty("nhsNumber").GetString().ShouldBe(Story.Ann);
        alert.GetProperty("text").GetString()!.ShouldNotContain(Story.Ann);
        var communication = (await app.GetJsonAsync($"/fhir/Communication?patient={Story.Ann}")).GetProperty("entry").EnumerateArray().ShouldHaveSingleItem().GetProperty("resource");
        communication.GetProperty("recipient")[0].GetProperty("reference").GetString().ShouldBe($"Practitioner/{Story.Gp}");
        communication.GetProperty("payload")[0].GetProperty("contentString").GetString()!.ShouldContain("Fall at home");

        var acknowledged = await app.Client.PostAsync($"/v1/reminders/{alert.GetProperty("id").GetString()}/acknowledgement", null);
        (await StoryApp.JsonOf(acknowledged)).GetProperty("acknowledgedBy").GetString().ShouldBe("demo-user");
        (await RemindersAsync(app, $"/v1/reminders?to={Story.Gp}")).ShouldBeEmpty();
        (await RemindersAsync(app, $"/v1/reminders?to={Story.Gp}&state=all")).ShouldHaveSingleItem().GetProperty("state").GetString().ShouldBe("acknowledged");
    }

    [Fact]
    public async Task NobodyLeads_TheTeamIsTold()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        await app.Client.GetAsync($"/v1/urgent-care/{Story.Ann}?reason=Fall");

        (await EventuallyAsync(app, "/v1/reminders?to=team")).ShouldHaveSingleItem().TryGetProperty("to", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task ReviewComesNear_IsMissed_AndIsHeld_TheListFollows()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await CoverageTests.LeadAsync(app, Story.Ann, Story.Gp);
        await CoverageTests.PlanAsync(app, Story.Ann, "2026-12-20");

        app.Clock.Now = new DateTimeOffset(2026, 12, 10, 8, 0, 0, TimeSpan.Zero);
        await RunAsync(app);
        await RunAsync(app);
        (await KindsAsync(app)).ShouldBe(["review-due"], "said once, however often it is worked out");

        app.Clock.Now = new DateTimeOffset(2026, 12, 21, 8, 0, 0, TimeSpan.Zero);
        await RunAsync(app);
        (await KindsAsync(app)).ShouldBe(["review-overdue", "task-overdue"], ignoreOrder: true);
        (await RemindersAsync(app, $"/v1/reminders?to={Story.Gp}&state=all")).Single(r => r.GetProperty("kind").GetString() == "review-due").GetProperty("state").GetString().ShouldBe("settled");
    }

    [Fact]
    public async Task SomeoneWithALeadGoesIntoHospital_AndRisesToLevelFour_TheLeadReadsIt()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await CoverageTests.LeadAsync(app, Story.Ann, Story.Gp);
        var posted = await app.PostFhirAsync("/fhir", Story.Bundle([Story.Entry("Encounter", "in",
            $$$"""{"resourceType":"Encounter","id":"in","status":"in-progress","class":{"code":"IMP"},"subject":{"reference":"Patient/{{{Story.Ann}}}"},"period":{"start":"2026-11-21"}}""")]));
        posted.StatusCode.ShouldBe(HttpStatusCode.OK, await posted.Content.ReadAsStringAsync());

        await RunAsync(app);

        (await KindsAsync(app)).ShouldContain("admitted");
        var page = await app.GetJsonAsync($"/v1/reminders?to={Story.Gp}&count=1");
        page.GetProperty("reminders").GetArrayLength().ShouldBe(1);
        (await app.Client.GetAsync("/v1/reminders?before=x")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await app.Client.GetAsync("/v1/reminders?state=x")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await app.Client.PostAsync("/v1/reminders/none/acknowledgement", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task WhatIsDecided_IsInTheListAtOnce_WithoutTheTenMinutes()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await CoverageTests.LeadAsync(app, Story.Ann, Story.Gp);

        // A plan whose review is near is saved: due. The review is held: settled. The lead changes: the new one is told of what is near.
        await CoverageTests.PlanAsync(app, Story.Ann, "2026-12-01");
        (await KindsAsync(app)).ShouldBe(["review-due"]);
        var reviewed = await Loop.PlanTests.SendAsync(app, HttpMethod.Post, $"/v1/patients/{Story.Ann}/care-plan/review", 1, new { next = "2026-12-05" });
        reviewed.StatusCode.ShouldBe(HttpStatusCode.OK, await reviewed.Content.ReadAsStringAsync());
        (await RemindersAsync(app, $"/v1/reminders?to={Story.Gp}")).ShouldHaveSingleItem().GetProperty("occasion").GetString().ShouldBe("2026-12-05");
        await CoverageTests.LeadAsync(app, Story.Ann, Story.SocialWorker);
        (await KindsAsync(app)).ShouldBeEmpty("whoever does not lead any more is not reminded");
        (await RemindersAsync(app, $"/v1/reminders?to={Story.SocialWorker}")).ShouldHaveSingleItem();

        // And back: what was settled because the lead had gone is open again, not told twice.
        await CoverageTests.LeadAsync(app, Story.Ann, Story.Gp);
        (await KindsAsync(app)).ShouldBe(["review-due"]);
    }

    [Fact]
    public async Task Admission_IsInTheLeadsListWithTheWorklist()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await CoverageTests.LeadAsync(app, Story.Ann, Story.Gp);
        var posted = await app.PostFhirAsync("/fhir", Story.Bundle([Story.Entry("Encounter", "in",
            $$$"""{"resourceType":"Encounter","id":"in","status":"in-progress","class":{"code":"IMP"},"subject":{"reference":"Patient/{{{Story.Ann}}}"},"period":{"start":"2026-11-21"}}""")]));
        posted.StatusCode.ShouldBe(HttpStatusCode.OK, await posted.Content.ReadAsStringAsync());

        await app.Services.GetRequiredService<BetterCare.Care.Api.Features.Coordination.LoopWorker>().CatchUpAsync(CancellationToken.None);

        (await KindsAsync(app)).ShouldContain("admitted");
    }

    private static Task RunAsync(StoryApp app) => app.Services.GetServices<IUpkeep>().OfType<ReminderUpkeep>().Single().RunAsync(CancellationToken.None);

    private static async Task<List<string?>> KindsAsync(StoryApp app) =>
        (await RemindersAsync(app, $"/v1/reminders?to={Story.Gp}")).ConvertAll(r => r.GetProperty("kind").GetString());

    private static async Task<List<JsonElement>> RemindersAsync(StoryApp app, string path) => [.. (await app.GetJsonAsync(path)).GetProperty("reminders").EnumerateArray()];

    private static async Task<List<JsonElement>> EventuallyAsync(StoryApp app, string path)
    {
        for (var i = 0; i < 200; i++)
        {
            if (await RemindersAsync(app, path) is { Count: > 0 } found)
            {
                return found;
            }

            await Task.Delay(100);
        }

        throw new TimeoutException($"Nothing came at {path}.");
    }
}
