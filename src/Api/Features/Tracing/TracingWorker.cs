namespace BetterCare.Care.Api.Features.Tracing;

/// <summary>Works the tracing queue in the background, once a minute.</summary>
public sealed partial class TracingWorker(Tracer tracer, Jobs.BackgroundTrail trails, TimeProvider clock, IConfiguration configuration, ILogger<TracingWorker> log) : BackgroundService
{
    private const int PeoplePerPass = 1000;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var every = configuration.GetValue("Care:TracingInterval", TimeSpan.FromMinutes(1));
        if (every <= TimeSpan.Zero)
        {
            return;
        }

        using var timer = new PeriodicTimer(every, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await trails.RunAsync(Tracer.Machine, () => tracer.PassAsync(PeoplePerPass, stoppingToken));
                }
#pragma warning disable CA1031 // The next pass tries again; the queue loses nothing.
                catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
                {
                    Failed(e.GetType().Name);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops; whoever was being traced is due again in a few minutes.
        }
    }

    [LoggerMessage(1711, LogLevel.Error, "A pass over the tracing queue failed: {Exception}")]
    private partial void Failed(string exception);
}
