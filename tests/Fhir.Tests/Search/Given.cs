using System.IO.Compression;
using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;

namespace BetterCare.Care.Tests.Fhir.Search;

/// <summary>Resources and searches for tests.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = new(2024, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly SearchOptions Options = new() { Now = Now, ServiceBase = "https://care.example/fhir" };

    public static byte[] Json(string json) => Encoding.UTF8.GetBytes(json);

    public static SearchRequest Search(ResourceType type, string query, bool lenient = false) =>
        SearchRequest.Parse(type, query, Options with { Lenient = lenient });

    public static bool Finds(this string query, ResourceType type, string json)
    {
        var request = Search(type, query);
        request.Issues.ShouldBeEmpty(query);
        return request.Matches(Json(json));
    }

    /// <summary>The official and UK Core examples, each line a resource; empty where the shared folder is absent.</summary>
    public static IEnumerable<byte[]> Examples()
    {
        if (Shared() is not { } shared)
        {
            yield break;
        }

        foreach (var file in Directory.EnumerateFiles(Path.Combine(shared, "fhir", "examples"), "*.ndjson").Order(StringComparer.Ordinal))
        {
            foreach (var line in File.ReadLines(file))
            {
                if (line.Length > 0)
                {
                    yield return Encoding.UTF8.GetBytes(line);
                }
            }
        }
    }

    /// <summary>Some of the synthetic records, of each type the first; empty where the shared folder is absent.</summary>
    public static IEnumerable<byte[]> Records(int ofEachType)
    {
        var folder = Shared() is { } shared ? Path.Combine(shared, "cohorts", "synthea-100") : "";
        if (!Directory.Exists(folder))
        {
            yield break;
        }

        foreach (var file in Directory.EnumerateFiles(folder, "*.ndjson.gz").Order(StringComparer.Ordinal))
        {
            using var lines = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
            for (var i = 0; i < ofEachType && lines.ReadLine() is { } line; i++)
            {
                yield return Encoding.UTF8.GetBytes(line);
            }
        }
    }

    // The shared folder lies beside the repository, or beside the folder that holds several work trees of it.
    private static string? Shared()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var shared = Path.Combine(folder.FullName, "shared");
            if (Directory.Exists(Path.Combine(shared, "fhir", "examples")))
            {
                return shared;
            }
        }

        return null;
    }
}
