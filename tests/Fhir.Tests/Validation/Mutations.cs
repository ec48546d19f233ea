using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BetterCare.Care.Tests.Fhir.Validation;

/// <summary>Breaks a resource in some way that a seed chooses: in its structure, or in its bytes.</summary>
internal static class Mutations
{
    /// <summary>A value that no issue may repeat.</summary>
    public const string Secret = "Zaphod-4010232137";

    private static readonly string[] Values =
    [
        "null", "true", "0", "-1.5", "1e99", "\"\"", "\"x\"", "\" \"", "\"2023-02-30\"", "\"LONE\"", "\"#x\"", "[]", "{}", "[null]", "[[]]", "[{}]", "{\"id\":\"a\"}",
        $"\"{Secret}\"", $"{{\"{Secret}\":1}}", "{\"reference\":\"Patient/1\"}", "{\"resourceType\":\"Patient\"}", "{\"resourceType\":\"Bundle\",\"type\":\"document\"}",
    ];

    private static readonly string[] Names = ["id", "extension", "contained", "resourceType", "value", "valueString", "_status", "status", "meta", "url", "reference", Secret, "a.b", "", "LONE", "LONEsystem"];

    public static byte[] Apply(byte[] json, int seed)
    {
        var random = new Random(seed);
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            json = random.Next(3) == 0 ? Bytes(json, random) : Structure(json, random);
        }

        return json;
    }

    private static byte[] Bytes(byte[] json, Random random)
    {
        var at = random.Next(json.Length + 1);
        var length = Math.Min(random.Next(1, 20), json.Length - at);
        return random.Next(5) switch
        {
            0 => json[..at],
            1 => [.. json[..at], .. json[(at + length)..]],
            2 => [.. json[..at], (byte)random.Next(256), .. json[at..]],
            3 => [.. json[..at], .. json[at..(at + length)], .. json[at..]],
            _ => [.. json[..at], .. "\"{}[],:\\"u8.Slice(random.Next(8), 1), .. json[at..]],
        };
    }

    private static byte[] Structure(byte[] json, Random random)
    {
        try
        {
            var root = JsonNode.Parse(json);
            var nodes = Below(root).ToList();
            if (nodes.Count == 0)
            {
                return json;
            }

            Change(nodes[random.Next(nodes.Count)], random);

            // The writer refuses to write half a surrogate pair.
            return Encoding.UTF8.GetBytes(root!.ToJsonString().Replace("LONE", "\\ud800", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            // Broken already, or with a key twice: bytes it is.
            return Bytes(json, random);
        }
    }

    private static void Change((JsonNode Parent, string? Name, int Index) at, Random random)
    {
        var value = JsonNode.Parse(Values[random.Next(Values.Length)]);
        if (at.Parent is JsonArray array)
        {
            switch (random.Next(4))
            {
                case 0:
                    array.RemoveAt(at.Index);
                    break;
                case 1:
                    array.Insert(at.Index, value);
                    break;
                case 2:
                    array[at.Index] = new JsonArray(array[at.Index]?.DeepClone());
                    break;
                default:
                    array[at.Index] = value;
                    break;
            }

            return;
        }

        var parent = (JsonObject)at.Parent;
        var old = parent[at.Name!]?.DeepClone();
        switch (random.Next(6))
        {
            case 0:
                parent.Remove(at.Name!);
                break;
            case 1:
                parent[Names[random.Next(Names.Length)]] = value;
                break;
            case 2:
                parent[at.Name!] = new JsonArray(old);
                break;
            case 3:
                parent.Remove(at.Name!);
                parent[Names[random.Next(Names.Length)]] = old;
                break;
            case 4:
                parent["_" + at.Name] = value;
                break;
            default:
                parent[at.Name!] = value;
                break;
        }
    }

    private static IEnumerable<(JsonNode Parent, string? Name, int Index)> Below(JsonNode? node) => node switch
    {
        JsonObject o => o.Select(p => ((JsonNode)o, (string?)p.Key, -1)).Concat(o.SelectMany(p => Below(p.Value))),
        JsonArray a => a.Select((_, i) => ((JsonNode)a, (string?)null, i)).Concat(a.SelectMany(Below)),
        _ => [],
    };
}
