using System.Globalization;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Tracing;

namespace BetterCare.Care.Storage.Resources;

/// <summary>Former numbers, and people who wait for one.</summary>
public sealed partial class Directories
{
    // Another process may merge two people: this one learns of it within a minute, and the sweep after a merge mends the rest.
    private static readonly TimeSpan SupersededFresh = TimeSpan.FromMinutes(1);

    private volatile Superseded? _superseded;

    /// <summary>The number that has taken the place of a former one; null where the number is in force, or not known.</summary>
    public async ValueTask<NhsNumber?> SurvivorAsync(NhsNumber number, CancellationToken ct)
    {
        var known = _superseded is { } current && Environment.TickCount64 - current.ReadAt < SupersededFresh.TotalMilliseconds ? current : await ReadSupersededAsync(ct);
        return known.Survivors.TryGetValue(number.Number, out var survivor) ? NhsNumber.FromStored(survivor) : null;
    }

    /// <summary>Whether a person waits in the tracing queue.</summary>
    internal async ValueTask<bool> IsWaitingAsync(string personId, CancellationToken ct) =>
        await QueryAsync("SELECT 1 FROM tracing_person WHERE id = @p0", [personId], ct) is not null;

    /// <summary>What tracing adds to a supplier's Patient; null where that Patient was never traced.</summary>
    internal async ValueTask<TracedDetails?> TracedAsync(int supplier, string sourceId, CancellationToken ct) =>
        await QueryAsync("SELECT added FROM tracing_person WHERE id = @p0 AND state = 2", [WaitingItem.IdOf(supplier, sourceId)], ct) is string added
            ? TracedDetails.FromJson(added)
            : null;

    /// <summary>After a merge nothing from memory is trusted.</summary>
    internal void ForgetPeople() => Forget();

    private async Task<Superseded> ReadSupersededAsync(CancellationToken ct)
    {
        var survivors = new Dictionary<long, long>();
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT nhs_number, surviving_number FROM number_alias";
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            survivors[reader.GetInt64(0)] = Convert.ToInt64(reader.GetValue(1), CultureInfo.InvariantCulture);
        }

        return _superseded = new Superseded(survivors, Environment.TickCount64);
    }

    private sealed record Superseded(IReadOnlyDictionary<long, long> Survivors, long ReadAt);
}
