using System.CommandLine;
using BetterCare.Care.Api.Features.Runs;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run stratify --index-date D</c></summary>
internal static class StratifyVerb
{
    public static Command Create()
    {
        var date = new Option<string>("--index-date") { Description = "The day the prediction is for, yyyy-MM-dd.", Required = true };
        var policy = new Option<string>("--policy") { Description = "prism, combined-model, halton-2014 or emis-qadmissions-bands.", DefaultValueFactory = _ => "prism" };
        var model = new Option<string?>("--model") { Description = "Id or id/version of a model that is or was in force, or the name of one that ships (default: the one in force)." };
        var command = new Command("stratify", "Score everyone and put them in levels 1 to 4.") { date, policy, model };
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            async (services, terminal, token) =>
            {
                if (parse.GetValue(model) is { } name && File.Exists(name))
                {
                    terminal.Fail($"A run makes everybody's list, so its model has to be approved first: ./run model propose {name} --by NAME, then review and activate. To see how good it is: ./run evaluate --model {name}.");
                    return Verb.Failed;
                }

                return await RunAsync(services, terminal, new RunRequest(parse.GetValue(date)!, parse.GetValue(policy)!, parse.GetValue(model)), token) is null ? Verb.Failed : Verb.Ok;
            },
            ct));
        return command;
    }

    public static async Task<RunReport?> RunAsync(IServiceProvider services, Terminal terminal, RunRequest request, CancellationToken ct)
    {
        var jobs = services.GetRequiredService<StratificationJobs>();
        var created = await jobs.CreateAsync(request, "operator", ct);
        if (created.Error is { } error)
        {
            terminal.Fail(error.Detail);
            return null;
        }

        var clock = System.Diagnostics.Stopwatch.StartNew();
        var report = await terminal.ProgressAsync("Stratify", progress => jobs.RunAsync(created.Value, progress, ct));
        terminal.Result(report, r =>
        {
            terminal.Say($"Run {r.RunId}, index date {r.IndexDate}, model {r.Model} {r.ModelVersion}, policy {r.Policy}: {r.People:N0} people in {clock.Elapsed.TotalSeconds:F1} s, {r.ExpectedAdmissions:N0} with an emergency admission expected in 12 months.");
            foreach (var level in r.Levels)
            {
                terminal.Say($"  level {level.Level}: {level.People,9:N0}  {level.Percent,5:F1} %");
            }

            terminal.Say($"  changes: {string.Join(", ", r.Changes.Select(c => $"{c.Value:N0} {c.Key}"))}");
            if (r.Excluded.Count > 0)
            {
                terminal.Say($"  left out: {string.Join(", ", r.Excluded.Select(e => $"{e.Value:N0} {e.Key}"))}");
            }
        });
        return report;
    }
}
