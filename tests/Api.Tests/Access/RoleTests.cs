using System.Text.Json;

namespace BetterCare.Care.Tests.Api.Access;

/// <summary>A place with its people and a stratification, and a client of each role.</summary>
public sealed class RoleApp : IAsyncLifetime
{
    private static readonly string[] Everybody = ["*"];
    private readonly Dictionary<string, SignedClient> _clients = new(StringComparer.Ordinal);
    private ProductionApp _app = null!;

    /// <summary>Names of the roles.</summary>
    public IEnumerable<string> Roles => _clients.Keys.Where(k => k is not ("scoped" or "other-analyst"));

    internal ProductionApp App => _app;

    public async ValueTask InitializeAsync()
    {
        foreach (var role in new[] { "data-supplier", "mdt", "commissioner", "urgent-care", "analyst", "administrator", "identity-reviewer" })
        {
            _clients[role] = new SignedClient(role);
        }

        _clients["scoped"] = new SignedClient("scoped");
        _clients["other-analyst"] = new SignedClient("other-analyst");
        _app = await ProductionApp.StartAsync(_clients.Select(c => (c.Value, c.Key switch
        {
            "scoped" => "system/Observation.rs system/Encounter.cruds",
            "other-analyst" => "care/analyst",
            _ => $"care/{c.Key} system/*.cruds",
        }, Everybody)));
        var supplier = await TokenAsync("data-supplier");
        var posted = await _app.SendAsync(supplier, HttpMethod.Post, "/fhir", Story.Bundle(Story.Cohort()));
        posted.Status.ShouldBe(200, posted.Text);
        var analyst = await TokenAsync("analyst");
        var started = await _app.SendAsync(analyst, HttpMethod.Post, "/v1/stratification-runs", "{\"indexDate\":\"2026-11-01\"}", "application/json");
        started.Status.ShouldBe(202, started.Text);
        var address = JsonDocument.Parse(started.Text).RootElement.GetProperty("status").GetString()!;
        for (var i = 0; i < 400 && (await _app.JsonAsync(analyst, address)).GetProperty("status").GetString() is "queued" or "running"; i++)
        {
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }
    }

    public Task<string> TokenAsync(string role) => _clients[role].TokenAsync(_app.Client, role switch
    {
        "scoped" => "system/Observation.rs system/Encounter.cruds",
        "other-analyst" => "care/analyst",
        _ => $"care/{role} system/*.cruds",
    });
}

/// <summary>What each role may do, and what it gets to see.</summary>
public sealed class RoleTests(RoleApp given) : IClassFixture<RoleApp>
{
    [Fact]
    public async Task EachRole_OpensItsOwnDoorsOnly()
    {
        var doors = new (string Path, string[] Open)[]
        {
            ($"/fhir/Patient/{Story.Ann}", ["mdt"]),
            ($"/fhir/Observation?patient={Story.Ann}", ["mdt"]),
            ($"/fhir/Patient/{Story.Ann}/$everything", ["mdt"]),
            ("/fhir/Patient/_history", ["mdt"]),
            ("/v1/risk-list", ["mdt", "analyst"]),
            ($"/v1/patients/{Story.Ann}/urgent-care-accesses", ["mdt"]),
            ($"/v1/urgent-care/{Story.Ann}?reason=Fall", ["urgent-care"]),
            ("/v1/coverage", ["mdt", "commissioner", "analyst"]),
            ("/v1/clients", ["administrator"]),
            ("/v1/tracing", ["identity-reviewer"]),
            ("/v1/merges", ["identity-reviewer"]),
            ("/v1/merges/proposals", ["identity-reviewer"]),
        };
        foreach (var role in given.Roles)
        {
            var token = await given.TokenAsync(role);
            foreach (var (path, open) in doors)
            {
                (await given.App.GetAsync(token, path)).Status.ShouldBe(open.Contains(role) ? 200 : 403, $"{role} at {path}");
            }
        }
    }

    [Fact]
    public async Task Analyst_SeesPseudonyms_OfTheirOwn()
    {
        var mine = (await given.App.JsonAsync(await given.TokenAsync("analyst"), "/v1/risk-list?count=3")).GetProperty("people")[0];
        var again = (await given.App.JsonAsync(await given.TokenAsync("analyst"), "/v1/risk-list?count=3")).GetProperty("people")[0];
        var others = (await given.App.JsonAsync(await given.TokenAsync("other-analyst"), "/v1/risk-list?count=3")).GetProperty("people")[0];
        var named = (await given.App.JsonAsync(await given.TokenAsync("mdt"), "/v1/risk-list?count=3")).GetProperty("people")[0];

        named.GetProperty("nhsNumber").GetString().ShouldBe(Story.Ann);
        mine.GetProperty("nhsNumber").GetString()!.ShouldStartWith("p-");
        mine.GetProperty("nhsNumber").GetString().ShouldBe(again.GetProperty("nhsNumber").GetString());
        mine.GetProperty("nhsNumber").GetString().ShouldNotBe(others.GetProperty("nhsNumber").GetString());
        mine.GetProperty("name").GetString().ShouldBeEmpty();
        mine.GetProperty("age").GetInt32().ShouldBe(90);
        mine.ToString().ShouldNotContain("Archer");
    }

    [Fact]
    public async Task Commissioner_GetsSuppressedFigures_TheTeamExactOnes()
    {
        (await given.App.JsonAsync(await given.TokenAsync("commissioner"), "/v1/coverage")).GetProperty("exact").GetBoolean().ShouldBeFalse();
        (await given.App.JsonAsync(await given.TokenAsync("mdt"), "/v1/coverage")).GetProperty("exact").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Supplier_SendsAndReadsNothingBack()
    {
        var token = await given.TokenAsync("data-supplier");
        var batch = Story.Bundle(["""{"request":{"method":"GET","url":"Patient/9990000018"}}""", """{"request":{"method":"GET","url":"Observation?patient=9990000018"}}"""], "batch");

        (await given.App.SendAsync(token, HttpMethod.Post, "/fhir", batch)).Text.ShouldNotContain("Archer");
        var again = await given.App.SendAsync(token, HttpMethod.Post, "/fhir/Encounter", Encounter("E-1"), headers: ("If-None-Exist", "identifier=urn:x|E-1"));
        again.Status.ShouldBe(201, again.Text);
        var found = await given.App.SendAsync(token, HttpMethod.Post, "/fhir/Encounter", Encounter("E-1"), headers: ("If-None-Exist", "identifier=urn:x|E-1"));
        (found.Status, found.Text).ShouldBe((200, ""));
    }

    [Fact]
    public async Task Scopes_LimitTypesInEverySearchShape()
    {
        var token = await given.TokenAsync("scoped");
        foreach (var refused in new[]
        {
            $"/fhir/Patient/{Story.Ann}", $"/fhir/Patient/{Story.Ann}/_history", "/fhir/Patient?_id=" + Story.Ann, "/fhir/_history", "/fhir/Condition/_history", $"/fhir/Condition?patient={Story.Ann}",
            "/fhir/Observation?subject:Patient.family=Archer", $"/fhir/Encounter?patient.identifier={Story.Ann}", "/fhir/Encounter?_has:Condition:encounter:code=1",
            $"/fhir/Patient/{Story.Ann}/$everything", $"/fhir/Patient/{Story.Ann}/Condition", "/fhir/$export?_type=Patient",
        })
        {
            (await given.App.GetAsync(token, refused)).Status.ShouldBe(403, refused);
        }

        var encounters = await given.App.GetAsync(token, $"/fhir/Encounter?patient={Story.Ann}&_include=Encounter:subject&_include=Encounter:participant&_revinclude=Condition:encounter");
        encounters.Status.ShouldBe(200, encounters.Text);
        encounters.Text.ShouldNotContain("\"resourceType\":\"Patient\"");
        encounters.Text.ShouldNotContain("\"resourceType\":\"Practitioner\"");
        (await given.App.SendAsync(token, HttpMethod.Put, "/fhir/Encounter/e-9", Encounter("E-9").Replace("\"status\"", "\"id\":\"e-9\",\"status\"", StringComparison.Ordinal))).Status.ShouldBe(201);
        (await given.App.SendAsync(token, HttpMethod.Delete, "/fhir/Encounter/e-9")).Status.ShouldBe(204);
        (await given.App.SendAsync(token, HttpMethod.Post, "/fhir/Observation", "{}")).Status.ShouldBe(403);
        (await given.App.SendAsync(token, HttpMethod.Delete, $"/fhir/Patient/{Story.Ann}")).Status.ShouldBe(403);
        (await given.App.SendAsync(token, HttpMethod.Post, "/fhir/$import", "{}", "application/fhir+ndjson")).Status.ShouldBe(403);
        var mixed = await given.App.SendAsync(token, HttpMethod.Post, "/fhir", Story.Bundle([Story.Patient(Story.Ann, "1936-04-02", "Other"), """{"request":{"method":"DELETE","url":"Condition/x"}}"""], "batch"));
        JsonDocument.Parse(mixed.Text).RootElement.GetProperty("entry").EnumerateArray().Select(e => e.GetProperty("response").GetProperty("status").GetString()).ShouldBe(["403", "403"]);
    }

    private static string Encounter(string identifier) =>
        $$$"""{"resourceType":"Encounter","identifier":[{"system":"urn:x","value":"{{{identifier}}}"}],"status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{{{Story.Ann}}}"},"period":{"start":"2026-05-05"}}""";
}
