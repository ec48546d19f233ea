using System.CommandLine;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Ingest;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run validate FILE…</c>: one line per resource that has something to say, exit code 1 if any has an error.</summary>
internal static class ValidateVerb
{
    public static Command Create()
    {
        var files = new Argument<string[]>("file") { Description = "JSON, NDJSON or .gz files.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("validate", "Validate FHIR files against R4 and the NHS rules, without storing anything.") { files };
        command.SetAction((parse, _) => Task.FromResult(Run(new Terminal(parse.GetValue(Verb.Json)), parse.GetValue(files)!)));
        return command;
    }

    private static int Run(Terminal terminal, string[] files)
    {
        var reader = new ResourceReader();
        long resources = 0, faulty = 0;
        foreach (var path in files)
        {
            if (!File.Exists(path))
            {
                terminal.Fail($"{path}: there is no such file.");
                return Verb.Failed;
            }

            foreach (var (line, json) in FileLines.Read(path))
            {
                resources++;
                var sound = reader.Read(json.Span);
                faulty += sound ? 0 : 1;
                if (reader.Issues.Count > 0)
                {
                    if (terminal.IsJson)
                    {
                        Console.WriteLine(Storage.Resources.OutcomeJson.Of(reader.Issues, $"{Path.GetFileName(path)}, line {line}"));
                    }
                    else
                    {
                        terminal.Say($"{Path.GetFileName(path)}:{line}: {(sound ? "ok" : "ERROR")} {string.Join(" | ", reader.Issues.Select(i => $"{i.Severity.ToString().ToLowerInvariant()} {i.Expression}: {i.Text}"))}");
                    }
                }
            }
        }

        terminal.Say($"{resources:N0} resources, {faulty:N0} with errors.");
        return faulty > 0 ? Verb.Found : Verb.Ok;
    }
}
