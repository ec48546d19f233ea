using System.Text.Json;
using System.Text.Json.Nodes;

namespace BetterCare.Care.Tests.Api.Access;

/// <summary>The service in its production profile, with clients of a deployment's clients file.</summary>
internal sealed class ProductionApp : IAsyncDisposable
{
    private readonly string _clients = Path.Combine(Path.GetTempPath(), $"care-clients-{Guid.NewGuid():N}.json");

    private ProductionApp()
    {
    }

    public StoryApp App { get; private set; } = null!;

    public HttpClient Client => App.Client;

    public static async Task<ProductionApp> StartAsync(IEnumerable<(SignedClient Client, string Scopes, string[] Practices)> clients, Dictionary<string, string?>? settings = null)
    {
        var production = new ProductionApp();
        var file = new JsonObject();
        foreach (var (client, scopes, practices) in clients)
        {
            file[client.Id] = client.Registration(scopes, practices);
        }

        await File.WriteAllTextAsync(production._clients, file.ToJsonString());
        production.App = await StoryApp.StartAsync(settings: new(settings ?? [], StringComparer.Ordinal) {
            ["Care:Profile"] = "production",
            ["Care:Access:ClientsFile"] = production._clients,

            // These tests are refused by design and by the thousand; WebHygieneTests tries the limits.
            ["Care:Web:RefusalsPerMinute"] = "0",
            ["Care:Web:RequestsPerSecond"] = "0",
        });
        return production;
    }

    public async Task<(int Status, string Text)> SendAsync(string token, HttpMethod method, string path, string? json = null, string contentType = "application/fhir+json", params (string Name, string Value)[] headers)
    {
        using var request = token.Length == 0 ? new HttpRequestMessage(method, path) : SignedClient.Request(method, path, token, json, contentType);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await Client.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public Task<(int Status, string Text)> GetAsync(string token, string path, params (string Name, string Value)[] headers) => SendAsync(token, HttpMethod.Get, path, null, "", headers);

    public async Task<JsonElement> JsonAsync(string token, string path)
    {
        var (status, text) = await GetAsync(token, path);
        status.ShouldBe(200, text);
        return JsonDocument.Parse(text).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        File.Delete(_clients);
    }
}
