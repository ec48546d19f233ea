using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// What a literal reference says: <c>Type/id</c>, an absolute URL, a <c>#fragment</c> or a <c>urn:</c>. A window on the
/// text, nothing is copied.
/// </summary>
public readonly ref struct ResourceReference
{
    private ResourceReference(ReadOnlySpan<byte> text, ReadOnlySpan<byte> root, ResourceType type, ReadOnlySpan<byte> id)
    {
        Text = text;
        Root = root;
        Type = type;
        Id = id;
    }

    /// <summary>The whole reference as it was written.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>The server's base URL of an absolute reference, without the last slash; empty for a relative one.</summary>
    public ReadOnlySpan<byte> Root { get; }

    /// <summary>The resource type, or <see cref="ResourceType.None"/> if the reference is not of the form Type/id.</summary>
    public ResourceType Type { get; }

    /// <summary>The id without version; empty if there is none.</summary>
    public ReadOnlySpan<byte> Id { get; }

    /// <summary>Whether it is <c>Type/id</c> with no server before it.</summary>
    public bool IsRelative => Type != ResourceType.None && Root.IsEmpty;

    /// <summary>Whether it is a resource of the server at a base URL: relative, or absolute below it.</summary>
    /// <param name="serviceBase">The server's own base URL without last slash; empty if not known.</param>
    public bool IsBelow(string serviceBase) => Type != ResourceType.None && (Root.IsEmpty || Ascii.Equals(Root, serviceBase));

    /// <summary>Reads a reference's text (UTF-8).</summary>
    /// <param name="text">What stands in Reference.reference, without quotes.</param>
    public static ResourceReference Parse(ReadOnlySpan<byte> text)
    {
        var path = text;
        var history = path.IndexOf("/_history/"u8);
        if (history >= 0)
        {
            path = path[..history];
        }

        var slash = path.LastIndexOf((byte)'/');
        if (slash <= 0 || slash == path.Length - 1 || path[0] == (byte)'#')
        {
            return new ResourceReference(text, default, ResourceType.None, default);
        }

        var before = path[..slash];
        var typeStart = before.LastIndexOf((byte)'/') + 1;
        var type = ResourceTypes.Parse(before[typeStart..]);
        var root = typeStart == 0 ? default : before[..(typeStart - 1)];
        return type == ResourceType.None
            ? new ResourceReference(text, default, ResourceType.None, default)
            : new ResourceReference(text, root, type, path[(slash + 1)..]);
    }

    /// <summary>
    /// The type of what a Reference points at, as far as the reference itself tells: by its URL, by the contained
    /// resource, or by Reference.type. What only fetching would tell is <see cref="ResourceType.None"/>.
    /// </summary>
    /// <param name="reference">The Reference element.</param>
    /// <param name="resource">The resource that it stands in.</param>
    public static ResourceType TypeOf(JsonView reference, JsonView resource)
    {
        if (reference.TryGet("reference"u8, out var literal))
        {
            var text = literal.Text;
            if (text.Length > 1 && text[0] == (byte)'#')
            {
                return ContainedType(text[1..], resource);
            }

            var type = Parse(text).Type;
            if (type != ResourceType.None)
            {
                return type;
            }
        }

        return ResourceTypes.Parse(reference["type"u8].Text);
    }

    private static ResourceType ContainedType(ReadOnlySpan<byte> id, JsonView resource)
    {
        foreach (var contained in resource["contained"u8].Items)
        {
            if (contained["id"u8].Text.SequenceEqual(id))
            {
                return ResourceTypes.Parse(contained["resourceType"u8].Text);
            }
        }

        return ResourceType.None;
    }

    /// <summary><c>Type/id</c>, or the whole text if it is no such reference.</summary>
    public override string ToString() =>
        Type == ResourceType.None ? Encoding.UTF8.GetString(Text) : $"{Type.Name()}/{Encoding.UTF8.GetString(Id)}";
}
