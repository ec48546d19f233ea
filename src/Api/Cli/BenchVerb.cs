using System.CommandLine;
using System.Diagnostics;
using BetterCare.Care.Api.Features.Runs;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Synthetic;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run bench WHAT</c>: measures one thing on this machine and prints it; nothing is asserted.</summary>
internal static class BenchVerb
{
    public static Command Create()
    {
        var people = new Option<int>("--patients") { Description = "How many synthetic people.", DefaultValueFactory = _ => 10_000 };
        var command = new Command("bench", "Measure speed and memory on this machine. See docs/benchmarks.md.");
        command.Add(Verb("import", "Bulk import of NDJSON: resources a second, validated and durable.", people, ImportAsync));
        command.Add(Verb("stratify", "A stratification run: people a second, from the database to the stored levels.", people, StratifyAsync));
        BenchModels.AddTo(command, people);
        command.Add(BenchRiskList.Create(people));
        command.Add(HttpBench.Create());
        command.Add(LoopBench.Worklist(people));
        command.Add(LoopBench.Leads());
        command.Add(CoverageBench.Create());
        command.Add(Verb("validate", "Validation on one core: MB a second.", people, ValidateAsync));
        command.Add(MatchBench.Create());
        return command;
    }

    private static Command Verb(string name, string description, Option<int> people, Func<IServiceProvider, int, string, CancellationToken, Task<Figures>> measure)
    {
        var command = new Command(name, description) { people };
        command.SetAction(async (parse, ct) =>
        {
            var terminal = new Terminal(parse.GetValue(Cli.Verb.Json));
            var folder = Directory.CreateTempSubdirectory("care-bench").FullName;
            try
            {
                await using var provider = await BenchServices.StartAsync(parse, folder, ct);
                var figures = await measure(provider, parse.GetValue(people), folder, ct);
                figures = figures with
                {
                    Cores = Environment.ProcessorCount,
                    PeakMemoryMegabytes = Process.GetCurrentProcess().PeakWorkingSet64 / 1e6,
                    Database = provider.GetRequiredService<CareDatabase>().Engine.ToString(),
                };
                terminal.Result(figures, f => terminal.Say(
                    $"{f.What}: {f.Count:N0} {f.Unit} in {f.Seconds:F2} s = {f.PerSecond:N0}/s; peak memory {f.PeakMemoryMegabytes:N0} MB; {f.Database}, {f.Cores} cores"));
                return Cli.Verb.Ok;
            }
            finally
            {
                Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    private static async Task<Figures> ImportAsync(IServiceProvider services, int people, string folder, CancellationToken ct)
    {
        var cohort = Path.Combine(folder, "cohort");
        await CohortGenerator.WriteNdjsonAsync(new CohortOptions(people, 1), cohort, null, ct);
        var jobs = services.GetRequiredService<ImportJobs>();
        var id = await jobs.CreateAsync(ImportJobs.Find([cohort], out _), null, "bench", ct);
        var clock = Stopwatch.StartNew();
        var report = await jobs.RunAsync(id, null, ct);
        return new Figures("import", report.Created + report.Updated + report.Unchanged, "resources", clock.Elapsed.TotalSeconds);
    }

    private static async Task<Figures> StratifyAsync(IServiceProvider services, int people, string folder, CancellationToken ct)
    {
        var options = new CohortOptions(people, 1);
        await TimelineLoader.LoadAsync(
            services.GetRequiredService<CareDatabase>(),
            CohortGenerator.Timelines(options, ct).Select(t => (t.Number, t.Practice, t.Family, t.Given, t.Timeline)),
            ct);
        var jobs = services.GetRequiredService<StratificationJobs>();
        var created = await jobs.CreateAsync(new RunRequest("2026-11-01", "prism", null), "bench", ct);
        var clock = Stopwatch.StartNew();
        await jobs.RunAsync(created.Value, null, ct);
        return new Figures("stratify", people, "people", clock.Elapsed.TotalSeconds);
    }

    private static async Task<Figures> ValidateAsync(IServiceProvider services, int people, string folder, CancellationToken ct)
    {
        _ = services;
        await CohortGenerator.WriteNdjsonAsync(new CohortOptions(people, 1), folder, null, ct);
        var lines = Directory.GetFiles(folder, "*.ndjson").SelectMany(f => FileLines.Read(f).Select(l => l.Json.ToArray())).ToArray();
        var reader = new ResourceReader();
        var clock = new Stopwatch();
        for (var round = 0; round < 3; round++)
        {
            // The first rounds warm the compiler up; the last is told.
            clock.Restart();
            foreach (var line in lines)
            {
                reader.Read(line);
            }
        }

        return new Figures("validate, one core", lines.Sum(l => (long)l.Length) / 1_000_000, "MB", clock.Elapsed.TotalSeconds);
    }

    /// <summary>What was measured.</summary>
    internal sealed record Figures(string What, long Count, string Unit, double Seconds)
    {
        public double PerSecond => Count / Seconds;

        public double PeakMemoryMegabytes { get; init; }

        public int Cores { get; init; }

        public string Database { get; init; } = "";
    }
}
