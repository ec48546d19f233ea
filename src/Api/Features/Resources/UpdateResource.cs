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

/// <summary>Updates a resource, or creates it under the id that the client gives; by id or by a condition.</summary>
public static class UpdateResource
{
    /// <summary>The new version and what must be true of the old one.</summary>
    public sealed record Command(string Type, string? Id, string? Condition, ReadOnlyMemory<byte> Json, int? ExpectedVersion, bool MustNotExist) : IRequest<Result<Written>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.SupplyData;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => $"update {Type}";
    }

    /// <summary>Finds what is meant, then stores.</summary>
    public sealed class Handler(ResourceWrites writes, ConditionalReads conditional, Visibility visibility) : IRequestHandler<Command, Result<Written>>
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

            if (visibility.Refusal(type, FhirAccess.Update) is { } refusal)
            {
                return refusal;
            }

            var target = new WriteTarget { SourceId = request.Id, ExpectedVersion = request.ExpectedVersion, MustNotExist = request.MustNotExist };
            if (request.Condition is not { } condition)
            {
                return await writes.StoreAsync(visibility, type, request.Json, target, ct);
            }

            await using var held = await writes.HoldAsync([$"{request.Type}?{condition}"], ct);
            var match = await conditional.MatchAsync(type, condition, "request.url", ct);
            if (match.Error is { } error)
            {
                return error;
            }

            // No match: a create, under the client's own id if it gives one. A match: that resource, whatever its id is called here.
            if (match.Value is not { } id)
            {
                return await writes.StoreAsync(visibility, type, request.Json, target, ct);
            }

            var posted = PostedId(request.Json.Span);
            return posted.Length > 0 && posted != id && type != ResourceType.Patient
                ? new InvalidResource(400, [new(Fhir.Validation.IssueSeverity.Error, "invalid", $"{type.Name()}.id", "The condition means a resource of another id: leave the id out, or make the two equal.")])
                : await writes.StoreAsync(visibility, type, request.Json, target with { Id = id }, ct);
        }

        private static string PostedId(ReadOnlySpan<byte> json)
        {
            try
            {
                using var document = System.Text.Json.JsonDocument.Parse(json.ToArray(), new() { MaxDepth = 256 });
                return document.RootElement.TryGetProperty("id", out var id) ? id.GetString() ?? "" : "";
            }
            catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException)
            {
                // The validator says what is wrong with it.
                return "";
            }
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut("/fhir/{type}/{id}", (string type, string id, HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) =>
                Answer(http, mediator, options, type, id, null, ct))
            .Describe("UpdateResource", "Update a resource, or create it under this id; If-Match guards against overwriting", new FhirInteraction("update"), 201, 400, 409, 412, 413, 415, 422)
            .Takes();
        routes.MapPut("/fhir/{type}", (string type, HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) =>
                Answer(http, mediator, options, type, null, http.Request.QueryString.Value!.TrimStart('?'), ct))
            .Describe("UpdateResourceWhere", "Update the one resource that a search finds, or create it", null, 201, 400, 409, 412, 413, 415, 422)
            .Takes();
    }

    private static async Task<IResult> Answer(HttpContext http, IMediator mediator, IOptions<CareOptions> options, string type, string? id, string? condition, CancellationToken ct)
    {
        if (condition is { Length: 0 })
        {
            return Problems.Fhir(new Invalid("request.url", "An update names what it updates: /fhir/Type/id, or /fhir/Type?identifier=system|value."));
        }

        var body = await FhirBody.ReadAsync(http, options.Value.MaxBodyBytes, ct);
        if (body.Error is { } error)
        {
            return Problems.Fhir(error);
        }

        var command = new Command(type, id, condition, body.Value, FhirHttp.ExpectedVersion(http), http.Request.Headers.IfNoneMatch.ToString().Trim() == "*");
        return (await mediator.Send(command, ct)).Match(written => new WrittenResult(written, written.Outcome == WriteOutcome.Created), Problems.Fhir);
    }
}
