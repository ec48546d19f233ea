using System.Text.RegularExpressions;

namespace BetterCare.Care.Tests.Api;

public sealed partial class DocumentsTests
{
    [Fact]
    public void HazardLog_EveryNamedTest_Exists()
    {
        var root = HouseRulesTests.Root();
        var log = File.ReadAllText(Path.Combine(root, "docs", "clinical-safety", "hazard-log.md"));
        var tests = string.Concat(Directory.EnumerateFiles(Path.Combine(root, "tests"), "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).Select(File.ReadAllText));
        var rows = log.Split('\n').Where(l => l.StartsWith("| H", StringComparison.Ordinal)).ToList();

        rows.Count.ShouldBeGreaterThan(12);
        foreach (var row in rows)
        {
            var named = TestName().Matches(row).Select(m => m.Groups["name"].Value).ToList();
            named.ShouldNotBeEmpty(row);
            named.Where(n => !Regex.IsMatch(tests, $@"\b{n}\(", RegexOptions.None, TimeSpan.FromSeconds(10))).ShouldBeEmpty("tests that the hazard log names and nobody has written");
            var cells = row.Split('|', StringSplitOptions.TrimEntries);
            (int.Parse(cells[7]) * int.Parse(cells[8])).ShouldBe(int.Parse(cells[9]), $"risk of {cells[1]} is severity x likelihood");
        }
    }

    [Fact]
    public void Documents_EveryFileTheyName_Exists()
    {
        var root = HouseRulesTests.Root();
        foreach (var document in Directory.EnumerateFiles(Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories).Append(Path.Combine(root, "README.md")))
        {
            var named = DocumentName().Matches(File.ReadAllText(document)).Select(m => m.Value.TrimEnd('/')).Distinct(StringComparer.Ordinal);
            named.Where(n => !Path.Exists(Path.Combine(root, n))).ShouldBeEmpty(Path.GetRelativePath(root, document));
        }
    }

    [GeneratedRegex("`(?<name>[A-Z][A-Za-z0-9]*_[A-Za-z0-9_]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TestName();

    [GeneratedRegex("docs/[a-z0-9-]+(/[a-z0-9-]+)*(\\.md|/)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DocumentName();
}
