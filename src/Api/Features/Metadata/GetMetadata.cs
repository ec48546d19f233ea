using System.Buffers;
using System.Text.Json;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Fhir;

namespace BetterCare.Care.Api.Features.Metadata;

/// <summary>The CapabilityStatement: what the server does, made from the endpoints that are mapped.</summary>
public static class GetMetadata
{
    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/fhir/metadata", (EndpointDataSource endpoints, TimeProvider clock) =>
            new Problems.Bytes(200, Write(endpoints, clock), Problems.FhirJson))
        .WithName("GetMetadata").WithTags("FHIR").WithSummary("CapabilityStatement").Produces<object>(200, "application/fhir+json");

    private static ReadOnlyMemory<byte> Write(EndpointDataSource endpoints, TimeProvider clock)
    {
        var names = endpoints.Endpoints.Select(e => e.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var buffer = new ArrayBufferWriter<byte>(1 << 16);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "CapabilityStatement"u8);
        json.WriteString("status"u8, "active"u8);
        json.WriteString("date"u8, clock.GetUtcNow().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        json.WriteString("kind"u8, "instance"u8);
        json.WriteStartObject("software"u8);
        json.WriteString("name"u8, "BetterCare.Care"u8);
        json.WriteString("version"u8, typeof(GetMetadata).Assembly.GetName().Version!.ToString());
        json.WriteEndObject();
        json.WriteStartObject("implementation"u8);
        json.WriteString("description"u8, "Risk stratification, accountable lead professionals and joint care plans, keyed on NHS number"u8);
        json.WriteEndObject();
        json.WriteString("fhirVersion"u8, "4.0.1"u8);
        json.WriteStartArray("format"u8);
        json.WriteStringValue("application/fhir+json"u8);
        json.WriteEndArray();
        json.WriteStartArray("rest"u8);
        json.WriteStartObject();
        json.WriteString("mode"u8, "server"u8);
        WriteResources(json, names);
        Codes(json, "interaction"u8, [.. names.Contains("PostBundle") ? ["transaction", "batch"] : Array.Empty<string>()]);
        if (names.Contains("StartImport"))
        {
            json.WriteStartArray("operation"u8);
            json.WriteStartObject();
            json.WriteString("name"u8, "import"u8);
            json.WriteString("definition"u8, "https://bettercare.care/fhir/OperationDefinition/import"u8);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteResources(Utf8JsonWriter json, HashSet<string> names)
    {
        var interactions = new List<string>();
        if (names.Contains("ReadResource"))
        {
            interactions.Add("read");
        }

        if (names.Contains("ReadVersion"))
        {
            interactions.Add("vread");
        }

        json.WriteStartArray("resource"u8);
        foreach (var type in Enum.GetValues<ResourceType>().Where(t => t is not (ResourceType.None or ResourceType.Bundle or ResourceType.Parameters or ResourceType.OperationOutcome)))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, type.Utf8Name());
            Codes(json, "interaction"u8, interactions);
            json.WriteString("versioning"u8, "versioned-update"u8);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Codes(Utf8JsonWriter json, ReadOnlySpan<byte> name, List<string> codes)
    {
        if (codes.Count == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var code in codes)
        {
            json.WriteStartObject();
            json.WriteString("code"u8, code);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
