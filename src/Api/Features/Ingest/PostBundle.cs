using System.Data.Common;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Tracing;
using MediatR;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Ingest;

/// <summary>Takes a transaction or batch Bundle.</summary>
public static class PostBundle
{
    /// <summary>The Bundle as it was posted.</summary>
    public sealed record Command(ReadOnlyMemory<byte> Json) : IRequest<Result<ReadOnlyMemory<byte>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.SupplyData;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <summary>The address under which FHIR is served.</summary>
        public string Base { get; init; } = "";

        /// <summary>Whether the answer is to hold the resources as they were stored.</summary>
        public bool Representation { get; init; }

        /// <inheritdoc/>
        public override string ToString() => "post bundle";
    }

    /// <summary>Prepares the entries, writes them together, and answers entry by entry.</summary>
    public sealed class Handler(Visibility visibility, ResourceWriter writer, ResourceWrites writes, ConditionalReads conditional, BundleEntries entries)
        : IRequestHandler<Command, Result<ReadOnlyMemory<byte>>>
    {
        /// <inheritdoc/>
        public async Task<Result<ReadOnlyMemory<byte>>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var session = visibility.Session;
            var preparer = new BundlePreparer { Conditional = conditional.FindAsync, Hold = writes.HoldAsync };
            await using var bundle = await preparer.PrepareAsync(session, request.Json, ct);
            if (Refusal(bundle) is { } refusal)
            {
                return refusal;
            }

            var work = new List<EntryWork>(bundle.Entries.Count);
            foreach (var entry in bundle.Entries)
            {
                work.Add(await entries.ResolveAsync(entry, ct));
            }

            if (bundle.IsTransaction)
            {
                if (work.Find(w => w.Error is not null) is { } refused)
                {
                    return new InvalidResource(refused.Error!.Status, [.. work.Where(w => w.Error is not null).SelectMany(w => w.Issues)]);
                }

                if (await TransactionAsync(work, ct) is { } failed)
                {
                    return failed;
                }
            }
            else
            {
                await BatchAsync(work, ct);
            }

            // Reads come last: they see what the rest has done (R4 http.html, 3.1.0.11.2).
            foreach (var entry in work.Where(w => w.IsRead))
            {
                await entries.ReadAsync(entry, request.Base, ct);
            }

            return entries.Answer(work, bundle.IsTransaction, request.Representation);
        }

        private static CareError? Refusal(PreparedBundle bundle)
        {
            if (!bundle.IsBundle)
            {
                return new InvalidResource(400, bundle.Issues.Any(i => i.IsError)
                    ? bundle.Issues
                    : [new Issue(IssueSeverity.Error, "invalid", "Resource", "Post a Bundle here (type transaction or batch); a single resource goes to /fhir/{type}.")]);
            }

            if (bundle.Type is not ("transaction" or "batch"))
            {
                return new InvalidResource(400, [new Issue(IssueSeverity.Error, "invalid", "Bundle.type", "The server takes Bundles of type transaction and batch.")]);
            }

            return bundle.Issues.Count > 0 ? new InvalidResource(400, bundle.Issues) : null;
        }

        private async Task<CareError?> TransactionAsync(List<EntryWork> work, CancellationToken ct)
        {
            var batch = new WriteBatch
            {
                Also = async connection =>
                {
                    foreach (var also in work.Select(w => w.Also).OfType<Func<DbConnection, Task>>())
                    {
                        await also(connection);
                    }
                },
            };
            batch.Items.AddRange(work.Where(w => w.Item is not null).OrderBy(w => w.Order).Select(w => w.Item!));
            batch.Waiting.AddRange(work.Select(w => w.Entry.Waiting).OfType<WaitingItem>());
            if ((batch.Items.Count == 0 && batch.Waiting.Count == 0) || await writer.WriteAsync(batch, ct) is not { } failure)
            {
                return null;
            }

            var index = work.Find(w => ReferenceEquals(w.Item, failure.Item))!.Entry.Index;
            return new InvalidResource(failure.Status, [failure.Issue with { Expression = $"Bundle.entry[{index}].resource" }]);
        }

        /// <summary>Each entry stands alone, but all of a kind are queued at once, so they share a commit.</summary>
        private async Task BatchAsync(List<EntryWork> work, CancellationToken ct)
        {
            foreach (var kind in work.Where(w => w.Item is not null || w.Entry.Waiting is not null).GroupBy(w => w.Order).OrderBy(g => g.Key))
            {
                var writing = kind.Select(w =>
                {
                    var batch = new WriteBatch { Also = w.Also };
                    if (w.Item is { } item)
                    {
                        batch.Items.Add(item);
                    }
                    else
                    {
                        batch.Waiting.Add(w.Entry.Waiting!);
                    }

                    return (Work: w, Write: writer.WriteAsync(batch, ct));
                }).ToList();
                foreach (var (entry, write) in writing)
                {
                    if (await write is { } failure)
                    {
                        entry.Error = new InvalidResource(failure.Status, [failure.Issue]);
                    }
                }
            }
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/fhir",
        async (HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) =>
        {
            var body = await FhirBody.ReadAsync(http, options.Value.MaxBodyBytes, ct);
            if (body.Error is { } error)
            {
                return Problems.Fhir(error);
            }

            // A Bundle's answer is short unless the client asks: most suppliers send whole records and read nothing back.
            var command = new Command(body.Value)
            {
                Base = FhirHttp.BaseOf(http),
                Representation = http.Request.Headers["Prefer"].ToString().Contains("return=representation", StringComparison.Ordinal),
            };
            return (await mediator.Send(command, ct)).Match(json => new Problems.Bytes(200, json, Problems.FhirJson), Problems.Fhir);
        })
        .Describe("PostBundle", "Take a transaction (whole or not at all) or a batch of requests, keyed on NHS number", new FhirInteraction("transaction", OnSystem: true), 400, 409, 412, 413, 415, 422)
        .WithMetadata(new FhirInteraction("batch", OnSystem: true))
        .Takes();
}
