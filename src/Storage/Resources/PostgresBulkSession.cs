using System.Data.Common;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using Npgsql;
using NpgsqlTypes;

namespace BetterCare.Care.Storage.Resources;

/// <summary>Bulk writes into PostgreSQL: binary COPY, and set statements over arrays; a constant number of round trips per commit.</summary>
internal sealed partial class PostgresBulkSession(DbConnection connection, bool owned = true) : IBulkSession
{
    private readonly NpgsqlConnection _db = (NpgsqlConnection)connection;
    private readonly Dictionary<string, int> _professionals = new(StringComparer.Ordinal);
    private readonly IndexKeys _keys = new();
    private AuditAppender? _audit;
    private NpgsqlTransaction? _transaction;
    private bool _staged;

    public DbConnection Connection => connection;

    public async Task BeginAsync(bool bulk)
    {
        await StageAsync();
        _transaction = await _db.BeginTransactionAsync();
    }

    /// <summary>Makes the temporary tables that bulk rows go through, once per connection.</summary>
    public async Task StageAsync()
    {
        if (!_staged)
        {
            await RunAsync("""
                CREATE TEMP TABLE IF NOT EXISTS staged_resource (LIKE resource) ON COMMIT DELETE ROWS;
                CREATE TEMP TABLE IF NOT EXISTS staged_timeline (LIKE timeline) ON COMMIT DELETE ROWS;
                CREATE TEMP TABLE IF NOT EXISTS staged_patient (LIKE patient) ON COMMIT DELETE ROWS;
                """);
            _staged = true;
        }
    }

    public async Task CommitAsync()
    {
        await _transaction!.CommitAsync();
        await _transaction.DisposeAsync();
        _transaction = null;
    }

    public Task SyncAsync() => Task.CompletedTask;

    public async Task RollbackAsync()
    {
        _professionals.Clear();
        if (_transaction is not null)
        {
            await _transaction.RollbackAsync();
            await _transaction.DisposeAsync();
            _transaction = null;
        }
    }

    public Task ReleaseAsync() => Task.CompletedTask;

    public async Task FindAsync(List<PreparedResource> items)
    {
        if (items.Count == 0)
        {
            return;
        }

        await using var command = Command(
            """
            SELECT r.type, r.id, r.patient_key, r.version, r.deleted, r.supplier_key, r.content_hash, r.last_updated
            FROM resource r JOIN unnest(@types, @ids) AS w(type, id) ON r.type = w.type AND r.id = w.id
            """);
        Types(command, items);
        var found = new Dictionary<(ResourceType, string), Existing>(items.Count);
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                found[((ResourceType)reader.GetInt16(0), reader.GetString(1))] = new Existing(
                    reader.GetInt64(2), reader.GetInt32(3), reader.GetBoolean(4), reader.GetInt32(5), reader.GetInt64(6), reader.GetInt64(7));
            }
        }

        foreach (var item in items)
        {
            item.Before = found.GetValueOrDefault((item.Type, item.Id));
        }
    }

    public async Task WritePatientsAsync(List<Patient> patients, List<PatientAlias> aliases, List<Practice> practices)
    {
        if (patients.Count > 0)
        {
            await ClearAsync("staged_patient");
            await using (var copy = await _db.BeginBinaryImportAsync("""
                COPY staged_patient (patient_key, nhs_number, supplier_key, birth_day, death_day, registered_day, deregistered_day, sex,
                  deprivation, ethnicity, flags, practice_code, family, family_folded, given, postcode) FROM STDIN (FORMAT BINARY)
                """))
            {
                foreach (var p in patients)
                {
                    await copy.StartRowAsync();
                    await copy.WriteAsync(p.PatientKey);
                    await copy.WriteAsync(p.NhsNumber.Number);
                    await copy.WriteAsync(p.SupplierKey);
                    await copy.WriteAsync(p.BirthDay);
                    await copy.WriteAsync(p.DeathDay);
                    await copy.WriteAsync(p.RegisteredDay);
                    await copy.WriteAsync(p.DeregisteredDay);
                    await copy.WriteAsync((short)p.Sex);
                    await copy.WriteAsync((short)p.Deprivation);
                    await copy.WriteAsync((short)p.Ethnicity);
                    await copy.WriteAsync((short)p.Flags);
                    await copy.WriteAsync(p.PracticeCode);
                    await copy.WriteAsync(p.Family);
                    await copy.WriteAsync(p.FamilyFolded);
                    await copy.WriteAsync(p.Given);
                    await copy.WriteAsync(p.Postcode);
                }

                await copy.CompleteAsync();
            }

            await RunAsync("""
                INSERT INTO patient SELECT * FROM staged_patient
                ON CONFLICT (patient_key) DO UPDATE SET birth_day=excluded.birth_day, death_day=excluded.death_day, sex=excluded.sex,
                  deprivation=excluded.deprivation, ethnicity=excluded.ethnicity, flags=(patient.flags & 3::smallint) | excluded.flags,
                  practice_code=excluded.practice_code, family=excluded.family, family_folded=excluded.family_folded,
                  given=excluded.given, postcode=excluded.postcode
                """);
        }

        if (aliases.Count > 0)
        {
            var distinct = aliases.DistinctBy(a => (a.SupplierKey, a.SourceId)).ToList();
            await using var command = Command("""
                INSERT INTO patient_alias (supplier_key, source_id, patient_key) SELECT * FROM unnest(@suppliers, @ids, @keys)
                ON CONFLICT (supplier_key, source_id) DO UPDATE SET patient_key=excluded.patient_key
                """);
            Array(command, "suppliers", NpgsqlDbType.Integer, distinct.Select(a => a.SupplierKey));
            Array(command, "ids", NpgsqlDbType.Text, distinct.Select(a => a.SourceId));
            Array(command, "keys", NpgsqlDbType.Bigint, distinct.Select(a => a.PatientKey));
            await command.ExecuteNonQueryAsync();
        }

        foreach (var p in practices)
        {
            await using var command = Command("""
                INSERT INTO practice (code, name, neighbourhood, locality, place, deprivation) VALUES (@code,@name,@neighbourhood,@locality,@place,@deprivation)
                ON CONFLICT (code) DO UPDATE SET name=excluded.name,
                  place=CASE WHEN practice.place='' THEN excluded.place ELSE practice.place END
                """);
            command.Parameters.AddWithValue("code", p.Code);
            command.Parameters.AddWithValue("name", p.Name);
            command.Parameters.AddWithValue("neighbourhood", p.Neighbourhood);
            command.Parameters.AddWithValue("locality", p.Locality);
            command.Parameters.AddWithValue("place", p.Place);
            command.Parameters.AddWithValue("deprivation", (short)p.Deprivation);
            await command.ExecuteNonQueryAsync();
        }
    }

    public async Task ArchiveAsync(List<PreparedResource> updates)
    {
        if (updates.Count == 0)
        {
            return;
        }

        var identifiers = new List<(long Hash, long PatientKey, short Type, string Id)>();
        var codes = new List<(short Type, long Hash, int Day, long PatientKey, string Id)>();
        await using (var command = Command("SELECT r.type, r.id, r.patient_key, r.body FROM resource r JOIN unnest(@types, @ids) AS w(type, id) ON r.type = w.type AND r.id = w.id"))
        {
            Types(command, updates);
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                var body = reader.GetBody(3);
                if (body.Length > 0)
                {
                    var type = reader.GetInt16(0);
                    _keys.Read((ResourceType)type, body);
                    identifiers.AddRange(_keys.Identifiers.Select(h => (h, reader.GetInt64(2), type, reader.GetString(1))));
                    codes.AddRange(_keys.Codes.Select(h => (type, h, _keys.Day, reader.GetInt64(2), reader.GetString(1))));
                }
            }
        }

        if (identifiers.Count > 0)
        {
            await using var command = Command("""
                DELETE FROM resource_identifier r USING unnest(@hashes, @keys, @types, @ids) AS w(hash, patient_key, type, id)
                WHERE r.hash=w.hash AND r.patient_key=w.patient_key AND r.type=w.type AND r.id=w.id
                """);
            Array(command, "hashes", NpgsqlDbType.Bigint, identifiers.Select(x => x.Hash));
            Array(command, "keys", NpgsqlDbType.Bigint, identifiers.Select(x => x.PatientKey));
            Array(command, "types", NpgsqlDbType.Smallint, identifiers.Select(x => x.Type));
            Array(command, "ids", NpgsqlDbType.Text, identifiers.Select(x => x.Id));
            await command.ExecuteNonQueryAsync();
        }

        if (codes.Count > 0)
        {
            await using var command = Command("""
                DELETE FROM resource_code r USING unnest(@types, @hashes, @days, @keys, @ids) AS w(type, hash, day, patient_key, id)
                WHERE r.type=w.type AND r.code_hash=w.hash AND r.day=w.day AND r.patient_key=w.patient_key AND r.id=w.id
                """);
            Array(command, "types", NpgsqlDbType.Smallint, codes.Select(x => x.Type));
            Array(command, "hashes", NpgsqlDbType.Bigint, codes.Select(x => x.Hash));
            Array(command, "days", NpgsqlDbType.Integer, codes.Select(x => x.Day));
            Array(command, "keys", NpgsqlDbType.Bigint, codes.Select(x => x.PatientKey));
            Array(command, "ids", NpgsqlDbType.Text, codes.Select(x => x.Id));
            await command.ExecuteNonQueryAsync();
        }

        await using var archive = Command("""
            INSERT INTO resource_history (patient_key, type, id, version, last_updated, deleted, meta_at, body)
            SELECT r.patient_key, r.type, r.id, r.version, r.last_updated, r.deleted, r.meta_at, r.body
            FROM resource r JOIN unnest(@types, @ids) AS w(type, id) ON r.type = w.type AND r.id = w.id
            """);
        Types(archive, updates);
        await archive.ExecuteNonQueryAsync();
    }

    public async Task InsertAsync(List<PreparedResource> inserts)
    {
        await SupersededAsync(inserts);
        await CopyResourcesAsync("resource", inserts);
        await IndexAsync(inserts);
    }

    public async Task UpdateAsync(List<PreparedResource> updates)
    {
        if (updates.Count == 0)
        {
            return;
        }

        await SupersededAsync(updates);
        await ClearAsync("staged_resource");
        await CopyResourcesAsync("staged_resource", updates);
        await RunAsync("""
            UPDATE resource r SET patient_key=s.patient_key, version=s.version, last_updated=s.last_updated, deleted=s.deleted,
              supplier_key=s.supplier_key, content_hash=s.content_hash, meta_at=s.meta_at, body=s.body
            FROM staged_resource s WHERE r.type=s.type AND r.id=s.id
            """);
        await IndexAsync(updates);
    }

    public async Task ClearDerivedAsync(long fromKey, long toKey)
    {
        await using var command = Command("""
            DELETE FROM resource_identifier WHERE patient_key BETWEEN @from AND @to;
            DELETE FROM resource_code WHERE patient_key BETWEEN @from AND @to;
            DELETE FROM timeline WHERE patient_key BETWEEN @from AND @to;
            UPDATE patient SET flags=0, registered_day=0, deregistered_day=0 WHERE patient_key BETWEEN @from AND @to;
            """);
        command.Parameters.AddWithValue("from", fromKey);
        command.Parameters.AddWithValue("to", toKey);
        await command.ExecuteNonQueryAsync();
    }

    public async Task KeepBesideAsync(List<PreparedResource> besides)
    {
        foreach (var item in besides)
        {
            await using var command = Command("""
                INSERT INTO patient_source_record (patient_key, supplier_key, last_updated, meta_at, body) VALUES (@key,@supplier,@updated,@meta,@body)
                ON CONFLICT (patient_key, supplier_key) DO UPDATE SET last_updated=excluded.last_updated, meta_at=excluded.meta_at, body=excluded.body
                """);
            command.Parameters.AddWithValue("key", item.PatientKey);
            command.Parameters.AddWithValue("supplier", item.SupplierKey);
            command.Parameters.AddWithValue("updated", item.LastUpdated);
            command.Parameters.AddWithValue("meta", item.MetaAt);
            command.Parameters.AddWithValue("body", item.Body);
            await command.ExecuteNonQueryAsync();
        }
    }

    public async Task RegisterAsync(List<(long PatientKey, int From, int Until)> registrations)
    {
        if (registrations.Count == 0)
        {
            return;
        }

        // One row per person: the latest start wins, whatever the order in which they came.
        var latest = registrations.GroupBy(r => r.PatientKey).Select(g => g.MaxBy(r => (r.From, r.Until))).ToList();
        await using var command = Command("""
            UPDATE patient p SET registered_day=w.first, deregistered_day=w.last FROM unnest(@keys, @froms, @untils) AS w(key, first, last)
            WHERE p.patient_key=w.key AND p.registered_day<=w.first
            """);
        Array(command, "keys", NpgsqlDbType.Bigint, latest.Select(r => r.PatientKey));
        Array(command, "froms", NpgsqlDbType.Integer, latest.Select(r => r.From));
        Array(command, "untils", NpgsqlDbType.Integer, latest.Select(r => r.Until));
        await command.ExecuteNonQueryAsync();
    }

    public async Task<Dictionary<string, int>> ProfessionalKeysAsync(List<string> practitionerIds)
    {
        var missing = practitionerIds.Where(id => !_professionals.ContainsKey(id)).ToList();
        if (missing.Count > 0)
        {
            // Two instances may meet the same new name: the lock makes keys dense and the insert harmless.
            await using var command = Command("""
                SELECT pg_advisory_xact_lock(7310);
                INSERT INTO professional (professional_key, practitioner_id)
                SELECT (SELECT COALESCE(MAX(professional_key), 0) FROM professional) + row_number() OVER (), w.id
                FROM unnest(@ids) AS w(id) WHERE NOT EXISTS (SELECT 1 FROM professional p WHERE p.practitioner_id = w.id);
                SELECT practitioner_id, professional_key FROM professional WHERE practitioner_id = ANY(@ids);
                """);
            Array(command, "ids", NpgsqlDbType.Text, missing);
            await using var reader = await command.ExecuteReaderAsync();
            do
            {
                while (reader.FieldCount == 2 && await reader.ReadAsync())
                {
                    _professionals[reader.GetString(0)] = reader.GetInt32(1);
                }
            }
            while (await reader.NextResultAsync());
        }

        return _professionals;
    }

    public async Task<Dictionary<long, byte[]>> ReadTimelinesAsync(List<long> patientKeys)
    {
        await using var command = Command("SELECT patient_key, events FROM timeline WHERE patient_key = ANY(@keys)");
        Array(command, "keys", NpgsqlDbType.Bigint, patientKeys);
        var found = new Dictionary<long, byte[]>(patientKeys.Count);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            found[reader.GetInt64(0)] = reader.GetFieldValue<byte[]>(1);
        }

        return found;
    }

    public async Task WriteTimelinesAsync(List<(long PatientKey, byte[] Events)> rows)
    {
        await ClearAsync("staged_timeline");
        await using (var copy = await _db.BeginBinaryImportAsync("COPY staged_timeline (patient_key, events) FROM STDIN (FORMAT BINARY)"))
        {
            foreach (var (patientKey, events) in rows)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(patientKey);
                await copy.WriteAsync(events);
            }

            await copy.CompleteAsync();
        }

        await RunAsync("INSERT INTO timeline SELECT * FROM staged_timeline ON CONFLICT (patient_key) DO UPDATE SET events=excluded.events");
    }

    public async Task SaveCheckpointAsync(ImportCheckpoint checkpoint, List<PreparedResource> items)
    {
        var counts = ImportCounts.Of(checkpoint, items);
        await using (var command = Command("""
            UPDATE import_file SET lines=@lines, "offset"=@offset, created=created+@created, updated=updated+@updated,
              unchanged=unchanged+@unchanged, rejected=rejected+@rejected, finished=@finished WHERE job_id=@job AND ordinal=@ordinal AND "offset"=@start
            """))
        {
            command.Parameters.AddWithValue("job", checkpoint.JobId);
            command.Parameters.AddWithValue("ordinal", checkpoint.Ordinal);
            command.Parameters.AddWithValue("lines", checkpoint.Lines);
            command.Parameters.AddWithValue("offset", checkpoint.Offset);
            command.Parameters.AddWithValue("created", counts.Created);
            command.Parameters.AddWithValue("updated", counts.Updated);
            command.Parameters.AddWithValue("unchanged", counts.Unchanged);
            command.Parameters.AddWithValue("rejected", counts.Rejected);
            command.Parameters.AddWithValue("finished", checkpoint.Finished);
            command.Parameters.AddWithValue("start", checkpoint.StartOffset);
            ImportCounts.Demand(await command.ExecuteNonQueryAsync());
        }

        foreach (var r in checkpoint.Rejects)
        {
            await using var command = Command("INSERT INTO import_reject (job_id, ordinal, line, outcome) VALUES (@job,@ordinal,@line,@outcome) ON CONFLICT DO NOTHING");
            command.Parameters.AddWithValue("job", r.JobId);
            command.Parameters.AddWithValue("ordinal", r.Ordinal);
            command.Parameters.AddWithValue("line", r.Line);
            command.Parameters.AddWithValue("outcome", r.Outcome);
            await command.ExecuteNonQueryAsync();
        }

        foreach (var p in checkpoint.Pending)
        {
            await using var command = Command("INSERT INTO import_pending (job_id, ordinal, line, body) VALUES (@job,@ordinal,@line,@body) ON CONFLICT DO NOTHING");
            command.Parameters.AddWithValue("job", p.JobId);
            command.Parameters.AddWithValue("ordinal", p.Ordinal);
            command.Parameters.AddWithValue("line", p.Line);
            command.Parameters.AddWithValue("body", p.Body);
            await command.ExecuteNonQueryAsync();
        }

        foreach (var p in checkpoint.Settled)
        {
            await using var command = Command("DELETE FROM import_pending WHERE job_id=@job AND ordinal=@ordinal AND line=@line");
            command.Parameters.AddWithValue("job", p.JobId);
            command.Parameters.AddWithValue("ordinal", p.Ordinal);
            command.Parameters.AddWithValue("line", p.Line);
            await command.ExecuteNonQueryAsync();
        }
    }

    public Task AppendAuditAsync(IReadOnlyList<AuditEntry> entries) => (_audit ??= AuditAppender.On(connection)).AppendAsync(AuditChain.Changes, entries);

    public async ValueTask DisposeAsync()
    {
        _audit?.Dispose();
        if (_transaction is not null)
        {
            await _transaction.DisposeAsync();
        }

        if (owned)
        {
            await connection.DisposeAsync();
        }
    }

    private static void Types(NpgsqlCommand command, List<PreparedResource> items)
    {
        Array(command, "types", NpgsqlDbType.Smallint, items.Select(i => (short)i.Type));
        Array(command, "ids", NpgsqlDbType.Text, items.Select(i => i.Id));
    }

    private static void Array<T>(NpgsqlCommand command, string name, NpgsqlDbType type, IEnumerable<T> values) =>
        command.Parameters.Add(new NpgsqlParameter(name, NpgsqlDbType.Array | type) { Value = values.ToArray() });

    /// <summary>A transaction that somebody else has begun may write more than once: what was staged for the last time is written.</summary>
    private Task ClearAsync(string staged) => owned ? Task.CompletedTask : RunAsync($"DELETE FROM {staged}");

    private NpgsqlCommand Command(string sql) => new(sql, _db, _transaction);

    private async Task RunAsync(string sql)
    {
        await using var command = Command(sql);
        await command.ExecuteNonQueryAsync();
    }
}
