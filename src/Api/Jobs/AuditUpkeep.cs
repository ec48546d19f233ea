using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Storage.Audit;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Jobs;

/// <summary>
/// Indexes the audit by person, cuts off what retention no longer keeps, and writes the ends of the chains into the log each
/// hour: whoever ships the log elsewhere can prove later that nothing up to there was changed or cut off.
/// </summary>
internal sealed partial class AuditUpkeep(AuditRetention retention, AuditStore store, IOptions<CareOptions> options, TimeProvider clock, ILogger<AuditUpkeep> log) : BackgroundService
{
    /// <summary>Fewer new rows than this are looked through faster than they are indexed.</summary>
    private const int WorthIndexing = 5000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), clock);
        try
        {
            for (var minute = 0; ; minute++)
            {
                try
                {
                    await retention.IndexAsync(WorthIndexing, stoppingToken);
                    if (minute % 60 == 0)
                    {
                        await HourlyAsync(stoppingToken);
                    }
                }
#pragma warning disable CA1031 // The next minute tries again.
                catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
                {
                    Failed(e.GetType().Name);
                }

                await timer.WaitForNextTickAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async Task HourlyAsync(CancellationToken ct)
    {
        if (options.Value.AuditKeepDays > 0 && await retention.CutAsync(clock.GetUtcNow().AddDays(-options.Value.AuditKeepDays), ct) is var cut and > 0)
        {
            Cut(cut, options.Value.AuditKeepDays);
        }

        foreach (var chain in AuditChain.All)
        {
            if (await store.HeadAsync(chain, ct) is { } head)
            {
                End(head);
            }
        }
    }

    [LoggerMessage(1400, LogLevel.Information, "Audit chain ends at {Head}")]
    private partial void End(AuditHead head);

    [LoggerMessage(1401, LogLevel.Information, "Cut off {Rows} audit rows older than {Days} days")]
    private partial void Cut(long rows, int days);

    [LoggerMessage(1402, LogLevel.Error, "Upkeep of the audit failed: {Exception}")]
    private partial void Failed(string exception);
}
