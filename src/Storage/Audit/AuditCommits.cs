using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace BetterCare.Care.Storage.Audit;

/// <summary>
/// Puts the audit row of a request into every commit that EF Core makes for it, as the last statement, so that a decision
/// and its record are one. No handler has to know.
/// </summary>
internal sealed class AuditCommits : DbTransactionInterceptor, ISaveChangesInterceptor
{
    public static readonly AuditCommits Instance = new();

    /// <summary>Whoever has a row that is added, changed or removed is in the record of the change.</summary>
    public ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        if (AccessTrail.Current is { } trail && eventData.Context is { } db)
        {
            foreach (var entry in db.ChangeTracker.Entries())
            {
                if (entry.State is not (EntityState.Unchanged or EntityState.Detached) && entry.Metadata.FindProperty("PatientKey") is { } key && entry.Property(key).CurrentValue is long person)
                {
                    trail.Saw(person);
                }
            }
        }

        return ValueTask.FromResult(result);
    }

    public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
        DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        if (AccessTrail.Current is { HasSeen: true } trail)
        {
            using var appender = AuditAppender.On(transaction.Connection!);
            trail.Committing = trail.Change([], AuditOutcome.Success);
            await appender.AppendAsync(AuditChain.Changes, [trail.Committing]);
        }

        return result;
    }

    public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        if (AccessTrail.Current is { Committing: { } entry } trail)
        {
            trail.Kept(entry);
            trail.Committing = null;
        }

        return Task.CompletedTask;
    }

    // The synchronous commit has no place for the row: nobody may use it where people's data is decided.
    public override InterceptionResult TransactionCommitting(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result) =>
        AccessTrail.Current is { HasSeen: true } ? throw new InvalidOperationException("Commit with CommitAsync or SaveChangesAsync: the audit row goes with it.") : result;
}
