using System.CommandLine;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run rebuild</c></summary>
internal static class RebuildVerb
{
    public static Command Create()
    {
        var command = new Command("rebuild", "Make everything derived (people's rows, indexes, timelines) anew from the resources.");
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            async (services, terminal, token) =>
            {
                var resources = await terminal.ProgressAsync("Rebuild", progress => services.GetRequiredService<Rebuilder>().RunAsync(progress, token));
                await services.GetRequiredService<Storage.Worklists.WorklistFacts>().CatchUpAsync(0, DateOnly.FromDateTime(services.GetRequiredService<TimeProvider>().GetLocalNow().DateTime), token);
                terminal.Result(new { resources }, r => terminal.Say($"{r.resources:N0} resources read. Run a stratification next, so that levels and coverage follow."));
                return Verb.Ok;
            },
            ct));
        return command;
    }
}
