using System.Data.Common;
using System.Globalization;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Storage.Audit;

/// <summary>
/// Keeps the index by person up to date, and cuts off what is older than the retention period. The hash at the cut is kept
/// and stated by a row of the chain itself, so that what is left can still be verified.
/// </summary>
public sealed class AuditRetention(AuditStore store, TimeProvider clock)
{
    /// <summary>The interaction of a row that states a cut.</summary>
    public const string Interaction = "CutAudit";

    private const int IndexAtOnce = 20_000;
    private const int CutAtOnce = 10_000;

    /// <summary>What a row says about a cut.</summary>
    public static string Statement(byte chain, long seq, byte[] hash) => new AuditHead(chain, seq, Convert.ToHexStringLower(hash)).ToString();

    /// <summary>Indexes the rows that came since the last time, in parts, so that nobody waits long.</summary>
    /// <param name="atLeast">Does nothing for a chain with fewer new rows.</param>
    /// <param name="ct">Cancels between parts.</param>
    /// <returns>Rows indexed.</returns>
    public async Task<long> IndexAsync(int atLeast, CancellationToken ct)
    {
        long done = 0;
        foreach (var chain in AuditChain.All)
        {
            await using var connection = await store.OpenAsync(chain, ct);
            var head = await HeadAsync(connection, chain, ct);
            var (_, _, indexed) = await AuditVerifier.StateAsync(connection, chain, ct);
            if (head - indexed < Math.Max(1, atLeast))
            {
                continue;
            }

            while (indexed < head)
            {
                ct.ThrowIfCancellationRequested();
                var to = Math.Min(head, indexed + IndexAtOnce);
                await IndexAsync(connection, chain, indexed, to, ct);
                done += to - indexed;
                indexed = to;
            }
        }

        return done;
    }

    /// <summary>Cuts off rows older than an instant, and states the cut in the chain.</summary>
    /// <returns>Rows cut off.</returns>
    public async Task<long> CutAsync(DateTimeOffset before, CancellationToken ct)
    {
        await IndexAsync(1, ct);
        long cut = 0;
        foreach (var chain in AuditChain.All)
        {
            await using var connection = await store.OpenAsync(chain, ct);
            while (await CutPartAsync(connection, chain, before.ToUnixTimeMilliseconds(), ct) is var rows and > 0)
            {
                cut += rows;
            }
        }

        return cut;
    }

    private async Task<long> CutPartAsync(DbConnection connection, byte chain, long before, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        using var appender = AuditAppender.On(connection);
        var (from, _, _) = await AuditVerifier.StateAsync(connection, chain, ct);
        var last = await LastOldAsync(connection, chain, before, from + CutAtOnce, ct);
        if (last is not { } cut)
        {
            return 0;
        }

        async Task<int> RunAsync(string sql, params (string, object)[] values)
        {
            await using var command = AuditStore.Command(connection, sql, [.. values, ("chain", (short)chain), ("seq", cut.Seq)]);
            command.Transaction = transaction;
            return await command.ExecuteNonQueryAsync(ct);
        }

        await RunAsync("DELETE FROM audit_person WHERE chain=@chain AND seq<=@seq");
        var rows = await RunAsync("DELETE FROM audit_event WHERE chain=@chain AND seq<=@seq");
        await RunAsync("UPDATE audit_chain_state SET cut_seq=@seq, cut_hash=@hash WHERE chain=@chain", ("hash", cut.Hash));
        await appender.AppendAsync(chain,
        [
            new AuditEntry
            {
                At = clock.GetUtcNow().ToUnixTimeMilliseconds(),
                Agent = "service",
                Action = AuditAction.Delete,
                Interaction = Interaction,
                Query = Statement(chain, cut.Seq, cut.Hash),
                Reason = "Older than the retention period.",
            },
        ]);
        await transaction.CommitAsync(ct);
        return rows;
    }

    /// <summary>The last of the oldest rows that are all before an instant; null where the oldest is not, or is the only one.</summary>
    private static async Task<(long Seq, byte[] Hash)?> LastOldAsync(DbConnection connection, byte chain, long before, long most, CancellationToken ct)
    {
        await using var command = AuditStore.Command(
            connection,
            """
            SELECT seq, hash FROM audit_event WHERE chain=@chain AND seq<=@most
              AND seq < COALESCE((SELECT MIN(seq) FROM audit_event WHERE chain=@chain AND at>=@before AND seq<=@most), @most + 1)
            ORDER BY seq DESC LIMIT 1
            """,
            ("chain", (short)chain), ("most", most), ("before", before));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : null;
    }

    private static async Task IndexAsync(DbConnection connection, byte chain, long after, long to, CancellationToken ct)
    {
        var entries = new List<(long Person, long Seq)>();
        await using (var command = AuditStore.Command(
            connection, "SELECT seq, people FROM audit_event WHERE chain=@chain AND seq>@after AND seq<=@to", ("chain", (short)chain), ("after", after), ("to", to)))
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                foreach (var person in AuditChain.Unpack(reader.GetFieldValue<byte[]>(1)))
                {
                    entries.Add((person, reader.GetInt64(0)));
                }
            }
        }

        // In key order a clustered table is filled page by page.
        entries.Sort();
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (connection is Npgsql.NpgsqlConnection)
        {
            await using var insert = AuditStore.Command(
                connection,
                "INSERT INTO audit_person (patient_key, chain, seq) SELECT p, @chain, s FROM unnest(@people, @places) AS x(p, s) ON CONFLICT DO NOTHING",
                ("chain", (short)chain), ("people", entries.Select(e => e.Person).ToArray()), ("places", entries.Select(e => e.Seq).ToArray()));
            await insert.ExecuteNonQueryAsync(ct);
        }
        else
        {
            using var insert = new SqliteStatement(
                ((Microsoft.Data.Sqlite.SqliteConnection)connection).Handle!, "INSERT INTO audit_person (patient_key, chain, seq) VALUES (?1,?2,?3) ON CONFLICT DO NOTHING");
            foreach (var (person, seq) in entries)
            {
                insert.Bind(person).Bind((long)chain).Bind(seq).Run();
            }
        }

        await using var state = AuditStore.Command(
            connection,
            """
            INSERT INTO audit_chain_state (chain, cut_seq, cut_hash, indexed_seq) VALUES (@chain, 0, @start, @to)
            ON CONFLICT (chain) DO UPDATE SET indexed_seq=excluded.indexed_seq
            """,
            ("chain", (short)chain), ("start", AuditChain.Start), ("to", to));
        state.Transaction = transaction;
        await state.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
    }

    private static async Task<long> HeadAsync(DbConnection connection, byte chain, CancellationToken ct)
    {
        await using var command = AuditStore.Command(connection, "SELECT COALESCE(MAX(seq), 0) FROM audit_event WHERE chain=@chain", ("chain", (short)chain));
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
    }
}
