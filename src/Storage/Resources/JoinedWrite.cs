using System.Data.Common;
using BetterCare.Care.Storage.Audit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// Writes resources within a transaction that somebody else has begun: a decision and the resources that tell of it are one
/// commit. The rules, versions, history and indexes are those of <see cref="ResourceWriter"/>.
/// </summary>
public static class JoinedWrite
{
    /// <summary>Writes <paramref name="items"/> on the connection of <paramref name="db"/>; commits nothing.</summary>
    /// <param name="db">A context with an open transaction.</param>
    /// <param name="items">Prepared resources; none is a Patient or an Organization.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <returns>Null when written; else why not, and then nothing of it is.</returns>
    public static async Task<WriteFailure?> WriteAsync(DatabaseFacade db, IEnumerable<PreparedResource> items, long now)
    {
        if (db.CurrentTransaction is null)
        {
            throw new InvalidOperationException("There is no transaction to join.");
        }

        var batch = new WriteBatch();
        batch.Items.AddRange(items);
        await using var session = await JoinAsync(db.GetDbConnection());
        await session.FindAsync(batch.Items);
        var plan = new WritePlan();
        if (plan.Decide(batch, now) is { } failure)
        {
            await session.ReleaseAsync();
            return failure;
        }

        await ResourceWriter.ApplyAsync(session, plan, now);
        foreach (var item in batch.Items)
        {
            AccessTrail.Current?.Saw(item.People.Length > 0 ? item.People : [item.PatientKey]);
        }

        return null;
    }

    /// <summary>The engine's side of a commit that somebody else has begun.</summary>
    internal static async Task<IBulkSession> JoinAsync(DbConnection connection)
    {
        if (connection is Microsoft.Data.Sqlite.SqliteConnection)
        {
            return new SqliteBulkSession(connection, owned: false);
        }

        var session = new PostgresBulkSession(connection, owned: false);
        await session.StageAsync();
        return session;
    }
}
