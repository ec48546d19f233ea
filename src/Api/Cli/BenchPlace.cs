using System.Diagnostics;
using BetterCare.Care.Api.Features.Runs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Synthetic;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Cli;

/// <summary>
/// The place that pages and answers are measured on: synthetic people with their timelines, and two runs a year apart. A
/// database named by --database that holds one already is measured as it is, so that it need be made only once.
/// </summary>
internal static class BenchPlace
{
    /// <summary>Makes the place where it is missing.</summary>
    /// <returns>Seconds of the last run, with everyone counted; null: the place was there.</returns>
    public static async Task<double?> FillAsync(IServiceProvider services, int people, CancellationToken ct)
    {
        await using var db = await services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync(ct);
        if (await db.Runs.AnyAsync(r => r.Status == JobStatus.Completed && r.PreviousRunId > 0, ct))
        {
            Console.Error.WriteLine($"measured on the {await db.Patients.CountAsync(ct):N0} people that the database holds");
            return null;
        }

        if (!await db.Patients.AnyAsync(ct))
        {
            await TimelineLoader.LoadAsync(
                services.GetRequiredService<CareDatabase>(), CohortGenerator.Timelines(new CohortOptions(people, 1), ct).Select(t => (t.Number, t.Practice, t.Family, t.Given, t.Timeline)), ct);
        }

        var jobs = services.GetRequiredService<StratificationJobs>();
        if (!await db.Runs.AnyAsync(r => r.Status == JobStatus.Completed, ct))
        {
            await jobs.RunAsync((await jobs.CreateAsync(new RunRequest("2025-11-01", "prism", null), "bench", ct)).Value, null, ct);
        }

        var clock = Stopwatch.StartNew();
        await jobs.RunAsync((await jobs.CreateAsync(new RunRequest("2026-11-01", "prism", null), "bench", ct)).Value, null, ct);
        return clock.Elapsed.TotalSeconds;
    }
}

/// <summary>How long one kind of request takes, in milliseconds.</summary>
/// <param name="What">What was asked.</param>
/// <param name="Times">How often it was counted.</param>
/// <param name="Median">Half of them took less.</param>
/// <param name="P99">99 of 100 took less.</param>
/// <param name="Cpu">Processor time of this process for one: what a busy machine does not change.</param>
/// <param name="Kilobytes">Memory allocated for one.</param>
internal sealed record RequestTimes(string What, int Times, double Median, double P99, double Cpu, double Kilobytes)
{
    /// <summary>Enough for the just-in-time compiler to be done with a request; a service that stays has that behind it.</summary>
    private const int WarmUp = 150;

    private const int Counted = 500;

    /// <summary>Asks again and again; the first times do not count.</summary>
    public static async Task<RequestTimes> MeasureAsync(string what, Func<Task> request)
    {
        for (var i = 0; i < WarmUp; i++)
        {
            await request();
        }

        var times = new double[Counted];
        var allocated = GC.GetTotalAllocatedBytes();
        var processor = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < Counted; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await request();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        var cpu = (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / Counted;
        var kilobytes = (GC.GetTotalAllocatedBytes() - allocated) / 1024.0 / Counted;
        Array.Sort(times);
        return Told(new RequestTimes(what, Counted, times[Counted / 2], times[Counted * 99 / 100], cpu, kilobytes));
    }

    /// <summary>One thing that is done once.</summary>
    public static RequestTimes Once(string what, TimeSpan took) => Told(new RequestTimes(what, 1, took.TotalMilliseconds, took.TotalMilliseconds, 0, 0));

    // At once: with a million people the whole table takes minutes.
    private static RequestTimes Told(RequestTimes times)
    {
        Console.Error.WriteLine(times);
        return times;
    }

    /// <summary>As a line of a table.</summary>
    public override string ToString() => Times == 1
        ? $"{What,-62}{Median,10:F2} ms"
        : $"{What,-62}{Median,10:F2} ms   p99 {P99,8:F2}   cpu {Cpu,6:F2}   {Kilobytes,6:F0} kB";
}
