using System.CommandLine;
using BetterCare.Care.Api.Features.Csv;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Storage.Ingest;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run import PATH…</c></summary>
internal static class ImportVerb
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("path") { Description = "NDJSON, .gz, Bundle and resource files, or folders of them.", Arity = ArgumentArity.OneOrMore };
        var supplier = new Option<string?>("--source") { Description = "URI of the supplying system, for resources whose meta.source does not say." };
        var map = new Option<string?>("--map") { Description = "For a CSV file: what its columns mean (JSON, docs/csv-map.schema.json)." };
        var command = new Command("import", "Import FHIR files through the pipeline that clients use. Safe to repeat; resumes after a kill.") { paths, supplier, map };
        command.SetAction((parse, ct) => Verb.RunAsync(parse, (services, terminal, token) => parse.GetValue(map) is { } file
            ? CsvAsync(services, terminal, parse.GetValue(paths)!, file, token)
            : RunAsync(services, terminal, parse.GetValue(paths)!, parse.GetValue(supplier), token), ct));
        return command;
    }

    public static async Task<int> RunAsync(IServiceProvider services, Terminal terminal, string[] paths, string? supplier, CancellationToken ct)
    {
        List<ImportSource> sources;
        List<string> skipped;
        try
        {
            sources = ImportJobs.Find(paths, out skipped);
        }
        catch (FileNotFoundException e)
        {
            terminal.Fail($"{e.FileName}: {e.Message}");
            return Verb.Failed;
        }

        if (sources.Count == 0)
        {
            terminal.Fail("Nothing to import: no .ndjson, .json or .gz file with FHIR resources was found.");
            return Verb.Failed;
        }

        var id = await services.GetRequiredService<ImportJobs>().CreateAsync(sources, supplier, "operator", ct);
        return await FinishAsync(services, terminal, id, skipped, ct);
    }

    /// <summary>A council's CSV file, read by a map.</summary>
    private static async Task<int> CsvAsync(IServiceProvider services, Terminal terminal, string[] paths, string map, CancellationToken ct)
    {
        foreach (var missing in paths.Append(map).Where(p => !File.Exists(p)))
        {
            terminal.Fail($"{missing}: There is no such file.");
            return Verb.Failed;
        }

        var worst = Verb.Ok;
        foreach (var path in paths)
        {
            var created = await services.GetRequiredService<CsvImports>().CreateAsync(Path.GetFullPath(path), Path.GetFileName(path), await File.ReadAllBytesAsync(map, ct), "operator", ct);
            if (created.Error is { } error)
            {
                terminal.Fail($"{(error is Invalid { Where: "map" } ? map : path)}: {error.Detail}");
                return Verb.Failed;
            }

            worst = Math.Max(worst, await FinishAsync(services, terminal, created.Value, [], ct));
        }

        return worst;
    }

    private static async Task<int> FinishAsync(IServiceProvider services, Terminal terminal, string id, List<string> skipped, CancellationToken ct)
    {
        var jobs = services.GetRequiredService<ImportJobs>();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var report = await terminal.ProgressAsync(
            "Import",
            progress => jobs.RunAsync(id, new Ratio(progress), ct));
        terminal.Result(report, r => Print(terminal, r, skipped, clock.Elapsed.TotalSeconds));
        return report.Rejected > 0 ? Verb.Found : Verb.Ok;
    }

    private static void Print(Terminal terminal, ImportReport report, List<string> skipped, double seconds)
    {
        foreach (var file in report.Files.Where(f => f.Rejected > 0))
        {
            terminal.Say($"  {file.Name}: {file.Rejected:N0} of {file.Lines:N0} lines rejected");
        }

        if (skipped.Count > 0)
        {
            terminal.Say($"  passed over, not FHIR: {string.Join(", ", skipped.Take(5))}{(skipped.Count > 5 ? $" and {skipped.Count - 5} more" : "")}");
        }

        var all = report.Created + report.Updated + report.Unchanged;
        terminal.Say($"{all:N0} resources: {report.Created:N0} new, {report.Updated:N0} changed, {report.Unchanged:N0} unchanged; {report.Rejected:N0} rejected; {report.Waiting:N0} wait for an NHS number. {all / Math.Max(seconds, 0.001):N0}/s");
        if (report.RejectsFile is not null)
        {
            terminal.Say($"Rejects, with file, line and reason: {report.RejectsFile}");
        }
    }

    private sealed class Ratio(IProgress<double> progress) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => progress.Report(value.Total == 0 ? 0 : (double)value.Read / value.Total);
    }
}
