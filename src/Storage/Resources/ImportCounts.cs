namespace BetterCare.Care.Storage.Resources;

/// <summary>What became of the lines of one checkpoint.</summary>
internal readonly record struct ImportCounts(long Created, long Updated, long Unchanged, long Rejected)
{
    /// <summary>A checkpoint fits the state of its file, or the batch is not stored: another process may have taken the job.</summary>
    public static void Demand(int rows)
    {
        if (rows != 1)
        {
            throw new InvalidOperationException("The import file is not where this batch begins; the job is resumed from its last checkpoint.");
        }
    }

    public static ImportCounts Of(ImportCheckpoint checkpoint, List<PreparedResource> items)
    {
        long created = 0, updated = 0, unchanged = 0;
        foreach (var item in items)
        {
            switch (item.Outcome)
            {
                case WriteOutcome.Created: created++; break;
                case WriteOutcome.Updated or WriteOutcome.KeptBeside or WriteOutcome.Deleted: updated++; break;
                case WriteOutcome.Unchanged: unchanged++; break;
            }
        }

        return new ImportCounts(created, updated, unchanged, checkpoint.Rejects.Count);
    }
}
