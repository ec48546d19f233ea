using System.Security.Cryptography;
using System.Text.Json;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Synthetic;

namespace BetterCare.Care.Tests.Synthetic;

public sealed class CohortFilesTests(Given cohort) : IClassFixture<Given>
{
    private readonly Given _cohort = cohort;

    [Fact]
    public async Task Generate_SameSeed_GivesTheSameBytes()
    {
        var ct = TestContext.Current.CancellationToken;
        var again = Directory.CreateTempSubdirectory("bettercare-again-");
        var other = Directory.CreateTempSubdirectory("bettercare-other-");

        await CohortGenerator.WriteNdjsonAsync(Given.Options, again.FullName, ct: ct);
        await CohortGenerator.WriteNdjsonAsync(Given.Options with { Seed = 43 }, other.FullName, ct: ct);

        Hash(again.FullName).ShouldBe(Hash(_cohort.Folder));
        Hash(other.FullName).ShouldNotBe(Hash(_cohort.Folder));
        again.Delete(recursive: true);
        other.Delete(recursive: true);
    }

    [Fact]
    public async Task Generate_Gzip_HoldsTheSameLines()
    {
        var folder = Directory.CreateTempSubdirectory("bettercare-gzip-");

        await CohortGenerator.WriteNdjsonAsync(Given.Options with { Gzip = true }, folder.FullName, ct: TestContext.Current.CancellationToken);

        await using var file = File.OpenRead(Path.Combine(folder.FullName, "Condition.ndjson.gz"));
        await using var plain = new System.IO.Compression.GZipStream(file, System.IO.Compression.CompressionMode.Decompress);
        var bytes = await SHA256.HashDataAsync(plain, TestContext.Current.CancellationToken);
        bytes.ShouldBe(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(_cohort.Folder, "Condition.ndjson"), TestContext.Current.CancellationToken)));
        folder.Delete(recursive: true);
    }

    [Fact]
    public void Patients_Always_HaveValidNumbersOfNobodyOnce()
    {
        var numbers = _cohort.Lines("Patient").Distinct().Select(l => JsonDocument.Parse(l).RootElement.GetProperty("id").GetString()!).ToList();

        numbers.Count.ShouldBe(Given.Options.Patients);
        numbers.Distinct().Count().ShouldBe(numbers.Count);
        numbers.All(n => NhsNumber.TryParse(n, out _) && n.StartsWith("999", StringComparison.Ordinal)).ShouldBeTrue();
    }

    [Fact]
    public void References_Always_ResolveWithinTheCohort()
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var references = new HashSet<string>(StringComparer.Ordinal);
        var lines = 0L;

        foreach (var line in _cohort.Summary.Resources.Keys.SelectMany(_cohort.Lines))
        {
            using var resource = JsonDocument.Parse(line);
            var root = resource.RootElement;
            ids.Add($"{root.GetProperty("resourceType").GetString()}/{root.GetProperty("id").GetString()}");
            Walk(root, references);
            lines++;
        }

        references.Except(ids).ShouldBeEmpty();
        lines.ShouldBe(_cohort.Summary.TotalResources);
    }

    // Every string has characters, every list and object has members, every period ends after it starts.
    private static void Walk(JsonElement element, HashSet<string> references)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                element.EnumerateObject().Any().ShouldBeTrue();
                if (element.TryGetProperty("start", out var start) && element.TryGetProperty("end", out var end))
                {
                    DateTimeOffset.Parse(end.GetString()!, null).ShouldBeGreaterThanOrEqualTo(DateTimeOffset.Parse(start.GetString()!, null));
                }

                foreach (var property in element.EnumerateObject())
                {
                    if (property.NameEquals("reference"))
                    {
                        references.Add(property.Value.GetString()!);
                    }

                    Walk(property.Value, references);
                }

                break;
            case JsonValueKind.Array:
                element.GetArrayLength().ShouldBeGreaterThan(0);
                foreach (var item in element.EnumerateArray())
                {
                    Walk(item, references);
                }

                break;
            case JsonValueKind.String:
                element.GetString().ShouldNotBeNullOrWhiteSpace();
                break;
            default:
                break;
        }
    }

    private static string Hash(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            hash.AppendData(File.ReadAllBytes(path));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
