using System.Buffers;
using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;
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
        public override string ToString() => "post bundle";
    }

    /// <summary>Prepares the entries, writes them together, and answers entry by entry.</summary>
    public sealed class Handler(Directories directories, ResourceWriter writer, ConditionalReads conditional) : IRequestHandler<Command, Result<ReadOnlyMemory<byte>>>
    {
        /// <inheritdoc/>
        public async Task<Result<ReadOnlyMemory<byte>>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var session = new IngestSession(directories);
            var bundle = await new BundlePreparer { Conditional = conditional.FindAsync }.PrepareAsync(session, request.Json, ct);
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

            if (bundle.Issues.Count > 0)
            {
                return new InvalidResource(400, bundle.Issues);
            }

            if (bundle.IsTransaction && bundle.Entries.FirstOrDefault(e => e.Issues.Any(i => i.IsError)) is { } refused)
            {
                return new InvalidResource(refused.Status, [.. bundle.Entries.SelectMany(e => e.Issues).Where(i => i.IsError)]);
            }

            var outcomes = bundle.IsTransaction ? await TransactionAsync(bundle, ct) : await BatchAsync(bundle, ct);
            return outcomes.Error is { } error ? error : (Result<ReadOnlyMemory<byte>>)Answer(bundle, outcomes.Value);
        }

        private async Task<Result<Dictionary<int, WriteFailure>>> TransactionAsync(PreparedBundle bundle, CancellationToken ct)
        {
            if (bundle.Entries.FirstOrDefault(e => e.Item is null && e.Existing is null) is { } unsupported)
            {
                return new InvalidResource(400, [new Issue(IssueSeverity.Error, "not-supported", $"Bundle.entry[{unsupported.Index}].request.method",
                    "A transaction takes POST and PUT entries. Send reads, patches and deletions as requests of their own.")]);
            }

            var batch = new WriteBatch();
            batch.Items.AddRange(bundle.Entries.Where(e => e.Item is not null).Select(e => e.Item!));
            var failure = batch.Items.Count == 0 ? null : await writer.WriteAsync(batch, ct);
            if (failure is not null)
            {
                var index = bundle.Entries.First(e => ReferenceEquals(e.Item, failure.Item)).Index;
                return new InvalidResource(failure.Status, [failure.Issue with { Expression = $"Bundle.entry[{index}].resource" }]);
            }

            return new Dictionary<int, WriteFailure>();
        }

        private async Task<Result<Dictionary<int, WriteFailure>>> BatchAsync(PreparedBundle bundle, CancellationToken ct)
        {
            // Each entry stands alone, but all are queued at once, so they share a commit.
            var writes = bundle.Entries.Where(e => e.Item is not null).Select(e =>
            {
                var batch = new WriteBatch();
                batch.Items.Add(e.Item!);
                return (e.Index, Write: writer.WriteAsync(batch, ct));
            }).ToList();
            var failures = new Dictionary<int, WriteFailure>();
            foreach (var (index, write) in writes)
            {
                if (await write is { } failure)
                {
                    failures[index] = failure;
                }
            }

            return failures;
        }

        private static ReadOnlyMemory<byte> Answer(PreparedBundle bundle, Dictionary<int, WriteFailure> failures)
        {
            var buffer = new ArrayBufferWriter<byte>(256 + (bundle.Entries.Count * 160));
            using var json = new Utf8JsonWriter(buffer);
            json.WriteStartObject();
            json.WriteString("resourceType"u8, "Bundle"u8);
            json.WriteString("type"u8, bundle.IsTransaction ? "transaction-response"u8 : "batch-response"u8);
            json.WriteStartArray("entry"u8);
            foreach (var entry in bundle.Entries)
            {
                json.WriteStartObject();
                json.WriteStartObject("response"u8);
                WriteResponse(json, entry, failures.GetValueOrDefault(entry.Index));
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.Flush();
            return buffer.WrittenMemory;
        }

        private static void WriteResponse(Utf8JsonWriter json, BundleEntry entry, WriteFailure? failure)
        {
            if (failure is not null || (entry.Item is null && entry.Existing is null))
            {
                IReadOnlyList<Issue> issues = failure is not null ? [failure.Issue]
                    : entry.Issues.Count > 0 ? entry.Issues
                    : [new Issue(IssueSeverity.Error, "not-supported", $"Bundle.entry[{entry.Index}].request.method", "Send reads, patches and deletions as requests of their own.")];
                json.WriteString("status"u8, (failure?.Status ?? entry.Status).ToString(CultureInfo.InvariantCulture));
                json.WritePropertyName("outcome"u8);
                json.WriteRawValue(OutcomeJson.Of(issues));
                return;
            }

            if (entry.Existing is not null)
            {
                json.WriteString("status"u8, "200 OK"u8);
                json.WriteString("location"u8, entry.Existing);
                return;
            }

            var item = entry.Item!;
            json.WriteString("status"u8, item.Outcome == WriteOutcome.Created ? "201 Created"u8 : "200 OK"u8);
            json.WriteString("location"u8, $"{item.Type.Name()}/{item.Id}/_history/{item.Version}");
            json.WriteString("etag"u8, $"W/\"{item.Version}\"");
            json.WriteString("lastModified"u8, DateTimeOffset.FromUnixTimeMilliseconds(item.LastUpdated).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/fhir",
        async (HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) =>
        {
            var body = await FhirBody.ReadAsync(http, options.Value.MaxBodyBytes, ct);
            return body.Error is { } error
                ? Problems.Fhir(error)
                : (await mediator.Send(new Command(body.Value), ct)).Match(json => new Problems.Bytes(200, json, Problems.FhirJson), Problems.Fhir);
        })
        .WithName("PostBundle").WithTags("FHIR").WithSummary("Take a transaction (whole or not at all) or a batch of resources, keyed on NHS number")
        .Accepts<object>("application/fhir+json").Produces<object>(200, "application/fhir+json").Produces<object>(400, "application/fhir+json")
        .Produces<object>(409, "application/fhir+json").Produces<object>(413, "application/fhir+json").Produces<object>(422, "application/fhir+json");
}
