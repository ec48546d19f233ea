using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>What was read of one element of an object: enough for cardinality and the invariants, without keeping values.</summary>
internal struct Slot
{
    /// <summary>Where the JSON value is, quotes, braces or brackets included.</summary>
    public int Start;
    public int Length;

    /// <summary>How many values: 1, or the items of the array.</summary>
    public int Count;

    /// <summary>The same of the <c>_</c> sibling of a primitive.</summary>
    public int SiblingStart;
    public int SiblingLength;
    public int SiblingCount;

    /// <summary>1 + index of the type chosen; 0 when absent.</summary>
    public short Chosen;
    public bool HasNull;
    public bool Escaped;

    /// <summary>The value has the wrong JSON type or form, so that invariants must not build on it.</summary>
    public bool Invalid;

    /// <summary>The sibling holds an id and nothing else.</summary>
    public bool SiblingOnlyId;

    public readonly bool Exists => Count > 0 || SiblingCount > 0;
}

/// <summary>One object just read, as its invariants see it.</summary>
internal readonly ref struct Frame(ResourceReader reader, ReadOnlySpan<byte> json, ReadOnlySpan<Slot> slots, Shape shape)
{
    private readonly ReadOnlySpan<byte> _json = json;
    private readonly ReadOnlySpan<Slot> _slots = slots;

    public ResourceReader Reader { get; } = reader;

    public Shape Shape { get; } = shape;

    public ReadOnlySpan<byte> AllJson => _json;

    /// <summary>FHIRPath <c>exists()</c>.</summary>
    public bool Has(int element) => _slots[element].Exists;

    /// <summary>FHIRPath <c>count()</c>.</summary>
    public int Count(int element) => Math.Max(_slots[element].Count, _slots[element].SiblingCount);

    /// <summary>FHIRPath <c>hasValue()</c> of a primitive.</summary>
    public bool HasValue(int element) => _slots[element].Count > 0;

    /// <summary>The JSON of the value; empty when absent.</summary>
    public ReadOnlySpan<byte> Json(int element) => _json.Slice(_slots[element].Start, _slots[element].Length);

    /// <summary>Content of a single string value, without JSON escapes; other JSON as it is; empty when absent.</summary>
    public ReadOnlySpan<byte> Text(int element) => Scan.Text(Json(element));

    /// <summary>Whether a single value is this text.</summary>
    public bool Is(int element, ReadOnlySpan<byte> text) => text.SequenceEqual(Text(element));

    /// <summary>The name of the type of a choice, or null when absent.</summary>
    public string? TypeOf(int element) =>
        _slots[element].Chosen == 0 ? null : Shape.Elements[element].Types[_slots[element].Chosen - 1].Name;
}
