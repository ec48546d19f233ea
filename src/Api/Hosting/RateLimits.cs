using System.Globalization;
using System.Net;
using System.Threading.RateLimiting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Hosting;

/// <summary>So many requests a client, once it is known who it is. One that floods is told when to come again; the others notice nothing.</summary>
internal sealed class RateLimits : IDisposable
{
    private readonly RequestDelegate _next;
    private readonly PartitionedRateLimiter<string>? _clients;

    public RateLimits(RequestDelegate next, IOptions<WebOptions> web, IOptions<CareOptions> care)
    {
        _next = next;
        if (care.Value.Profile != "demo" && web.Value.RequestsPerSecond > 0)
        {
            _clients = PartitionedRateLimiter.Create<string, string>(name => RateLimitPartition.GetTokenBucketLimiter(name, _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = Math.Max(1, web.Value.RequestsAtOnce),
                TokensPerPeriod = Math.Max(1, web.Value.RequestsPerSecond),
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            }));
        }
    }

    public async Task InvokeAsync(HttpContext context, CurrentCaller current)
    {
        if (_clients is not null)
        {
            var who = ReferenceEquals(current.Caller, Caller.Nobody) ? $"address {context.Connection.RemoteIpAddress}" : $"client {current.Caller.Name}";
            using var lease = _clients.AttemptAcquire(who);
            if (!lease.IsAcquired)
            {
                await Throttled.WriteAsync(context, lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1));
                return;
            }
        }

        await _next(context);
    }

    public void Dispose() => _clients?.Dispose();
}

/// <summary>Whoever is refused again and again from one address is not listened to for a while: guessing tokens does not pay.</summary>
internal sealed class RefusalLimits : IDisposable
{
    private readonly RequestDelegate _next;
    private readonly PartitionedRateLimiter<IPAddress>? _addresses;

    public RefusalLimits(RequestDelegate next, IOptions<WebOptions> web, IOptions<CareOptions> care)
    {
        _next = next;
        if (care.Value.Profile != "demo" && web.Value.RefusalsPerMinute > 0)
        {
            _addresses = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address => RateLimitPartition.GetFixedWindowLimiter(
                address, _ => new FixedWindowRateLimiterOptions { PermitLimit = web.Value.RefusalsPerMinute, Window = TimeSpan.FromMinutes(1) }));
        }
    }

    public async Task InvokeAsync(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (_addresses is not null)
        {
            // Asks for nothing, and is told whether anything is left.
            using var lease = _addresses.AttemptAcquire(address, 0);
            if (!lease.IsAcquired)
            {
                await Throttled.WriteAsync(context, TimeSpan.FromMinutes(1));
                return;
            }
        }

        await _next(context);
        if (context.Response.StatusCode == 401)
        {
            _addresses?.AttemptAcquire(address).Dispose();
        }
    }

    public void Dispose() => _addresses?.Dispose();
}

/// <summary>The client sends more than it may.</summary>
public sealed record Throttled(TimeSpan Wait) : CareError(429, "throttled", "Too many requests. Wait as long as Retry-After says, then go on more slowly.")
{
    /// <summary>Answers with Retry-After.</summary>
    internal static Task WriteAsync(HttpContext context, TimeSpan wait)
    {
        context.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Problems.WriteAsync(context, new Throttled(wait));
    }
}
