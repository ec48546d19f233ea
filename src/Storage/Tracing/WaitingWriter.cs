using System.Data.Common;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Storage.Tracing;

/// <summary>Puts what waits into the tracing queue, in the commit of the batch that brought it. Posting again never doubles.</summary>
internal static class WaitingWriter
{
    /// <summary>Keeps the items of a batch.</summary>
    public static async Task KeepAsync(DbConnection connection, WriteBatch batch, long now)
    {
        // A person first: nothing waits for somebody who is not there.
        foreach (var item in batch.Waiting.OrderBy(w => w.Type == ResourceType.Patient ? 0 : 1))
        {
            await using var command = connection.CreateCommand();
            if (item.Type == ResourceType.Patient)
            {
                // New details give someone for whom nobody was found another chance; someone traced stays traced.
                command.CommandText = """
                    INSERT INTO tracing_person (id, supplier_key, source_id, body, content_hash, state, received_at, attempts, next_attempt_at, nhs_number, note)
                    VALUES (@id,@supplier,@source,@body,@hash,0,@now,0,@now,0,'')
                    ON CONFLICT (id) DO UPDATE SET body=excluded.body, content_hash=excluded.content_hash,
                      state=CASE WHEN tracing_person.state=2 THEN 2 ELSE 0 END, attempts=0, next_attempt_at=excluded.next_attempt_at, note=''
                    WHERE tracing_person.content_hash<>excluded.content_hash
                    """;
                command.Add("id", item.PersonId).Add("supplier", item.SupplierKey).Add("source", item.Id).Add("body", item.Body).Add("hash", item.ContentHash).Add("now", now);
            }
            else
            {
                command.CommandText = """
                    INSERT INTO tracing_resource (person_id, type, id, body, admitted, refusal) VALUES (@person,@type,@id,@body,@no,'')
                    ON CONFLICT (person_id, type, id) DO UPDATE SET body=excluded.body, admitted=excluded.admitted, refusal=''
                    """;
                command.Add("person", item.PersonId).Add("type", (short)item.Type).Add("id", item.Id).Add("body", item.Body).Add("no", false);
            }

            await command.ExecuteNonQueryAsync();
        }

        if (batch.Checkpoint is { } checkpoint && batch.Waiting.Count > 0)
        {
            await using var count = connection.CreateCommand();
            count.CommandText = "UPDATE import_file SET waiting=waiting+@count WHERE job_id=@job AND ordinal=@ordinal";
            count.Add("count", (long)batch.Waiting.Count).Add("job", checkpoint.JobId).Add("ordinal", checkpoint.Ordinal);
            await count.ExecuteNonQueryAsync();
        }
    }

    /// <summary>Adds a named parameter.</summary>
    internal static DbCommand Add(this DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
        return command;
    }
}
