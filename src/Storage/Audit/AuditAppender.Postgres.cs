using Npgsql;
using NpgsqlTypes;

namespace BetterCare.Care.Storage.Audit;

internal abstract partial class AuditAppender
{
    /// <summary>
    /// PostgreSQL. Several processes may add to a chain: an advisory lock, held until the commit, lets one at a time. Who commits
    /// rows alone remembers the last of them, and while nobody else has added any, lock, rows and commit are one message.
    /// </summary>
    private sealed class Postgres(NpgsqlConnection connection) : AuditAppender
    {
        /// <summary>Any number that nothing else locks; the chain's number is added.</summary>
        private const long Lock = 0x6361_7265_0000;

        private const string LastRow = """
            (SELECT seq, hash FROM audit_event WHERE chain=$1 ORDER BY seq DESC LIMIT 1)
            UNION ALL (SELECT cut_seq, cut_hash FROM audit_chain_state WHERE chain=$1) ORDER BY seq DESC LIMIT 1
            """;

        private const string Rows = "unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

        private const string Insert = $"INSERT INTO audit_event ({Columns}) SELECT $1, * FROM {Rows}";

        // The hash of a row covers its number and all before it.
        private const string InsertAfter = $"{Insert} WHERE $17=COALESCE((SELECT hash FROM ({LastRow}) last), $18)";

        private readonly Dictionary<byte, Head> _known = [];

        public override async Task CommitAsync(byte chain, IReadOnlyList<AuditEntry> entries)
        {
            if (entries.Count == 0 || (_known.Remove(chain, out var head) && await CommitAfterAsync(chain, head, entries)))
            {
                return;
            }

            await using var transaction = await connection.BeginTransactionAsync();
            var links = new Links(chain, await HeadAsync(chain), entries);
            await WriteAsync(links);
            await transaction.CommitAsync();
            _known[chain] = links.Last;
        }

        public override void Dispose()
        {
        }

        protected override async Task<Head> HeadAsync(byte chain)
        {
            // Two statements: the second must see what was committed while the first waited.
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Wait(chain), new NpgsqlBatchCommand(LastRow) { Parameters = { Small(chain) } } } };
            await using var reader = await batch.ExecuteReaderAsync();
            await reader.NextResultAsync();
            return await reader.ReadAsync() ? new Head(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : new Head(0, AuditChain.Start);
        }

        protected override async Task WriteAsync(Links links)
        {
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { With(links, Insert) } };
            await batch.ExecuteNonQueryAsync();
        }

        /// <summary>Adds entries after a row, in one message and one commit of its own.</summary>
        /// <returns>Whether that row was still the last; if it was not, nothing is written.</returns>
        private async Task<bool> CommitAfterAsync(byte chain, Head head, IReadOnlyList<AuditEntry> entries)
        {
            var links = new Links(chain, head, entries);
            var insert = With(links, InsertAfter);
            insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = head.Hash });
            insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = AuditChain.Start });
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Wait(chain), insert } };
            await batch.PrepareAsync();
            try
            {
                await batch.ExecuteNonQueryAsync();
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                // A server whose transactions see only what was there when they began, whatever they waited for.
                return false;
            }

            if (insert.RecordsAffected == 0)
            {
                return false;
            }

            _known[chain] = links.Last;
            return true;
        }

        private static NpgsqlBatchCommand Wait(byte chain) => new("SELECT pg_advisory_xact_lock($1)") { Parameters = { new NpgsqlParameter<long> { TypedValue = Lock + chain } } };

        private static NpgsqlBatchCommand With(Links links, string sql)
        {
            var command = new NpgsqlBatchCommand(sql) { Parameters = { Small(links.Chain) } };
            var rows = links.Entries;
            void All<T>(NpgsqlDbType type, Func<AuditEntry, T> value)
            {
                var values = new T[rows.Count];
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = value(rows[i]);
                }

                Add(type, values);
            }

            void Add<T>(NpgsqlDbType type, T[] values) => command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });

            var numbers = new long[rows.Count];
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] = links.First + i;
            }

            Add(NpgsqlDbType.Bigint, numbers);
            All(NpgsqlDbType.Bigint, static e => e.At);
            All(NpgsqlDbType.Text, static e => e.Agent);
            All(NpgsqlDbType.Text, static e => e.Role);
            All(NpgsqlDbType.Text, static e => e.Purpose);
            All(NpgsqlDbType.Smallint, static e => (short)e.Action);
            All(NpgsqlDbType.Smallint, static e => (short)e.Outcome);
            All(NpgsqlDbType.Text, static e => e.RequestId);
            All(NpgsqlDbType.Text, static e => e.Interaction);
            All(NpgsqlDbType.Smallint, static e => (short)e.Type);
            All(NpgsqlDbType.Text, static e => e.ResourceId);
            All(NpgsqlDbType.Text, static e => e.Query);
            All(NpgsqlDbType.Text, static e => e.Reason);
            Add(NpgsqlDbType.Bytea, links.People);
            Add(NpgsqlDbType.Bytea, links.Hashes);
            return command;
        }

        private static NpgsqlParameter<short> Small(short value) => new() { TypedValue = value };
    }
}
