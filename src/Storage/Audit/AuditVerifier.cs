using System.Data.Common;
using System.Globalization;

namespace BetterCare.Care.Storage.Audit;

/// <summary>The end of a chain: whoever keeps it elsewhere can later see that nothing up to it was changed or cut off.</summary>
/// <param name="Chain">Which chain.</param>
/// <param name="Seq">The last row.</param>
/// <param name="Hash">Its hash, hexadecimal.</param>
public sealed record AuditHead(byte Chain, long Seq, string Hash)
{
    /// <summary>As printed and as taken by <c>--head</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Chain}:{Seq}:{Hash}");

    /// <summary>Reads what <see cref="ToString"/> printed.</summary>
    public static bool TryParse(string text, out AuditHead head)
    {
        head = new AuditHead(0, 0, "");
        var parts = text.Trim().Split(':');
        if (parts.Length != 3 || !byte.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var chain) || !AuditChain.All.Contains(chain)
            || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            || parts[2].Length != 2 * AuditChain.HashLength || !parts[2].All(char.IsAsciiHexDigit))
        {
            return false;
        }

        head = new AuditHead(chain, seq, parts[2].ToLowerInvariant());
        return true;
    }
}

/// <summary>Something that is not as it was written.</summary>
/// <param name="Chain">Which chain.</param>
/// <param name="Seq">Where.</param>
/// <param name="Problem">What.</param>
public sealed record AuditFault(byte Chain, long Seq, string Problem);

/// <summary>What a check of both chains found.</summary>
/// <param name="Rows">Rows checked.</param>
/// <param name="Heads">The end of each chain that has rows.</param>
/// <param name="Faults">What is wrong; empty: nothing. A hundred at most.</param>
public sealed record AuditVerdict(long Rows, IReadOnlyList<AuditHead> Heads, IReadOnlyList<AuditFault> Faults);

/// <summary>Checks that no row of the chains was changed, left out, put elsewhere or cut off.</summary>
public sealed class AuditVerifier(AuditStore store)
{
    private const int MaxFaults = 100;

    /// <summary>Walks both chains from where retention cut them off.</summary>
    /// <param name="known">Ends that were kept elsewhere: rows must still be there as they were.</param>
    /// <param name="progress">Rows done.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<AuditVerdict> VerifyAsync(IReadOnlyCollection<AuditHead> known, IProgress<long>? progress, CancellationToken ct)
    {
        var faults = new List<AuditFault>();
        var heads = new List<AuditHead>();
        long rows = 0;
        foreach (var chain in AuditChain.All)
        {
            await using var connection = await store.OpenAsync(chain, ct);
            rows += await WalkAsync(connection, chain, [.. known.Where(k => k.Chain == chain)], heads, faults, rows, progress, ct);
        }

        return new AuditVerdict(rows, heads, faults);
    }

    private static async Task<long> WalkAsync(
        DbConnection connection, byte chain, IReadOnlyList<AuditHead> known, List<AuditHead> heads, List<AuditFault> faults, long before, IProgress<long>? progress, CancellationToken ct)
    {
        void Fault(long seq, string problem)
        {
            if (faults.Count < MaxFaults)
            {
                faults.Add(new AuditFault(chain, seq, problem));
            }
        }

        var (cutSeq, cutHash, indexed) = await StateAsync(connection, chain, ct);
        var (seq, hash, rows) = (cutSeq, cutHash, 0L);
        var named = 0L;
        var cutIsStated = cutSeq == 0;
        await using var command = AuditStore.Command(connection, $"SELECT {AuditStore.Columns} FROM audit_event WHERE chain=@chain ORDER BY seq", ("chain", (short)chain));
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                var row = AuditStore.Read(reader);
                if (row.Seq <= cutSeq)
                {
                    Fault(row.Seq, $"The row is older than the cut at {cutSeq}, and should be gone.");
                    continue;
                }

                if (row.Seq != seq + 1)
                {
                    Fault(seq + 1, row.Seq == seq + 2 ? $"Row {seq + 1} is missing." : $"Rows {seq + 1} to {row.Seq - 1} are missing.");
                }

                if (!AuditChain.Hash(hash, chain, row.Seq, row.Entry, row.Packed).AsSpan().SequenceEqual(row.Hash))
                {
                    Fault(row.Seq, row.Seq == seq + 1 ? "The row was changed, or put in place of another, after it was written." : "The row does not follow from the one before it.");
                }

                foreach (var head in known.Where(k => k.Seq == row.Seq && k.Hash != Convert.ToHexStringLower(row.Hash)))
                {
                    Fault(head.Seq, "The chain was written anew: here it does not have the hash that was kept elsewhere.");
                }

                cutIsStated |= row.Entry.Interaction == AuditRetention.Interaction && row.Entry.Query == AuditRetention.Statement(chain, cutSeq, cutHash);
                named += row.Seq <= indexed ? row.Entry.People.Count : 0;
                (seq, hash) = (row.Seq, row.Hash);
                if (++rows % 10_000 == 0)
                {
                    progress?.Report(before + rows);
                }
            }
        }

        foreach (var head in known.Where(k => k.Seq > seq))
        {
            Fault(seq + 1, $"The chain ends at row {seq}, but had reached row {head.Seq}: its end was cut off.");
        }

        if (!cutIsStated)
        {
            Fault(cutSeq, $"Rows up to {cutSeq} were cut off, and no row of this chain says that retention did it.");
        }

        if (indexed > seq)
        {
            Fault(seq + 1, $"The chain ends at row {seq}, but rows up to {indexed} had been indexed: its end was cut off.");
        }
        else if (await CountAsync(connection, chain, indexed, ct) is var found && found != named)
        {
            Fault(0, $"The index by person has {found} entries for rows that name {named} people.");
        }

        if (rows > 0)
        {
            heads.Add(new AuditHead(chain, seq, Convert.ToHexStringLower(hash)));
        }

        return rows;
    }

    internal static async Task<(long CutSeq, byte[] CutHash, long Indexed)> StateAsync(DbConnection connection, byte chain, CancellationToken ct)
    {
        await using var command = AuditStore.Command(connection, "SELECT cut_seq, cut_hash, indexed_seq FROM audit_chain_state WHERE chain=@chain", ("chain", (short)chain));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), reader.GetInt64(2)) : (0, AuditChain.Start, 0);
    }

    private static async Task<long> CountAsync(DbConnection connection, byte chain, long indexed, CancellationToken ct)
    {
        await using var command = AuditStore.Command(connection, "SELECT COUNT(*) FROM audit_person WHERE chain=@chain AND seq<=@indexed", ("chain", (short)chain), ("indexed", indexed));
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
    }
}
