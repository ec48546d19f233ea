using System.Collections.Concurrent;
using System.Data.Common;
using System.Text;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Tracing;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>What a write came to.</summary>
/// <param name="Resource">The version that is current now.</param>
/// <param name="Outcome">What was done.</param>
/// <param name="Warnings">What should be mended, although it was taken.</param>
public sealed record Written(StoredResource Resource, WriteOutcome Outcome, IReadOnlyList<Issue> Warnings)
{
    /// <summary>Whether it was there before, and the sender may not read: then only that it is there is told.</summary>
    public bool Withheld { get; init; }
}

/// <summary>Writes single resources: what create, update, patch and delete share.</summary>
public sealed class ResourceWrites(Directories directories, ResourceWriter writer, ConditionLocks locks, ShownPeople shown)
{
    private readonly ConcurrentBag<ResourcePreparer> _preparers = [];

    /// <summary>Holds conditions such as <c>identifier=…</c> of a type until the result is disposed of.</summary>
    /// <param name="conditions">Type and query each.</param>
    /// <param name="ct">Cancels the wait.</param>
    public Task<IAsyncDisposable> HoldAsync(IEnumerable<string> conditions, CancellationToken ct) => locks.HoldAsync(conditions, ct);

    /// <summary>Validates a resource and makes it ready to be written.</summary>
    /// <param name="sender">Who sends it; null: the service itself.</param>
    /// <param name="type">The type that the address names.</param>
    /// <param name="json">The resource.</param>
    /// <param name="target">What the request says of it.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Result<Prepared>> PrepareAsync(Visibility? sender, ResourceType type, ReadOnlyMemory<byte> json, WriteTarget target, CancellationToken ct)
    {
        if (!_preparers.TryTake(out var preparer))
        {
            preparer = new ResourcePreparer();
        }

        try
        {
            var prepared = await preparer.PrepareAsync(sender?.Session ?? new IngestSession(directories), json, 1, target, ct);
            if (prepared.Waiting is not null)
            {
                return prepared;
            }

            if (prepared.Item is null)
            {
                return new InvalidResource(prepared.Status, prepared.Issues);
            }

            return Misplaced(type, json.Span, prepared.Item, target) is { } issue ? new InvalidResource(400, [issue]) : prepared;
        }
        finally
        {
            _preparers.Add(preparer);
        }
    }

    /// <summary>Validates and stores a resource.</summary>
    public async Task<Result<Written>> StoreAsync(Visibility? sender, ResourceType type, ReadOnlyMemory<byte> json, WriteTarget target, CancellationToken ct)
    {
        var prepared = await PrepareAsync(sender, type, json, target, ct);
        if (prepared.Error is { } error)
        {
            return error;
        }

        if (prepared.Value.Waiting is { } waiting)
        {
            var queue = new WriteBatch();
            queue.Waiting.Add(waiting);
            await writer.WriteAsync(queue, ct);
            return new WaitsForTracing(waiting);
        }

        var item = prepared.Value.Item!;
        return await CommitAsync(item, ct) is { } failure
            ? failure
            // A Patient kept beside the one that is shown is, to a sender who may see neither, a Patient taken.
            : new Written(StoredAs(item), item.Outcome == WriteOutcome.KeptBeside && sender?.OfSender is not null ? WriteOutcome.Created : item.Outcome, [.. prepared.Value.Issues.Where(i => !i.IsError)]);
    }

    /// <summary>Stores a prepared resource together with something else that belongs to it, in one commit.</summary>
    public async Task<Result<Written>> StoreAsync(PreparedResource item, Func<DbConnection, Task> also, CancellationToken ct)
    {
        var batch = new WriteBatch { Also = also };
        batch.Items.Add(item);
        return await writer.WriteAsync(batch, ct) is { } failure ? new InvalidResource(failure.Status, [failure.Issue]) : new Written(StoredAs(item), item.Outcome, []);
    }

    /// <summary>Marks a resource as deleted; deleting what is deleted changes nothing.</summary>
    public async Task<Result<PreparedResource>> DeleteAsync(StoredResource current, int? expectedVersion, CancellationToken ct)
    {
        var item = await DeletionAsync(current, expectedVersion, ct);
        return await CommitAsync(item, ct) is { } failure ? failure : item;
    }

    /// <summary>A deletion that is ready to be written.</summary>
    public async Task<PreparedResource> DeletionAsync(StoredResource current, int? expectedVersion, CancellationToken ct)
    {
        if (AccessTrail.Current is { } trail)
        {
            await shown.SawAsync(current, trail, ct);
        }

        return new PreparedResource
        {
            Method = WriteMethod.Delete,
            Type = current.Type,
            Id = current.Id,
            PatientKey = current.PatientKey,
            SupplierKey = await directories.SupplierAsync(SourceOf(current), ct),
            ExpectedVersion = expectedVersion,
        };
    }

    /// <summary>The supplier of a stored resource, as it names it; empty where it does not, or is deleted.</summary>
    public static string SourceOf(StoredResource resource)
    {
        var source = resource.Deleted ? "" : new JsonView(resource.Body)["meta"u8]["source"u8].ToString();
        var hash = source.IndexOf('#', StringComparison.Ordinal);
        return hash < 0 ? source : source[..hash];
    }

    /// <summary>What a write has stored: always the sender's own words, also where another supplier's Patient stays the one that is shown.</summary>
    private static StoredResource StoredAs(PreparedResource item) =>
        new(item.PatientKey, item.Type, item.Id, Math.Max(1, item.Version), item.LastUpdated, item.Outcome == WriteOutcome.Deleted, item.MetaAt, item.Body.ToArray());

    private async Task<CareError?> CommitAsync(PreparedResource item, CancellationToken ct)
    {
        var batch = new WriteBatch();
        batch.Items.Add(item);
        return await writer.WriteAsync(batch, ct) is { } failure ? new InvalidResource(failure.Status, [failure.Issue]) : null;
    }

    /// <summary>Whether the address and the resource disagree about what it is.</summary>
    private static Issue? Misplaced(ResourceType type, ReadOnlySpan<byte> json, PreparedResource item, WriteTarget target)
    {
        if (item.Type != type)
        {
            return new Issue(IssueSeverity.Error, "invalid", "Resource.resourceType", $"The address is that of {type.Name()}, the resource is a {item.Type.Name()}. Send it to /fhir/{item.Type.Name()}.");
        }

        if (target.SourceId is not { } id)
        {
            return null;
        }

        if (!new JsonView(json)["id"u8].Text.SequenceEqual(Encoding.UTF8.GetBytes(id)))
        {
            return new Issue(IssueSeverity.Error, "invalid", $"{type.Name()}.id", "An update names the resource twice, in the address and as its id: make the two equal.");
        }

        return type == ResourceType.Patient && NhsNumber.TryParse(id, out var number) && number.Value != item.Id && item.Former?.Number != number
            ? new Issue(IssueSeverity.Error, "invalid", "Patient.identifier", "The NHS number of the address and that of the identifier are not the same.", "nhs-number")
            : null;
    }
}

/// <summary>Taken, but not in a record yet: the person has no NHS number and is being traced.</summary>
public sealed record WaitsForTracing(WaitingItem Item) : CareError(202, "informational", "")
{
    /// <inheritdoc/>
    public override IReadOnlyList<Issue> Issues =>
    [
        new Issue(
            IssueSeverity.Information,
            "incomplete",
            Item.Type.Name(),
            Item.Type == ResourceType.Patient
                ? $"The person has no NHS number and is being traced. This is kept, and so is what you post about them: refer to them as Patient/{Item.Id}. It is in the tracing queue under {Item.PersonId}."
                : $"The person it is about has no NHS number yet and is being traced. It is kept, and enters their record with them. It is in the tracing queue under {Item.PersonId}.",
            "nhs-number-traced"),
    ];
}

/// <summary>The answer to a write: status, version headers, and as much of the resource as the client prefers.</summary>
internal sealed class WrittenResult(Written written, bool created) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var resource = written.Resource;
        var status = created ? 201 : 200;
        var headers = httpContext.Response.Headers;
        headers.Location = $"{FhirHttp.BaseOf(httpContext)}/{resource.Type.Name()}/{resource.Id}/_history/{resource.Version}";
        var preference = FhirHttp.ReturnOf(httpContext);
        if (preference == ReturnPreference.Representation && !written.Withheld)
        {
            return new ResourceResult(status, resource).ExecuteAsync(httpContext);
        }

        headers.ETag = $"W/\"{resource.Version}\"";
        headers.LastModified = DateTimeOffset.FromUnixTimeMilliseconds(resource.LastUpdated).ToString("R");
        if (preference == ReturnPreference.Minimal || written.Withheld)
        {
            httpContext.Response.StatusCode = status;
            return Task.CompletedTask;
        }

        return Problems.Fhir(status, written.Warnings.Count > 0 ? written.Warnings : [AllOk]).ExecuteAsync(httpContext);
    }

    /// <summary>What an outcome says when there is nothing to say.</summary>
    public static readonly Issue AllOk = new(IssueSeverity.Information, "informational", "", "All is well.");
}
