using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BetterCare.Care.Tests.Api.Access;

/// <summary>The service in production, with two systems that may ask for tokens.</summary>
public sealed class TokenApp : IAsyncLifetime
{
    internal SignedClient System { get; } = new("gp-system");

    internal SignedClient Reader { get; } = new("reader");

    internal ProductionApp App { get; private set; } = null!;

    public async ValueTask InitializeAsync() => App = await ProductionApp.StartAsync(
    [
        (System, "care/data-supplier care/mdt care/administrator system/*.cruds", ["*"]),
        (Reader, "system/Observation.rs system/Patient.read", ["*"]),
    ]);

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        System.Dispose();
        Reader.Dispose();
    }
}

/// <summary>How systems get tokens, and what does not get one.</summary>
public sealed class TokenTests(TokenApp given) : IClassFixture<TokenApp>
{
    private readonly ProductionApp _app = given.App;
    private readonly SignedClient _system = given.System;
    private readonly SignedClient _reader = given.Reader;

    [Theory]
    [InlineData("RS384")]
    [InlineData("ES384")]
    [InlineData("RS512")]
    public async Task Token_BySignedAssertion_OpensTheService(string alg)
    {
        var answer = await _app.Client.PostAsync("/auth/token", SignedClient.Form(_system.Assertion(alg), "care/mdt system/*.rs"));

        var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, json.ToString());
        json.GetProperty("token_type").GetString().ShouldBe("bearer");
        json.GetProperty("expires_in").GetInt32().ShouldBe(300);
        json.GetProperty("scope").GetString().ShouldBe("care/mdt system/*.rs");
        answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        (await _app.GetAsync(json.GetProperty("access_token").GetString()!, "/fhir/Patient?_count=1")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Token_SmartOneScopes_AreMappedAndCutToWhatIsRegistered()
    {
        var answer = await _app.Client.PostAsync("/auth/token", SignedClient.Form(_reader.Assertion(), "system/*.read system/Observation.write"));

        JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("scope").GetString().ShouldBe("system/Observation.rs system/Patient.rs");
        (await SignedClient.RefusedAsync(_app.Client, _reader.Assertion(), "system/Condition.rs")).ShouldBe((400, "invalid_scope"));
        (await SignedClient.RefusedAsync(_app.Client, _reader.Assertion(), "care/mdt")).ShouldBe((400, "invalid_scope"));
        (await SignedClient.RefusedAsync(_app.Client, _reader.Assertion(), "system/Observation.sr")).ShouldBe((400, "invalid_scope"));
    }

    [Fact]
    public async Task Assertion_UsedTwice_IsRefusedEvenByAnotherInstance()
    {
        var assertion = _system.Assertion();

        (await _app.Client.PostAsync("/auth/token", SignedClient.Form(assertion, "care/mdt"))).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await SignedClient.RefusedAsync(_app.Client, assertion, "care/mdt")).ShouldBe((401, "invalid_client"));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("RS256")]
    [InlineData("HS256")]
    [InlineData("HS384")]
    [InlineData("forged")]
    [InlineData("tampered")]
    [InlineData("audience")]
    [InlineData("audience-of-service")]
    [InlineData("expired")]
    [InlineData("lives-too-long")]
    [InlineData("no-expiry")]
    [InlineData("not-yet")]
    [InlineData("no-jti")]
    [InlineData("other-subject")]
    [InlineData("unknown-client")]
    [InlineData("unknown-key")]
    [InlineData("key-in-header")]
    [InlineData("garbage")]
    public async Task Assertion_ThatProvesNothing_IsRefusedInTheSameWords(string attack)
    {
        using var stranger = new SignedClient(attack == "unknown-client" ? "nobody" : _system.Id);
        var assertion = attack switch
        {
            "none" or "RS256" or "HS256" or "HS384" => _system.Assertion(attack),
            "forged" or "unknown-client" => stranger.Assertion(),
            "tampered" => Tampered(_system.Assertion()),
            "audience" => _system.Assertion(audience: "https://elsewhere.example/auth/token"),
            "audience-of-service" => _system.Assertion(audience: "urn:bettercare:care"),
            "expired" => _system.Assertion(payload: p => p["exp"] = _system.Now.AddMinutes(-1).ToUnixTimeSeconds()),
            "lives-too-long" => _system.Assertion(payload: p => p["exp"] = _system.Now.AddMinutes(7).ToUnixTimeSeconds()),
            "no-expiry" => _system.Assertion(payload: p => p.Remove("exp")),
            "not-yet" => _system.Assertion(payload: p => p["nbf"] = _system.Now.AddMinutes(2).ToUnixTimeSeconds()),
            "no-jti" => _system.Assertion(payload: p => p.Remove("jti")),
            "other-subject" => _system.Assertion(payload: p => p["sub"] = "reader"),
            "unknown-key" => _system.Assertion(header: h => h["kid"] = "another"),
            "key-in-header" => stranger.Assertion(header: h => h["jwk"] = stranger.Jwks()["keys"]![0]!.DeepClone()),
            _ => "a.b.c",
        };

        var answer = await _app.Client.PostAsync("/auth/token", SignedClient.Form(assertion, "care/mdt"));

        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        json.GetProperty("error").GetString().ShouldBe("invalid_client");
        json.GetProperty("error_description").GetString()!.ShouldStartWith("The client assertion is not valid");
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("a.b.c")]
    [InlineData("none")]
    [InlineData("assertion")]
    [InlineData("tampered")]
    [InlineData("demo")]
    [InlineData("expired")]
    public async Task AccessToken_NotOurs_Gets401AndTheReason(string attack)
    {
        var token = await _system.TokenAsync(_app.Client, "care/mdt system/*.rs");
        (await _app.GetAsync(token, "/fhir/Patient?_count=1")).Status.ShouldBe(200);
        var sent = attack switch
        {
            "none" => $"{SignedClient.Encode("{\"alg\":\"none\",\"typ\":\"at+jwt\"}"u8)}.{token.Split('.')[1]}.",
            "assertion" => _system.Assertion(),
            "tampered" => Tampered(token),
            "demo" => $"{token.Split('.')[0]}.{SignedClient.Encode("{\"iss\":\"urn:bettercare:demo\",\"aud\":\"urn:bettercare:care\",\"sub\":\"x\",\"roles\":[\"administrator\"],\"exp\":9999999999}"u8)}.{token.Split('.')[2]}",
            "expired" => token,
            _ => attack,
        };
        if (attack == "expired")
        {
            _app.App.Clock.Now += TimeSpan.FromMinutes(6);
        }

        using var answer = await _app.Client.SendAsync(SignedClient.Request(HttpMethod.Get, "/fhir/Patient?_count=1", sent));
        _app.App.Clock.Now = _system.Now;

        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        answer.Headers.WwwAuthenticate.ToString().ShouldContain("invalid_token");
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("resourceType").GetString().ShouldBe("OperationOutcome");
    }

    [Fact]
    public async Task NoToken_InProduction_IsAskedForOne()
    {
        using var answer = await _app.Client.GetAsync("/v1/risk-list");

        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        answer.Headers.WwwAuthenticate.ToString().ShouldStartWith("Bearer");
        (await _app.GetAsync("", "/fhir/metadata")).Status.ShouldBe(200);
        (await _app.GetAsync("", "/health/live")).Status.ShouldBe(200);
        var smart = JsonDocument.Parse((await _app.GetAsync("", "/fhir/.well-known/smart-configuration")).Text).RootElement;
        smart.GetProperty("token_endpoint").GetString().ShouldBe("http://localhost/auth/token");
        smart.GetProperty("token_endpoint_auth_signing_alg_values_supported").EnumerateArray().Select(a => a.GetString()).ShouldBe(["RS384", "ES384", "RS512"]);
    }

    [Fact]
    public async Task FhirScopesAlone_OpenNothingOutsideFhir()
    {
        var token = await _reader.TokenAsync(_app.Client, "system/*.rs");

        (await _app.GetAsync(token, "/v1/risk-list")).Status.ShouldBe(403);
        (await _app.GetAsync(token, "/v1/clients")).Status.ShouldBe(403);
        (await _app.GetAsync(token, "/fhir/Patient?_count=1")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Administrator_RegistersAClient_WhichThenComesInAndIsEndedAgain()
    {
        using var added = new SignedClient("new-system");
        var administrator = await _system.TokenAsync(_app.Client, "care/administrator");
        (await _app.SendAsync(administrator, HttpMethod.Put, "/v1/clients/new-system", added.Registration("care/commissioner", "N81019").ToJsonString(), "application/json")).Status.ShouldBe(201);

        var token = await added.TokenAsync(_app.Client, "care/commissioner");
        (await _app.GetAsync(token, "/fhir/Patient?_count=1")).Status.ShouldBe(403);
        (await _app.GetAsync(token, "/v1/coverage")).Status.ShouldBe(404);

        (await _app.SendAsync(administrator, HttpMethod.Delete, "/v1/clients/new-system")).Status.ShouldBe(204);
        (await _app.GetAsync(token, "/v1/coverage")).Status.ShouldBe(401);
        (await SignedClient.RefusedAsync(_app.Client, added.Assertion())).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Registration_OfUnsafeKeysOrScopes_IsRefused()
    {
        using var added = new SignedClient("unsafe");
        var administrator = await _system.TokenAsync(_app.Client, "care/administrator");
        async Task<int> PutAsync(Action<JsonObject> change)
        {
            var registration = added.Registration("care/mdt");
            change(registration);
            return (await _app.SendAsync(administrator, HttpMethod.Put, "/v1/clients/unsafe", registration.ToJsonString(), "application/json")).Status;
        }

        (await PutAsync(r => r["jwks"]!["keys"]![0]!["d"] = "AQAB")).ShouldBe(400);
        (await PutAsync(r => r["jwks"]!["keys"]![0]!["n"] = "AQAB")).ShouldBe(400);
        (await PutAsync(r => r["jwks"]!["keys"]![0]!.AsObject().Remove("kid"))).ShouldBe(400);
        (await PutAsync(r => r["jwks"] = new JsonObject())).ShouldBe(400);
        (await PutAsync(r => r.Remove("jwks"))).ShouldBe(400);
        (await PutAsync(r => r["scopes"] = new JsonArray("everything"))).ShouldBe(400);
        (await PutAsync(r =>
        {
            r.Remove("jwks");
            r["jwksUrl"] = "http://intranet.example/keys";
        })).ShouldBe(400);
        (await _app.SendAsync(administrator, HttpMethod.Put, "/v1/clients/reader", added.Registration("care/mdt").ToJsonString(), "application/json")).Status.ShouldBe(409);
        (await PutAsync(_ => { })).ShouldBe(201);
    }

    [Fact]
    public async Task Purpose_IsOneOfTheRole()
    {
        var token = await _system.TokenAsync(_app.Client, "care/mdt system/*.rs");

        (await _app.GetAsync(token, "/fhir/Patient?_count=1", ("X-Purpose-Of-Use", "CAREMGT"))).Status.ShouldBe(200);
        (await _app.GetAsync(token, "/fhir/Patient?_count=1", ("X-Purpose-Of-Use", "HRESCH"))).Status.ShouldBe(403);
        (await _app.GetAsync(token, "/fhir/Patient?_count=1", ("X-Purpose-Of-Use", "' OR 1=1"))).Status.ShouldBe(403);
    }

    private static string Tampered(string jwt)
    {
        var parts = jwt.Split('.');
        var payload = JsonNode.Parse(Convert.FromBase64String(parts[1].Replace('-', '+').Replace('_', '/').PadRight((parts[1].Length + 3) / 4 * 4, '=')))!.AsObject();
        payload["jti"] = "another";
        return $"{parts[0]}.{SignedClient.Encode(System.Text.Encoding.UTF8.GetBytes(payload.ToJsonString()))}.{parts[2]}";
    }
}
