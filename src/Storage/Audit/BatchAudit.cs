using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Storage.Audit;

/// <summary>The entries of the batches of one commit: one a batch, whoever sent it and whatever came of it.</summary>
internal sealed class BatchAudit
{
    private readonly List<(AccessTrail? Trail, AuditEntry Entry)> _all = [];

    public List<AuditEntry> Entries => _all.ConvertAll(a => a.Entry);

    public static BatchAudit Of(List<WriteBatch> group, WriteFailure?[] failures, TimeProvider clock)
    {
        var audit = new BatchAudit();
        for (var i = 0; i < group.Count; i++)
        {
            var batch = group[i];
            var trail = batch.Trail ?? new AccessTrail
            {
                Agent = "service",
                Interaction = batch.Checkpoint is null ? "write" : "import",
                Action = AuditAction.Execute,
                Clock = clock,
            };
            var entry = trail.Change(batch.Items.SelectMany(PeopleOf), failures[i] is null ? AuditOutcome.Success : AuditOutcome.Refused);
            if (entry.People.Count > 0)
            {
                audit._all.Add((batch.Trail, entry));
            }
        }

        return audit;
    }

    private static IEnumerable<long> PeopleOf(PreparedResource item) => item.People.Length > 0 ? item.People : item.PatientKey == 0 ? [] : [item.PatientKey];

    /// <summary>They are committed.</summary>
    public void Kept()
    {
        foreach (var (trail, entry) in _all)
        {
            trail?.Kept(entry);
        }
    }
}
