using System.Text.Json.Nodes;

namespace BetterCare.Care.Tests.Api.Fhir;

public abstract class OperationsTests(CareApp app)
{
    [Fact]
    public async Task Validate_SoundAndBroken_SaysSoAndStoresNothing()
    {
        const string Sound = """{"resourceType":"Practitioner","id":"v1","active":true}""";
        var wrapped = $$"""{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{{Sound}} }]}""";

        (await app.PostAsync("Practitioner/$validate", Sound)).Issues.ShouldBe(["informational"]);
        (await app.PostAsync("$validate", wrapped)).Issues.ShouldBe(["informational"]);
        (await app.PostAsync("Observation/$validate", wrapped)).Text.ShouldContain("error");
        var broken = await app.PostAsync("Practitioner/$validate", Sound.Replace("true", "1", StringComparison.Ordinal));
        broken.Status.ShouldBe(200);
        broken.Text.ShouldContain("Practitioner.active");
        (await app.GetAsync("Practitioner/v1")).Status.ShouldBe(404);
        (await app.PostAsync("$validate", """{"resourceType":"Parameters"}""")).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Everything_OfAPerson_ComesInPagesWithWhatItRefersTo()
    {
        var number = await app.GivenPatientAsync();
        await app.PutAsync("Practitioner/ev", """{"resourceType":"Practitioner","id":"ev","active":true}""");
        for (var i = 1; i <= 5; i++)
        {
            await app.PostAsync("Observation", CareApp.Observation(number, date: $"2024-0{i}-01", extra: "\"performer\":[{\"reference\":\"Practitioner/ev\"}],"));
        }

        var all = await app.GetAsync($"Patient/{number}/$everything");
        all.Ids().Length.ShouldBe(6);
        all.Ids()[0].ShouldBe(number);
        all.Ids("include").ShouldBe(["ev"]);
        var seen = new List<string>();
        var page = await app.GetAsync($"Patient/{number}/$everything?_count=2");
        while (true)
        {
            seen.AddRange(page.Ids());
            if (page.Link("next") is not { } next)
            {
                break;
            }

            page = await app.GetAsync(next);
        }

        seen.ShouldBe(all.Ids());
        (await app.GetAsync($"Patient/{number}/$everything?start=2024-02-01&end=2024-03-31&_type=Observation")).Ids().Length.ShouldBe(2);
        (await app.GetAsync($"Patient/{number}/$everything?_since=2999-01-01T00:00:00Z")).Ids().ShouldBeEmpty();
        (await app.GetAsync($"Patient/{number}/$everything?_type=Nothing")).Status.ShouldBe(400);
        (await app.GetAsync("Patient/9990000018/$everything")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Match_Descriptions_AreGradedBestFirst()
    {
        var number = await app.GivenPatientAsync("Matchington", "Vera", "1933-11-30", "\"address\":[{\"postalCode\":\"WA8 6DJ\"}],");
        await app.GivenPatientAsync("Matchington", "Olga", "1933-11-30");

        var certain = await MatchAsync($$"""{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{{number}}"}],"name":[{"family":"MATCHINGTON"}],"birthDate":"1933-11-30"}""");
        Grades(certain).ShouldBe(["certain", "possible"]);
        certain.Ids()[0].ShouldBe(number);
        ((decimal)certain.Json["entry"]![0]!["search"]!["score"]!).ShouldBe(1.0m);
        certain.Text.ShouldContain("The NHS number is the same.");
        Grades(await MatchAsync("""{"resourceType":"Patient","name":[{"family":"Matchington","given":["Vera"]}],"address":[{"postalCode":"wa86dj"}],"birthDate":"1933-11-30"}"""))
            .ShouldBe(["certain", "possible"]);
        Grades(await MatchAsync("""{"resourceType":"Patient","name":[{"family":"Machington","given":["Vera"]}],"birthDate":"1933-11-30"}""")).ShouldBe(["probable", "possible"]);
        (await MatchAsync("""{"resourceType":"Patient","name":[{"family":"Matchington"}],"birthDate":"1933-11-30"}""", "{\"name\":\"onlyCertainMatches\",\"valueBoolean\":true}")).Ids().ShouldBeEmpty();
        (await MatchAsync("""{"resourceType":"Patient","name":[{"family":"Matchington"}],"birthDate":"1933-11-30"}""", "{\"name\":\"count\",\"valueInteger\":1}")).Ids().Length.ShouldBe(1);
        (await MatchAsync("""{"resourceType":"Patient","name":[{"family":"Matchington"}]}""")).Ids().ShouldBeEmpty();
        (await app.PostAsync("Patient/$match", """{"resourceType":"Patient"}""")).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Export_OfAGroup_HoldsItsMembersOnly()
    {
        var (one, other) = (await app.GivenPatientAsync(), await app.GivenPatientAsync());
        var hidden = await app.GivenPatientAsync(extra: "\"meta\":{\"security\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\"}]},");
        await app.PostAsync("Observation", CareApp.Observation(one, value: "1.10"));
        await app.PostAsync("Observation", CareApp.Observation(other));
        await app.PutAsync("Group/ex", $$"""{"resourceType":"Group","id":"ex","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/{{one}}"} },{"entity":{"reference":"Patient/{{hidden}}"} }]}""");

        var manifest = await ExportAsync("Group/ex/$export");

        manifest["output"]!.AsArray().Select(o => (string)o!["type"]!).ShouldBe(["Observation", "Patient"]);
        var lines = (await app.GetAsync((string)manifest["output"]![0]!["url"]!)).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(1);
        lines[0].ShouldContain("1.10");
        lines[0].ShouldContain("versionId");
        (await ExportAsync("Group/ex/$export?_type=Observation&_since=2999-01-01T00:00:00Z"))["output"]!.AsArray().ShouldBeEmpty();
        (await ExportAsync("Group/ex/$export?_type=Observation&_typeFilter=Observation%3Fcode%3D999"))["output"]!.AsArray().ShouldBeEmpty();
        (await ExportAsync("Group/ex/$export?_type=Observation&_typeFilter=Observation%3Fcode%3D27113001"))["output"]!.AsArray().Count.ShouldBe(1);
        (await app.GetAsync("$export?_typeFilter=Observation%3Fcolour%3Dred")).Status.ShouldBe(400);
        ((int)(await ExportAsync("Patient/$export?_type=Patient"))["output"]![0]!["count"]!).ShouldBeGreaterThanOrEqualTo(2);

        // The group itself names somebody whom no export shows.
        (await ExportAsync("$export?_type=Group"))["output"]!.AsArray().ShouldBeEmpty();
        await app.PutAsync("Group/ex", $$"""{"resourceType":"Group","id":"ex","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/{{one}}"} }]}""");
        (await ExportAsync("$export?_type=Group"))["output"]!.AsArray().Count.ShouldBe(1);
        (await app.GetAsync("Group/none/$export")).Status.ShouldBe(404);
        (await app.GetAsync("$export?_type=Nothing")).Status.ShouldBe(400);
        (await app.GetAsync("$export?colour=red")).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Export_Cancelled_IsGone()
    {
        var started = await app.GetAsync("$export?_type=Measure", ("Prefer", "respond-async"));
        started.Status.ShouldBe(202);
        var status = started.Header("Content-Location")!;

        (await app.SendAsync(HttpMethod.Delete, status, null)).Status.ShouldBe(202);

        (await app.GetAsync(status)).Status.ShouldBe(404);
        (await app.GetAsync("$export/not-an-id")).Status.ShouldBe(404);
    }

    private async Task<JsonNode> ExportAsync(string path)
    {
        var started = await app.GetAsync(path, ("Prefer", "respond-async"));
        started.Status.ShouldBe(202, started.Text);
        while (true)
        {
            var status = await app.GetAsync(started.Header("Content-Location")!);
            if (status.Status != 202)
            {
                status.Status.ShouldBe(200, status.Text);
                return status.Json;
            }

            status.Header("X-Progress").ShouldNotBeNull();
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private async Task<Reply> MatchAsync(string patient, string more = "")
    {
        var reply = await app.PostAsync("Patient/$match", $$"""{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{{patient}} }{{(more.Length == 0 ? "" : "," + more)}}]}""");
        reply.Status.ShouldBe(200, reply.Text);
        return reply;
    }

    private static string[] Grades(Reply reply) =>
        [.. (reply.Json["entry"]?.AsArray() ?? []).Select(e => (string)e!["search"]!["extension"]!.AsArray().First(x => ((string)x!["url"]!).EndsWith("match-grade", StringComparison.Ordinal))!["valueCode"]!)];
}
