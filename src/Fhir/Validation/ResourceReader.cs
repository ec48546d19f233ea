using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>
/// Reads one R4 resource (a Bundle is one too) in a single pass over its bytes, checks it against the official definitions, the
/// invariants and the rules of the NHS, and says where the parts are that a server needs. Keep one per worker and use it again and
/// again: once warm, it allocates nothing for a resource without issues. Not safe for two threads at once. Everything that it exposes
/// belongs to the last <see cref="Read"/>.
/// </summary>
/// <remarks>
/// Reading goes on after an error wherever it can, so that a sender sees all issues at once. JSON that is not well formed ends it.
/// </remarks>
public sealed partial class ResourceReader
{
    private readonly List<Issue> _issues = [];
    private readonly List<int> _issueEntries = [];
    private readonly StringBuilder _expression = new();

    private ReaderOptions _options = ReaderOptions.Default;
    private Slot[] _slots = new Slot[512];
    private int _top;
    private Step[] _path = new Step[64];
    private int _depth;
    private byte[] _scratch = new byte[4096];
    private ResourceType _type;
    private ResourceFound _resource;
    private int _entry;
    private bool _failed;
    private bool _entryFailed;

    /// <summary>What is wrong, in the order of reading; empty when nothing is.</summary>
    public IReadOnlyList<Issue> Issues => _issues;

    /// <summary>For each issue the index of the Bundle entry that it is in, or -1.</summary>
    public IReadOnlyList<int> IssueEntries => _issueEntries;

    /// <summary>The resource's type; None when it could not be told.</summary>
    public ResourceType Type => _type;

    /// <summary>Where the parts of the resource are.</summary>
    public ResourceFound Resource => _resource;

    /// <summary>Content of <c>id</c>, quotes excluded.</summary>
    public TextRange Id => _resource.Id;

    /// <summary>The whole <c>"id":"…"</c> property.</summary>
    public TextRange IdProperty => _resource.IdProperty;

    /// <summary>The meta object, braces included; empty when absent.</summary>
    public TextRange Meta => _resource.Meta;

    /// <summary>Content of <c>meta.source</c>.</summary>
    public TextRange MetaSource => _resource.MetaSource;

    /// <summary>Content of <c>meta.versionId</c>.</summary>
    public TextRange MetaVersionId => _resource.MetaVersionId;

    /// <summary>Where <c>"meta":{…},</c> or <c>"id":"…",</c> can be inserted: before the property that follows resourceType.</summary>
    public int InsertAt => _resource.InsertAt;

    /// <summary>Every Reference.reference, in the order of reading.</summary>
    public ReadOnlySpan<ReferenceFound> References => _references.AsSpan(0, _referenceCount);

    /// <summary>Every Identifier, in the order of reading.</summary>
    public ReadOnlySpan<IdentifierFound> Identifiers => _identifiers.AsSpan(0, _identifierCount);

    /// <summary>The entries, when the resource is a Bundle.</summary>
    public ReadOnlySpan<BundleEntryFound> Entries => _entries.AsSpan(0, _entryCount);

    /// <summary>The path, without indices, that <see cref="ReferenceFound.Element"/> stands for: <c>Encounter.subject</c>.
    /// The numbers hold for this process only.</summary>
    public static string ElementPath(ushort element) => Structures.ElementPath(element);

    /// <summary>Reads one resource.</summary>
    /// <param name="json">UTF-8 without a byte order mark.</param>
    /// <param name="options">How to read; null: <see cref="ReaderOptions.Default"/>.</param>
    /// <returns>True when nothing is an error; there may be warnings.</returns>
    public bool Read(ReadOnlySpan<byte> json, ReaderOptions? options = null)
    {
        Reset(options ?? ReaderOptions.Default);
        if (json.IsEmpty || json.IndexOfAnyExcept(" \t\r\n"u8) < 0)
        {
            Add(IssueSeverity.Fatal, "structure", "There is nothing to read. Send one FHIR resource in JSON.");
            return false;
        }

        if (json.StartsWith("\uFEFF"u8))
        {
            Add(IssueSeverity.Fatal, "structure", "The text begins with a byte order mark. Send it without.");
            return false;
        }

        if (!Utf8.IsValid(json))
        {
            Add(IssueSeverity.Fatal, "structure", "The text is not UTF-8. Send FHIR JSON in UTF-8.");
            return false;
        }

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = _options.MaxDepth });
        try
        {
            ReadRoot(ref reader, json);
        }
        catch (JsonException e)
        {
            Malformed(e, reader.CurrentDepth);
        }

        return !_failed;
    }

    private void Reset(ReaderOptions options)
    {
        // After an unusually large resource the memory goes back.
        Shrink(ref _scratch, 4096);
        Shrink(ref _references, 32);
        Shrink(ref _identifiers, 16);
        Shrink(ref _entries, 16);
        Shrink(ref _fragments, 16);
        Shrink(ref _contained, 8);
        Shrink(ref _saved, 64);
        Shrink(ref _urns, 16);
        Shrink(ref _urlTable, 32);
        _options = options;
        _issues.Clear();
        _issueEntries.Clear();
        _top = 0;
        _depth = 0;
        _type = ResourceType.None;
        _resource = default;
        _entry = -1;
        _failed = false;
        _entryFailed = false;
        _referenceCount = 0;
        _identifierCount = 0;
        _entryCount = 0;
        _counts = default;
        _lookedAhead = 0;
        _fragmentCount = 0;
        _containedCount = 0;
        _savedCount = 0;
        _urnCount = 0;
        _holder = default;
        _request = default;
        _meta = default;
        _xhtml.Reset();
    }

    private static void Shrink<T>(ref T[] list, int usual)
    {
        if (list.Length > 100_000)
        {
            list = new T[usual];
        }
    }

    private void ReadRoot(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            Add(IssueSeverity.Fatal, "structure", "A FHIR resource is a JSON object: { \"resourceType\": … }.");
            return;
        }

        _resource = ReadResource(ref reader, json, Placement.Root, _options.ExpectedType);
        reader.Read();
    }

    private void Malformed(JsonException e, int depth)
    {
        if (_type == ResourceType.None)
        {
            _depth = 0;
        }

        var where = string.Create(CultureInfo.InvariantCulture, $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}");

        // The depth that the reader tells does not count the bracket that was just read.
        Add(IssueSeverity.Fatal, "structure", depth >= _options.MaxDepth - 1
            ? string.Create(CultureInfo.InvariantCulture, $"The JSON nests deeper than {_options.MaxDepth} levels at {where}. Send it flatter.")
            : depth == 0 && _resource.Type != ResourceType.None
                ? $"Something follows the resource at {where}. Send one resource and nothing after it."
                : $"The JSON is not well formed at {where}. Look there for a missing or extra quote, comma, colon or bracket, or an unescaped control character.");
    }

    private void Error(string code, string text, string? child = null) => Add(IssueSeverity.Error, code, text, null, child);

    private void Add(IssueSeverity severity, string code, string text, string? key = null, string? child = null)
    {
        if (severity >= IssueSeverity.Error)
        {
            _failed = true;
            _entryFailed = true;
        }

        if (_issues.Count > _options.MaxIssues)
        {
            return;
        }

        _issueEntries.Add(_entry);
        _issues.Add(_issues.Count == _options.MaxIssues
            ? new Issue(IssueSeverity.Information, "too-costly", _type == ResourceType.None ? "Resource" : _type.Name(), "There are more issues than are listed here.")
            : new Issue(severity, code, Expression(child), text, key));
    }

    /// <summary>FHIRPath of the element that is being read, and of a child of it when one is named.</summary>
    private string Expression(string? child = null)
    {
        _expression.Clear().Append(_type == ResourceType.None ? "Resource" : _type.Name());
        for (var i = 0; i < _depth; i++)
        {
            _expression.Append('.').Append(_path[i].Property.Element.Name);
            if (_path[i].Index >= 0)
            {
                _expression.Append('[').Append(_path[i].Index).Append(']');
            }
        }

        if (child is not null)
        {
            _expression.Append('.').Append(child);
        }

        return _expression.ToString();
    }

    /// <summary>Text without JSON escapes, valid until the next call; empty when it is not Unicode.</summary>
    private ReadOnlySpan<byte> Unescaped(ReadOnlySpan<byte> raw)
    {
        if (_scratch.Length < raw.Length)
        {
            _scratch = new byte[raw.Length];
        }

        return _scratch.AsSpan(0, Math.Max(0, JsonText.Unescape(raw, _scratch)));
    }

    private void Push(Property property)
    {
        if (_depth == _path.Length)
        {
            Array.Resize(ref _path, _path.Length * 2);
        }

        _path[_depth++] = new Step(property, -1);
    }

    /// <summary>Keeps the path for issues that can only be told later.</summary>
    private SavedPath SavePath()
    {
        var saved = new SavedPath(_savedCount, _depth);
        for (var i = 0; i < _depth; i++)
        {
            Append(ref _saved, ref _savedCount, _path[i]);
        }

        return saved;
    }

    /// <summary>Makes a kept path the current one. Whoever calls this puts the depth back.</summary>
    private void GoBackTo(SavedPath path)
    {
        _saved.AsSpan(path.Start, path.Depth).CopyTo(_path);
        _depth = path.Depth;
    }

    /// <summary>One step of the path from the resource to what is being read.</summary>
    private record struct Step(Property Property, int Index);

    /// <summary>Where a path is kept.</summary>
    private readonly record struct SavedPath(int Start, int Depth);
}
