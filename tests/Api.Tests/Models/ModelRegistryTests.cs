using System.Net;
using System.Net.Http.Json;
using System.Text;
using BetterCare.Care.Api.Features.Models;
using BetterCare.Care.Stratification.Models;

namespace BetterCare.Care.Tests.Api.Models;

/// <summary>No model comes into use without two named people, and none is replaced in silence.</summary>
public sealed class ModelRegistryTests
{
    private const string Table = "feature,form,from,to,coefficient\nintercept,,,,-4\nage,Hinge,65,,0.05\nemerg_adm_0_12m,AtLeast,1,,0.8\n";

    [Fact]
    public async Task Model_FromTrainingToRun_TakesTwoPeople()
    {
        await using var app = await Cohort.StartAsync();

        // Until a place has its own, the shipped model is in force and says what it is.
        var first = await Story.StratifyAsync(app);
        first.GetProperty("model").GetString().ShouldBe("synthetic-logistic");
        first.GetProperty("note").GetString()!.ShouldContain("invented people");

        var training = await app.DoAsync("/v1/model-trainings", new { kind = "logistic", indexDate = Cohort.Learnt, id = "halton" });
        training.GetProperty("status").GetString().ShouldBe("completed", training.ToString());
        var path = training.GetProperty("model").GetString()!;
        path.ShouldBe("/v1/models/halton/1.0.0");
        var card = (await app.GetJsonAsync(path)).GetProperty("card");
        card.GetProperty("people").GetInt32().ShouldBeGreaterThan(1000);
        card.GetProperty("performance").GetProperty("auroc").GetDouble().ShouldBeGreaterThan(0.6);
        (await app.Client.GetStringAsync(path + "/card")).ShouldContain("Approved by**: nobody yet");

        // The one who trained it can neither review nor activate it; and nobody can activate what nobody has reviewed.
        var own = await app.Client.PostAsJsonAsync(path + "/reviews", new { recommend = true, comment = "Mine, so it is good." });
        own.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await app.AsAsync("Dr Shah", new ActivateModel.Command("halton", "1.0.0", "Go"))).Error!.Detail.ShouldContain("reviewed first");
        (await app.AsAsync("Dr Shah", new ReviewModel.Command("halton", "1.0.0", false, "Calibration by sex is missing."))).Error.ShouldBeNull();
        (await app.AsAsync("Dr Lee", new ActivateModel.Command("halton", "1.0.0", "Go"))).Error!.Detail.ShouldContain("objection");
        (await app.AsAsync("Dr Shah", new ReviewModel.Command("halton", "1.0.0", true, "Seen, and sound."))).Error.ShouldBeNull();
        (await app.Client.PostAsJsonAsync(path + "/activation", new { comment = "Go" })).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await app.AsAsync("Dr Shah", new ActivateModel.Command("halton", "1.0.0", "Board of 20 November"))).Value.State.ShouldBe("active");

        var second = await Story.StratifyAsync(app);
        second.GetProperty("model").GetString().ShouldBe("halton");
        second.GetProperty("stability").GetDouble().ShouldBeGreaterThan(0);
        (await app.GetJsonAsync("/v1/risk-list?count=1")).GetProperty("note").GetString()!.ShouldContain("people of this database");
        (await app.Client.GetStringAsync(path + "/card")).ShouldContain("Approved by**: Dr Shah");

        // Its successor retires it, and both keep their history.
        await app.AsAsync("Dr Lee", new ProposeModel.Command(Encoding.UTF8.GetBytes(Table), new ProposeModel.TableCard("published", null, "A published model", null, "doi"), null));
        await app.AsAsync("Dr Shah", new ReviewModel.Command("published", "1.0.0", true, "As in the paper."));
        (await app.AsAsync("Dr Shah", new ActivateModel.Command("published", "1.0.0", "Trial"))).Error.ShouldBeNull();
        var steps = (await app.GetJsonAsync(path)).GetProperty("history").EnumerateArray().Select(s => s.GetProperty("action").GetString()).ToArray();
        steps.ShouldBe(["proposed", "objected", "recommended", "activated", "retired"]);
        (await app.GetJsonAsync("/v1/models")).EnumerateArray().Count(m => m.GetProperty("inForce").GetBoolean()).ShouldBe(1);

        // Taken back without another, the shipped default counts again.
        (await app.AsAsync("Dr Shah", new WithdrawModel.Command("published", "1.0.0", "Poor calibration"))).Value.State.ShouldBe("retired");
        (await app.GetJsonAsync("/v1/models"))[0].GetProperty("id").GetString().ShouldBe("synthetic-logistic");
    }

    [Fact]
    public async Task SameVersion_WithOtherContent_IsRefused_AndTheSameAgainIsTheSame()
    {
        await using var app = await StoryApp.StartAsync();
        var document = ModelDocument.Shipped("starting-values") with { Id = "mine", Version = "7" };

        var created = await ProposeAsync(app, document.ToJson());
        var again = await ProposeAsync(app, document.ToJson());
        var other = await ProposeAsync(app, (document with { Intercept = -1 }).ToJson());
        var reserved = await ProposeAsync(app, (document with { Id = "synthetic-logistic" }).ToJson());

        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        created.Headers.Location!.ToString().ShouldBe("/v1/models/mine/7");
        again.StatusCode.ShouldBe(HttpStatusCode.Created);
        other.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await other.Content.ReadAsStringAsync()).ShouldContain("new version");
        reserved.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await app.GetJsonAsync("/v1/models/mine/7")).GetProperty("history").GetArrayLength().ShouldBe(1);
        var sent = ModelDocument.Parse(await app.Client.GetByteArrayAsync("/v1/models/mine/7/document"));
        sent.ToJson().ShouldBe(document.ToJson());
    }

    [Fact]
    public async Task Run_WithAProposedModel_IsRefused()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await ProposeAsync(app, (ModelDocument.Shipped("starting-values") with { Id = "mine", Version = "7" }).ToJson());

        var response = await app.Client.PostAsJsonAsync("/v1/stratification-runs", new { indexDate = "2026-11-01", model = "mine" });

        response.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await response.Content.ReadAsStringAsync()).ShouldContain("not activated");
    }

    [Theory]
    [InlineData("age", "shoe_size", "shoe_size")]
    [InlineData("bettercare-risk-model/1", "bettercare-risk-model/9", "bettercare-risk-model/1")]
    [InlineData("\"intercept\":", "\"intercept\":\"x\",\"y\":", "not valid at")]
    [InlineData("\"kind\": \"logistic\"", "\"kind\": \"oracle\"", "ebm")]
    [InlineData("\"version\": \"", "\"version\": \"a b ", "letters, digits")]
    public async Task Document_ThatCannotBeUsed_IsRefusedWithWhatWouldDo(string find, string put, string hint)
    {
        await using var app = await StoryApp.StartAsync();
        var json = Encoding.UTF8.GetString((ModelDocument.Shipped("starting-values") with { Id = "mine" }).ToJson());
        json.ShouldContain(find);

        var response = await ProposeAsync(app, Encoding.UTF8.GetBytes(json.Replace(find, put, StringComparison.Ordinal)));
        var text = await response.Content.ReadAsStringAsync();

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, text);
        text.ShouldContain(hint);
    }

    [Theory]
    [InlineData("feature,coefficient\nage,1\n", "?id=t&summary=s", "first line")]
    [InlineData("feature,form,from,to,coefficient\nintercept,,,,-4\nshoe_size,,,,1\n", "?id=t&summary=s", "shoe_size")]
    [InlineData("feature,form,from,to,coefficient\nage,,,,1\n", "?id=t&summary=s", "intercept")]
    [InlineData("feature,form,from,to,coefficient\nintercept,,,,1e308\nage,,,,1e308\n", "?id=t&summary=s", "between 0 and 1")]
    [InlineData(Table, "", "summary")]
    [InlineData("", "?id=t&summary=s", "first line")]
    public async Task CoefficientTable_ThatCannotBeUsed_IsRefusedWithWhatWouldDo(string csv, string query, string hint)
    {
        await using var app = await StoryApp.StartAsync();

        var response = await app.PostFhirAsync("/v1/models" + query, csv, "text/csv");
        var text = await response.Content.ReadAsStringAsync();

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, text);
        text.ShouldContain(hint);
    }

    [Theory]
    [InlineData("POST", "/v1/models", "{}", 400)]
    [InlineData("POST", "/v1/models", "", 400)]
    [InlineData("GET", "/v1/models/none/1", null, 404)]
    [InlineData("GET", "/v1/models/synthetic-logistic/99", null, 404)]
    [InlineData("POST", "/v1/models/none/1/reviews", """{"recommend":true,"comment":"x"}""", 404)]
    [InlineData("POST", "/v1/models/none/1/reviews", """{"recommend":true}""", 400)]
    [InlineData("POST", "/v1/models/none/1/activation", """{"comment":""}""", 400)]
    [InlineData("POST", "/v1/models/none/1/withdrawal", """{"comment":"x"}""", 404)]
    [InlineData("GET", "/v1/model-trainings/none", null, 404)]
    [InlineData("DELETE", "/v1/model-trainings/none", null, 404)]
    [InlineData("GET", "/v1/model-evaluations/none", null, 404)]
    [InlineData("GET", "/v1/model-evaluations/none/page", null, 404)]
    [InlineData("GET", "/v1/model-evaluations?count=0", null, 400)]
    [InlineData("GET", "/v1/matched-comparisons/none", null, 404)]
    public async Task WrongOrAbsent_IsAnswered(string method, string path, string? body, int status)
    {
        await using var app = await StoryApp.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        var response = await app.Client.SendAsync(request);

        ((int)response.StatusCode).ShouldBe(status, await response.Content.ReadAsStringAsync());
    }

    private static async Task<HttpResponseMessage> ProposeAsync(StoryApp app, byte[] json)
    {
        using var content = new ByteArrayContent(json);
        content.Headers.ContentType = new("application/json");
        return await app.Client.PostAsync("/v1/models", content);
    }
}
