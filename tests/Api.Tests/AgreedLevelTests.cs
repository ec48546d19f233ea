using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BetterCare.Care.Api.Features.Levels;
using BetterCare.Care.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api;

/// <summary>Soft intelligence: the team knows what the model does not.</summary>
public sealed class AgreedLevelTests
{
    private static string Bob => Story.Others.ElementAt(20);

    [Fact]
    public async Task TeamRaisesSomeone_WhoseWifeHasDied_BothLevelsAreShownAndTheReportMovesAtOnce()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var highBefore = await HighRiskAsync(app);

        var set = await SetAsync(app, Bob, 4, "His wife, who cared for him, died last week.", "2027-01-31");

        set.StatusCode.ShouldBe(HttpStatusCode.OK, await set.Content.ReadAsStringAsync());
        var bob = await RowAsync(app, Bob);
        bob.GetProperty("level").GetInt32().ShouldBe(4);
        bob.GetProperty("agreedLevel").GetInt32().ShouldBe(4);
        bob.GetProperty("modelLevel").GetInt32().ShouldBeLessThan(3);
        (await HighRiskAsync(app)).ShouldBe(highBefore + 1);
        var kept = (await HistoryAsync(app, Bob)).ShouldHaveSingleItem();
        kept.GetProperty("reason").GetString().ShouldBe("His wife, who cared for him, died last week.");
        kept.GetProperty("decidedBy").GetString().ShouldBe("demo-user");
        kept.GetProperty("from").GetString().ShouldBe("2026-11-22");
        kept.GetProperty("expires").GetString().ShouldBe("2027-01-31");
    }

    [Fact]
    public async Task TeamChangesItsMind_AndTakesTheLevelBack_TheHistoryTellsAll()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var highBefore = await HighRiskAsync(app);

        await SetAsync(app, Bob, 4, "Fell twice.", "2027-01-31");
        await SetAsync(app, Bob, 3, "Rails are fitted.", "2027-02-28");
        var back = await EndAsync(app, Bob, "Walks well again.");

        back.StatusCode.ShouldBe(HttpStatusCode.OK, await back.Content.ReadAsStringAsync());
        (await StoryApp.JsonOf(back)).TryGetProperty("agreed", out _).ShouldBeFalse();
        (await RowAsync(app, Bob)).TryGetProperty("agreedLevel", out _).ShouldBeFalse();
        (await HighRiskAsync(app)).ShouldBe(highBefore);
        var history = await HistoryAsync(app, Bob);
        history.Select(h => (h.GetProperty("level").GetInt32(), h.GetProperty("endReason").GetString()))
            .ShouldBe([(3, "Walks well again."), (4, "Rails are fitted.")], ignoreOrder: true);
        (await EndAsync(app, Bob, "Again.")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task LevelAgreedUntilSunday_IsGoneOnMonday_FromTheListAndTheReport()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var highBefore = await HighRiskAsync(app);
        await SetAsync(app, Bob, 4, "Fell twice.", "2026-11-29");
        var levels = app.Services.GetRequiredService<AgreedLevels>();

        (await levels.ExpireAsync(new DateOnly(2026, 11, 29), CancellationToken.None)).ShouldBe(0, "the last day counts");
        app.Clock.Now = app.Clock.Now.AddDays(8);
        (await levels.ExpireAsync(new DateOnly(2026, 11, 30), CancellationToken.None)).ShouldBe(1);

        (await RowAsync(app, Bob)).TryGetProperty("agreedLevel", out _).ShouldBeFalse();
        (await HighRiskAsync(app)).ShouldBe(highBefore);
        var kept = (await HistoryAsync(app, Bob)).ShouldHaveSingleItem();
        kept.GetProperty("endReason").GetString().ShouldBe("expired");
        kept.GetProperty("ended").GetString().ShouldBe("2026-11-29");
    }

    [Fact]
    public async Task LevelRunsOut_ThePersonIsOnTheNextAgenda_UntilTheTeamHasLookedAgain()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await SetAsync(app, Bob, 3, "Looked after by a neighbour while his daughter is away.", "2027-01-31");
        (await OnTheAgendaAsync(app, Bob, await Loop.MeetingTests.CallAsync(app, "2026-11-24"))).ShouldNotContain("agreed-level-expiring", "there is time");

        // Three days after the last day; nobody has done anything, and the meeting of that week is called.
        app.Clock.Now = new DateTimeOffset(2027, 2, 3, 8, 0, 0, TimeSpan.Zero);
        await app.Services.GetRequiredService<AgreedLevels>().ExpireAsync(new DateOnly(2027, 2, 3), CancellationToken.None);
        (await RowAsync(app, Bob)).TryGetProperty("agreedLevel", out _).ShouldBeFalse("the model's level counts again");
        var meeting = await Loop.MeetingTests.CallAsync(app, "2027-02-03");
        var bob = (await app.GetJsonAsync($"/v1/mdt-meetings/{meeting}")).GetProperty("agenda").EnumerateArray().Single(p => p.GetProperty("nhsNumber").GetString() == Bob);
        bob.GetProperty("reasons").EnumerateArray().Select(r => r.GetProperty("text").GetString()).ShouldBe(["The level that the team agreed ran out on 31 January 2027."]);
        (await app.GetJsonAsync("/v1/agreed-levels?state=expired")).ToString().ShouldContain(Bob);

        // The team looks at him and agrees a level again; the meeting after has nothing to ask.
        await Loop.MeetingTests.AttendAsync(app, meeting, (Story.Gp, true), (Story.SocialWorker, false));
        await Loop.MeetingTests.OkAsync(await Loop.MeetingTests.DecideAsync(app, meeting, Bob, "agree-level", level: 2, until: "2027-06-01"));
        await Loop.MeetingTests.DeferOthersAsync(app, meeting);
        await Loop.MeetingTests.OkAsync(await app.Client.PostAsync($"/v1/mdt-meetings/{meeting}/close", null));
        app.Clock.Now = app.Clock.Now.AddDays(7);
        (await OnTheAgendaAsync(app, Bob, await Loop.MeetingTests.CallAsync(app, "2027-02-10"))).ShouldBeEmpty();
        (await app.GetJsonAsync("/v1/agreed-levels?state=expired")).ToString().ShouldNotContain(Bob);
    }

    [Fact]
    public async Task NextRun_KeepsALevelThatHolds_AndDropsOneThatHasRunOut()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var highBefore = await HighRiskAsync(app);
        var eve = Story.Others.ElementAt(21);
        await SetAsync(app, Bob, 4, "Fell twice.", "2026-11-29");
        await SetAsync(app, eve, 4, "Her carer is in hospital.", "2027-01-31");
        app.Clock.Now = app.Clock.Now.AddMonths(1);

        await Story.StratifyAsync(app, "2026-12-01");

        (await RowAsync(app, Bob)).TryGetProperty("agreedLevel", out _).ShouldBeFalse();
        (await RowAsync(app, eve)).GetProperty("level").GetInt32().ShouldBe(4);
        (await HighRiskAsync(app)).ShouldBe(highBefore + 1);
        (await HistoryAsync(app, Bob)).ShouldHaveSingleItem().GetProperty("endReason").GetString().ShouldBe("expired");
    }

    [Fact]
    public async Task LevelAgreedBeforeTheFirstRun_IsCountedByIt()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        (await SetAsync(app, Bob, 4, "Fell twice.", "2027-01-31")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await app.Client.GetAsync("/v1/coverage")).StatusCode.ShouldBe(HttpStatusCode.NotFound, "nobody has been counted yet");

        await Story.StratifyAsync(app);

        var bob = await RowAsync(app, Bob);
        bob.GetProperty("level").GetInt32().ShouldBe(4);
        bob.GetProperty("modelLevel").GetInt32().ShouldBeLessThan(4);
    }

    [Fact]
    public async Task RaisedToLevelFour_ThePlanIsDueSooner_AndLacksAContingencyPlan()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var written = await app.Client.PutAsJsonAsync($"/v1/patients/{Bob}/care-plan", Plan());
        (await StoryApp.JsonOf(written)).GetProperty("complete").GetBoolean().ShouldBeTrue(await written.Content.ReadAsStringAsync());
        var dueBefore = (await RowAsync(app, Bob)).GetProperty("reviewDue").GetString();

        await SetAsync(app, Bob, 4, "Fell twice.", "2027-01-31");

        string.CompareOrdinal((await RowAsync(app, Bob)).GetProperty("reviewDue").GetString(), dueBefore).ShouldBeLessThan(0);
        (await CompleteAsync(app)).ShouldBeFalse();
        await EndAsync(app, Bob, "Walks well again.");
        (await RowAsync(app, Bob)).GetProperty("reviewDue").GetString().ShouldBe(dueBefore);
        (await CompleteAsync(app)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(5, "Fell twice.", "2027-01-31", "1 to 4")]
    [InlineData(0, "Fell twice.", "2027-01-31", "1 to 4")]
    [InlineData(4, " ", "2027-01-31", "Say why")]
    [InlineData(4, null, "2027-01-31", "Say why")]
    [InlineData(4, "Fell twice.", "2026-11-21", "until which day")]
    [InlineData(4, "Fell twice.", "2028-11-21", "until which day")]
    [InlineData(4, "Fell twice.", "soon", "expires")]
    public async Task WrongDecision_IsRefusedWithWhatWouldDo(int level, string? reason, string expires, string hint)
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        var response = await SetAsync(app, Bob, level, reason, expires);
        var text = await response.Content.ReadAsStringAsync();

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, text);
        text.ShouldContain(hint);
        text.ShouldNotContain(Bob);
    }

    private static Task<HttpResponseMessage> SetAsync(StoryApp app, string number, int level, string? reason, string expires) =>
        app.Client.PutAsJsonAsync($"/v1/patients/{number}/agreed-level", new { level, reason, expires });

    private static Task<HttpResponseMessage> EndAsync(StoryApp app, string number, string reason) =>
        app.Client.SendAsync(new HttpRequestMessage(HttpMethod.Delete, $"/v1/patients/{number}/agreed-level") { Content = JsonContent.Create(new { reason }) });

    private static async Task<bool> CompleteAsync(StoryApp app)
    {
        await using var db = await app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync();
        return await db.Standings.Where(s => s.PlanVersion > 0).Select(s => s.PlanComplete).SingleAsync();
    }

    private static object Plan() => new
    {
        status = "agreed",
        aboutMe = "Likes to walk the dog.",
        assessmentSummary = "Well, walks with a stick.",
        goals = new[] { new { id = "g1", text = "Walk to the shop" } },
        actions = new[] { new { id = "a1", text = "Strength class", owner = "person", due = "2026-12-15" } },
        preferences = "None stated.",
        lead = Story.Gp,
        leadPhone = "01632 960000",
        contributors = new object[]
        {
            new { professional = Story.Gp, role = "GP", sector = "health", on = "2026-11-20" },
            new { professional = Story.SocialWorker, role = "Social worker", sector = "social-care", on = "2026-11-21" },
        },
        agreement = new { by = "the person", on = "2026-11-21", basis = "person" },
        allergiesNoted = true,
        medicinesNoted = true,
        reviewDue = "2027-11-01",
    };

    private static async Task<List<JsonElement>> HistoryAsync(StoryApp app, string number) =>
        [.. (await app.GetJsonAsync($"/v1/patients/{number}/agreed-levels")).EnumerateArray()];

    private static async Task<JsonElement> RowAsync(StoryApp app, string number) =>
        (await app.GetJsonAsync("/v1/risk-list?count=500")).GetProperty("people").EnumerateArray().Single(p => p.GetProperty("nhsNumber").GetString() == number);

    private static async Task<int> HighRiskAsync(StoryApp app) =>
        int.Parse((await app.GetJsonAsync("/v1/coverage?by=place")).GetProperty("total").GetProperty("highRisk").GetString()!, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Why somebody is on a meeting's agenda; empty: they are not.</summary>
    private static async Task<List<string?>> OnTheAgendaAsync(StoryApp app, string person, string meeting) =>
        [.. (await app.GetJsonAsync($"/v1/mdt-meetings/{meeting}")).GetProperty("agenda").EnumerateArray().Where(p => p.GetProperty("nhsNumber").GetString() == person)
            .SelectMany(p => p.GetProperty("reasons").EnumerateArray()).Select(r => r.GetProperty("kind").GetString())];
}
