using Npgsql;

namespace BetterCare.Care.Tests.Api;

/// <summary>A database of a test's own on the PostgreSQL that ./test starts; without it the test is skipped.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    private readonly string _name = $"care_{Guid.NewGuid():N}";
    private readonly string? _server = Environment.GetEnvironmentVariable("CARE_TEST_POSTGRES");

    public async Task<string> CreateAsync()
    {
        if (string.IsNullOrEmpty(_server))
        {
            Assert.Skip("No PostgreSQL: ./test starts one and sets CARE_TEST_POSTGRES.");
        }

        await RunAsync($"CREATE DATABASE {_name}");
        return $"{_server};Database={_name};Maximum Pool Size=20";
    }

    public async ValueTask DisposeAsync()
    {
        if (!string.IsNullOrEmpty(_server))
        {
            await RunAsync($"DROP DATABASE IF EXISTS {_name} WITH (FORCE)");
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
