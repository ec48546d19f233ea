using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using BetterCare.Care.Stratification;
using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using BetterCare.Care.Synthetic;

namespace BetterCare.Care.Api.Cli;

/// <summary>
/// <c>./run bench models</c>: trains both models on four fifths of a synthetic cohort and judges them on the rest. With
/// --out it writes the same people for other programs: see tests/Benchmarks/xgboost_comparison.py.
/// </summary>
internal static class BenchModels
{
    private const int Folds = 5;

    public static void AddTo(Command bench, Option<int> people)
    {
        var output = new Option<string?>("--out") { Description = "Folder for features.f32, columns.f32, outcomes.u8, test.u8, names.txt and ours.json." };
        var only = new Option<string?>("--only") { Description = "logistic or ebm; default: both." };
        var seed = new Option<ulong>("--seed") { Description = "Seed of the cohort.", DefaultValueFactory = _ => 1 };
        var command = new Command("models", "Training of both models on synthetic people: seconds, and AUROC on people kept out.") { people, output, only, seed };
        command.SetAction((parse, ct) => Task.FromResult(Run(parse.GetValue(people), parse.GetValue(seed), parse.GetValue(output), parse.GetValue(only), ct)));
        bench.Add(command);
    }

    private static int Run(int people, ulong seed, string? folder, string? only, CancellationToken ct)
    {
        var options = new CohortOptions(people, seed);
        var index = new IndexDate(options.Until.AddDays(1).AddYears(-1));
        using var source = new TimelineSequence(CohortGenerator.Timelines(options, ct).Select((t, i) => t.Timeline with { PatientKey = i + 1 }));
        var clock = Stopwatch.StartNew();
        var all = Cohort.Read(source, FeatureSet.Default, index, new DataPeriod(options.From, options.Until), ct: ct).Data;
        Console.WriteLine($"{all.Count:N0} people x {all.Features.Count} predictors, {all.Events:N0} with the outcome, made and read in {clock.Elapsed.TotalSeconds:F1} s; {Environment.ProcessorCount} cores");
        var train = new TrainingSet(all.Features);
        var test = new TrainingSet(all.Features);
        for (var i = 0; i < all.Count; i++)
        {
            (all.Fold(i, Folds) == 0 ? test : train).Add(all.Key(i), all.Row(i), all.Outcome(i));
        }

        if (folder is not null)
        {
            Directory.CreateDirectory(folder);
            Write(all, folder);
        }

        var figures = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var trainer in new IRiskModelTrainer[] { new LogisticTrainer(), new BoostingTrainer() }.Where(t => only is null || t.Kind == only))
        {
            GC.Collect();
            clock.Restart();
            var cpu = Process.GetCurrentProcess().TotalProcessorTime;
            var document = trainer.Train(train, new ModelCard { Summary = "A benchmark." }, null, ct);
            var model = document.ToModel();
            var (seconds, cpuSeconds) = (clock.Elapsed.TotalSeconds, (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds);
            var scores = new double[test.Count];
            var outcomes = new bool[test.Count];
            for (var i = 0; i < scores.Length; i++)
            {
                (scores[i], outcomes[i]) = (model.Score(test.Row(i)), test.Outcome(i));
            }

            var auroc = Discrimination.Auroc(scores, outcomes);
            figures[trainer.Kind] = new { auroc, seconds, cpuSeconds, train = train.Count, test = test.Count, intercept = document.Intercept, coefficients = document.Terms?.Select(t => t.Coefficient) };
            Console.WriteLine($"{trainer.Kind}: {train.Count:N0} people trained on in {seconds:F1} s ({cpuSeconds:F1} s of CPU); AUROC on {test.Count:N0} others {auroc:F4}; peak memory {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:N0} MB");
        }

        if (folder is not null)
        {
            File.WriteAllBytes(Path.Combine(folder, "ours.json"), JsonSerializer.SerializeToUtf8Bytes(figures));
        }

        return Verb.Ok;
    }

    /// <summary>Row by row as 32-bit floats, missing as NaN; outcome and "kept out" a byte each; the columns of the logistic model too.</summary>
    private static void Write(TrainingSet all, string folder)
    {
        var terms = all.Features.Predictors.SelectMany((p, f) => p.DefaultTerms.Select(t => (Feature: f, Term: t))).ToArray();
        var row = new float[terms.Length];
        using var columns = File.Create(Path.Combine(folder, "columns.f32"));
        using var features = File.Create(Path.Combine(folder, "features.f32"));
        var outcomes = new byte[all.Count];
        var test = new byte[all.Count];
        for (var i = 0; i < all.Count; i++)
        {
            features.Write(MemoryMarshal.AsBytes(all.Row(i)));
            for (var c = 0; c < row.Length; c++)
            {
                row[c] = (float)terms[c].Term.Apply(all.Row(i)[terms[c].Feature]);
            }

            columns.Write(MemoryMarshal.AsBytes(row.AsSpan()));
            outcomes[i] = all.Outcome(i) ? (byte)1 : (byte)0;
            test[i] = all.Fold(i, Folds) == 0 ? (byte)1 : (byte)0;
        }

        File.WriteAllBytes(Path.Combine(folder, "outcomes.u8"), outcomes);
        File.WriteAllBytes(Path.Combine(folder, "test.u8"), test);
        File.WriteAllLines(Path.Combine(folder, "names.txt"), all.Features.Predictors.Select(p => p.Id));
    }
}
