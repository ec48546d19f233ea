using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using BetterCare.Care.Fhir.Nhs;

namespace BetterCare.Care.Storage.Tracing;

/// <summary>What tracing adds to a Patient who came without an NHS number, so that the record is that of the person traced.</summary>
/// <param name="Number">The NHS number, ten digits.</param>
/// <param name="Verified">Whether the national service confirmed it (verification status 01); else a human or a local match did (02).</param>
/// <param name="Practice">ODS code of the registered practice, where the supplier gives none; empty not known.</param>
/// <param name="Restricted">Whether the national record is restricted (v3-Confidentiality R): address, contacts and practice are left out.</param>
public sealed record TracedDetails(string Number, bool Verified, string Practice, bool Restricted)
{
    private const string StatusUrl = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus";
    private const string StatusSystem = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland";

    private static readonly JsonSerializerOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Says nothing: the number is personal.</summary>
    public override string ToString() => "(traced)";

    /// <summary>As it is kept.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, TracedJson.Default.TracedDetails);

    /// <summary>As it was kept.</summary>
    public static TracedDetails FromJson(string json) => JsonSerializer.Deserialize(json, TracedJson.Default.TracedDetails)!;

    /// <summary>
    /// The Patient with what was traced in it: the same Patient always gives the same bytes, so that a supplier who posts it
    /// again changes nothing.
    /// </summary>
    /// <param name="patient">The Patient as posted.</param>
    /// <param name="id">The id that it is to carry: the supplier's own.</param>
    public byte[] AddTo(ReadOnlySpan<byte> patient, string id)
    {
        var json = JsonNode.Parse(patient.ToArray())!.AsObject();
        json["id"] = id;
        var identifiers = json["identifier"] as JsonArray ?? [];
        foreach (var identifier in identifiers.OfType<JsonObject>())
        {
            // A number that this one has taken the place of stays, as an old one.
            if ((string?)identifier["system"] is NhsNumber.System or NhsNumber.OldSystem)
            {
                identifier["use"] = "old";
            }
        }

        var number = new JsonObject
        {
            ["extension"] = new JsonArray(new JsonObject
            {
                ["url"] = StatusUrl,
                ["valueCodeableConcept"] = new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = StatusSystem, ["code"] = Verified ? "01" : "02" }) },
            }),
            ["system"] = NhsNumber.System,
            ["value"] = Number,
        };
        json["identifier"] = new JsonArray([number, .. identifiers.OfType<JsonObject>().Where(i => (string?)i["value"] != Number || (string?)i["use"] != "old").Select(i => i.DeepClone())]);
        if (Restricted)
        {
            json.Remove("address");
            json.Remove("telecom");
            json.Remove("contact");
            json.Remove("generalPractitioner");
            var meta = json["meta"] as JsonObject ?? [];
            meta["security"] = new JsonArray(new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", ["code"] = "R" });
            json["meta"] = meta;
        }
        else if (Practice.Length > 0 && json["generalPractitioner"] is not JsonArray { Count: > 0 })
        {
            json["generalPractitioner"] = new JsonArray(new JsonObject { ["identifier"] = new JsonObject { ["system"] = OdsCode.System, ["value"] = Practice } });
        }

        return Encoding.UTF8.GetBytes(json.ToJsonString(Options));
    }
}

/// <summary>JSON kept with a person who waits.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TracedDetails))]
internal sealed partial class TracedJson : JsonSerializerContext;
