namespace BetterCare.Care.Storage.Resources;

internal sealed partial class PostgresBulkSession
{
    private async Task CopyResourcesAsync(string table, List<PreparedResource> items)
    {
        if (items.Count == 0)
        {
            return;
        }

        await using var copy = await _db.BeginBinaryImportAsync($"""
            COPY {table} (patient_key, type, id, version, last_updated, deleted, supplier_key, content_hash, meta_at, body) FROM STDIN (FORMAT BINARY)
            """);
        foreach (var item in items)
        {
            await copy.StartRowAsync();
            await copy.WriteAsync(item.PatientKey);
            await copy.WriteAsync((short)item.Type);
            await copy.WriteAsync(item.Id);
            await copy.WriteAsync(item.Version);
            await copy.WriteAsync(item.LastUpdated);
            await copy.WriteAsync(item.Outcome == WriteOutcome.Deleted);
            await copy.WriteAsync(item.SupplierKey);
            await copy.WriteAsync(item.ContentHash);
            await copy.WriteAsync(item.MetaAt);
            await copy.WriteAsync(item.Stored);
        }

        await copy.CompleteAsync();
    }

    public async Task IndexAsync(List<PreparedResource> items)
    {
        await using (var copy = await _db.BeginBinaryImportAsync("COPY resource_identifier (hash, patient_key, type, id) FROM STDIN (FORMAT BINARY)"))
        {
            foreach (var item in items)
            {
                foreach (var hash in item.Identifiers.Distinct())
                {
                    await copy.StartRowAsync();
                    await copy.WriteAsync(hash);
                    await copy.WriteAsync(item.PatientKey);
                    await copy.WriteAsync((short)item.Type);
                    await copy.WriteAsync(item.Id);
                }
            }

            await copy.CompleteAsync();
        }

        await using var codes = await _db.BeginBinaryImportAsync("COPY resource_code (type, code_hash, day, patient_key, id) FROM STDIN (FORMAT BINARY)");
        foreach (var item in items)
        {
            foreach (var hash in item.Codes.Distinct())
            {
                await codes.StartRowAsync();
                await codes.WriteAsync((short)item.Type);
                await codes.WriteAsync(hash);
                await codes.WriteAsync(item.Day);
                await codes.WriteAsync(item.PatientKey);
                await codes.WriteAsync(item.Id);
            }
        }

        await codes.CompleteAsync();
    }

    private async Task SupersededAsync(List<PreparedResource> items)
    {
        foreach (var item in items)
        {
            for (var earlier = item.Supersedes; earlier is not null; earlier = earlier.Supersedes)
            {
                await using var command = Command("""
                    INSERT INTO resource_history (patient_key, type, id, version, last_updated, deleted, meta_at, body)
                    VALUES (@key,@type,@id,@version,@updated,@deleted,@meta,@body)
                    """);
                command.Parameters.AddWithValue("key", earlier.PatientKey);
                command.Parameters.AddWithValue("type", (short)earlier.Type);
                command.Parameters.AddWithValue("id", earlier.Id);
                command.Parameters.AddWithValue("version", earlier.Version);
                command.Parameters.AddWithValue("updated", earlier.LastUpdated);
                command.Parameters.AddWithValue("deleted", earlier.Outcome == WriteOutcome.Deleted);
                command.Parameters.AddWithValue("meta", earlier.MetaAt);
                command.Parameters.AddWithValue("body", earlier.Stored);
                await command.ExecuteNonQueryAsync();
            }
        }
    }
}
