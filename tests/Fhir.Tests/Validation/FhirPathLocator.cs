using System.Text.Json;

namespace BetterCare.Care.Tests.Fhir.Validation;

/// <summary>
/// Finds the place that an issue's expression points at: names and indices only, which is all the FHIRPath that the reader writes.
/// A name stands for a property, its <c>_</c> sibling, or a choice (<c>value</c> for <c>valueQuantity</c>).
/// </summary>
internal static class FhirPathLocator
{
    public static bool Exists(JsonElement resource, string expression) => Find(resource, expression.Split('.')).Count > 0;

    public static bool ParentExists(JsonElement resource, string expression) => Find(resource, expression.Split('.').AsSpan(..^1)).Count > 0;

    private static List<JsonElement> Find(JsonElement resource, ReadOnlySpan<string> steps)
    {
        List<JsonElement> found = [resource];
        foreach (var step in steps[1..])
        {
            var bracket = step.IndexOf('[', StringComparison.Ordinal);
            var name = bracket < 0 ? step : step[..bracket];
            var index = bracket < 0 ? -1 : int.Parse(step.AsSpan(bracket + 1, step.Length - bracket - 2));
            found = [.. found.Where(e => e.ValueKind == JsonValueKind.Object)
                .SelectMany(e => e.EnumerateObject().Where(p => Is(NameOf(p), name)).Select(p => p.Value))
                .SelectMany(v => At(v, index))];
        }

        return found;
    }

    private static string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: no name that an expression could have.
            return string.Empty;
        }
    }

    private static bool Is(string property, string name)
    {
        property = property.StartsWith('_') ? property[1..] : property;
        return property.StartsWith(name, StringComparison.Ordinal) && (property.Length == name.Length || char.IsAsciiLetterUpper(property[name.Length]));
    }

    private static IEnumerable<JsonElement> At(JsonElement value, int index)
    {
        if (index < 0)
        {
            yield return value;
        }
        else if (value.ValueKind == JsonValueKind.Array && index < value.GetArrayLength())
        {
            yield return value[index];
        }
    }
}
