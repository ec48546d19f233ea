using System.Collections.Concurrent;
using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Timelines;
using BetterCare.Care.Storage.Tracing;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Ingest;

/// <summary>What preparing a resource came to.</summary>
/// <param name="Item">Ready to be written; null when it is not.</param>
/// <param name="Issues">Errors, or warnings of a resource that is taken.</param>
/// <param name="PatientUnknown">It is sound, but the person it is about is not here (yet).</param>
public readonly record struct Prepared(PreparedResource? Item, IReadOnlyList<Issue> Issues, bool PatientUnknown)
{
    /// <summary>Code of the issue of a resource that names another's source.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>It is sound and waits for an NHS number; null where it does not.</summary>
    public WaitingItem? Waiting { get; init; }

    /// <summary>HTTP status of what is refused: its person is not known, its sender may not, or it is wrong.</summary>
    public int Status => PatientUnknown ? 422 : Issues.Any(i => i.Code == Forbidden) ? 403 : 400;
}

/// <summary>How a request names what it writes, beyond the resource itself.</summary>
public sealed record WriteTarget
{
    /// <summary>The id under which it is stored; null: the resource's own, or a new one.</summary>
    public string? Id { get; init; }

    /// <summary>The id of the URL as the supplier knows it: becomes ours by <see cref="SourceIds"/>; null: not given.</summary>
    public string? SourceId { get; init; }

    /// <summary>A create: an id that no named supplier answers for is not kept, so it can never be another client's.</summary>
    public bool IsCreate { get; init; }

    /// <summary>If-Match.</summary>
    public int? ExpectedVersion { get; init; }

    /// <summary>If-None-Match: *.</summary>
    public bool MustNotExist { get; init; }

    /// <summary>The service itself renders the resource: its references name what is stored, and are left as they are.</summary>
    public bool IsOurs { get; init; }
}

/// <summary>
/// Turns posted bytes into a row: validates, finds the person, makes ids and patient references ours, and reads events and
/// index keys. One instance per thread.
/// </summary>
public sealed partial class ResourcePreparer
{
    private static readonly ReaderOptions Options = ReaderOptions.Default;
    private static readonly ConcurrentDictionary<ushort, bool> PatientLinks = new();

    private readonly ResourceReader _reader = new();
    private readonly IndexKeys _keys = new();
    private readonly TimelineProjector _projector = new();
    private readonly Splice _splice = new();
    private readonly RecentTexts _texts = new();

    // The source that goes into a resource which names none; null: none does.
    private string? _sourceToAdd;

    /// <summary>Where the bodies of what is prepared are kept; null: each in memory of its own.</summary>
    internal BodyArena? Bodies { get; set; }

    /// <summary>Prepares one resource that stands alone in <paramref name="json"/>.</summary>
    /// <param name="session">What the import or request knows.</param>
    /// <param name="json">One resource.</param>
    /// <param name="line">Line or entry, from 1, for messages.</param>
    /// <param name="target">What the request says of it; null for bulk.</param>
    /// <param name="ct">Cancels look-ups.</param>
    public async ValueTask<Prepared> PrepareAsync(IngestSession session, ReadOnlyMemory<byte> json, long line, WriteTarget? target, CancellationToken ct)
    {
        json = Slashes.Plain(json);
        if (!_reader.Read(json.Span, Options))
        {
            return new Prepared(null, [.. _reader.Issues], false);
        }

        if (_reader.Type is ResourceType.Bundle or ResourceType.Parameters or ResourceType.OperationOutcome)
        {
            return Refuse("not-supported", _reader.Type.Name(), "This type is not stored as a resource of its own. Post a Bundle to /fhir; import a Bundle as a .json file.");
        }

        return await PrepareReadAsync(session, json, _reader.Resource, _reader.References.ToArray(), _reader.Identifiers.ToArray(), line, target, ct);
    }

    /// <summary>Prepares a resource that a <see cref="ResourceReader"/> has read, alone or as an entry of a Bundle.</summary>
    public async ValueTask<Prepared> PrepareReadAsync(
        IngestSession session,
        ReadOnlyMemory<byte> json,
        ResourceFound found,
        ReferenceFound[] references,
        IdentifierFound[] identifiers,
        long line,
        WriteTarget? target,
        CancellationToken ct)
    {
        if (found.Type == ResourceType.AuditEvent)
        {
            return Refuse("not-supported", "AuditEvent", "The audit is written by this service alone. Keep your own AuditEvents in your own audit repository.");
        }

        _splice.Clear();
        var named = SupplierOf(json.Span, found);
        var supplierUri = session.SupplierOf(named);
        if (!session.MayWriteAs(supplierUri))
        {
            return Refuse(
                Prepared.Forbidden,
                $"{found.Type.Name()}.meta.source",
                "This names a source that is not yours. Leave meta.source out, or give the one that your client is registered with; to send for others, have them added to the registration (sources).");
        }

        _sourceToAdd = session.Sources is not null && named.Length == 0 ? supplierUri : null;
        var supplier = await session.Directories.SupplierAsync(supplierUri, ct);
        var postedId = found.Id.IsEmpty ? null : Encoding.UTF8.GetString(found.Id.Of(json.Span));
        string id;
        string? sourceId = null;
        FormerPerson? former = null;
        long patientKey;
        if (found.Type == ResourceType.Patient)
        {
            var given = target?.Id ?? target?.SourceId ?? postedId;
            if (NumberOf(json.Span, found, identifiers, given, out var number) is { } issue)
            {
                return issue.Key == NumberRequired
                    ? await WithoutNumberAsync(session, json, found, references, supplier, supplierUri, given, line, target, ct)
                    : new Prepared(null, [issue], false);
            }

            var merged = await session.Directories.MergedAsync(ct);
            if (merged.Of(number) is { } taken)
            {
                return await UnderFormerNumberAsync(session, json, found, taken, supplier, line, target, ct);
            }

            if (merged.TakenUpBy(number) is { } others && FormerNumbers.AddTo(found.Text.Of(json.Span), number, others) is { } whole)
            {
                return await PrepareAsync(session, whole, line, target, ct);
            }

            id = number.Value;
            sourceId = postedId == id ? null : postedId;
            patientKey = await session.BringAsync(number, supplier, sourceId, ct);
            if (session.Fence is { } fence && !await session.MaySendAsync(patientKey, ct))
            {
                // Known, but another practice's: what this sender says is kept beside, and shows in nothing.
                supplier = await session.Directories.SupplierAsync(fence.Supplier, ct);
            }
        }
        else
        {
            var given = target?.SourceId ?? (target is { IsCreate: true } && !SourceIds.HasIdsOfItsOwn(supplierUri) ? null : postedId);
            id = target?.Id ?? (given is null ? SourceIds.New() : SourceIds.Stored(supplier, supplierUri, found.Type, given));
            if (RenderedIds.IsRendered(found.Type, id))
            {
                return Refuse("not-supported", $"{found.Type.Name()}.id", "Ids of this form are those of what the service itself makes of its runs: send this under another id.");
            }

            var person = await PersonOfAsync(session, json, supplier, found, references, identifiers, ct);
            if (person is null)
            {
                return await WithSomeoneWhoWaitsAsync(session, json, found, references, supplier, supplierUri, id, ct)
                    ?? new Prepared(null, [NotKnown(found, references, identifiers)], true);
            }

            patientKey = person.Value.Key;
            former = person.Value.Former;
        }

        var older = RenameOldSystems(json.Span, identifiers);
        var referred = target is { IsOurs: true } ? NamedIn(json.Span, references) : await RewriteReferencesAsync(session, json, supplier, supplierUri, references, ct);
        var body = Assemble(json.Span, found, id, out var metaAt);
        if (older)
        {
            _keys.Read(found.Type, body.Span);
        }
        else
        {
            _keys.Read(found.Type, body.Span, json.Span, identifiers);
        }

        var (people, everybody) = found.Type != ResourceType.Patient && referred.MayBelongToMore(patientKey)
            ? await SharedResources.PeopleAsync(session, found.Type, body, patientKey, ct)
            : ([], true);
        if (!everybody && session.WaitsForEverybody)
        {
            return new Prepared(null, [NotKnown(found, references, identifiers)], true);
        }

        var item = await DeriveAsync(session, found.Type, id, patientKey, supplier, body, metaAt, Contact(json.Span, supplier, supplierUri, references), ct);
        if (item.Patient is { } registered && session.Fence?.AllowsPractice(registered.PracticeCode) == false)
        {
            return OfAnotherPractice;
        }

        item.People = people;
        item.Former = former;
        item.Line = line;
        item.SourceId = sourceId;
        item.ExpectedVersion = target?.ExpectedVersion;
        item.MustNotExist = target?.MustNotExist ?? false;
        return new Prepared(item, _reader.Issues.Count == 0 ? [] : [.. _reader.Issues], false);
    }

    /// <summary>Reads what is derived from a stored resource again: events, index keys, the person's row.</summary>
    public async ValueTask<PreparedResource> DeriveAsync(IngestSession session, StoredResource stored, int supplier, CancellationToken ct)
    {
        _reader.Read(stored.Body, Options);
        _keys.Read(stored.Type, stored.Body);
        var references = _reader.References.ToArray();
        var people = stored.Type != ResourceType.Patient && NamedIn(stored.Body, references).MayBelongToMore(stored.PatientKey)
            ? (await SharedResources.PeopleAsync(session, stored.Type, stored.Body, stored.PatientKey, ct)).People
            : [];
        var item = await DeriveAsync(session, stored.Type, stored.Id, stored.PatientKey, supplier, stored.Body, MetaAt(stored.Body), Contact(stored.Body, Directories.UnnamedSupplier, "", references), ct);
        return item with { People = people };
    }

    private async ValueTask<PreparedResource> DeriveAsync(
        IngestSession session, ResourceType type, string id, long patientKey, int supplier, ReadOnlyMemory<byte> body, int metaAt, string? practitioner, CancellationToken ct)
    {
        _projector.Read(type, id, body.Span, _keys.View);
        return new PreparedResource
        {
            Method = WriteMethod.Upsert,
            Type = type,
            Id = id,
            PatientKey = patientKey,
            SupplierKey = supplier,
            Body = body,
            Packed = BodyCodec.Pack(body.Span, Bodies),
            MetaAt = metaAt,
            ContentHash = Hashing.Content(body.Span),
            Identifiers = _keys.Identifiers.Count == 0 ? [] : [.. _keys.Identifiers.Distinct()],
            Codes = _keys.Codes.Count == 0 ? [] : [.. _keys.Codes],
            Day = _keys.Day,
            Events = patientKey == 0 || _projector.Events.Count == 0 ? [] : [.. _projector.Events],

            // The code of an admission is its diagnosis; other contacts carry the professional.
            Contacts = patientKey == 0 || practitioner is null || _projector.ContactEvent < 0 || _projector.Events[_projector.ContactEvent].Kind == EventKind.Admission
                ? []
                : [(_projector.ContactEvent, practitioner)],
            Registration = _projector.Registration,
            Patient = type == ResourceType.Patient ? await PersonRowAsync(session, body, patientKey, NhsNumber.Parse(id), supplier, ct) : null,
            Practice = type == ResourceType.Organization ? PracticeRow(body.ToArray()) : null,
        };
    }

    private static Prepared OfAnotherPractice => new(
        null,
        [new Issue(IssueSeverity.Error, "business-rule", "Patient.generalPractitioner", "You may send people of your own practices: give generalPractitioner with the ODS code of one of them.", "own-practice")],
        true);

    private static Prepared Refuse(string code, string expression, string text) =>
        new(null, [new Issue(IssueSeverity.Error, code, expression, text)], false);

    private string Text(ReadOnlySpan<byte> json, TextRange range) => _texts.Of(range.Of(json));

    /// <summary>The part of <c>meta.source</c> before the #; what follows it names the message, not the system.</summary>
    private string SupplierOf(ReadOnlySpan<byte> json, ResourceFound found)
    {
        var source = found.MetaSource.Of(json);
        var hash = source.IndexOf((byte)'#');
        return _texts.Of(hash < 0 ? source : source[..hash]);
    }

    private static Issue? NumberOf(ReadOnlySpan<byte> json, ResourceFound found, IdentifierFound[] identifiers, string? id, out NhsNumber number)
    {
        number = default;
        var seen = 0;
        foreach (var identifier in identifiers)
        {
            if (identifier.TopLevel && IsNhsNumberSystem(identifier.System.Of(json)))
            {
                seen++;
                if (seen > 1)
                {
                    if (NumberInForce(found.Text.Of(json)) is { } inForce)
                    {
                        number = inForce;
                        return null;
                    }

                    return new Issue(IssueSeverity.Error, "business-rule", "Patient.identifier",
                        "There are two NHS numbers. A Patient has one; say of a superseded one that it is old (use: old).", "nhs-number");
                }

                if (NhsNumber.Check(identifier.Value.Of(json), out number) is not NhsNumberFault.None)
                {
                    return new Issue(IssueSeverity.Error, "value", "Patient.identifier", "The NHS number is not valid.", "nhs-number");
                }
            }
        }

        if (seen == 1)
        {
            return null;
        }

        if (NhsNumber.TryParse(id, out number))
        {
            return null;
        }

        return new Issue(IssueSeverity.Error, "business-rule", "Patient.identifier",
            $"There is no NHS number. Send an identifier with system {NhsNumber.System}; a person without one is traced first.", NumberRequired);
    }

    private static bool IsNhsNumberSystem(ReadOnlySpan<byte> system) =>
        system.SequenceEqual("https://fhir.nhs.uk/Id/nhs-number"u8) || system.SequenceEqual("http://fhir.nhs.net/Id/nhs-number"u8);

    /// <summary>Whether an element names the person whose record a resource belongs to (the Patient compartment).</summary>
    private static bool IsPatientLink(ushort element) => PatientLinks.GetOrAdd(element, static e =>
    {
        var path = ResourceReader.ElementPath(e);
        var dot = path.IndexOf('.', StringComparison.Ordinal);
        var child = path[(dot + 1)..];
        return child is "subject" or "patient" or "for" or "beneficiary" or "participant.actor" or "individual" or "candidate"
            || path is "Provenance.target" or "AppointmentResponse.actor";
    });

    private static Issue NotKnown(ResourceFound found, ReferenceFound[] references, IdentifierFound[] identifiers) => new(
        IssueSeverity.Error,
        "not-found",
        $"{found.Type.Name()}.{LinkName(references, identifiers)}",
        "The person that this is about is not known here. Send the Patient, with an NHS number, before or together with it.",
        "patient-known");

    private static string LinkName(ReferenceFound[] references, IdentifierFound[] identifiers)
    {
        foreach (var r in references)
        {
            if (IsPatientLink(r.Element))
            {
                var path = ResourceReader.ElementPath(r.Element);
                return path[(path.IndexOf('.', StringComparison.Ordinal) + 1)..] + ".reference";
            }
        }

        return identifiers.Length > 0 ? "subject.identifier" : "subject";
    }

    /// <summary>The body as stored: our id, a meta to write version and time into, and nothing else changed.</summary>
    private ReadOnlyMemory<byte> Assemble(ReadOnlySpan<byte> json, ResourceFound found, string id, out int metaAt)
    {
        var insertAt = found.InsertAt > found.Text.Start && json[found.InsertAt] == (byte)'"' ? found.InsertAt : found.Text.Start + 1;
        var source = _sourceToAdd is { } uri ? $"\"source\":\"{System.Text.Json.JsonEncodedText.Encode(uri)}\"" : "";
        var meta = found.Meta.IsEmpty ? $"\"meta\":{{{source}}}," : "";
        if (found.Id.IsEmpty || found.Meta.IsEmpty)
        {
            _splice.Insert(insertAt, Encoding.UTF8.GetBytes($"{(found.Id.IsEmpty ? $"\"id\":\"{id}\"," : "")}{meta}"));
        }

        if (!found.Id.IsEmpty && !Ascii.Equals(found.Id.Of(json), id))
        {
            _splice.Replace(found.Id, Encoding.UTF8.GetBytes(id));
        }

        if (!found.Meta.IsEmpty)
        {
            if (source.Length > 0)
            {
                _splice.Insert(found.Meta.Start + 1, Encoding.UTF8.GetBytes(SaysMore(found.Meta.Of(json)) ? source + "," : source));
            }

            // Version and time are the server's to say.
            if (!found.MetaVersionId.IsEmpty)
            {
                _splice.RemoveProperty(json, found.MetaVersionId);
            }

            if (!found.MetaLastUpdated.IsEmpty)
            {
                _splice.RemoveProperty(json, found.MetaLastUpdated);
            }
        }

        var body = _splice.Apply(json, found.Text, Bodies);

        // Just inside the braces of the resource's own meta: where it was, moved by the edits before it, or at the end of what was inserted.
        metaAt = found.Meta.IsEmpty ? _splice.Moved(insertAt, found.Text) - 2 - Encoding.UTF8.GetByteCount(source) : _splice.Moved(found.Meta.Start, found.Text) + 1;
        return body;
    }

    /// <summary>Whether a meta holds more than version and time.</summary>
    private static bool SaysMore(ReadOnlySpan<byte> meta)
    {
        foreach (var property in new JsonView(meta).Properties)
        {
            if (!property.Name.SequenceEqual("versionId"u8) && !property.Name.SequenceEqual("lastUpdated"u8))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Just inside the braces of the resource's own meta.</summary>
    internal static int MetaAt(byte[] body)
    {
        var reader = new System.Text.Json.Utf8JsonReader(body, new System.Text.Json.JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        while (reader.Read() && reader.TokenType == System.Text.Json.JsonTokenType.PropertyName)
        {
            var isMeta = reader.ValueTextEquals("meta"u8);
            reader.Read();
            if (isMeta)
            {
                return (int)reader.TokenStartIndex + 1;
            }

            reader.Skip();
        }

        throw new InvalidOperationException("A prepared body has a meta.");
    }

    /// <summary>The practitioner whom an encounter names first, as we call them; null: none.</summary>
    private string? Contact(ReadOnlySpan<byte> json, int supplier, string supplierUri, ReferenceFound[] references)
    {
        foreach (var r in references)
        {
            if (r is { Target: ResourceType.Practitioner, Form: ReferenceForm.Relative })
            {
                return SourceIds.Stored(supplier, supplierUri, r.Target, Text(json, r.TargetId));
            }
        }

        return null;
    }
}
