using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Storage.Tracing;

/// <summary>Writes into a Patient which numbers the person had before: as old identifiers, and as the records that it replaces.</summary>
internal static class FormerNumbers
{
    private static readonly JsonSerializerOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Under whom a Patient is kept that came under a former number: apart from what the same supplier says under the number in force.</summary>
    public static string SupplierOf(FormerPerson former, int supplier) => SupplierOf(former.Merges[0]) + supplier.ToString(CultureInfo.InvariantCulture);

    /// <summary>How those suppliers begin.</summary>
    public static string SupplierOf(string merge) => $"urn:bettercare:merge:{merge}:";

    /// <summary>The Patient with the numbers in it; null where it says them all already. The same Patient always gives the same bytes.</summary>
    public static byte[]? AddTo(ReadOnlySpan<byte> patient, NhsNumber inForce, TakenUp others)
    {
        var json = JsonNode.Parse(patient.ToArray())!.AsObject();
        var identifiers = json["identifier"] as JsonArray ?? [];
        var links = json["link"] as JsonArray ?? [];
        var added = false;
        if (!identifiers.Any(i => IsNumber(i, inForce.Value)))
        {
            identifiers.Insert(0, new JsonObject { ["system"] = NhsNumber.System, ["value"] = inForce.Value });
        }

        foreach (var number in others.Numbers)
        {
            if (!identifiers.Any(i => IsNumber(i, number.Value)))
            {
                identifiers.Add(new JsonObject { ["use"] = "old", ["system"] = NhsNumber.System, ["value"] = number.Value });
                added = true;
            }

            // A logical reference: the former record has no address of its own any more.
            if (!links.Any(l => IsLink(l, number.Value)))
            {
                links.Add(new JsonObject
                {
                    ["other"] = new JsonObject { ["type"] = "Patient", ["identifier"] = new JsonObject { ["system"] = NhsNumber.System, ["value"] = number.Value } },
                    ["type"] = "replaces",
                });
                added = true;
            }
        }

        if (others.Restricted && !RestrictedRecord.IsLabelled(patient))
        {
            var meta = json["meta"] as JsonObject ?? [];
            var labels = meta["security"] as JsonArray ?? [];
            labels.Add(new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", ["code"] = "R" });
            meta["security"] = labels.DeepClone();
            json["meta"] = meta.DeepClone();
            added = true;
        }

        if (!added)
        {
            return null;
        }

        json["identifier"] = identifiers.DeepClone();
        json["link"] = links.DeepClone();
        return Encoding.UTF8.GetBytes(json.ToJsonString(Options));
    }

    /// <summary>The Patient without a number that was added to it.</summary>
    public static byte[] TakeFrom(ReadOnlySpan<byte> patient, NhsNumber number)
    {
        var json = JsonNode.Parse(patient.ToArray())!.AsObject();
        Without(json, "identifier", i => IsNumber(i, number.Value));
        Without(json, "link", l => IsLink(l, number.Value));
        return Encoding.UTF8.GetBytes(json.ToJsonString(Options));
    }

    private static void Without(JsonObject json, string name, Func<JsonNode?, bool> leaveOut)
    {
        if (json[name] is not JsonArray items)
        {
            return;
        }

        var kept = new JsonArray([.. items.Where(i => !leaveOut(i)).Select(i => i?.DeepClone())]);
        if (kept.Count == 0)
        {
            json.Remove(name);
        }
        else
        {
            json[name] = kept;
        }
    }

    private static bool IsNumber(JsonNode? identifier, string number) =>
        (string?)identifier?["value"] == number && (string?)identifier?["system"] is NhsNumber.System or NhsNumber.OldSystem;

    private static bool IsLink(JsonNode? link, string number) => (string?)link?["type"] == "replaces" && (string?)link?["other"]?["identifier"]?["value"] == number;
}
