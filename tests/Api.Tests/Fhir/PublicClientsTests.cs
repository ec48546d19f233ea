using System.Diagnostics;

namespace BetterCare.Care.Tests.Api.Fhir;

/// <summary>Two public JavaScript clients use the server as they would any other: tests/Api.Tests/Clients/drive.mjs.</summary>
public sealed class PublicClientsTests(CareApp app) : IClassFixture<CareApp>
{
    [Fact]
    public async Task PublicClients_DriveTheServer_WithoutComplaint()
    {
        var folder = Folder();
        Assert.SkipUnless(Directory.Exists(Path.Combine(folder, "node_modules", "fhirclient")), "the clients are not installed: ./test does it where npm is");

        using var node = Process.Start(new ProcessStartInfo("node", ["drive.mjs", app.Client.BaseAddress!.ToString().TrimEnd('/'), app.NewNumber()])
        {
            WorkingDirectory = folder, UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true,
        })!;
        var output = node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);

        node.ExitCode.ShouldBe(0, errors + await output);
    }

    private static string Folder()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "BetterCare.Care.sln")))
        {
            root = root.Parent!;
        }

        return Path.Combine(root.FullName, "tests", "Api.Tests", "Clients");
    }
}
