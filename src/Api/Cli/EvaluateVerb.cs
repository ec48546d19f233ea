using System.CommandLine;
using System.Globalization;
using BetterCare.Care.Api.Features.Models;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Stratification;
using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run evaluate</c>: how good models are, how far the people have moved, and what became of those with a plan.</summary>
internal static class EvaluateVerb
{
    private const double TopShare = 0.05;

    public static Command Create()
    {
        var models = new Option<string[]>("--model") { Description = "Model documents (files), models of this place (id or id/version), or names of models that ship; default: the one in force.", AllowMultipleArgumentsPerToken = true };
        var date = new Option<string>("--index-date") { Description = "The day whose following year is the outcome, yyyy-MM-dd.", Required = true };
        var html = new Option<string?>("--html") { Description = "Write the evaluation of the first model as a page with plots." };
        var truth = new Option<string?>("--hidden-risk") { Description = "hidden-risk.csv of a synthetic cohort: the best that any model could do." };
        var drift = new Option<string?>("--drift-from") { Description = "An earlier day: how far predictors have moved since." };
        var plans = new Option<int?>("--plan-window") { Description = "Compare admissions before and after the index date of people who got a joint plan in so many days up to it with like people without one." };
        var command = new Command("evaluate", "How good models are on the people of the database.") { models, date, html, truth, drift, plans };
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            async (services, terminal, token) =>
            {
                if (!IndexDate.TryParse(parse.GetValue(date), out var index))
                {
                    terminal.Fail("The index date is written yyyy-MM-dd.");
                    return Verb.Failed;
                }

                IndexDate? from = null;
                if (parse.GetValue(drift) is { } earlier)
                {
                    if (!IndexDate.TryParse(earlier, out var day) || day.CompareTo(index) >= 0)
                    {
                        terminal.Fail("--drift-from is a day before the index date, yyyy-MM-dd.");
                        return Verb.Failed;
                    }

                    from = day;
                }

                try
                {
                    var all = new List<object>();
                    var names = parse.GetValue(models) is { Length: > 0 } given ? given : [null!];
                    foreach (var name in names)
                    {
                        all.Add(await JudgeAsync(services, terminal, name, index, from, all.Count == 0 ? parse.GetValue(html) : null, token));
                    }

                    if (parse.GetValue(truth) is { } file)
                    {
                        var best = await BestPossibleAsync(services, index, file, token);
                        all.Add(new { model = "hidden true risk", auroc = best });
                        terminal.Say($"hidden true risk (the best that any model could do): AUROC {best:F3}");
                    }

                    if (parse.GetValue(plans) is { } window)
                    {
                        var compared = await services.GetRequiredService<ComparisonJobs>().CompareAsync(new ComparisonRequest(index.ToString(), window, await NameAsync(services, names[0], token)), (_, _) => { }, token);
                        all.Add(compared);
                        terminal.Say($"joint plan in the {window} days up to {index}: {compared.Treated:N0} people, {compared.Pairs:N0} matched; emergency admissions a year with a plan {compared.TreatedBefore:F2} before, {compared.TreatedAfter:F2} after; without {compared.ControlBefore:F2} before, {compared.ControlAfter:F2} after; difference {compared.Difference.Value:F2} ({compared.Difference.Low:F2} to {compared.Difference.High:F2})");
                        terminal.Say($"  {compared.Caution}");
                    }

                    if (terminal.IsJson)
                    {
                        terminal.Result(all, _ => { });
                    }

                    return Verb.Ok;
                }
                catch (Exception e) when (JobTable.Expected(e) is { } said)
                {
                    terminal.Fail(said);
                    return Verb.Failed;
                }
            },
            ct));
        return command;
    }

    private static async Task<object> JudgeAsync(IServiceProvider services, Terminal terminal, string? name, IndexDate index, IndexDate? driftFrom, string? page, CancellationToken ct)
    {
        var document = name is not null && File.Exists(name)
            ? ModelDocument.Parse(await File.ReadAllBytesAsync(name, ct))
            : (await services.GetRequiredService<RiskModels>().AnyAsync(name, ct)).Value;
        var result = await services.GetRequiredService<EvaluationJobs>().EvaluateAsync(document, index, driftFrom, (_, _) => { }, ct);
        var e = result.Evaluation;
        var top = e.Cuts.First(c => c.Share >= TopShare - 1e-9).PositivePredictiveValue.Value;
        terminal.Say($"{document.Id}: {e.People:N0} people, {e.Events:N0} events; AUROC {e.Auroc.Value:F3} ({e.Auroc.Low:F3} to {e.Auroc.High:F3}), Brier {e.Brier:F4}, calibration slope {e.CalibrationSlope.Value:F2}, PPV of the top 5 % {top:P0}");
        if (result.Caution is { } caution)
        {
            terminal.Say($"  {caution}");
        }

        foreach (var row in (result.Drift ?? []).Take(5))
        {
            terminal.Say($"  since {result.DriftFrom}: {Predictors.Find(row.What)?.Label ?? row.What}: PSI {row.Index:F3}, {row.Reading}");
        }

        if (page is not null)
        {
            await File.WriteAllTextAsync(page, EvaluationReport.ToHtml(document, e, result.About, result.Drift is { } rows ? new DriftReport(rows) : null), ct);
            terminal.Say($"  page: {page}");
        }

        return new { model = document.Id, e.People, e.Events, auroc = e.Auroc.Value, e.Brier, slope = e.CalibrationSlope.Value, top5percentPpv = top, result.Caution, result.Drift };
    }

    private static async Task<string> NameAsync(IServiceProvider services, string? name, CancellationToken ct)
    {
        if (name is not null && File.Exists(name))
        {
            throw new CareException(new Invalid("model", "Matching takes a model of this place or one that ships: put the document forward first (./run model propose)."));
        }

        var document = (await services.GetRequiredService<RiskModels>().AnyAsync(name, ct)).Value;
        return RiskModels.Shipped.Contains(document.Id) ? document.Id : $"{document.Id}/{document.Version}";
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
        var cohort = await services.GetRequiredService<ModelTraining>().ReadAsync(index, FeatureSet.Of(["age"]), null, ct);
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
}
