using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Ingest;

namespace BetterCare.Care.Storage.Resources;

/// <summary>The rest of a restricted record: what others, and the record's own resources, tell of where the person is.</summary>
public static partial class RestrictedRecord
{
    /// <summary>Stands where something was that is not shown (R4, data-absent-reason): the resource stays valid.</summary>
    private const string AbsentReason = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

    /// <summary>Elements that name relatives, and the narrative, which may repeat anything.</summary>
    private static readonly HashSet<string> OfRelatives = new(StringComparer.Ordinal) { "name", "telecom", "address", "photo", "identifier", "birthDate", "text" };

    private static readonly HashSet<string> OfReferences = new(StringComparer.Ordinal) { "id", "extension", "reference", "type", "identifier", "display" };

    private static readonly HashSet<string> OfPlaces = new(StringComparer.Ordinal) { "valueAddress", "valueContactPoint" };

    private static readonly JsonSerializerOptions AsPosted = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 256 };

    /// <summary>
    /// A resource of a person with a restricted record without professionals, organisations and places, without relatives'
    /// names, numbers and addresses, and without narrative.
    /// </summary>
    public static StoredResource Masked(StoredResource resource)
    {
        if (resource.Deleted || resource.Type == ResourceType.Patient)
        {
            return resource;
        }

        var json = JsonNode.Parse(resource.Body, documentOptions: new JsonDocumentOptions { MaxDepth = 256 })!.AsObject();
        json.Remove("text");
        MaskResource(json);
        var body = JsonSerializer.SerializeToUtf8Bytes<JsonNode>(json, AsPosted);
        return resource with { Body = body, MetaAt = ResourcePreparer.MetaAt(body) };
    }

    private static void MaskResource(JsonObject resource)
    {
        var type = ResourceTypes.Parse((string?)resource["resourceType"] ?? "");
        if (type == ResourceType.RelatedPerson || IsWhereabouts(type))
        {
            foreach (var name in resource.Select(p => p.Key).Where(n => IsWhereabouts(type) ? n is not ("resourceType" or "id" or "meta") : OfRelatives.Contains(n.TrimStart('_'))).ToList())
            {
                resource.Remove(name);
            }

            if (type == ResourceType.Organization)
            {
                // org-1: an organisation has a name or an identifier; that of this one is not shown.
                resource["_name"] = Absent();
            }
        }

        MaskObject(resource);
    }

    private static void MaskObject(JsonObject json)
    {
        if (json["reference"] is JsonValue relative && relative.ToString().Contains("RelatedPerson/", StringComparison.Ordinal))
        {
            json.Remove("display");
            json.Remove("identifier");
        }

        foreach (var (name, value) in json.ToList())
        {
            switch (value)
            {
                case JsonObject contained when contained.ContainsKey("resourceType"):
                    MaskResource(contained);
                    break;
                case JsonObject reference when IsHidden(name, reference):
                    json[name] = Absent();
                    break;
                case JsonObject part:
                    MaskObject(part);
                    break;
                case JsonArray array:
                    MaskArray(json, name, array);
                    break;
            }
        }
    }

    private static void MaskArray(JsonObject owner, string name, JsonArray array)
    {
        for (var i = array.Count - 1; i >= 0; i--)
        {
            switch (array[i])
            {
                case JsonObject resource when resource.ContainsKey("resourceType"):
                    resource.Remove("text");
                    MaskResource(resource);
                    break;
                case JsonObject extension when name is "extension" or "modifierExtension" && extension.Any(p => OfPlaces.Contains(p.Key)):
                    array.RemoveAt(i);
                    break;
                case JsonObject reference when IsHidden(name, reference):
                    array[i] = Absent();
                    break;
                case JsonObject part:
                    MaskObject(part);
                    break;
            }
        }

        if (array.Count == 0)
        {
            owner.Remove(name);
        }
    }

    /// <summary>Whether an object is a Reference that does not plainly name something of the person's own record.</summary>
    private static bool IsHidden(string name, JsonObject json)
    {
        if (name is "coding" or "valueCoding" || !json.Any(p => p.Key is "reference" or "identifier" or "display") || !json.All(p => OfReferences.Contains(p.Key.TrimStart('_'))))
        {
            return false;
        }

        var reference = (string?)json["reference"] ?? "";
        if (reference.StartsWith('#'))
        {
            // What it means is in the resource, and masked there.
            return false;
        }

        var parts = reference.Split('/');
        var type = ResourceTypes.Parse(parts.Length >= 2 ? parts[^2] is "_history" && parts.Length >= 4 ? parts[^4] : parts[^2] : (string?)json["type"] ?? "");
        return type == ResourceType.None || IsWhereabouts(type);
    }

    private static bool IsWhereabouts(ResourceType type) =>
        type is ResourceType.Practitioner or ResourceType.PractitionerRole or ResourceType.Organization or ResourceType.Location or ResourceType.HealthcareService or ResourceType.Endpoint;

    private static JsonObject Absent() => new() { ["extension"] = new JsonArray(new JsonObject { ["url"] = AbsentReason, ["valueCode"] = "masked" }) };
}
