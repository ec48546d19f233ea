using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Audit;

namespace BetterCare.Care.Api.Features.Audit;

/// <summary>
/// Renders a link of the audit chain as an R4 AuditEvent, after the patterns of IHE's Basic Audit Log Patterns: who asked and
/// who served, with purpose of use; whose data; the shape of the query; the request's id.
/// </summary>
internal static class AuditEventJson
{
    private const string Ours = "https://bettercare.care/fhir/CodeSystem/interaction";

    private static readonly Dictionary<string, string> Restful = new(StringComparer.Ordinal)
    {
        ["ReadResource"] = "read",
        ["SearchResources"] = "search-type",
        ["CreateResource"] = "create",
        ["UpdateResource"] = "update",
        ["PatchResource"] = "patch",
        ["DeleteResource"] = "delete",
        ["GetHistory"] = "history",
        ["PostBundle"] = "transaction",
    };

    /// <summary>Writes one AuditEvent.</summary>
    /// <param name="to">Where.</param>
    /// <param name="record">The record.</param>
    /// <param name="people">NHS numbers of its people by key.</param>
    public static void Write(IBufferWriter<byte> to, AuditRecord record, IReadOnlyDictionary<long, NhsNumber> people)
    {
        var e = record.Entry;
        using var json = new Utf8JsonWriter(to, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "AuditEvent"u8);
        json.WriteString("id"u8, record.Id);
        json.WriteStartObject("meta"u8);
        json.WriteString("versionId"u8, "1"u8);
        json.WriteString("lastUpdated"u8, Instant(e.At));
        json.WriteEndObject();
        Coding(json, "type", "http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "RESTful Operation");
        json.WriteStartArray("subtype"u8);
        json.WriteStartObject();
        json.WriteString("system"u8, Restful.ContainsKey(e.Interaction) ? "http://hl7.org/fhir/restful-interaction" : Ours);
        json.WriteString("code"u8, Restful.GetValueOrDefault(e.Interaction, e.Interaction));
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("action"u8, ((char)e.Action).ToString());
        json.WriteString("recorded"u8, Instant(e.At));
        json.WriteString("outcome"u8, ((int)e.Outcome).ToString(CultureInfo.InvariantCulture));
        if (e.Outcome != AuditOutcome.Success)
        {
            json.WriteString("outcomeDesc"u8, e.Outcome == AuditOutcome.Refused ? "Refused: not allowed, or nobody whom the caller may see." : "Failed for a fault of the service.");
        }

        if (e.Reason.Length > 0)
        {
            json.WriteStartArray("purposeOfEvent"u8);
            json.WriteStartObject();
            json.WriteString("text"u8, e.Reason);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        Agents(json, e);
        json.WriteStartObject("source"u8);
        json.WriteStartObject("observer"u8);
        json.WriteString("display"u8, "BetterCare.Care"u8);
        json.WriteEndObject();
        json.WriteStartArray("type"u8);
        json.WriteStartObject();
        json.WriteString("system"u8, "http://terminology.hl7.org/CodeSystem/security-source-type"u8);
        json.WriteString("code"u8, "4"u8);
        json.WriteString("display"u8, "Application Server"u8);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        Entities(json, e, people);
        json.WriteEndObject();
    }

    private static void Agents(Utf8JsonWriter json, AuditEntry e)
    {
        // The one who sends data is the source, the one who gets it the destination: a read flows to the client, a write from it.
        var (client, server) = e.Action is AuditAction.Read ? ("110152", "110153") : ("110153", "110152");
        json.WriteStartArray("agent"u8);
        json.WriteStartObject();
        AgentType(json, client);
        if (e.Role.Length > 0)
        {
            json.WriteStartArray("role"u8);
            json.WriteStartObject();
            json.WriteString("text"u8, e.Role);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteStartObject("who"u8);
        json.WriteStartObject("identifier"u8);
        json.WriteString("value"u8, e.Agent);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteBoolean("requestor"u8, true);
        if (e.Purpose.Length > 0)
        {
            json.WriteStartArray("purposeOfUse"u8);
            json.WriteStartObject();
            json.WriteStartArray("coding"u8);
            json.WriteStartObject();
            json.WriteString("system"u8, "http://terminology.hl7.org/CodeSystem/v3-ActReason"u8);
            json.WriteString("code"u8, e.Purpose);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteStartObject();
        AgentType(json, server);
        json.WriteStartObject("who"u8);
        json.WriteString("display"u8, "BetterCare.Care"u8);
        json.WriteEndObject();
        json.WriteBoolean("requestor"u8, false);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void AgentType(Utf8JsonWriter json, string code)
    {
        json.WriteStartObject("type"u8);
        json.WriteStartArray("coding"u8);
        json.WriteStartObject();
        json.WriteString("system"u8, "http://dicom.nema.org/resources/ontology/DCM"u8);
        json.WriteString("code"u8, code);
        json.WriteString("display"u8, code == "110153" ? "Source Role ID"u8 : "Destination Role ID"u8);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Entities(Utf8JsonWriter json, AuditEntry e, IReadOnlyDictionary<long, NhsNumber> people)
    {
        json.WriteStartArray("entity"u8);
        foreach (var person in e.People)
        {
            json.WriteStartObject();
            json.WriteStartObject("what"u8);
            if (person == AuditEntry.Everyone)
            {
                json.WriteString("display"u8, "Everybody on record"u8);
            }
            else if (people.TryGetValue(person, out var number))
            {
                json.WriteString("reference"u8, $"Patient/{number.Value}");
            }
            else
            {
                json.WriteStartObject("identifier"u8);
                json.WriteString("system"u8, person < 0 ? NhsNumber.System : "https://bettercare.care/Id/person-key");
                json.WriteString("value"u8, person < 0 ? (-person).ToString("D10", CultureInfo.InvariantCulture) : person.ToString(CultureInfo.InvariantCulture));
                json.WriteEndObject();
            }

            json.WriteEndObject();
            Coding(json, "type", "http://terminology.hl7.org/CodeSystem/audit-entity-type", "1", "Person");
            Coding(json, "role", "http://terminology.hl7.org/CodeSystem/object-role", "1", "Patient");
            json.WriteEndObject();
        }

        if (e.Type != ResourceType.None && e.ResourceId.Length > 0)
        {
            json.WriteStartObject();
            json.WriteStartObject("what"u8);
            json.WriteString("reference"u8, $"{e.Type.Name()}/{e.ResourceId}");
            json.WriteEndObject();
            Coding(json, "type", "http://terminology.hl7.org/CodeSystem/audit-entity-type", "2", "System Object");
            Coding(json, "role", "http://terminology.hl7.org/CodeSystem/object-role", "4", "Domain Resource");
            json.WriteEndObject();
        }

        if (e.Query.Length > 0 || (e.Type != ResourceType.None && e.ResourceId.Length == 0))
        {
            json.WriteStartObject();
            Coding(json, "type", "http://terminology.hl7.org/CodeSystem/audit-entity-type", "2", "System Object");
            Coding(json, "role", "http://terminology.hl7.org/CodeSystem/object-role", "24", "Query");
            json.WriteString("query"u8, Convert.ToBase64String(Encoding.UTF8.GetBytes($"{(e.Type == ResourceType.None ? "" : e.Type.Name())}?{e.Query}")));
            json.WriteEndObject();
        }

        if (e.RequestId.Length > 0)
        {
            json.WriteStartObject();
            json.WriteStartObject("what"u8);
            json.WriteStartObject("identifier"u8);
            json.WriteString("value"u8, e.RequestId);
            json.WriteEndObject();
            json.WriteEndObject();
            Coding(json, "type", "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId", null);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Coding(Utf8JsonWriter json, string name, string system, string code, string? display)
    {
        json.WriteStartObject(name);
        json.WriteString("system"u8, system);
        json.WriteString("code"u8, code);
        if (display is not null)
        {
            json.WriteString("display"u8, display);
        }

        json.WriteEndObject();
    }

    private static string Instant(long at) => DateTimeOffset.FromUnixTimeMilliseconds(at).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
