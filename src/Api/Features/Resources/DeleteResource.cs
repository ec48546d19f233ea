using BetterCare.Care.Api.Features.Ingest;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Resources;
using MediatR;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>Deletes a resource: its versions stay in its history, and it may be put again.</summary>
public static class DeleteResource
{
    /// <summary>Which, by id or by a condition that one resource satisfies.</summary>
    public sealed record Command(string Type, string? Id, string? Condition, int? ExpectedVersion) : IRequest<Result<int>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.SupplyData;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => $"delete {Type}";
    }

    /// <summary>Finds it and marks it; the version of the deletion is the answer, 0 where there was nothing to delete.</summary>
    public sealed class Handler(ResourceWrites writes, ConditionalReads conditional, Visibility visibility) : IRequestHandler<Command, Result<int>>
    {
        /// <inheritdoc/>
        public async Task<Result<int>> Handle(Command request, CancellationToken cancellationToken)
        {
            var type = ResourceTypes.Parse(request.Type);
            if (type == ResourceType.None)
            {
                return new UnknownType();
            }

            if (visibility.Refusal(type, FhirAccess.Delete) is { } refusal)
            {
                return refusal;
            }

            var id = request.Id;
            if (request.Condition is { } condition)
            {
                var match = await conditional.MatchAsync(type, condition, "request.url", cancellationToken);
                if (match.Error is { } error)
                {
                    return error;
                }

                if (match.Value is null)
                {
                    return new NotVisible("resource");
                }

                id = match.Value;
            }

            if (RenderedIds.IsRendered(type, id!))
            {
                return new MadeByTheService();
            }

            if (await visibility.FindAsync(type, id!, cancellationToken) is not { } current)
            {
                return new NotVisible("resource");
            }

            if (visibility.DeletionRefusal(current) is { } another)
            {
                return another;
            }

            var deleted = await writes.DeleteAsync(current, request.ExpectedVersion, cancellationToken);
            return deleted.Error is { } failure ? failure : deleted.Value.Version;
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapDelete("/fhir/{type}/{id}", (string type, string id, HttpContext http, IMediator mediator, CancellationToken ct) =>
                Answer(http, mediator, new Command(type, id, null, FhirHttp.ExpectedVersion(http)), ct))
            .Describe("DeleteResource", "Delete a resource; its history stays", new FhirInteraction("delete"), 204, 404, 409, 412);
        routes.MapDelete("/fhir/{type}", (string type, HttpContext http, IMediator mediator, CancellationToken ct) =>
                http.Request.QueryString.HasValue
                    ? Answer(http, mediator, new Command(type, null, http.Request.QueryString.Value!.TrimStart('?'), FhirHttp.ExpectedVersion(http)), ct)
                    : Task.FromResult(Problems.Fhir(new Invalid("request.url", "A deletion names what it deletes: /fhir/Type/id, or /fhir/Type?identifier=system|value."))))
            .Describe("DeleteResourceWhere", "Delete the one resource that a search finds", null, 204, 400, 404, 409, 412);
    }

    private static async Task<IResult> Answer(HttpContext http, IMediator mediator, Command command, CancellationToken ct) =>
        (await mediator.Send(command, ct)).Match(
            version =>
            {
                http.Response.Headers.ETag = $"W/\"{version}\"";
                return Results.StatusCode(204);
            },
            Problems.Fhir);
}

/// <summary>The resource is rendered from a run: nobody changes it.</summary>
public sealed record MadeByTheService() : CareError(405, "not-supported", "The service makes this resource of a stratification run, and a run never changes. Agree another level, or post an assessment of your own.");
