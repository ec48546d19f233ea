using BetterCare.Care.Storage.Audit;

namespace BetterCare.Care.Api.Jobs;

/// <summary>
/// The audit of work that no request asked for: what it changes is recorded in the commit of the change, as any decision is,
/// and whom else it looked up when it is done.
/// </summary>
public sealed class BackgroundTrail(AuditLog log, TimeProvider clock)
{
    /// <summary>Who acts where nobody asked.</summary>
    public const string Service = "service";

    /// <summary>Does a piece of work under a trail of its own.</summary>
    /// <param name="what">The work, as the audit names it.</param>
    /// <param name="work">The work.</param>
    /// <param name="agent">Who asked for it, long ago perhaps; null: the service itself.</param>
    /// <param name="id">The job; null: a new one.</param>
    public async Task RunAsync(string what, Func<Task> work, string? agent = null, string? id = null)
    {
        var trail = new AccessTrail
        {
            Agent = agent ?? Service,
            Interaction = what,
            RequestId = id ?? Guid.CreateVersion7(clock.GetUtcNow()).ToString(),
            Action = AuditAction.Execute,
            Clock = clock,
            IsLasting = true,
        };
        AccessTrail.Current = trail;
        var outcome = AuditOutcome.Failed;
        try
        {
            await work();
            outcome = AuditOutcome.Success;
        }
        finally
        {
            if (trail.HasSeen)
            {
                await log.RecordAsync(trail.Rest(outcome, always: false));
            }

            AccessTrail.Current = null;
        }
    }
}
