using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Fhir.Validation;
using MediatR;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>Checks a resource and stores nothing.</summary>
public static class ValidateResource
{
    /// <summary>The resource as posted: bare, or as parameter <c>resource</c> of Parameters.</summary>
    public sealed record Query(string? Type, ReadOnlyMemory<byte> Json) : IRequest<Result<IReadOnlyList<Issue>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.SupplyData;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;

        /// <inheritdoc/>
        public override string ToString() => "validate";
    }

    /// <summary>Reads it as an interaction would.</summary>
    public sealed class Handler : IRequestHandler<Query, Result<IReadOnlyList<Issue>>>
    {
        /// <inheritdoc/>
        public Task<Result<IReadOnlyList<Issue>>> Handle(Query request, CancellationToken cancellationToken) => Task.FromResult(Check(request));

        private static Result<IReadOnlyList<Issue>> Check(Query request)
        {
            var type = ResourceTypes.Parse(request.Type);
            if (request.Type is not null && type == ResourceType.None)
            {
                return new UnknownType();
            }

            var reader = new ResourceReader();
            reader.Read(request.Json.Span);
            if (reader.Type == ResourceType.Parameters && type != ResourceType.Parameters)
            {
                if (Wrapped(request.Json.Span) is not { } inner)
                {
                    return new Invalid("Parameters.parameter", "The Parameters hold no resource: parameter[name=resource].resource, or post the resource itself.");
                }

                reader.Read(inner, new ReaderOptions { ExpectedType = type });
            }
            else if (type != ResourceType.None)
            {
                reader.Read(request.Json.Span, new ReaderOptions { ExpectedType = type });
            }

            return reader.Issues.Count == 0 ? new List<Issue> { WrittenResult.AllOk } : reader.Issues.ToList();
        }

        private static byte[]? Wrapped(ReadOnlySpan<byte> parameters)
        {
            foreach (var parameter in new JsonView(parameters)["parameter"u8].Items)
            {
                if (parameter["name"u8].Text.SequenceEqual("resource"u8) && parameter.TryGet("resource"u8, out var resource))
                {
                    return resource.Raw.ToArray();
                }
            }

            return null;
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        var operation = new FhirOperation("validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate");
        routes.MapPost("/fhir/{type}/$validate", (string type, HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) => Answer(type, http, mediator, options, ct))
            .Describe("ValidateResource", "Check a resource of a type; nothing is stored", null, 400, 404, 413, 415).WithMetadata(operation).Takes();
        routes.MapPost("/fhir/$validate", (HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) => Answer(null, http, mediator, options, ct))
            .Describe("ValidateAnyResource", "Check a resource; nothing is stored", null, 400, 413, 415).WithMetadata(operation with { OnSystem = true }).Takes();
    }

    // 200 whatever the outcome says: that the resource was checked is what was asked for (R4 resource-operation-validate).
    private static async Task<IResult> Answer(string? type, HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct)
    {
        var body = await FhirBody.ReadAsync(http, options.Value.MaxBodyBytes, ct);
        return body.Error is { } error
            ? Problems.Fhir(error)
            : (await mediator.Send(new Query(type, body.Value), ct)).Match(issues => Problems.Fhir(200, issues), Problems.Fhir);
    }
}
