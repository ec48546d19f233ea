using System.Data.Common;
using System.Globalization;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.OptOuts;

/// <summary>
/// Makes the opt-out flags of people anew from everything that says something of them: their Consents and Flags, and the
/// lists of numbers. It runs in the transaction of whatever changed, so an opt-out holds, and ends, from that commit on.
/// </summary>
public static class OptOutWriter
{
    private const int PeoplePerStatement = 500;

    /// <summary>Brings up to date the people whom a commit of resources may have moved.</summary>
    /// <param name="connection">In a transaction, after the resources are written.</param>
    /// <param name="written">What was written.</param>
    /// <param name="now">Unix milliseconds.</param>
    internal static async Task FollowAsync(DbConnection connection, IEnumerable<PreparedResource> written, long now)
    {
        HashSet<long>? moved = null;
        List<long>? arrived = null;
        foreach (var item in written)
        {
            if (item.PatientKey != 0 && OptOutRecord.Concerns(item.Type, item.Body.Span, item.Before is null))
            {
                (moved ??= []).Add(item.PatientKey);
            }
            else if (item is { Type: ResourceType.Patient, Before: null })
            {
                (arrived ??= []).Add(item.PatientKey);
            }
        }

        // Who comes new may stand on a list since long ago.
        if (arrived is not null && await AnyListedAsync(connection))
        {
            await foreach (var key in ListedAmongAsync(connection, arrived))
            {
                (moved ??= []).Add(key);
            }
        }

        if (moved is not null)
        {
            await RecountAsync(connection, [.. moved], now);
        }
    }

    /// <summary>Counts the opt-outs of people again.</summary>
    /// <param name="connection">In a transaction.</param>
    /// <param name="people">Their keys.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <returns>Those whose opt-outs are others now.</returns>
    public static async Task<List<long>> RecountAsync(DbConnection connection, IReadOnlyCollection<long> people, long now)
    {
        var changed = new List<long>();
        foreach (var part in people.Order().Chunk(PeoplePerStatement))
        {
            var keys = string.Join(',', part.Select(k => k.ToString(CultureInfo.InvariantCulture)));
            var before = await FlagsAsync(connection, keys);
            var said = await SaidAsync(connection, keys, now);
            foreach (var flags in before.GroupBy(p => OptOutRecord.InForce(said[p.Key]), p => p))
            {
                var others = flags.Where(p => p.Value != flags.Key).Select(p => p.Key).ToList();
                if (others.Count == 0)
                {
                    continue;
                }

                changed.AddRange(others);
                await using var command = connection.CreateCommand();
                command.CommandText = $"UPDATE patient SET flags=(flags & {~(int)OptOutRecord.Both & 0x7fff}) | {(int)flags.Key} WHERE patient_key IN ({string.Join(',', others)})";
                await command.ExecuteNonQueryAsync();
            }
        }

        return changed;
    }

    /// <summary>The opt-outs as they stand; on PostgreSQL the rows are held, so that two commits about one person count one after the other.</summary>
    private static async Task<Dictionary<long, PersonFlags>> FlagsAsync(DbConnection connection, string keys)
    {
        await using var command = connection.CreateCommand();
        var hold = connection is Npgsql.NpgsqlConnection ? " ORDER BY patient_key FOR UPDATE" : "";
        command.CommandText = $"SELECT patient_key, flags FROM patient WHERE patient_key IN ({keys}){hold}";
        await using var reader = await command.ExecuteReaderAsync();
        var flags = new Dictionary<long, PersonFlags>();
        while (await reader.ReadAsync())
        {
            flags[reader.GetInt64(0)] = (PersonFlags)reader.GetInt16(1) & OptOutRecord.Both;
        }

        return flags;
    }

    private static async Task<ILookup<long, OptOutRecord>> SaidAsync(DbConnection connection, string keys, long now)
    {
        var said = new List<(long Key, OptOutRecord Record)>();
        var today = DayOf(now);
        await using (var resources = connection.CreateCommand())
        {
            resources.CommandText = $"""
                SELECT patient_key, type, last_updated, body FROM resource
                WHERE patient_key IN ({keys}) AND type IN ({(int)ResourceType.Consent}, {(int)ResourceType.Flag}) AND NOT deleted
                """;
            await using var reader = await resources.ExecuteReaderAsync();
            var of = new List<OptOutRecord>();
            while (await reader.ReadAsync())
            {
                of.Clear();
                OptOutRecord.Read((ResourceType)reader.GetInt16(1), reader.GetBody(3), DayOf(reader.GetInt64(2)), today, of);
                said.AddRange(of.Select(r => (reader.GetInt64(0), r)));
            }
        }

        await using var lists = connection.CreateCommand();
        lists.CommandText = $"""
            WITH RECURSIVE numbers(patient_key, nhs_number) AS (
              SELECT patient_key, nhs_number FROM patient WHERE patient_key IN ({keys})
              UNION ALL SELECT n.patient_key, m.from_number FROM numbers n JOIN person_merge m ON m.into_number=n.nhs_number AND m.undone_at=0)
            SELECT n.patient_key, o.kind, o.listed_at FROM numbers n JOIN listed_opt_out o ON o.nhs_number=n.nhs_number
            """;
        await using var listed = await lists.ExecuteReaderAsync();
        while (await listed.ReadAsync())
        {
            said.Add((listed.GetInt64(0), new OptOutRecord((PersonFlags)listed.GetInt16(1), false, DayOf(listed.GetInt64(2)))));
        }

        return said.ToLookup(s => s.Key, s => s.Record);
    }

    private static async Task<bool> AnyListedAsync(DbConnection connection)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT 1 FROM listed_opt_out LIMIT 1";
        return await command.ExecuteScalarAsync() is not null;
    }

    private static async IAsyncEnumerable<long> ListedAmongAsync(DbConnection connection, List<long> people)
    {
        foreach (var part in people.Chunk(PeoplePerStatement))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"SELECT DISTINCT p.patient_key FROM patient p JOIN listed_opt_out o ON o.nhs_number=p.nhs_number WHERE p.patient_key IN ({string.Join(',', part)})";
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                yield return reader.GetInt64(0);
            }
        }
    }

    private static int DayOf(long milliseconds) => DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime).DayNumber;
}
