using System.CommandLine;
using BetterCare.Care.Api.Features.Models;
using BetterCare.Care.Api.Jobs;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run train</c>: a model of the place's own.</summary>
internal static class TrainVerb
{
    public static Command Create()
    {
        var kind = new Option<string>("--model") { Description = "logistic or ebm (explainable boosting machine).", DefaultValueFactory = _ => "logistic" };
        var date = new Option<string>("--index-date") { Description = "The day whose following year is the outcome, yyyy-MM-dd.", Required = true };
        var outcome = new Option<string>("--outcome") { Description = TrainingRequest.Outcome, DefaultValueFactory = _ => TrainingRequest.Outcome };
        var output = new Option<string?>("--out") { Description = "Model document to write." };
        var id = new Option<string>("--id") { Description = "Id of the model.", DefaultValueFactory = _ => "local" };
        var version = new Option<string?>("--version") { Description = "Version of the model (default: the next)." };
        var data = new Option<string>("--data") { Description = "Where the data came from, for the model card.", DefaultValueFactory = _ => TrainingRequest.OwnPeople };
        var propose = new Option<string?>("--propose") { Description = "Put the model forward in the name of this person; somebody else reviews and activates it." };
        var command = new Command("train", "Train a model on the people of the database.") { kind, date, outcome, output, id, version, data, propose };
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            async (services, terminal, token) =>
            {
                if (parse.GetValue(output) is null && parse.GetValue(propose) is null)
                {
                    terminal.Fail("Say where the model goes: --out FILE, or --propose NAME, or both.");
                    return Verb.Failed;
                }

                var models = services.GetRequiredService<RiskModels>();
                var name = parse.GetValue(id)!;
                var number = parse.GetValue(version) ?? await models.NextVersionAsync(name, token);
                var today = DateOnly.FromDateTime(services.GetRequiredService<TimeProvider>().GetLocalNow().DateTime);
                if (TrainingRequest.Unfit(parse.GetValue(kind), parse.GetValue(date), parse.GetValue(outcome), today) is { } unfit)
                {
                    terminal.Fail(unfit.Detail);
                    return Verb.Failed;
                }

                try
                {
                    var training = services.GetRequiredService<ModelTraining>();
                    var request = new TrainingRequest(parse.GetValue(kind)!, parse.GetValue(date)!, name, number, parse.GetValue(data)!);
                    var document = await terminal.ProgressAsync("Train", progress => training.TrainAsync(request, (_, share) => progress.Report(share), token));
                    if (parse.GetValue(output) is { } file)
                    {
                        await File.WriteAllBytesAsync(file, document.ToJson(), token);
                    }

                    if (parse.GetValue(propose) is { } by)
                    {
                        _ = (await models.ProposeAsync(document, "trained", by, $"Trained at index date {request.IndexDate}", token)).Value;
                    }

                    terminal.Result(document.Card, c => terminal.Say(
                        $"{document.Id} {document.Version}{(parse.GetValue(output) is { } f ? $", {f}" : "")}: {c.People:N0} people, {c.Events:N0} with the outcome; held out ({c.Performance?.How}): AUROC {c.Performance?.Auroc:F3}, calibration slope {c.Performance?.CalibrationSlope:F2}"));
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
}
