using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Data.Sqlite;

namespace BetterCare.Care.Storage.Tracing;

/// <summary>A table whose rows are a person's.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Key">Columns of its key.</param>
internal sealed record PersonTable(string Name, IReadOnlyList<string> Key)
{
    // What has rules of its own, or is made anew from the resources. A supplier's own id stays that of the record for which it
    // was given (Directories follows it). The audit stays as it was written; a report asks for former keys as well.
    private static readonly HashSet<string> Special = new(StringComparer.Ordinal)
    {
        "patient", "patient_alias", "resource", "resource_history", "resource_identifier", "resource_code", "resource_person", "timeline", "person_standing", "counted_person", "audit_person",
    };

    // What a decision was at the merge is put back whole, whatever has become of the row since; of everything else the later state counts.
    private static readonly HashSet<string> PutBackWhole = new(StringComparer.Ordinal)
    {
        "lead_record", "agreed_level_record", "care_plan_version", "named_gp_record", "lead_wish_record", "risk_score", "run_leaver",
    };

    /// <summary>Whether undoing puts back whole rows.</summary>
    public bool IsPutBackWhole => PutBackWhole.Contains(Name);

    /// <summary>The tables of a model that hold rows of people, so that a table that is added tomorrow is merged as well.</summary>
    public static IReadOnlyList<PersonTable> Of(IModel model) =>
    [
        .. model.GetEntityTypes()
            .Where(t => t.FindProperty("PatientKey") is not null && !Special.Contains(t.GetTableName()!))
            .Select(t => new PersonTable(t.GetTableName()!, [.. t.FindPrimaryKey()!.Properties.Select(p => p.GetColumnName())]))
            .OrderBy(t => t.Name, StringComparer.Ordinal),
    ];
}

/// <summary>A row as a merge found it.</summary>
/// <param name="Table">The table.</param>
/// <param name="Key">Its key as it is since.</param>
/// <param name="Before">The columns to put back; none: the merge added it.</param>
/// <param name="Removed">Whether the merge took it away.</param>
internal sealed record RememberedRow(string Table, JsonObject Key, JsonObject Before, bool Removed);

/// <summary>
/// Moves a person's rows to another, remembering each as it was, so that undoing a merge puts back exactly what it took.
/// </summary>
internal sealed class RowJournal(DbConnection connection, string mergeId)
{
    private int _ordinal;

    /// <summary>A truth value as a row of this engine holds it.</summary>
    public JsonNode Flag(bool value) => connection is SqliteConnection ? JsonValue.Create(value ? 1L : 0L) : JsonValue.Create(value);

    /// <summary>Moves the rows of a table; a row for which the other person has one already is taken away, and remembered.</summary>
    public async Task MoveAsync(PersonTable table, long from, long into)
    {
        foreach (var row in await RowsAsync(table.Name, "patient_key=@from", c => c.Add("from", from)))
        {
            var after = KeyOf(row, table.Key);
            after["patient_key"] = into;
            if (table.Key.Contains("patient_key") && await ExistsAsync(table.Name, after))
            {
                await TakeAsync(table, row);
            }
            else
            {
                await MoveAsync(table, row, after);
            }
        }
    }

    /// <summary>Gives a row another key.</summary>
    public async Task MoveAsync(PersonTable table, JsonObject row, JsonObject after)
    {
        await RememberAsync(table.Name, after, table.IsPutBackWhole ? row : new JsonObject { ["patient_key"] = row["patient_key"]!.DeepClone() }, removed: false);
        await SetAsync(table.Name, KeyOf(row, table.Key), after);
    }

    /// <summary>Takes a row away, remembering it whole.</summary>
    public async Task TakeAsync(PersonTable table, JsonObject row)
    {
        var key = KeyOf(row, table.Key);
        await RememberAsync(table.Name, key, row, removed: true);
        await RunAsync($"DELETE FROM {table.Name} WHERE {Where(key, "k")}", c => Bind(c, key, "k"));
    }

    /// <summary>Adds a row that undoing takes away again.</summary>
    public async Task AddAsync(string table, IReadOnlyList<string> key, JsonObject row)
    {
        await RememberAsync(table, KeyOf(row, key), [], removed: false);
        await InsertAsync(table, row);
    }

    /// <summary>Changes columns of rows, remembering what they were.</summary>
    public async Task ChangeAsync(string table, IReadOnlyList<string> key, string where, Action<DbCommand> bind, JsonObject changes)
    {
        foreach (var row in await RowsAsync(table, where, bind))
        {
            var before = new JsonObject();
            foreach (var (column, _) in changes)
            {
                before[column] = row[column]?.DeepClone();
            }

            await RememberAsync(table, KeyOf(row, key), before, removed: false);
            await SetAsync(table, KeyOf(row, key), changes);
        }
    }

    /// <summary>Remembers a row that is changed elsewhere.</summary>
    public Task RememberAsync(string table, JsonObject key, JsonObject before, bool removed) => RunAsync(
        "INSERT INTO person_merge_row (merge_id, ordinal, table_name, row_key, before, removed) VALUES (@merge,@ordinal,@table,@key,@before,@removed)",
        c => c.Add("merge", mergeId).Add("ordinal", ++_ordinal).Add("table", table).Add("key", key.ToJsonString()).Add("before", before.ToJsonString()).Add("removed", removed));

    /// <summary>Puts back everything that was remembered, the last first; what is of <paramref name="except"/> has rules of its own.</summary>
    public async Task PutBackAsync(IReadOnlyList<RememberedRow> rows, IReadOnlySet<string> except)
    {
        foreach (var row in rows.Where(r => !except.Contains(r.Table)))
        {
            if (row.Removed)
            {
                await InsertAsync(row.Table, row.Before);
            }
            else if (row.Before.Count == 0)
            {
                // A request that a meeting has taken up since is the meeting's.
                var untouched = row.Table == "mdt_request_record" ? " AND meeting_id IS NULL" : "";
                await RunAsync($"DELETE FROM {row.Table} WHERE {Where(row.Key, "k")}{untouched}", c => Bind(c, row.Key, "k"));
            }
            else
            {
                await SetAsync(row.Table, row.Key, row.Before);
            }
        }
    }

    /// <summary>What was remembered, the last first.</summary>
    public async Task<IReadOnlyList<RememberedRow>> RememberedAsync() =>
    [
        .. (await RowsAsync("person_merge_row", "merge_id=@merge", c => c.Add("merge", mergeId)))
            .OrderByDescending(r => (long)r["ordinal"]!)
            .Select(r => new RememberedRow((string)r["table_name"]!, JsonNode.Parse((string)r["row_key"]!)!.AsObject(), JsonNode.Parse((string)r["before"]!)!.AsObject(),
                IsTrue(r["removed"]))),
    ];

    /// <summary>Rows as JSON objects; bytes as an object with the one property base64.</summary>
    public async Task<List<JsonObject>> RowsAsync(string table, string where, Action<DbCommand> bind)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT * FROM {table} WHERE {where}";
        bind(command);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<JsonObject>();
        while (await reader.ReadAsync())
        {
            var row = new JsonObject();
            for (var i = 0; i < reader.FieldCount; i++)
            {
                row[reader.GetName(i)] = reader.GetValue(i) switch
                {
                    DBNull => null,
                    byte[] bytes => new JsonObject { ["base64"] = Convert.ToBase64String(bytes) },
                    bool flag => JsonValue.Create(flag),
                    string text => JsonValue.Create(text),
                    double or float => JsonValue.Create(Convert.ToDouble(reader.GetValue(i), CultureInfo.InvariantCulture)),
                    var number => JsonValue.Create(Convert.ToInt64(number, CultureInfo.InvariantCulture)),
                };
            }

            rows.Add(row);
        }

        return rows;
    }

    /// <summary>Inserts a row whole.</summary>
    public Task InsertAsync(string table, JsonObject row) => RunAsync(
        $"INSERT INTO {table} ({string.Join(", ", row.Select(c => Quoted(c.Key)))}) VALUES ({string.Join(", ", row.Select((_, i) => $"@v{i}"))}) ON CONFLICT DO NOTHING",
        c => Bind(c, row, "v"));

    /// <summary>Sets columns of the row with a key.</summary>
    public Task SetAsync(string table, JsonObject key, JsonObject values) => RunAsync(
        $"UPDATE {table} SET {string.Join(", ", values.Select((c, i) => $"{Quoted(c.Key)}=@v{i}"))} WHERE {Where(key, "k")}",
        c =>
        {
            Bind(c, values, "v");
            Bind(c, key, "k");
        });

    /// <summary>A truth value of a row, as either engine holds it.</summary>
    public static bool IsTrue(JsonNode? value) => value?.GetValueKind() == JsonValueKind.True || (value?.GetValueKind() == JsonValueKind.Number && (long)value != 0);

    private static JsonObject KeyOf(JsonObject row, IReadOnlyList<string> key) => new(key.Select(k => KeyValuePair.Create(k, row[k]?.DeepClone())));

    private static string Quoted(string column) => $"\"{column}\"";

    private static string Where(JsonObject key, string prefix) => string.Join(" AND ", key.Select((c, i) => $"{Quoted(c.Key)}=@{prefix}{i}"));

    private static void Bind(DbCommand command, JsonObject values, string prefix)
    {
        var i = 0;
        foreach (var (_, value) in values)
        {
            command.Add($"{prefix}{i++}", value switch
            {
                null => null,
                JsonObject bytes => Convert.FromBase64String((string)bytes["base64"]!),
                _ => value.GetValueKind() switch
                {
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    JsonValueKind.String => (string)value!,
                    _ when long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
                    _ => double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture),
                },
            });
        }
    }

    private async Task<bool> ExistsAsync(string table, JsonObject key)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT 1 FROM {table} WHERE {Where(key, "k")}";
        Bind(command, key, "k");
        return await command.ExecuteScalarAsync() is not null;
    }

    private Task RunAsync(string sql, Action<DbCommand> bind) => Admission.RunAsync(connection, sql, bind);
}
