namespace BetterCare.Care.Storage.Resources;

internal sealed partial class SqliteBulkSession
{
    public Task<long> MergeEpochAsync()
    {
        var read = Statement($"SELECT value FROM upkeep_mark WHERE name='{Directories.MergeMark}'");
        var epoch = 0L;
        if (read.Step())
        {
            epoch = read.Long(0);
            read.Reset();
        }

        return Task.FromResult(epoch);
    }

    public Task ShareAsync(List<PreparedResource> written)
    {
        var leave = Statement("UPDATE resource_person SET former=1 WHERE type=?1 AND id=?2");
        var join = Statement("INSERT INTO resource_person (patient_key, type, id, former) VALUES (?1,?2,?3,0) ON CONFLICT DO UPDATE SET former=0");
        foreach (var item in written)
        {
            if (item.Before is not null)
            {
                leave.Bind((long)item.Type).Bind(item.Id).Run();
            }

            foreach (var person in item.People)
            {
                join.Bind(person).Bind((long)item.Type).Bind(item.Id).Run();
            }
        }

        return Task.CompletedTask;
    }
}
