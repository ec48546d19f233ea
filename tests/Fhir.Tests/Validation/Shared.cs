using System.IO.Compression;
using System.Text;

namespace BetterCare.Care.Tests.Fhir.Validation;

/// <summary>The data that lies beside the repository; tests that need it are skipped where it is absent.</summary>
internal static class Shared
{
    public static IEnumerable<(string Where, byte[] Json)> Lines(string pattern)
    {
        foreach (var file in Files(pattern))
        {
            using var stream = File.OpenRead(file);
            using var text = new StreamReader(file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stream, CompressionMode.Decompress) : stream);
            for (var line = 1; text.ReadLine() is { } json; line++)
            {
                yield return ($"{Path.GetFileName(file)}:{line}", Encoding.UTF8.GetBytes(json));
            }
        }
    }

    public static IReadOnlyList<string> Files(string pattern)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "BetterCare.Care.sln")))
        {
            folder = folder.Parent;
        }

        var under = folder?.Parent is null ? string.Empty : Path.Combine(folder.Parent.FullName, "shared", Path.GetDirectoryName(pattern)!);
        var files = Directory.Exists(under) ? Directory.GetFiles(under, Path.GetFileName(pattern)) : [];
        Assert.SkipWhen(files.Length == 0, $"../shared/{pattern} is not there.");
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }
}
