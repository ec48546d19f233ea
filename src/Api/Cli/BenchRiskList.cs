using System.CommandLine;
using System.Diagnostics;
using BetterCare.Care.Api.Features.Runs;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using MediatR;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run bench risk-list</c>: what a team waits for when it pages through a region's list, and an analyst for an answer.</summary>
internal static class BenchRiskList
{
    private static readonly RiskList.Query Everybody = new(null, null, null, null, null, 50);

    public static Command Create(Option<int> people)
    {
        var command = new Command("risk-list", "Pages of the risk list in every order, and answers of the tier planner, after a run: milliseconds.") { people };
        command.SetAction(async (parse, ct) =>
        {
            var folder = Directory.CreateTempSubdirectory("care-bench").FullName;
            try
            {
                await using var provider = await BenchServices.StartAsync(parse, folder, ct);
                await BenchPlace.FillAsync(provider, parse.GetValue(people), ct);
                Protection.LoadKeys(provider);
                await MeasureAsync(provider, new Terminal(parse.GetValue(Verb.Json)), ct);
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

    private static async Task MeasureAsync(IServiceProvider services, Terminal terminal, CancellationToken ct)
    {
        var first = Stopwatch.StartNew();
        await SendAsync(services, new TierPlanning.Query(500, null, null, null, 20), ct);
        var results = new List<RequestTimes> { RequestTimes.Once("tier planner, first question after a run", first.Elapsed) };
        var random = new Random(1);
        results.Add(await RequestTimes.MeasureAsync("tier planner, any cut", () => SendAsync(services, new TierPlanning.Query(null, random.NextDouble(), null, null, 20), ct)));
        var practice = (await SendAsync(services, Everybody with { Count = 1 }, ct)).People[0].Practice;
        foreach (var sort in RiskList.Orders)
        {
            foreach (var (what, query) in Filters(practice))
            {
                results.Add(await PagesAsync(services, $"by {sort}, {what}", query with { Sort = sort }, ct));
            }
        }

        terminal.Result(results, _ => terminal.Say($"risk list and tier planner, {services.GetRequiredService<CareDatabase>().Engine}, {Environment.ProcessorCount} cores; pages of 50"));
    }

    private static IEnumerable<(string What, RiskList.Query Query)> Filters(string practice)
    {
        yield return ("everybody", Everybody);
        yield return ("one practice", Everybody with { Practice = practice });
        for (var level = 4; level >= 1; level--)
        {
            yield return ($"level {level}", Everybody with { Level = level });
        }

        yield return ("risen", Everybody with { Change = "risen" });
        yield return ("one practice, level 3", Everybody with { Practice = practice, Level = 3 });
        yield return ("one practice, level 1", Everybody with { Practice = practice, Level = 1 });
        yield return ("one practice, fallen", Everybody with { Practice = practice, Change = "fallen" });
        yield return ("level 2, risen", Everybody with { Level = 2, Change = "risen" });
    }

    /// <summary>From page to page, as people do; after the last from the top.</summary>
    private static Task<RequestTimes> PagesAsync(IServiceProvider services, string what, RiskList.Query query, CancellationToken ct)
    {
        string? cursor = null;
        return RequestTimes.MeasureAsync(what, async () => cursor = (await SendAsync(services, query with { Cursor = cursor }, ct)).Next);
    }

    private static async Task<T> SendAsync<T>(IServiceProvider services, IRequest<Result<T>> request, CancellationToken ct)
    {
        await using var scope = services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CurrentCaller>().Caller = Caller.Operator;
        return (await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request, ct)).Value;
    }
}
