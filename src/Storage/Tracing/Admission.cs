using System.Data.Common;
using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Storage.Tracing;

/// <summary>What linking or unlinking a person came to.</summary>
/// <param name="Done">Whether it was done; else the state of the person did not allow it.</param>
/// <param name="Moved">Resources that went into the record, or out of it.</param>
/// <param name="Left">Resources that stay where they are: refused by the store, or not surely of this person.</param>
public readonly record struct AdmissionReport(bool Done, int Moved, int Left)
{
    /// <summary>Not done, because the record has been merged with another since.</summary>
    public bool MergedSince { get; init; }
}

/// <summary>
/// Takes people out of the tracing queue into the records, and back: the Patient under the number found, everything that was
/// posted about them, the decision and its Provenance, in one commit.
/// </summary>
public sealed class Admission(IDbContextFactory<CareDbContext> contexts, Directories directories, ResourceWriter writer, TimeProvider clock)
{
    /// <summary>The supplier of what this service itself writes about who is who.</summary>
    public const string OwnSource = "urn:bettercare:identity";

    private const int MostRefusals = 1000;

    /// <summary>Admits a person under a number.</summary>
    /// <param name="personId">Who waits.</param>
    /// <param name="details">The number, and what else tracing adds.</param>
    /// <param name="decidedBy">Who decided; <c>tracing</c> for a certain match.</param>
    /// <param name="reason">Why.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public async Task<AdmissionReport> LinkAsync(string personId, TracedDetails details, string decidedBy, string reason, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var person = await db.TracingPeople.AsNoTracking().SingleOrDefaultAsync(p => p.Id == personId, ct);
        if (person is null or { State: TracingState.Traced })
        {
            return default;
        }

        var number = NhsNumber.Parse(details.Number);
        number = await directories.SurvivorAsync(number, ct) ?? number;
        details = details with { Number = number.Value };
        var now = clock.GetUtcNow();
        var decision = Guid.CreateVersion7(now).ToString();
        return await AdmitAsync(db, person, details, patient: true, async (connection, admitted, refused) =>
        {
            await RunAsync(connection, "UPDATE tracing_person SET state=2, nhs_number=@number, added=@added, note=@note WHERE id=@id",
                c => c.Add("number", number.Number).Add("added", details.ToJson()).Add("note", reason).Add("id", personId));
            await MarkAsync(connection, personId, admitted, refused);
            await DecisionAsync(connection, personId, decision, "linked", number.Number, decidedBy, now, reason);
        }, Provenance(decision, number, decidedBy, now, reason), ct);
    }

    /// <summary>Admits what came to wait while its person was being traced.</summary>
    /// <returns>Resources admitted.</returns>
    public async Task<int> AdmitLateAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var late = await db.TracingPeople.AsNoTracking()
            .Where(p => p.State == TracingState.Traced && db.TracingResources.Any(r => r.PersonId == p.Id && !r.Admitted && r.Refusal == ""))
            .OrderBy(p => p.Id).Take(100).ToListAsync(ct);
        var admitted = 0;
        foreach (var person in late)
        {
            var report = await AdmitAsync(db, person, TracedDetails.FromJson(person.Added!), patient: false,
                (connection, taken, refused) => MarkAsync(connection, person.Id, taken, refused), null, ct);
            admitted += report.Moved;
        }

        return admitted;
    }

    /// <summary>Takes a person out of the record that they were linked to, with everything that their supplier said of them, and back into the queue.</summary>
    public async Task<AdmissionReport> UnlinkAsync(string personId, string decidedBy, string reason, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var person = await db.TracingPeople.AsNoTracking().SingleOrDefaultAsync(p => p.Id == personId, ct);
        if (person is not { State: TracingState.Traced } || await directories.FindAsync(person.SupplierKey, person.SourceId, ct) is not { } key)
        {
            return default;
        }

        var merged = await directories.MergedAsync(ct);
        if (merged.KeysTakenUpBy(key).Any())
        {
            // What came with whom is told apart by undoing the merge, and by nothing else.
            return new AdmissionReport { MergedSince = true };
        }

        var number = await directories.NumberOfAsync(key, ct);

        // Where the supplier knows this person by another id as well, only what waited with this one is surely of this one.
        var sole = !await db.PatientAliases.AnyAsync(a => a.PatientKey == key && a.SupplierKey == person.SupplierKey && a.SourceId != person.SourceId, ct);
        var waited = (await db.TracingResources.AsNoTracking().Where(r => r.PersonId == personId && r.Admitted).Select(r => new { r.Type, r.Id }).ToListAsync(ct))
            .Select(r => (r.Type, r.Id)).ToHashSet();
        var rows = await db.Resources.AsNoTracking()
            .Where(r => r.PatientKey == key && r.SupplierKey == person.SupplierKey && !r.Deleted && r.Type != (byte)ResourceType.Patient).ToListAsync(ct);
        var moved = rows.Where(r => sole || waited.Contains((r.Type, r.Id))).ToList();
        var own = await db.Patients.AsNoTracking().AnyAsync(p => p.PatientKey == key && p.SupplierKey == person.SupplierKey, ct);
        var other = own ? await db.PatientSourceRecords.AsNoTracking().Where(r => r.PatientKey == key).OrderBy(r => r.SupplierKey).FirstOrDefaultAsync(ct) : null;

        var now = clock.GetUtcNow();
        var batch = new WriteBatch
        {
            Also = async connection =>
            {
                foreach (var row in moved)
                {
                    await RunAsync(connection, """
                        INSERT INTO tracing_resource (person_id, type, id, body, admitted, refusal) VALUES (@person,@type,@id,@body,@no,'')
                        ON CONFLICT (person_id, type, id) DO UPDATE SET body=excluded.body, admitted=excluded.admitted, refusal=''
                        """,
                        c => c.Add("person", personId).Add("type", (short)row.Type).Add("id", row.Id).Add("body", References.Repoint(row.Body, number.Value, person.SourceId)).Add("no", false));
                }

                await RunAsync(connection, "DELETE FROM patient_alias WHERE supplier_key=@supplier AND source_id=@source", c => c.Add("supplier", person.SupplierKey).Add("source", person.SourceId));
                await RunAsync(connection, "DELETE FROM patient_source_record WHERE patient_key=@key AND supplier_key=@supplier", c => c.Add("key", key).Add("supplier", person.SupplierKey));
                await RunAsync(connection, "UPDATE tracing_person SET state=1, nhs_number=0, added=NULL, note=@note WHERE id=@id", c => c.Add("note", reason).Add("id", personId));
                await DecisionAsync(connection, personId, Guid.CreateVersion7(now).ToString(), "undone", number.Number, decidedBy, now, reason);
                if (own && other is null && sole)
                {
                    // Nobody else knows a person of this number, and nothing was decided for them: then there is none.
                    await RunAsync(connection, """
                        DELETE FROM patient WHERE patient_key=@key AND NOT EXISTS (SELECT 1 FROM resource WHERE patient_key=@key AND NOT deleted)
                          AND NOT EXISTS (SELECT 1 FROM person_standing WHERE patient_key=@key) AND NOT EXISTS (SELECT 1 FROM lead_record WHERE patient_key=@key)
                        """, c => c.Add("key", key));
                }
            },
        };
        batch.Items.AddRange(moved.Select(r => Deletion((ResourceType)r.Type, r.Id, key, r.SupplierKey)));
        foreach (var provenance in await db.Resources.AsNoTracking().Where(r => r.PatientKey == key && r.Type == (byte)ResourceType.Provenance && !r.Deleted).ToListAsync(ct))
        {
            if (await db.TracingDecisions.AnyAsync(d => d.PersonId == personId && d.Id == provenance.Id, ct))
            {
                batch.Items.Add(Deletion(ResourceType.Provenance, provenance.Id, key, provenance.SupplierKey));
            }
        }

        if (own && sole)
        {
            batch.Items.Add(Deletion(ResourceType.Patient, number.Value, key, person.SupplierKey));
        }

        if (await writer.WriteAsync(batch, ct) is not null)
        {
            return default;
        }

        directories.ForgetPeople();
        if (other is not null && sole)
        {
            await PromoteAsync(db, other, number, ct);
        }

        return new AdmissionReport(true, moved.Count, rows.Count - moved.Count);
    }

    /// <summary>What another supplier says of the person is shown from now on.</summary>
    private async Task PromoteAsync(CareDbContext db, PatientSourceRecord other, NhsNumber number, CancellationToken ct)
    {
        var supplier = await db.Suppliers.AsNoTracking().SingleAsync(s => s.SupplierKey == other.SupplierKey, ct);
        var session = new IngestSession(directories) { Supplier = SupplierOf(supplier) };
        if (await new ResourcePreparer().PrepareAsync(session, References.WithoutEmptyMeta(other.Body), 1, new WriteTarget { Id = number.Value }, ct) is { Item: { } item })
        {
            var batch = new WriteBatch
            {
                Also = async connection =>
                {
                    await RunAsync(connection, "UPDATE patient SET supplier_key=@supplier WHERE patient_key=@key", c => c.Add("supplier", other.SupplierKey).Add("key", other.PatientKey));
                    await RunAsync(connection, "DELETE FROM patient_source_record WHERE patient_key=@key AND supplier_key=@supplier", c => c.Add("supplier", other.SupplierKey).Add("key", other.PatientKey));
                },
            };
            batch.Items.Add(item);
            await writer.WriteAsync(batch, ct);
        }
    }

    private async Task<AdmissionReport> AdmitAsync(
        CareDbContext db, TracingPerson person, TracedDetails details, bool patient, Func<DbConnection, IReadOnlyList<TracingResource>, IReadOnlyList<(TracingResource Row, string Why)>, Task> mark, byte[]? provenance, CancellationToken ct)
    {
        var supplier = await db.Suppliers.AsNoTracking().SingleAsync(s => s.SupplierKey == person.SupplierKey, ct);
        var waiting = await db.TracingResources.AsNoTracking().Where(r => r.PersonId == person.Id && !r.Admitted).ToListAsync(ct);
        var session = new IngestSession(directories) { Supplier = SupplierOf(supplier) };
        var preparer = new ResourcePreparer();
        var refused = new List<(TracingResource Row, string Why)>();
        while (true)
        {
            var items = new List<PreparedResource>();
            if (patient)
            {
                var prepared = await preparer.PrepareAsync(session, details.AddTo(References.WithoutEmptyMeta(person.Body), person.SourceId), 1, null, ct);
                if (prepared.Item is null)
                {
                    return default;
                }

                items.Add(prepared.Item);
            }

            var admitted = new List<(TracingResource Row, PreparedResource Item)>();
            foreach (var row in waiting.Where(w => refused.TrueForAll(r => r.Row != w)))
            {
                var prepared = await preparer.PrepareAsync(session, References.WithoutEmptyMeta(row.Body), 1, new WriteTarget { Id = row.Id }, ct);
                if (prepared.Item is { } item)
                {
                    admitted.Add((row, item));
                }
                else
                {
                    refused.Add((row, string.Join(" ", prepared.Issues.Where(i => i.IsError).Select(i => i.Text))));
                }
            }

            items.AddRange(admitted.Select(a => a.Item));
            if (provenance is not null)
            {
                var proof = await preparer.PrepareAsync(session.For(OwnSource), provenance, 1, null, ct);
                items.Add(proof.Item ?? throw new InvalidOperationException($"The Provenance of a link is not valid: {proof.Issues[0].Text}"));
            }

            var batch = new WriteBatch { Also = connection => mark(connection, [.. admitted.Select(a => a.Row)], refused) };
            batch.Items.AddRange(items);
            if (await writer.WriteAsync(batch, ct) is not { } failure)
            {
                return new AdmissionReport(true, admitted.Count, refused.Count);
            }

            // What the store refuses (an id that another supplier has taken) stays in the queue with the reason; the rest goes on.
            var at = admitted.FindIndex(a => ReferenceEquals(a.Item, failure.Item));
            if (at < 0 || refused.Count > MostRefusals)
            {
                return default;
            }

            refused.Add((admitted[at].Row, failure.Issue.Text));
        }
    }

    private static string? SupplierOf(Supplier supplier) => supplier.SupplierKey == Directories.UnnamedSupplier ? null : supplier.Uri;

    private static async Task MarkAsync(DbConnection connection, string personId, IReadOnlyList<TracingResource> admitted, IReadOnlyList<(TracingResource Row, string Why)> refused)
    {
        foreach (var row in admitted)
        {
            await RunAsync(connection, "UPDATE tracing_resource SET admitted=@yes, refusal='' WHERE person_id=@person AND type=@type AND id=@id",
                c => c.Add("yes", true).Add("person", personId).Add("type", (short)row.Type).Add("id", row.Id));
        }

        foreach (var (row, why) in refused)
        {
            await RunAsync(connection, "UPDATE tracing_resource SET refusal=@why WHERE person_id=@person AND type=@type AND id=@id",
                c => c.Add("why", why).Add("person", personId).Add("type", (short)row.Type).Add("id", row.Id));
        }
    }

    internal static Task DecisionAsync(DbConnection connection, string personId, string id, string kind, long number, string decidedBy, DateTimeOffset at, string reason) => RunAsync(
        connection,
        "INSERT INTO tracing_decision (person_id, id, kind, nhs_number, decided_by, decided_at, reason) VALUES (@person,@id,@kind,@number,@by,@at,@reason)",
        c => c.Add("person", personId).Add("id", id).Add("kind", kind).Add("number", number).Add("by", decidedBy).Add("at", at.ToUnixTimeMilliseconds()).Add("reason", reason));

    internal static async Task RunAsync(DbConnection connection, string sql, Action<DbCommand> parameters)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        parameters(command);
        await command.ExecuteNonQueryAsync();
    }

    internal static PreparedResource Deletion(ResourceType type, string id, long patientKey, int supplierKey) =>
        new() { Method = WriteMethod.Delete, Type = type, Id = id, PatientKey = patientKey, SupplierKey = supplierKey };

    /// <summary>Who linked a record to a number, when and why, as FHIR tells it.</summary>
    internal static byte[] Provenance(string id, NhsNumber number, string decidedBy, DateTimeOffset at, string reason) => Encoding.UTF8.GetBytes(
        $$$"""
        {"resourceType":"Provenance","id":"{{{id}}}","target":[{"reference":"Patient/{{{number.Value}}}"}],"recorded":"{{{at:yyyy-MM-dd'T'HH:mm:ss'Z'}}}","reason":[{"text":{{{System.Text.Json.JsonSerializer.Serialize(reason)}}} }],"activity":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-DataOperation","code":"LINK","display":"link"}]},"agent":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/provenance-participant-type","code":"author"}]},"who":{"display":{{{System.Text.Json.JsonSerializer.Serialize(decidedBy)}}} }}]}
        """);
}

/// <summary>Makes a stored body one that can be taken in again, and re-points references from one person to another.</summary>
public static class References
{
    /// <summary>
    /// The body with every reference to one Patient made one to another, literal or by number alone. A reference to a version
    /// stays: that version goes on to be read under the number that it had.
    /// </summary>
    public static byte[] Repoint(ReadOnlySpan<byte> body, string from, string into) =>
        Replace(Replace(body.ToArray(), $"\"Patient/{from}\"", $"\"Patient/{into}\""), $"\"{from}\"", $"\"{into}\"");

    private static byte[] Replace(byte[] body, string from, string into)
    {
        var old = Encoding.UTF8.GetBytes(from);
        ReadOnlySpan<byte> rest = body;
        var at = rest.IndexOf(old);
        if (at < 0)
        {
            return body;
        }

        var made = Encoding.UTF8.GetBytes(into);
        var result = new MemoryStream(body.Length + 64);
        for (; at >= 0; at = rest.IndexOf(old))
        {
            result.Write(rest[..at]);
            result.Write(made);
            rest = rest[(at + old.Length)..];
        }

        result.Write(rest);
        return result.ToArray();
    }

    /// <summary>
    /// The body without the meta that the store put in to write version and time into: FHIR has no empty objects.
    /// </summary>
    public static byte[] WithoutEmptyMeta(ReadOnlySpan<byte> body)
    {
        var at = body.IndexOf("\"meta\":{},"u8);
        return at < 0 ? body.ToArray() : [.. body[..at], .. body[(at + "\"meta\":{},".Length)..]];
    }
}
