using System.Net;
using System.Net.Http.Json;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Audit;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api;

/// <summary>Who saw whom: whatever is done to people's data leaves a row, whether its author thought of it or not.</summary>
public sealed class AuditTests
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

    private static async Task<List<AuditRecord>> AllAsync(StoryApp app) =>
        await app.Services.GetRequiredService<AuditStore>().FindAsync(new AuditFilter(), null, Ct).ToListAsync(Ct);

    private static async Task<long> KeyAsync(StoryApp app)
    {
        NhsNumber.TryParse(Story.Ann, out var number).ShouldBeTrue();
        return (await app.Services.GetRequiredService<BetterCare.Care.Storage.Resources.Directories>().FindAsync(number, Ct))!.Value;
    }
}
