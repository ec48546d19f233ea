namespace BetterCare.Care.Tests.Api;

/// <summary>
/// The main story and what is decided in it, on PostgreSQL. (Every story runs there with CARE_TEST_STORIES=postgres; that
/// takes too long for each run of the tests.)
/// </summary>
public sealed class PostgresStoryTests
{
    public PostgresStoryTests() => StoryApp.UsePostgres();

    [Fact]
    public Task OnePerson_FromFirstPostToTheNationalCondition() => new MainJobTests().OnePerson_FromFirstPostToTheNationalCondition();

    [Fact]
    public Task AuditEvents_OfAPerson_PageByLinksThatNameNobody() => new AuditTests().AuditEvents_OfAPerson_PageByLinksThatNameNobody();

    [Fact]
    public Task RiskList_EveryOrderAndFilter_AcrossPages() => new Models.RiskListOrderTests().EveryOrderAndFilter_HoldsWhomItShould_AcrossPagesOfEqualNames();

    [Fact]
    public Task Worklist_EveryFilter_InPages() => new Loop.WorklistAgreementTests().EveryFilter_FindsWhomTheRuleFinds_InPages();

    [Fact]
    public async Task OptOutList_Applied_HidesByPurpose()
    {
        var app = new Access.OptOutApp();
        await app.InitializeAsync();
        await using var ended = app;
        var stories = new Access.OptOutTests(app);

        await stories.OptOutList_Applied_HidesByPurpose_UntilTheNumberIsOffIt("type-1-opt-out", "CAREMGT", true);
        await stories.TypeOneOptOut_WithdrawnByALaterRecord_HidesNoMore("CAREMGT", "mdt", false, true);
        await stories.RestrictedRecord_TellsNothingOfRelativesProfessionalsAndPlaces_InAnyShape();
    }
}
