namespace BetterCare.Care.Tests.Stratification.Given;

/// <summary>The reference data beside the repository, which a clean clone does not have.</summary>
internal static class Shared
{
    /// <summary>Rows of a file of ../shared/clinical by column name; skips the test where there is none.</summary>
    public static List<Dictionary<string, string>> Clinical(string file)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "BetterCare.Care.sln")))
        {
            folder = folder.Parent;
        }

        var path = Path.Combine(folder?.Parent?.FullName ?? "", "shared", "clinical", file);
        Assert.SkipUnless(File.Exists(path), "The shared clinical data is not beside the repository.");
        var lines = File.ReadAllLines(path);
        var head = Split(lines[0]);
        return [.. lines.Skip(1).Where(l => l.Length > 0).Select(l => head.Zip(Split(l)).ToDictionary(p => p.First, p => p.Second))];
    }

    private static List<string> Split(string line)
    {
        var fields = new List<string>();
        var field = new System.Text.StringBuilder();
        var quoted = false;
        foreach (var c in line)
        {
            if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(c);
            }
        }

        fields.Add(field.ToString());
        return fields;
    }
}
