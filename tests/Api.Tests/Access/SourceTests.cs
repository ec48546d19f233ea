using System.Text.Json;
using System.Text.Json.Nodes;

namespace BetterCare.Care.Tests.Api.Access;

/// <summary>A client writes as itself: under the sources that it is registered with, and under no other.</summary>
public sealed class SourceTests : IAsyncLifetime
{
    private const string Scope = "care/data-supplier care/mdt system/*.cruds";
    private const string Hospital = "https://hospital.example/pas";
    private const string Council = "https://council.example/adults";
    private const string Number = "9990000018";

    private readonly SignedClient _hospital = new("hospital") { Sources = [Hospital, "https://hospital.example/lab"] };
    private readonly SignedClient _council = new("council") { Sources = [Council] };
    private readonly SignedClient _plain = new("plain");
    private readonly SignedClient _other = new("other");
    private readonly SignedClient _engine = new("engine") { Sources = ["*"] };
    private ProductionApp _app = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await ProductionApp.StartAsync(new[] { _hospital, _council, _plain, _other, _engine }.Select(c => (c, Scope, new[] { "*" })));
        (await SendAsync(_engine, HttpMethod.Put, $"/fhir/Patient/{Number}", CareApp.Patient(Number))).Status.ShouldBe(201);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        foreach (var client in new[] { _hospital, _council, _plain, _other, _engine })
        {
            client.Dispose();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"meta\":{\"profile\":[\"http://x.org/p\"]},")]
    [InlineData("\"meta\":{\"versionId\":\"7\",\"lastUpdated\":\"2020-01-01T00:00:00Z\"},")]
    [InlineData("\"meta\":{\"lastUpdated\":\"2020-01-01T00:00:00Z\",\"tag\":[{\"code\":\"a\"}],\"versionId\":\"7\"},")]
    public async Task Resource_WithoutASource_GetsThatOfItsClient(string meta)
    {
        var created = await SendAsync(_hospital, HttpMethod.Post, "/fhir/Observation", CareApp.Observation(Number, extra: meta));

        created.Status.ShouldBe(201, created.Text);
        var posted = JsonDocument.Parse(created.Text).RootElement.GetProperty("meta");
        posted.GetProperty("source").GetString().ShouldBe(Hospital);
        posted.GetProperty("versionId").GetString().ShouldBe("1");
    }

    [Fact]
    public async Task Resource_OfOneOfItsSources_IsTaken_OfAnothers_IsRefusedForThatEntry()
    {
        string Named(string source, string id) => Story.Entry("Observation", id, CareApp.Observation(Number, extra: $"\"id\":\"{id}\",\"meta\":{{\"source\":\"{source}\"}},"));

        (await SendAsync(_hospital, HttpMethod.Post, "/fhir", Story.Bundle([Named("https://hospital.example/lab#msg-1", "a")]))).Status.ShouldBe(200);
        var single = await SendAsync(_hospital, HttpMethod.Post, "/fhir/Observation", CareApp.Observation(Number, extra: $"\"meta\":{{\"source\":\"{Council}\"}},"));
        var transaction = await SendAsync(_hospital, HttpMethod.Post, "/fhir", Story.Bundle([Named(Hospital, "b"), Named(Council, "c")]));
        var batch = await SendAsync(_hospital, HttpMethod.Post, "/fhir", Story.Bundle([Named(Hospital, "d"), Named(Council, "e")], "batch"));

        single.Status.ShouldBe(403, single.Text);
        single.Text.ShouldContain("Observation.meta.source");
        single.Text.ShouldNotContain(Council);
        transaction.Status.ShouldBe(403, transaction.Text);
        transaction.Text.ShouldContain("Bundle.entry[1].resource.meta.source");
        batch.Status.ShouldBe(200);
        JsonNode.Parse(batch.Text)!["entry"]!.AsArray().Select(e => ((string)e!["response"]!["status"]!)[..3]).ShouldBe(["201", "403"]);
    }

    [Fact]
    public async Task Client_WithoutASourceOfItsOwn_OwnsWhatItSends_UnderItsIds()
    {
        var json = CareApp.Observation(Number, extra: "\"id\":\"same\",");

        (await SendAsync(_plain, HttpMethod.Put, "/fhir/Observation/same", json)).Status.ShouldBe(201);
        (await SendAsync(_plain, HttpMethod.Put, "/fhir/Observation/same", json)).Status.ShouldBe(200);
        var read = await SendAsync(_plain, HttpMethod.Get, "/fhir/Observation/same", null);
        var overwritten = await SendAsync(_other, HttpMethod.Put, "/fhir/Observation/same", json);
        var readBack = await SendAsync(_other, HttpMethod.Put, "/fhir/Observation/same", read.Text);
        var deleted = await SendAsync(_other, HttpMethod.Delete, "/fhir/Observation/same", null);

        read.Text.ShouldContain("urn:bettercare:client:plain");
        overwritten.Status.ShouldBe(409, overwritten.Text);
        readBack.Status.ShouldBe(403, readBack.Text);
        deleted.Status.ShouldBe(403, deleted.Text);
        (await SendAsync(_plain, HttpMethod.Put, "/fhir/Observation/same", read.Text.Replace("70.50", "71", StringComparison.Ordinal))).Status.ShouldBe(200);
        (await SendAsync(_plain, HttpMethod.Delete, "/fhir/Observation/same", null)).Status.ShouldBe(204);
    }

    [Fact]
    public async Task Import_UnderAnothersSource_RejectsThoseLines()
    {
        var lines = $"{CareApp.Observation(Number, extra: "\"id\":\"i1\",")}\n{CareApp.Observation(Number, extra: $"\"id\":\"i2\",\"meta\":{{\"source\":\"{Council}\"}},")}\n";

        (await SendAsync(_hospital, HttpMethod.Post, $"/fhir/$import?source={Council}", lines, "application/fhir+ndjson")).Status.ShouldBe(403);
        using var started = await _app.Client.SendAsync(SignedClient.Request(HttpMethod.Post, "/fhir/$import", await TokenAsync(_hospital), lines, "application/fhir+ndjson"), TestContext.Current.CancellationToken);
        var status = started.Content.Headers.ContentLocation!.PathAndQuery;
        JsonElement report = default;
        for (var i = 0; i < 400 && (i == 0 || report.GetProperty("status").GetString() is "queued" or "running"); i++)
        {
            await Task.Delay(25, TestContext.Current.CancellationToken);
            report = JsonDocument.Parse((await SendAsync(_hospital, HttpMethod.Get, status, null)).Text).RootElement;
        }

        (report.GetProperty("created").GetInt32(), report.GetProperty("rejected").GetInt32()).ShouldBe((1, 1));
        (await SendAsync(_hospital, HttpMethod.Get, $"{status}/rejects", null)).Text.ShouldContain("line 2");
    }

    [Fact]
    public async Task Engine_ForManySystems_NamesThemAsItLikes()
    {
        (await SendAsync(_engine, HttpMethod.Post, "/fhir/Observation", CareApp.Observation(Number, extra: $"\"meta\":{{\"source\":\"{Council}\"}},"))).Status.ShouldBe(201);
        var unnamed = await SendAsync(_engine, HttpMethod.Post, "/fhir/Observation", CareApp.Observation(Number));
        unnamed.Text.ShouldNotContain("\"source\"");
    }

    [Theory]
    [InlineData("not a uri")]
    [InlineData("https://x.org/a#b")]
    [InlineData("urn:bettercare:client:hospital")]
    [InlineData("")]
    public void Registration_OfASourceThatIsNone_IsRefused(string source) => BetterCare.Care.Api.Security.ClientSources.IsFit(source).ShouldBeFalse();

    private Task<string> TokenAsync(SignedClient client) => client.TokenAsync(_app.Client, Scope);

    private async Task<(int Status, string Text)> SendAsync(SignedClient client, HttpMethod method, string path, string? json, string type = "application/fhir+json") =>
        await _app.SendAsync(await TokenAsync(client), method, path, json, type);
}
