using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using BetterCare.Care.Api.Features.Tracing.StandIn;

namespace BetterCare.Care.Tests.Api.Identity;

/// <summary>The service with a stand-in of PDS beside it.</summary>
internal sealed class TracingApp : IAsyncDisposable
{
    private TracingApp(StoryApp app, PdsStandIn pds, MovedClock clock) => (App, Pds, Clock) = (app, pds, clock);

    public StoryApp App { get; }

    public PdsStandIn Pds { get; }

    /// <summary>The clock of the stand-in.</summary>
    public MovedClock Clock { get; }

    public static async Task<TracingApp> StartAsync(bool online = true)
    {
        var key = RSA.Create(2048);
        var clock = new MovedClock();
        var pds = new PdsStandIn(new StandInPeople(), key, clock);
        await pds.StartAsync(CancellationToken.None);
        var file = Path.Combine(Directory.CreateTempSubdirectory("care-pds").FullName, "client.pem");
        await File.WriteAllTextAsync(file, key.ExportPkcs8PrivateKeyPem());
        var settings = online
            ? new Dictionary<string, string?>
            {
                ["Care:Pds:BaseUrl"] = $"{pds.Url}/personal-demographics/FHIR/R4",
                ["Care:Pds:TokenUrl"] = $"{pds.Url}/oauth2/token",
                ["Care:Pds:ApiKey"] = "test-key",
                ["Care:Pds:KeyId"] = "test-1",
                ["Care:Pds:PrivateKeyFile"] = file,
                ["Care:Pds:OrganisationOds"] = "X26",
                ["Care:Pds:RequestsPerSecond"] = "1000",
                ["Care:Pds:RetryDelay"] = "00:00:00.001",
                ["Care:Pds:AttemptTimeout"] = "00:00:01.500",
                ["Care:Pds:BreakFor"] = "00:00:00.500",
            }
            : [];
        return new TracingApp(await StoryApp.StartAsync(settings: settings), pds, clock);
    }

    public async Task<JsonElement> PassAsync()
    {
        var response = await App.Client.PostAsync("/v1/tracing/passes", null);
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync());
        return await StoryApp.JsonOf(response);
    }

    public async Task<HttpResponseMessage> DecideAsync(string id, object body) => await App.Client.PostAsJsonAsync($"/v1/tracing/{id}/decision", body);

    public async Task<HttpResponseMessage> UndoAsync(string id, string reason)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/v1/tracing/{id}/decision") { Content = JsonContent.Create(new { reason }) };
        return await App.Client.SendAsync(request);
    }

    /// <summary>The one person in a state.</summary>
    public async Task<JsonElement> OnlyAsync(string state)
    {
        var people = (await App.GetJsonAsync($"/v1/tracing?state={state}")).GetProperty("people").EnumerateArray().ToList();
        people.Count.ShouldBe(1, $"people in state {state}");
        return people[0];
    }

    public static string Patient(string id, string family = "Okell", string given = "Dorothy", string born = "1938-07-14", string gender = "female", string postcode = "WA7 2QP") =>
        $$$"""{"resourceType":"Patient","id":"{{{id}}}","meta":{"source":"https://council.example/adults"},"name":[{"family":"{{{family}}}","given":["{{{given}}}"]}],"gender":"{{{gender}}}","birthDate":"{{{born}}}","address":[{"postalCode":"{{{postcode}}}"}]}""";

    public static string Package(string id, string patient) =>
        $$$"""{"resourceType":"Encounter","id":"{{{id}}}","meta":{"source":"https://council.example/adults"},"status":"in-progress","class":{"code":"HH"},"subject":{"reference":"Patient/{{{patient}}}"},"period":{"start":"2026-05-04"}}""";

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Pds.DisposeAsync();
    }
}
