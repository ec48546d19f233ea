using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Threading.RateLimiting;
using BetterCare.Care.Api.Features.Matching;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Identity.Matching;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace BetterCare.Care.Api.Features.Tracing.Pds;

/// <summary>
/// The client of PDS FHIR, application-restricted: reads only, which are repeated with growing, scattered waits. Every
/// attempt keeps to the requests a second that PDS allows; a few are under way at once; after many failures nothing is sent
/// for a while. Whatever fails ends as <see cref="PdsReply.Unavailable"/>: the queue waits, and nothing is lost.
/// </summary>
public sealed partial class PdsClient : IPdsClient, IDisposable
{
    /// <summary>Name of the HTTP client.</summary>
    public const string ClientName = "pds";

    private const int MostWaiting = 10_000;

    private readonly IHttpClientFactory _clients;
    private readonly PdsToken _tokens;
    private readonly PdsOptions _options;
    private readonly ILogger<PdsClient> _log;
    private readonly ResiliencePipeline<HttpResponseMessage> _pipeline;
    private readonly TokenBucketRateLimiter _rate;
    private readonly ConcurrencyLimiter _bulkhead;

    /// <summary>Builds the pipeline: retry, then circuit breaker, then time-out of the single attempt.</summary>
    public PdsClient(IHttpClientFactory clients, PdsToken tokens, IOptions<PdsOptions> options, ILogger<PdsClient> log)
    {
        (_clients, _tokens, _options, _log) = (clients, tokens, options.Value, log);
        _rate = new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            TokenLimit = _options.RequestsPerSecond,
            TokensPerPeriod = _options.RequestsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = MostWaiting,
        });
        _bulkhead = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = _options.RequestsAtOnce, QueueLimit = MostWaiting });
        var transient = new PredicateBuilder<HttpResponseMessage>()
            .Handle<HttpRequestException>().Handle<TimeoutRejectedException>().Handle<IOException>()
            .HandleResult(r => r.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)r.StatusCode >= 500);
        _pipeline = new ResiliencePipelineBuilder<HttpResponseMessage>()
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                ShouldHandle = transient,
                MaxRetryAttempts = Math.Max(1, _options.Retries),
                Delay = _options.RetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                DelayGenerator = args => ValueTask.FromResult(RetryAfter(args.Outcome.Result)),
                OnRetry = args =>
                {
                    Retrying(args.AttemptNumber + 1, Why(args.Outcome));
                    args.Outcome.Result?.Dispose();
                    return default;
                },
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpResponseMessage>
            {
                ShouldHandle = transient,
                FailureRatio = 0.7,
                MinimumThroughput = 10,
                SamplingDuration = TimeSpan.FromSeconds(30),
                BreakDuration = _options.BreakFor,
            })
            .AddTimeout(_options.AttemptTimeout)
            .Build();
    }

    /// <inheritdoc/>
    public bool IsOn => _options.IsOn;

    /// <inheritdoc/>
    public Task<PdsReply> ReadAsync(NhsNumber number, CancellationToken ct) => AskAsync($"/Patient/{number.Value}", ct);

    /// <inheritdoc/>
    public Task<PdsReply> SearchAsync(PdsSearch search, CancellationToken ct) =>
        PdsQuery.Of(search) is { } query ? AskAsync("/Patient?" + query, ct) : Task.FromResult<PdsReply>(new PdsReply.Refused(400, "MISSING_VALUE"));

    /// <inheritdoc/>
    public void Dispose()
    {
        _rate.Dispose();
        _bulkhead.Dispose();
    }

    private async Task<PdsReply> AskAsync(string path, CancellationToken ct)
    {
        if (!IsOn)
        {
            return new PdsReply.Unavailable("PDS is not set up");
        }

        // One id for all attempts: PDS answers a repeated request only once.
        var request = Guid.NewGuid().ToString();
        var correlation = Guid.NewGuid().ToString();
        try
        {
            using var place = await _bulkhead.AcquireAsync(1, ct);
            for (var renewed = false; ; renewed = true)
            {
                var token = await _tokens.GetAsync(ct);
                using var response = await _pipeline.ExecuteAsync(async attempt => await SendAsync(path, token, request, correlation, attempt), ct);
                if (response.StatusCode == HttpStatusCode.Unauthorized && !renewed)
                {
                    _tokens.Forget(token);
                    continue;
                }

                return await ReplyAsync(response, ct);
            }
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutRejectedException or BrokenCircuitException or IOException or JsonException
            || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            NoAnswer(e.GetType().Name);
            return new PdsReply.Unavailable(e is BrokenCircuitException ? "PDS failed too often and is left alone for a while" : "PDS did not answer");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string token, string request, string correlation, CancellationToken ct)
    {
        using var turn = await _rate.AcquireAsync(1, ct);
        using var client = _clients.CreateClient(ClientName);
        using var message = new HttpRequestMessage(HttpMethod.Get, _options.BaseUrl.TrimEnd('/') + path);
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/fhir+json"));
        message.Headers.Add("X-Request-ID", request);
        message.Headers.Add("X-Correlation-ID", correlation);
        if (_options.OrganisationOds.Length > 0)
        {
            message.Headers.Add("NHSD-End-User-Organisation-ODS", _options.OrganisationOds);
        }

        var response = await client.SendAsync(message, ct);

        // Read inside the attempt, so that a connection that breaks off half-way is another attempt.
        await response.Content.LoadIntoBufferAsync(ct);
        return response;
    }

    private static async Task<PdsReply> ReplyAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var status = (int)response.StatusCode;
        if (status is 408 or 429 or >= 500)
        {
            return new PdsReply.Unavailable($"PDS answered {status}");
        }

        if (status is 401 or 403)
        {
            // That is about us, not about the person.
            return new PdsReply.Unavailable("PDS does not accept the access of this service");
        }

        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(ct));
        var root = json.RootElement;

        // The type decides, not the status: TOO_MANY_MATCHES comes as a 200.
        switch (root.TryGetProperty("resourceType", out var type) ? type.GetString() : null)
        {
            case "Patient" when status == 200:
                return Person(root, 1) is { } read ? new PdsReply.Found([read]) : new PdsReply.Nobody();
            case "Bundle" when status == 200:
                List<PdsPerson> people = [];
                if (root.TryGetProperty("entry", out var entries))
                {
                    foreach (var entry in entries.EnumerateArray())
                    {
                        var score = entry.TryGetProperty("search", out var search) && search.TryGetProperty("score", out var s) ? s.GetDouble() : 0;
                        if (Person(entry.GetProperty("resource"), score) is { } person)
                        {
                            people.Add(person);
                        }
                    }
                }

                return people.Count == 0 ? new PdsReply.Nobody() : new PdsReply.Found(people);
            default:
                return CodeOf(root) switch
                {
                    "TOO_MANY_MATCHES" => new PdsReply.TooMany(),
                    "INVALIDATED_RESOURCE" => new PdsReply.Invalidated(),
                    "RESOURCE_NOT_FOUND" => new PdsReply.Nobody(),
                    var code => new PdsReply.Refused(status, code),
                };
        }
    }

    private static string CodeOf(JsonElement outcome)
    {
        if (outcome.TryGetProperty("issue", out var issues))
        {
            foreach (var issue in issues.EnumerateArray())
            {
                if (issue.TryGetProperty("details", out var details) && details.TryGetProperty("coding", out var codings))
                {
                    foreach (var coding in codings.EnumerateArray())
                    {
                        if (coding.TryGetProperty("code", out var code) && code.GetString() is { } text)
                        {
                            return text;
                        }
                    }
                }
            }
        }

        return "UNKNOWN";
    }

    private static PdsPerson? Person(JsonElement patient, double score)
    {
        if (!NhsNumber.TryParse(patient.TryGetProperty("id", out var id) ? id.GetString() : null, out var number))
        {
            return null;
        }

        var restricted = false;
        if (patient.TryGetProperty("meta", out var meta) && meta.TryGetProperty("security", out var labels))
        {
            restricted = labels.EnumerateArray().Any(l => l.TryGetProperty("code", out var code) && code.GetString() is "R" or "V");
        }

        var practice = "";
        if (patient.TryGetProperty("generalPractitioner", out var practitioners))
        {
            foreach (var one in practitioners.EnumerateArray())
            {
                if (one.TryGetProperty("identifier", out var identifier) && identifier.TryGetProperty("value", out var ods))
                {
                    practice = OdsCode.TryParse(ods.GetString(), out var code) ? code.Value : practice;
                }
            }
        }

        PersonText text = PatientText.Of(JsonSerializer.SerializeToUtf8Bytes(patient)) with { Number = number };
        return new PdsPerson(number, text, practice, restricted, patient.TryGetProperty("deceasedDateTime", out _), score);
    }

    /// <summary>The wait that PDS asks for; null: ours.</summary>
    private static TimeSpan? RetryAfter(HttpResponseMessage? response) => response?.Headers.RetryAfter?.Delta;

    private static string Why(Outcome<HttpResponseMessage> outcome) => outcome.Exception?.GetType().Name ?? ((int?)outcome.Result?.StatusCode)?.ToString() ?? "";

    [LoggerMessage(1701, LogLevel.Warning, "PDS: attempt {Attempt} failed ({Why}); asking again")]
    private partial void Retrying(int attempt, string why);

    [LoggerMessage(1702, LogLevel.Warning, "PDS gave no answer ({Why}); the queue waits")]
    private partial void NoAnswer(string why);
}
