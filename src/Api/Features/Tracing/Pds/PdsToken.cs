using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Tracing.Pds;

/// <summary>
/// Access tokens by a signed client assertion (RFC 7523), as the NHS identity service asks for it: RS512 only, issuer and
/// subject the API key, five minutes at most. A token is kept until shortly before it ends.
/// </summary>
public sealed class PdsToken(IHttpClientFactory clients, IOptions<PdsOptions> options, TimeProvider clock) : IDisposable
{
    /// <summary>Name of the HTTP client.</summary>
    public const string ClientName = "pds-token";

    private static readonly TimeSpan AssertionLife = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _one = new(1, 1);
    private Token? _token;

    /// <summary>A token that is good for another while. One request gets it for all who wait.</summary>
    /// <exception cref="HttpRequestException">The identity service gave none.</exception>
    public async Task<string> GetAsync(CancellationToken ct)
    {
        if (_token is { } current && clock.GetUtcNow() < current.GoodUntil)
        {
            return current.Value;
        }

        await _one.WaitAsync(ct);
        try
        {
            if (_token is { } got && clock.GetUtcNow() < got.GoodUntil)
            {
                return got.Value;
            }

            _token = await AskAsync(ct);
            return _token.Value;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Forgets a token that PDS did not accept; one that another has got meanwhile stays.</summary>
    public void Forget(string refused)
    {
        if (_token is { } current && current.Value == refused)
        {
            _token = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    /// <summary>The signed assertion. Each has an id of its own, so that none can be used twice.</summary>
    internal static string Assertion(PdsOptions options, RSA key, DateTimeOffset now)
    {
        var header = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["alg"] = "RS512", ["typ"] = "JWT", ["kid"] = options.KeyId });
        var claims = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
        {
            ["iss"] = options.ApiKey,
            ["sub"] = options.ApiKey,
            ["aud"] = options.TokenUrl,
            ["jti"] = Guid.NewGuid().ToString(),
            ["exp"] = (now + AssertionLife).ToUnixTimeSeconds(),
        });
        var text = $"{Base64Url(header)}.{Base64Url(claims)}";
        return $"{text}.{Base64Url(key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1))}";
    }

    private static string Base64Url(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private async Task<Token> AskAsync(CancellationToken ct)
    {
        using var key = RSA.Create();
        key.ImportFromPem(await File.ReadAllTextAsync(options.Value.PrivateKeyFile, ct));
        using var client = clients.CreateClient(ClientName);
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Value.TokenUrl)
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials",
                ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ["client_assertion"] = Assertion(options.Value, key, clock.GetUtcNow()),
            }),
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using var response = await client.SendAsync(request, ct);
        response.EnsureSuccessStatusCode();
        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(ct));
        var root = json.RootElement;

        // The service writes the seconds as a string; a number would be as good.
        var life = root.TryGetProperty("expires_in", out var expires)
            && int.TryParse(expires.ValueKind == JsonValueKind.String ? expires.GetString() : expires.GetRawText(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : TimeSpan.FromSeconds(60);
        var value = root.TryGetProperty("access_token", out var token) ? token.GetString() : null;
        return value is { Length: > 0 }
            ? new Token(value, clock.GetUtcNow() + (life > 2 * Margin ? life - Margin : life / 2))
            : throw new HttpRequestException("The identity service gave no access token.");
    }

    private sealed record Token(string Value, DateTimeOffset GoodUntil);
}
