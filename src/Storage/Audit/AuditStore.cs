using System.Data.Common;
using System.Runtime.CompilerServices;
using BetterCare.Care.Fhir;

namespace BetterCare.Care.Storage.Audit;

/// <summary>A link of a chain, read back.</summary>
/// <param name="Chain">Which chain.</param>
/// <param name="Seq">Place in it.</param>
/// <param name="Entry">What it records.</param>
/// <param name="Packed">Its people as they are stored.</param>
/// <param name="Hash">Its hash.</param>
public sealed record AuditRecord(byte Chain, long Seq, AuditEntry Entry, byte[] Packed, byte[] Hash)
{
    /// <summary>Its id: the same for ever.</summary>
    public string Id => $"{Chain}-{Seq}";
}

/// <summary>Which records are wanted.</summary>
public sealed record AuditFilter
{
    /// <summary>Only about these people (with the meaning of <see cref="AuditEntry.People"/>); null: about anybody.</summary>
    public IReadOnlyCollection<long>? People { get; init; }

    /// <summary>Only by this user or client.</summary>
    public string? Agent { get; init; }

    /// <summary>Only with this outcome.</summary>
    public AuditOutcome? Outcome { get; init; }

    /// <summary>Only with this action.</summary>
    public AuditAction? Action { get; init; }

    /// <summary>Not before, Unix milliseconds.</summary>
    public long From { get; init; }

    /// <summary>Before, Unix milliseconds.</summary>
    public long To { get; init; } = long.MaxValue;

    /// <summary>Whether a record is wanted.</summary>
    public bool Wants(AuditEntry e) =>
        e.At >= From && e.At < To && (Agent is null || e.Agent == Agent) && (Outcome is null || e.Outcome == Outcome) && (Action is null || e.Action == Action)
        && (People is null || e.People.Any(People.Contains));
}

/// <summary>Reads the chains, the latest first.</summary>
public sealed class AuditStore(CareDatabase database)
{
    /// <summary>Clocks of several instances, and requests that end in another order than they began, differ by less.</summary>
    private const long Slack = 10 * 60_000;

    private const int Page = 1000;

    internal const string Columns =
        "chain, seq, at, agent, role, purpose, action, outcome, request_id, interaction, type, resource_id, query, reason, people, hash";

    /// <summary>Opens the connection on which a chain is.</summary>
    public Task<DbConnection> OpenAsync(byte chain, CancellationToken ct) => chain == AuditChain.Changes ? database.OpenAsync(ct) : database.OpenAuditAsync(durable: true, ct);

    /// <summary>The end of a chain; null where it has no rows.</summary>
    public async Task<AuditHead?> HeadAsync(byte chain, CancellationToken ct)
    {
        await using var connection = await OpenAsync(chain, ct);
        return await RowsAsync(connection, "chain=@chain", 1, ct, ("chain", (short)chain)).FirstOrDefaultAsync(ct) is { } last
            ? new AuditHead(chain, last.Seq, Convert.ToHexStringLower(last.Hash))
            : null;
    }

    /// <summary>One record; null where there is none, or no longer.</summary>
    public async Task<AuditRecord?> ReadAsync(byte chain, long seq, CancellationToken ct)
    {
        await using var connection = await OpenAsync(chain, ct);
        return await RowsAsync(connection, "chain=@chain AND seq=@seq", 1, ct, ("chain", (short)chain), ("seq", seq)).FirstOrDefaultAsync(ct);
    }

    /// <summary>Records of both chains that a filter wants, the latest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="before">Only those that come after this one in that order; null: from the latest.</param>
    /// <param name="ct">Cancels.</param>
    public async IAsyncEnumerable<AuditRecord> FindAsync(AuditFilter filter, (long At, byte Chain, long Seq)? before, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var changes = ChainAsync(AuditChain.Changes, filter, ct).GetAsyncEnumerator(ct);
        await using var accesses = ChainAsync(AuditChain.Accesses, filter, ct).GetAsyncEnumerator(ct);
        var first = await changes.MoveNextAsync() ? changes.Current : null;
        var second = await accesses.MoveNextAsync() ? accesses.Current : null;
        while (first is not null || second is not null)
        {
            AuditRecord next;
            if (second is null || (first is not null && first.Entry.At > second.Entry.At))
            {
                next = first!;
                first = await changes.MoveNextAsync() ? changes.Current : null;
            }
            else
            {
                next = second;
                second = await accesses.MoveNextAsync() ? accesses.Current : null;
            }

            // A page continues by place in its chain, and by time in the other: no record is shown twice or left out.
            if (before is not { } last || (next.Chain == last.Chain ? next.Seq < last.Seq : next.Entry.At < last.At || (next.Entry.At == last.At && next.Chain < last.Chain)))
            {
                yield return next;
            }
        }
    }

    private async IAsyncEnumerable<AuditRecord> ChainAsync(byte chain, AuditFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await OpenAsync(chain, ct);
        var end = long.MaxValue;
        if (filter.People is { } people)
        {
            // What the index does not cover yet is looked through; the rest is read by its place.
            var indexed = await IndexedAsync(connection, chain, ct);
            await foreach (var record in DownAsync(connection, chain, end, indexed, filter, ct))
            {
                yield return record;
            }

            var places = new SortedSet<long>();
            foreach (var person in people)
            {
                await foreach (var seq in PlacesAsync(connection, chain, person, ct))
                {
                    if (seq <= indexed)
                    {
                        places.Add(seq);
                    }
                }
            }

            foreach (var seq in places.Reverse())
            {
                await foreach (var record in RowsAsync(connection, "chain=@chain AND seq=@seq", 1, ct, ("chain", (short)chain), ("seq", seq)))
                {
                    if (filter.Wants(record.Entry))
                    {
                        yield return record;
                    }
                }
            }

            yield break;
        }

        if (filter.To != long.MaxValue)
        {
            end = await FirstAfterAsync(connection, chain, filter.To + Slack, ct);
        }

        await foreach (var record in DownAsync(connection, chain, end, 0, filter, ct))
        {
            yield return record;
        }
    }

    private static async IAsyncEnumerable<AuditRecord> DownAsync(DbConnection connection, byte chain, long before, long after, AuditFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            var read = 0;
            await foreach (var record in RowsAsync(connection, "chain=@chain AND seq<@before AND seq>@after", Page, ct, ("chain", (short)chain), ("before", before), ("after", after)))
            {
                read++;
                before = record.Seq;
                if (filter.Wants(record.Entry))
                {
                    yield return record;
                }
                else if (record.Entry.At < filter.From - Slack)
                {
                    yield break;
                }
            }

            if (read < Page)
            {
                yield break;
            }
        }
    }

    /// <summary>The first row whose time is past an instant: rows are in order of time but for the slack.</summary>
    private static async Task<long> FirstAfterAsync(DbConnection connection, byte chain, long at, CancellationToken ct)
    {
        var (low, high) = (await NumberAsync(connection, "SELECT COALESCE(MIN(seq), 1) FROM audit_event WHERE chain=@chain", chain, 0, ct),
            await NumberAsync(connection, "SELECT COALESCE(MAX(seq), 0) + 1 FROM audit_event WHERE chain=@chain", chain, 0, ct));
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            var time = await NumberAsync(connection, "SELECT at FROM audit_event WHERE chain=@chain AND seq=@seq", chain, middle, ct);
            (low, high) = time > at ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    private static async Task<long> IndexedAsync(DbConnection connection, byte chain, CancellationToken ct) =>
        await NumberAsync(connection, "SELECT COALESCE(MAX(indexed_seq), 0) FROM audit_chain_state WHERE chain=@chain", chain, 0, ct);

    private static async Task<long> NumberAsync(DbConnection connection, string sql, byte chain, long seq, CancellationToken ct)
    {
        await using var command = Command(connection, sql, ("chain", (short)chain), ("seq", seq));
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async IAsyncEnumerable<long> PlacesAsync(DbConnection connection, byte chain, long person, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = Command(connection, "SELECT seq FROM audit_person WHERE patient_key=@person AND chain=@chain", ("person", person), ("chain", (short)chain));
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            yield return reader.GetInt64(0);
        }
    }

    internal static async IAsyncEnumerable<AuditRecord> RowsAsync(
        DbConnection connection, string where, int limit, [EnumeratorCancellation] CancellationToken ct, params (string Name, object Value)[] values)
    {
        await using var command = Command(connection, $"SELECT {Columns} FROM audit_event WHERE {where} ORDER BY seq DESC LIMIT {limit}", values);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            yield return Read(reader);
        }
    }

    internal static AuditRecord Read(DbDataReader r)
    {
        var people = r.GetFieldValue<byte[]>(14);
        return new AuditRecord(
            (byte)r.GetInt16(0),
            r.GetInt64(1),
            new AuditEntry
            {
                At = r.GetInt64(2),
                Agent = r.GetString(3),
                Role = r.GetString(4),
                Purpose = r.GetString(5),
                Action = (AuditAction)r.GetInt16(6),
                Outcome = (AuditOutcome)r.GetInt16(7),
                RequestId = r.GetString(8),
                Interaction = r.GetString(9),
                Type = (ResourceType)r.GetInt16(10),
                ResourceId = r.GetString(11),
                Query = r.GetString(12),
                Reason = r.GetString(13),
                People = AuditChain.Unpack(people),
            },
            people,
            r.GetFieldValue<byte[]>(15));
    }

    internal static DbCommand Command(DbConnection connection, string sql, params (string Name, object Value)[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
