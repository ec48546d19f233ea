using BetterCare.Care.Api.Features.Csv;
using BetterCare.Care.Api.Features.Matching;
using BetterCare.Care.Api.Features.Tracing.Pds;
using BetterCare.Care.Storage.Tracing;

namespace BetterCare.Care.Api.Features.Tracing;

/// <summary>What tracing registers and serves.</summary>
internal static class TracingEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        GetTracingQueue.Map(routes);
        GetTracing.Map(routes);
        DecideTracing.Map(routes);
        UndoTracing.Map(routes);
        RunTracing.Map(routes);
        StartCsvImport.Map(routes);
    }

    public static void AddTracing(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PdsOptions>().Bind(configuration.GetSection("Care:Pds"))
            .Validate(o => !o.IsOn || (o.TokenUrl.Length > 0 && o.ApiKey.Length > 0 && o.KeyId.Length > 0 && File.Exists(o.PrivateKeyFile)),
                "Care:Pds needs TokenUrl, ApiKey, KeyId and a PrivateKeyFile that exists, or no BaseUrl.")
            .Validate(o => o.RequestsPerSecond > 0 && o.RequestsAtOnce > 0, "Care:Pds: RequestsPerSecond and RequestsAtOnce are at least 1.")
            .ValidateOnStart();

        // The framework's own HTTP log would write names and numbers, which are in the address.
        var timeout = configuration.GetValue("Care:Pds:AttemptTimeout", TimeSpan.FromSeconds(10));
        services.AddHttpClient(PdsClient.ClientName).RemoveAllLoggers();
        services.AddHttpClient(PdsToken.ClientName, client => client.Timeout = timeout).RemoveAllLoggers();
        services.AddSingleton<PdsToken>();
        services.AddSingleton<IPdsClient, PdsClient>();
        services.AddSingleton<Admission>();
        services.AddSingleton<CsvImports>();
        services.AddSingleton<Tracer>();
        services.AddSingleton<LocalMatching>();
        services.AddHostedService<TracingWorker>();
    }
}
