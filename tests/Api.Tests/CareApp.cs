using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BetterCare.Care.Tests.Api;

/// <summary>
/// The service as it is deployed: Kestrel on a free port, SQLite in a folder of its own.
/// </summary>
public class CareApp : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"care-{Guid.NewGuid():N}");
    private WebApplication? _app;
    private HttpClient? _client;
    private int _people;

    public HttpClient Client => _client ?? throw Absent();

    public IServiceProvider Services => _app?.Services ?? throw Absent();

    public string Folder => _folder;

    /// <summary>The setting that names the database.</summary>
    public string Database { get; private set; } = "";

    public virtual async ValueTask InitializeAsync() => await StartAsync(Path.Combine(_folder, "care.db"));

    protected async Task StartAsync(string database)
    {
        Database = database;
        Directory.CreateDirectory(_folder);
        _app = CareHost.Build(
            ["--urls", "http://127.0.0.1:0"],
            [
                new("Care:Database", database), new("Care:WorkFolder", _folder), new("Care:Profile", "demo"),
                new("Care:MaxBodyBytes", "2000000"),
            ],
            builder => builder.Logging.SetMinimumLevel(LogLevel.Warning));
        await Migrator.MigrateAsync(Services.GetRequiredService<IDbContextFactory<CareDbContext>>(), TestContext.Current.CancellationToken);
        await _app.StartAsync(TestContext.Current.CancellationToken);
        Services.GetRequiredService<Readiness>().Begin();
        _client = new HttpClient { BaseAddress = new Uri(_app.Urls.First() + "/fhir/") };
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_app is not null)
        {
            _client?.Dispose();
            await _app.StopAsync(CancellationToken.None);
            await _app.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static InvalidOperationException Absent()
    {
        Assert.Skip("No PostgreSQL: ./test starts one and sets CARE_TEST_POSTGRES.");
        return new InvalidOperationException();
    }

    /// <summary>An NHS number that no other test of this host uses (from the range that is never issued).</summary>
    public string NewNumber()
    {
        while (true)
        {
            if (NhsNumber.WithFirstNine(999_000_100 + Interlocked.Increment(ref _people)) is { } number)
            {
                return number.Value;
            }
        }
    }

    public async Task<string> GivenPatientAsync(string family = "Whittle", string given = "Ada", string born = "1941-03-02", string extra = "")
    {
        var number = NewNumber();
        var reply = await SendAsync(HttpMethod.Put, $"Patient/{number}", Patient(number, family, given, born, extra));
        reply.Status.ShouldBe(201, reply.Text);
        return number;
    }

    public static string Patient(string number, string family = "Whittle", string given = "Ada", string born = "1941-03-02", string extra = "") =>
        $$"""{"resourceType":"Patient","id":"{{number}}",{{extra}}"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{{number}}"}],"name":[{"family":"{{family}}","given":["{{given}}"]}],"gender":"female","birthDate":"{{born}}" }""";

    public static string Observation(string number, string code = "27113001", string date = "2025-05-04", string value = "70.50", string extra = "") =>
        $$"""{"resourceType":"Observation",{{extra}}"status":"final","code":{"coding":[{"system":"http://snomed.info/sct","code":"{{code}}"}]},"subject":{"reference":"Patient/{{number}}"},"effectiveDateTime":"{{date}}","valueQuantity":{"value":{{value}},"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"} }""";

    public Task<Reply> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<Reply> PostAsync(string path, string json, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Post, path, json, headers);

    public Task<Reply> PutAsync(string path, string json, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Put, path, json, headers);

    public async Task<Reply> SendAsync(HttpMethod method, string path, string? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/fhir+json");
        }

        foreach (var (name, value) in headers)
        {
            if (name == "Content-Type")
            {
                request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Reply(response, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}

/// <summary>The same on a database of its own on the PostgreSQL that ./test starts; where there is none its tests are skipped.</summary>
public sealed class PostgresApp : CareApp
{
    private readonly string _name = $"care_{Guid.NewGuid():N}";
    private readonly string? _server = Environment.GetEnvironmentVariable("CARE_TEST_POSTGRES");

    public override async ValueTask InitializeAsync()
    {
        if (_server is not null)
        {
            await RunAsync($"CREATE DATABASE {_name}");
            await StartAsync($"{_server};Database={_name};Maximum Pool Size=20");
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_server is not null)
        {
            await RunAsync($"DROP DATABASE {_name} WITH (FORCE)");
        }
    }

    private async Task RunAsync(string sql)
    {
        await using var admin = new NpgsqlConnection($"{_server};Database=postgres;Pooling=false");
        await admin.OpenAsync();
        await using var command = new NpgsqlCommand(sql, admin);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>What came back.</summary>
public sealed class Reply(HttpResponseMessage response, string text)
{
    public int Status => (int)response.StatusCode;

    public string Text => text;

    public string? ETag => response.Headers.ETag?.ToString();

    public string? Header(string name) => response.Headers.TryGetValues(name, out var values) || response.Content.Headers.TryGetValues(name, out values) ? values.First() : null;

    public JsonNode Json => JsonNode.Parse(text)!;

    public string Id => (string)Json["id"]!;

    public int Version => int.Parse((string)Json["meta"]!["versionId"]!);

    /// <summary>Ids of the entries of a Bundle, in order.</summary>
    public string[] Ids(string mode = "match") =>
        [.. (Json["entry"]?.AsArray() ?? []).Where(e => (string?)e!["search"]?["mode"] == mode).Select(e => (string)e!["resource"]!["id"]!)];

    /// <summary>Codes of the issues of an OperationOutcome.</summary>
    public string[] Issues => [.. Json["issue"]!.AsArray().Select(i => (string)i!["code"]!)];

    public string? Link(string relation) => (string?)Json["link"]!.AsArray().FirstOrDefault(l => (string)l!["relation"]! == relation)?["url"];
}
