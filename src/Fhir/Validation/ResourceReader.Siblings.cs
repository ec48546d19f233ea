using System.Text.Json;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>The <c>_</c> siblings of primitives: their ids and extensions.</summary>
public sealed partial class ResourceReader
{
    private static readonly Shape SiblingShape = Structures.Get("Element");

    /// <summary>Reads <c>_birthDate</c>: the id and extensions of a primitive.</summary>
    private void ReadSibling(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Property property, int at)
    {
        _slots[at].SiblingCount = 1;
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            if (property.Element.Repeats)
            {
                Error("structure", $"{property.Name} goes with an array, so it must be one, with null where an item has no extension.");
            }

            var frame = ReadObject(ref reader, json, SiblingShape, isSibling: true);
            _slots[at].SiblingOnlyId = _slots[frame].Exists && !_slots[frame + 1].Exists;
        }
        else if (reader.TokenType == JsonTokenType.StartArray && property.Element.Repeats)
        {
            var index = 0;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                _path[_depth - 1].Index = index++;
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    ReadObject(ref reader, json, SiblingShape, isSibling: true);
                }
                else if (reader.TokenType != JsonTokenType.Null)
                {
                    Error("structure", $"An item of {property.Name} must be an object with id or extension, or null.");
                    reader.Skip();
                }
            }

            _path[_depth - 1].Index = -1;
            _slots[at].SiblingCount = index;
            if (index == 0)
            {
                _slots[at].SiblingCount = 1;
                _slots[at].Invalid = true;
                Error("structure", $"{property.Name} is an empty array. Leave it out.");
            }
        }
        else
        {
            Error("structure", $"{property.Name} holds the id and extensions of {property.Element.Name}: it must be a JSON object{(property.Element.Repeats ? " in an array" : string.Empty)}.");
            reader.Skip();
        }
    }

    /// <summary>A value that is null needs a sibling at the same index; a primitive without value needs an extension.</summary>
    private void CheckSiblings(ReadOnlySpan<byte> json, Shape shape, ReadOnlySpan<Slot> slots)
    {
        for (var i = 0; i < slots.Length; i++)
        {
            ref readonly var slot = ref slots[i];
            var element = shape.Elements[i];
            if (slot.Invalid || (slot.SiblingCount == 0 && !slot.HasNull))
            {
                continue;
            }

            if (!element.Repeats)
            {
                if (slot.Count == 0 && slot.SiblingOnlyId)
                {
                    Add(IssueSeverity.Error, "invariant", "The element has an id and nothing else. Give it a value or an extension.", "ele-1", element.Name);
                }
            }
            else if (slot.Count > 0 && slot.SiblingCount > 0 && slot.Count != slot.SiblingCount)
            {
                Add(IssueSeverity.Error, "structure", $"{element.Name} and _{element.Name} must have the same number of items, with null where one has nothing.", null, element.Name);
            }
            else if (slot.HasNull || slot.Count == 0)
            {
                CheckNulls(json, slot, element);
            }
        }
    }

    private void CheckNulls(ReadOnlySpan<byte> json, Slot slot, Element element)
    {
        var values = new Utf8JsonReader(slot.Count == 0 ? "[]"u8 : json.Slice(slot.Start, slot.Length));
        var siblings = new Utf8JsonReader(slot.SiblingCount == 0 || slot.SiblingLength == 0 ? "[]"u8 : json.Slice(slot.SiblingStart, slot.SiblingLength));
        values.Read();
        siblings.Read();
        if (values.TokenType != JsonTokenType.StartArray || siblings.TokenType != JsonTokenType.StartArray)
        {
            return;
        }

        for (var i = 0; i < Math.Max(slot.Count, slot.SiblingCount); i++)
        {
            var value = Next(ref values);
            var sibling = Next(ref siblings);
            if (!value && !sibling)
            {
                Add(IssueSeverity.Error, "structure", "An item is null. Leave it out, or say in the _ property why it has no value.", null, $"{element.Name}[{i}]");
            }
        }

        static bool Next(ref Utf8JsonReader reader)
        {
            if (reader.TokenType == JsonTokenType.EndArray && reader.CurrentDepth == 0)
            {
                return false;
            }

            reader.Read();
            var present = reader.TokenType is not (JsonTokenType.Null or JsonTokenType.EndArray);
            reader.Skip();
            return present;
        }
    }
}
