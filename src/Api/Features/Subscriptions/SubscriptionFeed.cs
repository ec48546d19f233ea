using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Subscriptions;

/// <summary>
/// Looks for what was stored since the last look and puts notifications of what matches into the queue. It reads what the writer
/// has committed, so it can neither slow the writer down nor tell of what was not kept.
/// </summary>
public sealed class SubscriptionFeed(IDbContextFactory<CareDbContext> contexts, ResourceStore store, SubscriptionRules rules, TimeProvider clock) : IUpkeep
{
    private const int RowsAtOnce = 1000;

    // Commits of other instances, and of decisions, may become visible out of the order of their times: looked for again for so long.
    private const long OverlapMilliseconds = 10_000;

    /// <inheritdoc/>
    public string Name => "subscriptions";

    /// <inheritdoc/>
    public TimeSpan Every => TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var now = clock.GetUtcNow();
        foreach (var state in await db.SubscriptionStates.AsNoTracking().ToListAsync(ct))
        {
            var resource = await store.ReadAsync(ResourceType.Subscription, state.SubscriptionId, ct);
            if (resource is { Deleted: false } && new JsonView(resource.Body)["status"u8].Text.SequenceEqual("active"u8)
                && rules.Read(resource.Body).Served is { } served && !(served.Ends < now))
            {
                await LookAsync(state, served, ct);
            }
        }
    }

    private async Task LookAsync(SubscriptionState state, ServedSubscription served, CancellationToken ct)
    {
        var (since, after) = (state.SeenUntil - OverlapMilliseconds, "");
        while (true)
        {
            var rows = await store.UpdatedSinceAsync(served.Search.Type, since, after, RowsAtOnce, ct);
            var matching = new List<StoredResource>();
            foreach (var row in rows)
            {
                if (!row.Deleted && served.Search.Matches(row.ToUtf8()) && await MayTellAsync(state, row.PatientKey, ct))
                {
                    matching.Add(row);
                }
            }

            var seen = rows.Count == 0 ? state.SeenUntil : Math.Max(state.SeenUntil, rows[^1].LastUpdated);
            if (matching.Count > 0 || seen > state.SeenUntil)
            {
                await QueueAsync(state, matching, seen, ct);
                state.SeenUntil = seen;
            }

            if (rows.Count < RowsAtOnce)
            {
                return;
            }

            (since, after) = (rows[^1].LastUpdated, rows[^1].Id);
        }
    }

    private async Task<bool> MayTellAsync(SubscriptionState state, long patientKey, CancellationToken ct)
    {
        if (patientKey == 0)
        {
            return true;
        }

        var access = await store.AccessAsync(patientKey, ct);
        return access is not null && (access.Flags & (PersonFlags)state.HiddenFlags) == PersonFlags.None
            && (state.Practices == "*" || state.Practices.Split(' ').Contains(access.PracticeCode, StringComparer.Ordinal));
    }

    private async Task QueueAsync(SubscriptionState state, List<StoredResource> matching, long seen, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);

        // The row of the subscription is the lock: events are numbered one after the other.
        await db.SubscriptionStates.Where(s => s.SubscriptionId == state.SubscriptionId).ExecuteUpdateAsync(s => s.SetProperty(x => x.SeenUntil, x => x.SeenUntil > seen ? x.SeenUntil : seen), ct);
        var events = await db.SubscriptionStates.Where(s => s.SubscriptionId == state.SubscriptionId).Select(s => s.Events).SingleAsync(ct);
        var now = clock.GetUtcNow();
        foreach (var row in matching)
        {
            events += await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO subscription_delivery (id, subscription_id, event, type, resource_id, version, state, attempts, next_at, created_at, problem)
                VALUES ({Guid.CreateVersion7(now).ToString()}, {state.SubscriptionId}, {events + 1}, {(short)row.Type}, {row.Id}, {row.Version}, 0, 0, {now.ToUnixTimeMilliseconds()}, {now.ToUnixTimeMilliseconds()}, '')
                ON CONFLICT (subscription_id, type, resource_id, version) DO NOTHING
                """,
                ct);
        }

        await db.SubscriptionStates.Where(s => s.SubscriptionId == state.SubscriptionId).ExecuteUpdateAsync(s => s.SetProperty(x => x.Events, events), ct);
        await transaction.CommitAsync(ct);
    }
}
