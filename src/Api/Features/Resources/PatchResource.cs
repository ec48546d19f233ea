using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Patching;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;
using MediatR;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>Changes parts of a resource by JSON Patch (RFC 6902). What comes out is validated like anything that is posted.</summary>
public static class PatchResource
{
    private const int Attempts = 5;

    /// <summary>The patch, and the version that it was made for.</summary>
    public sealed record Command(string Type, string Id, ReadOnlyMemory<byte> Patch, int? ExpectedVersion) : IRequest<Result<Written>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.SupplyData;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => $"patch {Type}";
    }

    /// <summary>Applies the patch to the current version; where someone was faster and the client named no version, again to theirs.</summary>
    public sealed class Handler(ResourceWrites writes, Visibility visibility) : IRequestHandler<Command, Result<Written>>
    {
        /// <inheritdoc/>
        public async Task<Result<Written>> Handle(Command request, CancellationToken cancellationToken)
        {
            var type = ResourceTypes.Parse(request.Type);
            if (type == ResourceType.None)
            {
                return new UnknownType();
            }

            if (visibility.Refusal(type, FhirAccess.Update) is { } refusal)
            {
                return refusal;
            }

            for (var attempt = 1; ; attempt++)
            {
                var current = await visibility.FindAsync(type, request.Id, cancellationToken);
                if (current is not null && await visibility.IsMaskedAsync(current, cancellationToken))
                {
                    return new PartlyHidden();
                }

                var patched = Apply(current, request.Patch.Span, request.ExpectedVersion);
                if (patched.Error is { } error)
                {
                    return error;
                }

                var target = new WriteTarget { Id = current!.Id, ExpectedVersion = current.Version };
                var written = await writes.StoreAsync(visibility, type, patched.Value, target, cancellationToken);
                if (written.Error is not { Status: 412 } || request.ExpectedVersion is not null || attempt == Attempts)
                {
                    return written;
                }
            }
        }
    }

    /// <summary>The resource as a patch would make it.</summary>
    /// <param name="current">The current version; null where there is none to be seen.</param>
    /// <param name="patch">A JSON Patch.</param>
    /// <param name="expectedVersion">The version that it was made for; null: any.</param>
    public static Result<ReadOnlyMemory<byte>> Apply(StoredResource? current, ReadOnlySpan<byte> patch, int? expectedVersion)
    {
        if (current is null)
        {
            return new NotVisible("resource");
        }

        if (RenderedIds.IsRendered(current.Type, current.Id))
        {
            return new MadeByTheService();
        }

        if (current.Deleted)
        {
            return new Gone("resource");
        }

        if (current.Type == ResourceType.Patient && RestrictedRecord.IsLabelled(current.Body))
        {
            // What a patch sees has no address: what it would leave behind would have none either.
            return new PartlyHidden();
        }

        if (expectedVersion is { } expected && expected != current.Version)
        {
            return new Conflict(412, $"The current version is {current.Version}: read it, make your patch for it, and send If-Match: W/\"{current.Version}\".");
        }

        if (JsonPatch.Parse(patch, out var issues) is not { } operations)
        {
            return new InvalidResource(400, issues);
        }

        if (operations.Apply(current.ToUtf8(), out var issue) is not { } patched)
        {
            return new InvalidResource(422, [issue!]);
        }

        var view = patched.AsSpan().StartsWith("{"u8) ? new JsonView(patched) : default;
        return view["id"u8].ToString() == current.Id && view["resourceType"u8].ToString() == current.Type.Name()
            ? (ReadOnlyMemory<byte>)patched
            : new Invalid($"{current.Type.Name()}.id", "A patch cannot change the resource's type or id.");
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPatch("/fhir/{type}/{id}",
        async (string type, string id, HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) =>
        {
            var body = await FhirBody.ReadAsync(http, options.Value.MaxBodyBytes, ct, "application/json-patch+json");
            return body.Error is { } error
                ? Problems.Fhir(error)
                : (await mediator.Send(new Command(type, id, body.Value, FhirHttp.ExpectedVersion(http)), ct)).Match(written => new WrittenResult(written, created: false), Problems.Fhir);
        })
        .Describe("PatchResource", "Change parts of a resource by JSON Patch", new FhirInteraction("patch"), 400, 404, 409, 410, 412, 415, 422)
        .Takes("application/json-patch+json");
}

/// <summary>The resource is of a restricted record: what a patch would work on is not all of it.</summary>
public sealed record PartlyHidden() : CareError(409, "conflict", "This resource cannot be changed in part. Send it whole, by PUT.");
