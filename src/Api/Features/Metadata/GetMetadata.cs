using System.Buffers;
using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Features.Audit;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;

namespace BetterCare.Care.Api.Features.Metadata;

/// <summary>The CapabilityStatement: what the server does, made from the endpoints that are mapped and the parameters that are compiled.</summary>
public static class GetMetadata
{
    private static readonly DateTimeOffset Started = TimeProvider.System.GetUtcNow();

    /// <summary>The types that are stored and served as resources of their own.</summary>
    public static IEnumerable<ResourceType> Types => Enum.GetValues<ResourceType>()
        .Where(t => t is not (ResourceType.None or ResourceType.Bundle or ResourceType.Parameters or ResourceType.OperationOutcome));

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/fhir/metadata", (EndpointDataSource endpoints, HttpContext http) =>
            new Problems.Bytes(200, Write([.. endpoints.Endpoints], FhirHttp.BaseOf(http)), Problems.FhirJson))
        .Describe("GetMetadata", "CapabilityStatement", null, 406).AllowAnonymous();

    private static byte[] Write(IReadOnlyList<Endpoint> endpoints, string root)
    {
        var interactions = endpoints.SelectMany(e => e.Metadata.GetOrderedMetadata<FhirInteraction>()).Distinct().ToList();
        var operations = endpoints.SelectMany(e => e.Metadata.GetOrderedMetadata<FhirOperation>()).Distinct().ToList();
        var buffer = new ArrayBufferWriter<byte>(1 << 20);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "CapabilityStatement"u8);
        json.WriteString("status"u8, "active"u8);
        json.WriteString("date"u8, Started.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        json.WriteString("kind"u8, "instance"u8);
        json.WriteStartObject("software"u8);
        json.WriteString("name"u8, "BetterCare.Care"u8);
        json.WriteString("version"u8, typeof(GetMetadata).Assembly.GetName().Version!.ToString());
        json.WriteEndObject();
        json.WriteStartObject("implementation"u8);
        json.WriteString("description"u8, "Risk stratification, accountable lead professionals and joint care plans, keyed on NHS number"u8);
        json.WriteString("url"u8, root);
        json.WriteEndObject();
        json.WriteString("fhirVersion"u8, "4.0.1"u8);
        json.WriteStartArray("format"u8);
        json.WriteStringValue("application/fhir+json"u8);
        json.WriteStringValue("json"u8);
        json.WriteEndArray();
        json.WriteStartArray("patchFormat"u8);
        json.WriteStringValue("application/json-patch+json"u8);
        json.WriteEndArray();
        json.WriteStartArray("rest"u8);
        json.WriteStartObject();
        json.WriteString("mode"u8, "server"u8);
        WriteSecurity(json, root);
        json.WriteStartArray("resource"u8);
        var names = endpoints.Select(e => e.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var type in Types)
        {
            if (type == ResourceType.AuditEvent)
            {
                // The service's own audit: read and searched, written by nobody from outside.
                WriteType(json, type, ["read", "search-type"], [], names);
                continue;
            }

            WriteType(json, type, [.. interactions.Where(i => !i.OnSystem).Select(i => i.Code)], [.. operations.Where(o => !o.OnSystem && (o.Type.Length == 0 || o.Type == type.Name()))], names);
        }

        json.WriteEndArray();
        WriteInteractions(json, [.. interactions.Where(i => i.OnSystem).Select(i => i.Code)]);
        WriteOperations(json, [.. operations.Where(o => o.OnSystem)]);
        json.WriteStartArray("compartment"u8);
        foreach (var compartment in endpoints.Select(e => e.Metadata.GetMetadata<FhirCompartment>()).OfType<FhirCompartment>().Distinct())
        {
            json.WriteStringValue(compartment.Definition);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Where tokens come from, as SMART 1 clients look for it; SMART 2 clients read .well-known/smart-configuration.</summary>
    private static void WriteSecurity(Utf8JsonWriter json, string root)
    {
        json.WriteStartObject("security"u8);
        json.WriteStartArray("extension"u8);
        json.WriteStartObject();
        json.WriteString("url"u8, "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"u8);
        json.WriteStartArray("extension"u8);
        json.WriteStartObject();
        json.WriteString("url"u8, "token"u8);
        json.WriteString("valueUri"u8, root[..^"/fhir".Length] + "/auth/token");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartArray("service"u8);
        json.WriteStartObject();
        json.WriteStartArray("coding"u8);
        json.WriteStartObject();
        json.WriteString("system"u8, "http://terminology.hl7.org/CodeSystem/restful-security-service"u8);
        json.WriteString("code"u8, "SMART-on-FHIR"u8);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("description"u8, "SMART Backend Services for systems, OpenID Connect for people. See .well-known/smart-configuration."u8);
        json.WriteEndObject();
    }

    private static void WriteType(Utf8JsonWriter json, ResourceType type, List<string> interactions, List<FhirOperation> operations, HashSet<string> names)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, type.Utf8Name());
        WriteInteractions(json, interactions);
        json.WriteString("versioning"u8, "versioned-update"u8);
        json.WriteBoolean("readHistory"u8, interactions.Contains("vread"));
        json.WriteBoolean("updateCreate"u8, interactions.Contains("update"));
        json.WriteBoolean("conditionalCreate"u8, interactions.Contains("create"));
        json.WriteString("conditionalRead"u8, "full-support"u8);
        json.WriteBoolean("conditionalUpdate"u8, interactions.Contains("update") && names.Contains("UpdateResourceWhere"));
        json.WriteString("conditionalDelete"u8, interactions.Contains("delete") && names.Contains("DeleteResourceWhere") ? "single"u8 : "not-supported"u8);
        json.WriteStartArray("referencePolicy"u8);
        json.WriteStringValue("literal"u8);
        json.WriteStringValue("logical"u8);
        json.WriteStringValue("local"u8);
        json.WriteEndArray();
        if (interactions.Contains("search-type"))
        {
            WriteSearch(json, type);
        }

        WriteOperations(json, operations);
        json.WriteEndObject();
    }

    private static void WriteSearch(Utf8JsonWriter json, ResourceType type)
    {
        var supported = SearchParameters.For(type).All.Where(p => p.IsSupported && (type != ResourceType.AuditEvent || SearchAuditEvents.Takes(p.Code))).ToList();
        var references = type == ResourceType.AuditEvent ? [] : supported.Where(p => p.Type == SearchParameterType.Reference).ToList();
        if (references.Count > 0)
        {
            json.WriteStartArray("searchInclude"u8);
            references.ForEach(p => json.WriteStringValue($"{type.Name()}:{p.Code}"));
            json.WriteEndArray();
        }

        json.WriteStartArray("searchParam"u8);
        foreach (var parameter in supported)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, parameter.Code);
            json.WriteString("definition"u8, parameter.Definition.OriginalString);
            json.WriteString("type"u8, parameter.Type.ToString().ToLowerInvariant());
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteInteractions(Utf8JsonWriter json, List<string> codes)
    {
        if (codes.Count == 0)
        {
            return;
        }

        json.WriteStartArray("interaction"u8);
        foreach (var code in codes)
        {
            json.WriteStartObject();
            json.WriteString("code"u8, code);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteOperations(Utf8JsonWriter json, List<FhirOperation> operations)
    {
        if (operations.Count == 0)
        {
            return;
        }

        json.WriteStartArray("operation"u8);
        foreach (var operation in operations)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, operation.Name);
            json.WriteString("definition"u8, operation.Definition);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
