using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Tracing;

namespace BetterCare.Care.Storage.Ingest;

/// <summary>One entry of a Bundle on its way into the store.</summary>
/// <param name="Index">Place in the Bundle, from 0.</param>
/// <param name="Item">Ready to be written; null: refused, or a read.</param>
/// <param name="Issues">Why it is refused; warnings otherwise.</param>
/// <param name="Method">HTTP method of the request; empty for an entry without one.</param>
/// <param name="Url">The request's URL.</param>
public sealed record BundleEntry(int Index, PreparedResource? Item, IReadOnlyList<Issue> Issues, string Method, string Url)
{
    /// <summary>It waits for an NHS number; null where it does not.</summary>
    public WaitingItem? Waiting { get; init; }

    /// <summary>HTTP status where the entry is refused.</summary>
    public int Status { get; init; } = 400;

    /// <summary>For a conditional create that found its resource: what it found, as <c>Type/id</c>.</summary>
    public string? Existing { get; init; }

    /// <summary>If-Match; null where absent.</summary>
    public int? ExpectedVersion { get; init; }

    /// <summary>If-None-Match of a read; empty where absent.</summary>
    public string IfNoneMatch { get; init; } = "";

    /// <summary>For a PATCH: the entry's resource, a Binary that holds the patch.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }
}

/// <summary>A Bundle, entry by entry.</summary>
/// <param name="IsBundle">Whether the JSON is a Bundle at all.</param>
/// <param name="IsTransaction">Taken whole or not at all.</param>
/// <param name="Type">Bundle.type.</param>
/// <param name="Issues">What is wrong with the Bundle itself.</param>
/// <param name="Entries">Its entries in order.</param>
public sealed record PreparedBundle(bool IsBundle, bool IsTransaction, string Type, IReadOnlyList<Issue> Issues, IReadOnlyList<BundleEntry> Entries) : IAsyncDisposable
{
    /// <summary>Keeps others from acting on the same conditions until the Bundle is written; null where it has none.</summary>
    public IAsyncDisposable? Held { get; init; }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Held?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>Answers a conditional create or update: the resources of a type that a query finds.</summary>
/// <param name="type">Resource type.</param>
/// <param name="query">The query string, without the question mark.</param>
/// <param name="ct">Cancels.</param>
/// <returns>Logical ids, two at most; null where the query is not one that can be answered.</returns>
public delegate ValueTask<IReadOnlyList<string>?> ConditionalSearch(ResourceType type, string query, CancellationToken ct);

/// <summary>
/// Prepares the entries of a Bundle: gives every new resource its id first, so that entries may refer to each other in any
/// order, and then prepares each.
/// </summary>
public sealed class BundlePreparer
{
    private readonly ResourceReader _reader = new();
    private readonly ResourcePreparer _preparer = new();

    private readonly Dictionary<string, string> _created = new(StringComparer.Ordinal);

    /// <summary>How conditional requests find what they mean; null: they are refused.</summary>
    public ConditionalSearch? Conditional { get; init; }

    /// <summary>Holds conditions (<c>Type?query</c>) while they are looked up and acted upon; null: nobody else acts on them.</summary>
    public Func<IEnumerable<string>, CancellationToken, Task<IAsyncDisposable>>? Hold { get; init; }

    /// <summary>Reads and prepares a Bundle.</summary>
    public async Task<PreparedBundle> PrepareAsync(IngestSession session, ReadOnlyMemory<byte> json, CancellationToken ct)
    {
        json = Slashes.Plain(json);
        var sound = _reader.Read(json.Span);
        if (_reader.Type != ResourceType.Bundle)
        {
            return new PreparedBundle(false, false, "", [.. _reader.Issues], []);
        }

        var type = BundleType(json.Span);
        var found = _reader.Entries.ToArray();
        var transaction = type == "transaction";
        if (!sound && (transaction || found.Length == 0 || _reader.IssueEntries.Zip(_reader.Issues).Any(p => p.First < 0 && p.Second.IsError)))
        {
            return new PreparedBundle(true, transaction, type, [.. _reader.Issues.Where(i => i.IsError)], Refused(found));
        }

        var references = _reader.References.ToArray();
        var identifiers = _reader.Identifiers.ToArray();
        var conditions = found.Select(e => Condition(json, e)).OfType<string>().ToList();
        var held = conditions.Count > 0 && Hold is not null ? await Hold(conditions, ct) : null;
        try
        {
            var entries = await EntriesAsync(session, json, found, references, identifiers, ct);
            return new PreparedBundle(true, transaction, type, [], entries) { Held = held };
        }
        catch
        {
            if (held is not null)
            {
                await held.DisposeAsync();
            }

            throw;
        }
    }

    private async Task<BundleEntry[]> EntriesAsync(
        IngestSession session, ReadOnlyMemory<byte> json, BundleEntryFound[] found, ReferenceFound[] references, IdentifierFound[] identifiers, CancellationToken ct)
    {
        var ids = new string?[found.Length];
        var early = new BundleEntry?[found.Length];
        for (var i = 0; i < found.Length; i++)
        {
            (ids[i], early[i]) = await IdentifyAsync(session, json, found[i], i, identifiers, ct);
            early[i] ??= await ResolveAsync(session, json, found[i], i, references, ct);
        }

        var entries = new BundleEntry[found.Length];
        // People first, so that an entry may come before the Patient that it is about.
        foreach (var i in Enumerable.Range(0, found.Length).OrderBy(i => found[i].Resource.Type == ResourceType.Patient ? 0 : 1))
        {
            entries[i] = early[i] ?? await EntryAsync(session, json, found[i], i, ids[i], references[found[i].References], identifiers[found[i].Identifiers], ct);
        }

        return entries;
    }

    /// <summary>The condition of a conditional create or update, with its type; null where the entry has none.</summary>
    private static string? Condition(ReadOnlyMemory<byte> json, BundleEntryFound entry)
    {
        if (!entry.IfNoneExist.IsEmpty)
        {
            return $"{entry.Resource.Type.Name()}?{Text(json, entry.IfNoneExist).TrimStart('?')}";
        }

        return Text(json, entry.Method) == "PUT" && Text(json, entry.Url) is var url && url.Contains('?', StringComparison.Ordinal) ? url : null;
    }

    /// <summary>Finds what the conditional references of an entry mean (<c>Practitioner?identifier=…</c>); an entry of which one means nothing, or several things, is refused.</summary>
    private async ValueTask<BundleEntry?> ResolveAsync(
        IngestSession session, ReadOnlyMemory<byte> json, BundleEntryFound entry, int index, ReferenceFound[] references, CancellationToken ct)
    {
        for (var r = entry.References.Start.Value; r < entry.References.End.Value; r++)
        {
            var reference = references[r];
            if (reference.Form != ReferenceForm.Conditional)
            {
                continue;
            }

            var text = Text(json, reference.Text);
            var mark = text.IndexOf('?', StringComparison.Ordinal);
            var type = ResourceTypes.Parse(text[..Math.Max(0, mark)]);
            if (session.FullUrls.ContainsKey(text) || type == ResourceType.None || Conditional is null)
            {
                continue;
            }

            var matches = await Conditional(type, text[(mark + 1)..], ct);
            if (matches is [var only])
            {
                session.FullUrls[text] = $"{type.Name()}/{only}";
            }
            else if (type != ResourceType.Patient || matches is not { Count: 0 })
            {
                // A Patient may be one that this Bundle brings: it is known by its number.
                var path = ResourceReader.ElementPath(reference.Element);
                return Refuse(
                    matches is { Count: > 1 } ? "multiple-matches" : "not-found",
                    $"Bundle.entry[{index}].resource{path[path.IndexOf('.', StringComparison.Ordinal)..]}",
                    "This conditional reference does not mean exactly one resource here: send what it means first, or make it more exact.",
                    index,
                    Text(json, entry.Method),
                    Text(json, entry.Url),
                    412);
            }
        }

        return null;
    }

    private static string BundleType(ReadOnlySpan<byte> json)
    {
        var reader = new System.Text.Json.Utf8JsonReader(json, new System.Text.Json.JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        while (reader.Read() && reader.TokenType == System.Text.Json.JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            reader.Read();
            if (isType)
            {
                return reader.GetString() ?? "";
            }

            reader.Skip();
        }

        return "";
    }

    private BundleEntry[] Refused(BundleEntryFound[] found)
    {
        var issues = _reader.IssueEntries.Zip(_reader.Issues).Where(p => p.Second.IsError).ToLookup(p => p.First, p => p.Second);
        return [.. found.Select((_, i) => new BundleEntry(i, null, [.. issues[i]], "", "")).Where(e => e.Issues.Count > 0)];
    }

    private static string Text(ReadOnlyMemory<byte> json, TextRange range) => range.IsEmpty ? "" : Encoding.UTF8.GetString(range.Of(json.Span));

    /// <summary>Settles the id of an entry's resource, or what is wrong with its request.</summary>
    private async ValueTask<(string? Id, BundleEntry? Early)> IdentifyAsync(
        IngestSession session, ReadOnlyMemory<byte> json, BundleEntryFound entry, int index, IdentifierFound[] identifiers, CancellationToken ct)
    {
        var method = Text(json, entry.Method);
        var url = Text(json, entry.Url);
        if (entry.HasErrors)
        {
            var issues = _reader.IssueEntries.Zip(_reader.Issues).Where(p => p.First == index && p.Second.IsError).Select(p => p.Second).ToList();
            return (null, new BundleEntry(index, null, issues, method, url));
        }

        if (method is "GET" or "HEAD" or "DELETE" or "PATCH")
        {
            return (null, null);
        }

        var resource = entry.Resource;
        if (resource.Type == ResourceType.None)
        {
            return (null, Refuse("required", $"Bundle.entry[{index}].resource", "The entry has no resource to store.", index, method, url));
        }

        var id = resource.Id.IsEmpty ? null : Text(json, resource.Id);
        var supplierUri = session.SupplierOf(Source(json, resource));
        var supplier = await session.Directories.SupplierAsync(supplierUri, ct);
        if (resource.Type == ResourceType.Patient)
        {
            id = PatientNumber(json, resource, identifiers[entry.Identifiers])?.Value
                ?? (NhsNumber.TryParse(id, out _) ? id : ResourcePreparer.SourceIdOf(resource.Text.Of(json.Span), id, keepsId: true));
        }
        else if (method == "PUT")
        {
            var slash = url.IndexOf('/', StringComparison.Ordinal);
            if (slash > 0 && ResourceTypes.Parse(url[..slash]) == resource.Type)
            {
                id = SourceIds.Stored(supplier, supplierUri, resource.Type, url[(slash + 1)..]);
            }
            else if (url.Contains('?', StringComparison.Ordinal))
            {
                var matches = Conditional is null ? null : await Conditional(resource.Type, url[(url.IndexOf('?', StringComparison.Ordinal) + 1)..], ct);
                if (matches is null or { Count: > 1 })
                {
                    return (null, Several(matches, index, method, url, "request.url"));
                }

                id = matches.Count == 1 ? matches[0] : id ?? SourceIds.New();
            }
            else
            {
                return (null, Refuse("value", $"Bundle.entry[{index}].request.url", "A PUT names the resource: Type/id, or Type?identifier=system|value.", index, method, url));
            }
        }
        else
        {
            var condition = Condition(json, entry);
            if (condition is not null && _created.TryGetValue(condition, out var sibling))
            {
                Remember(session, json, entry, sibling);
                return (null, new BundleEntry(index, null, [], method, url) { Status = 200, Existing = sibling });
            }

            if (condition is not null)
            {
                var matches = Conditional is null ? null : await Conditional(resource.Type, Text(json, entry.IfNoneExist).TrimStart('?'), ct);
                if (matches is null or { Count: > 1 })
                {
                    return (null, Several(matches, index, method, url, "request.ifNoneExist"));
                }

                if (matches.Count == 1)
                {
                    var existing = $"{resource.Type.Name()}/{matches[0]}";
                    Remember(session, json, entry, existing);
                    return (matches[0], new BundleEntry(index, null, [], method, url) { Status = 200, Existing = existing });
                }
            }

            id = id is null ? SourceIds.New() : SourceIds.Stored(supplier, supplierUri, resource.Type, id);
            if (condition is not null)
            {
                _created[condition] = $"{resource.Type.Name()}/{id}";
            }
        }

        if (id is not null)
        {
            Remember(session, json, entry, $"{resource.Type.Name()}/{id}");
        }

        return (id, null);
    }

    private static void Remember(IngestSession session, ReadOnlyMemory<byte> json, BundleEntryFound entry, string reference)
    {
        var fullUrl = Text(json, entry.FullUrl);
        if (fullUrl.Length > 0)
        {
            session.FullUrls[fullUrl] = reference;
        }
    }

    private static BundleEntry Refuse(string code, string expression, string text, int index, string method, string url, int status = 400) =>
        new(index, null, [new Issue(IssueSeverity.Error, code, expression, text)], method, url) { Status = status };

    private static BundleEntry Several(IReadOnlyList<string>? matches, int index, string method, string url, string element) => matches is null
        ? Refuse("not-supported", $"Bundle.entry[{index}].{element}", "This condition cannot be answered: use identifier=system|value.", index, method, url)
        : Refuse("multiple-matches", $"Bundle.entry[{index}].{element}", "The condition matches more than one resource: make it more exact.", index, method, url, 412);

    private static string Source(ReadOnlyMemory<byte> json, ResourceFound resource)
    {
        var source = Text(json, resource.MetaSource);
        var hash = source.IndexOf('#', StringComparison.Ordinal);
        return hash < 0 ? source : source[..hash];
    }

    private static NhsNumber? PatientNumber(ReadOnlyMemory<byte> json, ResourceFound patient, IdentifierFound[] identifiers)
    {
        if (identifiers.Length > 1 && ResourcePreparer.NumberInForce(patient.Text.Of(json.Span)) is { } inForce)
        {
            return inForce;
        }

        foreach (var identifier in identifiers)
        {
            if (identifier.TopLevel && Text(json, identifier.System) is NhsNumber.System or NhsNumber.OldSystem
                && NhsNumber.Check(identifier.Value.Of(json.Span), out var number) == NhsNumberFault.None)
            {
                return number;
            }
        }

        return null;
    }

    private async ValueTask<BundleEntry> EntryAsync(
        IngestSession session, ReadOnlyMemory<byte> json, BundleEntryFound entry, int index, string? id, ReferenceFound[] references, IdentifierFound[] identifiers, CancellationToken ct)
    {
        var method = Text(json, entry.Method);
        var url = Text(json, entry.Url);
        if (method is "GET" or "HEAD" or "PATCH" or "DELETE")
        {
            return new BundleEntry(index, null, [], method, url)
            {
                ExpectedVersion = Version(Text(json, entry.IfMatch)),
                IfNoneMatch = Text(json, entry.IfNoneMatch),
                Payload = entry.Resource.Type == ResourceType.None ? default : json.Slice(entry.Resource.Text.Start, entry.Resource.Text.Length),
            };
        }

        var target = new WriteTarget
        {
            Id = entry.Resource.Type == ResourceType.Patient ? null : id,
            ExpectedVersion = Version(Text(json, entry.IfMatch)),
            MustNotExist = Text(json, entry.IfNoneMatch) == "*",
        };
        var prepared = await _preparer.PrepareReadAsync(session, json, entry.Resource, references, identifiers, index + 1, target, ct);
        var issues = prepared.Issues.Select(i => i.Expression.StartsWith("Bundle", StringComparison.Ordinal) ? i : i with
        {
            Expression = $"Bundle.entry[{index}].resource{i.Expression[Math.Max(0, i.Expression.IndexOf('.', StringComparison.Ordinal))..]}",
        });
        return new BundleEntry(index, prepared.Item, [.. issues], method, url) { Status = prepared.Status, Waiting = prepared.Waiting };
    }

    /// <summary>The version of an entity tag <c>W/"3"</c>; -1 where it is none of ours, which no resource has; null where absent.</summary>
    public static int? Version(string tag) => tag.Length == 0 ? null
        : int.TryParse(tag.Trim().TrimStart('W', '/').Trim('"', '\\'), out var version) ? version : -1;
}
