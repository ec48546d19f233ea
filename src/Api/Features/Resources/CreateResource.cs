using BetterCare.Care.Api.Features.Ingest;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;
using MediatR;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>Creates a resource. A Patient is known by its NHS number, so one that is here already is brought up to date instead.</summary>
public static class CreateResource
{
    /// <summary>The resource as posted, and the condition under which it is not to be created.</summary>
    public sealed record Command(string Type, ReadOnlyMemory<byte> Json, string? IfNoneExist) : IRequest<Result<Written>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.SupplyData;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => $"create {Type}";
    }

    /// <summary>Looks for what the condition means, then stores.</summary>
    public sealed class Handler(ResourceWrites writes, ConditionalReads conditional, Visibility visibility, ResourceStore store) : IRequestHandler<Command, Result<Written>>
    {
        /// <inheritdoc/>
        public async Task<Result<Written>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var type = ResourceTypes.Parse(request.Type);
            if (type == ResourceType.None)
            {
                return new UnknownType();
            }

            if (visibility.Refusal(type, FhirAccess.Create) is { } refusal)
            {
                return refusal;
            }

            var target = new WriteTarget { IsCreate = true };
            if (request.IfNoneExist is not { } condition)
            {
                return await writes.StoreAsync(visibility, type, request.Json, target, ct);
            }

            await using var held = await writes.HoldAsync([$"{request.Type}?{condition}"], ct);
            var matches = await conditional.MatchAsync(type, condition, "If-None-Exist", ct);
            if (matches.Error is { } error)
            {
                return error;
            }

            return matches.Value is { } id
                ? new Written((await store.ReadAsync(type, id, ct))!, WriteOutcome.Unchanged, []) { Withheld = !visibility.MayTell(type) }
                : await writes.StoreAsync(visibility, type, request.Json, target, ct);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/fhir/{type}",
        async (string type, HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) =>
        {
            var body = await FhirBody.ReadAsync(http, options.Value.MaxBodyBytes, ct);
            if (body.Error is { } error)
            {
                return Problems.Fhir(error);
            }

            var condition = http.Request.Headers["If-None-Exist"].ToString().TrimStart('?');
            return (await mediator.Send(new Command(type, body.Value, condition.Length == 0 ? null : condition), ct))
                .Match(written => new WrittenResult(written, written.Outcome == WriteOutcome.Created), Problems.Fhir);
        })
        .Describe("CreateResource", "Create a resource; If-None-Exist makes it conditional", new FhirInteraction("create"), 201, 400, 409, 412, 413, 415, 422)
        .Takes();
}
