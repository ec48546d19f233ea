using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BetterCare.Care.Api.Features.Tracing.StandIn;

/// <summary>How a stand-in fails on purpose.</summary>
public enum PdsFault
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>Answers 429 TOO_MANY_REQUESTS.</summary>
    TooManyRequests,

    /// <summary>Answers 500.</summary>
    Fault,

    /// <summary>Answers 408 UNABLE_TO_CALL_SERVICE.</summary>
    UnableToCallService,

    /// <summary>Never answers.</summary>
    Silence,

    /// <summary>Breaks the connection off.</summary>
    Reset,

    /// <summary>Answers 200 with something that is no FHIR.</summary>
    Rubbish,

    /// <summary>Says that the token has ended.</summary>
    TokenEnded,
}

/// <summary>
/// A stand-in of PDS FHIR and of the identity service, on loopback, for tests and the demo: behaves as the public
/// specification says, and fails when it is told to.
/// </summary>
public sealed class PdsStandIn : IAsyncDisposable
{
    private static readonly TimeSpan TokenLife = TimeSpan.FromSeconds(599);

    private readonly WebApplication _app;
    private readonly RSA? _clientKey;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<string, bool> _used = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _tokens = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<PdsFault> _faults = new();

    /// <summary>Makes it; nothing listens yet.</summary>
    /// <param name="people">Whom it knows.</param>
    /// <param name="clientKey">The client's public key, to check assertions with; null: the shape is checked, not the signature.</param>
    /// <param name="clock">For tokens.</param>
    /// <param name="url">Where to listen; port 0 takes a free one.</param>
    public PdsStandIn(StandInPeople people, RSA? clientKey, TimeProvider clock, string url = "http://127.0.0.1:0")
    {
        (People, _clientKey, _clock) = (people, clientKey, clock);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(url);
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.MapPost("/oauth2/token", TokenAsync);
        _app.MapGet("/personal-demographics/FHIR/R4/Patient/{number}", (HttpContext http, string number) => AnswerAsync(http, () => People.Read(number)));
        _app.MapGet("/personal-demographics/FHIR/R4/Patient", (HttpContext http) => AnswerAsync(
            http, () => People.Search(http.Request.Query.ToDictionary(q => q.Key, q => q.Value.Select(v => v ?? "").ToArray(), StringComparer.Ordinal))));
    }

    /// <summary>Whom it knows.</summary>
    public StandInPeople People { get; }

    /// <summary>Where it listens.</summary>
    public string Url => _app.Urls.First();

    /// <summary>Requests that reached it, faults included.</summary>
    public int Requests => _requests;

    /// <summary>Tokens that it gave.</summary>
    public int TokensGiven => _tokens.Count;

    /// <summary>X-Request-ID of each request, in order.</summary>
    public ConcurrentQueue<string> RequestIds { get; } = new();

    /// <summary>ODS code of the last request.</summary>
    public string LastOrganisation { get; private set; } = "";

    private int _requests;

    /// <summary>The next requests fail so, in order.</summary>
    public void FailNext(params PdsFault[] faults)
    {
        foreach (var fault in faults)
        {
            _faults.Enqueue(fault);
        }
    }

    /// <summary>Everything works again.</summary>
    public void Recover() => _faults.Clear();

    /// <summary>Begins to listen.</summary>
    public Task StartAsync(CancellationToken ct) => _app.StartAsync(ct);

    /// <summary>Listens until stopped.</summary>
    public Task WaitAsync(CancellationToken ct) => _app.WaitForShutdownAsync(ct);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http, Func<(int Status, JsonObject Body)> answer)
    {
        Interlocked.Increment(ref _requests);
        var id = http.Request.Headers["X-Request-ID"].ToString();
        RequestIds.Enqueue(id);
        LastOrganisation = http.Request.Headers["NHSD-End-User-Organisation-ODS"].ToString();
        _faults.TryDequeue(out var fault);
        switch (fault)
        {
            case PdsFault.Reset:
                http.Abort();
                return;
            case PdsFault.Silence:
                await Task.Delay(Timeout.InfiniteTimeSpan, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            case PdsFault.Rubbish:
                await WriteAsync(http, 200, "<html>an error page of some proxy</html>", "text/html");
                return;
        }

        var bearer = http.Request.Headers.Authorization.ToString();
        var known = bearer.StartsWith("Bearer ", StringComparison.Ordinal) && _tokens.TryGetValue(bearer[7..], out var until) && _clock.GetUtcNow() < until;
        var (status, body) = fault switch
        {
            PdsFault.TooManyRequests => StandInPeople.Outcome(429, "TOO_MANY_REQUESTS", "Too many requests"),
            PdsFault.Fault => StandInPeople.Outcome(500, "SERVER_ERROR", "Failed to generate response"),
            PdsFault.UnableToCallService => StandInPeople.Outcome(408, "UNABLE_TO_CALL_SERVICE", "Unable to call service"),
            PdsFault.TokenEnded => StandInPeople.Outcome(401, "ACCESS_DENIED", "Access token has expired"),
            _ when !known => StandInPeople.Outcome(401, "ACCESS_DENIED", "Missing or unknown access token"),
            _ when id.Length == 0 => StandInPeople.Outcome(400, "MISSING_VALUE", "Missing value - 'x-request-id'"),
            _ when !Guid.TryParse(id, out _) => StandInPeople.Outcome(400, "INVALID_VALUE", "Invalid value in header 'X-Request-ID'"),
            _ => answer(),
        };
        http.Response.Headers["X-Request-ID"] = id;
        if (http.Request.Headers.TryGetValue("X-Correlation-ID", out var correlation))
        {
            http.Response.Headers["X-Correlation-ID"] = correlation;
        }

        if (status == 200 && (string?)body["resourceType"] == "Patient")
        {
            http.Response.Headers.ETag = "W/\"2\"";
        }

        await WriteAsync(http, status, body.ToJsonString(), "application/fhir+json");
    }

    private async Task TokenAsync(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var fault = form["grant_type"] != "client_credentials" ? "grant_type is invalid"
            : form["client_assertion_type"] != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" ? "Missing or invalid client_assertion_type"
            : Fault(form["client_assertion"].ToString());
        if (fault.Length > 0)
        {
            await WriteAsync(http, 400, $$"""{"error":"invalid_request","error_description":"{{fault}}"}""", "application/json");
            return;
        }

        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        _tokens[token] = _clock.GetUtcNow() + TokenLife;

        // Seconds as a string, as the real service writes them.
        await WriteAsync(http, 200, $$"""{"access_token":"{{token}}","expires_in":"{{TokenLife.TotalSeconds}}","token_type":"Bearer","issued_at":"{{_clock.GetUtcNow().ToUnixTimeMilliseconds()}}"}""", "application/json");
    }

    /// <summary>What is wrong with an assertion; empty nothing.</summary>
    private string Fault(string assertion)
    {
        var parts = assertion.Split('.');
        if (parts.Length != 3)
        {
            return "Malformed JWT in client_assertion";
        }

        try
        {
            using var header = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(parts[0]));
            using var claims = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]));
            var (h, c) = (header.RootElement, claims.RootElement);
            var exp = c.GetProperty("exp");
            var now = _clock.GetUtcNow().ToUnixTimeSeconds();
            return h.GetProperty("alg").GetString() != "RS512" ? "Invalid 'alg' header in client_assertion JWT - unsupported JWT algorithm - must be 'RS512'"
                : h.GetProperty("typ").GetString() != "JWT" ? "Invalid 'typ' header in client_assertion JWT - must be 'JWT'"
                : string.IsNullOrEmpty(h.GetProperty("kid").GetString()) ? "Missing 'kid' header in client_assertion JWT"
                : c.GetProperty("iss").GetString() != c.GetProperty("sub").GetString() ? "Missing or non-matching iss/sub claims in client_assertion JWT"
                : c.GetProperty("aud").GetString() != $"{Url}/oauth2/token" ? "Missing or invalid 'aud' claim in client_assertion JWT"
                : exp.ValueKind != JsonValueKind.Number || !exp.TryGetInt64(out var ends) ? "Invalid 'exp' claim in client_assertion JWT - must be an integer"
                : ends <= now ? "Invalid 'exp' claim in client_assertion JWT - JWT has expired"
                : ends > now + 310 ? "Invalid 'exp' claim in client_assertion JWT - more than 5 minutes in future"
                : !_used.TryAdd(c.GetProperty("jti").GetString() ?? "", true) ? "Non-unique 'jti' claim in client_assertion JWT"
                : _clientKey is not null && !_clientKey.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), System.Buffers.Text.Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1)
                    ? "JWT signature verification failed"
                : "";
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            return "Malformed JWT in client_assertion";
        }
    }

    private static Task WriteAsync(HttpContext http, int status, string text, string type)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        return http.Response.WriteAsync(text, http.RequestAborted);
    }
}
