using System.CommandLine;
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
        var command = new Command("import", "Import FHIR files through the pipeline that clients use. Safe to repeat; resumes after a kill.") { paths, supplier };
        command.SetAction((parse, ct) => Verb.RunAsync(parse, (services, terminal, token) => RunAsync(services, terminal, parse.GetValue(paths)!, parse.GetValue(supplier), token), ct));
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

        var jobs = services.GetRequiredService<ImportJobs>();
        var id = await jobs.CreateAsync(sources, supplier, "operator", ct);
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
