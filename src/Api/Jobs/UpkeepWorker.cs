using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Jobs;

/// <summary>Something that follows from the passing of time, or from what others wrote: it never holds up a request.</summary>
public interface IUpkeep
{
    /// <summary>For the log.</summary>
    string Name { get; }

    /// <summary>How often it looks; a look that finds nothing is cheap.</summary>
    TimeSpan Every { get; }

    /// <summary>Does what there is to do.</summary>
    Task RunAsync(CancellationToken ct);
}

/// <summary>Runs every <see cref="IUpkeep"/> at start and then as often as it asks, each by itself: one that fails tries again next time.</summary>
public sealed partial class UpkeepWorker(IEnumerable<IUpkeep> all, BackgroundTrail trails, TimeProvider clock, ILogger<UpkeepWorker> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(all.Select(u => LoopAsync(u, stoppingToken)));

    private async Task LoopAsync(IUpkeep upkeep, CancellationToken ct)
    {
        await Task.Yield();
        using var timer = new PeriodicTimer(upkeep.Every, clock);
        try
        {
            do
            {
                try
                {
                    await trails.RunAsync(upkeep.Name, () => upkeep.RunAsync(ct));
                }
#pragma warning disable CA1031 // The next look tries again; the others go on meanwhile.
                catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
                {
                    Failed(upkeep.Name, e.GetType().Name);
                }
            }
            while (await timer.WaitForNextTickAsync(ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    [LoggerMessage(1002, LogLevel.Error, "Upkeep of {Name} failed and will be tried again: {Exception}")]
    private partial void Failed(string name, string exception);
}

/// <summary>Where upkeep left off.</summary>
internal static class UpkeepMarks
{
    /// <summary>The mark, or what to begin with.</summary>
    public static async Task<long> ReadAsync(this DbSet<UpkeepMark> marks, string name, long otherwise, CancellationToken ct) =>
        await marks.Where(m => m.Name == name).Select(m => (long?)m.Value).SingleOrDefaultAsync(ct) ?? otherwise;

    /// <summary>Keeps the mark.</summary>
    public static Task WriteAsync(this CareDbContext db, string name, long value, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"INSERT INTO upkeep_mark (name, value) VALUES ({name}, {value}) ON CONFLICT (name) DO UPDATE SET value=excluded.value", ct);
}
