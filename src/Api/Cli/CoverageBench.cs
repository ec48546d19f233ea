using System.CommandLine;
using System.Diagnostics;
using BetterCare.Care.Api.Features.Coverage;
using BetterCare.Care.Api.Features.Runs;
using BetterCare.Care.Api.Features.UrgentCare;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Bcf;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Synthetic;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace BetterCare.Care.Api.Cli;

/// <summary>
/// <c>./run bench coverage</c>: how long an answer takes on a place of so many people, and what it costs to keep it true. The
/// answers are those of the request handlers, without HTTP.
/// </summary>
internal static class CoverageBench
{
    private const int Rounds = 200;

    public static Command Create()
    {
        var people = new Option<int>("--patients") { Description = "How many synthetic people.", DefaultValueFactory = _ => 100_000 };
        var command = new Command("coverage", "Coverage answers, the release, the Better Care Fund counts and the urgent-care view.") { people };
        command.SetAction(async (parse, ct) =>
        {
            var folder = Directory.CreateTempSubdirectory("care-bench").FullName;
            try
            {
                await using var provider = await BenchServices.StartAsync(parse, folder, ct);
                await using var scope = provider.CreateAsyncScope();
                scope.ServiceProvider.GetRequiredService<CurrentCaller>().Caller = Caller.Operator;
                await MeasureAsync(scope.ServiceProvider, new Terminal(parse.GetValue(Verb.Json)), parse.GetValue(people), ct);
                return Verb.Ok;
            }
            finally
            {
                Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    private static async Task MeasureAsync(IServiceProvider services, Terminal terminal, int people, CancellationToken ct)
    {
        await TimelineLoader.LoadAsync(
            services.GetRequiredService<CareDatabase>(), CohortGenerator.Timelines(new CohortOptions(people, 1), ct).Select(t => (t.Number, t.Practice, t.Timeline)), ct);
        var jobs = services.GetRequiredService<StratificationJobs>();
        var clock = Stopwatch.StartNew();
        await jobs.RunAsync((await jobs.CreateAsync(new RunRequest("2026-11-01", "prism", null), "bench", ct)).Value, null, ct);
        var results = new List<Timing> { new("stratification run, with everyone counted", 1, clock.Elapsed.TotalMilliseconds, clock.Elapsed.TotalMilliseconds) };

        var questions = services.GetRequiredService<CoverageQuestions>();
        foreach (var by in CoverageGroups.Dimensions)
        {
            results.Add(await TimeAsync($"exact answer by {by}", async () => _ = (await questions.AnswerAsync(new CoverageAsk(by), Caller.Operator, false, ct)).Value));
        }

        clock.Restart();
        _ = (await questions.AnswerAsync(new CoverageAsk("practice"), Caller.Operator, true, ct)).Value;
        results.Add(new("release, built once a month", 1, clock.Elapsed.TotalMilliseconds, clock.Elapsed.TotalMilliseconds));
        results.Add(await TimeAsync("published answer by practice", async () => _ = (await questions.AnswerAsync(new CoverageAsk("practice"), Caller.Operator, true, ct)).Value));

        var db = services.GetRequiredService<CareDbContext>();
        var listed = await db.Standings.OrderBy(s => s.PatientKey).Select(s => s.PatientKey).Take(Rounds).ToListAsync(ct);
        var next = 0;
        results.Add(await TimeAsync("a decision is counted, and the answer by practice is read", async () =>
        {
            await DecideAsync(db, listed[next++ % listed.Count], ct);
            _ = (await questions.AnswerAsync(new CoverageAsk("practice"), Caller.Operator, false, ct)).Value;
        }));

        var numbers = await db.Patients.Where(p => listed.Contains(p.PatientKey)).Select(p => p.NhsNumber).ToListAsync(ct);
        var mediator = services.GetRequiredService<IMediator>();
        results.Add(await TimeAsync("urgent-care view, access kept", async () =>
            _ = (await mediator.Send(new GetUrgentCare.Query(numbers[next++ % numbers.Count].Value, "bench"), ct)).Value));

        clock.Restart();
        await services.GetRequiredService<BcfCounter>().CountAsync(202610, ct);
        results.Add(new("Better Care Fund counts of twelve months", 1, clock.Elapsed.TotalMilliseconds, clock.Elapsed.TotalMilliseconds));
        terminal.Result(results, list =>
        {
            terminal.Say($"{people:N0} people, {services.GetRequiredService<CareDatabase>().Engine}, {Environment.ProcessorCount} cores; milliseconds");
            list.ForEach(t => terminal.Say($"{t.What,-62}{t.Median,10:F2}{(t.Times > 1 ? $"   p99 {t.Worst,8:F2}   cpu {t.Cpu,7:F2}" : "")}"));
        });
    }

    private static async Task DecideAsync(CareDbContext db, long person, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var today = DateOnly.FromDateTime(TimeProvider.System.GetLocalNow().DateTime);
        var coverage = new CoverageWriter(db.Database.GetDbConnection(), transaction.GetDbTransaction());
        await coverage.LockAsync(today, ct);
        await db.Standings.Where(s => s.PatientKey == person).ExecuteUpdateAsync(s => s.SetProperty(x => x.AgreedLevel, x => x.AgreedLevel == 4 ? (byte)3 : (byte)4), ct);
        await coverage.RecountAsync(person, today, ct);
        await transaction.CommitAsync(ct);
    }

    private static async Task<Timing> TimeAsync(string what, Func<Task> work)
    {
        for (var i = 0; i < 20; i++)
        {
            await work();
        }

        var times = new List<double>(Rounds);
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        for (var i = 0; i < Rounds; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await work();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        return new Timing(what, Rounds, times[Rounds / 2], times[(int)(Rounds * 0.99)]) { Cpu = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMilliseconds / Rounds };
    }

    /// <summary>What was measured, in milliseconds.</summary>
    private sealed record Timing(string What, int Times, double Median, double Worst)
    {
        /// <summary>Processor time of this process for one: what a busy machine does not change.</summary>
        public double Cpu { get; init; }
    }
}
