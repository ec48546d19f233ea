using System.Buffers;
using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Features.Subscriptions;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;
using MediatR;

namespace BetterCare.Care.Api.Features.Ingest;

/// <summary>One entry of a Bundle, from request to response.</summary>
public sealed class EntryWork(BundleEntry entry)
{
    /// <summary>As it was posted.</summary>
    public BundleEntry Entry { get; } = entry;

    /// <summary>What it writes; null where it writes nothing.</summary>
    public PreparedResource? Item { get; set; }

    /// <summary>What is done in the commit that writes it; null nothing.</summary>
    public Func<DbConnection, Task>? Also { get; set; }

    /// <summary>Why it failed; null where it did not.</summary>
    public CareError? Error { get; set; }

    /// <summary>What a read found, as JSON.</summary>
    public ReadOnlyMemory<byte> Found { get; set; }

    /// <summary>The version that a read found; null for a search.</summary>
    public StoredResource? Version { get; set; }

    /// <summary>Whether the client has that version already.</summary>
    public bool NotModified { get; set; }

    /// <summary>Whether it is a read or a search.</summary>
    public bool IsRead => Entry.Method == "GET" && Error is null;

    /// <summary>Its turn: DELETE, POST, PUT and PATCH, GET (R4 http.html, 3.1.0.11.2).</summary>
    public int Order => Entry.Method switch { "DELETE" => 0, "POST" or "" => 1, "GET" => 3, _ => 2 };

    /// <summary>What is wrong with it, each issue placed in the Bundle.</summary>
    public IEnumerable<Issue> Issues => Error is null ? [] : Error.Issues.Select(i =>
        i.Expression.StartsWith("Bundle", StringComparison.Ordinal) ? i : i with { Expression = $"Bundle.entry[{Entry.Index}]{(Entry.Method is "GET" or "DELETE" ? ".request" : ".resource")}" });
}

/// <summary>Turns the entries of a Bundle that are not plain resources into writes and reads, and writes the response.</summary>
public sealed class BundleEntries(
    ResourceWrites writes, ConditionalReads conditional, Visibility visibility, SubscriptionWrites subscriptions, Directories directories, IMediator mediator)
{
    /// <summary>What an entry will do.</summary>
    public async Task<EntryWork> ResolveAsync(BundleEntry entry, CancellationToken ct)
    {
        var work = new EntryWork(entry) { Item = entry.Item };
        if (entry.Issues.Any(i => i.IsError))
        {
            work.Error = new InvalidResource(entry.Status, entry.Issues);
        }
        else if (Refusal(entry) is { } refusal)
        {
            work.Error = refusal;
            work.Item = null;
        }
        else if (entry.Item is { Type: ResourceType.Subscription, Method: WriteMethod.Upsert } subscription)
        {
            await ServeAsync(work, subscription, ct);
        }
        else if (entry is { Item: null, Existing: null, Waiting: null })
        {
            var resolved = entry.Method switch
            {
                "DELETE" => await DeletionAsync(entry, ct),
                "PATCH" => await PatchAsync(entry, ct),
                "GET" => (PreparedResource?)null,
                _ => new Invalid($"Bundle.entry[{entry.Index}].request.method", "An entry's method is GET, POST, PUT, PATCH or DELETE."),
            };
            work.Error = resolved.Error;
            work.Item = resolved.Error is null ? resolved.Value : null;
        }

        return work;
    }

    /// <summary>A Subscription is checked as one that comes alone, and served from the commit on that stores it.</summary>
    private async Task ServeAsync(EntryWork work, PreparedResource subscription, CancellationToken ct)
    {
        var target = new WriteTarget { Id = subscription.Id, ExpectedVersion = subscription.ExpectedVersion, MustNotExist = subscription.MustNotExist };

        // Stored form leaves room in meta for version and time: with them it is a whole resource again.
        var whole = new StoredResource(0, subscription.Type, subscription.Id, 1, 0, false, subscription.MetaAt, subscription.Body.ToArray()).ToUtf8();
        var ready = await subscriptions.CheckAsync(whole, target, ct);
        work.Error = ready.Error;
        work.Item = ready.Error is null ? ready.Value : null;
        work.Also = connection => subscriptions.ServeAsync(connection, subscription.Id);
    }

    /// <summary>Reads or searches, as the caller may.</summary>
    public async Task ReadAsync(EntryWork work, string serviceBase, CancellationToken ct)
    {
        try
        {
            var asked = work.Entry.Url;
            var (type, id, query) = Target(asked.Contains("/_history", StringComparison.Ordinal) ? asked : (await directories.MergedAsync(ct)).InForce(asked));
            var parts = id?.Split('/') ?? [];
            if (parts is [_] or [_, "_history", _])
            {
                var version = parts.Length == 3 && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var v) ? v : (int?)null;
                var found = await mediator.Send(new ReadResource.Query(type, parts[0], version), ct);
                work.Error = found.Error;
                if (found.Error is null)
                {
                    work.Version = found.Value;
                    work.NotModified = work.Entry.IfNoneMatch.Length > 0 && BundlePreparer.Version(work.Entry.IfNoneMatch) == found.Value.Version;
                    work.Found = work.NotModified ? default : found.Value.ToUtf8();
                }
            }
            else if (id is null || (type == "Patient" && parts is [_, var name] && ResourceTypes.Parse(name) != ResourceType.None))
            {
                // A search of a type, or of a type within a patient's compartment.
                var search = new SearchResources.Query(id is null ? type : parts[1], QueryText.Parse(query ?? ""), false, serviceBase) { Patient = id is null ? "" : parts[0] };
                var found = await mediator.Send(search, ct);
                work.Error = found.Error;
                if (found.Error is null)
                {
                    var buffer = new ArrayBufferWriter<byte>();
                    found.Value.WriteTo(buffer);
                    work.Found = buffer.WrittenMemory;
                }
            }
            else
            {
                work.Error = new Invalid($"Bundle.entry[{work.Entry.Index}].request.url", "In a Bundle a GET is a read (Type/id), a version (Type/id/_history/n) or a search (Type?…, Patient/id/Type?…).");
            }
        }
        catch (CareException e)
        {
            // Writing was allowed, reading is not: only this entry fails.
            work.Error = e.Error;
        }
    }

    /// <summary>The response Bundle.</summary>
    public ReadOnlyMemory<byte> Answer(List<EntryWork> work, bool transaction, bool representation)
    {
        var buffer = new ArrayBufferWriter<byte>(256 + (work.Count * 160));
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "Bundle"u8);
        json.WriteString("type"u8, transaction ? "transaction-response"u8 : "batch-response"u8);
        if (work.Count > 0)
        {
            json.WriteStartArray("entry"u8);
            foreach (var entry in work)
            {
                json.WriteStartObject();
                if (!entry.Found.IsEmpty)
                {
                    json.WritePropertyName("resource"u8);
                    json.WriteRawValue(entry.Found.Span, skipInputValidation: true);
                }
                else if (representation && entry is { Error: null, Item.Method: WriteMethod.Upsert } && entry.Item.Outcome != WriteOutcome.KeptBeside)
                {
                    var item = entry.Item;
                    json.WritePropertyName("resource"u8);
                    json.WriteRawValue(new StoredResource(item.PatientKey, item.Type, item.Id, item.Version, item.LastUpdated, false, item.MetaAt, item.Body.ToArray()).ToUtf8(), skipInputValidation: true);
                }

                json.WriteStartObject("response"u8);
                WriteResponse(json, entry);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private void WriteResponse(Utf8JsonWriter json, EntryWork work)
    {
        if (work.Error is { } error)
        {
            json.WriteString("status"u8, error.Status.ToString(CultureInfo.InvariantCulture));
            json.WritePropertyName("outcome"u8);
            json.WriteRawValue(OutcomeJson.Of(work.Issues));
        }
        else if (work.Entry.Waiting is { } waiting)
        {
            json.WriteString("status"u8, "202 Accepted"u8);
            json.WritePropertyName("outcome"u8);
            json.WriteRawValue(OutcomeJson.Of(new WaitsForTracing(waiting).Issues));
        }
        else if (work.Entry.Existing is { } existing)
        {
            json.WriteString("status"u8, "200 OK"u8);
            json.WriteString("location"u8, existing);
        }
        else if (work.Item is { } item)
        {
            var deleted = item.Method == WriteMethod.Delete;
            var beside = item.Outcome == WriteOutcome.KeptBeside && visibility.OfSender is not null;
            json.WriteString("status"u8, deleted ? "204 No Content"u8 : item.Outcome == WriteOutcome.Created || beside ? "201 Created"u8 : "200 OK"u8);
            if (!deleted)
            {
                json.WriteString("location"u8, $"{item.Type.Name()}/{item.Id}/_history/{(beside ? 1 : item.Version)}");
            }

            WriteVersion(json, beside ? 1 : item.Version, item.LastUpdated);
        }
        else if (work.Version is { } version)
        {
            json.WriteString("status"u8, work.NotModified ? "304 Not Modified"u8 : "200 OK"u8);
            WriteVersion(json, version.Version, version.LastUpdated);
        }
        else
        {
            // A search, or a deletion of what is not there.
            json.WriteString("status"u8, work.Entry.Method == "GET" ? "200 OK"u8 : "204 No Content"u8);
        }
    }

    private static void WriteVersion(Utf8JsonWriter json, int version, long lastUpdated)
    {
        json.WriteString("etag"u8, $"W/\"{version}\"");
        json.WriteString("lastModified"u8, DateTimeOffset.FromUnixTimeMilliseconds(lastUpdated).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
    }

    private async Task<Result<PreparedResource?>> DeletionAsync(BundleEntry entry, CancellationToken ct)
    {
        var (name, id, query) = Target(entry.Url);
        var type = ResourceTypes.Parse(name);
        if (type == ResourceType.None || (id is null && query is null))
        {
            return new Invalid($"Bundle.entry[{entry.Index}].request.url", "A DELETE names the resource: Type/id, or Type?identifier=system|value.");
        }

        if (id is null)
        {
            var match = await conditional.MatchAsync(type, query!, $"Bundle.entry[{entry.Index}].request.url", ct);
            if (match.Error is { } error)
            {
                return error;
            }

            id = match.Value;
        }

        if (id is not null && RenderedIds.IsRendered(type, id))
        {
            return new MadeByTheService();
        }

        if (id is null || await visibility.FindAsync(type, id, ct) is not { } current)
        {
            return (PreparedResource?)null;
        }

        return visibility.DeletionRefusal(current) is { } another ? another : await writes.DeletionAsync(current, entry.ExpectedVersion, ct);
    }

    private async Task<Result<PreparedResource?>> PatchAsync(BundleEntry entry, CancellationToken ct)
    {
        var (name, id, _) = Target(entry.Url);
        var type = ResourceTypes.Parse(name);
        if (type == ResourceType.None || id is null)
        {
            return new Invalid($"Bundle.entry[{entry.Index}].request.url", "A PATCH names the resource: Type/id.");
        }

        if (PatchOf(entry.Payload.Span) is not { } patch)
        {
            return new Invalid($"Bundle.entry[{entry.Index}].resource", "A PATCH in a Bundle is a Binary with contentType application/json-patch+json and the patch in data, as base64.");
        }

        var current = await visibility.FindAsync(type, id, ct);
        if (current is not null && await visibility.IsMaskedAsync(current, ct))
        {
            return new PartlyHidden();
        }

        var patched = PatchResource.Apply(current, patch, entry.ExpectedVersion);
        if (patched.Error is { } error)
        {
            return error;
        }

        var prepared = await writes.PrepareAsync(visibility, type, patched.Value, new WriteTarget { Id = current!.Id, ExpectedVersion = current.Version }, ct);
        return prepared.Error is { } invalid ? invalid : prepared.Value.Item;
    }

    private static byte[]? PatchOf(ReadOnlySpan<byte> binary)
    {
        if (binary.IsEmpty)
        {
            return null;
        }

        var view = new JsonView(binary);
        var data = view["data"u8].Text;
        var bytes = new byte[System.Buffers.Text.Base64.GetMaxDecodedFromUtf8Length(data.Length)];
        return view["contentType"u8].Text.SequenceEqual("application/json-patch+json"u8)
            && System.Buffers.Text.Base64.DecodeFromUtf8(data, bytes, out _, out var written) == OperationStatus.Done
            ? bytes[..written]
            : null;
    }

    /// <summary>Why the token's scopes do not allow an entry; reads are judged where they are answered.</summary>
    private CareError? Refusal(BundleEntry entry)
    {
        var access = entry.Method switch { "DELETE" => FhirAccess.Delete, "PATCH" or "PUT" => FhirAccess.Update, "GET" or "HEAD" => FhirAccess.None, _ => FhirAccess.Create };
        var type = entry.Item?.Type ?? ResourceTypes.Parse(Target(entry.Existing ?? entry.Url).Type);
        return access == FhirAccess.None || type == ResourceType.None ? null : visibility.Refusal(type, access);
    }

    /// <summary>Type, id (with what follows it) and query of an entry's URL.</summary>
    private static (string Type, string? Id, string? Query) Target(string url)
    {
        var mark = url.IndexOf('?', StringComparison.Ordinal);
        var path = (mark < 0 ? url : url[..mark]).Trim('/');
        var query = mark < 0 ? null : url[(mark + 1)..];
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (path, null, query) : (path[..slash], path[(slash + 1)..], query);
    }
}
