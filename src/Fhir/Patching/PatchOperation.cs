using System.Text.Json.Nodes;

namespace BetterCare.Care.Fhir.Patching;

/// <summary>One operation of a JSON Patch.</summary>
internal sealed record PatchOperation(string Op, JsonPointer Path, JsonPointer? From, JsonNode? Value)
{
    private const string NothingThere = "There is nothing at the path; read the resource again and patch what is there.";
    private const string NothingAtFrom = "There is nothing at from; read the resource again and patch what is there.";
    private const string NoPlace = "The object or array that should hold the path is not there; add it first. Arrays are added to at 0 to their length, or at - for the end.";

    /// <summary>Does it; false and what would do if it cannot be done.</summary>
    public bool Apply(ref JsonNode? root, out string advice)
    {
        advice = NothingThere;
        switch (Op)
        {
            case "add":
                advice = NoPlace;
                return Add(ref root, Value?.DeepClone());
            case "remove":
                return Remove(Path, ref root, out _);
            case "replace":
                return Replace(ref root, Value?.DeepClone());
            case "move":
                advice = NothingAtFrom;
                if (!Remove(From!, ref root, out var moved))
                {
                    return false;
                }

                advice = NoPlace;
                return Add(ref root, moved);
            case "copy":
                advice = NothingAtFrom;
                if (!From!.TryFind(root, out var copied))
                {
                    return false;
                }

                advice = NoPlace;
                return Add(ref root, copied?.DeepClone());
            default:
                if (!Path.TryFind(root, out var found))
                {
                    return false;
                }

                advice = "The value at the path is not the one tested for: the resource has changed.";
                return JsonNode.DeepEquals(found, Value);
        }
    }

    private bool Add(ref JsonNode? root, JsonNode? value)
    {
        if (Path.IsRoot)
        {
            root = value;
            return true;
        }

        switch (Path.Parent(root))
        {
            case JsonObject parent:
                parent[Path.Last] = value;
                return true;
            case JsonArray parent when Path.Last == "-":
                parent.Add(value);
                return true;
            case JsonArray parent when JsonPointer.TryIndex(Path.Last, parent.Count + 1, out var index):
                parent.Insert(index, value);
                return true;
            default:
                return false;
        }
    }

    private bool Replace(ref JsonNode? root, JsonNode? value)
    {
        if (Path.IsRoot)
        {
            root = value;
            return true;
        }

        switch (Path.Parent(root))
        {
            case JsonObject parent when parent.ContainsKey(Path.Last):
                parent[Path.Last] = value;
                return true;
            case JsonArray parent when JsonPointer.TryIndex(Path.Last, parent.Count, out var index):
                parent[index] = value;
                return true;
            default:
                return false;
        }
    }

    private static bool Remove(JsonPointer path, ref JsonNode? root, out JsonNode? removed)
    {
        removed = root;
        if (path.IsRoot)
        {
            root = null;
            return true;
        }

        switch (path.Parent(root))
        {
            case JsonObject parent when parent.TryGetPropertyValue(path.Last, out removed):
                parent.Remove(path.Last);
                return true;
            case JsonArray parent when JsonPointer.TryIndex(path.Last, parent.Count, out var index):
                removed = parent[index];
                parent.RemoveAt(index);
                return true;
            default:
                return false;
        }
    }
}
