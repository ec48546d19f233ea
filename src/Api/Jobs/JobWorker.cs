using BetterCare.Care.Api.Features.Export;
using BetterCare.Care.Api.Features.Levels;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Jobs;

/// <summary>
/// Runs background jobs one after the other; at start it takes up what a stop or a kill left unfinished. Beside them it ends
/// agreed levels that have run out.
/// </summary>
public sealed partial class JobWorker(IDbContextFactory<CareDbContext> contexts, JobQueue queue, ImportJobs imports, ExportJobs exports, IEnumerable<IJobRunner> runners, JobControl control, AgreedLevels levels, BackgroundTrail trails, TimeProvider clock, ILogger<JobWorker> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not WhenAll: if taking up jobs fails the host is to know at once, not when the other loop ends.
        var expiry = ExpireLevelsAsync(stoppingToken);
        await RunJobsAsync(stoppingToken);
        await expiry;
    }

    private async Task RunJobsAsync(CancellationToken stoppingToken)
    {
        await imports.ForgetCancelledAsync(null, stoppingToken);
        await using (var db = await contexts.CreateDbContextAsync(stoppingToken))
        {
            var unfinished = await db.Jobs.AsNoTracking().Where(j => j.Status == JobStatus.Queued || j.Status == JobStatus.Running)
                .OrderBy(j => j.CreatedAt).Select(j => j.Id).ToListAsync(stoppingToken);
            unfinished.ForEach(queue.Enqueue);
        }

        await foreach (var id in queue.ReadAllAsync(stoppingToken))
        {
            await RunAsync(id, stoppingToken);
        }
    }

    /// <summary>
    /// At start and then hourly, so that a level that was agreed until yesterday is gone soon after midnight, whenever the
    /// service was started and whatever the clock does. A look that finds nothing is one indexed read.
    /// </summary>
    private async Task ExpireLevelsAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), clock);
        try
        {
            do
            {
                try
                {
                    await trails.RunAsync("expiry of agreed levels", () => levels.ExpireAsync(DateOnly.FromDateTime(clock.GetLocalNow().DateTime), ct));
                }
#pragma warning disable CA1031 // The next look tries again; jobs go on meanwhile.
                catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
                {
                    Failed("expiry of agreed levels", "", e.GetType().Name);
                }
            }
            while (await timer.WaitForNextTickAsync(ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async Task RunAsync(string id, CancellationToken ct)
    {
        string? kind = null;
        try
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            var job = await db.Jobs.AsNoTracking().SingleOrDefaultAsync(j => j.Id == id && (j.Status == JobStatus.Queued || j.Status == JobStatus.Running), ct);
            kind = job?.Kind;
            var work = kind == ExportJobs.Kind ? () => exports.RunAsync(id, ct)
                : runners.FirstOrDefault(r => r.Kind == kind) is { } runner ? () => control.RunAsync(runner, id, ct)
                : (Func<Task>?)null;
            if (work is not null)
            {
                await trails.RunAsync(kind!, work, job!.RequestedBy, id);
            }
        }
        catch (OperationCanceledException)
        {
            // Cancelled by the one who asked for it; or the service stops: then it is taken up at the next start.
        }
#pragma warning disable CA1031 // One job that fails must not end the worker.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Failed(kind ?? "job", id, e.GetType().Name);
            await using var db = await contexts.CreateDbContextAsync(ct);
            await db.Jobs.Where(j => j.Id == id && (j.Status == JobStatus.Queued || j.Status == JobStatus.Running)).ExecuteUpdateAsync(
                s => s.SetProperty(j => j.Status, JobStatus.Failed).SetProperty(j => j.Message, "The job failed. What it had stored stays; start it again to go on."), ct);
        }
    }

    [LoggerMessage(1001, LogLevel.Error, "The {Kind} {JobId} failed: {Exception}")]
    private partial void Failed(string kind, string jobId, string exception);
}
