using System.CommandLine;
using System.Diagnostics;
using BetterCare.Care.Api.Features.Coverage;
using BetterCare.Care.Api.Features.UrgentCare;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Bcf;
using BetterCare.Care.Storage.Coverage;
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
    private const int Decided = 200;

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
        var results = new List<RequestTimes>();
        if (await BenchPlace.FillAsync(services, people, ct) is { } seconds)
        {
            results.Add(RequestTimes.Once("stratification run, with everyone counted", TimeSpan.FromSeconds(seconds)));
        }

        var clock = new Stopwatch();
        var questions = services.GetRequiredService<CoverageQuestions>();
        foreach (var by in CoverageGroups.Dimensions)
        {
            results.Add(await RequestTimes.MeasureAsync($"exact answer by {by}", async () => _ = (await questions.AnswerAsync(new CoverageAsk(by), Caller.Operator, false, ct)).Value));
        }

        clock.Restart();
        _ = (await questions.AnswerAsync(new CoverageAsk("practice"), Caller.Operator, true, ct)).Value;
        results.Add(RequestTimes.Once("release, built once a month", clock.Elapsed));
        results.Add(await RequestTimes.MeasureAsync("published answer by practice", async () => _ = (await questions.AnswerAsync(new CoverageAsk("practice"), Caller.Operator, true, ct)).Value));

        var db = services.GetRequiredService<CareDbContext>();
        var listed = await db.Standings.OrderBy(s => s.PatientKey).Select(s => s.PatientKey).Take(Decided).ToListAsync(ct);
        var next = 0;
        results.Add(await RequestTimes.MeasureAsync("a decision is counted, and the answer by practice is read", async () =>
        {
            await DecideAsync(db, listed[next++ % listed.Count], ct);
            _ = (await questions.AnswerAsync(new CoverageAsk("practice"), Caller.Operator, false, ct)).Value;
        }));

        var numbers = await db.Patients.Where(p => listed.Contains(p.PatientKey)).Select(p => p.NhsNumber).ToListAsync(ct);
        var mediator = services.GetRequiredService<IMediator>();
        results.Add(await RequestTimes.MeasureAsync("urgent-care view, access kept", async () =>
            _ = (await mediator.Send(new GetUrgentCare.Query(numbers[next++ % numbers.Count].Value, "bench"), ct)).Value));

        clock.Restart();
        await services.GetRequiredService<BcfCounter>().CountAsync(202610, ct);
        results.Add(RequestTimes.Once("Better Care Fund counts of twelve months", clock.Elapsed));
        terminal.Result(results, _ => terminal.Say($"coverage, {services.GetRequiredService<CareDatabase>().Engine}, {Environment.ProcessorCount} cores"));
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
}
