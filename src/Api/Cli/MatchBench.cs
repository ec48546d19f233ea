using System.CommandLine;
using System.Diagnostics;
using BetterCare.Care.Identity.Matching;
using BetterCare.Care.Synthetic.Matching;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run bench match</c>: how many records a second are matched, and how right the matches are.</summary>
internal static class MatchBench
{
    public static Command Create()
    {
        var people = new Option<int>("--people") { Description = "People of the population.", DefaultValueFactory = _ => 1_000_000 };
        var incoming = new Option<int>("--incoming") { Description = "Records that come in.", DefaultValueFactory = _ => 10_000 };
        var dirty = new Option<double>("--dirty") { Description = "Share of records with errors, 0 to 1.", DefaultValueFactory = _ => 0.1 };
        var numbered = new Option<double>("--numbered") { Description = "Share of records that have an NHS number, 0 to 1.", DefaultValueFactory = _ => 0.2 };
        var seed = new Option<ulong>("--seed") { Description = "The same seed makes the same file.", DefaultValueFactory = _ => 1 };
        var command = new Command("match", "Local matching on a synthetic file of which the truth is known: speed, precision and recall.") { people, incoming, dirty, numbered, seed };
        command.SetAction(parse =>
        {
            var terminal = new Terminal(parse.GetValue(Verb.Json));
            var figures = Measure(parse.GetValue(people), parse.GetValue(incoming), parse.GetValue(dirty), parse.GetValue(numbered), parse.GetValue(seed));
            terminal.Result(figures, f => Print(terminal, f));
            return Verb.Ok;
        });
        return command;
    }

    /// <summary>Makes the file, matches it and compares with the truth.</summary>
    internal static MatchFigures Measure(int people, int incoming, double dirty, double numbered, ulong seed)
    {
        const double Known = 0.7;
        var file = new MatchFile(people, seed);
        var names = new NameBook();
        var population = new Person[people];
        foreach (var record in file.Population())
        {
            population[record.Person] = Of(record, names);
        }

        var records = file.Records(incoming, Known, dirty, numbered).ToArray();
        var asked = Array.ConvertAll(records, r => Of(r, names));
        GC.Collect();

        // From here it is the matcher's own work: weighing the names, indexing the population, matching.
        var clock = Stopwatch.StartNew();
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        foreach (ref readonly var person in population.AsSpan())
        {
            names.Count(in person);
        }

        names.Weigh();
        var index = new PersonIndex(population);
        var model = new MatchModel(people, Known);
        var best = new Candidate?[incoming];
        long compared = 0;
        Parallel.For(0, incoming, () => index.NewMatcher(model), (i, _, matcher) =>
        {
            var found = matcher.Match(in asked[i]);
            best[i] = found.Length > 0 ? found[0] : null;
            return matcher;
        }, matcher => Interlocked.Add(ref compared, matcher.Compared));
        var seconds = clock.Elapsed.TotalSeconds;
        var cpuSeconds = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds;

        var grades = new MatchGradeFigures[3];
        var there = records.Count(r => r.Person < people);
        var rightSoFar = 0;
        foreach (var grade in (MatchGrade[])[MatchGrade.Certain, MatchGrade.Probable, MatchGrade.Possible])
        {
            int made = 0, right = 0;
            for (var i = 0; i < incoming; i++)
            {
                if (best[i] is { } b && b.Result.Grade == grade)
                {
                    made++;
                    right += b.At == records[i].Person ? 1 : 0;
                }
            }

            rightSoFar += right;
            grades[MatchGrade.Certain - grade] = new MatchGradeFigures(grade.ToString().ToLowerInvariant(), made, right, made == 0 ? 1 : (double)right / made, (double)rightSoFar / there);
        }

        var dirtyThere = Enumerable.Range(0, incoming).Where(i => records[i].Dirty && records[i].Person < people).ToList();
        var dirtyFound = dirtyThere.Count(i => best[i] is { Result.Grade: >= MatchGrade.Probable } b && b.At == records[i].Person);
        return new MatchFigures(people, incoming, there, compared, seconds, cpuSeconds, Environment.ProcessorCount, Process.GetCurrentProcess().PeakWorkingSet64 / 1e6,
            grades, dirtyThere.Count == 0 ? 1 : (double)dirtyFound / dirtyThere.Count);
    }

    private static Person Of(MatchRecord record, NameBook names) => Person.Of(
        new PersonText
        {
            Number = record.Number,
            Family = record.Family,
            Given = record.Given,
            Birth = record.Birth,
            Gender = record.Gender,
            Postcode = record.Postcode,
            Phone = record.Phone,
        },
        names);

    private static void Print(Terminal terminal, MatchFigures f)
    {
        terminal.Say($"match: {f.Incoming:N0} records against {f.People:N0} people in {f.Seconds:F1} s ({f.CpuSeconds:F1} s of CPU, {f.Cores} cores): {f.Compared:N0} pairs compared; peak memory {f.PeakMemoryMegabytes:N0} MB");
        terminal.Say($"{"Grade",-12}{"matches",10}{"right",10}{"precision",12}{"recall with better grades",28}");
        foreach (var g in f.Grades)
        {
            terminal.Say($"{g.Grade,-12}{g.Matches,10:N0}{g.Right,10:N0}{g.Precision,12:F5}{g.RecallSoFar,28:F4}");
        }

        terminal.Say($"Of {f.Known:N0} records whose person is there. Of those with errors, found certain or probable: {f.DirtyRecall:P1}. Invented people; precision is that of this file.");
    }
}

/// <summary>What the bench found.</summary>
internal sealed record MatchFigures(
    int People, int Incoming, int Known, long Compared, double Seconds, double CpuSeconds, int Cores, double PeakMemoryMegabytes, IReadOnlyList<MatchGradeFigures> Grades, double DirtyRecall);

/// <summary>One grade of the bench.</summary>
internal sealed record MatchGradeFigures(string Grade, int Matches, int Right, double Precision, double RecallSoFar);
