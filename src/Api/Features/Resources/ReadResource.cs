using System.Buffers;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Resources;
using MediatR;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>Reads one resource, or one version of it.</summary>
public static class ReadResource
{
    /// <summary>Which.</summary>
    public sealed record Query(string Type, string Id, int? Version) : IRequest<Result<StoredResource>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => $"read {Type}";
    }

    /// <summary>Reads by primary key; a resource about a person is for those who may see the person.</summary>
    public sealed class Handler(PatientRecords records, Visibility visibility) : IRequestHandler<Query, Result<StoredResource>>
    {
        /// <inheritdoc/>
        public async Task<Result<StoredResource>> Handle(Query request, CancellationToken cancellationToken)
        {
            var type = ResourceTypes.Parse(request.Type);
            if (type == ResourceType.None)
            {
                return new UnknownType();
            }

            if (visibility.Refusal(type, FhirAccess.Read) is { } refusal)
            {
                return refusal;
            }

            var found = await visibility.FindAsync(type, request.Id, cancellationToken, former: request.Version is not null);
            if (found is not null && request.Version is { } version && version != found.Version)
            {
                found = await records.FindAsync(type, request.Id, version, cancellationToken);
            }

            if (found is null)
            {
                return new NotVisible("resource");
            }

            return found.Deleted ? new Gone("resource") : await visibility.ShownAsync(found, cancellationToken);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/fhir/{type}/{id}", (string type, string id, HttpContext http, IMediator mediator, CancellationToken ct) => Answer(http, mediator, new Query(type, id, null), ct))
            .Describe("ReadResource", "Read a resource", new FhirInteraction("read"), 304, 404, 406, 410);
        routes.MapGet("/fhir/{type}/{id}/_history/{version:int}", (string type, string id, int version, HttpContext http, IMediator mediator, CancellationToken ct) => Answer(http, mediator, new Query(type, id, version), ct))
            .Describe("ReadVersion", "Read a version of a resource", new FhirInteraction("vread"), 304, 404, 406, 410);
    }

    private static async Task<IResult> Answer(HttpContext http, IMediator mediator, Query query, CancellationToken ct)
    {
        var found = await mediator.Send(query, ct);
        if (found.Error is { } error)
        {
            return Problems.Fhir(error);
        }

        if (FhirHttp.IsNotModified(http, found.Value.Version, found.Value.LastUpdated))
        {
            http.Response.Headers.ETag = $"W/\"{found.Value.Version}\"";
            return Results.StatusCode(304);
        }

        if (!http.Request.QueryString.HasValue)
        {
            return new ResourceResult(200, found.Value);
        }

        var view = SearchRequest.Parse(
            found.Value.Type,
            QueryText.Parse(http.Request.QueryString.Value!).Where(p => p.Key is "_summary" or "_elements" or "_pretty"),
            new SearchOptions { Now = default });
        return view.IsValid
            ? new ResourceResult(200, found.Value) { View = view }
            : Problems.Fhir(new InvalidResource(400, view.Issues));
    }
}

/// <summary>A resource type that FHIR R4 does not have.</summary>
public sealed record UnknownType() : CareError(404, "not-supported", "FHIR R4 has no resource type of this name.");

/// <summary>A stored resource as an HTTP answer: bytes copied, nothing parsed.</summary>
public sealed class ResourceResult(int status, StoredResource resource) : IResult
{
    /// <summary>How it is to be shown; null: whole.</summary>
    public SearchRequest? View { get; init; }

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var body = resource.ToUtf8();
        if (View is { } view)
        {
            body = new ResourceRenderer(view).Render(resource.Type, body);
            if (view.Pretty)
            {
                var pretty = new ArrayBufferWriter<byte>(body.Length * 2);
                ResourceRenderer.WritePretty(body, pretty);
                body = pretty.WrittenSpan.ToArray();
            }
        }

        response.StatusCode = status;
        response.ContentType = Problems.FhirJson;
        response.ContentLength = body.Length;
        response.Headers.ETag = $"W/\"{resource.Version}\"";
        response.Headers.LastModified = DateTimeOffset.FromUnixTimeMilliseconds(resource.LastUpdated).ToString("R");
        await response.BodyWriter.WriteAsync(body, httpContext.RequestAborted);
    }
}
