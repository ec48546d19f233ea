using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Fhir.Patching;

/// <summary>
/// JSON Patch (RFC 6902) on a resource. All operations or none; numbers that a patch does not touch keep their digits.
/// The result is not validated as FHIR: that is for whoever stores it, as is that resourceType and id stay the same.
/// </summary>
public sealed class JsonPatch
{
    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 256, AllowDuplicateProperties = false };
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 512 };

    private readonly PatchOperation[] _operations;

    private JsonPatch(PatchOperation[] operations) => _operations = operations;

    /// <summary>Reads a patch document.</summary>
    /// <param name="patch">A JSON array of operations, UTF-8.</param>
    /// <param name="issues">What is wrong with it, each with the index of its operation.</param>
    /// <returns>The patch, or null if anything is wrong.</returns>
    public static JsonPatch? Parse(ReadOnlySpan<byte> patch, out IReadOnlyList<Issue> issues)
    {
        var found = new List<Issue>();
        issues = found;
        JsonNode? document;
        try
        {
            document = JsonNode.Parse(patch, documentOptions: Reading);
        }
        catch (JsonException)
        {
            found.Add(Error("invalid", "$", "The patch is not well-formed JSON, or repeats a property."));
            return null;
        }

        if (document is not JsonArray array)
        {
            found.Add(Error("structure", "$", "A JSON Patch is an array of operations: [{\"op\": …, \"path\": …}]."));
            return null;
        }

        var operations = new List<PatchOperation>();
        for (var i = 0; i < array.Count; i++)
        {
            var operation = Read(array[i], out var advice);
            if (operation is null)
            {
                found.Add(Error("value", $"[{i}]", $"Operation {i}: {advice}"));
            }
            else
            {
                operations.Add(operation);
            }
        }

        return found.Count == 0 ? new JsonPatch([.. operations]) : null;
    }

    /// <summary>Applies the patch.</summary>
    /// <param name="json">The resource, UTF-8.</param>
    /// <param name="issue">Which operation could not be done and why; null if all were.</param>
    /// <returns>The patched resource, or null if an operation could not be done.</returns>
    public byte[]? Apply(ReadOnlySpan<byte> json, out Issue? issue)
    {
        issue = null;
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(json, documentOptions: Reading);
        }
        catch (JsonException)
        {
            issue = Error("invalid", "$", "What is to be patched is not well-formed JSON, or repeats a property.");
            return null;
        }

        for (var i = 0; i < _operations.Length; i++)
        {
            if (!_operations[i].Apply(ref root, out var advice))
            {
                issue = Error(_operations[i].Op == "test" ? "conflict" : "processing", $"[{i}]", $"Operation {i} ({_operations[i].Op}): {advice} Nothing was changed.");
                return null;
            }
        }

        using var buffer = new MemoryStream(json.Length + 256);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            if (root is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                root.WriteTo(writer);
            }
        }

        return buffer.ToArray();
    }

    private static PatchOperation? Read(JsonNode? node, out string advice)
    {
        if (node is not JsonObject operation)
        {
            advice = "Each operation is an object.";
            return null;
        }

        var op = Text(operation, "op");
        if (op is not ("add" or "remove" or "replace" or "move" or "copy" or "test"))
        {
            advice = "op must be add, remove, replace, move, copy or test.";
            return null;
        }

        advice = "path must be a JSON Pointer (RFC 6901), such as /name/0/family.";
        if (JsonPointer.Parse(Text(operation, "path")) is not { } path)
        {
            return null;
        }

        JsonPointer? from = null;
        if (op is "move" or "copy")
        {
            advice = "from must be a JSON Pointer (RFC 6901), such as /name/0/family.";
            if ((from = JsonPointer.Parse(Text(operation, "from"))) is null)
            {
                return null;
            }

            advice = "A value cannot be moved into itself.";
            if (op == "move" && from.IsProperPrefixOf(path))
            {
                return null;
            }
        }

        advice = "value is missing.";
        JsonNode? value = null;
        if (op is "add" or "replace" or "test" && !operation.TryGetPropertyValue("value", out value))
        {
            return null;
        }

        return new PatchOperation(op, path, from, value);
    }

    private static string? Text(JsonObject operation, string name) =>
        operation[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static Issue Error(string code, string expression, string text) => new(IssueSeverity.Error, code, expression, text);
}
