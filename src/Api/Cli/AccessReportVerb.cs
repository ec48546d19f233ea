using System.CommandLine;
using System.Text.Json;
using BetterCare.Care.Api.Features.Audit;
using MediatR;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run access-report</c></summary>
internal static class AccessReportVerb
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var number = new Argument<string>("nhs-number") { Description = "About whom." };
        var from = new Option<DateOnly?>("--from") { Description = "First day, yyyy-MM-dd." };
        var to = new Option<DateOnly?>("--to") { Description = "Last day, yyyy-MM-dd." };
        var output = new Option<string?>("--out") { Description = "File to write: .html to print, .csv or .json; without it, CSV is printed." };
        var command = new Command("access-report", "Who saw what of a person, when and why.") { number, from, to, output };
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            async (services, terminal, token) =>
            {
                var report = (await services.GetRequiredService<IMediator>().Send(new GetAccessReport.Query(parse.GetValue(number)!, parse.GetValue(from), parse.GetValue(to)), token)).Value;
                var path = parse.GetValue(output);
                var text = Path.GetExtension(path ?? "") switch
                {
                    ".html" => GetAccessReport.Html(report),
                    ".json" => JsonSerializer.Serialize(report, Web),
                    _ => parse.GetValue(Verb.Json) ? JsonSerializer.Serialize(report, Web) : GetAccessReport.Csv(report),
                };
                if (path is null)
                {
                    await Console.Out.WriteAsync(text);
                    return Verb.Ok;
                }

                await File.WriteAllTextAsync(path, text, token);
                terminal.Result(new { accesses = report.Accesses.Count, file = path }, r => terminal.Say($"{r.accesses:N0} accesses written to {r.file}."));
                return Verb.Ok;
            },
            ct));
        return command;
    }
}
