using System.Text.RegularExpressions;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Security;

namespace BetterCare.Care.Tests.Api;

public sealed partial class HouseRulesTests
{
    [Fact]
    public void EveryRequest_SaysWhoMaySendIt()
    {
        var requests = Mediation.Requests().ToList();

        requests.Count.ShouldBeGreaterThan(8);
        requests.Where(r => !typeof(IGuarded).IsAssignableFrom(r)).ShouldBeEmpty();
    }

    [Fact]
    public void EveryRequest_SaysWhoseDataItTouches() =>
        Mediation.Requests().Where(r => r.GetProperty(nameof(IGuarded.Touches))?.GetValue(null) is null or PersonData.Undeclared).ShouldBeEmpty(
            "add beside Needs: public static PersonData Touches => PersonData.Named (one person, looked up by People or Visibility), Listed (those shown), Everyone or None; what touches people is audited");

    [Fact]
    public async Task OpenApi_CommittedFile_IsWhatTheCodeSays()
    {
        await using var app = await StoryApp.StartAsync();

        var generated = await OpenApiDocuments.YamlAsync(app.Services, CancellationToken.None);

        var committed = await File.ReadAllTextAsync(Path.Combine(Root(), "openapi.yaml"));
        committed.ReplaceLineEndings("\n").ShouldBe(generated, "openapi.yaml is stale: run ./run openapi and commit it");
    }

    [Fact]
    public async Task Log_OfAWholeRun_HoldsNoIdentifier()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await app.Client.GetAsync($"/fhir/Patient/{Story.Ann}");
        await app.Client.GetAsync("/fhir/Patient/9990000019");
        await app.Client.GetAsync($"/v1/patients/{Story.Ann}/care-plan");
        await app.PostFhirAsync("/fhir", "{\"resourceType\":\"Patient\",\"id\":\"9990000018\"");

        app.Log.Lines.ShouldNotBeEmpty();
        app.Log.Lines.Where(l => TenDigits().IsMatch(l)).ShouldBeEmpty();
    }

    internal static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "BetterCare.Care.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    [GeneratedRegex("[0-9]{10}", RegexOptions.None, 1000)]
    private static partial Regex TenDigits();
}
