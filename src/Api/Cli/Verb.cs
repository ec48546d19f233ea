using System.CommandLine;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Cli;

/// <summary>What the verbs of the command line share: options, services, exit codes (0 done, 1 done with errors found, 2 wrong use or failure).</summary>
internal static class Verb
{
    public const int Ok = 0;
    public const int Found = 1;
    public const int Failed = 2;

    /// <summary>Verbs that read everybody's data by other ways than a use case.</summary>
    private static readonly HashSet<string> Cohort = new(StringComparer.Ordinal) { "stratify", "train", "evaluate", "rebuild" };

    public static readonly Option<bool> Json = new("--json") { Description = "Print the result as JSON for machines.", Recursive = true };

    public static readonly Option<string?> Database = new("--database")
    {
        Description = "SQLite file or PostgreSQL connection string (default: Care__Database, else .data/care.db).",
        Recursive = true,
    };

    /// <summary>Runs a verb with the services of the product, the schema up to date, as the operator.</summary>
    public static async Task<int> RunAsync(ParseResult parse, Func<IServiceProvider, Terminal, CancellationToken, Task<int>> work, CancellationToken ct)
    {
        var terminal = new Terminal(parse.GetValue(Json));
        try
        {
            await using var provider = Provider(parse);
            if (provider.GetRequiredService<CareDatabase>() is { Engine: DatabaseEngine.Sqlite, File: { } file })
            {
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            }

            await Migrator.MigrateAsync(provider.GetRequiredService<CareDatabase>(), provider.GetRequiredService<IDbContextFactory<CareDbContext>>(), ct);
            await using var scope = provider.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<CurrentCaller>().Caller = Caller.Operator;
            var verb = parse.CommandResult.Command.Name;
            AccessTrail.Current = new AccessTrail { Agent = Caller.Operator.Name, Interaction = verb, Action = AuditAction.Execute, IsLasting = true };
            if (Cohort.Contains(verb))
            {
                AccessTrail.Current.SawEveryone();
                var everyone = AccessTrail.Current.Rest(AuditOutcome.Success, always: true);
                await provider.GetRequiredService<AuditLog>().RecordAsync(everyone);
                AccessTrail.Current.Kept(everyone[0]);
            }

            return await work(scope.ServiceProvider, terminal, ct);
        }
        catch (CareException e)
        {
            terminal.Fail(e.Error.Detail);
            return Failed;
        }
        catch (OperationCanceledException)
        {
            terminal.Fail("Stopped. What was stored stays; run the same command again to go on.");
            return Failed;
        }
        catch (Exception e) when (e is System.Data.Common.DbException or IOException or BetterCare.Care.Storage.Resources.StoreFailedException or ArgumentException or UnauthorizedAccessException)
        {
            terminal.Fail($"{e.Message}{(e.InnerException is { } inner ? " " + inner.Message : "")}");
            return Failed;
        }
    }

    public static ServiceProvider Provider(ParseResult parse)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddSecretFiles().AddInMemoryCollection(Overrides(parse)).Build();
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddConsole(c => c.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error)

            // What fails is thrown and told; on an empty PostgreSQL database the first command always does.
            .AddFilter("Microsoft.EntityFrameworkCore.Database.Command", LogLevel.Critical));
        services.AddSingleton<IConfiguration>(configuration);
        services.AddCare(configuration);
        return services.BuildServiceProvider();
    }

    public static Dictionary<string, string?> Overrides(ParseResult parse)
    {
        var overrides = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (parse.GetValue(Database) is { } database)
        {
            overrides["Care:Database"] = database;
        }

        return overrides;
    }
}
