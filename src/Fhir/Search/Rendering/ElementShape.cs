using System.Collections.Concurrent;
using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// Which properties of an object a view keeps, and which of those it looks into. Made once for a type and view.
/// </summary>
internal sealed class ElementShape
{
    private static readonly ConcurrentDictionary<ResourceType, ElementShape> Summaries = new();
    private static readonly ConcurrentDictionary<ResourceType, ElementShape> Texts = new();

    // Property names with their quotes, as they stand in JSON; a null shape keeps the whole value.
    private readonly Dictionary<string, ElementShape?> _kept = new(StringComparer.Ordinal);

    private ElementShape()
    {
    }

    /// <summary><c>_summary=true</c>: elements marked as summary, modifiers and mandatory ones, down into data types.</summary>
    public static ElementShape Summary(ResourceType type) => Summaries.GetOrAdd(type, static t => Summary(t.Name(), t.Name(), []));

    /// <summary><c>_summary=text</c>: narrative, id, meta and the mandatory elements at the root.</summary>
    public static ElementShape Text(ResourceType type) => Texts.GetOrAdd(type, static t => Root(t, e => e.Name is "text" || e.IsMandatory));

    /// <summary><c>_elements</c>: those named, modifiers and mandatory ones at the root.</summary>
    public static ElementShape Elements(ResourceType type, IEnumerable<string> names)
    {
        var asked = names.ToHashSet(StringComparer.Ordinal);
        return Root(type, e => asked.Contains(e.Name) || e.IsMandatory || e.IsModifier);
    }

    /// <summary>Whether a property is kept, and what is kept of it (null for all).</summary>
    public bool Keeps(ReadOnlySpan<byte> name, out ElementShape? inner)
    {
        inner = null;
        Span<char> key = stackalloc char[64];
        if (name.Length > key.Length)
        {
            return false;
        }

        var length = Encoding.Latin1.GetChars(name, key);
        return _kept.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(key[..length], out inner);
    }

    private static ElementShape Root(ResourceType type, Func<ElementDefinition, bool> keep)
    {
        var shape = new ElementShape();
        shape._kept["resourceType"] = null;
        foreach (var element in Structure.Of(type.Name()).Children(type.Name()).Where(e => e.Name is "id" or "meta" || keep(e)))
        {
            shape.Keep(element, _ => null);
        }

        return shape;
    }

    private static ElementShape Summary(string structure, string path, Dictionary<string, ElementShape> made)
    {
        if (made.TryGetValue(path, out var known))
        {
            return known;
        }

        // Entered before it is filled, because types contain themselves (Identifier.assigner.identifier).
        var shape = made[path] = new ElementShape();
        shape._kept[ResourceTypes.Parse(path) != ResourceType.None ? "resourceType" : "id"] = null;
        foreach (var element in Structure.Of(structure).Children(path).Where(e => e.IsSummary || e.IsModifier || e.IsMandatory))
        {
            shape.Keep(element, type => type switch
            {
                _ when element.ContentReference is { } same => Summary(structure, same, made),
                "BackboneElement" or "Element" => Summary(structure, element.Path, made),
                "Extension" or "Resource" or "Narrative" or "Meta" => null,
                _ => char.IsUpper(type[0]) ? Summary(type, type, made) : null,
            });
        }

        return shape;
    }

    // A primitive's sibling with its id and extensions goes where the primitive goes.
    private void Keep(ElementDefinition element, Func<string, ElementShape?> inner)
    {
        foreach (var (property, type) in element.Properties)
        {
            _kept[property] = inner(type);
            if (char.IsLower(type[0]))
            {
                _kept["_" + property] = null;
            }
        }
    }
}
