using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace BetterCare.Care.Api.Features.Subscriptions;

/// <summary>
/// Sends what waits in the queue. An attempt is tried thrice in quick succession; an endpoint that keeps failing is left alone for
/// half a minute (circuit breaker); between attempts the wait doubles. What is refused, or has failed too often, is dead: it
/// stays in the list and can be replayed. A receiver may get a notification more than once, and knows it by its event number.
/// </summary>
public sealed class SubscriptionSender(
    IDbContextFactory<CareDbContext> contexts, ResourceStore store, SubscriptionRules rules, NotificationClient client, IOptions<SubscriptionOptions> options, TimeProvider clock) : IUpkeep
{
    /// <summary>
    /// <c>t=UNIX-SECONDS,v1=HEX</c>: HMAC-SHA256 under the endpoint's secret over the time, a full stop and the body. Receivers
    /// compare it and refuse what is older than five minutes.
    /// </summary>
    public const string SignatureHeader = "X-BetterCare-Signature";

    private const int MostAtOnce = 50;
    private const int MostAtATime = 4;

    // Long enough for the slowest attempt: another instance takes over what this one left undone.
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<string, ResiliencePipeline<HttpResponseMessage>> _pipelines = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Name => "notifications";

    /// <inheritdoc/>
    public TimeSpan Every => TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var due = await db.SubscriptionDeliveries.AsNoTracking().Where(d => d.State == DeliveryState.Waiting && d.NextAt <= now).OrderBy(d => d.NextAt).ThenBy(d => d.Id).Take(MostAtOnce).ToListAsync(ct);

        // Subscriptions side by side, so that one slow endpoint does not hold up the others; the events of one in their order.
        await Parallel.ForEachAsync(due.GroupBy(d => d.SubscriptionId), new ParallelOptions { MaxDegreeOfParallelism = MostAtATime, CancellationToken = ct }, async (group, token) =>
        {
            foreach (var delivery in group.OrderBy(d => d.Event))
            {
                await SendAsync(delivery, token);
            }
        });
    }

    private async Task SendAsync(SubscriptionDelivery delivery, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var claimed = await db.SubscriptionDeliveries.Where(d => d.Id == delivery.Id && d.State == DeliveryState.Waiting && d.NextAt == delivery.NextAt)
            .ExecuteUpdateAsync(s => s.SetProperty(d => d.NextAt, clock.GetUtcNow().Add(Claim).ToUnixTimeMilliseconds()), ct);
        if (claimed == 0)
        {
            return;
        }

        var resource = await store.ReadAsync(ResourceType.Subscription, delivery.SubscriptionId, ct);
        if (resource is not { Deleted: false } || rules.Read(resource.Body).Served is not { } served)
        {
            await KeepAsync(db, delivery, DeliveryState.Dead, delivery.Attempts, 0, "The subscription has been deleted, or can no longer be served.", ct);
            return;
        }

        try
        {
            var body = Body(delivery);
            using var response = await PipelineFor(served.Endpoint).ExecuteAsync(async token => await client.PostAsync(Request(served, body), token), ct);
            if (response.IsSuccessStatusCode)
            {
                await KeepAsync(db, delivery, DeliveryState.Delivered, delivery.Attempts + 1, 0, "", ct);
            }
            else if (IsTransient(response))
            {
                await PostponeAsync(db, delivery, $"The endpoint answered {(int)response.StatusCode}.", ct);
            }
            else
            {
                await KeepAsync(db, delivery, DeliveryState.Dead, delivery.Attempts + 1, 0, $"The endpoint refused it with {(int)response.StatusCode}.", ct);
            }
        }
        catch (BrokenCircuitException)
        {
            // Not tried, so not counted.
            await KeepAsync(db, delivery, DeliveryState.Waiting, delivery.Attempts, clock.GetUtcNow().Add(BreakFor).ToUnixTimeMilliseconds(), "The endpoint keeps failing and is left alone for a while.", ct);
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutRejectedException or IOException)
        {
            await PostponeAsync(db, delivery, e is TimeoutRejectedException ? "The endpoint did not answer in time." : "The endpoint could not be reached.", ct);
        }
    }

    private static readonly TimeSpan BreakFor = TimeSpan.FromSeconds(30);

    private Task PostponeAsync(CareDbContext db, SubscriptionDelivery delivery, string problem, CancellationToken ct)
    {
        var attempts = delivery.Attempts + 1;
        if (attempts >= options.Value.MaxAttempts)
        {
            return KeepAsync(db, delivery, DeliveryState.Dead, attempts, 0, problem, ct);
        }

        var seconds = Math.Min(3600, options.Value.FirstRetrySeconds * Math.Pow(2, attempts - 1));
        var jittered = seconds * (0.5 + (RandomNumberGenerator.GetInt32(500) / 1000.0));
        return KeepAsync(db, delivery, DeliveryState.Waiting, attempts, clock.GetUtcNow().AddSeconds(jittered).ToUnixTimeMilliseconds(), problem, ct);
    }

    private static Task KeepAsync(CareDbContext db, SubscriptionDelivery delivery, DeliveryState state, int attempts, long nextAt, string problem, CancellationToken ct) =>
        db.SubscriptionDeliveries.Where(d => d.Id == delivery.Id).ExecuteUpdateAsync(
            s => s.SetProperty(d => d.State, state).SetProperty(d => d.Attempts, attempts).SetProperty(d => d.NextAt, nextAt).SetProperty(d => d.Problem, problem), ct);

    private HttpRequestMessage Request(ServedSubscription served, byte[] body)
    {
        var at = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.UTF8.GetBytes(at), (byte)'.', .. body];
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(served.Secret), signed));
        var request = new HttpRequestMessage(HttpMethod.Post, served.Endpoint) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/fhir+json");
        request.Headers.TryAddWithoutValidation(SignatureHeader, $"t={at},v1={signature}");
        foreach (var (name, value) in served.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    /// <summary>Ids only, in the shape of the Subscriptions R5 Backport: a history Bundle whose Parameters tell the event and its focus.</summary>
    private byte[] Body(SubscriptionDelivery delivery)
    {
        var focus = $"{((ResourceType)delivery.Type).Name()}/{delivery.ResourceId}";
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("resourceType", "Bundle");
        json.WriteString("type", "history");
        json.WriteString("timestamp", clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        json.WriteStartArray("entry");
        json.WriteStartObject();
        json.WriteStartObject("resource");
        json.WriteString("resourceType", "Parameters");
        json.WriteStartArray("parameter");
        Reference(json, "subscription", $"Subscription/{delivery.SubscriptionId}");
        Code(json, "status", "active");
        Code(json, "type", "event-notification");
        json.WriteStartObject();
        json.WriteString("name", "notification-event");
        json.WriteStartArray("part");
        json.WriteStartObject();
        json.WriteString("name", "event-number");
        json.WriteString("valueString", delivery.Event.ToString(CultureInfo.InvariantCulture));
        json.WriteEndObject();
        Reference(json, "focus", $"{focus}/_history/{delivery.Version.ToString(CultureInfo.InvariantCulture)}");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("request");
        json.WriteString("method", "GET");
        json.WriteString("url", $"Subscription/{delivery.SubscriptionId}/$status");
        json.WriteEndObject();
        json.WriteStartObject("response");
        json.WriteString("status", "200");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Reference(Utf8JsonWriter json, string name, string reference)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteStartObject("valueReference");
        json.WriteString("reference", reference);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Code(Utf8JsonWriter json, string name, string code)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("valueCode", code);
        json.WriteEndObject();
    }

    private static bool IsTransient(HttpResponseMessage response) => (int)response.StatusCode >= 500 || response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout;

    private ResiliencePipeline<HttpResponseMessage> PipelineFor(Uri endpoint) => _pipelines.GetOrAdd(endpoint.GetLeftPart(UriPartial.Authority), _ =>
    {
        var fails = new PredicateBuilder<HttpResponseMessage>().Handle<HttpRequestException>().Handle<IOException>().Handle<TimeoutRejectedException>().HandleResult(IsTransient);
        return new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                ShouldHandle = fails,
                MaxRetryAttempts = 2,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(options.Value.QuickRetryMilliseconds),
                OnRetry = args =>
                {
                    args.Outcome.Result?.Dispose();
                    return default;
                },
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpResponseMessage>
            {
                ShouldHandle = fails, FailureRatio = 0.5, MinimumThroughput = 6, SamplingDuration = TimeSpan.FromSeconds(30), BreakDuration = BreakFor,
            })
            .AddTimeout(TimeSpan.FromSeconds(options.Value.TimeoutSeconds))
            .Build();
    });
}

/// <summary>The one way out of the service: it follows no redirect and uses no proxy, so that an allowed address is where it goes.</summary>
public sealed class NotificationClient : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxConnectionsPerServer = 4,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = 64 * 1024,
    };

    /// <summary>Posts, and looks at the status only: what else the endpoint says is not read.</summary>
    public async Task<HttpResponseMessage> PostAsync(HttpRequestMessage request, CancellationToken ct)
    {
        using (request)
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
