namespace BetterCare.Care.Fhir.Search;

/// <summary>A value that a search parameter's expression found in a resource.</summary>
public readonly ref struct Element
{
    internal Element(JsonView value, JsonView resource, ElementPath path)
    {
        Value = value;
        Resource = resource;
        Path = path;
    }

    /// <summary>The value.</summary>
    public JsonView Value { get; }

    /// <summary>The resource it is in.</summary>
    public JsonView Resource { get; }

    /// <summary>The value's data type.</summary>
    public FhirType Type => Path.Type;

    internal ElementPath Path { get; }
}

/// <summary>Is shown each value of a search parameter in turn.</summary>
public interface IElementVisitor
{
    /// <summary>Looks at a value; true ends the walk.</summary>
    bool Visit(scoped in Element element);
}

/// <summary>A condition on the values of one step of a path: <c>where(system='phone')</c>.</summary>
internal abstract class StepFilter
{
    public abstract bool Accepts(JsonView value, JsonView resource);

    /// <summary><c>where(name='value')</c>, and <c>extension('url')</c>.</summary>
    public sealed class Equal(string name, string value) : StepFilter
    {
        private readonly byte[] _name = System.Text.Encoding.UTF8.GetBytes(name);
        private readonly byte[] _value = System.Text.Encoding.UTF8.GetBytes(value);

        public override bool Accepts(JsonView value, JsonView resource) => value[_name].Text.SequenceEqual(_value);
    }

    /// <summary><c>where(resolve() is Patient)</c>, answered from the reference alone.</summary>
    public sealed class ResolvesTo(ResourceType type) : StepFilter
    {
        public ResourceType Type { get; } = type;

        public override bool Accepts(JsonView value, JsonView resource) => ResourceReference.TypeOf(value, resource) == Type;
    }

    /// <summary><c>where(hasExtension('url'))</c>.</summary>
    public sealed class HasExtension(string url) : StepFilter
    {
        private readonly byte[] _url = System.Text.Encoding.UTF8.GetBytes(url);

        public override bool Accepts(JsonView value, JsonView resource)
        {
            foreach (var extension in value["extension"u8].Items)
            {
                if (extension["url"u8].Text.SequenceEqual(_url))
                {
                    return true;
                }
            }

            return false;
        }
    }
}

/// <summary>One property name to follow, and what its values must satisfy.</summary>
internal sealed class PathStep(string property, StepFilter? filter = null)
{
    public string Property { get; } = property;

    public byte[] Utf8 { get; } = System.Text.Encoding.UTF8.GetBytes(property);

    public StepFilter? Filter { get; } = filter;
}

/// <summary>
/// One alternative of a compiled search expression: property names from the resource down to values of one data type.
/// Choices (<c>value[x]</c>) have become an alternative for each type, so the type of a value is known before it is read.
/// </summary>
internal sealed class ElementPath(PathStep[] steps, FhirType type, ResourceType[] targets, ImpliedCodes? codes = null, bool isMany = false, bool fromResource = false)
{
    public PathStep[] Steps { get; } = steps;

    public FhirType Type { get; } = type;

    /// <summary>For a reference: the resource types that it may point at; empty if any.</summary>
    public ResourceType[] Targets { get; } = targets;

    /// <summary>For a code: the systems that its binding implies.</summary>
    public ImpliedCodes? Codes { get; } = codes;

    /// <summary>Whether a resource can have more than one value here.</summary>
    public bool IsMany { get; } = isMany;

    /// <summary>Starts at the resource although it stands in a composite's component (<c>%resource.x</c>).</summary>
    public bool FromResource { get; } = fromResource;

    /// <summary>Shows every value below <paramref name="start"/> to the visitor; true if the visitor ended the walk.</summary>
    public bool Walk<TVisitor>(JsonView start, JsonView resource, ref TVisitor visitor)
        where TVisitor : IElementVisitor, allows ref struct =>
        Walk(0, FromResource ? resource : start, resource, ref visitor);

    private bool Walk<TVisitor>(int i, JsonView at, JsonView resource, ref TVisitor visitor)
        where TVisitor : IElementVisitor, allows ref struct
    {
        if (i == Steps.Length)
        {
            return visitor.Visit(new Element(at, resource, this));
        }

        var step = Steps[i];
        if (!at.TryGet(step.Utf8, out var found))
        {
            return false;
        }

        if (!found.IsArray)
        {
            return (step.Filter is null || step.Filter.Accepts(found, resource)) && Walk(i + 1, found, resource, ref visitor);
        }

        foreach (var item in found.Items)
        {
            if (item.Exists && (step.Filter is null || step.Filter.Accepts(item, resource)) && Walk(i + 1, item, resource, ref visitor))
            {
                return true;
            }
        }

        return false;
    }

    public override string ToString() => string.Join('.', Steps.Select(s => s.Property)) + ":" + Type;
}
