using BetterCare.Care.Api.Cli;

namespace BetterCare.Care.Tests.Api;

public sealed class SbomTests
{
    [Fact]
    public void Sbom_OfTheRepository_ListsEveryPackageOfTheLockFiles()
    {
        var root = HouseRulesTests.Root();
        var locked = new[] { "src", "tests" }.SelectMany(part => Directory.EnumerateFiles(Path.Combine(root, part), "packages.lock.json", SearchOption.AllDirectories))
            .SelectMany(SbomVerb.NuGet).Select(p => $"pkg:nuget/{p.Name}@{p.Version}").Distinct(StringComparer.Ordinal).ToList();

        var sbom = SbomVerb.Of(root, Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"));

        var components = sbom["components"]!.AsArray();
        var listed = components.Select(c => (string)c!["purl"]!).ToList();
        locked.Count.ShouldBeGreaterThan(30);
        locked.Except(listed, StringComparer.Ordinal).ShouldBeEmpty();
        listed.Where(p => p.StartsWith("pkg:npm/", StringComparison.Ordinal)).ShouldNotBeEmpty();
        listed.Distinct(StringComparer.Ordinal).Count().ShouldBe(listed.Count);
        components.ShouldAllBe(c => ((string)c!["version"]!).Length > 0);
        ((string)sbom["bomFormat"]!, (string)sbom["specVersion"]!).ShouldBe(("CycloneDX", "1.5"));
    }

    [Fact]
    public void Sbom_Twice_IsTheSame()
    {
        var root = HouseRulesTests.Root();

        SbomVerb.Of(root, "/nowhere").ToJsonString().ShouldBe(SbomVerb.Of(root, "/nowhere").ToJsonString());
    }
}
