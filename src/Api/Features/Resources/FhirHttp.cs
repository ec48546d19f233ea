using System.Globalization;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Storage.Ingest;
using Microsoft.OpenApi;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>What a client prefers to get back from a write (<c>Prefer: return=…</c>).</summary>
public enum ReturnPreference : byte
{
    /// <summary>The resource as it was stored; also where nothing is said.</summary>
    Representation,

    /// <summary>Headers only.</summary>
    Minimal,

    /// <summary>An OperationOutcome with warnings.</summary>
    OperationOutcome,
}

/// <summary>The parts of HTTP that FHIR gives a meaning to (R4 http.html).</summary>
public static class FhirHttp
{
    /// <summary>The address under which FHIR is served, as this client sees it.</summary>
    public static string BaseOf(HttpContext http) => $"{http.Request.Scheme}://{http.Request.Host}/fhir";

    /// <summary>What to answer a write with.</summary>
    public static ReturnPreference ReturnOf(HttpContext http)
    {
        var prefer = http.Request.Headers["Prefer"].ToString();
        return prefer.Contains("return=minimal", StringComparison.Ordinal) ? ReturnPreference.Minimal
            : prefer.Contains("return=OperationOutcome", StringComparison.Ordinal) ? ReturnPreference.OperationOutcome
            : ReturnPreference.Representation;
    }

    /// <summary>Whether unknown search parameters are to be ignored instead of refused.</summary>
    public static bool IsLenient(HttpContext http) => http.Request.Headers["Prefer"].ToString().Contains("handling=lenient", StringComparison.Ordinal);

    /// <summary>The version that If-Match demands; null where it is absent, -1 where it is none of ours.</summary>
    public static int? ExpectedVersion(HttpContext http) => BundlePreparer.Version(http.Request.Headers.IfMatch.ToString());

    /// <summary>Whether the client has this version already.</summary>
    public static bool IsNotModified(HttpContext http, int version, long lastUpdated)
    {
        var tags = http.Request.Headers.IfNoneMatch;
        if (tags.Count > 0)
        {
            return tags.ToString().Split(',').Any(t => t.Trim() == "*" || BundlePreparer.Version(t) == version);
        }

        // HTTP dates have whole seconds.
        return http.Request.Headers.IfModifiedSince.Count > 0
            && DateTimeOffset.TryParse(http.Request.Headers.IfModifiedSince.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var since)
            && lastUpdated / 1000 <= since.ToUnixTimeSeconds();
    }
}

/// <summary>Refuses what could only be answered in another format (406) before anything is done.</summary>
public sealed class FhirContent : IEndpointFilter
{
    /// <inheritdoc/>
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        IsAcceptable(context.HttpContext.Request) ? next(context) : ValueTask.FromResult<object?>(Problems.Fhir(new NotAcceptable()));

    private static bool IsAcceptable(HttpRequest request)
    {
        // _format goes before Accept, for clients that cannot set headers (R4 http.html, 3.1.0.1.11).
        if (request.QueryString.HasValue && request.Query.TryGetValue("_format", out var format))
        {
            return IsJson(format.ToString().Replace(' ', '+'));
        }

        var accept = request.Headers.Accept.ToString();
        if (accept.Length == 0 || accept == "application/fhir+json")
        {
            return true;
        }

        foreach (var part in accept.Split(','))
        {
            if (IsJson(part) && !part.Contains("q=0,", StringComparison.Ordinal) && !part.TrimEnd().EndsWith("q=0", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsJson(string format) => format.Split(';')[0].Trim().ToLowerInvariant() is
        "json" or "application/fhir+json" or "application/json" or "text/json" or "application/json+fhir" or "*/*" or "application/*" or "application/fhir+ndjson";
}

/// <summary>The client takes only formats that are not offered.</summary>
public sealed record NotAcceptable() : CareError(406, "not-supported", "FHIR is offered as JSON only: Accept: application/fhir+json, or _format=json.");

/// <summary>An interaction that the CapabilityStatement lists because an endpoint with it is mapped.</summary>
/// <param name="Code">FHIR's code: read, search-type …</param>
/// <param name="OnSystem">Whether it is one of the whole system rather than of each type.</param>
public sealed record FhirInteraction(string Code, bool OnSystem = false);

/// <summary>An operation that the CapabilityStatement lists because an endpoint with it is mapped.</summary>
/// <param name="Name">Name without the dollar sign.</param>
/// <param name="Definition">Canonical URL of its OperationDefinition.</param>
/// <param name="Type">The one type that it is offered on; empty: all types, or the system.</param>
/// <param name="OnSystem">Whether it is offered on the whole system.</param>
public sealed record FhirOperation(string Name, string Definition, string Type = "", bool OnSystem = false);

/// <summary>A compartment that the CapabilityStatement lists because an endpoint that searches it is mapped.</summary>
/// <param name="Definition">Canonical URL of its CompartmentDefinition.</param>
public sealed record FhirCompartment(string Definition);

/// <summary>What FHIR endpoints have in common in openapi.yaml.</summary>
internal static class FhirEndpoints
{
    private const string Fhir = "application/fhir+json";

    /// <summary>Names an endpoint, and says which interaction it is.</summary>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder endpoint, string name, string summary, FhirInteraction? interaction, params int[] errors)
    {
        endpoint.WithName(name).WithTags("FHIR").WithSummary(summary).Produces<object>(200, Fhir);
        if (interaction is not null)
        {
            endpoint.WithMetadata(interaction);
        }

        foreach (var status in errors)
        {
            endpoint.Produces<object>(status, Fhir);
        }

        return endpoint;
    }

    /// <summary>
    /// Says what body an endpoint takes. Not by Accepts: routing would then answer other media types itself, with no
    /// OperationOutcome, and would refuse <c>application/json</c>.
    /// </summary>
    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder endpoint, string mediaType = Fhir) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { [mediaType] = new() },
            };
            return Task.CompletedTask;
        });
}
