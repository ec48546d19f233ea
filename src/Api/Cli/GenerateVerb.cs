using System.CommandLine;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Synthetic;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run generate --patients N --seed S --out DIR</c></summary>
internal static class GenerateVerb
{
    public static Command Create()
    {
        var patients = new Option<int>("--patients") { Description = "How many people.", DefaultValueFactory = _ => 10_000 };
        var seed = new Option<ulong>("--seed") { Description = "The same seed gives the same bytes.", DefaultValueFactory = _ => 1 };
        var folder = new Option<string>("--out") { Description = "Folder for the files.", DefaultValueFactory = _ => ".data/cohort" };
        var timelines = new Option<bool>("--timelines") { Description = "Straight into the database as people and timelines, without FHIR: for scale." };
        var area = new Option<string?>("--area") { Description = $"Only practices of one area: {string.Join(", ", CohortOptions.Areas)}." };
        var gzip = new Option<bool>("--gzip") { Description = "Compress the files." };
        var command = new Command("generate", "Make a synthetic UK cohort as FHIR NDJSON: real practices, invented people.") { patients, seed, folder, area, gzip, timelines };
        command.SetAction(async (parse, ct) =>
        {
            if (parse.GetValue(timelines))
            {
                return await Verb.RunAsync(parse, (services, t, token) => LoadAsync(services, t, new CohortOptions(parse.GetValue(patients), parse.GetValue(seed)) { Area = parse.GetValue(area) }, token), ct);
            }

            var terminal = new Terminal(parse.GetValue(Verb.Json));
            try
            {
                var options = new CohortOptions(parse.GetValue(patients), parse.GetValue(seed)) { Area = parse.GetValue(area), Gzip = parse.GetValue(gzip) };
                var summary = await RunAsync(terminal, options, parse.GetValue(folder)!, ct);
                terminal.Result(summary, s => terminal.Say(
                    $"{s.TotalResources:N0} resources, {s.Bytes / 1e6:N0} MB, {s.TotalResources / s.Elapsed.TotalSeconds:N0}/s: {string.Join(", ", s.Resources.Select(r => $"{r.Value:N0} {r.Key}"))}"));
                return Verb.Ok;
            }
            catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
            {
                terminal.Fail(e.Message);
                return Verb.Failed;
            }
        });
        return command;
    }

    private static async Task<int> LoadAsync(IServiceProvider services, Terminal terminal, CohortOptions options, CancellationToken ct)
    {
        var database = services.GetRequiredService<CareDatabase>();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var people = await terminal.ProgressAsync("Timelines", _ => TimelineLoader.LoadAsync(
            database, CohortGenerator.Timelines(options, ct).Select(t => (t.Number, t.Practice, t.Family, t.Given, t.Timeline)), ct));
        terminal.Result(new { people, seconds = clock.Elapsed.TotalSeconds }, r => terminal.Say($"{r.people:N0} people with timelines in {r.seconds:F1} s"));
        return Verb.Ok;
    }

    public static Task<CohortSummary> RunAsync(Terminal terminal, CohortOptions options, string folder, CancellationToken ct) => terminal.ProgressAsync(
        "Generate",
        progress => CohortGenerator.WriteNdjsonAsync(options, folder, new People(progress), ct));

    private sealed class People(IProgress<double> progress) : IProgress<CohortProgress>
    {
        public void Report(CohortProgress value) => progress.Report((double)value.People / Math.Max(1, value.OfPeople));
    }
}
