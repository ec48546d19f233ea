using System.CommandLine;
using System.Globalization;
using BetterCare.Care.Api.Features.Runs;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification;
using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run train</c> and <c>./run evaluate</c>: a model of the place's own, and how good it is.</summary>
internal static class TrainVerb
{
    private const string OutcomeName = "emergency-admission-12m";

    private static readonly Option<string> Date = new("--index-date") { Description = "The day whose following year is the outcome, yyyy-MM-dd.", Required = true };

    public static Command CreateTrain()
    {
        var kind = new Option<string>("--model") { Description = "logistic or ebm (explainable boosting machine).", DefaultValueFactory = _ => "logistic" };
        var outcome = new Option<string>("--outcome") { Description = OutcomeName, DefaultValueFactory = _ => OutcomeName };
        var output = new Option<string>("--out") { Description = "Model document to write.", Required = true };
        var id = new Option<string>("--id") { Description = "Id of the model.", DefaultValueFactory = _ => "local" };
        var data = new Option<string>("--data") { Description = "Where the data came from, for the model card.", DefaultValueFactory = _ => "The people of this database" };
        var command = new Command("train", "Train a model on the people of the database.") { kind, Date, outcome, output, id, data };
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            async (services, terminal, token) =>
            {
                IRiskModelTrainer? trainer = parse.GetValue(kind) switch { "logistic" => new LogisticTrainer(), "ebm" => new BoostingTrainer(), _ => null };
                if (trainer is null || parse.GetValue(outcome) != OutcomeName)
                {
                    terminal.Fail(trainer is null ? "A model is logistic or ebm." : $"The outcome that can be learnt is {OutcomeName}.");
                    return Verb.Failed;
                }

                return await GuardedAsync(terminal, parse.GetValue(Date)!, async index =>
                {
                    var cohort = await ReadAsync(services, index, FeatureSet.Default, token);
                    var card = new ModelCard
                    {
                        Summary = $"A {(trainer.Kind == "ebm" ? "explainable boosting machine" : "logistic regression")} trained on: {parse.GetValue(data)}.",
                        Data = parse.GetValue(data)!,
                        Population = "Registered adults of 18 and over without a type 1 opt-out",
                        IndexDate = index.ToString(),
                        Made = DateOnly.FromDateTime(services.GetRequiredService<TimeProvider>().GetLocalNow().DateTime).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                        Limits = ["Holds for the population it was trained on; evaluate before use anywhere else.", "A clinician approves it before it is used."],
                    };
                    var document = await terminal.ProgressAsync("Train", progress => Task.Run(
                        () => trainer.Train(cohort.Data, card, new Steps(progress), token) with { Id = parse.GetValue(id)!, Version = "1.0.0" }, token));
                    await File.WriteAllBytesAsync(parse.GetValue(output)!, document.ToJson(), token);
                    terminal.Result(document.Card, c => terminal.Say(
                        $"{parse.GetValue(output)}: {c.People:N0} people, {c.Events:N0} with the outcome; held out ({c.Performance?.How}): AUROC {c.Performance?.Auroc:F3}, calibration slope {c.Performance?.CalibrationSlope:F2}"));
                });
            },
            ct));
        return command;
    }

    public static Command CreateEvaluate()
    {
        var models = new Option<string[]>("--model") { Description = "Model documents (files) or names of models that ship.", Required = true, AllowMultipleArgumentsPerToken = true };
        var html = new Option<string?>("--html") { Description = "Write the evaluation of the first model as a page with plots." };
        var truth = new Option<string?>("--hidden-risk") { Description = "hidden-risk.csv of a synthetic cohort: the best that any model could do." };
        var command = new Command("evaluate", "How good models are on the people of the database.") { models, Date, html, truth };
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            (services, terminal, token) => GuardedAsync(terminal, parse.GetValue(Date)!, async index =>
            {
                var database = services.GetRequiredService<CareDatabase>();
                var period = await StoredTimelines.PeriodAsync(database, token) ?? throw new IndexDateException("There are no people with contacts yet: import patient data first.");
                var all = new List<object>();
                foreach (var name in parse.GetValue(models)!)
                {
                    var document = StratificationJobs.ModelOf(File.Exists(name) ? await File.ReadAllTextAsync(name, token) : name);
                    await using var source = await StoredTimelines.OpenAsync(database, index.Day, token);
                    var evaluation = ModelEvaluation.Of(EvaluationSample.Read(document.ToModel(), source, index, period, ct: token));
                    all.Add(new { model = document.Id, evaluation.People, evaluation.Events, auroc = evaluation.Auroc.Value, evaluation.Brier, slope = evaluation.CalibrationSlope.Value, top5percentPpv = evaluation.Cuts.First(c => c.Share >= 0.0499).PositivePredictiveValue.Value });
                    terminal.Say($"{document.Id}: {evaluation.People:N0} people, {evaluation.Events:N0} events; AUROC {evaluation.Auroc.Value:F3} ({evaluation.Auroc.Low:F3} to {evaluation.Auroc.High:F3}), Brier {evaluation.Brier:F4}, calibration slope {evaluation.CalibrationSlope.Value:F2}, PPV of the top 5 % {evaluation.Cuts.First(c => c.Share >= 0.0499).PositivePredictiveValue.Value:P0}");
                    if (parse.GetValue(html) is { } page && all.Count == 1)
                    {
                        await File.WriteAllTextAsync(page, EvaluationReport.ToHtml(document, evaluation, $"Index date {index}, everyone eligible in the database."), token);
                        terminal.Say($"  page: {page}");
                    }
                }

                if (parse.GetValue(truth) is { } file)
                {
                    var best = await BestPossibleAsync(services, index, file, token);
                    all.Add(new { model = "hidden true risk", auroc = best });
                    terminal.Say($"hidden true risk (the best that any model could do): AUROC {best:F3}");
                }

                if (terminal.IsJson)
                {
                    terminal.Result(all, _ => { });
                }
            }),
            ct));
        return command;
    }

    private static async Task<int> GuardedAsync(Terminal terminal, string date, Func<IndexDate, Task> work)
    {
        if (!IndexDate.TryParse(date, out var index))
        {
            terminal.Fail("The index date is written yyyy-MM-dd.");
            return Verb.Failed;
        }

        try
        {
            await work(index);
            return Verb.Ok;
        }
        catch (Exception e) when (e is IndexDateException or TrainingException or ModelDocumentException or UnknownPredictorException or EvaluationException)
        {
            terminal.Fail(e.Message);
            return Verb.Failed;
        }
    }

    private static async Task<Cohort> ReadAsync(IServiceProvider services, IndexDate index, FeatureSet features, CancellationToken ct)
    {
        var database = services.GetRequiredService<CareDatabase>();
        var period = await StoredTimelines.PeriodAsync(database, ct) ?? throw new IndexDateException("There are no people with contacts yet: import patient data first.");
        await using var source = await StoredTimelines.OpenAsync(database, index.Day, ct);
        return Cohort.Read(source, features, index, period, ct: ct);
    }

    /// <summary>AUROC of the hidden true risk over the same people and outcomes.</summary>
    private static async Task<double> BestPossibleAsync(IServiceProvider services, IndexDate index, string file, CancellationToken ct)
    {
        var lines = (await File.ReadAllLinesAsync(file, ct)).Where(l => !l.StartsWith('#')).ToList();
        var column = Array.IndexOf(lines[0].Split(','), index.ToString());
        if (column < 0)
        {
            throw new IndexDateException($"The hidden-risk file has no column {index}: it has {string.Join(", ", lines[0].Split(',').Skip(1))}.");
        }

        var risks = lines.Skip(1).Select(l => l.Split(',')).Where(c => c[column].Length > 0)
            .ToDictionary(c => NhsNumber.Parse(c[0]), c => double.Parse(c[column], CultureInfo.InvariantCulture));
        var cohort = await ReadAsync(services, index, FeatureSet.Of(["age"]), ct);
        var db = services.GetRequiredService<CareDbContext>();
        var numbers = await db.Patients.AsNoTracking().ToDictionaryAsync(p => p.PatientKey, p => p.NhsNumber, ct);
        var scores = new List<double>();
        var outcomes = new List<bool>();
        for (var i = 0; i < cohort.Data.Count; i++)
        {
            if (risks.TryGetValue(numbers[cohort.Data.Key(i)], out var risk) && !double.IsNaN(risk))
            {
                scores.Add(risk);
                outcomes.Add(cohort.Data.Outcome(i));
            }
        }

        return Discrimination.Auroc(scores.ToArray(), outcomes.ToArray());
    }

    private sealed class Steps(IProgress<double> progress) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => progress.Report(value.Done);
    }
}
