using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Security;

/// <summary>
/// Gives each request its id, and records refusals that come before any use case is reached: no token, a bad one, a client
/// that may not. The rest is <see cref="AuditBehaviour{TRequest, TResponse}"/>'s.
/// </summary>
internal sealed class AuditedRequests(RequestDelegate next, AuditLog log, Directories directories, TimeProvider clock)
{
    /// <summary>In the request's items: a use case with people's data was reached.</summary>
    public const string Seen = "audited";

    private const string Header = "X-Request-ID";

    public async Task InvokeAsync(HttpContext context, CurrentCaller current)
    {
        // Only a UUID is taken over from outside: anything else could be somebody's number.
        var id = Guid.TryParse(context.Request.Headers[Header], out var given) ? given : Guid.CreateVersion7(clock.GetUtcNow());
        context.TraceIdentifier = id.ToString();
        context.Response.Headers[Header] = context.TraceIdentifier;
        await next(context);
        if (context.Response.StatusCode is 401 or 403 && !context.Items.ContainsKey(Seen) && context.GetEndpoint() is { } endpoint)
        {
            await log.RecordAsync(await RefusedAsync(context, endpoint, current.Caller));
        }
    }

    private async Task<AuditEntry> RefusedAsync(HttpContext context, Endpoint endpoint, Caller caller)
    {
        var people = new List<long>();
        foreach (var value in context.Request.RouteValues.Values)
        {
            if (NhsNumber.TryParse(value as string, out var number))
            {
                people.Add(await directories.FindAsync(number, context.RequestAborted) ?? -number.Number);
            }
        }

        var name = endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? "unknown";
        return new AuditEntry
        {
            At = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            Agent = caller.Name,
            Role = string.Join(' ', caller.Roles),
            Purpose = caller.Purpose.Code(),
            Action = Interactions.ActionOf(name),
            Outcome = AuditOutcome.Refused,
            RequestId = context.TraceIdentifier,
            Interaction = name,
            Type = ResourceTypes.Parse(context.Request.RouteValues.GetValueOrDefault("type") as string ?? ""),
            Query = Interactions.ShapeOf(context.Request.Query.Keys),
            People = people,
        };
    }
}
