using System.Data.Common;
using System.Globalization;
using System.Text.Json.Nodes;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Storage.Tracing;

/// <summary>The resources of a merge. Each that changes gets a version of its own; the former ones stay as they were.</summary>
public sealed partial class Merger
{
    private const string Columns = "r.patient_key, r.type, r.id, r.version, r.last_updated, r.deleted, r.supplier_key, r.meta_at, r.body";

    private async Task MoveResourcesAsync(Work work)
    {
        var (from, into) = (work.Merge.FromKey, work.Merge.IntoKey);
        var tasks = (await work.Journal.RowsAsync("mdt_task_record", "patient_key=@into", c => c.Add("into", into))).Select(t => (string)t["id"]!).ToHashSet(StringComparer.Ordinal);
        var items = new List<PreparedResource>();
        foreach (var row in await ReadAsync(work.Connection, $"SELECT {Columns} FROM resource r WHERE r.patient_key=@key", from))
        {
            if (row.Deleted)
            {
                await RememberAsync(work, row, "deleted", []);
                continue;
            }

            // The former Patient ends: reads by its number answer with the one that remains. What the service tells of leads and
            // plans is told of the record that remains.
            if (row.Type == ResourceType.Patient || IsOfService(work, row, tasks))
            {
                await RememberAsync(work, row, "ended", []);
                items.Add(Admission.Deletion(row.Type, row.Id, into, row.Supplier));
                continue;
            }

            var body = References.Repoint(row.Body, work.From.Value, work.Into.Value);
            await RememberAsync(work, row, "moved", body);
            items.Add(await DerivedAsync(work, row with { PatientKey = into, Body = body }));
        }

        // What is kept under others, or under nobody, and names this person: appointments of two, groups.
        const string Shared = $"SELECT {Columns} FROM resource_person p JOIN resource_by_id r ON r.type=p.type AND r.id=p.id WHERE p.patient_key=@key AND r.patient_key<>@key AND NOT p.former AND NOT r.deleted";
        foreach (var row in await ReadAsync(work.Connection, Shared, from))
        {
            var body = References.Repoint(row.Body, work.From.Value, work.Into.Value);
            if (!body.AsSpan().SequenceEqual(row.Body))
            {
                await RememberAsync(work, row, "named", body);
                items.Add(await DerivedAsync(work, row with { Body = body }));
            }
        }

        foreach (var row in await ReadAsync(work.Connection, $"SELECT {Columns} FROM resource r WHERE r.patient_key=@key AND NOT r.deleted", into))
        {
            if (row.Type == ResourceType.Patient && row.Id == work.Into.Value)
            {
                var numbers = work.Merged.TakenUpBy(work.From)?.Numbers ?? [];
                if (FormerNumbers.AddTo(row.Body, work.Into, new TakenUp([.. numbers.Append(work.From).Order()], work.Merge.Restricted)) is { } body)
                {
                    await RememberAsync(work, row, "survivor", body);
                    items.Add(await DerivedAsync(work, row with { Body = body }));
                }
            }
            else if (IsOfService(work, row, tasks))
            {
                await work.Journal.RememberAsync("resource_of_service", KeyOf(row), new JsonObject { ["version"] = row.Version }, removed: false);
            }
        }

        await ApplyAsync(work, items);
        await work.RunAsync("UPDATE resource SET patient_key=@into WHERE patient_key=@from");
        await work.RunAsync("UPDATE resource_history SET patient_key=@into WHERE patient_key=@from");
        await work.RunAsync("DELETE FROM resource_person WHERE patient_key=@from AND EXISTS (SELECT 1 FROM resource_person o WHERE o.patient_key=@into AND o.type=resource_person.type AND o.id=resource_person.id)");
        await work.RunAsync("UPDATE resource_person SET patient_key=@into WHERE patient_key=@from");
        await work.Session.ClearDerivedAsync(from, from);
    }

    private async Task PutResourcesBackAsync(Work work, IReadOnlyList<RememberedRow> remembered)
    {
        var (from, into) = (work.Merge.FromKey, work.Merge.IntoKey);
        var items = new List<PreparedResource>();
        var posted = await PostedSinceAsync(work);
        var seen = new HashSet<(ResourceType, string)>();
        foreach (var before in remembered.Where(r => r.Table == "resource"))
        {
            var (type, id, version) = ((ResourceType)(byte)(long)before.Key["type"]!, (string)before.Key["id"]!, (int)(long)before.Before["version"]!);
            seen.Add((type, id));
            if (await FindAsync(work.Connection, type, id) is not { } row)
            {
                continue;
            }

            // Whether it says what it said after the merge; another merge and its undoing in between make no difference.
            var untouched = !row.Deleted && Hashing.Content(row.Body) == (long)before.Before["after"]!;
            switch ((string)before.Before["kind"]!)
            {
                case "ended" when row.Deleted:
                    items.Add(await DerivedAsync(work, row with
                    {
                        PatientKey = from,
                        Body = type == ResourceType.Patient && posted is not null ? posted : await FormerAsync(work.Connection, row, version),
                    }));
                    break;
                case "moved" when untouched:
                    items.Add(await DerivedAsync(work, row with { PatientKey = from, Body = await FormerAsync(work.Connection, row, version) }));
                    break;
                case "moved" or "deleted" or "ended":
                    await BackAsync(row);
                    break;
                case "survivor" when untouched:
                    items.Add(await DerivedAsync(work, row with { Body = await FormerAsync(work.Connection, row, version) }));
                    break;
                case "survivor" when !row.Deleted:
                    items.Add(await DerivedAsync(work, row with { Body = FormerNumbers.TakeFrom(row.Body, work.From) }));
                    break;
                case "named" when untouched:
                    items.Add(await DerivedAsync(work, row with { Body = await FormerAsync(work.Connection, row, version) }));
                    break;
            }
        }

        foreach (var arrival in await work.Journal.RowsAsync("merge_arrival", "merge_id=@merge", c => c.Add("merge", work.Merge.Id)))
        {
            var (type, id) = ((ResourceType)(byte)(long)arrival["type"]!, (string)arrival["id"]!);
            if (seen.Add((type, id)) && await FindAsync(work.Connection, type, id) is { } row && row.PatientKey == into)
            {
                await BackAsync(row);
            }
        }

        await EndOfServiceAsync(work, remembered, items);
        await ApplyAsync(work, items);
        await work.RunAsync("""
            UPDATE resource_history SET patient_key=@from WHERE patient_key=@into
              AND EXISTS (SELECT 1 FROM resource r WHERE r.patient_key=@from AND r.type=resource_history.type AND r.id=resource_history.id)
            """);

        // As it is now, under the former number again: a deletion has no words to change.
        async Task BackAsync(KeptResource row)
        {
            if (row.Deleted)
            {
                await Admission.RunAsync(work.Connection, "UPDATE resource SET patient_key=@from WHERE patient_key=@key AND type=@type AND id=@id", c => c.Add("from", from).Add("key", row.PatientKey).Add("type", (short)row.Type).Add("id", row.Id));
            }
            else
            {
                items.Add(await DerivedAsync(work, row with { PatientKey = from, Body = References.Repoint(row.Body, work.Into.Value, work.From.Value) }));
            }
        }
    }

    /// <summary>What the service told of the merged leads and plans ends; what it told before is as it was. The caller tells anew what holds.</summary>
    private static async Task EndOfServiceAsync(Work work, IReadOnlyList<RememberedRow> remembered, List<PreparedResource> items)
    {
        var told = remembered.Where(r => r.Table == "resource_of_service").ToDictionary(r => ((ResourceType)(byte)(long)r.Key["type"]!, (string)r.Key["id"]!), r => (int)(long)r.Before["version"]!);
        var moved = items.Select(i => (i.Type, i.Id)).ToHashSet();
        var tasks = (await work.Journal.RowsAsync("mdt_task_record", "patient_key=@into", c => c.Add("into", work.Merge.IntoKey))).Select(t => (string)t["id"]!).ToHashSet(StringComparer.Ordinal);
        foreach (var row in await ReadAsync(work.Connection, $"SELECT {Columns} FROM resource r WHERE r.patient_key=@key AND NOT r.deleted", work.Merge.IntoKey))
        {
            if (!IsOfService(work, row, tasks) || moved.Contains((row.Type, row.Id)))
            {
                continue;
            }

            if (!told.TryGetValue((row.Type, row.Id), out var version))
            {
                items.Add(Admission.Deletion(row.Type, row.Id, row.PatientKey, row.Supplier));
            }
            else if (row.Version != version)
            {
                items.Add(await DerivedAsync(work, row with { Body = await FormerAsync(work.Connection, row, version) }));
            }
        }
    }

    /// <summary>
    /// The Patient that the former record's own supplier has sent under the former number since; null none. What others sent
    /// is kept beside the former record again.
    /// </summary>
    private static async Task<byte[]?> PostedSinceAsync(Work work)
    {
        byte[]? own = null;
        var shown = (await work.Journal.RowsAsync("patient", "patient_key=@key", c => c.Add("key", work.Merge.FromKey))) is [var row] ? (long)row["supplier_key"]! : 0;
        foreach (var kept in await work.Journal.RowsAsync(
            "patient_source_record",
            "patient_key=@into AND supplier_key IN (SELECT supplier_key FROM supplier WHERE uri LIKE @prefix)",
            c => c.Add("into", work.Merge.IntoKey).Add("prefix", FormerNumbers.SupplierOf(work.Merge.Id) + "%")))
        {
            var uri = (string)(await work.Journal.RowsAsync("supplier", "supplier_key=@key", c => c.Add("key", (int)(long)kept["supplier_key"]!)))[0]["uri"]!;
            var supplier = long.Parse(uri[(uri.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture);
            await Admission.RunAsync(work.Connection, "DELETE FROM patient_source_record WHERE patient_key=@key AND supplier_key=@supplier",
                c => c.Add("key", work.Merge.IntoKey).Add("supplier", (int)(long)kept["supplier_key"]!));
            if (supplier == shown)
            {
                own = Convert.FromBase64String((string)kept["body"]!["base64"]!);
                continue;
            }

            kept["patient_key"] = work.Merge.FromKey;
            kept["supplier_key"] = supplier;
            await Admission.RunAsync(work.Connection, "DELETE FROM patient_source_record WHERE patient_key=@key AND supplier_key=@supplier", c => c.Add("key", work.Merge.FromKey).Add("supplier", (int)supplier));
            await work.Journal.InsertAsync("patient_source_record", kept);
        }

        // Of a record that the former one had taken up before: it goes along.
        foreach (var earlier in work.Merged.Under(work.Merge.Id))
        {
            await Admission.RunAsync(
                work.Connection,
                "UPDATE patient_source_record SET patient_key=@from WHERE patient_key=@into AND supplier_key IN (SELECT supplier_key FROM supplier WHERE uri LIKE @prefix)",
                c => c.Add("from", work.Merge.FromKey).Add("into", work.Merge.IntoKey).Add("prefix", FormerNumbers.SupplierOf(earlier) + "%"));
        }

        return own;
    }

    /// <summary>A person who was only ever here under the former number leaves the number that was given to them.</summary>
    /// <returns>Whether they did; false where something was posted under that number itself.</returns>
    private static async Task<bool> EndRenumberedAsync(Work work)
    {
        var rest = await ReadAsync(work.Connection, $"SELECT {Columns} FROM resource r WHERE r.patient_key=@key AND NOT r.deleted", work.Merge.IntoKey);
        if (rest.Exists(r => r.Type is not (ResourceType.Patient or ResourceType.Provenance)))
        {
            return false;
        }

        await ApplyAsync(work, [.. rest.Where(r => r.Type == ResourceType.Patient).Select(r => Admission.Deletion(r.Type, r.Id, r.PatientKey, r.Supplier))]);
        await work.Session.ClearDerivedAsync(work.Merge.IntoKey, work.Merge.IntoKey);
        await work.RunAsync("DELETE FROM person_standing WHERE patient_key=@into AND @from<>0");
        await work.RunAsync("DELETE FROM patient WHERE patient_key=@into AND @from<>0");
        return true;
    }

    private static async Task ApplyAsync(Work work, List<PreparedResource> items)
    {
        await work.Session.FindAsync(items);
        var plan = new WritePlan();
        foreach (var item in items)
        {
            plan.Move(item, work.Now);
        }

        await ResourceWriter.ApplyAsync(work.Session, plan, work.Now);
    }

    private static bool IsOfService(Work work, KeptResource row, HashSet<string> tasks) => row.Supplier == work.Decision.RenderedBy
        && (row.Type is ResourceType.CareTeam or ResourceType.CarePlan or ResourceType.Goal || (row.Type == ResourceType.Task && !tasks.Contains(row.Id)));

    private static JsonObject KeyOf(KeptResource row) => new() { ["type"] = (long)row.Type, ["id"] = row.Id };

    private static Task RememberAsync(Work work, KeptResource row, string kind, ReadOnlySpan<byte> after) =>
        work.Journal.RememberAsync("resource", KeyOf(row), new JsonObject { ["version"] = row.Version, ["kind"] = kind, ["after"] = Hashing.Content(after) }, removed: false);

    private static async Task<PreparedResource> DerivedAsync(Work work, KeptResource row) => await work.Preparer.DeriveAsync(
        work.Ingest, new StoredResource(row.PatientKey, row.Type, row.Id, row.Version, row.LastUpdated, row.Deleted, row.MetaAt, row.Body), row.Supplier, CancellationToken.None);

    private static async Task<List<PreparedResource>> DerivedAsync(Work work, long key)
    {
        var items = new List<PreparedResource>();
        foreach (var row in await ReadAsync(work.Connection, $"SELECT {Columns} FROM resource r WHERE r.patient_key=@key AND NOT r.deleted", key))
        {
            items.Add(await DerivedAsync(work, row));
        }

        return items;
    }

    private static async Task<byte[]> FormerAsync(DbConnection connection, KeptResource row, int version)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT body FROM resource_history WHERE patient_key=@key AND type=@type AND id=@id AND version=@version";
        command.Add("key", row.HistoryKey).Add("type", (short)row.Type).Add("id", row.Id).Add("version", version);
        return BodyCodec.Unpack((byte[])(await command.ExecuteScalarAsync())!);
    }

    private static async Task<KeptResource?> FindAsync(DbConnection connection, ResourceType type, string id) =>
        (await ReadAsync(connection, $"SELECT {Columns} FROM resource_by_id r WHERE r.type=@key AND r.id=@id", (short)type, id)) is [var row] ? row : null;

    private static async Task<List<KeptResource>> ReadAsync(DbConnection connection, string sql, object key, string? id = null)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Add("key", key);
        if (id is not null)
        {
            command.Add("id", id);
        }

        var rows = new List<KeptResource>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows.Add(new KeptResource(
                reader.GetInt64(0), (ResourceType)(byte)reader.GetInt16(1), reader.GetString(2), reader.GetInt32(3), reader.GetInt64(4), reader.GetBoolean(5), reader.GetInt32(6), reader.GetInt32(7),
                reader.GetBody(8))
            {
                HistoryKey = reader.GetInt64(0),
            });
        }

        return rows;
    }

    private sealed record KeptResource(long PatientKey, ResourceType Type, string Id, int Version, long LastUpdated, bool Deleted, int Supplier, int MetaAt, byte[] Body)
    {
        /// <summary>Under whom its former versions are kept now.</summary>
        public long HistoryKey { get; init; }
    }
}
