using System.Data.Common;
using System.Globalization;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Tracing;

namespace BetterCare.Care.Storage.Resources;

/// <summary>Former numbers, and people who wait for one.</summary>
public sealed partial class Directories
{
    /// <summary>Counts merges and undoings, so that every process sees that there has been one.</summary>
    internal const string MergeMark = "merges";

    // A read may lag behind a merge of another process by this; a write never does (ResourceWriter looks within its commit).
    private static readonly TimeSpan MergedFresh = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _reading = new(1, 1);
    private volatile MergedPeople? _merged;
    private long _mergedAt;

    /// <summary>The merges in force.</summary>
    public ValueTask<MergedPeople> MergedAsync(CancellationToken ct) =>
        _merged is { } current && Environment.TickCount64 - Volatile.Read(ref _mergedAt) < MergedFresh.TotalMilliseconds ? ValueTask.FromResult(current) : FreshAsync(ct);

    /// <summary>The number that has taken the place of a former one; null where the number is in force, or not known.</summary>
    public async ValueTask<NhsNumber?> SurvivorAsync(NhsNumber number, CancellationToken ct) => (await MergedAsync(ct)).Of(number)?.IntoNumber;

    /// <summary>Whether a person waits in the tracing queue.</summary>
    internal async ValueTask<bool> IsWaitingAsync(string personId, CancellationToken ct) =>
        await QueryAsync("SELECT 1 FROM tracing_person WHERE id = @p0", [personId], ct) is not null;

    /// <summary>What tracing adds to a supplier's Patient; null where that Patient was never traced.</summary>
    internal async ValueTask<TracedDetails?> TracedAsync(int supplier, string sourceId, CancellationToken ct) =>
        await QueryAsync("SELECT added FROM tracing_person WHERE id = @p0 AND state = 2", [WaitingItem.IdOf(supplier, sourceId)], ct) is string added
            ? TracedDetails.FromJson(added)
            : null;

    /// <summary>After a merge nothing from memory is trusted.</summary>
    public void ForgetPeople()
    {
        Forget();
        _merged = null;
    }

    /// <summary>The merges in force as a commit sees them, whatever memory says.</summary>
    /// <param name="epoch">What the commit read of <see cref="MergeMark"/>.</param>
    /// <param name="connection">Its connection.</param>
    internal async ValueTask<MergedPeople> MergedAsync(long epoch, DbConnection connection) =>
        _merged is { } current && current.Epoch == epoch ? current : Taken(await ReadMergedAsync(epoch, connection, CancellationToken.None));

    private async ValueTask<MergedPeople> FreshAsync(CancellationToken ct)
    {
        // One looks; the others go on with what was true a moment ago.
        if (_merged is { } known && !_reading.Wait(0, ct))
        {
            return known;
        }

        if (_merged is null)
        {
            await _reading.WaitAsync(ct);
        }

        try
        {
            await using var connection = await database.OpenAsync(ct);
            var epoch = await EpochAsync(connection, ct);
            var merged = _merged is { } current && current.Epoch == epoch ? current : await ReadMergedAsync(epoch, connection, ct);
            return Taken(merged);
        }
        finally
        {
            _reading.Release();
        }
    }

    private MergedPeople Taken(MergedPeople merged)
    {
        if (_merged is { } before && before.Epoch != merged.Epoch)
        {
            _byNumber.Clear();
            _byAlias.Clear();
        }

        Volatile.Write(ref _mergedAt, Environment.TickCount64);
        return _merged = merged;
    }

    private static async Task<long> EpochAsync(DbConnection connection, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT value FROM upkeep_mark WHERE name='{MergeMark}'";
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
    }

    private static async Task<MergedPeople> ReadMergedAsync(long epoch, DbConnection connection, CancellationToken ct)
    {
        var merges = new List<MergeInForce>();
        if (epoch != 0)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT id, from_number, into_number, from_key, into_key, restricted, renumbered FROM person_merge WHERE undone_at=0";
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                merges.Add(new MergeInForce(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetBoolean(5), reader.GetBoolean(6)));
            }
        }

        return new MergedPeople(epoch, merges);
    }
}
