using System.CommandLine;
using BetterCare.Care.Api.Features.OptOuts;
using BetterCare.Care.Storage.OptOuts;
using MediatR;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run opt-outs FILE</c></summary>
internal static class OptOutsVerb
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "NHS numbers: one a line, or CSV with a column of them." };
        var kind = new Option<string>("--kind") { Description = "national-data-opt-out or type-1-opt-out.", DefaultValueFactory = _ => "national-data-opt-out" };
        var list = new Option<OptOutList>("--as") { Description = "addition; whole: nobody else is on the list; removal.", DefaultValueFactory = _ => OptOutList.Addition };
        var expect = new Option<int?>("--expect") { Description = "How many numbers the list must have." };
        var command = new Command("opt-outs", "Apply a list of people who opted out, such as that of the national check for data opt-outs. Safe to repeat.") { file, kind, list, expect };
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            async (services, terminal, token) =>
            {
                OptOutText text;
                await using (var stream = new FileStream(parse.GetValue(file)!, FileMode.Open, FileAccess.Read, FileShare.Read))
                {
                    text = OptOutText.Read(stream);
                }

                var answer = await services.GetRequiredService<IMediator>().Send(new TakeOptOutList.Command(parse.GetValue(kind)!, parse.GetValue(list), text, parse.GetValue(expect)), token);
                if (answer.Error is { } error)
                {
                    terminal.Fail(error.Detail);
                    return Verb.Failed;
                }

                terminal.Result(answer.Value, a =>
                {
                    terminal.Say($"{a.Numbers:N0} numbers, {a.Known:N0} of people on record: {a.Hidden:N0} are opted out now who were not, {a.Shown:N0} no longer; {a.Removed:N0} are off the list.");
                    if (a.Wrong > 0)
                    {
                        terminal.Say($"{a.Wrong:N0} lines have no valid NHS number; the first: {string.Join(", ", a.WrongLines)}.");
                    }
                });
                return answer.Value.Wrong > 0 ? Verb.Found : Verb.Ok;
            },
            ct));
        return command;
    }
}
