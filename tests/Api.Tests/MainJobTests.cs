using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace BetterCare.Care.Tests.Api;

/// <summary>The four jobs of the service, over HTTP, as its users do them.</summary>
public sealed class MainJobTests
{
    [Fact]
    public async Task OnePerson_FromFirstPostToTheNationalCondition()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        // The analyst runs a stratification.
        var run = await Story.StratifyAsync(app);
        run.GetProperty("status").GetString().ShouldBe("completed");
        run.GetProperty("people").GetInt32().ShouldBe(1 + Story.Others.Count());

        // The MDT sees Ann at the top, with the reasons in words.
        var list = await app.GetJsonAsync("/v1/risk-list?practice=N81019&count=10");
        var ann = list.GetProperty("people")[0];
        ann.GetProperty("nhsNumber").GetString().ShouldBe(Story.Ann);
        ann.GetProperty("name").GetString().ShouldBe("Ann Archer");
        ann.GetProperty("age").GetInt32().ShouldBe(90);
        ann.GetProperty("level").GetInt32().ShouldBeGreaterThanOrEqualTo(3);
        ann.GetProperty("lastAdmission").GetString().ShouldBe("2026-06-01");
        ann.GetProperty("reasons").EnumerateArray().Select(r => r.GetString()).ShouldContain(r => r!.Contains("emergency admission", StringComparison.Ordinal));
        ann.GetProperty("planState").GetString().ShouldBe("none");

        // The machine proposes the GP who has seen her; a human decides.
        var proposals = await StoryApp.JsonOf(await app.Client.PostAsync("/v1/lead-proposals", null));
        proposals.GetProperty("proposed").GetInt32().ShouldBeGreaterThanOrEqualTo(1);
        (await app.GetJsonAsync("/v1/risk-list?count=1")).GetProperty("people")[0].GetProperty("leadState").GetString().ShouldBe("proposed");
        var lead = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/lead-professional", new { practitioner = Story.Gp, reason = "Knows her and her daughter." });
        lead.StatusCode.ShouldBe(HttpStatusCode.OK, await lead.Content.ReadAsStringAsync());

        // The plan: first a draft, whose answer says what is missing; then the whole.
        var draft = await StoryApp.JsonOf(await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/care-plan", new { status = "draft", aboutMe = "Wants to stay at home." }));
        draft.GetProperty("joint").GetBoolean().ShouldBeFalse();
        draft.GetProperty("missing").EnumerateArray().Select(m => m.GetProperty("rule").GetString()).ShouldContain("plan-social-care-contribution");
        var before = (await app.GetJsonAsync("/v1/coverage?by=place")).GetProperty("total");
        before.GetProperty("withPlan").GetString().ShouldBe("0");
        before.GetProperty("withLead").GetString().ShouldBe("1");

        var whole = await PutPlanAsync(app, version: 1, Plan());
        whole.StatusCode.ShouldBe(HttpStatusCode.OK, await whole.Content.ReadAsStringAsync());
        var answer = await StoryApp.JsonOf(whole);
        answer.GetProperty("missing").GetArrayLength().ShouldBe(0, answer.ToString());
        answer.GetProperty("complete").GetBoolean().ShouldBeTrue();

        // The commissioner's answer is true at once.
        var coverage = await app.GetJsonAsync("/v1/coverage?by=practice");
        coverage.GetProperty("total").GetProperty("withBoth").GetString().ShouldBe("1");
        coverage.GetProperty("rows")[0].GetProperty("group").GetString()!.ShouldStartWith("N81019");
        coverage.GetProperty("approach").GetString()!.ShouldContain("1 November 2026");
        using var csv = new HttpRequestMessage(HttpMethod.Get, "/v1/coverage?by=locality") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/csv") } } };
        (await (await app.Client.SendAsync(csv)).Content.ReadAsStringAsync()).ShouldStartWith("month,stands_for,population,basis,by,group,people,");

        // A month later nothing has changed, and the month before still stands as it stood.
        app.Clock.Now = app.Clock.Now.AddMonths(1);
        (await app.GetJsonAsync("/v1/coverage?by=place&month=2026-12")).GetProperty("total").GetProperty("withBoth").GetString().ShouldBe("1");
        var handover = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/lead-professional", new { practitioner = Story.SocialWorker, reason = "Her needs are social now." });
        handover.StatusCode.ShouldBe(HttpStatusCode.OK, await handover.Content.ReadAsStringAsync());
        (await app.GetJsonAsync("/v1/coverage?by=place&month=2026-12")).GetProperty("total").GetProperty("withLead").GetString().ShouldBe("1");
    }

    [Fact]
    public async Task Run_BeforeAllData_IsRefusedAndKeepsNothing()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        var run = await Story.StratifyAsync(app, "2023-06-01");

        run.GetProperty("status").GetString().ShouldBe("failed");
        run.GetProperty("message").GetString()!.ShouldContain("before the data, which begins on 2024-01-10");
        (await app.Client.GetAsync("/v1/risk-list")).StatusCode.ShouldBe(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task SecondRun_TellsWhatChanged()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app, "2026-02-01");

        var second = await Story.StratifyAsync(app);

        second.GetProperty("changes").GetProperty("risen").GetInt32().ShouldBeGreaterThanOrEqualTo(1);
        var risen = await app.GetJsonAsync("/v1/risk-list?change=risen");
        risen.GetProperty("people").EnumerateArray().ShouldAllBe(p => p.GetProperty("change").GetString() == "risen");
    }

    [Fact]
    public async Task RiskList_PageByPage_RepeatsAndSkipsNobody()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        foreach (var sort in new[] { "risk", "-risk", "name", "age", "last-admission" })
        {
            var seen = new List<string>();
            string? cursor = null;
            do
            {
                var page = await app.GetJsonAsync($"/v1/risk-list?count=7&sort={sort}{(cursor is null ? "" : $"&cursor={cursor}")}");
                seen.AddRange(page.GetProperty("people").EnumerateArray().Select(p => p.GetProperty("nhsNumber").GetString()!));
                cursor = page.TryGetProperty("next", out var next) ? next.GetString() : null;
            }
            while (cursor is not null);

            seen.Count.ShouldBe(1 + Story.Others.Count(), sort);
            seen.Distinct().Count().ShouldBe(seen.Count, sort);
        }
    }

    [Fact]
    public async Task Lead_WhoHasLeft_IsRefusedWithTheRule()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        var left = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/lead-professional", new { practitioner = Story.Left, reason = "x" });
        var unknown = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/lead-professional", new { practitioner = "nobody", reason = "x" });

        var silent = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/lead-professional", new { practitioner = Story.Gp, reason = "" });
        silent.StatusCode.ShouldBe(HttpStatusCode.BadRequest, "a decision without a reason");
        left.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await StoryApp.JsonOf(left)).GetProperty("issues")[0].GetProperty("rule").GetString()!.ShouldStartWith("lead-");
        unknown.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Plan_AgreedWithoutAgreement_IsRefused_AndTwoEditorsNeverOverwrite()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);

        var unagreed = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/care-plan", new { status = "agreed" });
        var first = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/care-plan", new { status = "draft" });
        var blind = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/care-plan", new { status = "draft" });
        var stale = await PutPlanAsync(app, version: 7, new { status = "draft" });
        var good = await PutPlanAsync(app, version: 1, new { status = "draft", aboutMe = "x" });

        unagreed.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        first.Headers.ETag!.ToString().ShouldBe("W/\"1\"");
        ((int)blind.StatusCode).ShouldBe(428);
        stale.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        good.Headers.ETag!.ToString().ShouldBe("W/\"2\"");
    }

    [Fact]
    public async Task Import_OverHttp_TellsProgressAndListsRejects()
    {
        await using var app = await StoryApp.StartAsync();
        var patient = $$$"""{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{{{Story.Ann}}}"}]}""";
        var bad = """{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000019"}]}""";

        var accepted = await app.PostFhirAsync("/fhir/$import", $"{patient}\n{bad}\n", "application/fhir+ndjson");
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var report = await app.FinishedAsync(accepted.Content.Headers.ContentLocation!.PathAndQuery);

        report.GetProperty("created").GetInt32().ShouldBe(1);
        report.GetProperty("rejected").GetInt32().ShouldBe(1);
        var rejects = await app.Client.GetStringAsync(new Uri(report.GetProperty("rejectsFile").GetString()!).PathAndQuery);
        rejects.ShouldContain("line 2");
        rejects.ShouldNotContain("9990000019");
    }

    [Theory]
    [InlineData("/v1/risk-list?level=5", 400)]
    [InlineData("/v1/risk-list?sort=height", 400)]
    [InlineData("/v1/risk-list?cursor=abc", 400)]
    [InlineData("/v1/risk-list?level=x", 400)]
    [InlineData("/v1/risk-list", 409)]
    [InlineData("/v1/coverage?by=planet", 400)]
    [InlineData("/v1/coverage?month=2026-13", 400)]
    [InlineData("/v1/coverage", 404)]
    [InlineData("/v1/stratification-runs/none", 404)]
    [InlineData("/v1/patients/9990000019/care-plan", 400)]
    [InlineData("/v1/patients/9990000018/care-plan", 404)]
    [InlineData("/fhir/$import/none", 404)]
    [InlineData("/fhir/Pacient/1", 404)]
    [InlineData("/fhir/Patient/9990000018", 404)]
    [InlineData("/nowhere", 404)]
    public async Task Get_WrongOrAbsent_SaysWhatToDoAndEchoesNothing(string path, int status)
    {
        await using var app = await StoryApp.StartAsync();

        var response = await app.Client.GetAsync(path);
        var text = await response.Content.ReadAsStringAsync();

        ((int)response.StatusCode).ShouldBe(status, text);
        text.ShouldNotBeEmpty();
        text.ShouldNotContain("99900000");
        if (path.StartsWith("/fhir", StringComparison.Ordinal))
        {
            JsonDocument.Parse(text).RootElement.GetProperty("resourceType").GetString().ShouldBe("OperationOutcome");
        }
    }

    [Theory]
    [InlineData("""{"indexDate":"2027-01-01"}""", "future")]
    [InlineData("""{"indexDate":"yesterday"}""", "yyyy-MM-dd")]
    [InlineData("""{"indexDate":"2026-11-01","policy":"best"}""", "prism")]
    [InlineData("""{"indexDate":"2026-11-01","model":"best"}""", "model")]
    [InlineData("""{"indexDate":""", "body")]
    [InlineData("""{}""", "index date")]
    public async Task Run_WrongRequest_IsRefusedWithWhatWouldDo(string body, string hint)
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        var response = await app.PostFhirAsync("/v1/stratification-runs", body, "application/json");
        var text = await response.Content.ReadAsStringAsync();

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, text);
        text.ShouldContain(hint);
    }

    [Fact]
    public async Task Body_LargerThanTheLimit_Is413_AndNothingIsKept()
    {
        await using var app = await StoryApp.StartAsync(settings: new() { ["Care:MaxBodyBytes"] = "100000" });

        var response = await app.PostFhirAsync("/fhir", "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"x\":\"" + new string('a', 200_000) + "\"}");

        ((int)response.StatusCode).ShouldBe(413);
        (await response.Content.ReadAsStringAsync()).ShouldContain("$import");
    }

    private static Task<HttpResponseMessage> PutPlanAsync(StoryApp app, int version, object plan)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/patients/{Story.Ann}/care-plan") { Content = JsonContent.Create(plan) };
        request.Headers.TryAddWithoutValidation("If-Match", $"W/\"{version}\"");
        return app.Client.SendAsync(request);
    }

    private static object Plan() => new
    {
        status = "agreed",
        aboutMe = "Wants to stay at home.",
        assessmentSummary = "Heart failure, four admissions this year.",
        goals = new[] { new { id = "g1", text = "No admission this winter" } },
        actions = new[] { new { id = "a1", text = "Weigh daily", owner = "person", due = "2026-12-15" } },
        preferences = "Daughter is rung first.",
        leadPhone = "01632 960000",
        contributors = new object[]
        {
            new { professional = Story.Gp, role = "GP", sector = "health", on = "2026-11-20" },
            new { professional = Story.SocialWorker, role = "Social worker", sector = "social-care", on = "2026-11-21" },
        },
        agreement = new { by = "the person", on = "2026-11-21", basis = "person" },
        contingency = new { steps = new[] { new { trigger = "More breathless at rest", action = "Rescue pack; ring the matron", contact = "01632 960001" } } },
        allergiesNoted = true,
        medicinesNoted = true,
        reviewDue = "2027-01-31",
    };
}
