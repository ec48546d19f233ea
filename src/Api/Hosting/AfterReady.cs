using Microsoft.Extensions.DependencyInjection.Extensions;

namespace BetterCare.Care.Api.Hosting;

/// <summary>
/// When background work may begin: a second after somebody has been told that the service is ready, or three after it listens. At
/// a start every processor is busy compiling; what nobody waits for would only make those wait who do.
/// </summary>
internal sealed class Readiness(IHostApplicationLifetime lifetime, TimeProvider clock)
{
    private static readonly TimeSpan FirstRequests = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Somebody is being told.</summary>
    public void Told() => _told.TrySetResult();

    /// <summary>Lets background work begin at once.</summary>
    public void Begin() => _begun.TrySetResult();

    /// <summary>Completes when background work may begin.</summary>
    public async Task WaitAsync(CancellationToken ct)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registered = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(ct);
        await Task.WhenAny(_begun.Task, AfterFirstRequestsAsync(ct), Task.Delay(Patience, clock, ct));
        ct.ThrowIfCancellationRequested();
    }

    private async Task AfterFirstRequestsAsync(CancellationToken ct)
    {
        await _told.Task.WaitAsync(ct);
        await Task.Delay(FirstRequests, clock, ct);
    }
}

/// <summary>Makes and starts a worker when the service is ready, and stops it with the service.</summary>
/// <typeparam name="TWorker">The worker: a singleton.</typeparam>
internal sealed class AfterReady<TWorker>(IServiceProvider services, Readiness readiness) : BackgroundService
    where TWorker : BackgroundService
{
    private TWorker? _worker;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await (_worker?.StopAsync(cancellationToken) ?? Task.CompletedTask);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await readiness.WaitAsync(stoppingToken);
        _worker = services.GetRequiredService<TWorker>();
        await _worker.StartAsync(stoppingToken);

        // What ends the worker ends this, so that the host is told of it as ever.
        await (_worker.ExecuteTask ?? Task.CompletedTask);
    }
}

/// <summary>Registers workers.</summary>
internal static class Workers
{
    /// <summary>Adds a worker that begins when the service is ready.</summary>
    public static IServiceCollection AddWorker<TWorker>(this IServiceCollection services)
        where TWorker : BackgroundService
    {
        services.TryAddSingleton<TWorker>();
        return services.AddHostedService<AfterReady<TWorker>>();
    }
}
