using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// A reference to find: <c>id</c>, <c>Type/id</c>, or a URL. References to this server count the same whether they are
/// written relative or absolute; a version in a stored reference is ignored.
/// </summary>
public sealed class ReferenceValue : SearchValue
{
    private readonly byte[] _text;
    private readonly byte[] _id;
    private readonly byte[] _root;
    private readonly byte[] _serviceBase;
    private readonly IReadOnlyList<ResourceType> _types;

    private ReferenceValue(string text, string id, IReadOnlyList<ResourceType> types, string root, string serviceBase)
    {
        _text = Encoding.UTF8.GetBytes(text);
        Id = id;
        _id = Encoding.UTF8.GetBytes(id);
        _types = types;
        _root = Encoding.UTF8.GetBytes(root);
        _serviceBase = Encoding.UTF8.GetBytes(serviceBase);
    }

    /// <summary>The one resource type that it can point at, or <see cref="ResourceType.None"/> if several.</summary>
    public ResourceType Type => _types.Count == 1 ? _types[0] : ResourceType.None;

    /// <summary>The id on this server; empty if it is a URL elsewhere.</summary>
    public string Id { get; }

    /// <summary>Whether it can be compared only as a whole: a URN, a canonical, a URL that is not of the form …/Type/id.</summary>
    public bool IsOpaque => _id.Length == 0;

    /// <summary>Whether it is a resource of this server.</summary>
    public bool IsLocal => !IsOpaque && _root.Length == 0;

    /// <summary>Reads a value.</summary>
    /// <param name="text">The value, unescaped.</param>
    /// <param name="types">The types that a bare id may have: the modifier's, or the parameter's targets.</param>
    /// <param name="serviceBase">The server's own base URL without last slash; empty if not known.</param>
    internal static ReferenceValue Parse(string text, IReadOnlyList<ResourceType> types, string serviceBase)
    {
        var parsed = ResourceReference.Parse(Encoding.UTF8.GetBytes(text));
        if (parsed.Type == ResourceType.None)
        {
            var isId = !text.AsSpan().ContainsAny(":/|#");
            return new ReferenceValue(text, isId ? text : "", types, "", serviceBase);
        }

        var root = Encoding.UTF8.GetString(parsed.Root);
        return new ReferenceValue(text, Encoding.UTF8.GetString(parsed.Id), [parsed.Type], root == serviceBase ? "" : root, serviceBase);
    }

    internal override bool Matches(scoped in Element element)
    {
        var text = element.Type == FhirType.Reference ? element.Value["reference"u8].Text : element.Value.Text;
        if (text.IsEmpty)
        {
            return false;
        }

        if (text.SequenceEqual(_text) || (element.Type == FhirType.Canonical && Canonical.Matches(text, _text, isCanonical: true)))
        {
            return true;
        }

        if (IsOpaque)
        {
            return false;
        }

        var found = ResourceReference.Parse(text);
        return found.Id.SequenceEqual(_id)
            && (_types.Count == 0 || _types.Contains(found.Type))
            && found.Type != ResourceType.None
            && (found.Root.SequenceEqual(_root) || (_root.Length == 0 && found.Root.SequenceEqual(_serviceBase)));
    }
}

/// <summary>A logical reference by its identifier: <c>subject:identifier=system|value</c>.</summary>
public sealed class ReferenceIdentifierValue : SearchValue
{
    internal ReferenceIdentifierValue(TokenValue identifier) => Identifier = identifier;

    /// <summary>The identifier.</summary>
    public TokenValue Identifier { get; }

    internal override bool Matches(scoped in Element element) =>
        element.Type == FhirType.Reference
        && element.Value.TryGet("identifier"u8, out var identifier)
        && Identifier.Matches(identifier, FhirType.Identifier);
}
