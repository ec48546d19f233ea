using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using BetterCare.Care.Fhir.Nhs;

namespace BetterCare.Care.Storage.Tracing;

/// <summary>Who merged two records or took that back, when and why, as FHIR tells it (activity: ISO 21089 record lifecycle).</summary>
internal static class ProvenanceOf
{
    /// <summary>A merge.</summary>
    /// <param name="id">Of the Provenance.</param>
    /// <param name="from">The former number.</param>
    /// <param name="into">The number in force.</param>
    /// <param name="decision">Who, when and why.</param>
    /// <param name="undone">Whether the two are two again: then both are named as they are.</param>
    /// <param name="alone">Whether only the one of the former number is here.</param>
    public static byte[] Merge(string id, NhsNumber from, NhsNumber into, MergeDecision decision, bool undone = false, bool alone = false) =>
        Of(id, "merge", "Merge Record Lifecycle Event", undone ? Both(from, into, alone) : [Literal(into), Logical(from)], from, decision);

    /// <summary>The undoing of a merge.</summary>
    public static byte[] Unmerge(string id, NhsNumber from, NhsNumber into, MergeDecision decision, bool alone) =>
        Of(id, "unmerge", "Unmerge Record Lifecycle Event", Both(from, into, alone), from, decision);

    private static JsonArray Both(NhsNumber from, NhsNumber into, bool alone) => alone ? [Literal(from), Logical(into)] : [Literal(into), Literal(from)];

    private static JsonObject Literal(NhsNumber number) => new() { ["reference"] = $"Patient/{number.Value}" };

    private static JsonObject Logical(NhsNumber number) =>
        new() { ["type"] = "Patient", ["identifier"] = new JsonObject { ["system"] = NhsNumber.System, ["value"] = number.Value } };

    private static byte[] Of(string id, string activity, string display, JsonArray targets, NhsNumber former, MergeDecision decision) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["resourceType"] = "Provenance",
        ["id"] = id,
        ["target"] = targets,
        ["recorded"] = decision.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ["reason"] = new JsonArray(new JsonObject { ["text"] = decision.Reason }),
        ["activity"] = new JsonObject
        {
            ["coding"] = new JsonArray(new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", ["code"] = activity, ["display"] = display }),
        },
        ["agent"] = new JsonArray(new JsonObject
        {
            ["type"] = new JsonObject { ["coding"] = new JsonArray(new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/provenance-participant-type", ["code"] = "author" }) },
            ["who"] = new JsonObject { ["display"] = decision.DecidedBy },
        }),
        ["entity"] = new JsonArray(new JsonObject { ["role"] = "source", ["what"] = Logical(former) }),
    }.ToJsonString());
}
