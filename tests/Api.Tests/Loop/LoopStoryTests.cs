using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using BetterCare.Care.Tests.Api.Access;

namespace BetterCare.Care.Tests.Api.Loop;

/// <summary>
/// One person from the first post to a reviewed plan, over HTTP only, in the production profile, as the users who do it: the
/// hospital's system, an analyst, the team of her practice, and the commissioner. Nobody can do another's part.
/// </summary>
public sealed class LoopStoryTests
{
    [Fact]
    public async Task Ann_FromFirstPostToAReviewedPlan_AsThoseWhoDoIt()
    {
        using var hospital = new SignedClient("hospital");
        using var analyst = new SignedClient("analyst");
        using var team = new SignedClient("runcorn-team");
        using var stranger = new SignedClient("other-team");
        using var commissioner = new SignedClient("icb");
        await using var production = await ProductionApp.StartAsync(
        [
            (hospital, "care/data-supplier system/*.cud", ["*"]), (analyst, "care/analyst", ["*"]), (team, "care/mdt system/*.rs", ["N81019"]), (stranger, "care/mdt", ["Y00002"]),
            (commissioner, "care/commissioner", ["*"]),
        ]);
        var app = production.App;

        // The hospital sends what it knows, and sees nothing of anybody.
        await AsAsync(app, hospital, "care/data-supplier system/*.cud");
        await Story.PostCohortAsync(app);
        await RefusedAsync(app, "/v1/worklist", $"/v1/patients/{Story.Ann}/care-plan", "/v1/coverage?by=place");

        // The analyst stratifies, and reads nobody's plan.
        await AsAsync(app, analyst, "care/analyst");
        (await Story.StratifyAsync(app)).GetProperty("status").GetString().ShouldBe("completed");
        await RefusedAsync(app, $"/v1/patients/{Story.Ann}/care-plan");

        // She is admitted this week; the team sees why she is on its agenda.
        app.Clock.Now = app.Clock.Now.AddHours(2);
        await AsAsync(app, hospital, "care/data-supplier system/*.cud");
        await MeetingTests.OkAsync(await app.Client.PutAsync("/fhir/Encounter/now", new StringContent(
            $$$"""{"resourceType":"Encounter","id":"now","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/{{{Story.Ann}}}"},"period":{"start":"2026-11-18","end":"2026-11-21"}}""",
            Encoding.UTF8, "application/fhir+json")));
        await AsAsync(app, team, "care/mdt system/*.rs");
        var meeting = await MeetingTests.CallAsync(app);
        var agenda = (await app.GetJsonAsync($"/v1/mdt-meetings/{meeting}")).GetProperty("agenda");
        agenda[0].GetProperty("nhsNumber").GetString().ShouldBe(Story.Ann);
        agenda[0].GetProperty("reasons")[0].GetProperty("text").GetString().ShouldBe("Discharged from hospital on 21 November 2026.");

        // She says whom she wants. The GP and the social worker assess her together.
        await MeetingTests.OkAsync(await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/lead-wish", new { practitioner = Story.SocialWorker, note = "She listens." }));
        (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/lead-proposals")).GetProperty("ranked")[0].GetProperty("practitioner").GetString().ShouldBe(Story.SocialWorker);
        await AssessmentTests.AnswerAsync(app, Story.Gp, "2026-11-20", ("breathless", "true"), ("matters", "My garden"));
        var assessment = await AssessmentTests.AnswerAsync(app, Story.SocialWorker, "2026-11-21", ("lives-alone", "true"), ("carer", "false"));
        assessment.GetProperty("joint").GetBoolean().ShouldBeTrue();

        // The meeting decides: level, lead, plan; and somebody else's patients are nobody else's business.
        await MeetingTests.AttendAsync(app, meeting, (Story.Gp, true), (Story.SocialWorker, false));
        await MeetingTests.OkAsync(await MeetingTests.DecideAsync(app, meeting, Story.Ann, "agree-level", level: 4, until: "2027-05-01"));
        await MeetingTests.OkAsync(await MeetingTests.DecideAsync(app, meeting, Story.Ann, "agree-lead", lead: Story.SocialWorker));
        await MeetingTests.OkAsync(await MeetingTests.DecideAsync(app, meeting, Story.Ann, "start-plan"));
        await MeetingTests.DeferOthersAsync(app, meeting);
        await AsAsync(app, stranger, "care/mdt");
        (await app.Client.GetAsync($"/v1/mdt-meetings/{meeting}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await app.Client.GetAsync($"/v1/patients/{Story.Ann}/joint-assessment")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await app.Client.PostAsync($"/v1/mdt-meetings/{meeting}/close", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await AsAsync(app, team, "care/mdt system/*.rs");
        await MeetingTests.OkAsync(await app.Client.PostAsync($"/v1/mdt-meetings/{meeting}/close", null));

        // The plan is agreed with her: joint and complete.
        var agreed = await PlanTests.SendAsync(app, HttpMethod.Put, $"/v1/patients/{Story.Ann}/care-plan", 1, PlanTests.Whole());
        var plan = await StoryApp.JsonOf(agreed);
        agreed.StatusCode.ShouldBe(HttpStatusCode.OK, plan.ToString());
        plan.GetProperty("complete").GetBoolean().ShouldBeTrue(plan.ToString());
        plan.GetProperty("plan").GetProperty("lead").GetString().ShouldBe(Story.SocialWorker);
        (await app.GetJsonAsync($"/fhir/CarePlan?patient={Story.Ann}")).GetProperty("entry")[0].GetProperty("resource").GetProperty("status").GetString().ShouldBe("active");

        // Five weeks later they review it, and the commissioner's report has counted it all along, without her name.
        app.Clock.Now = app.Clock.Now.AddDays(35);
        await AsAsync(app, team, "care/mdt system/*.rs");
        var reviewed = await PlanTests.SendAsync(app, HttpMethod.Post, $"/v1/patients/{Story.Ann}/care-plan/review", 2, new { next = "2027-03-01", actions = new[] { new { id = "a1", status = "done" } } });
        reviewed.StatusCode.ShouldBe(HttpStatusCode.OK, await reviewed.Content.ReadAsStringAsync());
        (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/care-plan/versions")).EnumerateArray().Select(v => v.GetProperty("writtenBy").GetString()).Distinct().ShouldBe(["client:runcorn-team"]);
        await AsAsync(app, commissioner, "care/commissioner");
        (await app.GetJsonAsync("/v1/coverage?by=place")).ToString().ShouldNotContain(Story.Ann);
        await RefusedAsync(app, "/v1/worklist", $"/v1/patients/{Story.Ann}/care-plan", "/v1/mdt-meetings", $"/v1/mdt-meetings/{meeting}/minutes");
    }

    /// <summary>From here on every request is this client's.</summary>
    private static async Task AsAsync(StoryApp app, SignedClient client, string scope)
    {
        client.Now = app.Clock.Now;
        app.Client.DefaultRequestHeaders.Authorization = null;
        app.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await client.TokenAsync(app.Client, scope));
    }

    private static async Task RefusedAsync(StoryApp app, params string[] paths)
    {
        foreach (var path in paths)
        {
            (await app.Client.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.Forbidden, path);
        }
    }
}
