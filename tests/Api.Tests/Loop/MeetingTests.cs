using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BetterCare.Care.Api.Features.Mdt;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Loop;

/// <summary>A multidisciplinary team meets: an agenda with reasons, a quorum, decisions that act together, minutes that never change.</summary>
public sealed class MeetingTests
{
    [Fact]
    public async Task Team_MeetsAboutAnn_DecidesEverythingInOneCommit_AndTheMinutesStand()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        // The agenda is drawn from the list, with the reason for each person.
        var id = await CallAsync(app);
        var ann = await AnnAsync(app, id);
        ann.GetProperty("reasons").EnumerateArray().Select(r => r.GetProperty("kind").GetString()).ShouldContain("no-lead");
        ann.GetProperty("reasons").EnumerateArray().Select(r => r.GetProperty("kind").GetString()).ShouldContain("plan-missing");

        // Without social care there is no quorum; without decisions nothing closes.
        await AttendAsync(app, id, (Story.Gp, true));
        var alone = await app.Client.PostAsync($"/v1/mdt-meetings/{id}/close", null);
        alone.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await StoryApp.JsonOf(alone)).GetProperty("issues").EnumerateArray().Select(i => i.GetProperty("rule").GetString()).ShouldBe(["mdt-quorum-social-care", "mdt-everyone-decided"]);
        await AttendAsync(app, id, (Story.Gp, true), (Story.SocialWorker, false));

        (await RuleAsync(await DecideAsync(app, id, Story.Ann, "agree-lead", lead: Story.Left))).ShouldBe("lead-not-left");
        (await RuleAsync(await DecideAsync(app, id, Story.Ann, "agree-lead", lead: Story.Gp, by: Story.Left))).ShouldBe("mdt-decided-by");
        await OkAsync(await DecideAsync(app, id, Story.Ann, "agree-lead", lead: Story.SocialWorker));
        await OkAsync(await DecideAsync(app, id, Story.Ann, "agree-level", level: 4, until: "2027-05-01"));
        await OkAsync(await DecideAsync(app, id, Story.Ann, "start-plan"));
        await OkAsync(await app.Client.PostAsJsonAsync($"/v1/mdt-meetings/{id}/tasks", new { nhsNumber = Story.Ann, text = "Fit a key safe | <b>soon</b>", owner = Story.SocialWorker, due = "2026-12-01" }));
        await DeferOthersAsync(app, id);
        (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/lead-professional")).TryGetProperty("current", out _).ShouldBeFalse("nothing acts before the meeting closes");

        await OkAsync(await app.Client.PostAsync($"/v1/mdt-meetings/{id}/close", null));

        (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/lead-professional")).GetProperty("current").GetProperty("practitioner").GetString().ShouldBe(Story.SocialWorker);
        (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/agreed-levels"))[0].GetProperty("level").GetInt32().ShouldBe(4);
        (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/care-plan")).GetProperty("plan").GetProperty("status").GetString().ShouldBe("draft");
        var task = (await app.GetJsonAsync($"/v1/mdt-tasks?owner={Story.SocialWorker}")).EnumerateArray().ShouldHaveSingleItem();
        (await app.GetJsonAsync($"/fhir/Task/{task.GetProperty("id").GetString()}")).GetProperty("status").GetString().ShouldBe("requested");

        // Minutes and list are what they are: the meeting never opens again, whatever is tried.
        var closed = await app.GetJsonAsync($"/v1/mdt-meetings/{id}");
        closed.GetProperty("intact").GetBoolean().ShouldBeTrue();
        (await RuleAsync(await DecideAsync(app, id, Story.Ann, "keep-level"))).ShouldBe("mdt-not-closed");
        (await RuleAsync(await app.Client.PostAsync($"/v1/mdt-meetings/{id}/close", null))).ShouldBe("mdt-not-closed");
        await using (var db = await app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync())
        {
            await Should.ThrowAsync<Exception>(() => db.Meetings.Where(m => m.Id == id).ExecuteUpdateAsync(s => s.SetProperty(m => m.Team, "Another")));
        }

        var list = await app.Client.GetStringAsync($"/v1/mdt-meetings/{id}/list");
        JsonDocument.Parse(list).RootElement.GetProperty("mode").GetString().ShouldBe("snapshot");
        app.Clock.Now = app.Clock.Now.AddDays(40);
        (await app.Client.GetStringAsync($"/v1/mdt-meetings/{id}/list")).ShouldBe(list);
        var minutes = await app.Client.GetStringAsync($"/v1/mdt-meetings/{id}/minutes");
        minutes.ShouldContain("Quorate: health and social care attended.");
        minutes.ShouldContain("Fit a key safe \\| &lt;b>soon");
        (await app.Client.GetStringAsync($"/v1/mdt-meetings/{id}/minutes?format=html")).ShouldContain("&lt;b&gt;soon");
        (await (await app.PostFhirAsync("/fhir/List/$validate", list)).Content.ReadAsStringAsync()).ShouldNotContain("\"error\"");

        // The next meeting hears of the task that is overdue, and of those who were put off.
        var next = await app.GetJsonAsync($"/v1/mdt-meetings/{await CallAsync(app, "2027-01-01")}");
        var again = next.GetProperty("agenda").EnumerateArray().Single(p => p.GetProperty("nhsNumber").GetString() == Story.Ann);
        again.GetProperty("reasons").EnumerateArray().Select(r => r.GetProperty("kind").GetString()).ShouldBe(["plan-missing", "task-overdue"]);
        await OkAsync(await app.Client.PostAsJsonAsync($"/v1/mdt-tasks/{task.GetProperty("id").GetString()}/end", new { outcome = "Fitted." }));
        (await app.GetJsonAsync("/v1/mdt-tasks")).GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task DecisionThatCannotAct_ClosesNothing()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var id = await CallAsync(app);
        await AttendAsync(app, id, (Story.Gp, true), (Story.SocialWorker, false));
        await OkAsync(await DecideAsync(app, id, Story.Ann, "agree-lead", lead: Story.SocialWorker));
        await OkAsync(await DecideAsync(app, id, Story.Ann, "review-plan"));
        await DeferOthersAsync(app, id);

        var refused = await app.Client.PostAsync($"/v1/mdt-meetings/{id}/close", null);

        (await RuleAsync(refused)).ShouldBe("plan-exists");
        (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/lead-professional")).TryGetProperty("current", out _).ShouldBeFalse("all or nothing");
        await OkAsync(await app.Client.PostAsJsonAsync($"/v1/mdt-meetings/{id}/decisions/take-back", new { nhsNumber = Story.Ann, kind = "review-plan" }));
        await OkAsync(await app.Client.PostAsync($"/v1/mdt-meetings/{id}/close", null));
    }

    [Fact]
    public async Task DischargeFromTheList_EndsLeadAndPlan_AndTheLevel()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await LeadTests.DecideAsync(app, Story.Gp, "Knows her.");
        await OkAsync(await PlanTests.SendAsync(app, HttpMethod.Put, $"/v1/patients/{Story.Ann}/care-plan", null, PlanTests.Whole()));
        await OkAsync(await app.Client.PostAsJsonAsync($"/v1/patients/{Story.Ann}/mdt-requests", new { reason = "She is well again." }));
        var id = await CallAsync(app);
        (await AnnAsync(app, id)).GetProperty("reasons").EnumerateArray().Last().GetProperty("text").GetString().ShouldBe("Asked for: She is well again.");
        await AttendAsync(app, id, (Story.Gp, true), (Story.SocialWorker, false));
        await OkAsync(await DecideAsync(app, id, Story.Ann, "discharge-from-list"));
        await DeferOthersAsync(app, id);

        await OkAsync(await app.Client.PostAsync($"/v1/mdt-meetings/{id}/close", null));

        (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/lead-professional")).TryGetProperty("current", out _).ShouldBeFalse();
        var plan = (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/care-plan")).GetProperty("plan");
        (plan.GetProperty("status").GetString(), plan.GetProperty("outcome").GetString()).ShouldBe(("closed", "no-longer-needed"));
        (await app.GetJsonAsync("/v1/risk-list?level=1")).GetProperty("people").EnumerateArray().Select(p => p.GetProperty("nhsNumber").GetString()).ShouldContain(Story.Ann);
    }

    [Fact]
    public async Task ProfessionalWhoLeft_PutsEveryoneTheyLedOnTheAgenda()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await LeadTests.DecideAsync(app, Story.Gp, "Knows her.");
        app.Clock.Now = app.Clock.Now.AddDays(3);
        var role = Story.Gp.Replace("11111111", "22222222", StringComparison.Ordinal);
        await OkAsync(await app.Client.PutAsync($"/fhir/PractitionerRole/{role}", new StringContent(
            $$$"""{"resourceType":"PractitionerRole","id":"{{{role}}}","period":{"start":"2015-01-01","end":"2026-11-24"},"practitioner":{"reference":"Practitioner/{{{Story.Gp}}}"},"organization":{"reference":"Organization/N81019"},"code":[{"coding":[{"system":"http://snomed.info/sct","code":"62247001"}],"text":"General practitioner"}]}""",
            System.Text.Encoding.UTF8, "application/fhir+json")));

        (await app.Services.GetRequiredService<BetterCare.Care.Api.Features.Coordination.LoopWorker>().EndDepartedAsync(CancellationToken.None)).ShouldBe(1);

        var history = (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/lead-professional")).GetProperty("history")[0];
        history.GetProperty("until").GetString().ShouldBe("2026-11-24");
        var ann = await AnnAsync(app, await CallAsync(app, "2026-11-26"));
        ann.GetProperty("reasons").EnumerateArray().Select(r => r.GetProperty("text").GetString()).ShouldContain("The accountable lead left on 24 November 2026.");
    }

    [Fact]
    public async Task CallerOfAnotherPractice_SeesNoMeeting_AndNobodyOnIt()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var id = await CallAsync(app);

        var theirs = await SendAsync(app, "Y00002", new GetMeeting.Query(id));
        var both = await SendAsync(app, "N81019", new GetMeeting.Query(id));

        theirs.Error!.Status.ShouldBe(404);
        both.Value.Agenda.Count.ShouldBeGreaterThan(0);
        (await SendAsync(app, "Y00002", new GetMinutes.Query(id, false))).Error!.Status.ShouldBe(404);
        (await SendAsync(app, "Y00002", new AddToAgenda.Command(id, Story.Ann, "Curious"))).Error!.Status.ShouldBe(404);
        (await SendAsync(app, "Y00002", new ListMeetings.Query(50))).Value.ShouldBeEmpty();
        (await SendAsync(app, "Y00002", new CallMeeting.Command("T", new DateOnly(2026, 11, 24), ["N81019"], null, 50))).Error!.Status.ShouldBe(400);
    }

    internal static async Task<string> CallAsync(StoryApp app, string on = "2026-11-24")
    {
        var called = await app.Client.PostAsJsonAsync("/v1/mdt-meetings", new { team = "Runcorn", heldOn = on, practices = new[] { "n81019" } });
        called.StatusCode.ShouldBe(HttpStatusCode.Created, await called.Content.ReadAsStringAsync());
        return (await StoryApp.JsonOf(called)).GetProperty("id").GetString()!;
    }

    internal static async Task AttendAsync(StoryApp app, string id, params (string Practitioner, bool Chair)[] attendance) =>
        await OkAsync(await app.Client.PutAsJsonAsync($"/v1/mdt-meetings/{id}/attendance", attendance.Select(a => new { practitioner = a.Practitioner, attended = true, chair = a.Chair })));

    internal static Task<HttpResponseMessage> DecideAsync(StoryApp app, string id, string person, string kind, string? lead = null, int? level = null, string? until = null, string? by = null) =>
        app.Client.PostAsJsonAsync($"/v1/mdt-meetings/{id}/decisions", new { nhsNumber = person, kind, decidedBy = by ?? Story.Gp, reason = "The team knows her.", lead, level, until });

    internal static async Task DeferOthersAsync(StoryApp app, string id)
    {
        foreach (var person in (await app.GetJsonAsync($"/v1/mdt-meetings/{id}")).GetProperty("agenda").EnumerateArray().Where(p => p.GetProperty("decisions").GetArrayLength() == 0))
        {
            await OkAsync(await DecideAsync(app, id, person.GetProperty("nhsNumber").GetString()!, "defer"));
        }
    }

    internal static async Task OkAsync(HttpResponseMessage response) =>
        response.IsSuccessStatusCode.ShouldBeTrue($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");

    private static async Task<JsonElement> AnnAsync(StoryApp app, string id) =>
        (await app.GetJsonAsync($"/v1/mdt-meetings/{id}")).GetProperty("agenda").EnumerateArray().Single(p => p.GetProperty("nhsNumber").GetString() == Story.Ann);

    private static Task<string?> RuleAsync(HttpResponseMessage response) => PlanTests.RuleAsync(response);

    private static async Task<BetterCare.Care.Api.Http.Result<T>> SendAsync<T>(StoryApp app, string practice, IRequest<BetterCare.Care.Api.Http.Result<T>> request)
    {
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CurrentCaller>().Caller =
            new Caller("mdt", new HashSet<Grant> { Grant.ReadRecords, Grant.CoordinateCare }, new HashSet<string>(StringComparer.Ordinal) { practice });
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request, TestContext.Current.CancellationToken);
    }
}
