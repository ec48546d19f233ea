using System.Collections.Concurrent;
using System.Data.Common;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Jobs;

/// <summary>A kind of background work that the worker can run. It keeps nothing until it is done, so that a killed job starts anew.</summary>
public interface IJobRunner
{
    /// <summary>The kind in the job table.</summary>
    string Kind { get; }

    /// <summary>Runs a job to its end and marks it completed or failed.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="ct">Cancels: the job is then left as it is.</param>
    Task RunAsync(string jobId, JobProgress progress, CancellationToken ct);
}

/// <summary>How far a job of this process is.</summary>
public sealed class JobProgress : IProgress<double>
{
    private volatile string _phase = "";
    private double _share;

    /// <summary>Share done, 0 to 1.</summary>
    public double Share => Volatile.Read(ref _share);

    /// <summary>What is being done, in plain English; empty where not told.</summary>
    public string Phase => _phase;

    /// <inheritdoc/>
    public void Report(double value) => Volatile.Write(ref _share, Math.Clamp(value, 0, 1));

    /// <summary>Tells what is being done and how far it is.</summary>
    public void Report(string phase, double share)
    {
        _phase = phase;
        Report(share);
    }
}

/// <summary>
/// Watches jobs while they run: keeps their progress where any process can read it, and stops them when somebody cancels
/// them. Cancelling is a mark in the database, so it reaches a job in another process too.
/// </summary>
public sealed class JobControl(IDbContextFactory<CareDbContext> contexts, TimeProvider clock)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, JobProgress> _here = new(StringComparer.Ordinal);

    /// <summary>How far a job is: as this process knows it, or as the one that runs it last wrote down.</summary>
    /// <param name="job">The job as stored.</param>
    /// <returns>Percent and what is being done.</returns>
    public (double Percent, string Phase) Of(Job job) => job.Status switch
    {
        JobStatus.Completed => (100, ""),
        _ when _here.TryGetValue(job.Id, out var progress) => (100 * progress.Share, progress.Phase),
        _ => (100.0 * job.Done / Math.Max(1, job.Total), ""),
    };

    /// <summary>Runs a job under watch.</summary>
    public async Task RunAsync(IJobRunner runner, string jobId, CancellationToken ct)
    {
        var progress = _here.GetOrAdd(jobId, _ => new JobProgress());
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var ended = new CancellationTokenSource();
        var watch = Task.Run(() => WatchAsync(jobId, progress, cancelled, ended.Token), CancellationToken.None);
        try
        {
            await runner.RunAsync(jobId, progress, cancelled.Token);
        }
        finally
        {
            await ended.CancelAsync();
            await watch;
            _here.TryRemove(jobId, out _);
        }
    }

    /// <summary>Cancels a job that has not finished.</summary>
    /// <returns>Null: it is cancelled, and nothing of it is kept; otherwise why not.</returns>
    public async Task<CareError?> CancelAsync(string jobId, string kind, string what, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var marked = await db.Jobs.Where(j => j.Id == jobId && j.Kind == kind && (j.Status == JobStatus.Queued || j.Status == JobStatus.Running)).ExecuteUpdateAsync(
            s => s.SetProperty(j => j.Status, JobStatus.Cancelled).SetProperty(j => j.FinishedAt, now).SetProperty(j => j.Message, "Cancelled; nothing of it was kept."), ct);
        if (marked > 0)
        {
            return null;
        }

        var status = await db.Jobs.Where(j => j.Id == jobId && j.Kind == kind).Select(j => (JobStatus?)j.Status).SingleOrDefaultAsync(ct);
        return status switch
        {
            null => new NotVisible(what),
            JobStatus.Cancelled => null,
            _ => new Conflict(409, $"The {what} is over: there is nothing to cancel."),
        };
    }

    private async Task WatchAsync(string jobId, JobProgress progress, CancellationTokenSource cancelled, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(LookEvery, ended);
                await using var db = await contexts.CreateDbContextAsync(ended);
                var share = progress.Share;
                if (await db.Jobs.Where(j => j.Id == jobId && j.Status == JobStatus.Running)
                    .ExecuteUpdateAsync(s => s.SetProperty(j => j.Done, j => (long)(share * j.Total)), ended) == 0
                    && await db.Jobs.AnyAsync(j => j.Id == jobId && j.Status == JobStatus.Cancelled, ended))
                {
                    await cancelled.CancelAsync();
                    return;
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (DbException)
            {
                // A busy database: the next look tries again. The job itself decides at its end whether it counts.
            }
        }
    }
}
