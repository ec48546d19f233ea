namespace BetterCare.Care.Fhir.Search;

/// <summary>The kinds of search parameter (R4 search.html section 3.1.1.4).</summary>
public enum SearchParameterType : byte
{
    /// <summary>A number, with the precision that it is written with.</summary>
    Number,

    /// <summary>A date or time, as the interval that it is written with.</summary>
    Date,

    /// <summary>Text, compared without case and accents.</summary>
    String,

    /// <summary>A code, identifier or boolean.</summary>
    Token,

    /// <summary>A reference to another resource.</summary>
    Reference,

    /// <summary>Several parameters that must be true of the same element.</summary>
    Composite,

    /// <summary>A number with a unit.</summary>
    Quantity,

    /// <summary>A URI, compared exactly.</summary>
    Uri,

    /// <summary>A parameter with rules of its own (<c>near</c>).</summary>
    Special,
}

/// <summary>A search parameter of one resource type with its compiled expression.</summary>
public sealed class SearchParameter
{
    private static readonly byte[] TrueLiteral = [.. "true"u8];
    private static readonly byte[] FalseLiteral = [.. "false"u8];

    internal SearchParameter(ResourceType resource, string code, SearchParameterType type, Uri definition)
    {
        Resource = resource;
        Code = code;
        Type = type;
        Definition = definition;
    }

    /// <summary>The resource type that it searches.</summary>
    public ResourceType Resource { get; }

    /// <summary>Its name in a search: <c>birthdate</c>, <c>_lastUpdated</c>.</summary>
    public string Code { get; }

    /// <summary>Its kind.</summary>
    public SearchParameterType Type { get; }

    /// <summary>The canonical URL of its official definition.</summary>
    public Uri Definition { get; }

    /// <summary>For a reference: the resource types that it may point at; empty if any.</summary>
    public IReadOnlyList<ResourceType> Targets { get; internal init; } = [];

    /// <summary>For a composite: its parts, in the order that values are given in.</summary>
    public IReadOnlyList<SearchComponent> Components { get; internal init; } = [];

    /// <summary>Why it cannot be searched with, in plain English; null if it can.</summary>
    public string? Unsupported { get; internal init; }

    /// <summary>Whether it can be searched with.</summary>
    public bool IsSupported => Unsupported is null;

    /// <summary>Whether results can be sorted by it: every kind but composite and special.</summary>
    public bool IsSortable => IsSupported && Type is not (SearchParameterType.Composite or SearchParameterType.Special);

    /// <summary>The modifiers that it takes, without colon. A reference also takes each of <see cref="Targets"/>.</summary>
    public IReadOnlyList<string> Modifiers => Type switch
    {
        SearchParameterType.Token when Paths.Any(p => p.Type == FhirType.Identifier) => ["missing", "not", "of-type"],
        SearchParameterType.Token => ["missing", "not"],
        SearchParameterType.String => ["missing", "exact", "contains"],
        SearchParameterType.Reference => ["missing", "identifier"],
        _ => ["missing"],
    };

    internal ElementPath[] Paths { get; init; } = [];

    internal CompositePath[] CompositePaths { get; init; } = [];

    /// <summary>Asks whether an element is there and is not false: always has exactly one value, true or false.</summary>
    internal bool IsTruth { get; init; }

    /// <summary>Compares by sound: the official <c>phonetic</c>.</summary>
    internal bool IsPhonetic => Code == "phonetic";

    /// <summary>Shows each value that the parameter has in a resource to the visitor; true if the visitor ended the walk.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="visitor">Is shown the values.</param>
    public bool Visit<TVisitor>(JsonView resource, ref TVisitor visitor)
        where TVisitor : IElementVisitor, allows ref struct
    {
        if (IsTruth)
        {
            var truth = new TruthVisitor();
            var literal = new JsonView(WalkAll(resource, ref truth) ? TrueLiteral : FalseLiteral);
            return visitor.Visit(new Element(literal, resource, Paths.First(p => p.Type == FhirType.Boolean)));
        }

        return WalkAll(resource, ref visitor);
    }

    private bool WalkAll<TVisitor>(JsonView resource, ref TVisitor visitor)
        where TVisitor : IElementVisitor, allows ref struct
    {
        foreach (var path in Paths)
        {
            if (path.Walk(resource, resource, ref visitor))
            {
                return true;
            }
        }

        return false;
    }

    private struct TruthVisitor : IElementVisitor
    {
        public readonly bool Visit(scoped in Element element) => !element.Value.Raw.SequenceEqual("false"u8);
    }

    /// <summary>Type and name: <c>Patient.birthdate</c>.</summary>
    public override string ToString() => $"{Resource.Name()}.{Code}";
}

/// <summary>One part of a composite parameter.</summary>
/// <param name="Code">The name of the parameter that defines it.</param>
/// <param name="Type">Its kind.</param>
public sealed record SearchComponent(string Code, SearchParameterType Type);
