using System.Diagnostics;
using BetterCare.Care.Api.Features.Runs;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Synthetic;
using MediatR;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run bench risk-list</c>: what a team waits for when it pages through a region's list, and an analyst for an answer.</summary>
internal static class BenchRiskList
{
    private const int Requests = 400;

    public static async Task<BenchVerb.Figures> MeasureAsync(IServiceProvider services, int people, string folder, CancellationToken ct)
    {
        _ = folder;
        await TimelineLoader.LoadAsync(services.GetRequiredService<CareDatabase>(), CohortGenerator.Timelines(new CohortOptions(people, 1), ct).Select(t => (t.Number, t.Practice, t.Timeline)), ct);
        var jobs = services.GetRequiredService<StratificationJobs>();
        await jobs.RunAsync((await jobs.CreateAsync(new RunRequest("2025-11-01", "prism", null), "bench", ct)).Value, null, ct);
        await jobs.RunAsync((await jobs.CreateAsync(new RunRequest("2026-11-01", "prism", null), "bench", ct)).Value, null, ct);
        Protection.LoadKeys(services);
        var practice = (await SendAsync(services, new RiskList.Query(null, null, null, null, null, 1), ct)).People[0].Practice;
        var clock = Stopwatch.StartNew();
        await PagesAsync(services, "page by page, 50 rows, from the top", new RiskList.Query(null, null, null, null, null, 50), ct);
        await PagesAsync(services, "of one practice", new RiskList.Query(practice, null, null, null, null, 50), ct);
        for (var level = 4; level >= 1; level--)
        {
            await PagesAsync(services, $"at level {level}", new RiskList.Query(null, level, null, null, null, 50), ct);
        }

        await PagesAsync(services, "risen since the previous run", new RiskList.Query(null, null, "risen", null, null, 50), ct);
        await PagesAsync(services, "of one practice by name", new RiskList.Query(practice, null, null, "name", null, 50), ct);
        var first = Stopwatch.StartNew();
        await SendAsync(services, new TierPlanning.Query(500, null, null, null, 20), ct);
        Console.Error.WriteLine($"tier planner, first question after a run: {first.Elapsed.TotalMilliseconds:F0} ms");
        var random = new Random(1);
        await TimesAsync("tier planner, any cut", async () => await SendAsync(services, new TierPlanning.Query(null, random.NextDouble(), null, null, 20), ct));
        return new BenchVerb.Figures("risk list and tier planner", 9 * Requests, "requests", clock.Elapsed.TotalSeconds);
    }

    private static async Task PagesAsync(IServiceProvider services, string what, RiskList.Query query, CancellationToken ct)
    {
        string? cursor = null;
        await TimesAsync($"risk list, {what}", async () => cursor = (await SendAsync(services, query with { Cursor = cursor }, ct)).Next);
    }

    private static async Task TimesAsync(string what, Func<Task> request)
    {
        var times = new double[Requests];
        for (var i = -20; i < Requests; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await request();
            times[Math.Max(0, i)] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        Console.Error.WriteLine($"{what}: median {times[Requests / 2]:F2} ms, p99 {times[Requests * 99 / 100]:F2} ms");
    }

    private static async Task<T> SendAsync<T>(IServiceProvider services, IRequest<Result<T>> request, CancellationToken ct)
    {
        await using var scope = services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CurrentCaller>().Caller = Caller.Operator;
        return (await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request, ct)).Value;
    }
}
