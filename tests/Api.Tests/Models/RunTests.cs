using System.Net;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Api.Features.Runs;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Models;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Models;

/// <summary>Runs: repeatable, resumable, never half; policies; who left and who was left out.</summary>
public sealed class RunTests
{
    [Fact]
    public async Task Run_KilledHalfway_IsNeverReadable_AndItsSuccessorGivesTheSameBytes()
    {
        await using var app = await Cohort.StartAsync(600);
        var whole = await Story.StratifyAsync(app);
        await using var db = await app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync();

        // What kill -9 leaves behind: a job and a run under way, nothing else, for scores come with the last commit only.
        var killed = new Job { Id = "killed", Kind = StratificationJobs.Kind, Status = JobStatus.Running, Request = JsonSerializer.Serialize(new RunRequest("2026-11-01", "prism", null), JsonSerializerOptions.Web), Fingerprint = "", RequestedBy = "x", Total = 600 };
        db.Jobs.Add(killed);
        db.Runs.Add(new StratificationRun { RunId = 2, JobId = "killed", IndexDay = 1, ModelId = "half", ModelVersion = "1", Model = Encoding.UTF8.GetString(ModelDocument.Shipped("starting-values").ToJson()), Policy = "{}", Status = JobStatus.Running, PreviousRunId = 1 });
        await db.SaveChangesAsync();
        (await app.GetJsonAsync("/v1/risk-list?count=1")).GetProperty("runId").GetInt32().ShouldBe(1);

        app.Services.GetRequiredService<JobQueue>().Enqueue("killed");
        var again = await app.FinishedAsync("/v1/stratification-runs/killed");

        again.GetProperty("status").GetString().ShouldBe("completed", again.ToString());
        again.GetProperty("fingerprint").GetString().ShouldBe(whole.GetProperty("fingerprint").GetString());
        again.GetProperty("stability").GetDouble().ShouldBe(0, 1e-9);
        again.GetProperty("changes").GetProperty("none").GetInt32().ShouldBe(whole.GetProperty("people").GetInt32());
        var runs = await app.GetJsonAsync("/v1/stratification-runs");
        runs.GetArrayLength().ShouldBe(2);
        (await db.Runs.AsNoTracking().CountAsync()).ShouldBe(2);
    }

    [Fact]
    public async Task Run_TakenUpElsewhereMeanwhile_KeepsNothingOfItsOwn()
    {
        await using var app = await Cohort.StartAsync(600);
        var jobs = app.Services.GetRequiredService<StratificationJobs>();
        var id = (await jobs.CreateAsync(new RunRequest("2026-11-01", "prism", null), "x", CancellationToken.None)).Value;
        var factory = app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>();

        // Between scoring and storing, another process begins the same job anew.
        var elsewhere = new Meanwhile(() =>
        {
            using var db = factory.CreateDbContext();
            db.Runs.Where(r => r.JobId == id).ExecuteUpdate(s => s.SetProperty(r => r.CreatedAt, 1));
        });
        await Should.ThrowAsync<OperationCanceledException>(() => jobs.RunAsync(id, elsewhere, CancellationToken.None));

        await using var after = await factory.CreateDbContextAsync();
        (await after.RiskScores.CountAsync()).ShouldBe(0);
        (await after.Runs.SingleAsync()).CreatedAt.ShouldBe(1, "the other's attempt is left alone");
        (await after.Jobs.SingleAsync(j => j.Id == id)).Status.ShouldBe(JobStatus.Running);
    }

    [Fact]
    public async Task SecondRun_CountsAndListsThoseWhoLeft_AndCountsTheLeftOutByReason()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app, "2026-02-01");
        var gone = Story.Others.First();
        var patient = $$$"""{"resourceType":"Patient","id":"{{{gone}}}","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{{{gone}}}"}],"birthDate":"1960-06-15","deceasedDateTime":"2026-05-05"}""";
        (await app.PostFhirAsync("/fhir", Story.Bundle([Story.Entry("Patient", gone, patient)]))).StatusCode.ShouldBe(HttpStatusCode.OK);

        var second = await Story.StratifyAsync(app);

        second.GetProperty("changes").GetProperty("left").GetInt32().ShouldBe(1);
        second.GetProperty("excluded").GetProperty("deceased").GetInt32().ShouldBe(1);
        second.GetProperty("levels").EnumerateArray().Sum(l => l.GetProperty("people").GetInt32()).ShouldBe(second.GetProperty("people").GetInt32());
        var left = (await app.GetJsonAsync("/v1/risk-list/left")).GetProperty("people");
        left.GetArrayLength().ShouldBe(1);
        left[0].GetProperty("nhsNumber").GetString().ShouldBe(gone);
        left[0].GetProperty("reason").GetString().ShouldBe("deceased");
        (await app.Client.GetAsync("/v1/risk-list/left?cursor=zzz")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("\"policy\":\"prism\"")]
    [InlineData("\"policy\":\"combined-model\"")]
    [InlineData("\"tiers\":{\"rule\":\"share\",\"level4\":0.005,\"level3\":0.05,\"level2\":0.2}")]
    public async Task Policy_ByShare_TakesTheTopOfThePopulation(string policy)
    {
        await using var app = await Cohort.StartAsync(680);

        var (people, levels) = await RunAsync(app, policy);

        levels[4].ShouldBe((int)Math.Floor((0.005 * people) + 0.5));
        (levels[4] + levels[3]).ShouldBe((int)Math.Floor((0.05 * people) + 0.5));
        levels.Values.Sum().ShouldBe(people);
    }

    [Fact]
    public async Task Policy_OfTheHaltonPlan_RanksPeopleWithLongTermConditionsOnly()
    {
        await using var app = await Cohort.StartAsync(680);

        var (people, levels) = await RunAsync(app, "\"policy\":\"halton-2014\"");

        var withCondition = people - levels[1];
        levels[4].ShouldBe((int)Math.Floor((0.05 * withCondition) + 0.5));
        (levels[4] + levels[3]).ShouldBe((int)Math.Floor((0.25 * withCondition) + 0.5));
    }

    [Fact]
    public async Task Policy_ByProbability_TakesWhoeverIsAboveTheBand()
    {
        await using var app = await Cohort.StartAsync(680);

        var (_, levels) = await RunAsync(app, "\"policy\":\"emis-qadmissions-bands\"");

        var top = (await app.GetJsonAsync("/v1/risk-list?count=500")).GetProperty("people").EnumerateArray().ToList();
        top.Count(p => p.GetProperty("percent").GetDouble() >= 28).ShouldBeInRange(levels[4] - 1, levels[4] + 1, "percent is rounded");
    }

    [Fact]
    public async Task Policy_ByCapacity_FillsTheTeams_AndEachPracticesTeamWhereAsked()
    {
        await using var app = await Cohort.StartAsync(680);

        var (_, levels) = await RunAsync(app, "\"tiers\":{\"rule\":\"capacity\",\"level4\":10,\"level3\":20,\"level2\":30}");
        await RunAsync(app, "\"tiers\":{\"rule\":\"capacity\",\"level4\":1,\"level3\":2,\"level2\":3,\"eachPractice\":true}");

        levels[4].ShouldBe(10);
        levels[3].ShouldBe(20);
        levels[2].ShouldBe(30);
        await using var db = await app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync();
        var practices = await db.RiskScores.Where(s => s.RunId == 2).GroupBy(s => s.PracticeCode).Select(g => g.Count(s => s.Level == 4)).ToListAsync();
        practices.Count.ShouldBeGreaterThan(1);
        practices.ShouldAllBe(top => top == 1);
    }

    [Theory]
    [InlineData("""{"rule":"share","level4":0.05,"level3":0.01,"level2":0.2}""", "overlap")]
    [InlineData("""{"rule":"probability","level4":0.1,"level3":0.5,"level2":0.05}""", "overlap")]
    [InlineData("""{"rule":"probability","level4":50,"level3":20,"level2":10}""", "not percent")]
    [InlineData("""{"rule":"capacity","level4":-1,"level3":2,"level2":3}""", "whole numbers")]
    [InlineData("""{"rule":"capacity","level4":1.5,"level3":2,"level2":3}""", "whole numbers")]
    [InlineData("""{"rule":"horoscope","level4":1,"level3":2,"level2":3}""", "tiers.rule")]
    public async Task Tiers_ThatOverlapOrMakeNoSense_AreRefusedWithWhatWouldDo(string tiers, string hint)
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        var response = await app.PostFhirAsync("/v1/stratification-runs", $$"""{"indexDate":"2026-11-01","tiers":{{tiers}}}""", "application/json");
        var text = await response.Content.ReadAsStringAsync();

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, text);
        text.ShouldContain(hint);
    }

    private static async Task<(int People, Dictionary<int, int> Levels)> RunAsync(StoryApp app, string policy)
    {
        var accepted = await app.PostFhirAsync("/v1/stratification-runs", $"{{\"indexDate\":\"2026-11-01\",{policy}}}", "application/json");
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
        var run = await app.FinishedAsync(accepted.Headers.Location!.ToString());
        run.GetProperty("status").GetString().ShouldBe("completed", run.ToString());
        return (run.GetProperty("people").GetInt32(), run.GetProperty("levels").EnumerateArray().ToDictionary(l => l.GetProperty("level").GetInt32(), l => l.GetProperty("people").GetInt32()));
    }

    private sealed class Meanwhile(Action act) : IProgress<double>
    {
        private bool _done;

        public void Report(double value)
        {
            if (!_done)
            {
                _done = true;
                act();
            }
        }
    }
}
