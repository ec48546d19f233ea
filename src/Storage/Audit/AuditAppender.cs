using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Storage.Audit;

/// <summary>
/// Adds links to a chain inside the transaction that is open on a connection. It must be the last thing before the commit:
/// from here to the commit nobody else can add to the chain (SQLite has one writer; PostgreSQL takes an advisory lock).
/// </summary>
internal abstract class AuditAppender : IDisposable
{
    /// <summary>For a connection of either engine; it keeps its prepared statements, so dispose of it with the connection.</summary>
    public static AuditAppender On(DbConnection connection) =>
        connection is SqliteConnection sqlite ? new Sqlite(sqlite) : new Postgres((NpgsqlConnection)connection);

    /// <summary>Adds entries, in order.</summary>
    public async Task AppendAsync(byte chain, IReadOnlyList<AuditEntry> entries)
    {
        if (entries.Count == 0)
        {
            return;
        }

        var (seq, hash) = await HeadAsync(chain);
        var people = new byte[entries.Count][];
        var hashes = new byte[entries.Count][];
        for (var i = 0; i < entries.Count; i++)
        {
            people[i] = AuditChain.Pack(entries[i].People);
            hash = hashes[i] = AuditChain.Hash(hash, chain, seq + i + 1, entries[i], people[i]);
        }

        await WriteAsync(chain, seq + 1, entries, people, hashes);
    }

    /// <summary>Adds entries in a transaction of their own; nothing of them is there if it fails.</summary>
    public abstract Task CommitAsync(byte chain, IReadOnlyList<AuditEntry> entries);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>The last row; where there is none, the row at which retention cut the chain off, or the beginning.</summary>
    protected abstract Task<(long Seq, byte[] Hash)> HeadAsync(byte chain);

    /// <summary>Writes the links.</summary>
    protected abstract Task WriteAsync(byte chain, long first, IReadOnlyList<AuditEntry> entries, byte[][] people, byte[][] hashes);

    private const string Columns =
        "chain, seq, at, agent, role, purpose, action, outcome, request_id, interaction, type, resource_id, query, reason, people, hash";

    private sealed class Sqlite(SqliteConnection connection) : AuditAppender
    {
        private readonly SqliteStatement _head = new(connection.Handle!, "SELECT seq, hash FROM audit_event WHERE chain=?1 ORDER BY seq DESC LIMIT 1");
        private readonly SqliteStatement _cut = new(connection.Handle!, "SELECT cut_seq, cut_hash FROM audit_chain_state WHERE chain=?1");
        private readonly SqliteStatement _insert = new(connection.Handle!, $"INSERT INTO audit_event ({Columns}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)");

        private readonly SqliteStatement _begin = new(connection.Handle!, "BEGIN IMMEDIATE");
        private readonly SqliteStatement _commit = new(connection.Handle!, "COMMIT");

        public override async Task CommitAsync(byte chain, IReadOnlyList<AuditEntry> entries)
        {
            // A read makes one small commit: the ADO.NET transaction would cost as much as the row.
            _begin.Run();
            try
            {
                await AppendAsync(chain, entries);
                _commit.Run();
            }
            catch
            {
                SQLitePCL.raw.sqlite3_exec(connection.Handle!, "ROLLBACK");
                throw;
            }
        }

        public override void Dispose()
        {
            _head.Dispose();
            _cut.Dispose();
            _insert.Dispose();
            _begin.Dispose();
            _commit.Dispose();
        }

        protected override Task<(long Seq, byte[] Hash)> HeadAsync(byte chain) => Task.FromResult(Read(_head, chain) ?? Read(_cut, chain) ?? (0, AuditChain.Start));

        protected override Task WriteAsync(byte chain, long first, IReadOnlyList<AuditEntry> entries, byte[][] people, byte[][] hashes)
        {
            for (var i = 0; i < entries.Count; i++)
            {
                var e = entries[i];
                _insert.Bind((long)chain).Bind(first + i).Bind(e.At).Bind(e.Agent).Bind(e.Role).Bind(e.Purpose).Bind((long)e.Action).Bind((long)e.Outcome)
                    .Bind(e.RequestId).Bind(e.Interaction).Bind((long)e.Type).Bind(e.ResourceId).Bind(e.Query).Bind(e.Reason)
                    .Bind(people[i].AsSpan()).Bind(hashes[i].AsSpan()).Run();
            }

            return Task.CompletedTask;
        }

        private static (long, byte[])? Read(SqliteStatement statement, byte chain)
        {
            if (!statement.Bind((long)chain).Step())
            {
                return null;
            }

            var found = (statement.Long(0), statement.Blob(1).ToArray());
            statement.Reset();
            return found;
        }
    }

    private sealed class Postgres(NpgsqlConnection connection) : AuditAppender
    {
        /// <summary>Any number that nothing else locks; the chain's number is added.</summary>
        private const long Lock = 0x6361_7265_0000;

        public override async Task CommitAsync(byte chain, IReadOnlyList<AuditEntry> entries)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await AppendAsync(chain, entries);
            await transaction.CommitAsync();
        }

        public override void Dispose()
        {
        }

        protected override async Task<(long Seq, byte[] Hash)> HeadAsync(byte chain)
        {
            // Two statements: the second must see what was committed while the first waited.
            await using (var wait = new NpgsqlCommand("SELECT pg_advisory_xact_lock(@lock)", connection))
            {
                wait.Parameters.AddWithValue("lock", Lock + chain);
                await wait.ExecuteNonQueryAsync();
            }

            await using var head = new NpgsqlCommand(
                """
                (SELECT seq, hash FROM audit_event WHERE chain=@chain ORDER BY seq DESC LIMIT 1)
                UNION ALL (SELECT cut_seq, cut_hash FROM audit_chain_state WHERE chain=@chain) ORDER BY seq DESC LIMIT 1
                """,
                connection);
            head.Parameters.AddWithValue("chain", (short)chain);
            await using var reader = await head.ExecuteReaderAsync();
            return await reader.ReadAsync() ? (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : (0, AuditChain.Start);
        }

        protected override async Task WriteAsync(byte chain, long first, IReadOnlyList<AuditEntry> entries, byte[][] people, byte[][] hashes)
        {
            await using var insert = new NpgsqlCommand(
                $"""
                INSERT INTO audit_event ({Columns})
                SELECT @chain, * FROM unnest(@seq, @at, @agent, @role, @purpose, @action, @outcome, @request, @interaction, @type, @resource, @query, @reason, @people, @hash)
                """,
                connection);
            insert.Parameters.AddWithValue("chain", (short)chain);
            void Longs(string name, IEnumerable<long> values) => insert.Parameters.AddWithValue(name, NpgsqlDbType.Array | NpgsqlDbType.Bigint, values.ToArray());
            void Smalls(string name, Func<AuditEntry, short> value) => insert.Parameters.AddWithValue(name, NpgsqlDbType.Array | NpgsqlDbType.Smallint, entries.Select(value).ToArray());
            void Texts(string name, Func<AuditEntry, string> value) => insert.Parameters.AddWithValue(name, NpgsqlDbType.Array | NpgsqlDbType.Text, entries.Select(value).ToArray());
            Longs("seq", Enumerable.Range(0, entries.Count).Select(i => first + i));
            Longs("at", entries.Select(e => e.At));
            Texts("agent", e => e.Agent);
            Texts("role", e => e.Role);
            Texts("purpose", e => e.Purpose);
            Smalls("action", e => (short)e.Action);
            Smalls("outcome", e => (short)e.Outcome);
            Texts("request", e => e.RequestId);
            Texts("interaction", e => e.Interaction);
            Smalls("type", e => (short)e.Type);
            Texts("resource", e => e.ResourceId);
            Texts("query", e => e.Query);
            Texts("reason", e => e.Reason);
            insert.Parameters.AddWithValue("people", NpgsqlDbType.Array | NpgsqlDbType.Bytea, people);
            insert.Parameters.AddWithValue("hash", NpgsqlDbType.Array | NpgsqlDbType.Bytea, hashes);
            await insert.ExecuteNonQueryAsync();
        }
    }
}
