using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// The official R4 search parameters by resource type, with those that every type has (<c>_id</c>, <c>_lastUpdated</c>,
/// <c>_tag</c>, <c>_profile</c>, <c>_security</c>, <c>_source</c>). Compiled when a type is first searched.
/// </summary>
public sealed class SearchParameters
{
    private static readonly Lazy<SearchParameterSource[]> Official = new(SearchParameterSource.ReadAll);
    private static readonly Lazy<FrozenDictionary<string, SearchParameterSource>> ByUrl =
        new(() => Official.Value.ToFrozenDictionary(d => d.Url, StringComparer.Ordinal));

    private static readonly Lazy<SearchParameters>[] ByType =
        [.. Enumerable.Range(0, ResourceTypes.Count + 1).Select(i => new Lazy<SearchParameters>(() => new SearchParameters((ResourceType)i)))];

    private readonly FrozenDictionary<string, SearchParameter> _byCode;

    private SearchParameters(ResourceType type)
    {
        var name = type.Name();
        var isDomainResource = type is not (ResourceType.Bundle or ResourceType.Binary or ResourceType.Parameters);
        _byCode = Official.Value
            .Where(d => d.Bases.Contains(name) || d.Bases.Contains("Resource") || (isDomainResource && d.Bases.Contains("DomainResource")))
            .Select(d => Compile(type, d))
            .ToFrozenDictionary(p => p.Code, StringComparer.Ordinal);
        All = [.. _byCode.Values.OrderBy(p => p.Code, StringComparer.Ordinal)];
    }

    /// <summary>The parameters of a type by name; the unsupported ones too, with their reason.</summary>
    public IReadOnlyList<SearchParameter> All { get; }

    /// <summary>The parameters of a resource type.</summary>
    /// <param name="type">A concrete type.</param>
    public static SearchParameters For(ResourceType type) => ByType[(int)type].Value;

    /// <summary>Finds a parameter by its name, supported or not.</summary>
    /// <param name="code">Its name, without modifier.</param>
    /// <param name="parameter">The parameter.</param>
    public bool TryGet(string code, [NotNullWhen(true)] out SearchParameter? parameter) => _byCode.TryGetValue(code, out parameter);

    /// <summary>The supported parameter of this name, or null.</summary>
    /// <param name="code">Its name, without modifier.</param>
    public SearchParameter? Find(string code) => TryGet(code, out var found) && found.IsSupported ? found : null;

    private static SearchParameter Compile(ResourceType type, SearchParameterSource source)
    {
        var definition = new Uri(source.Url);
        SearchParameter Refuse(string reason) => new(type, source.Code, source.Type, definition) { Unsupported = reason };

        switch (source.Code)
        {
            case "_text" or "_content":
                return Refuse("Full-text search is not offered; use the type's own string parameters.");
            case "_filter":
                return Refuse("Filter expressions are not offered; use separate parameters, which are combined with AND.");
            case "_query":
                return Refuse("Named queries are not offered.");
        }

        if (source.Type == SearchParameterType.Special)
        {
            return Refuse("Search by distance is not offered; use address, address-city or address-postalcode.");
        }

        if (source.Expression is null)
        {
            return Refuse("The official definition does not say where its value is.");
        }

        try
        {
            return source.Type == SearchParameterType.Composite ? Composite(type, source, definition) : Simple(type, source, definition);
        }
        catch (NotSupportedException)
        {
            return Refuse("The official definition uses an expression that cannot be searched here.");
        }
    }

    private static SearchParameter Simple(ResourceType type, SearchParameterSource source, Uri definition)
    {
        var isTruth = ExpressionCompiler.IsTruth(source.Expression!, out var path);
        var paths = ExpressionCompiler.Compile(type, isTruth ? path : source.Expression!)
            .Where(p => isTruth || p.Type.Fits(source.Type))
            .ToArray();
        return new SearchParameter(type, source.Code, source.Type, definition)
        {
            Paths = paths,
            IsTruth = isTruth,
            Targets = Targets(source.Targets, paths),
            Unsupported = paths.Length > 0 ? null : "The official definition points at an element that a search of its kind cannot read.",
        };
    }

    // The definitions of shared parameters name more targets than an element of one type can have: Observation.patient
    // is declared as Patient or Group and filtered to Patient.
    private static ResourceType[] Targets(ResourceType[] declared, ElementPath[] paths)
    {
        if (Array.Exists(paths, p => p.Targets.Length == 0))
        {
            return declared;
        }

        var possible = paths.SelectMany(p => p.Targets).Distinct();
        return declared.Length == 0 ? [.. possible] : [.. declared.Intersect(possible)];
    }

    private static SearchParameter Composite(ResourceType type, SearchParameterSource source, Uri definition)
    {
        var parts = source.Components.Select(c => (c.Expression, Definition: ByUrl.Value[c.Definition])).ToArray();
        return new SearchParameter(type, source.Code, source.Type, definition)
        {
            Components = [.. parts.Select(p => new SearchComponent(p.Definition.Code, p.Definition.Type))],
            CompositePaths = ExpressionCompiler.CompileComposite(type, source.Expression!, [.. parts.Select(p => (p.Expression, p.Definition.Type))]),
        };
    }
}

/// <summary>A search parameter as the official definitions state it.</summary>
internal sealed record SearchParameterSource(
    string Url,
    string Code,
    string[] Bases,
    SearchParameterType Type,
    string? Expression,
    ResourceType[] Targets,
    (string Definition, string Expression)[] Components)
{
    public static SearchParameterSource[] ReadAll()
    {
        var all = new List<SearchParameterSource>();
        foreach (var parameter in new JsonView(Embedded.Read("r4-search-parameters.json"))["searchParameters"u8].Items)
        {
            var components = new List<(string, string)>();
            foreach (var component in parameter["component"u8].Items)
            {
                components.Add((component["definition"u8].ToString(), component["expression"u8].ToString()));
            }

            all.Add(new SearchParameterSource(
                parameter["url"u8].ToString(),
                parameter["code"u8].ToString(),
                Strings(parameter["base"u8]),
                Enum.Parse<SearchParameterType>(parameter["type"u8].ToString(), ignoreCase: true),
                parameter.TryGet("expression"u8, out var expression) ? expression.ToString() : null,
                [.. Strings(parameter["target"u8]).Select(ResourceTypes.Parse).Where(t => t != ResourceType.None)],
                [.. components]));
        }

        return [.. all];
    }

    private static string[] Strings(JsonView array)
    {
        var strings = new List<string>();
        foreach (var item in array.Items)
        {
            strings.Add(item.ToString());
        }

        return [.. strings];
    }
}
