using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace BetterCare.Care.Storage.Audit;

/// <summary>
/// Puts the audit row of a request into every commit that EF Core makes for it, as the last statement, so that a decision
/// and its record are one. No handler has to know.
/// </summary>
internal sealed class AuditCommits : DbTransactionInterceptor
{
    public static readonly AuditCommits Instance = new();

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
