using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Resources;
using MediatR;
using Microsoft.EntityFrameworkCore;

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
        public override string ToString() => $"read {Type}";
    }

    /// <summary>Reads by primary key; a resource about a person is for those who may see the person.</summary>
    public sealed class Handler(ResourceStore store, CareDbContext db, CurrentCaller current) : IRequestHandler<Query, Result<StoredResource>>
    {
        /// <inheritdoc/>
        public async Task<Result<StoredResource>> Handle(Query request, CancellationToken cancellationToken)
        {
            var type = ResourceTypes.Parse(request.Type);
            if (type == ResourceType.None)
            {
                return new UnknownType();
            }

            var found = request.Version is { } version
                ? await store.ReadVersionAsync(type, request.Id, version, cancellationToken)
                : await store.ReadAsync(type, request.Id, cancellationToken);
            if (found is null || !await MaySeeAsync(found, cancellationToken))
            {
                return new NotVisible("resource");
            }

            return found.Deleted ? new Gone("resource") : found;
        }

        private async Task<bool> MaySeeAsync(StoredResource resource, CancellationToken ct) =>
            current.Caller.Practices is null || resource.PatientKey == 0
            || current.Caller.MaySee(await db.Patients.Where(p => p.PatientKey == resource.PatientKey).Select(p => p.PracticeCode).SingleOrDefaultAsync(ct) ?? "");
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/fhir/{type}/{id}", (string type, string id, IMediator mediator, CancellationToken ct) => Answer(mediator, new Query(type, id, null), ct))
            .WithName("ReadResource").WithTags("FHIR").WithSummary("Read a resource").Produces<object>(200, "application/fhir+json").Produces<object>(404, "application/fhir+json");
        routes.MapGet("/fhir/{type}/{id}/_history/{version:int}", (string type, string id, int version, IMediator mediator, CancellationToken ct) => Answer(mediator, new Query(type, id, version), ct))
            .WithName("ReadVersion").WithTags("FHIR").WithSummary("Read a version of a resource").Produces<object>(200, "application/fhir+json").Produces<object>(404, "application/fhir+json");
    }

    private static async Task<IResult> Answer(IMediator mediator, Query query, CancellationToken ct) =>
        (await mediator.Send(query, ct)).Match(found => new ResourceResult(200, found), Problems.Fhir);
}

/// <summary>A resource type that FHIR R4 does not have.</summary>
public sealed record UnknownType() : CareError(404, "not-supported", "FHIR R4 has no resource type of this name.");

/// <summary>A stored resource as an HTTP answer: bytes copied, nothing parsed.</summary>
public sealed class ResourceResult(int status, StoredResource resource) : IResult
{
    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = Problems.FhirJson;
        response.Headers.ETag = $"W/\"{resource.Version}\"";
        response.Headers.LastModified = DateTimeOffset.FromUnixTimeMilliseconds(resource.LastUpdated).ToString("R");
        resource.WriteTo(response.BodyWriter);
        await response.BodyWriter.FlushAsync(httpContext.RequestAborted);
    }
}
