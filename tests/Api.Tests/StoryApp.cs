using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BetterCare.Care.Tests.Api;

/// <summary>The real host over a SQLite file of its own, with a clock that a test moves and a log that it can read.</summary>
public sealed class StoryApp : IAsyncDisposable
{
    private static readonly AsyncLocal<bool> OnServer = new();

    private readonly string _folder = Directory.CreateTempSubdirectory("care-app").FullName;
    private readonly string? _server;
    private readonly string _name = $"care_{Guid.NewGuid():N}";
    private readonly WebApplication _app;

    private StoryApp(Action<WebApplicationBuilder>? customise, Dictionary<string, string?>? settings)
    {
        var all = new Dictionary<string, string?>(settings ?? [], StringComparer.Ordinal)
        {
            ["Care:WorkFolder"] = _folder,
        };
        if (!all.ContainsKey("Care:Database") && (OnServer.Value || Environment.GetEnvironmentVariable("CARE_TEST_STORIES") == "postgres"))
        {
            _server = Environment.GetEnvironmentVariable("CARE_TEST_POSTGRES");
            Assert.SkipWhen(_server is null, "No PostgreSQL: ./test starts one and sets CARE_TEST_POSTGRES.");
            all["Care:Database"] = $"{_server};Database={_name};Maximum Pool Size=20";
            Run($"CREATE DATABASE {_name}");
        }

        all.TryAdd("Care:Database", Path.Combine(_folder, "care.db"));
        _app = CareHost.Build([], all, builder =>
        {
            builder.WebHost.UseTestServer();
            builder.Services.AddSingleton<TimeProvider>(Clock);
            builder.Logging.ClearProviders().AddProvider(Log);
            customise?.Invoke(builder);
        });
    }

    public MovedClock Clock { get; } = new();

    public LogLines Log { get; } = new();

    public string Folder => _folder;

    public HttpClient Client { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    public static async Task<StoryApp> StartAsync(Action<WebApplicationBuilder>? customise = null, Dictionary<string, string?>? settings = null)
    {
        var app = new StoryApp(customise, settings);
        await Migrator.MigrateAsync(app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>(), CancellationToken.None);
        await app._app.StartAsync();

        // Tests do not wait for background work to begin.
        app.Services.GetRequiredService<Readiness>().Begin();
        app.Client = app._app.GetTestClient();
        return app;
    }

    public async Task<HttpResponseMessage> PostFhirAsync(string path, string json, string contentType = "application/fhir+json") =>
        await Client.PostAsync(path, new StringContent(json, Encoding.UTF8, contentType));

    public async Task<JsonElement> GetJsonAsync(string path)
    {
        var response = await Client.GetAsync(path);
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue($"{path}: {(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public static async Task<JsonElement> JsonOf(HttpResponseMessage response) => await response.Content.ReadFromJsonAsync<JsonElement>();

    /// <summary>Polls a background job until it is no longer under way.</summary>
    public async Task<JsonElement> FinishedAsync(string path)
    {
        for (var i = 0; i < 600; i++)
        {
            var response = await Client.GetAsync(path);
            var json = await JsonOf(response);
            if (json.GetProperty("status").GetString() is not ("queued" or "running"))
            {
                return json;
            }

            await Task.Delay(50);
        }

        throw new TimeoutException($"{path} did not finish.");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
        if (_server is not null)
        {
            Run($"DROP DATABASE {_name} WITH (FORCE)");
        }
    }

    /// <summary>What this test starts from here on has its data on PostgreSQL.</summary>
    public static void UsePostgres() => OnServer.Value = true;

    private void Run(string sql)
    {
        using var admin = new Npgsql.NpgsqlConnection($"{_server};Database=postgres;Pooling=false");
        admin.Open();
        using var command = new Npgsql.NpgsqlCommand(sql, admin);
        command.ExecuteNonQuery();
    }
}

/// <summary>A clock that a test moves.</summary>
public sealed class MovedClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 11, 22, 9, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;
}

/// <summary>Everything that the host logs.</summary>
public sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
        {
            _lines.Add(formatter(state, exception) + exception);
        }
    }

    public void Dispose()
    {
    }
}
