using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Storage.Audit;

/// <summary>
/// Adds links to a chain inside the transaction that is open on a connection. It must be the last thing before the commit:
/// from here to the commit nobody else can add to the chain (SQLite has one writer; PostgreSQL takes an advisory lock).
/// </summary>
internal abstract partial class AuditAppender : IDisposable
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

        var links = new Links(chain, await HeadAsync(chain), entries);
        await WriteAsync(links);
    }

    /// <summary>Adds entries in a transaction of their own; nothing of them is there if it fails.</summary>
    public abstract Task CommitAsync(byte chain, IReadOnlyList<AuditEntry> entries);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>The last row; where there is none, the row at which retention cut the chain off, or the beginning.</summary>
    protected abstract Task<Head> HeadAsync(byte chain);

    /// <summary>Writes the links.</summary>
    protected abstract Task WriteAsync(Links links);

    /// <summary>A row of a chain.</summary>
    protected sealed record Head(long Seq, byte[] Hash);

    /// <summary>Entries as links of a chain.</summary>
    protected sealed class Links
    {
        /// <summary>Makes links that follow a row.</summary>
        public Links(byte chain, Head before, IReadOnlyList<AuditEntry> entries)
        {
            (Chain, Before, Entries) = (chain, before, entries);
            People = new byte[entries.Count][];
            Hashes = new byte[entries.Count][];
            var hash = before.Hash;
            for (var i = 0; i < entries.Count; i++)
            {
                People[i] = AuditChain.Pack(entries[i].People);
                hash = Hashes[i] = AuditChain.Hash(hash, chain, First + i, entries[i], People[i]);
            }
        }

        public byte Chain { get; }

        public Head Before { get; }

        public IReadOnlyList<AuditEntry> Entries { get; }

        public byte[][] People { get; }

        public byte[][] Hashes { get; }

        public long First => Before.Seq + 1;

        public Head Last => new(Before.Seq + Entries.Count, Hashes[^1]);
    }

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

        protected override Task<Head> HeadAsync(byte chain) => Task.FromResult(Read(_head, chain) ?? Read(_cut, chain) ?? new Head(0, AuditChain.Start));

        protected override Task WriteAsync(Links links)
        {
            for (var i = 0; i < links.Entries.Count; i++)
            {
                var e = links.Entries[i];
                _insert.Bind((long)links.Chain).Bind(links.First + i).Bind(e.At).Bind(e.Agent).Bind(e.Role).Bind(e.Purpose).Bind((long)e.Action).Bind((long)e.Outcome)
                    .Bind(e.RequestId).Bind(e.Interaction).Bind((long)e.Type).Bind(e.ResourceId).Bind(e.Query).Bind(e.Reason)
                    .Bind(links.People[i].AsSpan()).Bind(links.Hashes[i].AsSpan()).Run();
            }

            return Task.CompletedTask;
        }

        private static Head? Read(SqliteStatement statement, byte chain)
        {
            if (!statement.Bind((long)chain).Step())
            {
                return null;
            }

            var found = new Head(statement.Long(0), statement.Blob(1).ToArray());
            statement.Reset();
            return found;
        }
    }
}
