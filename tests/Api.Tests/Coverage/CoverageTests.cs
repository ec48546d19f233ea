using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BetterCare.Care.Api.Features.Coverage;
using BetterCare.Care.Api.Security;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Coverage;

/// <summary>A commissioner fills in the template; the team sees its own work in the figures at once.</summary>
public sealed class CoverageTests
{
    private static readonly Caller Commissioner = new("commissioner", new HashSet<Grant> { Grant.ReadCoverage }, null);

    [Fact]
    public async Task TeamConfirmsALead_TheExactAnswerCountsItAtOnce_BySectorAndInEveryBreakdown()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        await LeadAsync(app, Story.Ann, Story.SocialWorker);

        foreach (var by in CoverageGroups.Dimensions.Append("ccg").Append("local-authority"))
        {
            var answer = await app.GetJsonAsync($"/v1/coverage?by={by}");
            Number(answer.GetProperty("total"), "withLead").ShouldBe(1, by);
            Number(answer.GetProperty("total"), "leadInSocialCare").ShouldBe(1, by);
            answer.GetProperty("rows").EnumerateArray().Sum(r => Number(r, "people")).ShouldBe(Number(answer.GetProperty("total"), "people"), by);
            answer.GetProperty("rows").EnumerateArray().Sum(r => Number(r, "highRisk")).ShouldBe(Number(answer.GetProperty("total"), "highRisk"), by);
        }

        (await app.GetJsonAsync("/v1/coverage?by=icb")).GetProperty("rows")[0].GetProperty("group").GetString().ShouldBe("NHS Cheshire and Merseyside ICB");
    }

    [Fact]
    public async Task PersonWhoCameAfterTheLastRun_IsDecidedAbout_NobodyIsCountedTwiceOrLost()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var before = (await app.GetJsonAsync("/v1/coverage?by=place")).GetProperty("total");
        const string newcomer = "9990001626";
        var posted = await app.PostFhirAsync("/fhir", Story.Bundle([Story.Patient(newcomer, "1950-01-01", "Newcomer")]));
        posted.StatusCode.ShouldBe(HttpStatusCode.OK, await posted.Content.ReadAsStringAsync());

        await app.Client.PutAsJsonAsync($"/v1/patients/{newcomer}/agreed-level", new { level = 4, reason = "Just out of hospital.", expires = "2027-01-31" });

        var after = (await app.GetJsonAsync("/v1/coverage?by=place")).GetProperty("total");
        Number(after, "people").ShouldBe(Number(before, "people") + 1);
        Number(after, "highRisk").ShouldBe(Number(before, "highRisk") + 1);
        (await app.GetJsonAsync("/v1/coverage?by=age")).GetProperty("rows").EnumerateArray().ShouldAllBe(r => Number(r, "people") > 0);

        await Story.StratifyAsync(app);

        var run = (await app.GetJsonAsync("/v1/coverage?by=place")).GetProperty("total");
        Number(run, "people").ShouldBe(Number(after, "people"), "the run counts the same people");
        Number(run, "highRisk").ShouldBeGreaterThanOrEqualTo(Number(before, "highRisk"));
    }

    [Fact]
    public async Task ModelAndTeamDisagree_BothAnswersAreToBeHad()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var model = Number((await app.GetJsonAsync("/v1/coverage?basis=model")).GetProperty("total"), "highRisk");

        await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Others.ElementAt(20)}/agreed-level", new { level = 4, reason = "Fell twice.", expires = "2027-01-31" });

        Number((await app.GetJsonAsync("/v1/coverage")).GetProperty("total"), "highRisk").ShouldBe(model + 1);
        Number((await app.GetJsonAsync("/v1/coverage?basis=model")).GetProperty("total"), "highRisk").ShouldBe(model);
    }

    [Fact]
    public async Task ReviewIsMissed_ThePlanNoLongerCounts_AndIsToldAsOverdue()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await LeadAsync(app, Story.Ann, Story.Gp);
        await PlanAsync(app, Story.Ann, "2026-12-20");
        Number((await app.GetJsonAsync("/v1/coverage")).GetProperty("total"), "withPlan").ShouldBe(1);

        app.Clock.Now = new DateTimeOffset(2026, 12, 21, 1, 0, 0, TimeSpan.Zero);
        await UpkeepAsync(app);

        var total = (await app.GetJsonAsync("/v1/coverage")).GetProperty("total");
        (Number(total, "withPlan"), Number(total, "planOverdue"), Number(total, "withLead")).ShouldBe((0, 1, 1));
        var november = (await app.GetJsonAsync("/v1/coverage?month=2026-11")).GetProperty("total");
        (Number(november, "withPlan"), Number(november, "planOverdue")).ShouldBe((1, 0), "as it stood then");
        var trend = (await app.GetJsonAsync("/v1/coverage/months")).GetProperty("months");
        trend.EnumerateArray().Select(m => (m.GetProperty("month").GetString(), m.GetProperty("figures").GetProperty("withPlan").GetString()))
            .ShouldBe([("2026-11", "1"), ("2026-12", "0")]);
    }

    [Fact]
    public async Task PersonDies_IsNoLongerCounted()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await UpkeepAsync(app);
        var before = (await app.GetJsonAsync("/v1/coverage")).GetProperty("total");
        app.Clock.Now = app.Clock.Now.AddMinutes(5);

        var dead = Story.Patient(Story.Ann, "1936-04-02", "Archer").Replace("\"birthDate\"", "\"deceasedDateTime\":\"2026-11-22\",\"birthDate\"", StringComparison.Ordinal);
        (await app.PostFhirAsync("/fhir", Story.Bundle([dead]))).StatusCode.ShouldBe(HttpStatusCode.OK);
        await UpkeepAsync(app);

        var after = (await app.GetJsonAsync("/v1/coverage")).GetProperty("total");
        Number(after, "people").ShouldBe(Number(before, "people") - 1);
        Number(after, "highRisk").ShouldBe(Number(before, "highRisk") - 1);
    }

    [Fact]
    public async Task Commissioner_SeesOneRelease_ThatStaysUntilTheMonthIsOver()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var questions = app.Services.GetRequiredService<CoverageQuestions>();
        var opening = (await questions.AnswerAsync(new CoverageAsk("place"), Commissioner, false, default)).Value;

        await LeadAsync(app, Story.Ann, Story.Gp);

        (opening.Exact, opening.StandsFor, opening.Total.HighRisk).ShouldBe((false, "2026-11-22", "*"));
        opening.Total.WithLead.ShouldBe("0");
        app.Clock.Now = app.Clock.Now.AddDays(3);
        (await questions.AnswerAsync(new CoverageAsk("place"), Commissioner, false, default)).Value.ShouldBeEquivalentTo(opening, "a figure read every day would tell on which day it moved");

        app.Clock.Now = new DateTimeOffset(2026, 12, 2, 9, 0, 0, TimeSpan.Zero);
        var december = (await questions.AnswerAsync(new CoverageAsk("place"), Commissioner, false, default)).Value;
        (december.Month, december.StandsFor, december.Total.WithLead).ShouldBe(("2026-11", "2026-11-30", "*"));
        (await questions.AnswerAsync(new CoverageAsk("place", 202612), Commissioner, false, default)).Error.ShouldNotBeNull("the month is not over");
        (await questions.AnswerAsync(new CoverageAsk("place", 202610), Commissioner, false, default)).Error.ShouldNotBeNull("nobody was counted then");
        var (trend, whole) = (await questions.TrendAsync(false, Commissioner, false, default), await questions.TrendAsync(true, Commissioner, false, default));
        trend.Months.ShouldHaveSingleItem().Figures.HighRisk.ShouldBe("*");
        whole.Months.ShouldHaveSingleItem().Month.ShouldBe("2026-11");
    }

    [Fact]
    public async Task CommissionerOfSomePractices_SeesTheirRowsOfTheRelease_AndNothingMadeForThem()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var questions = app.Services.GetRequiredService<CoverageQuestions>();
        var some = Commissioner with { Practices = new HashSet<string> { "N81019" } };
        var other = Commissioner with { Practices = new HashSet<string> { "N81072" } };

        (await questions.AnswerAsync(new CoverageAsk("practice"), some, false, default)).Value.Rows.ShouldHaveSingleItem().Group.ShouldStartWith("N81019");
        (await questions.AnswerAsync(new CoverageAsk("practice"), other, false, default)).Value.Rows.ShouldBeEmpty();
        (await questions.AnswerAsync(new CoverageAsk("age"), some, false, default)).Error.ShouldNotBeNull();
        (await questions.AnswerAsync(new CoverageAsk("practice", ByModel: true), Commissioner, false, default)).Error.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("population=children", "whole-list")]
    [InlineData("basis=guess", "in-force")]
    [InlineData("figures=all", "published")]
    [InlineData("month=2026-1", "yyyy-MM")]
    [InlineData("by=planet", "practice")]
    public async Task WrongQuestion_IsRefusedWithWhatWouldDo(string query, string hint)
    {
        await using var app = await StoryApp.StartAsync();

        var response = await app.Client.GetAsync($"/v1/coverage?{query}");

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync()).ShouldContain(hint);
    }

    internal static async Task UpkeepAsync(StoryApp app)
    {
        var upkeep = app.Services.GetServices<BetterCare.Care.Api.Jobs.IUpkeep>().OfType<CoverageUpkeep>().Single();
        await upkeep.RunAsync(CancellationToken.None);
    }

    internal static async Task LeadAsync(StoryApp app, string number, string lead)
    {
        var response = await app.Client.PutAsJsonAsync($"/v1/patients/{number}/lead-professional", new { practitioner = lead, reason = "Knows her." });
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }

    internal static async Task PlanAsync(StoryApp app, string number, string reviewDue)
    {
        var response = await app.Client.PutAsJsonAsync($"/v1/patients/{number}/care-plan", new
        {
            status = "agreed",
            aboutMe = "Likes to walk the dog.",
            assessmentSummary = "Frail, walks with a frame.",
            goals = new[] { new { id = "g1", text = "Walk to the shop" } },
            actions = new[] { new { id = "a1", text = "Strength class", owner = Story.Gp, due = "2026-12-15" } },
            preferences = "None stated.",
            lead = Story.Gp,
            leadPhone = "01632 960000",
            contributors = new object[]
            {
                new { professional = Story.Gp, role = "GP", sector = "health", on = "2026-11-20" },
                new { professional = Story.SocialWorker, role = "Social worker", sector = "social-care", on = "2026-11-21" },
            },
            agreement = new { by = "the person", on = "2026-11-21", basis = "person" },
            contingency = new { steps = new[] { new { trigger = "More breathless", action = "Rescue pack", contact = "01632 960001" } } },
            allergiesNoted = true,
            medicinesNoted = true,
            reviewDue,
        });
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }

    private static int Number(JsonElement row, string name) => int.Parse(row.GetProperty(name).GetString()!, System.Globalization.CultureInfo.InvariantCulture);
}
