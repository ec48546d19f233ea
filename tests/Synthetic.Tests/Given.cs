using BetterCare.Care.Synthetic;

namespace BetterCare.Care.Tests.Synthetic;

/// <summary>A cohort written once for the tests that read it.</summary>
public sealed class Given : IAsyncLifetime
{
    public static readonly CohortOptions Options = new(3000, 42);

    public string Folder { get; } = Directory.CreateTempSubdirectory("bettercare-cohort-").FullName;

    public CohortSummary Summary { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Summary = await CohortGenerator.WriteNdjsonAsync(Options, Folder);

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    public IEnumerable<string> Lines(string type) => File.ReadLines(Path.Combine(Folder, type + ".ndjson"));
}
