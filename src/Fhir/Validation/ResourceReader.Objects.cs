using System.Text.Json;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>The walk through objects, elements and arrays.</summary>
public sealed partial class ResourceReader
{
    /// <summary>
    /// Reads an object whose opening brace was just read. Its slots begin at the index that is returned and stay readable until
    /// the next object begins.
    /// </summary>
    private int ReadObject(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Shape shape, bool isSibling = false)
    {
        var frame = _top;
        var count = shape.Elements.Length;
        if (_slots.Length < frame + count)
        {
            Array.Resize(ref _slots, Math.Max(_slots.Length * 2, frame + count));
        }

        _slots.AsSpan(frame, count).Clear();
        _top += count;
        var siblings = false;
        var properties = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            properties++;
            var property = shape.Properties.Find(reader.ValueIsEscaped ? Unescaped(reader.ValueSpan) : reader.ValueSpan);
            if (property is null)
            {
                Unknown(ref reader, shape);
                continue;
            }

            Push(property);
            reader.Read();
            siblings |= property.IsSibling;
            ReadProperty(ref reader, json, property, frame + property.Element.Index);
            siblings |= _slots[frame + property.Element.Index].HasNull;
            _depth--;
        }

        _top = frame;
        Finish(json, shape, frame, properties, siblings, isSibling);
        return frame;
    }

    private void Finish(ReadOnlySpan<byte> json, Shape shape, int frame, int properties, bool siblings, bool isSibling)
    {
        var slots = _slots.AsSpan(frame, shape.Elements.Length);
        if (properties == 0)
        {
            Add(IssueSeverity.Error, "invariant", "The object is empty. Leave the element out, or give it a value.", "ele-1");
            return;
        }

        if (properties == 1 && !isSibling && slots[0].Count > 0 && shape.Elements[0].Types[0].Kind == Kind.ElementId)
        {
            Add(IssueSeverity.Error, "invariant", "The element has an id and nothing else. Give it a value, or leave it out.", "ele-1");
        }

        foreach (var index in shape.Required)
        {
            if (!slots[index].Exists)
            {
                Missing(shape.Elements[index]);
            }
        }

        if (siblings)
        {
            CheckSiblings(json, shape, slots);
        }

        if (shape.Invariants.Length > 0)
        {
            Check(shape.Invariants, json, shape, slots);
        }

        if (shape.Hook != Hook.None)
        {
            Handle(json, shape, slots);
        }

        if (_depth > 0 && _path[_depth - 1].Property.Element.Invariants is { Length: > 0 } used && !isSibling)
        {
            Check(used, json, shape, slots);
        }
    }

    private void Check(Invariant[] invariants, ReadOnlySpan<byte> json, Shape shape, Span<Slot> slots)
    {
        var frame = new Frame(this, json, slots, shape);
        foreach (var invariant in invariants)
        {
            if (!invariant.Holds(in frame))
            {
                Add(invariant.IsWarning ? IssueSeverity.Warning : IssueSeverity.Error, "invariant", invariant.Text, invariant.Key, invariant.At);
            }
        }
    }

    private void Missing(Element element)
    {
        var how = element.IsChoice ? $"{element.Name}[x]" : element.Name;
        Add(IssueSeverity.Error, "required", $"{how} is missing. Add it: {element.Path} must be present.", null, element.Name);
    }

    private void Unknown(ref Utf8JsonReader reader, Shape shape)
    {
        // A name that could not be an element's may be somebody's data: it is not repeated.
        var name = reader.ValueSpan;
        var speakable = !reader.ValueIsEscaped && name.Length is > 0 and <= 64 && char.IsAsciiLetter((char)name[0]);
        foreach (var c in name)
        {
            speakable &= char.IsAsciiLetter((char)c);
        }

        var spoken = speakable ? System.Text.Encoding.ASCII.GetString(name) : null;
        var hint = (spoken is null || _issues.Count > _options.MaxIssues ? null : Spelling.Hint(shape, spoken))
            ?? "Remove it, or correct its spelling (names are case-sensitive).";
        Error("structure", spoken is null
            ? $"{shape.Path} has a property whose name is no element of it in FHIR R4. {hint}"
            : $"{shape.Path} has no element {spoken} in FHIR R4. {hint}", spoken);
        reader.Read();
        reader.Skip();
    }

    private void ReadProperty(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Property property, int at)
    {
        var element = property.Element;
        ref var slot = ref _slots[at];
        if (slot.Chosen != 0 && slot.Chosen != property.TypeIndex + 1)
        {
            Error("structure", $"{element.Name}[x] is given with two types. Keep one of them.");
            reader.Skip();
            return;
        }

        if (property.IsSibling ? slot.SiblingCount > 0 : slot.Count > 0 || slot.Invalid)
        {
            Error("structure", $"{property.Name} is there twice in the same object. Keep one.");
            reader.Skip();
            return;
        }

        slot.Chosen = (short)(property.TypeIndex + 1);
        var start = (int)reader.TokenStartIndex;
        if (property.IsSibling)
        {
            ReadSibling(ref reader, json, property, at);
            _slots[at].SiblingStart = start;
            _slots[at].SiblingLength = (int)reader.BytesConsumed - start;
            return;
        }

        slot.Escaped = reader.ValueIsEscaped;
        slot.Start = start;
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            ReadArray(ref reader, json, property, at);
        }
        else
        {
            slot.Count = 1;
            var isItem = true;
            if (element.Repeats && reader.TokenType != JsonTokenType.Null)
            {
                Error("structure", $"{element.Name} can repeat, so it must be a JSON array. Put [ and ] around it.");
                isItem = property.Type.Kind >= Kind.Complex == (reader.TokenType == JsonTokenType.StartObject);
            }

            if (isItem)
            {
                ReadValue(ref reader, json, property, at);
            }
            else
            {
                reader.Skip();
            }
        }

        _slots[at].Length = (int)reader.BytesConsumed - start;
    }

    private void ReadArray(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Property property, int at)
    {
        if (!property.Element.Repeats)
        {
            _slots[at].Count = 1;
            _slots[at].Invalid = true;
            Error("structure", $"{property.Element.Name} cannot repeat, so it must not be a JSON array. Send one value without [ and ].");
            reader.Skip();
            return;
        }

        var index = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            _path[_depth - 1].Index = index++;
            if (reader.TokenType == JsonTokenType.Null && property.Type.Kind < Kind.Complex)
            {
                _slots[at].HasNull = true;
            }
            else
            {
                ReadValue(ref reader, json, property, at);
            }
        }

        _path[_depth - 1].Index = -1;
        _slots[at].Count = index;
        if (index == 0)
        {
            _slots[at].Invalid = true;
            Error("structure", $"{property.Element.Name} is an empty array. Leave it out, or give it a value.");
        }
    }

    private void ReadValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Property property, int at)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            _slots[at].Invalid = true;
            Error("structure", $"{property.Element.Name} is null, which FHIR does not allow here. Leave it out, or give it a value.");
        }
        else if (property.Type.Kind < Kind.Complex)
        {
            if (!CheckPrimitive(ref reader, property))
            {
                _slots[at].Invalid = true;
            }
        }
        else if (reader.TokenType != JsonTokenType.StartObject)
        {
            _slots[at].Invalid = true;
            Error("structure", $"{property.Element.Name} must be a JSON object{(property.Type.Kind == Kind.Resource ? " with a resourceType" : $" of type {property.Type.Name}")}.");
            reader.Skip();
        }
        else if (property.Type.Kind == Kind.Resource)
        {
            ReadNested(ref reader, json, property);
        }
        else
        {
            ReadBackbone(ref reader, json, property);
        }
    }

    private void ReadBackbone(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Property property)
    {
        var shape = property.Type.Shape;
        if (shape.Hook == Hook.BundleEntry && _depth == 1)
        {
            BeginEntry((int)reader.TokenStartIndex);
            var frame = ReadObject(ref reader, json, shape);
            EndEntry((int)reader.BytesConsumed, _slots.AsSpan(frame, shape.Elements.Length));
        }
        else
        {
            ReadObject(ref reader, json, shape);
        }
    }
}
