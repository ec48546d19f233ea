using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Fhir.Structure;

/// <summary>How the JSON value of a FHIR type is read.</summary>
internal enum Kind : byte
{
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,

    /// <summary>Element.id: a string without spaces, for references inside the resource only.</summary>
    ElementId,

    /// <summary>An object with a <see cref="Shape"/>.</summary>
    Complex,

    /// <summary>An object that says itself what it is, by resourceType.</summary>
    Resource,
}

/// <summary>Shapes whose end the reader does something for, beyond checking.</summary>
internal enum Hook : byte
{
    None,
    Reference,
    Identifier,
    Extension,
    Meta,
    CodeableConcept,
    Bundle,
    BundleEntry,
    BundleRequest,
}

/// <summary>One JSON object of the FHIR model: a resource, a data type or a backbone element, compiled for reading.</summary>
internal sealed class Shape(string path)
{
    /// <summary>Where it is defined: <c>Patient.contact</c>, <c>HumanName</c>.</summary>
    public string Path { get; } = path;

    public Hook Hook { get; set; }

    /// <summary>The elements, in the order of the definition; a slot of the reader's frame belongs to each.</summary>
    public Element[] Elements { get; set; } = [];

    /// <summary>Indices of the elements that must be there.</summary>
    public int[] Required { get; set; } = [];

    /// <summary>Invariants that hold for the whole object.</summary>
    public Invariant[] Invariants { get; set; } = [];

    /// <summary>JSON property name to what it is; null until compiled.</summary>
    public NameTable<Property> Properties { get; set; } = null!;

    /// <summary>The index of an element by its FHIRPath name (<c>value</c> for <c>value[x]</c>), or -1.</summary>
    public int IndexOf(string name) => Array.FindIndex(Elements, e => e.Name == name);
}

/// <summary>One element of a <see cref="Shape"/>.</summary>
internal sealed class Element
{
    /// <summary>FHIRPath name: <c>value</c> for <c>value[x]</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Path in the definition, without <c>[x]</c>.</summary>
    public required string Path { get; init; }

    public required int Index { get; init; }

    /// <summary>Whether JSON holds it as an array.</summary>
    public required bool Repeats { get; init; }

    public required bool IsChoice { get; init; }

    /// <summary>Number of <see cref="Path"/> in <see cref="Structures.ElementPath"/>.</summary>
    public required ushort PathId { get; init; }

    public TypeUse[] Types { get; set; } = [];

    /// <summary>Invariants that this use of the type adds (Organization.telecom: org-3).</summary>
    public Invariant[] Invariants { get; set; } = [];
}

/// <summary>One JSON property of a shape: an element with one of its types, or the <c>_</c> sibling of a primitive.</summary>
internal sealed record Property(string Name, Element Element, TypeUse Type, int TypeIndex, bool IsSibling);

/// <summary>A type as an element uses it: with its allowed targets and codes.</summary>
internal sealed class TypeUse(string name, Kind kind)
{
    private Shape? _shape;

    public TypeUse(Shape shape)
        : this("BackboneElement", Kind.Complex) => _shape = shape;

    /// <summary>The FHIR type's name.</summary>
    public string Name { get; } = name;

    public Kind Kind { get; } = kind;

    /// <summary>The structure that describes it: the type itself, or a profile of it (SimpleQuantity).</summary>
    public string Structure { get; init; } = name;

    /// <summary>Resource types that a Reference may point to; null: any.</summary>
    public TypeSet? Targets { get; init; }

    /// <summary>The codes of a required binding; null: any.</summary>
    public CodeSet? Codes { get; init; }

    /// <summary>Compiled when first used: most services see few of the 148 resource types.</summary>
    public Shape Shape => _shape ??= Structures.Get(Structure);
}

/// <summary>A set of resource types.</summary>
internal sealed class TypeSet(IEnumerable<string> names)
{
    private readonly bool[] _allowed = Flags(names);

    public string Text { get; } = string.Join(", ", names);

    public bool Contains(ResourceType type) => _allowed[(int)type];

    private static bool[] Flags(IEnumerable<string> names)
    {
        var allowed = new bool[ResourceTypes.Count + 1];
        foreach (var name in names)
        {
            allowed[(int)ResourceTypes.Parse(name)] = true;
        }

        allowed[0] = false;
        return allowed;
    }
}
