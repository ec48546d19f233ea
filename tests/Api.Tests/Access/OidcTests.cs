using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BetterCare.Care.Tests.Api.Access;

/// <summary>People come in by an identity provider of the deployer's choice.</summary>
public sealed class OidcTests : IAsyncLifetime
{
    private readonly SignedClient _keys = new("provider");
    private WebApplication _provider = null!;
    private ProductionApp _app = null!;
    private string _issuer = "";
    private SignedClient _published = null!;

    public async ValueTask InitializeAsync()
    {
        _published = _keys;
        var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        _provider = builder.Build();
        _provider.MapGet("/.well-known/openid-configuration", () => Results.Json(new { issuer = _issuer, jwks_uri = $"{_issuer}/keys" }));
        _provider.MapGet("/keys", () => Results.Text(_published.Jwks().ToJsonString(), "application/json"));
        await _provider.StartAsync();
        _issuer = _provider.Urls.First();
        using var supplier = new SignedClient("supplier");
        _app = await ProductionApp.StartAsync([(supplier, "care/data-supplier system/*.cud", ["*"])], new(StringComparer.Ordinal)
        {
            ["Care:Access:Issuers:0:Issuer"] = _issuer,
            ["Care:Access:Issuers:0:Audience"] = "bettercare",
            ["Care:Access:Issuers:0:RoleNames:GP_PARTNER"] = "mdt",
        });
        var posted = await _app.SendAsync(await supplier.TokenAsync(_app.Client, "care/data-supplier system/*.cud"), HttpMethod.Post, "/fhir", Story.Bundle(Story.Cohort()));
        posted.Status.ShouldBe(200, posted.Text);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _provider.DisposeAsync();
        _keys.Dispose();
    }

    [Fact]
    public async Task User_SeesTheirPracticesPeople_ByOdsCodeOrPlace_AndWithoutEitherNobody()
    {
        (await ReadAsync(Token(p => p["practices"] = new JsonArray("N81019")))).ShouldBe(200);
        (await ReadAsync(Token(p => p["places"] = new JsonArray("Halton")))).ShouldBe(200);
        (await ReadAsync(Token(p => p["practices"] = "*"))).ShouldBe(200);
        (await ReadAsync(Token(p => p["practices"] = new JsonArray("N81011")))).ShouldBe(404);
        (await ReadAsync(Token(_ => { }))).ShouldBe(404);
        (await ReadAsync(Token(p => (p["roles"], p["practices"]) = ("nothing-known", "*")))).ShouldBe(403);
        (await ReadAsync(Token(p => (p["scope"], p["practices"]) = ("openid user/Observation.rs", "*")))).ShouldBe(403);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("audience")]
    [InlineData("expired")]
    [InlineData("issuer")]
    [InlineData("stranger")]
    public async Task User_WithATokenThatProvesNothing_IsRefused(string attack)
    {
        using var stranger = new SignedClient("stranger");
        void All(JsonObject payload) => payload["practices"] = "*";
        var token = attack switch
        {
            "none" or "HS256" => Token(All, alg: attack),
            "audience" => Token(p => (p["practices"], p["aud"]) = ("*", "another-service")),
            "expired" => Token(p => (p["practices"], p["exp"]) = ("*", _keys.Now.AddMinutes(-2).ToUnixTimeSeconds())),
            "issuer" => Token(p => (p["practices"], p["iss"]) = ("*", "https://elsewhere.example")),
            _ => Token(All, stranger),
        };

        (await ReadAsync(token)).ShouldBe(401);
    }

    [Fact]
    public async Task Provider_WhichIsDown_IsNotMissed_AndItsNewKeysAreFound()
    {
        (await ReadAsync(Token(p => p["practices"] = "*"))).ShouldBe(200);

        // New keys: a token of an unknown key fetches them, at most once a minute.
        using var renewed = new SignedClient("renewed") { KeyPrefix = "new-" };
        _published = renewed;
        _app.App.Clock.Now += TimeSpan.FromMinutes(2);
        (await ReadAsync(Token(p => p["practices"] = "*", renewed))).ShouldBe(200);

        await _provider.StopAsync();
        _app.App.Clock.Now += TimeSpan.FromHours(2);
        (await ReadAsync(Token(p => (p["practices"], p["exp"]) = ("*", _app.App.Clock.Now.AddMinutes(5).ToUnixTimeSeconds()), renewed))).ShouldBe(200);
    }

    [Fact]
    public async Task Provider_ThatWasNeverReached_IsSaidToBeUnreachable()
    {
        await _provider.StopAsync();

        var (status, text) = await _app.GetAsync(Token(p => p["practices"] = "*"), $"/fhir/Patient/{Story.Ann}");

        status.ShouldBe(503, text);
        JsonDocument.Parse(text).RootElement.GetProperty("issue")[0].GetProperty("code").GetString().ShouldBe("transient");
    }

    private string Token(Action<JsonObject> change, SignedClient? keys = null, string alg = "ES384") => (keys ?? _keys).Assertion(alg, "bettercare", payload =>
    {
        (payload["iss"], payload["sub"], payload["roles"]) = (_issuer, "dr-jones", new JsonArray("GP_PARTNER"));
        change(payload);
    });

    private async Task<int> ReadAsync(string token) => (await _app.GetAsync(token, $"/fhir/Patient/{Story.Ann}")).Status;
}
