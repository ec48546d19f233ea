using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BetterCare.Care.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Loop;

/// <summary>The accountable lead professional: proposed by the machine, decided by people, never two, never lost.</summary>
public sealed class LeadTests
{
    private const string Lead = $"/v1/patients/{Story.Ann}/lead-professional";

    [Fact]
    public async Task Proposals_RankWhoKnowsThePerson_AndSayWhy()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        var proposals = await app.GetJsonAsync($"/v1/patients/{Story.Ann}/lead-proposals");

        var best = proposals.GetProperty("ranked").EnumerateArray().ShouldHaveSingleItem();
        best.GetProperty("practitioner").GetString().ShouldBe(Story.Gp, "the GP has seen her four times; nobody else has");
        best.GetProperty("contacts").GetInt32().ShouldBe(4);
        best.GetProperty("reasons").EnumerateArray().Sum(r => r.GetProperty("points").GetInt32()).ShouldBe(best.GetProperty("score").GetInt32());
    }

    [Fact]
    public async Task Wish_ThatCannotBeMet_SaysWhy_AndThatCanBe_Wins()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        var gone = await WishAsync(app, new { practitioner = Story.Left });
        var met = await WishAsync(app, new { practitioner = Story.SocialWorker, notThese = new[] { Story.Gp }, note = "She helped my sister." });

        gone.GetProperty("canBeMet").GetBoolean().ShouldBeFalse();
        gone.GetProperty("whyNot")[0].GetProperty("rule").GetString().ShouldBe("lead-not-left");
        met.GetProperty("canBeMet").GetBoolean().ShouldBeTrue();
        var proposals = await app.GetJsonAsync($"/v1/patients/{Story.Ann}/lead-proposals");
        proposals.GetProperty("ranked").EnumerateArray().ShouldHaveSingleItem().GetProperty("practitioner").GetString().ShouldBe(Story.SocialWorker);
        proposals.GetProperty("excluded")[0].GetProperty("reasons")[0].GetProperty("rule").GetString().ShouldBe("lead-not-wanted");
        await app.Client.PostAsync("/v1/lead-proposals", null);
        var list = await app.GetJsonAsync("/v1/risk-list?count=1");
        list.GetProperty("people")[0].GetProperty("leadId").GetString().ShouldBe(Story.SocialWorker, "the wish counts for the whole list too");
        var contrary = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/lead-wish", new { practitioner = Story.Gp, notThese = new[] { Story.Gp } });
        contrary.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task HandOver_KeepsEveryLead_WithReasons_AlsoInFhir()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        await DecideAsync(app, Story.Gp, "Knows her and her daughter.");
        app.Clock.Now = app.Clock.Now.AddDays(10);
        await DecideAsync(app, Story.SocialWorker, "Her needs are social now.");
        app.Clock.Now = app.Clock.Now.AddDays(5);
        var ended = await DeleteAsync(app, "The team is being made anew.");

        ended.StatusCode.ShouldBe(HttpStatusCode.OK, await ended.Content.ReadAsStringAsync());
        var view = await app.GetJsonAsync(Lead);
        view.TryGetProperty("current", out _).ShouldBeFalse();
        view.GetProperty("history").EnumerateArray()
            .Select(h => (h.GetProperty("practitioner").GetString(), h.GetProperty("from").GetString(), h.GetProperty("until").GetString(), h.GetProperty("endReason").GetString()))
            .ShouldBe(
                [(Story.SocialWorker, "2026-12-02", "2026-12-07", "The team is being made anew."), (Story.Gp, "2026-11-22", "2026-12-02", "Her needs are social now.")],
                ignoreOrder: true);
        (await DeleteAsync(app, "Again.")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var team = await TeamAsync(app);
        team.GetProperty("participant").EnumerateArray().Select(p => (p.GetProperty("member").GetProperty("reference").GetString(), p.GetProperty("period").GetProperty("end").GetString()))
            .ShouldBe([($"Practitioner/{Story.Gp}", "2026-12-02"), ($"Practitioner/{Story.SocialWorker}", "2026-12-07")], ignoreOrder: true);
        team.GetProperty("meta").GetProperty("versionId").GetString().ShouldBe("3", "one version for each decision");
        (await app.GetJsonAsync("/v1/coverage?by=place")).GetProperty("total").GetProperty("withLead").GetString().ShouldBe("0");
    }

    [Fact]
    public async Task Lead_OfAnotherPlace_NotRegistered_OrUnknown_IsRefusedByName()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await app.PostFhirAsync("/fhir", Story.Bundle(
            [
                Story.Entry("Organization", "Y99999", """{"resourceType":"Organization","id":"Y99999","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"Y99999"}],"name":"Far","address":[{"district":"Elsewhere"}]}"""),
                Story.Entry("Practitioner", "p-far", """{"resourceType":"Practitioner","id":"p-far","active":true,"name":[{"family":"Far"}]}"""),
                Story.Entry("PractitionerRole", "r-far", """{"resourceType":"PractitionerRole","id":"r-far","practitioner":{"reference":"Practitioner/p-far"},"organization":{"reference":"Organization/Y99999"},"code":[{"coding":[{"system":"http://snomed.info/sct","code":"106328005"}],"text":"Social worker"}]}"""),
                Story.Entry("Practitioner", "p-lapsed", """{"resourceType":"Practitioner","id":"p-lapsed","active":false,"name":[{"family":"Lapsed"}]}"""),
                Story.Entry("PractitionerRole", "r-lapsed", """{"resourceType":"PractitionerRole","id":"r-lapsed","practitioner":{"reference":"Practitioner/p-lapsed"},"organization":{"reference":"Organization/N81019"},"code":[{"coding":[{"system":"http://snomed.info/sct","code":"62247001"}],"text":"General practitioner"}]}"""),
            ]));

        (await RefusalAsync(app, "p-far")).ShouldBe("lead-same-place");
        (await RefusalAsync(app, "p-lapsed")).ShouldBe("lead-registered");
        (await RefusalAsync(app, "nobody")).ShouldBe("lead-registered");
        (await RefusalAsync(app, Story.Left)).ShouldBe("lead-not-left");
        (await app.GetJsonAsync(Lead)).GetProperty("history").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task ProfessionalLeaves_EveryoneTheyLedHasNoLead_AndTheHistorySaysWhy()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await DecideAsync(app, Story.Gp, "Knows her.");

        var early = await app.Client.PostAsJsonAsync($"/v1/professionals/{Story.Gp}/departure", new { lastDay = "2027-01-01", reason = "Retires" });
        var left = await StoryApp.JsonOf(await app.Client.PostAsJsonAsync($"/v1/professionals/{Story.Gp}/departure", new { lastDay = "2026-11-22", reason = "Retires" }));

        early.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        left.GetProperty("people").GetInt32().ShouldBe(1);
        var view = await app.GetJsonAsync(Lead);
        view.GetProperty("history")[0].GetProperty("endReason").GetString().ShouldBe("Left the role: Retires");
    }

    [Fact]
    public async Task NamedGp_IsKeptApartFromTheLead()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await DecideAsync(app, Story.SocialWorker, "Her needs are social.");

        var worker = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/named-gp", new { practitioner = Story.SocialWorker });
        var gp = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/named-gp", new { practitioner = Story.Gp });

        (await StoryApp.JsonOf(worker)).GetProperty("issues")[0].GetProperty("rule").GetString().ShouldBe("named-gp-is-gp");
        gp.StatusCode.ShouldBe(HttpStatusCode.OK, await gp.Content.ReadAsStringAsync());
        (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/named-gp")).EnumerateArray().ShouldHaveSingleItem().GetProperty("practitioner").GetString().ShouldBe(Story.Gp);
        (await app.GetJsonAsync(Lead)).GetProperty("current").GetProperty("practitioner").GetString().ShouldBe(Story.SocialWorker);
        (await TeamAsync(app)).GetProperty("participant").EnumerateArray().Select(p => p.GetProperty("role")[0].GetProperty("coding")[0].GetProperty("code").GetString())
            .ShouldBe(["accountable-lead-professional", "named-gp"]);
    }

    [Fact]
    public async Task Decision_ThatCannotBeStored_LeavesNoHalf()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => app.Client.PutAsJsonAsync(Lead, new { practitioner = i % 2 == 0 ? Story.Gp : Story.SocialWorker, reason = "At the same time." })));

        await using var db = await app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync();
        var records = await db.Leads.Where(l => l.StartDay > 0).ToListAsync();
        records.Count(r => r.State == Care.Storage.Model.LeadState.Confirmed).ShouldBe(1);
        var team = await TeamAsync(app);
        team.GetProperty("participant").GetArrayLength().ShouldBe(records.Count, "the CareTeam tells exactly what the records do");
    }

    internal static async Task DecideAsync(StoryApp app, string practitioner, string reason)
    {
        var response = await app.Client.PutAsJsonAsync(Lead, new { practitioner, reason });
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }

    private static async Task<JsonElement> WishAsync(StoryApp app, object wish)
    {
        var response = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/lead-wish", wish);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        return await StoryApp.JsonOf(response);
    }

    private static async Task<string?> RefusalAsync(StoryApp app, string practitioner)
    {
        var response = await app.Client.PutAsJsonAsync(Lead, new { practitioner, reason = "Tried." });
        response.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        return (await StoryApp.JsonOf(response)).GetProperty("issues")[0].GetProperty("rule").GetString();
    }

    private static Task<HttpResponseMessage> DeleteAsync(StoryApp app, string reason) =>
        app.Client.SendAsync(new HttpRequestMessage(HttpMethod.Delete, Lead) { Content = JsonContent.Create(new { reason }) });

    private static async Task<JsonElement> TeamAsync(StoryApp app) =>
        (await app.GetJsonAsync($"/fhir/CareTeam?patient={Story.Ann}")).GetProperty("entry").EnumerateArray().ShouldHaveSingleItem().GetProperty("resource");
}
