using System.CommandLine;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Storage;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run serve</c></summary>
internal static class ServeVerb
{
    public const string DefaultUrl = "http://127.0.0.1:5080";

    public static readonly Option<string> Urls = new("--urls") { Description = "Where to listen.", DefaultValueFactory = _ => DefaultUrl };

    public static Command Create()
    {
        var command = new Command("serve", "Serve the FHIR and JSON interfaces.") { Urls };
        command.SetAction((parse, ct) => RunAsync(parse, parse.GetValue(Urls)!, ct));
        return command;
    }

    public static async Task<int> RunAsync(ParseResult parse, string urls, CancellationToken ct)
    {
        try
        {
            await using var app = CareHost.Build(["--urls", urls], Verb.Overrides(parse));
            await CareHost.RunAsync(app, ct);
            return Verb.Ok;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or Microsoft.Extensions.Options.OptionsValidationException or System.Data.Common.DbException)
        {
            new Terminal(parse.GetValue(Verb.Json)).Fail(e.Message);
            return Verb.Failed;
        }
    }
}

/// <summary><c>./run migrate</c></summary>
internal static class MigrateVerb
{
    public static Command Create()
    {
        var command = new Command("migrate", "Bring the database schema up to date.");
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            async (services, terminal, token) =>
            {
                await using var db = await services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync(token);
                var applied = (await db.Database.GetAppliedMigrationsAsync(token)).ToList();
                terminal.Result(
                    new { database = services.GetRequiredService<CareDatabase>().DisplayName, applied },
                    r => terminal.Say($"{r.database}: up to date, {r.applied.Count} migrations applied, the last {r.applied[^1]}."));
                return Verb.Ok;
            },
            ct));
        return command;
    }
}

/// <summary><c>./run openapi</c></summary>
internal static class OpenApiVerb
{
    public static Command Create()
    {
        var output = new Option<string>("--out") { Description = "File to write.", DefaultValueFactory = _ => "openapi.yaml" };
        var command = new Command("openapi", "Write openapi.yaml from the code.") { output };
        command.SetAction(async (parse, ct) =>
        {
            await using var app = CareHost.Build([], Verb.Overrides(parse));
            var yaml = await OpenApiDocuments.YamlAsync(app.Services, ct);
            await File.WriteAllTextAsync(parse.GetValue(output)!, yaml, ct);
            return Verb.Ok;
        });
        return command;
    }
}
