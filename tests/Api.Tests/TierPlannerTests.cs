using System.Net;

namespace BetterCare.Care.Tests.Api;

/// <summary>How many people can we look after, and what would that prevent? Asked before anybody moves a cut.</summary>
public sealed class TierPlannerTests
{
    [Fact]
    public async Task PlannerAsksInFourWays_TheSameCutGivesTheSameAnswer()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var percents = (await app.GetJsonAsync("/v1/risk-list?count=500")).GetProperty("people").EnumerateArray().Select(p => p.GetProperty("percent").GetDouble()).ToList();

        var byPeople = await app.GetJsonAsync("/v1/tier-planner?people=1&hoursPerPerson=20");

        byPeople.GetProperty("population").GetInt32().ShouldBe(percents.Count);
        byPeople.GetProperty("people").GetInt32().ShouldBe(1);
        byPeople.GetProperty("indexDate").GetString().ShouldBe("2026-11-01");
        byPeople.GetProperty("expectedAdmissions").GetDouble().ShouldBe(percents[0] / 100, 0.001);
        byPeople.GetProperty("positivePredictiveValue").GetDouble().ShouldBe(percents[0] / 100, 0.001);
        byPeople.GetProperty("sensitivity").GetDouble().ShouldBe(percents[0] / percents.Sum(), 0.02);
        byPeople.GetProperty("staffHours").GetDouble().ShouldBe(20);
        foreach (var same in new[] { "share=0.0164", $"probability={byPeople.GetProperty("threshold").GetRawText()}", "hours=39" })
        {
            var answer = await app.GetJsonAsync($"/v1/tier-planner?{same}&hoursPerPerson=20");
            answer.ToString().ShouldBe(byPeople.ToString(), same);
        }

        (await app.GetJsonAsync("/v1/tier-planner?people=100000")).GetProperty("sensitivity").GetDouble().ShouldBe(1, 1e-9);
        (await app.GetJsonAsync("/v1/tier-planner?people=1")).TryGetProperty("staffHours", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task NextRun_IsAnsweredFromItself()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app, "2026-02-01");
        var first = await app.GetJsonAsync("/v1/tier-planner?people=1");

        await Story.StratifyAsync(app);
        var second = await app.GetJsonAsync("/v1/tier-planner?people=1");

        second.GetProperty("runId").GetInt32().ShouldBeGreaterThan(first.GetProperty("runId").GetInt32());
        second.GetProperty("expectedAdmissions").GetDouble().ShouldBeGreaterThan(first.GetProperty("expectedAdmissions").GetDouble(), "Ann has been admitted four times since");
    }

    [Theory]
    [InlineData("", "one way")]
    [InlineData("?people=5&share=0.1", "one way")]
    [InlineData("?hoursPerPerson=20", "one way")]
    [InlineData("?people=-1", "0 or more")]
    [InlineData("?share=5", "0 to 1")]
    [InlineData("?share=NaN", "0 to 1")]
    [InlineData("?probability=30", "not percent")]
    [InlineData("?hours=8000", "hoursPerPerson=20")]
    [InlineData("?hours=8000&hoursPerPerson=0", "above 0")]
    [InlineData("?hours=-1&hoursPerPerson=20", "0 or more")]
    [InlineData("?people=many", "parameters")]
    public async Task WrongCut_IsRefusedWithWhatWouldDo(string query, string hint)
    {
        await using var app = await StoryApp.StartAsync();

        var response = await app.Client.GetAsync($"/v1/tier-planner{query}");
        var text = await response.Content.ReadAsStringAsync();

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, text);
        text.ShouldContain(hint);
    }

    [Fact]
    public async Task BeforeTheFirstRun_SaysHowToStartOne()
    {
        await using var app = await StoryApp.StartAsync();

        var response = await app.Client.GetAsync("/v1/tier-planner?people=5");

        response.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await response.Content.ReadAsStringAsync()).ShouldContain("/v1/stratification-runs");
    }
}
