using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace BetterCare.Care.Tests.Api.Loop;

/// <summary>The joint care plan: written together, agreed by the person, reviewed, and closed with an outcome.</summary>
public sealed class PlanTests
{
    private const string Path = $"/v1/patients/{Story.Ann}/care-plan";

    [Fact]
    public async Task TwoEditors_TheSecondIsToldWhatTheFirstChanged()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await PutAsync(app, null, new { status = "draft", aboutMe = "Wants to stay at home.", preferences = "Tea." });
        await PutAsync(app, 1, new { status = "draft", aboutMe = "Wants to stay at home with the dog.", preferences = "Tea.", goals = new[] { new { id = "g1", text = "Walk the dog" } } });

        var stale = await SendAsync(app, HttpMethod.Put, Path, 1, new { status = "draft", aboutMe = "Wants company.", preferences = "Tea." });

        stale.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        var text = await stale.Content.ReadAsStringAsync();
        JsonDocument.Parse(text).RootElement.GetProperty("issues").EnumerateArray()
            .Select(i => (i.GetProperty("rule").GetString(), i.GetProperty("where").GetString()))
            .ShouldBe([("plan-both-changed", "about-me"), ("plan-changed", "goals[g1]")]);
        text.ShouldNotContain("dog");
        (await app.GetJsonAsync(Path)).GetProperty("version").GetInt32().ShouldBe(2, "nothing is lost and nothing overwritten");
    }

    [Fact]
    public async Task Plan_AgreedReviewedClosed_KeepsEveryVersion_AndFhirSaysTheSame()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await LeadTests.DecideAsync(app, Story.Gp, "Knows her.");
        await PutAsync(app, null, new { status = "draft", aboutMe = "Wants to stay at home." });
        await PutAsync(app, 1, Whole());

        var plan = await FhirAsync(app, "CarePlan");
        plan.GetProperty("status").GetString().ShouldBe("active");
        plan.GetProperty("careTeam")[0].GetProperty("reference").GetString().ShouldBe("CareTeam/" + (await FhirAsync(app, "CareTeam")).GetProperty("id").GetString());
        plan.GetProperty("goal")[0].GetProperty("reference").GetString().ShouldBe("Goal/" + (await FhirAsync(app, "Goal")).GetProperty("id").GetString());
        (await FhirAsync(app, "Task")).GetProperty("restriction").GetProperty("period").GetProperty("end").GetString().ShouldBe("2026-12-15");

        // Five weeks on the team reviews it with her.
        app.Clock.Now = app.Clock.Now.AddDays(35);
        var tooLate = await SendAsync(app, HttpMethod.Post, Path + "/review", 2, new { next = "2027-12-01" });
        var reviewed = await SendAsync(app, HttpMethod.Post, Path + "/review", 2, new { next = "2027-02-15", actions = new[] { new { id = "a1", status = "done" } } });
        (await RuleAsync(tooLate)).ShouldBe("plan-review-interval");
        reviewed.StatusCode.ShouldBe(HttpStatusCode.OK, await reviewed.Content.ReadAsStringAsync());
        (await StoryApp.JsonOf(reviewed)).GetProperty("reviewBy").GetString().ShouldBe("2027-02-15");
        (await FhirAsync(app, "Task")).GetProperty("status").GetString().ShouldBe("completed");

        var blind = await SendAsync(app, HttpMethod.Post, Path + "/close", null, new { outcome = "goals-met" });
        var silent = await SendAsync(app, HttpMethod.Post, Path + "/close", 3, new { });
        var closed = await SendAsync(app, HttpMethod.Post, Path + "/close", 3, new { outcome = "goals-met" });
        ((int)blind.StatusCode).ShouldBe(428);
        (await RuleAsync(silent)).ShouldBe("plan-outcome");
        closed.StatusCode.ShouldBe(HttpStatusCode.OK, await closed.Content.ReadAsStringAsync());
        (await FhirAsync(app, "CarePlan")).GetProperty("status").GetString().ShouldBe("completed");

        var versions = await app.GetJsonAsync(Path + "/versions");
        versions.EnumerateArray().Select(v => v.GetProperty("status").GetString()).ShouldBe(["closed", "agreed", "agreed", "draft"]);
        versions[1].GetProperty("changes").EnumerateArray().Select(c => c.GetProperty("heading").GetString()).ShouldBe(["actions", "review"]);
        (await app.GetJsonAsync(Path + "/versions/1")).GetProperty("aboutMe").GetString().ShouldBe("Wants to stay at home.");
        (await app.Client.GetAsync(Path + "/versions/9")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await app.GetJsonAsync("/v1/coverage?by=place")).GetProperty("total").GetProperty("withPlan").GetString().ShouldBe("0", "a closed plan counts no more");
    }

    [Fact]
    public async Task Plan_WithoutThePersonsAgreement_IsNotAgreed_OnWhateverGround()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        object?[] agreements = [null, new { by = "", on = "2026-11-20", basis = "person" }, new { by = "the person", on = "2027-01-01", basis = "person" }, new { by = "the team", on = "2026-11-20", basis = "best-interests" }];
        foreach (var agreement in agreements)
        {
            (await RuleAsync(await SendAsync(app, HttpMethod.Put, Path, null, new { status = "agreed", agreement }))).ShouldBe("plan-agreement");
        }

        (await app.Client.GetAsync(Path)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("nobody-knows", "social-care", "2026-11-21", "plan-contributor", "is not in the register")]
    [InlineData(Story.Left, "health", "2026-11-21", "plan-contributor", "left on 1 January 2025")]
    [InlineData(Story.Gp, "social-care", "2026-11-21", "plan-contributor-sector", "the register has this general practitioner in health")]
    public async Task ContributorWhoIsNotWhoThePlanSays_IsRefused_AndNothingIsKept(string professional, string sector, string on, string rule, string says)
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        var refused = await SendAsync(app, HttpMethod.Put, Path, null, new { status = "draft", contributors = new[] { new { professional, role = "Social worker", sector, on } } });

        (await RuleAsync(refused)).ShouldBe(rule);
        var text = await refused.Content.ReadAsStringAsync();
        text.ShouldContain(says);
        text.ShouldNotContain("nobody-knows");
        (await app.Client.GetAsync(Path)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("""{"contributors":null}""", "contributors")]
    [InlineData("""{"contributors":[null]}""", "contributors")]
    [InlineData("""{"contributors":[{"role":"GP"}]}""", "contributors")]
    [InlineData("""{"goals":null}""", "goals")]
    [InlineData("""{"goals":[{"id":"a","text":"Swim"},{"id":"a","text":"Walk"}]}""", "goals")]
    [InlineData("""{"actions":[{"text":"Visit"}]}""", "actions")]
    [InlineData("""{"contingency":{"steps":[null]}}""", "contingency.steps")]
    [InlineData("""{"contingency":{}}""", "contingency.steps")]
    public async Task PlanWithGaps_IsRefusedWithTheirPlace_AndNothingIsKept(string plan, string where)
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        var refused = await app.Client.PutAsync(Path, new StringContent(plan, System.Text.Encoding.UTF8, "application/json"));

        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest, await refused.Content.ReadAsStringAsync());
        (await StoryApp.JsonOf(refused)).GetProperty("detail").GetString()!.ShouldContain(where);
        (await app.Client.GetAsync(Path)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task ActionForSomebodyWhoHasLeft_IsRefused_ButOneWhoLeavesLaterStopsNoReview()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        (await RuleAsync(await SendAsync(app, HttpMethod.Put, Path, null, new { status = "draft", actions = new[] { new { id = "a1", text = "Visit", owner = Story.Left, due = "2026-12-15" } } }))).ShouldBe("plan-action-owner-known");
        (await RuleAsync(await SendAsync(app, HttpMethod.Put, Path, null, new { status = "draft", actions = new[] { new { id = "a1", text = "Visit", owner = "the team", due = "2026-12-15" } } }))).ShouldBe("plan-action-owner-known");
        await PutAsync(app, null, Whole());

        // The social worker leaves; what they contributed stands, and the plan goes on.
        var role = Story.SocialWorker.Replace("11111111", "22222222", StringComparison.Ordinal);
        app.Clock.Now = app.Clock.Now.AddDays(10);
        (await app.Client.PutAsync($"/fhir/PractitionerRole/{role}", new StringContent(
            $$$"""{"resourceType":"PractitionerRole","id":"{{{role}}}","period":{"start":"2015-01-01","end":"2026-11-30"},"practitioner":{"reference":"Practitioner/{{{Story.SocialWorker}}}"},"organization":{"reference":"Organization/SYNL0"},"code":[{"coding":[{"system":"http://snomed.info/sct","code":"106328005"}],"text":"Social worker"}]}""",
            System.Text.Encoding.UTF8, "application/fhir+json"))).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await SendAsync(app, HttpMethod.Post, Path + "/review", 1, new { next = "2027-02-15" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await RuleAsync(await SendAsync(app, HttpMethod.Put, Path, 2, new { status = "draft", contributors = new[] { new { professional = Story.SocialWorker, role = "Social worker", sector = "social-care", on = "2026-12-01" } } }))).ShouldBe("plan-contributor");
    }

    [Fact]
    public async Task GoalDropped_StaysInFhirAsCancelled()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await PutAsync(app, null, new { status = "draft", goals = new[] { new { id = "g1", text = "Swim\u0001 again" } } });
        await PutAsync(app, 1, new { status = "draft" });

        var goal = await FhirAsync(app, "Goal");

        goal.GetProperty("lifecycleStatus").GetString().ShouldBe("cancelled");
        goal.GetProperty("description").GetProperty("text").GetString().ShouldBe("Swim  again");
    }

    internal static object Whole(string reviewDue = "2027-01-31") => new
    {
        status = "agreed",
        aboutMe = "Wants to stay at home.",
        assessmentSummary = "Heart failure, four admissions this year.",
        goals = new[] { new { id = "g1", text = "No admission this winter" } },
        actions = new[] { new { id = "a1", text = "Weigh daily", owner = "person", due = "2026-12-15" } },
        preferences = "Daughter is rung first.",
        leadPhone = "01632 960000",
        contributors = new object[]
        {
            new { professional = Story.Gp, role = "GP", sector = "health", on = "2026-11-20" },
            new { professional = Story.SocialWorker, role = "Social worker", sector = "social-care", on = "2026-11-21" },
        },
        agreement = new { by = "the person", on = "2026-11-21", basis = "person" },
        contingency = new { steps = new[] { new { trigger = "More breathless at rest", action = "Rescue pack; ring the matron", contact = "01632 960001" } } },
        allergiesNoted = true,
        medicinesNoted = true,
        reviewDue,
    };

    internal static async Task<HttpResponseMessage> SendAsync(StoryApp app, HttpMethod method, string path, int? version, object body)
    {
        var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body) };
        if (version is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", $"W/\"{version}\"");
        }

        return await app.Client.SendAsync(request);
    }

    internal static async Task<string?> RuleAsync(HttpResponseMessage response)
    {
        response.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity, await response.Content.ReadAsStringAsync());
        return (await StoryApp.JsonOf(response)).GetProperty("issues")[0].GetProperty("rule").GetString();
    }

    internal static async Task<JsonElement> FhirAsync(StoryApp app, string type) =>
        (await app.GetJsonAsync($"/fhir/{type}?patient={Story.Ann}")).GetProperty("entry").EnumerateArray().ShouldHaveSingleItem().GetProperty("resource");

    private static async Task PutAsync(StoryApp app, int? version, object plan)
    {
        var response = await SendAsync(app, HttpMethod.Put, Path, version, plan);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }
}
