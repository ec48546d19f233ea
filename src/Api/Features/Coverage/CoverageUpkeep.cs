using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Coverage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>
/// Keeps the cells true to what no decision tells: a review that became overdue overnight, a person who died, moved or changed
/// practice. People who are new are counted by the next run, or by the first decision about them. And it builds the release of
/// a month that is over, so that nobody waits for it.
/// </summary>
public sealed class CoverageUpkeep(CoverageReads reads, CoverageReleases releases, IDbContextFactory<CareDbContext> contexts, TimeProvider clock) : IUpkeep
{
    private const string Mark = "coverage";
    private const int PeoplePerCommit = 200;

    // More than one commit of the writer holds, whose resources all bear one time.
    private const int MostAtOnce = 50_000;

    /// <inheritdoc/>
    public string Name => "coverage";

    /// <inheritdoc/>
    public TimeSpan Every => TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken ct)
    {
        var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
        await RecountAsync(await reads.OverdueAsync(today, ct), today, ct);

        await using var db = await contexts.CreateDbContextAsync(ct);
        var now = clock.GetUtcNow().AddSeconds(-10).ToUnixTimeMilliseconds();
        var since = await db.UpkeepMarks.ReadAsync(Mark, now, ct);
        var changed = await reads.ChangedAsync(since, MostAtOnce, ct);
        await RecountAsync(changed.ConvertAll(c => c.PatientKey), today, ct);
        await db.WriteAsync(Mark, changed.Count == MostAtOnce ? changed[^1].At : Math.Max(since, now), ct);

        var month = CoverageWriter.MonthOf(today);
        if ((await reads.MonthsAsync(month, ct)).Exists(m => m < month))
        {
            await releases.ForAsync(null, ct);
        }
    }

    private async Task RecountAsync(List<long> people, DateOnly today, CancellationToken ct)
    {
        foreach (var part in people.Chunk(PeoplePerCommit))
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var coverage = new CoverageWriter(db.Database.GetDbConnection(), transaction.GetDbTransaction());
            await coverage.LockAsync(today, ct);
            foreach (var person in part)
            {
                await coverage.RecountAsync(person, today, ct);
            }

            await transaction.CommitAsync(ct);
        }
    }
}
