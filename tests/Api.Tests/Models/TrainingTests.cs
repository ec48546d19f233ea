using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Models;

/// <summary>Training, evaluation and comparison in the background, and what they refuse.</summary>
public sealed class TrainingTests
{
    [Theory]
    [InlineData("""{"kind":"forest","indexDate":"2025-11-01"}""", "logistic or ebm")]
    [InlineData("""{"kind":"ebm"}""", "yyyy-MM-dd")]
    [InlineData("""{"kind":"ebm","indexDate":"2027-01-01"}""", "not over")]
    [InlineData("""{"kind":"ebm","indexDate":"2026-01-01"}""", "latest index date that can be learnt from is 2025-11-22")]
    [InlineData("""{"kind":"ebm","indexDate":"2025-11-01","outcome":"death"}""", "emergency-admission-12m")]
    [InlineData("""{"kind":"ebm","indexDate":"2025-11-01","id":"no spaces"}""", "letters, digits")]
    public async Task Training_WrongRequest_IsRefusedWithWhatWouldDo(string body, string hint)
    {
        await using var app = await StoryApp.StartAsync();

        var response = await app.PostFhirAsync("/v1/model-trainings", body, "application/json");
        var text = await response.Content.ReadAsStringAsync();

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, text);
        text.ShouldContain(hint);
    }

    [Theory]
    [InlineData("2025-11-01", "at least 100 people with the outcome")]
    [InlineData("2023-01-01", "before the data, which begins on 2024-01-10")]
    public async Task Training_DataThatCannotCarryAModel_FailsWithWhatWouldDo(string indexDate, string hint)
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        var visit = $$$"""{"resourceType":"Encounter","id":"last","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{{{Story.Others.First()}}}"},"period":{"start":"2026-11-20","end":"2026-11-20"}}""";
        await app.PostFhirAsync("/fhir", Story.Bundle([Story.Entry("Encounter", "last", visit)]));

        var training = await app.DoAsync("/v1/model-trainings", new { kind = "logistic", indexDate });

        training.GetProperty("status").GetString().ShouldBe("failed");
        training.GetProperty("message").GetString()!.ShouldContain(hint);
        (await app.GetJsonAsync("/v1/models")).GetArrayLength().ShouldBe(2, "only those that ship");
    }

    [Fact]
    public async Task Training_Cancelled_KeepsNothing_AndAskedAgainIsDone()
    {
        await using var app = await Cohort.StartAsync();

        // The first keeps the worker busy; the second is cancelled while it waits or runs.
        var first = await app.Client.PostAsJsonAsync("/v1/model-trainings", new { kind = "logistic", indexDate = Cohort.Learnt, id = "first" });
        var body = new { kind = "logistic", indexDate = Cohort.Learnt, id = "second", version = "1" };
        var second = (await app.Client.PostAsJsonAsync("/v1/model-trainings", body)).Headers.Location!.ToString();
        var same = (await app.Client.PostAsJsonAsync("/v1/model-trainings", body)).Headers.Location!.ToString();
        var cancelled = await app.Client.DeleteAsync(second);

        same.ShouldBe(second, "the same request twice is one training");
        cancelled.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await app.FinishedAsync(first.Headers.Location!.ToString())).GetProperty("status").GetString().ShouldBe("completed");
        (await app.GetJsonAsync(second)).GetProperty("status").GetString().ShouldBe("cancelled");
        (await app.Client.DeleteAsync(first.Headers.Location!.ToString())).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await app.Client.GetAsync("/v1/models/second/1")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await app.DoAsync("/v1/model-trainings", body)).GetProperty("status").GetString().ShouldBe("completed");
    }

    [Fact]
    public async Task Evaluation_OfARun_TellsFiguresDriftAndPage()
    {
        await using var app = await Cohort.StartAsync();
        var run = await Story.StratifyAsync(app, Cohort.Learnt);

        var status = await app.DoAsync("/v1/model-evaluations", new { runId = run.GetProperty("runId").GetInt32(), driftFrom = "2024-11-01" });

        status.GetProperty("status").GetString().ShouldBe("completed", status.ToString());
        var result = status.GetProperty("result");
        result.GetProperty("model").GetString().ShouldBe("synthetic-logistic 1.0.0");
        var auroc = result.GetProperty("evaluation").GetProperty("auroc");
        auroc.GetProperty("value").GetDouble().ShouldBeInRange(0.6, 0.9);
        auroc.GetProperty("low").GetDouble().ShouldBeLessThan(auroc.GetProperty("value").GetDouble());
        result.GetProperty("evaluation").GetProperty("groups").EnumerateArray().Select(g => g.GetProperty("dimension").GetString()).Distinct().Count().ShouldBe(4);
        result.GetProperty("drift")[0].GetProperty("reading").GetString().ShouldNotBeEmpty();
        var page = await app.Client.GetStringAsync(status.GetProperty("page").GetString());
        page.ShouldContain("<svg");
        page.ShouldContain("How far predictors have moved");
        var line = (await app.GetJsonAsync("/v1/model-evaluations"))[0];
        line.GetProperty("auroc").GetDouble().ShouldBe(auroc.GetProperty("value").GetDouble());
        line.GetProperty("runId").GetInt32().ShouldBe(1);
    }

    [Theory]
    [InlineData("""{"model":"none","indexDate":"2025-11-01"}""", 404, "/v1/models")]
    [InlineData("""{"runId":7}""", 404, "run")]
    [InlineData("""{"runId":7,"model":"starting-values"}""", 400, "runId alone")]
    [InlineData("""{"indexDate":"2026-11-01"}""", 400, "not over")]
    [InlineData("""{"indexDate":"2025-11-01","driftFrom":"2025-11-01"}""", 400, "before the index date")]
    public async Task Evaluation_WrongRequest_IsRefusedWithWhatWouldDo(string body, int status, string hint)
    {
        await using var app = await StoryApp.StartAsync();

        var response = await app.PostFhirAsync("/v1/model-evaluations", body, "application/json");
        var text = await response.Content.ReadAsStringAsync();

        ((int)response.StatusCode).ShouldBe(status, text);
        text.ShouldContain(hint);
    }

    [Fact]
    public async Task Comparison_OfThoseWithAPlan_IsMatched_AndSaysWhatItCannotShow()
    {
        await using var app = await Cohort.StartAsync();
        var nobody = await app.DoAsync("/v1/matched-comparisons", new { landmark = Cohort.Learnt });
        nobody.GetProperty("status").GetString().ShouldBe("failed");
        nobody.GetProperty("message").GetString()!.ShouldContain("too few");
        await GivePlansAsync(app, everyNth: 40);

        var comparison = await app.DoAsync("/v1/matched-comparisons", new { landmark = Cohort.Learnt, windowDays = 60 });

        comparison.GetProperty("status").GetString().ShouldBe("completed", comparison.ToString());
        var result = comparison.GetProperty("result");
        result.GetProperty("pairs").GetInt32().ShouldBeInRange(10, result.GetProperty("treated").GetInt32());
        var difference = result.GetProperty("difference");
        difference.GetProperty("low").GetDouble().ShouldBeLessThan(0, "the plans are invented: no effect lies outside chance");
        difference.GetProperty("high").GetDouble().ShouldBeGreaterThan(0);
        result.GetProperty("caution").GetString()!.ShouldContain("PRISM");
    }

    private static async Task GivePlansAsync(StoryApp app, int everyNth)
    {
        var agreed = new DateOnly(2025, 10, 1);
        var plan = JsonSerializer.Serialize(
            new JointCarePlan
            {
                Status = PlanStatus.Agreed,
                Contributors = [new PlanContributor("a", "GP", Sector.Health, agreed), new PlanContributor("b", "Social worker", Sector.SocialCare, agreed)],
                Agreement = new PlanAgreement("the person", agreed, AgreementBasis.Person),
            },
            PutCarePlan.Json);
        await using var db = await app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync();
        foreach (var key in (await db.Patients.Select(p => p.PatientKey).ToListAsync()).Where(k => k % everyNth == 0))
        {
            db.CarePlans.Add(new CarePlanVersion { PatientKey = key, Version = 1, Plan = plan, WrittenBy = "test", WrittenAt = new DateTimeOffset(agreed, new TimeOnly(9, 0), TimeSpan.Zero).ToUnixTimeMilliseconds() });
        }

        await db.SaveChangesAsync();
    }
}
