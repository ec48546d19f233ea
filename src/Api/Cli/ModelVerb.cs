using System.CommandLine;
using BetterCare.Care.Api.Features.Models;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Stratification;
using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Models;
using MediatR;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run model …</c>: the models of this place, and who decided what about them.</summary>
internal static class ModelVerb
{
    private static readonly Option<string> By = new("--by") { Description = "The person who answers for this step; the operator vouches for the name.", Required = true };
    private static readonly Option<string> Comment = new("--comment") { Description = "Why, or what was found: kept with the model.", DefaultValueFactory = _ => "" };
    private static readonly Argument<string> Id = new("id") { Description = "Id of the model." };
    private static readonly Argument<string> Version = new("version") { Description = "Version of the model." };

    public static Command Create()
    {
        var objects = new Option<bool>("--object") { Description = "Object instead of recommending." };
        var command = new Command("model", "Models of this place: propose, review, activate; nobody decides on a model of their own.")
        {
            List(),
            Propose(),
            Step("review", "Recommend a proposed model, or object to it.", objects, (parse, id, version) => new ReviewModel.Command(id, version, !parse.GetValue(objects), parse.GetValue(Comment))),
            Step("activate", "Put a recommended model in force; the one before is retired.", null, (parse, id, version) => new ActivateModel.Command(id, version, parse.GetValue(Comment))),
            Step("withdraw", "Take a model back; without another, the shipped default counts.", null, (parse, id, version) => new WithdrawModel.Command(id, version, parse.GetValue(Comment))),
            Card(),
        };
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "All models, the one in force first.");
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            async (services, terminal, token) =>
            {
                var models = (await services.GetRequiredService<IMediator>().Send(new ListModels.Query(), token)).Value;
                terminal.Result(models, all =>
                {
                    foreach (var m in all)
                    {
                        terminal.Say($"{(m.InForce ? "* " : "  ")}{m.Id} {m.Version} ({m.Kind}, {m.State}{(m.ProposedBy is { } by ? $", proposed by {by}" : "")}): {m.Summary}");
                    }
                });
                return Verb.Ok;
            },
            ct));
        return command;
    }

    private static Command Propose()
    {
        var file = new Argument<string>("file") { Description = "A model document (.json), or a logistic model as a table of coefficients (.csv)." };
        var id = new Option<string?>("--id") { Description = "Id for the model of a table." };
        var version = new Option<string?>("--version") { Description = "Version for the model of a table (default: the next)." };
        var summary = new Option<string?>("--summary") { Description = "What the model of a table is, in a sentence." };
        var population = new Option<string?>("--population") { Description = "Who the model of a table is for." };
        var source = new Option<string?>("--source") { Description = "Where the model of a table was published." };
        var command = new Command("propose", "Put a model forward.") { file, By, Comment, id, version, summary, population, source };
        command.SetAction((parse, ct) => RunAsync(
            parse,
            async token =>
            {
                var path = parse.GetValue(file)!;
                var isTable = path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase);
                return new ProposeModel.Command(
                    await File.ReadAllBytesAsync(path, token),
                    isTable ? new ProposeModel.TableCard(parse.GetValue(id), parse.GetValue(version), parse.GetValue(summary), parse.GetValue(population), parse.GetValue(source)) : null,
                    parse.GetValue(Comment));
            },
            ct));
        return command;
    }

    private static Command Step(string name, string description, Option<bool>? option, Func<ParseResult, string, string, IRequest<Result<ModelSummary>>> request)
    {
        var command = new Command(name, description) { Id, Version, By, Comment };
        if (option is not null)
        {
            command.Add(option);
        }

        command.SetAction((parse, ct) => RunAsync(parse, _ => Task.FromResult(request(parse, parse.GetValue(Id)!, parse.GetValue(Version)!)), ct));
        return command;
    }

    private static Command Card()
    {
        var id = new Argument<string>("model") { Description = "A model document (a file), a model of this place (id or id/version), or the name of one that ships." };
        var date = new Option<string?>("--index-date") { Description = "Evaluate it on the people of the database at this day, and tell the results by group." };
        var about = new Option<string>("--about") { Description = "What people these are.", DefaultValueFactory = _ => "The people of this database." };
        var command = new Command("card", "The model card in plain English (Markdown).") { id, date, about };
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            async (services, terminal, token) =>
            {
                var name = parse.GetValue(id)!;
                try
                {
                    var document = File.Exists(name) ? ModelDocument.Parse(await File.ReadAllBytesAsync(name, token)) : (await services.GetRequiredService<RiskModels>().AnyAsync(name, token)).Value;
                    ModelEvaluation? evaluation = null;
                    if (parse.GetValue(date) is { } day)
                    {
                        if (!IndexDate.TryParse(day, out var index))
                        {
                            terminal.Fail("The index date is written yyyy-MM-dd.");
                            return Verb.Failed;
                        }

                        evaluation = (await services.GetRequiredService<EvaluationJobs>().EvaluateAsync(document, index, null, (_, _) => { }, token)).Evaluation;
                    }

                    await Console.Out.WriteAsync(ModelCardText.Of(document, evaluation, parse.GetValue(about)!));
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

    /// <summary>Sends a step in the name of a person.</summary>
    private static Task<int> RunAsync(ParseResult parse, Func<CancellationToken, Task<IRequest<Result<ModelSummary>>>> request, CancellationToken ct) => Verb.RunAsync(
        parse,
        async (services, terminal, token) =>
        {
            services.GetRequiredService<CurrentCaller>().Caller = Caller.Operator with { Name = parse.GetValue(By)! };
            var answer = await services.GetRequiredService<IMediator>().Send(await request(token), token);
            if (answer.Error is { } error)
            {
                terminal.Fail(error.Detail);
                return Verb.Failed;
            }

            terminal.Result(answer.Value, m => terminal.Say($"{m.Id} {m.Version}: {m.State}"));
            return Verb.Ok;
        },
        ct);
}
