namespace BetterCare.Care.Fhir.Search;

/// <summary>One condition of a search. All conditions of a request must hold; the values of one are alternatives.</summary>
public abstract class Criterion
{
    private protected Criterion(string name, string text)
    {
        Name = name;
        Text = text;
    }

    /// <summary>Its name as asked, with modifier and chain: <c>subject:Patient.identifier</c>.</summary>
    public string Name { get; }

    /// <summary>Its value as asked. It may identify a person: never log it.</summary>
    public string Text { get; }

    internal abstract bool Matches(JsonView resource, SubSearchResults results);

    /// <summary>Prints the name only.</summary>
    public override string ToString() => Name;
}

/// <summary>A condition on a parameter of the type that is searched.</summary>
public sealed class ParameterCriterion : Criterion
{
    private readonly SearchValue[] _values;

    internal ParameterCriterion(string name, string text, SearchParameter parameter, string modifier, SearchValue[] values, bool? missing = null)
        : base(name, text)
    {
        Parameter = parameter;
        Modifier = modifier;
        Missing = missing;
        _values = values;
    }

    /// <summary>The parameter.</summary>
    public SearchParameter Parameter { get; }

    /// <summary>The modifier without colon; empty if none.</summary>
    public string Modifier { get; }

    /// <summary>For <c>:missing</c>: whether the element must be absent (true) or present (false); otherwise null.</summary>
    public bool? Missing { get; }

    /// <summary>The alternatives.</summary>
    public IReadOnlyList<SearchValue> Values => _values;

    internal override bool Matches(JsonView resource, SubSearchResults results)
    {
        if (Missing is { } missing)
        {
            return missing != HasValue(resource);
        }

        return AnyValue(resource) != (Modifier == "not");
    }

    private bool AnyValue(JsonView resource)
    {
        var matcher = new AnyValueMatcher(_values);
        if (Parameter.Type != SearchParameterType.Composite)
        {
            return Parameter.Visit(resource, ref matcher);
        }

        foreach (var composite in Parameter.CompositePaths)
        {
            if (composite.Base.Walk(resource, resource, ref matcher))
            {
                return true;
            }
        }

        return false;
    }

    private bool HasValue(JsonView resource)
    {
        if (Parameter.Type != SearchParameterType.Composite)
        {
            var any = new AnythingMatcher();
            return Parameter.Visit(resource, ref any);
        }

        foreach (var composite in Parameter.CompositePaths)
        {
            var whole = new WholeCompositeMatcher(composite);
            if (composite.Base.Walk(resource, resource, ref whole))
            {
                return true;
            }
        }

        return false;
    }

    private readonly struct AnyValueMatcher(SearchValue[] values) : IElementVisitor
    {
        public bool Visit(scoped in Element element)
        {
            foreach (var value in values)
            {
                if (value.Matches(element))
                {
                    return true;
                }
            }

            return false;
        }
    }

    private readonly struct AnythingMatcher : IElementVisitor
    {
        public bool Visit(scoped in Element element) => true;
    }

    private readonly struct WholeCompositeMatcher(CompositePath composite) : IElementVisitor
    {
        public bool Visit(scoped in Element element)
        {
            foreach (var component in composite.Components)
            {
                if (!HasAny(component, element))
                {
                    return false;
                }
            }

            return true;
        }

        private static bool HasAny(ElementPath[] paths, scoped in Element element)
        {
            var any = new AnythingMatcher();
            foreach (var path in paths)
            {
                if (path.Walk(element.Value, element.Resource, ref any))
                {
                    return true;
                }
            }

            return false;
        }
    }
}

/// <summary>
/// A chain: <c>subject:Patient.identifier=…</c>. It holds if a reference of the parameter points at one of the resources
/// that its sub-searches found.
/// </summary>
public sealed class ChainCriterion : Criterion
{
    internal ChainCriterion(string name, string text, SearchParameter parameter, SubSearch[] targets)
        : base(name, text)
    {
        Parameter = parameter;
        Targets = targets;
    }

    /// <summary>The reference parameter before the dot.</summary>
    public SearchParameter Parameter { get; }

    /// <summary>A sub-search for each type that the reference may point at.</summary>
    public IReadOnlyList<SubSearch> Targets { get; }

    internal override bool Matches(JsonView resource, SubSearchResults results)
    {
        var matcher = new PointsAt(Targets, results);
        return Parameter.Visit(resource, ref matcher);
    }

    private readonly struct PointsAt(IReadOnlyList<SubSearch> targets, SubSearchResults results) : IElementVisitor
    {
        public bool Visit(scoped in Element element)
        {
            var reference = ResourceReference.Parse(element.Type == FhirType.Reference ? element.Value["reference"u8].Text : element.Value.Text);
            for (var i = 0; i < targets.Count; i++)
            {
                if (reference.Type == targets[i].Type && results.Contains(targets[i], reference))
                {
                    return true;
                }
            }

            return false;
        }
    }
}

/// <summary>
/// <c>_has:Observation:patient:code=…</c>: holds if one of the resources that the sub-search finds refers to this one.
/// </summary>
public sealed class HasCriterion : Criterion
{
    internal HasCriterion(string name, string text, SubSearch referring)
        : base(name, text) => Referring = referring;

    /// <summary>The search for what refers to the resource.</summary>
    public SubSearch Referring { get; }

    internal override bool Matches(JsonView resource, SubSearchResults results) =>
        results.Contains(Referring, ResourceTypes.Parse(resource["resourceType"u8].Text), resource["id"u8].Text);
}
