using System.Data.Common;
using System.Text;
using BetterCare.Care.Fhir;

namespace BetterCare.Care.Storage.Resources;

/// <summary>Reads resources.</summary>
public sealed partial class ResourceStore(CareDatabase database)
{
    private static readonly System.Buffers.SearchValues<char> IdCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");

    private const string Columns = "patient_key, type, id, version, last_updated, deleted, meta_at, body";

    private readonly string _readSql = $"SELECT {Columns} FROM {database.ResourceById} WHERE type=@p0 AND id=@p1";

    /// <summary>The current version, deleted or not; null where there never was one.</summary>
    public ValueTask<StoredResource?> ReadAsync(ResourceType type, string id, CancellationToken ct) => !IsId(id)
        ? ValueTask.FromResult<StoredResource?>(null)
        : _rows.FirstAsync(_readSql, [(short)type, id], Resource, ct);

    /// <summary>One version; null where there is none of that number.</summary>
    public async Task<StoredResource?> ReadVersionAsync(ResourceType type, string id, int version, CancellationToken ct)
    {
        var current = await ReadAsync(type, id, ct);
        if (current is null || current.Version == version)
        {
            return current;
        }

        var former = await _rows.FirstAsync(
            $"SELECT {Columns} FROM resource_history WHERE patient_key=@p0 AND type=@p1 AND id=@p2 AND version=@p3",
            [current.PatientKey, (short)type, id, version],
            Resource,
            ct);

        // Versions from before the label tell no more than the one that carries it.
        return former is not null && type == ResourceType.Patient && RestrictedRecord.IsLabelled(current.Body) ? RestrictedRecord.WithoutLocation(former) : former;
    }

    /// <summary>All versions, newest first.</summary>
    public async IAsyncEnumerable<StoredResource> HistoryAsync(ResourceType type, string id, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var current = await ReadAsync(type, id, ct);
        if (current is null)
        {
            yield break;
        }

        yield return current;
        var hide = type == ResourceType.Patient && RestrictedRecord.IsLabelled(current.Body);
        await foreach (var old in ListAsync(
            $"SELECT {Columns} FROM resource_history WHERE patient_key=@p0 AND type=@p1 AND id=@p2 ORDER BY version DESC",
            [current.PatientKey, (short)type, id],
            ct))
        {
            yield return hide ? RestrictedRecord.WithoutLocation(old) : old;
        }
    }

    /// <summary>A person's current resources, of one type or of all, by type and id.</summary>
    public IAsyncEnumerable<StoredResource> OfPatientAsync(long patientKey, ResourceType? type, CancellationToken ct) => type is { } t
        ? ListAsync($"SELECT {Columns} FROM resource WHERE patient_key=@p0 AND type=@p1 AND NOT deleted ORDER BY id", [patientKey, (short)t], ct)
        : ListAsync($"SELECT {Columns} FROM resource WHERE patient_key=@p0 AND NOT deleted ORDER BY type, id", [patientKey], ct);

    /// <summary>The shared resources of a type (Practitioner, Organization …), by id.</summary>
    public IAsyncEnumerable<StoredResource> SharedAsync(ResourceType type, CancellationToken ct) => OfPatientAsync(0, type, ct);

    /// <summary>Current resources with a business identifier.</summary>
    /// <param name="type">Resource type.</param>
    /// <param name="system">System URI; empty: any.</param>
    /// <param name="value">The value.</param>
    /// <param name="ct">Cancels.</param>
    public IAsyncEnumerable<StoredResource> ByIdentifierAsync(ResourceType type, string system, string value, CancellationToken ct) => ListAsync(
        "SELECT r.patient_key, r.type, r.id, r.version, r.last_updated, r.deleted, r.meta_at, r.body "
        + "FROM resource_identifier i JOIN resource r ON r.patient_key=i.patient_key AND r.type=i.type AND r.id=i.id "
        + "WHERE i.hash=@p0 AND i.type=@p1 AND NOT r.deleted ORDER BY r.id",
        [Hashing.Identifier((byte)type, Encoding.UTF8.GetBytes(system), Encoding.UTF8.GetBytes(value)), (short)type],
        ct);

    /// <summary>The highest patient key in use; 0 where there is nobody.</summary>
    public async Task<long> LastPatientKeyAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = Command(connection, "SELECT COALESCE(MAX(patient_key), 0) FROM patient", []);
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Current resources of a range of people with their suppliers, person by person.</summary>
    public async IAsyncEnumerable<(StoredResource Resource, int SupplierKey)> OfPatientsAsync(long fromKey, long toKey, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = Command(
            connection, $"SELECT {Columns}, supplier_key FROM resource WHERE patient_key BETWEEN @p0 AND @p1 AND NOT deleted ORDER BY patient_key, type, id", [fromKey, toKey]);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            yield return (Row(reader), reader.GetInt32(8));
        }
    }

    /// <summary>How many current resources there are of each type.</summary>
    public async Task<IReadOnlyDictionary<ResourceType, long>> CountAsync(CancellationToken ct)
    {
        var counts = new SortedDictionary<ResourceType, long>();
        await using var connection = await database.OpenAsync(ct);
        await using var command = Command(connection, "SELECT type, COUNT(*) FROM resource WHERE NOT deleted GROUP BY type", []);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            counts[(ResourceType)reader.GetInt16(0)] = reader.GetInt64(1);
        }

        return counts;
    }

    // What no resource can be called is not looked for: PostgreSQL refuses some of it even to read.
    private static bool IsId(string id) => id.Length is > 0 and <= 64 && !id.AsSpan().ContainsAnyExcept(IdCharacters);

    private async IAsyncEnumerable<StoredResource> ListAsync(string sql, object[] values, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = Command(connection, sql, values);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            yield return RestrictedRecord.Shown(Row(reader));
        }
    }

    private static StoredResource Row(DbDataReader reader) => new(
        reader.GetInt64(0),
        (ResourceType)reader.GetInt16(1),
        reader.GetString(2),
        reader.GetInt32(3),
        reader.GetInt64(4),
        reader.GetBoolean(5),
        reader.GetInt32(6),
        reader.GetBody(7));

    private static DbCommand Command(DbConnection connection, string sql, object[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"@p{i}";
            parameter.Value = values[i];
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
