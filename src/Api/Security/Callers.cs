using System.Diagnostics.Metrics;
using System.Net;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Security;

/// <summary>
/// Says who is asking, before anything else looks at the request. With a token: its caller. Without: in the demo profile the
/// demo user, from this machine only; in production nobody, whom only endpoints that are marked as public answer.
/// </summary>
internal sealed partial class Callers(RequestDelegate next, IOptions<CareOptions> options, BearerTokens tokens, ILogger<Callers> log)
{
    public Task InvokeAsync(HttpContext context, CurrentCaller current)
    {
        var demo = options.Value.Profile == "demo";
        if (demo && context.Connection.RemoteIpAddress is { } from && !IPAddress.IsLoopback(from))
        {
            return Problems.WriteAsync(context, new NotAllowed("the demo from another machine; set Care:Profile to production"));
        }

        var isPublic = context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        var authorization = context.Request.Headers.Authorization;
        if (authorization.Count > 0 && !isPublic)
        {
            var validated = tokens.ValidateAsync(authorization.ToString(), context.RequestAborted);
            return validated.IsCompletedSuccessfully ? CarryOnAsync(context, current, validated.Result) : AwaitAsync(context, current, validated);
        }

        if (demo)
        {
            return CarryOnAsync(context, current, Caller.Demo);
        }

        return isPublic || context.GetEndpoint() is null ? next(context) : RefuseAsync(context, new NotAuthenticated());
    }

    private async Task AwaitAsync(HttpContext context, CurrentCaller current, ValueTask<Result<Caller>> validated) =>
        await CarryOnAsync(context, current, await validated);

    private Task CarryOnAsync(HttpContext context, CurrentCaller current, Result<Caller> found)
    {
        if (found.Error is { } error)
        {
            return RefuseAsync(context, error);
        }

        var caller = found.Value;
        if (context.Request.Headers.TryGetValue(PurposesOfUse.Header, out var stated))
        {
            if (PurposesOfUse.Parse(stated.ToString()) is not { } purpose || (caller != Caller.Demo && !caller.Purposes.Contains(purpose)))
            {
                return RefuseAsync(context, new NotAllowed($"that purpose of use; it includes {string.Join(", ", caller.Purposes.Select(p => p.Code()))}"));
            }

            caller = caller with { Purpose = purpose };
        }

        if (caller.FhirOnly && !context.Request.Path.StartsWithSegments("/fhir", StringComparison.Ordinal))
        {
            return RefuseAsync(context, new NotAllowed("anything outside /fhir: the token has FHIR scopes only"));
        }

        current.Caller = caller;
        return next(context);
    }

    private Task RefuseAsync(HttpContext context, CareError error)
    {
        AccessMetrics.Refused(error.Status, error.GetType().Name);
        Refused(error.Status, error.GetType().Name, (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "(none)");
        return Problems.WriteAsync(context, error);
    }

    [LoggerMessage(1300, LogLevel.Warning, "Refused {Status} {Error} at {Route}")]
    private partial void Refused(int status, string error, string route);
}

/// <summary>Counts of what was refused and issued: meter <c>BetterCare.Care.Access</c>.</summary>
internal static class AccessMetrics
{
    private static readonly Meter Meter = new("BetterCare.Care.Access");
    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>("care.access.refused", description: "Requests refused for want of a valid token, a grant or a scope");
    private static readonly Counter<long> Tokens = Meter.CreateCounter<long>("care.access.tokens", description: "Token requests, by outcome");

    public static void Refused(int status, string error) => Refusals.Add(1, new("status", status), new("error", error));

    public static void Token(string outcome) => Tokens.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
