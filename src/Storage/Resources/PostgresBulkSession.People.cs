using NpgsqlTypes;

namespace BetterCare.Care.Storage.Resources;

internal sealed partial class PostgresBulkSession
{
    /// <summary>The advisory lock that commits share and a merge holds alone.</summary>
    internal const long MergeLock = 0x6D65_7267_6573;

    public async Task<long> MergeEpochAsync()
    {
        // Two statements and one round trip: the second sees what was committed while the first waited.
        await using var command = Command($"SELECT pg_advisory_xact_lock_shared({MergeLock}); SELECT value FROM upkeep_mark WHERE name='{Directories.MergeMark}'");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.NextResultAsync();
        return await reader.ReadAsync() ? reader.GetInt64(0) : 0;
    }

    public async Task ShareAsync(List<PreparedResource> written)
    {
        var changed = written.Where(i => i.Before is not null).ToList();
        if (changed.Count > 0)
        {
            await using var leave = Command("UPDATE resource_person p SET former=true FROM unnest(@types, @ids) AS w(type, id) WHERE p.type=w.type AND p.id=w.id");
            Types(leave, changed);
            await leave.ExecuteNonQueryAsync();
        }

        var people = written.SelectMany(i => i.People.Select(p => (Person: p, i.Type, i.Id))).ToList();
        if (people.Count > 0)
        {
            await using var join = Command("""
                INSERT INTO resource_person (patient_key, type, id, former) SELECT w.person, w.type, w.id, false FROM unnest(@people, @types, @ids) AS w(person, type, id)
                ON CONFLICT (patient_key, type, id) DO UPDATE SET former=false
                """);
            Array(join, "people", NpgsqlDbType.Bigint, people.Select(p => p.Person));
            Array(join, "types", NpgsqlDbType.Smallint, people.Select(p => (short)p.Type));
            Array(join, "ids", NpgsqlDbType.Text, people.Select(p => p.Id));
            await join.ExecuteNonQueryAsync();
        }
    }
}
