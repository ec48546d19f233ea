using System.Collections.Concurrent;
using System.Globalization;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Model;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// Who is who: NHS numbers and suppliers' ids to patient keys, supplier URIs to supplier keys, references to practices'
/// ODS codes. Answers come from memory; what is not there is looked up once. Only committed people are here.
/// </summary>
public sealed partial class Directories(CareDatabase database) : IAsyncDisposable
{
    /// <summary>The supplier that gives no name.</summary>
    public const int UnnamedSupplier = 1;

    private const int MaxCached = 3_000_000;

    private readonly ConcurrentDictionary<long, long> _byNumber = new();
    private readonly ConcurrentDictionary<(int Supplier, string Id), long> _byAlias = new();
    private readonly ConcurrentDictionary<string, int> _suppliers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _practiceOf = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _deprivation = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _lock = new(1, 1);
    private long _nextKey;
    private long _lastKey;

    /// <summary>The person with this number, now or formerly, or null.</summary>
    public async ValueTask<long?> FindAsync(NhsNumber number, CancellationToken ct)
    {
        if ((await MergedAsync(ct)).Of(number) is { } former)
        {
            return former.IntoKey;
        }

        if (_byNumber.TryGetValue(number.Number, out var key))
        {
            return key;
        }

        var found = await QueryAsync("SELECT patient_key FROM patient WHERE nhs_number = @p0", [number.Number], ct);
        return found is null ? null : Remember(_byNumber, number.Number, Convert.ToInt64(found, CultureInfo.InvariantCulture));
    }

    /// <summary>The person whom a supplier calls so, or null.</summary>
    public async ValueTask<long?> FindAsync(int supplier, string sourceId, CancellationToken ct) =>
        await FirstKeyAsync(supplier, sourceId, ct) is { } key ? (await MergedAsync(ct)).Of(key)?.IntoKey ?? key : null;

    /// <summary>The key under which a supplier's id was first known: of a record that another has taken up since, that record's.</summary>
    internal async ValueTask<long?> FirstKeyAsync(int supplier, string sourceId, CancellationToken ct)
    {
        if (_byAlias.TryGetValue((supplier, sourceId), out var key))
        {
            return key;
        }

        var found = await QueryAsync("SELECT patient_key FROM patient_alias WHERE supplier_key = @p0 AND source_id = @p1", [supplier, sourceId], ct);
        return found is null ? null : Remember(_byAlias, (supplier, sourceId), Convert.ToInt64(found, CultureInfo.InvariantCulture));
    }

    /// <summary>The number of a person, for references.</summary>
    public async ValueTask<NhsNumber> NumberOfAsync(long patientKey, CancellationToken ct)
    {
        if ((await MergedAsync(ct)).Of(patientKey) is { } former)
        {
            return former.IntoNumber;
        }

        var found = await QueryAsync("SELECT nhs_number FROM patient WHERE patient_key = @p0", [patientKey], ct);
        return NhsNumber.FromStored(Convert.ToInt64(found, CultureInfo.InvariantCulture));
    }

    /// <summary>The key of a supplier, made where it is new.</summary>
    /// <param name="uri">The part of <c>meta.source</c> before the #; empty: unnamed.</param>
    /// <param name="ct">Cancels the look-up.</param>
    public async ValueTask<int> SupplierAsync(string uri, CancellationToken ct)
    {
        if (uri.Length == 0)
        {
            return UnnamedSupplier;
        }

        if (_suppliers.TryGetValue(uri, out var key))
        {
            return key;
        }

        await _lock.WaitAsync(ct);
        try
        {
            var found = await QueryAsync("SELECT supplier_key FROM supplier WHERE uri = @p0", [uri], ct);
            if (found is null)
            {
                _ = await QueryAsync(
                    "INSERT INTO supplier (supplier_key, uri) SELECT COALESCE(MAX(supplier_key), 0) + 1, @p0 FROM supplier WHERE true ON CONFLICT DO NOTHING",
                    [uri],
                    ct);
                found = await QueryAsync("SELECT supplier_key FROM supplier WHERE uri = @p0", [uri], ct);
            }

            return _suppliers[uri] = Convert.ToInt32(found, CultureInfo.InvariantCulture);
        }
        finally
        {
            _lock.Release();
        }
    }

    /// <summary>A key for a person who is new.</summary>
    public async ValueTask<long> NewKeyAsync(CancellationToken ct)
    {
        await _lock.WaitAsync(ct);
        try
        {
            if (_nextKey == _lastKey)
            {
                if (database.Engine == DatabaseEngine.Postgres)
                {
                    _nextKey = Convert.ToInt64(await QueryAsync("SELECT nextval('patient_key_seq')", [], ct), CultureInfo.InvariantCulture);
                    _lastKey = _nextKey + 1000;
                }
                else
                {
                    _nextKey = 1 + Convert.ToInt64(await QueryAsync("SELECT COALESCE(MAX(patient_key), 0) FROM patient", [], ct), CultureInfo.InvariantCulture);
                    _lastKey = long.MaxValue;
                }
            }

            return _nextKey++;
        }
        finally
        {
            _lock.Release();
        }
    }

    /// <summary>The deprivation quintile of a practice's population; 0 where not known.</summary>
    public async ValueTask<byte> DeprivationOfAsync(string practiceCode, CancellationToken ct)
    {
        if (practiceCode.Length == 0)
        {
            return 0;
        }

        if (!_deprivation.TryGetValue(practiceCode, out var quintile))
        {
            var found = await QueryAsync("SELECT deprivation FROM practice WHERE code = @p0", [practiceCode], ct);
            quintile = found is null ? (byte)0 : Convert.ToByte(found, CultureInfo.InvariantCulture);
            _deprivation[practiceCode] = quintile;
        }

        return quintile;
    }

    /// <summary>The deprivation quintile of a small area (LSOA 2011) by IMD 2019; 0 where not in the table.</summary>
    public static byte DeprivationOfArea(string lsoa) => Reference.SmallAreas.Quintile(lsoa);

    /// <summary>The ODS code of an organisation that a Patient names by reference; empty where it is not here (yet).</summary>
    public async ValueTask<string> PracticeOfAsync(string organizationId, CancellationToken ct)
    {
        if (_practiceOf.TryGetValue(organizationId, out var code))
        {
            return code;
        }

        var body = await QueryAsync("SELECT body FROM resource_by_id WHERE type = @p0 AND id = @p1", [(short)ResourceType.Organization, organizationId], ct);
        if (body is not byte[] stored)
        {
            return "";
        }

        code = OdsCodeOf(BodyCodec.Unpack(stored));
        return _practiceOf[organizationId] = code;
    }

    /// <summary>Takes in what a commit has made durable.</summary>
    internal void Committed(IEnumerable<Patient> patients, IEnumerable<PatientAlias> aliases)
    {
        foreach (var p in patients)
        {
            Remember(_byNumber, p.NhsNumber.Number, p.PatientKey);
        }

        foreach (var a in aliases)
        {
            Remember(_byAlias, (a.SupplierKey, a.SourceId), a.PatientKey);
        }
    }

    /// <summary>After a failed commit nothing from memory is trusted.</summary>
    internal void Forget()
    {
        _byNumber.Clear();
        _byAlias.Clear();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _lock.Dispose();
        _reading.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The ODS code among the identifiers of an Organization; empty where it has none.</summary>
    internal static string OdsCodeOf(byte[] json)
    {
        using var document = System.Text.Json.JsonDocument.Parse(json);
        if (document.RootElement.TryGetProperty("identifier", out var identifiers))
        {
            foreach (var identifier in identifiers.EnumerateArray())
            {
                if (identifier.TryGetProperty("system", out var system) && system.ValueEquals(OdsCode.System)
                    && identifier.TryGetProperty("value", out var value) && OdsCode.TryParse(value.GetString(), out var code))
                {
                    return code.Value;
                }
            }
        }

        return "";
    }

    private static long Remember<TKey>(ConcurrentDictionary<TKey, long> cache, TKey key, long value)
        where TKey : notnull
    {
        if (cache.Count > MaxCached)
        {
            cache.Clear();
        }

        return cache[key] = value;
    }

    private async Task<object?> QueryAsync(string sql, object[] values, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"@p{i}";
            parameter.Value = values[i];
            command.Parameters.Add(parameter);
        }

        return await command.ExecuteScalarAsync(ct) is { } result and not DBNull ? result : null;
    }
}
