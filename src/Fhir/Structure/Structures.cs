using System.Collections.Concurrent;
using System.Text.Json;
using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Fhir.Structure;

/// <summary>
/// The official R4 structures, compiled into <see cref="Shape"/>s. The definitions are parsed once (about 1 MB); a structure is
/// compiled when the first resource needs it.
/// </summary>
internal static class Structures
{
    private static readonly Lock Compiling = new();
    private static readonly ConcurrentDictionary<string, Shape> Compiled = new(StringComparer.Ordinal);
    private static readonly Shape?[] Resources = new Shape?[ResourceTypes.Count + 1];
    private static readonly Dictionary<string, ushort> PathIds = new(StringComparer.Ordinal);
    private static readonly Lazy<Dictionary<string, JsonElement>> Definitions = new(() =>
        Definition("r4-structures.json").RootElement.GetProperty("structures").EnumerateObject()
            .ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal));

    private static volatile string[] _paths = new string[256];

    /// <summary>The shape of a resource type.</summary>
    public static Shape Get(ResourceType type) => Resources[(int)type] ?? (Resources[(int)type] = Get(type.Name()));

    /// <summary>The shape of a structure by name: a resource, data type or one of R4's profiles of Quantity.</summary>
    public static Shape Get(string name)
    {
        if (Compiled.TryGetValue(name, out var shape))
        {
            return shape;
        }

        lock (Compiling)
        {
            if (!Compiled.TryGetValue(name, out shape))
            {
                shape = Compile(name);
                Compiled[name] = shape;
            }

            return shape;
        }
    }

    /// <summary>The element path of a number that a reader gave. Numbers are handed out as structures are compiled.</summary>
    public static string ElementPath(ushort id) => _paths[id];

    /// <summary>One of the embedded definition files.</summary>
    public static JsonDocument Definition(string file)
    {
        using var stream = typeof(Structures).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The definitions {file} are not embedded.");
        return JsonDocument.Parse(stream);
    }

    private static Shape Compile(string name)
    {
        var structure = Definitions.Value[name];
        var isResource = structure.GetProperty("kind").ValueEquals("resource");
        var elements = structure.GetProperty("elements").EnumerateArray().Select(e => (Path: e.GetProperty("path").GetString()!, Definition: e)).ToList();
        var root = elements[0].Path;
        var children = elements.Skip(1).ToLookup(e => e.Path[..e.Path.LastIndexOf('.')], e => e.Definition, StringComparer.Ordinal);
        var shapes = children.ToDictionary(c => c.Key, c => new Shape(c.Key), StringComparer.Ordinal);
        foreach (var (path, shape) in shapes)
        {
            Fill(shape, children[path], shapes, isResource && path == root);
            shape.Hook = HookOf(path);
        }

        foreach (var (path, definition) in elements)
        {
            if (shapes.TryGetValue(path, out var shape))
            {
                var constraints = path == root ? Inherited(name) : Constraints(definition);
                shape.Invariants = [.. shape.Invariants, .. constraints.Select(c => Validation.Invariants.Bind(path, c, () => shape)).OfType<Invariant>()];
            }
        }

        return shapes[root];
    }

    private static Hook HookOf(string path) => path switch
    {
        "Reference" => Hook.Reference,
        "Identifier" => Hook.Identifier,
        "Extension" => Hook.Extension,
        "Meta" => Hook.Meta,
        "CodeableConcept" => Hook.CodeableConcept,
        "Bundle" => Hook.Bundle,
        "Bundle.entry" => Hook.BundleEntry,
        "Bundle.entry.request" => Hook.BundleRequest,
        _ => Hook.None,
    };

    private static void Fill(Shape shape, IEnumerable<JsonElement> children, Dictionary<string, Shape> shapes, bool isResource)
    {
        var elements = new List<Element>();
        var required = new List<int>();
        var onChoices = new List<(string Path, JsonElement Constraint)>();
        var properties = new List<(string Name, Property Property)>();
        if (isResource)
        {
            var type = new Element
            {
                Name = "resourceType", Path = shape.Path + ".resourceType", Index = 0, Repeats = false, IsChoice = false,
                PathId = 0, Types = [new TypeUse("code", Kind.Code)],
            };
            elements.Add(type);
            properties.Add(("resourceType", new Property("resourceType", type, type.Types[0], 0, false)));
        }

        foreach (var child in children)
        {
            var path = child.GetProperty("path").GetString()!;
            var isChoice = path.EndsWith("[x]", StringComparison.Ordinal);
            path = isChoice ? path[..^3] : path;
            var name = path[(path.LastIndexOf('.') + 1)..];
            var element = new Element
            {
                Name = name,
                Path = path,
                Index = elements.Count,
                Repeats = child.GetProperty("max").ValueEquals("*"),
                IsChoice = isChoice,
                PathId = PathId(path),
                Types = Types(child, path, shapes, isResource),
            };
            if (child.GetProperty("min").GetInt32() > 0)
            {
                required.Add(element.Index);
            }

            elements.Add(element);
            for (var i = 0; i < element.Types.Length; i++)
            {
                var type = element.Types[i];
                var json = isChoice ? name + char.ToUpperInvariant(type.Name[0]) + type.Name[1..] : name;
                properties.Add((json, new Property(json, element, type, i, false)));
                if (type.Kind is not (Kind.Complex or Kind.Resource or Kind.ElementId or Kind.Xhtml) && !(shape.Path == "Extension" && name == "url"))
                {
                    properties.Add(("_" + json, new Property("_" + json, element, type, i, true)));
                }
            }

            // An inline element's constraints belong to its own shape; ele-1 and ext-1 to every Element and Extension.
            var constraints = Constraints(child).Where(c => !c.GetProperty("key").ValueEquals("ele-1") && !c.GetProperty("key").ValueEquals("ext-1"));
            if (element.Types is [{ Kind: Kind.Complex, Name: not "BackboneElement" } only])
            {
                element.Invariants = [.. constraints.Select(c => Validation.Invariants.Bind(path, c, () => Get(only.Structure))).OfType<Invariant>()];
            }
            else if (isChoice)
            {
                onChoices.AddRange(constraints.Select(c => (path, c)));
            }
        }

        shape.Elements = [.. elements];
        shape.Invariants = [.. onChoices.Select(c => Validation.Invariants.Bind(c.Path, c.Constraint, () => shape)).OfType<Invariant>()];
        shape.Required = [.. required];
        shape.Properties = new NameTable<Property>(properties);
    }

    private static TypeUse[] Types(JsonElement element, string path, Dictionary<string, Shape> shapes, bool isResource)
    {
        if (element.TryGetProperty("contentReference", out var reference))
        {
            return [new TypeUse(shapes[reference.GetString()!])];
        }

        if (shapes.TryGetValue(path, out var inline))
        {
            return [new TypeUse(inline)];
        }

        var codes = element.TryGetProperty("binding", out var binding) && binding.GetProperty("strength").ValueEquals("required")
            ? CodeSet.For(binding.GetProperty("valueSet").GetString()!) : null;
        return [.. element.GetProperty("types").EnumerateArray().Select(t => Type(t, path, isResource, codes))];
    }

    private static TypeUse Type(JsonElement type, string path, bool isResource, CodeSet? codes)
    {
        var name = type.GetProperty("code").GetString()!;
        var kind = path.EndsWith(".id", StringComparison.Ordinal) && type.TryGetProperty("system", out _)
            ? isResource ? Kind.Id : Kind.ElementId
            : KindOf(name);
        var targets = name == "Reference" && type.TryGetProperty("targetProfile", out var profiles)
            ? profiles.EnumerateArray().Select(p => p.GetString()!).ToList() : null;
        return new TypeUse(name, kind)
        {
            Structure = type.TryGetProperty("profile", out var profile) && Definitions.Value.ContainsKey(profile[0].GetString()!) ? profile[0].GetString()! : name,
            Targets = targets is null || targets.Contains("Resource") ? null : new TypeSet(targets),
            Codes = codes,
        };
    }

    private static Kind KindOf(string type) => type switch
    {
        "Resource" => Kind.Resource,
        _ when char.IsAsciiLetterLower(type[0]) => Enum.Parse<Kind>(type, ignoreCase: true),
        _ when Definitions.Value[type].GetProperty("kind").ValueEquals("resource") => Kind.Resource,
        _ => Kind.Complex,
    };

    private static IEnumerable<JsonElement> Inherited(string name)
    {
        for (var next = name; next is not null; next = Definitions.Value[next].GetProperty("base").GetString())
        {
            foreach (var constraint in Constraints(Definitions.Value[next].GetProperty("elements")[0]))
            {
                yield return constraint;
            }
        }
    }

    private static IEnumerable<JsonElement> Constraints(JsonElement element) =>
        element.TryGetProperty("constraints", out var constraints) ? constraints.EnumerateArray() : [];

    private static ushort PathId(string path)
    {
        if (!PathIds.TryGetValue(path, out var id))
        {
            id = (ushort)(PathIds.Count + 1);
            PathIds[path] = id;
            var paths = _paths;
            if (id >= paths.Length)
            {
                Array.Resize(ref paths, paths.Length * 2);
            }

            paths[id] = path;
            _paths = paths;
        }

        return id;
    }
}
