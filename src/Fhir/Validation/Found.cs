namespace BetterCare.Care.Fhir.Validation;

/// <summary>A range of bytes inside the posted JSON.</summary>
/// <param name="Start">Offset of the first byte.</param>
/// <param name="Length">Number of bytes; 0 when what it would hold is absent.</param>
public readonly record struct TextRange(int Start, int Length)
{
    /// <summary>Whether there is nothing.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>Offset after the last byte.</summary>
    public int End => Start + Length;

    /// <summary>The bytes themselves.</summary>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> json) => json.Slice(Start, Length);
}

/// <summary>How a Reference.reference is written.</summary>
public enum ReferenceForm : byte
{
    /// <summary>Anything else, for example a URL that does not end in Type/id.</summary>
    Other,

    /// <summary><c>Patient/123</c>.</summary>
    Relative,

    /// <summary><c>https://host/base/Patient/123</c>.</summary>
    Absolute,

    /// <summary><c>urn:uuid:…</c>.</summary>
    UrnUuid,

    /// <summary><c>urn:oid:…</c>.</summary>
    UrnOid,

    /// <summary><c>#id</c> of a contained resource.</summary>
    Fragment,

    /// <summary><c>Patient?identifier=…</c>, which a transaction resolves.</summary>
    Conditional,
}

/// <summary>A Reference.reference that was read.</summary>
/// <param name="Text">The content of the JSON string, quotes excluded.</param>
/// <param name="Escaped">Whether that content holds JSON escapes.</param>
/// <param name="Target">The type it names; None for urn, fragment and unknown forms.</param>
/// <param name="TargetId">The id part of a relative or absolute RESTful reference.</param>
/// <param name="Form">How it is written.</param>
/// <param name="Element">Element path without indices: see <see cref="ResourceReader.ElementPath"/>.</param>
/// <param name="Entry">Bundle entry index, or -1.</param>
/// <param name="Contained">Whether a contained resource holds it.</param>
public readonly record struct ReferenceFound(
    TextRange Text, bool Escaped, ResourceType Target, TextRange TargetId, ReferenceForm Form, ushort Element, int Entry, bool Contained);

/// <summary>An Identifier that was read.</summary>
/// <param name="System">Content of the system string; empty when absent.</param>
/// <param name="Value">Content of the value string; empty when absent.</param>
/// <param name="Escaped">Whether one of the two holds JSON escapes.</param>
/// <param name="TopLevel">Whether it is the resource's own <c>identifier</c>, not one nested deeper or contained.</param>
/// <param name="Element">Element path without indices: see <see cref="ResourceReader.ElementPath"/>.</param>
/// <param name="Entry">Bundle entry index, or -1.</param>
public readonly record struct IdentifierFound(TextRange System, TextRange Value, bool Escaped, bool TopLevel, ushort Element, int Entry);

/// <summary>Where the parts of one resource are that a server must read or replace. Contents of strings keep their JSON escapes:
/// <see cref="JsonText"/> takes them out.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Text">The whole object, braces included.</param>
/// <param name="Id">Content of <c>id</c>, quotes excluded.</param>
/// <param name="IdProperty">The whole <c>"id":"…"</c> property.</param>
/// <param name="Meta">The meta object, braces included.</param>
/// <param name="MetaSource">Content of <c>meta.source</c>.</param>
/// <param name="MetaVersionId">Content of <c>meta.versionId</c>.</param>
/// <param name="MetaLastUpdated">Content of <c>meta.lastUpdated</c>.</param>
/// <param name="InsertAt">Where <c>"meta":{…},</c> or <c>"id":"…",</c> can be inserted: before the property that follows resourceType.</param>
public readonly record struct ResourceFound(
    ResourceType Type,
    TextRange Text,
    TextRange Id,
    TextRange IdProperty,
    TextRange Meta,
    TextRange MetaSource,
    TextRange MetaVersionId,
    TextRange MetaLastUpdated,
    int InsertAt);

/// <summary>One entry of a Bundle, so that a transaction needs no document tree.</summary>
/// <param name="Text">The entry object.</param>
/// <param name="FullUrl">Content of fullUrl.</param>
/// <param name="Resource">Its resource; Type None when it has none.</param>
/// <param name="Method">Content of request.method.</param>
/// <param name="Url">Content of request.url.</param>
/// <param name="IfNoneExist">Content of request.ifNoneExist.</param>
/// <param name="IfMatch">Content of request.ifMatch.</param>
/// <param name="IfNoneMatch">Content of request.ifNoneMatch.</param>
/// <param name="IfModifiedSince">Content of request.ifModifiedSince.</param>
/// <param name="References">Where its references are in <see cref="ResourceReader.References"/>.</param>
/// <param name="Identifiers">Where its identifiers are in <see cref="ResourceReader.Identifiers"/>.</param>
/// <param name="HasErrors">Whether an issue inside this entry is an error; see <see cref="ResourceReader.IssueEntries"/>.</param>
/// <param name="Escaped">Whether one of the texts of fullUrl or request holds JSON escapes.</param>
/// <param name="Index">Its index in Bundle.entry; an item that is no object has none and is left out.</param>
public readonly record struct BundleEntryFound(
    TextRange Text,
    TextRange FullUrl,
    ResourceFound Resource,
    TextRange Method,
    TextRange Url,
    TextRange IfNoneExist,
    TextRange IfMatch,
    TextRange IfNoneMatch,
    TextRange IfModifiedSince,
    Range References,
    Range Identifiers,
    bool HasErrors,
    bool Escaped,
    int Index);

/// <summary>How a resource is read.</summary>
public sealed record ReaderOptions
{
    /// <summary>UK Core rules on, any type, depth 200, at most 100 issues.</summary>
    public static ReaderOptions Default { get; } = new();

    /// <summary>The type that the resource must have; None: any.</summary>
    public ResourceType ExpectedType { get; init; }

    /// <summary>How deep JSON may nest, 1 to 1000.</summary>
    public int MaxDepth { get; init; } = 200;

    /// <summary>Whether the rules of the NHS and UK Core for identifiers apply.</summary>
    public bool UkCore { get; init; } = true;

    /// <summary>
    /// Whether to warn of what R4 calls best practice (dom-6: a narrative). Off by default: machine-to-machine feeds carry no
    /// narrative, and a warning per resource helps nobody.
    /// </summary>
    public bool BestPractice { get; init; }

    /// <summary>How many issues are kept; a last one says that there are more.</summary>
    public int MaxIssues { get; init; } = 100;
}
