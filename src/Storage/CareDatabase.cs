using System.Data.Common;
using System.Runtime.CompilerServices;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Resources;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;
using SQLitePCL;

namespace BetterCare.Care.Storage;

/// <summary>Which engine holds the data.</summary>
public enum DatabaseEngine
{
    /// <summary>The embedded default: one file, WAL, nothing to install.</summary>
    Sqlite,

    /// <summary>The server.</summary>
    Postgres,
}

/// <summary>
/// Where the data is. A setting that names a <c>Host</c> is PostgreSQL; anything else is a SQLite file, given as a path
/// or as <c>Data Source=…</c>.
/// </summary>
public sealed class CareDatabase : IAsyncDisposable
{
    /// <summary>The settings that a connection has, by its handle: connections come out of a pool with those that they went in with.</summary>
    private static readonly ConditionalWeakTable<sqlite3, Settings> Prepared = [];

    private readonly string _connectionString;
    private readonly NpgsqlDataSource? _postgres;

    /// <summary>Reads the setting; nothing is opened yet.</summary>
    /// <param name="setting">The value of <c>Care:Database</c>.</param>
    /// <exception cref="ArgumentException">It is empty or no connection string.</exception>
    public CareDatabase(string setting)
    {
        if (string.IsNullOrWhiteSpace(setting))
        {
            throw new ArgumentException("Care:Database is empty; give a file path or a PostgreSQL connection string.", nameof(setting));
        }

        if (NamesHost(setting))
        {
            Engine = DatabaseEngine.Postgres;
            var builder = new NpgsqlConnectionStringBuilder(setting) { IncludeErrorDetail = false };
            if (!builder.ContainsKey("Application Name"))
            {
                builder.ApplicationName = "BetterCare.Care";
            }

            // Statements that come again are planned once a connection; as many as the filters of lists have shapes.
            if (!builder.ContainsKey("Max Auto Prepare"))
            {
                builder.MaxAutoPrepare = 200;
            }

            _connectionString = builder.ConnectionString;
            _postgres = NpgsqlDataSource.Create(builder);
            Lanes = new PostgresLanes(OpenAsync);
        }
        else
        {
            Engine = DatabaseEngine.Sqlite;
            var builder = setting.Contains('=') ? new SqliteConnectionStringBuilder(setting) : new SqliteConnectionStringBuilder { DataSource = setting };
            builder.Pooling = true;
            builder.DefaultTimeout = 60;
            File = Path.GetFullPath(builder.DataSource);
            builder.DataSource = File;
            _connectionString = builder.ConnectionString;
        }
    }

    /// <summary>The engine.</summary>
    public DatabaseEngine Engine { get; }

    /// <summary>The SQLite file; null on PostgreSQL.</summary>
    public string? File { get; }

    /// <summary>On SQLite, the file of the chain of accesses, beside the data; null on PostgreSQL, where it is in the database.</summary>
    public string? AuditFile => File is null ? null : Path.ChangeExtension(File, null) + ".audit.db";

    /// <summary>What is asked for a resource by its id: on PostgreSQL the table itself, where a view costs a read by id a sixth.</summary>
    internal string ResourceById => Engine == DatabaseEngine.Sqlite ? "resource_by_id" : "resource";

    /// <summary>Where short reads go on PostgreSQL; null on SQLite.</summary>
    internal PostgresLanes? Lanes { get; }

    /// <summary>A name that holds no secret, for messages.</summary>
    public string DisplayName => File ?? $"PostgreSQL {new NpgsqlConnectionStringBuilder(_connectionString).Host}/{new NpgsqlConnectionStringBuilder(_connectionString).Database}";

    /// <summary>Opens a connection with the session settings that durability and speed need.</summary>
    public Task<DbConnection> OpenAsync(CancellationToken ct) => OpenAsync(SqliteUse.Shared, ct);

    /// <summary>Opens the connection of the one writer. On SQLite its commits do not wait for the disk: see <see cref="WriteAheadLog"/>.</summary>
    internal Task<DbConnection> OpenWriterAsync(CancellationToken ct) => OpenAsync(SqliteUse.Writer, ct);

    private async Task<DbConnection> OpenAsync(SqliteUse use, CancellationToken ct)
    {
        if (_postgres is not null)
        {
            return await _postgres.OpenConnectionAsync(ct);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(File!)!);
        var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync(ct);
        Prepare(connection, use);
        return connection;
    }

    /// <summary>Opens a connection to the chain of accesses. On SQLite that is a file of its own: who reads must not wait for an import.</summary>
    /// <param name="durable">Whether a commit waits for the disk; otherwise it is in the operating system's care, or PostgreSQL's, when it returns.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<DbConnection> OpenAuditAsync(bool durable, CancellationToken ct)
    {
        if (_postgres is not null)
        {
            var server = await _postgres.OpenConnectionAsync(ct);
            if (!durable)
            {
                // The pool sets it back when the connection returns.
                await using var relax = server.CreateCommand();
                relax.CommandText = "SET synchronous_commit = off";
                await relax.ExecuteNonQueryAsync(ct);
            }

            return server;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(File!)!);
        var connection = new SqliteConnection(AuditConnectionString);
        await connection.OpenAsync(ct);
        Prepare(connection, durable ? SqliteUse.Audit : SqliteUse.AuditLog);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        foreach (var table in Migrations.Audit.Tables(new Migrations.Initial.Dialect("Sqlite")))
        {
            await using var create = connection.CreateCommand();
            create.CommandText = table.Replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", StringComparison.Ordinal);
            await create.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
        return connection;
    }

    /// <summary>Tells EF Core how to reach this database.</summary>
    public void Configure(DbContextOptionsBuilder options)
    {
        // The schema is compared with the model by a test on both engines; no snapshot is kept (no design package here).
        options.ConfigureWarnings(w => w.Ignore(RelationalEventId.PendingModelChangesWarning));
        if (_postgres is not null)
        {
            options.UseNpgsql(_postgres).AddInterceptors(AuditCommits.Instance);
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(File!)!);
            options.UseSqlite(_connectionString).AddInterceptors(SessionSettings.Instance, AuditCommits.Instance);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_postgres is not null)
        {
            await Lanes!.DisposeAsync();
            await _postgres.DisposeAsync();
        }
        else
        {
            SqliteConnection.ClearPool(new SqliteConnection(_connectionString));
            SqliteConnection.ClearPool(new SqliteConnection(AuditConnectionString));
        }
    }

    private string AuditConnectionString => new SqliteConnectionStringBuilder(_connectionString) { DataSource = AuditFile }.ConnectionString;

    private static bool NamesHost(string setting) =>
        setting.Split(';').Any(part => part.TrimStart().StartsWith("Host=", StringComparison.OrdinalIgnoreCase)
            || part.TrimStart().StartsWith("Server=", StringComparison.OrdinalIgnoreCase));

    private static void Prepare(SqliteConnection connection, SqliteUse use = SqliteUse.Shared)
    {
        if (Prepared.TryGetValue(connection.Handle!, out var before) && before.Use == use)
        {
            return;
        }

        // page_size counts only before the first table is made. 8 KB: a typical resource row stays on its page, and a request
        // that adds an entry to an index writes half of what it would with 16; small for the chain of accesses, whose commits
        // add little. FULL: a commit that was answered survives a power cut. The writer has most of the indexes in its cache.
        var audit = use is SqliteUse.Audit or SqliteUse.AuditLog;
        var waits = use is SqliteUse.Shared or SqliteUse.Audit;
        var writer = use == SqliteUse.Writer;
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            PRAGMA page_size={(audit ? 4096 : 8192)};
            PRAGMA journal_mode=WAL;
            PRAGMA synchronous={(waits ? "FULL" : "NORMAL")};
            PRAGMA foreign_keys=OFF;
            PRAGMA busy_timeout=60000;
            PRAGMA temp_store=MEMORY;
            PRAGMA cache_size={(writer ? -262144 : -65536)};
            PRAGMA wal_autocheckpoint=8000;
            """;
        command.ExecuteNonQuery();
        Prepared.AddOrUpdate(connection.Handle!, new Settings(use));
    }

    /// <summary>What a SQLite connection is for.</summary>
    private enum SqliteUse
    {
        /// <summary>Requests.</summary>
        Shared,

        /// <summary>The one writer of resources.</summary>
        Writer,

        /// <summary>The chain of accesses, read or cut.</summary>
        Audit,

        /// <summary>The chain of accesses, while rows are added without waiting for the disk.</summary>
        AuditLog,
    }

    private sealed record Settings(SqliteUse Use);

    private sealed class SessionSettings : DbConnectionInterceptor
    {
        public static readonly SessionSettings Instance = new();

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Prepare((SqliteConnection)connection);

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            Prepare((SqliteConnection)connection);
            return Task.CompletedTask;
        }
    }
}
