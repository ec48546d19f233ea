using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>One element of a structure, as far as search, <c>_summary</c> and <c>_elements</c> care.</summary>
/// <param name="Path">Its path: <c>Observation.value[x]</c>.</param>
/// <param name="Types">Names of its data types; several for a choice; none for a content reference.</param>
/// <param name="Targets">For a reference: the resource types that it may point at; empty if any.</param>
/// <param name="ContentReference">The path whose children it shares, or null.</param>
/// <param name="IsMany">Whether there can be more than one.</param>
/// <param name="IsMandatory">Whether at least one is required.</param>
/// <param name="IsSummary">Whether it is in the summary view.</param>
/// <param name="IsModifier">Whether it changes the meaning of the resource.</param>
/// <param name="RequiredValueSet">The value set that it is bound to as required, without version, or null.</param>
internal sealed record ElementDefinition(
    string Path,
    string[] Types,
    ResourceType[] Targets,
    string? ContentReference,
    bool IsMany,
    bool IsMandatory,
    bool IsSummary,
    bool IsModifier,
    string? RequiredValueSet)
{
    /// <summary>The last part of the path, without [x].</summary>
    public string Name { get; } = (Path.EndsWith("[x]", StringComparison.Ordinal) ? Path[..^3] : Path)[(Path.LastIndexOf('.') + 1)..];

    /// <summary>Whether it is written with its type's name (<c>value[x]</c>).</summary>
    public bool IsChoice { get; } = Path.EndsWith("[x]", StringComparison.Ordinal);

    /// <summary>The JSON property names, one for each type.</summary>
    public IEnumerable<(string Property, string Type)> Properties => IsChoice
        ? Types.Select(t => (Name + char.ToUpperInvariant(t[0]) + t[1..], t))
        : [(Name, Types.Length > 0 ? Types[0] : "BackboneElement")];
}

/// <summary>
/// The official R4 structures, read one at a time when they are first asked for: a service that stores forty types
/// never pays for the other hundred.
/// </summary>
internal sealed class Structure
{
    private static readonly byte[] Definitions = Embedded.Read("r4-structures.json");
    private static readonly FrozenDictionary<string, Range> Places = FindStructures();
    private static readonly ConcurrentDictionary<string, Structure> Read = new(StringComparer.Ordinal);

    private readonly Dictionary<string, ElementDefinition> _byPath = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ElementDefinition>> _children = new(StringComparer.Ordinal);

    private Structure(string name)
    {
        Name = name;
        foreach (var element in new JsonView(Definitions.AsSpan(Places[name]))["elements"u8].Items)
        {
            Add(element);
        }
    }

    /// <summary>The type's name.</summary>
    public string Name { get; }

    /// <summary>Whether there is a structure of this name.</summary>
    public static bool Exists(string name) => Places.ContainsKey(name);

    /// <summary>The structure of a resource type or data type.</summary>
    public static Structure Of(string name) => Read.GetOrAdd(name, static n => new Structure(n));

    /// <summary>The element at <paramref name="parent"/>.<paramref name="name"/>; a choice is found by its name without [x].</summary>
    public ElementDefinition? Child(string parent, string name) => _byPath.GetValueOrDefault($"{parent}.{name}");

    /// <summary>The elements directly below a path, in order; content references are followed.</summary>
    public IReadOnlyList<ElementDefinition> Children(string parent) => _children.GetValueOrDefault(parent) ?? [];

    private void Add(JsonView element)
    {
        var path = element["path"u8].ToString();
        var types = new List<string>();
        var targets = new List<ResourceType>();
        foreach (var type in element["types"u8].Items)
        {
            types.Add(type["code"u8].ToString());
            foreach (var target in type["targetProfile"u8].Items)
            {
                targets.Add(ResourceTypes.Parse(target.Text));
            }
        }

        var binding = element["binding"u8];
        var valueSet = binding["strength"u8].Text.SequenceEqual("required"u8) ? binding["valueSet"u8].ToString() : null;
        var definition = new ElementDefinition(
            path,
            [.. types],
            targets.Contains(ResourceType.None) ? [] : [.. targets],
            element.TryGet("contentReference"u8, out var same) ? same.ToString() : null,
            !element["max"u8].Text.SequenceEqual("1"u8),
            !element["min"u8].Raw.SequenceEqual("0"u8),
            element["isSummary"u8].Raw.SequenceEqual("true"u8),
            element["isModifier"u8].Raw.SequenceEqual("true"u8),
            valueSet?.Split('|')[0]);

        var lastDot = path.LastIndexOf('.');
        if (lastDot < 0)
        {
            return;
        }

        var parent = path[..lastDot];
        _byPath[$"{parent}.{definition.Name}"] = definition;
        if (!_children.TryGetValue(parent, out var siblings))
        {
            _children[parent] = siblings = [];
        }

        siblings.Add(definition);
    }

    private static FrozenDictionary<string, Range> FindStructures()
    {
        var places = new Dictionary<string, Range>(StringComparer.Ordinal);
        ReadOnlySpan<byte> all = Definitions;
        foreach (var property in new JsonView(all)["structures"u8].Properties)
        {
            all.Overlaps(property.Value.Raw, out var start);
            places[Encoding.UTF8.GetString(property.Name)] = start..(start + property.Value.Raw.Length);
        }

        return places.ToFrozenDictionary(StringComparer.Ordinal);
    }
}

/// <summary>The definitions embedded in this assembly.</summary>
internal static class Embedded
{
    public static byte[] Read(string logicalName)
    {
        using var stream = typeof(Embedded).Assembly.GetManifestResourceStream(logicalName)
            ?? throw new InvalidOperationException($"The definition {logicalName} is not embedded.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
