using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Fhir;
using BetterCare.Care.Tests.Api.Access;

namespace BetterCare.Care.Tests.Api.Leaks;

/// <summary>
/// Two practices. Of each, one person with a resource of every type that can be about a person, a lead, a plan, a meeting. All
/// that is theirs carries marks; and for each mark there is one that nothing carries. A caller of the first practice must get,
/// for a request with marks, what they get for the same request with the marks of nobody.
/// </summary>
public sealed partial class LeakWorld : IAsyncLifetime
{
    public const string MyPractice = "N81019";
    public const string TheirPractice = "N81011";
    public const string NoPractice = "N81998";
    public const string Mine = "9990000018";
    public const string Theirs = "9990000026";
    public const string Nobody = "9990000034";

    /// <summary>Was one of ours until it turned out to be a former number of theirs.</summary>
    public const string Former = "9990000042";
    public const string TheirMark = "zmarkedz";
    public const string NoMark = "znobodyz";

    private readonly Dictionary<string, SignedClient> _clients = new(StringComparer.Ordinal);

    internal ProductionApp App { get; private set; } = null!;

    /// <summary>Types of which each of the two has a resource.</summary>
    public List<string> Types { get; } = [];

    /// <summary>What stands in an address for something of theirs, and what for something of nobody: by the name of the route's parameter and the part before it.</summary>
    public Dictionary<string, (string Theirs, string Nobody)> Ids { get; } = new(StringComparer.Ordinal);

    public static IReadOnlyList<string> Roles { get; } = ["mdt", "data-supplier", "commissioner", "urgent-care", "analyst", "administrator", "identity-reviewer"];

    public async ValueTask InitializeAsync()
    {
        foreach (var role in Roles)
        {
            _clients[role] = new SignedClient(role);
        }

        _clients["all"] = new SignedClient("all");
        _clients["mine"] = new SignedClient("mine");
        App = await ProductionApp.StartAsync(_clients.Values.Select(c => (c, ScopeOf(c.Id), c.Id == "all" ? new[] { "*" } : [MyPractice])));
        var all = await TokenAsync("all");
        await SendAsync(all, HttpMethod.Post, "/fhir", Story.Bundle(
        [
            Practice(TheirPractice), .. Story.Cohort().Where(e => !e.Contains("/Patient/", StringComparison.Ordinal) && !e.Contains("Patient/", StringComparison.Ordinal)),
            Patient(Mine, MyPractice, "Mineby"), Patient(Theirs, TheirPractice, TheirMark), Patient(Former, MyPractice, TheirMark),
        ]));
        (await App.SendAsync(all, HttpMethod.Put, "/fhir/Observation/zmarkedz-former", Examples.About("Observation", Former, TheirMark)!.Replace("zmarkedz-observation", "zmarkedz-former", StringComparison.Ordinal))).Status.ShouldBe(201);
        foreach (var type in Enum.GetValues<ResourceType>().Where(t => t is not (ResourceType.None or ResourceType.Patient)).Select(t => t.Name()))
        {
            if (Examples.About(type, Theirs, "zmarkedz") is { } theirs && (await App.SendAsync(all, HttpMethod.Put, $"/fhir/{type}/zmarkedz-{type.ToLowerInvariant()}", theirs)).Status == 201)
            {
                (await App.SendAsync(all, HttpMethod.Put, $"/fhir/{type}/mine-{type.ToLowerInvariant()}", Examples.About(type, Mine, "mine")!)).Status.ShouldBe(201);
                Types.Add(type);
            }
        }

        await StratifyAsync(all);
        var merged = await SendAsync(all, HttpMethod.Post, "/v1/merges", $$"""{"from":"{{Former}}","into":"{{Theirs}}","reason":"{{TheirMark}}","differencesReviewed":true}""");
        Ids["merges/{id}"] = (JsonDocument.Parse(merged).RootElement.GetProperty("id").GetString()!, Guid.NewGuid().ToString());
        foreach (var (number, practice, mark) in new[] { (Mine, MyPractice, "mine"), (Theirs, TheirPractice, TheirMark) })
        {
            await SendAsync(all, HttpMethod.Put, $"/v1/patients/{number}/agreed-level", $$"""{"level":4,"reason":"{{mark}}","expires":"2027-05-01"}""");
            await SendAsync(all, HttpMethod.Put, $"/v1/patients/{number}/lead-professional", $$"""{"practitioner":"{{Story.SocialWorker}}","reason":"{{mark}}"}""");
            await SendAsync(all, HttpMethod.Put, $"/v1/patients/{number}/care-plan", $$"""{"status":"draft","aboutMe":"{{mark}}"}""");
            var meeting = await SendAsync(all, HttpMethod.Post, "/v1/mdt-meetings", $$"""{"team":"Team {{practice}}","heldOn":"2026-11-23","practices":["{{practice}}"]}""");
            Ids["mdt-meetings/{id}"] = (JsonDocument.Parse(meeting).RootElement.GetProperty("id").GetString()!, Guid.NewGuid().ToString());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }
    }

    /// <summary>A token of a role for the first practice; <c>all</c>: of everybody and everything; <c>mine</c>: of every role, for the first practice.</summary>
    public Task<string> TokenAsync(string role) => _clients[role].TokenAsync(App.Client, ScopeOf(role));

    private static string ScopeOf(string role) => role is "all" or "mine" ? string.Join(' ', Roles.Select(r => $"care/{r}").Append("system/*.cruds")) : $"care/{role} system/*.cruds";

    private static string Practice(string code) => Story.Entry("Organization", code,
        $$$"""{"resourceType":"Organization","id":"{{{code}}}","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"{{{code}}}"}],"type":[{"coding":[{"code":"RO76"}]}],"name":"Practice"}""");

    private static string Patient(string number, string practice, string family) => Story.Entry("Patient", number,
        $$$"""{"resourceType":"Patient","id":"{{{number}}}","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{{{number}}}"},{"system":"urn:{{{family}}}","value":"{{{family}}}"}],"name":[{"family":"{{{family}}}","given":["{{{family}}}"]}],"telecom":[{"system":"phone","value":"{{{family}}}"},{"system":"email","value":"{{{family}}}"}],"gender":"female","birthDate":"1938-02-03","address":[{"line":["{{{family}}}"],"city":"{{{family}}}","postalCode":"{{{family}}}"}],"generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"{{{practice}}}"}}]}""");

    private async Task<string> SendAsync(string token, HttpMethod method, string path, string json)
    {
        var (status, text) = await App.SendAsync(token, method, path, json, path.StartsWith("/fhir", StringComparison.Ordinal) ? "application/fhir+json" : "application/json");
        status.ShouldBeInRange(200, 299, string.Create(CultureInfo.InvariantCulture, $"{method} {path}: {text}"));
        return text;
    }

    private async Task StratifyAsync(string token)
    {
        var accepted = await SendAsync(token, HttpMethod.Post, "/v1/stratification-runs", "{\"indexDate\":\"2026-11-01\"}");
        var address = JsonDocument.Parse(accepted).RootElement.GetProperty("status").GetString()!;
        for (var i = 0; i < 600 && (await App.JsonAsync(token, address)).GetProperty("status").GetString() is "queued" or "running"; i++)
        {
            await Task.Delay(50);
        }
    }
}
