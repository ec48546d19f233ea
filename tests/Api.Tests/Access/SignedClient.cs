using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BetterCare.Care.Tests.Api.Access;

/// <summary>A system with a key pair, which signs assertions as SMART has it, or as an attacker would.</summary>
internal sealed class SignedClient : IDisposable
{
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    public SignedClient(string id) => Id = id;

    public string Id { get; }

    /// <summary>What the ids of its keys begin with.</summary>
    public string KeyPrefix { get; init; } = "";

    /// <summary>As which sources it may write; null: one that names the client.</summary>
    public string[]? Sources { get; init; }

    /// <summary>Time by which assertions are dated.</summary>
    public DateTimeOffset Now { get; set; } = new(2026, 11, 22, 9, 0, 0, TimeSpan.Zero);

    public JsonObject Jwks()
    {
        var rsa = _rsa.ExportParameters(false);
        var ec = _ec.ExportParameters(false).Q;
        return new JsonObject
        {
            ["keys"] = new JsonArray(
                new JsonObject { ["kty"] = "RSA", ["kid"] = KeyPrefix + "rsa", ["n"] = Encode(rsa.Modulus!), ["e"] = Encode(rsa.Exponent!) },
                new JsonObject { ["kty"] = "EC", ["kid"] = KeyPrefix + "ec", ["crv"] = "P-384", ["x"] = Encode(ec.X!), ["y"] = Encode(ec.Y!) }),
        };
    }

    /// <summary>As the clients file has it.</summary>
    public JsonObject Registration(string scopes, params string[] practices) => new()
    {
        ["name"] = $"Test system {Id}",
        ["scopes"] = new JsonArray([.. scopes.Split(' ').Select(s => (JsonNode)s!)]),
        ["practices"] = new JsonArray([.. practices.Select(p => (JsonNode)p!)]),
        ["jwks"] = Jwks(),
        ["sources"] = Sources is null ? null : new JsonArray([.. Sources.Select(s => (JsonNode)s!)]),
    };

    public string Assertion(string alg = "RS384", string audience = "http://localhost/auth/token", Action<JsonObject>? payload = null, Action<JsonObject>? header = null)
    {
        var head = new JsonObject { ["alg"] = alg, ["typ"] = "JWT", ["kid"] = KeyPrefix + (alg.StartsWith("ES", StringComparison.Ordinal) ? "ec" : "rsa") };
        var body = new JsonObject
        {
            ["iss"] = Id, ["sub"] = Id, ["aud"] = audience, ["jti"] = Guid.NewGuid().ToString(), ["exp"] = Now.AddMinutes(4).ToUnixTimeSeconds(), ["iat"] = Now.ToUnixTimeSeconds(),
        };
        header?.Invoke(head);
        payload?.Invoke(body);
        var text = $"{Encode(Encoding.UTF8.GetBytes(head.ToJsonString()))}.{Encode(Encoding.UTF8.GetBytes(body.ToJsonString()))}";
        return $"{text}.{Encode(Sign(alg, Encoding.ASCII.GetBytes(text)))}";
    }

    public static FormUrlEncodedContent Form(string assertion, string scope) => new(new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["grant_type"] = "client_credentials",
        ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ["client_assertion"] = assertion,
        ["scope"] = scope,
    });

    public async Task<string> TokenAsync(HttpClient http, string scope)
    {
        var answer = await http.PostAsync("/auth/token", Form(Assertion(), scope));
        var text = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue(text);
        return JsonDocument.Parse(text).RootElement.GetProperty("access_token").GetString()!;
    }

    public static async Task<(int Status, string Error)> RefusedAsync(HttpClient http, string assertion, string scope = "system/*.rs")
    {
        var answer = await http.PostAsync("/auth/token", Form(assertion, scope));
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return ((int)answer.StatusCode, json.TryGetProperty("error", out var error) ? error.GetString()! : "");
    }

    /// <summary>A request with a token.</summary>
    public static HttpRequestMessage Request(HttpMethod method, string path, string token, string? json = null, string contentType = "application/fhir+json")
    {
        var request = new HttpRequestMessage(method, path) { Content = json is null ? null : new StringContent(json, Encoding.UTF8, contentType) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return request;
    }

    public static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    public void Dispose()
    {
        _rsa.Dispose();
        _ec.Dispose();
    }

    private byte[] Sign(string alg, byte[] text) => alg switch
    {
        "RS384" => _rsa.SignData(text, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
        "RS512" => _rsa.SignData(text, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
        "RS256" => _rsa.SignData(text, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        "ES384" => _ec.SignData(text, HashAlgorithmName.SHA384),

        // Key confusion: the public key, which everybody knows, as the secret of an HMAC.
        "HS256" => HMACSHA256.HashData(Encoding.ASCII.GetBytes(_rsa.ExportSubjectPublicKeyInfoPem()), text),
        "HS384" => HMACSHA384.HashData(_rsa.ExportSubjectPublicKeyInfo(), text),
        _ => [],
    };
}
