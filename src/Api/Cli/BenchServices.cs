using System.CommandLine;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Storage;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Cli;

/// <summary>The service's own parts for a measurement, on a database of its own in a temporary folder unless another is named.</summary>
internal static class BenchServices
{
    /// <summary>The settings of a measurement in a folder.</summary>
    public static Dictionary<string, string?> Settings(ParseResult parse, string folder)
    {
        var settings = Verb.Overrides(parse);
        settings.TryAdd("Care:Database", Path.Combine(folder, "bench.db"));
        settings["Care:WorkFolder"] = folder;
        return settings;
    }

    /// <summary>Builds the parts and brings the schema up to date.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="folder">The temporary folder.</param>
    /// <param name="ct">Cancels.</param>
    /// <param name="clock">What time it is; null: the machine's.</param>
    public static async Task<ServiceProvider> StartAsync(ParseResult parse, string folder, CancellationToken ct, TimeProvider? clock = null)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(Settings(parse, folder)).Build();
        var services = new ServiceCollection();
        services.AddLogging(l => l.SetMinimumLevel(LogLevel.Warning).AddConsole());
        services.AddSingleton<IConfiguration>(configuration);
        services.AddCare(configuration);
        if (clock is not null)
        {
            services.AddSingleton(clock);
        }

        var provider = services.BuildServiceProvider();
        await Migrator.MigrateAsync(provider.GetRequiredService<IDbContextFactory<CareDbContext>>(), ct);
        return provider;
    }
}
