using System.Data.Common;
using System.Runtime.InteropServices;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BetterCare.Care.Storage.Resources;

/// <summary>Bulk writes into SQLite: prepared statements, rows in key order.</summary>
/// <param name="connection">Where.</param>
/// <param name="owned">Whether it is closed with the session.</param>
/// <param name="log">Where the connection's commits do not wait for the disk: its log. Null: they do.</param>
/// <param name="checkpoints">Brings the log into the file. Null: commits do.</param>
internal sealed partial class SqliteBulkSession(DbConnection connection, bool owned = true, WriteAheadLog? log = null, LogCheckpoints? checkpoints = null) : IBulkSession
{
    private readonly sqlite3 _db = ((SqliteConnection)connection).Handle!;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _professionals = new(StringComparer.Ordinal);
    private readonly IndexKeys _keys = new();
    private AuditAppender? _audit;
    private readonly List<CodeEntry> _codes = [];

    public DbConnection Connection => connection;

    public Task BeginAsync(bool bulk)
    {
        checkpoints?.BetweenCommits(bulk);

        // A reader that wants to write later must not deadlock with us: take the write lock at once.
        return Run("BEGIN IMMEDIATE");
    }

    public Task CommitAsync() => Run("COMMIT");

    public Task SyncAsync() => log?.SyncAsync() ?? Task.CompletedTask;

    public Task RollbackAsync()
    {
        _professionals.Clear();
        _taken.Clear();
        return raw.sqlite3_get_autocommit(_db) == 0 ? Run("ROLLBACK") : Task.CompletedTask;
    }

    public Task WritePatientsAsync(List<Patient> patients, List<PatientAlias> aliases, List<Practice> practices)
    {
        // Flags that a Consent or Flag resource set stay set; those that the Patient itself carries follow it.
        var patient = Statement("""
            INSERT INTO patient (patient_key, nhs_number, supplier_key, birth_day, death_day, registered_day, deregistered_day, sex,
              deprivation, ethnicity, flags, practice_code, family, family_folded, given, postcode)
            VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)
            ON CONFLICT (patient_key) DO UPDATE SET birth_day=excluded.birth_day, death_day=excluded.death_day, sex=excluded.sex,
              deprivation=excluded.deprivation, ethnicity=excluded.ethnicity, flags=(patient.flags & 3) | excluded.flags,
              practice_code=excluded.practice_code, family=excluded.family, family_folded=excluded.family_folded,
              given=excluded.given, postcode=excluded.postcode
            """);
        foreach (var p in patients)
        {
            patient.Bind(p.PatientKey).Bind(p.NhsNumber.Number).Bind((long)p.SupplierKey).Bind((long)p.BirthDay).Bind((long)p.DeathDay)
                .Bind((long)p.RegisteredDay).Bind((long)p.DeregisteredDay).Bind((long)p.Sex).Bind((long)p.Deprivation).Bind((long)p.Ethnicity)
                .Bind((long)p.Flags).Bind(p.PracticeCode).Bind(p.Family).Bind(p.FamilyFolded).Bind(p.Given).Bind(p.Postcode).Run();
        }

        var alias = Statement("INSERT INTO patient_alias (supplier_key, source_id, patient_key) VALUES (?1,?2,?3) ON CONFLICT DO UPDATE SET patient_key=excluded.patient_key");
        foreach (var a in aliases)
        {
            alias.Bind((long)a.SupplierKey).Bind(a.SourceId).Bind(a.PatientKey).Run();
        }

        var practice = Statement("""
            INSERT INTO practice (code, name, neighbourhood, locality, place, deprivation) VALUES (?1,?2,?3,?4,?5,?6)
            ON CONFLICT (code) DO UPDATE SET name=excluded.name,
              place=CASE WHEN practice.place='' THEN excluded.place ELSE practice.place END
            """);
        foreach (var p in practices)
        {
            practice.Bind(p.Code).Bind(p.Name).Bind(p.Neighbourhood).Bind(p.Locality).Bind(p.Place).Bind((long)p.Deprivation).Run();
        }

        return Task.CompletedTask;
    }

    public Task ArchiveAsync(List<PreparedResource> updates)
    {
        var body = Statement("SELECT body, patient_key FROM resource_by_id WHERE type=?1 AND id=?2");
        var archive = Statement("""
            INSERT INTO resource_history (patient_key, type, id, version, last_updated, deleted, meta_at, body)
            SELECT patient_key, type, id, version, last_updated, deleted, meta_at, body FROM resource_by_id WHERE type=?1 AND id=?2
            """);
        var identifier = Statement("DELETE FROM resource_identifier WHERE hash=?1 AND patient_key=?2 AND type=?3 AND id=?4");
        var code = Statement("DELETE FROM resource_code WHERE type=?1 AND code_hash=?2 AND day=?3 AND patient_key=?4 AND id=?5");
        foreach (var item in updates)
        {
            body.Bind((long)item.Type).Bind(item.Id);
            if (body.Step())
            {
                var patientKey = body.Long(1);
                if (!body.Blob(0).IsEmpty)
                {
                    _keys.Read(item.Type, BodyCodec.Unpack(body.Blob(0)));
                }

                body.Reset();
                foreach (var hash in _keys.Identifiers)
                {
                    identifier.Bind(hash).Bind(patientKey).Bind((long)item.Type).Bind(item.Id).Run();
                }

                foreach (var hash in _keys.Codes)
                {
                    code.Bind((long)item.Type).Bind(hash).Bind((long)_keys.Day).Bind(patientKey).Bind(item.Id).Run();
                }
            }

            archive.Bind((long)item.Type).Bind(item.Id).Run();
        }

        return Task.CompletedTask;
    }

    public Task InsertAsync(List<PreparedResource> inserts)
    {
        var insert = Statement("""
            INSERT INTO resource (patient_key, type, id, version, last_updated, deleted, supplier_key, content_hash, meta_at, body)
            VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)
            """);
        foreach (var item in inserts)
        {
            Superseded(item);
            Name(item);
            insert.Bind(item.PatientKey).Bind((long)item.Type).Bind(item.Id).Bind((long)item.Version).Bind(item.LastUpdated)
                .Bind(item.Outcome == WriteOutcome.Deleted).Bind((long)item.SupplierKey).Bind(item.ContentHash).Bind((long)item.MetaAt)
                .Bind(item.Stored.Span).Run();
        }

        return IndexAsync(inserts);
    }

    public Task UpdateAsync(List<PreparedResource> updates)
    {
        // The key may change: a deleted id may come back for another person.
        var update = Statement("""
            UPDATE resource SET patient_key=?1, version=?4, last_updated=?5, deleted=?6, supplier_key=?7, content_hash=?8, meta_at=?9, body=?10
            WHERE patient_key=(SELECT patient_key FROM resource_id WHERE type=?2 AND id=?3) AND type=?2 AND id=?3
            """);
        foreach (var item in updates)
        {
            Superseded(item);
            update.Bind(item.PatientKey).Bind((long)item.Type).Bind(item.Id).Bind((long)item.Version).Bind(item.LastUpdated)
                .Bind(item.Outcome == WriteOutcome.Deleted).Bind((long)item.SupplierKey).Bind(item.ContentHash).Bind((long)item.MetaAt)
                .Bind(item.Stored.Span).Run();
        }

        return IndexAsync(updates);
    }

    public Task IndexAsync(List<PreparedResource> items)
    {
        var identifier = Statement("INSERT INTO resource_identifier (hash, patient_key, type, id) VALUES (?1,?2,?3,?4) ON CONFLICT DO NOTHING");
        _codes.Clear();
        foreach (var item in items)
        {
            foreach (var hash in item.Identifiers)
            {
                identifier.Bind(hash).Bind(item.PatientKey).Bind((long)item.Type).Bind(item.Id).Run();
            }

            foreach (var hash in item.Codes)
            {
                _codes.Add(new CodeEntry(item.Type, hash, item.Day, item.PatientKey, item.Id));
            }
        }

        // In the order of the index: neighbours find the page of the one before.
        _codes.Sort();
        InsertRows(
            "resource_code (type, code_hash, day, patient_key, id)",
            5,
            CollectionsMarshal.AsSpan(_codes),
            static (row, entry) => row.Bind((long)entry.Type).Bind(entry.Hash).Bind((long)entry.Day).Bind(entry.PatientKey).Bind(entry.Id));
        _codes.Clear();
        return Task.CompletedTask;
    }

    public Task ClearDerivedAsync(long fromKey, long toKey)
    {
        Statement("DELETE FROM resource_identifier WHERE patient_key BETWEEN ?1 AND ?2").Bind(fromKey).Bind(toKey).Run();
        Statement("DELETE FROM resource_code WHERE patient_key BETWEEN ?1 AND ?2").Bind(fromKey).Bind(toKey).Run();
        Statement("DELETE FROM timeline WHERE patient_key BETWEEN ?1 AND ?2").Bind(fromKey).Bind(toKey).Run();
        Statement("UPDATE patient SET flags=0, registered_day=0, deregistered_day=0 WHERE patient_key BETWEEN ?1 AND ?2").Bind(fromKey).Bind(toKey).Run();
        return Task.CompletedTask;
    }

    public Task KeepBesideAsync(List<PreparedResource> besides)
    {
        var keep = Statement("""
            INSERT INTO patient_source_record (patient_key, supplier_key, last_updated, meta_at, body) VALUES (?1,?2,?3,?4,?5)
            ON CONFLICT DO UPDATE SET last_updated=excluded.last_updated, meta_at=excluded.meta_at, body=excluded.body
            """);
        foreach (var item in besides)
        {
            keep.Bind(item.PatientKey).Bind((long)item.SupplierKey).Bind(item.LastUpdated).Bind((long)item.MetaAt).Bind(item.Body.Span).Run();
        }

        return Task.CompletedTask;
    }

    public Task RegisterAsync(List<(long PatientKey, int From, int Until)> registrations)
    {
        var register = Statement("UPDATE patient SET registered_day=?2, deregistered_day=?3 WHERE patient_key=?1 AND registered_day<=?2");
        foreach (var (patientKey, from, until) in registrations)
        {
            register.Bind(patientKey).Bind((long)from).Bind((long)until).Run();
        }

        return Task.CompletedTask;
    }

    public Task<Dictionary<string, int>> ProfessionalKeysAsync(List<string> practitionerIds)
    {
        var find = Statement("SELECT professional_key FROM professional WHERE practitioner_id=?1");
        var add = Statement("INSERT INTO professional (professional_key, practitioner_id) SELECT COALESCE(MAX(professional_key), 0) + 1, ?1 FROM professional");
        foreach (var id in practitionerIds)
        {
            if (_professionals.ContainsKey(id))
            {
                continue;
            }

            find.Bind(id);
            if (!find.Step())
            {
                add.Bind(id).Run();
                find.Bind(id).Step();
            }

            _professionals[id] = (int)find.Long(0);
            find.Reset();
        }

        return Task.FromResult(_professionals);
    }

    public Task<Dictionary<long, byte[]>> ReadTimelinesAsync(List<long> patientKeys)
    {
        var read = Statement("SELECT events FROM timeline WHERE patient_key=?1");
        var found = new Dictionary<long, byte[]>(patientKeys.Count);
        foreach (var key in patientKeys)
        {
            read.Bind(key);
            if (read.Step())
            {
                found[key] = read.Blob(0).ToArray();
                read.Reset();
            }
        }

        return Task.FromResult(found);
    }

    public Task WriteTimelinesAsync(List<(long PatientKey, byte[] Events)> rows)
    {
        var write = Statement("INSERT INTO timeline (patient_key, events) VALUES (?1,?2) ON CONFLICT (patient_key) DO UPDATE SET events=excluded.events");
        foreach (var (patientKey, events) in rows)
        {
            write.Bind(patientKey).Bind(events.AsSpan()).Run();
        }

        return Task.CompletedTask;
    }

    public Task SaveCheckpointAsync(ImportCheckpoint checkpoint, List<PreparedResource> items)
    {
        var counts = ImportCounts.Of(checkpoint, items);
        Statement("""
            UPDATE import_file SET lines=?3, "offset"=?4, created=created+?5, updated=updated+?6, unchanged=unchanged+?7, rejected=rejected+?8,
              finished=?9 WHERE job_id=?1 AND ordinal=?2 AND "offset"=?10
            """)
            .Bind(checkpoint.JobId).Bind((long)checkpoint.Ordinal).Bind(checkpoint.Lines).Bind(checkpoint.Offset).Bind(counts.Created)
            .Bind(counts.Updated).Bind(counts.Unchanged).Bind(counts.Rejected).Bind(checkpoint.Finished).Bind(checkpoint.StartOffset).Run();
        ImportCounts.Demand(raw.sqlite3_changes(_db));
        var reject = Statement("INSERT INTO import_reject (job_id, ordinal, line, outcome) VALUES (?1,?2,?3,?4) ON CONFLICT DO NOTHING");
        foreach (var r in checkpoint.Rejects)
        {
            reject.Bind(r.JobId).Bind((long)r.Ordinal).Bind(r.Line).Bind(r.Outcome).Run();
        }

        var wait = Statement("INSERT INTO import_pending (job_id, ordinal, line, body) VALUES (?1,?2,?3,?4) ON CONFLICT DO NOTHING");
        foreach (var p in checkpoint.Pending)
        {
            wait.Bind(p.JobId).Bind((long)p.Ordinal).Bind(p.Line).Bind(p.Body.AsSpan()).Run();
        }

        var settle = Statement("DELETE FROM import_pending WHERE job_id=?1 AND ordinal=?2 AND line=?3");
        foreach (var p in checkpoint.Settled)
        {
            settle.Bind(p.JobId).Bind((long)p.Ordinal).Bind(p.Line).Run();
        }

        return Task.CompletedTask;
    }

    public Task AppendAuditAsync(IReadOnlyList<AuditEntry> entries) => (_audit ??= AuditAppender.On(connection)).AppendAsync(AuditChain.Changes, entries);

    public async ValueTask DisposeAsync()
    {
        _audit?.Dispose();
        foreach (var statement in _statements.Values.Concat(_inserts.Values))
        {
            statement.Dispose();
        }

        if (log is not null)
        {
            await log.DisposeAsync();
        }

        if (checkpoints is not null)
        {
            await checkpoints.DisposeAsync();
        }

        if (owned)
        {
            await connection.DisposeAsync();
        }
    }

    private void Superseded(PreparedResource item)
    {
        for (var earlier = item.Supersedes; earlier is not null; earlier = earlier.Supersedes)
        {
            Statement("INSERT INTO resource_history (patient_key, type, id, version, last_updated, deleted, meta_at, body) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)")
                .Bind(earlier.PatientKey).Bind((long)earlier.Type).Bind(earlier.Id).Bind((long)earlier.Version).Bind(earlier.LastUpdated)
                .Bind(earlier.Outcome == WriteOutcome.Deleted).Bind((long)earlier.MetaAt).Bind(earlier.Stored.Span).Run();
        }
    }

    private SqliteStatement Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            _statements[sql] = statement = new SqliteStatement(_db, sql);
        }

        return statement;
    }

    private Task Run(string sql)
    {
        Statement(sql).Run();
        return Task.CompletedTask;
    }

    /// <summary>An entry of the index of codes.</summary>
    private readonly record struct CodeEntry(ResourceType Type, long Hash, int Day, long PatientKey, string Id) : IComparable<CodeEntry>
    {
        public int CompareTo(CodeEntry other) =>
            Type != other.Type ? ((int)Type).CompareTo((int)other.Type)
            : Hash != other.Hash ? Hash.CompareTo(other.Hash)
            : Day != other.Day ? Day.CompareTo(other.Day)
            : PatientKey.CompareTo(other.PatientKey);
    }
}
