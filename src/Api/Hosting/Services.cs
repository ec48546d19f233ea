using BetterCare.Care.Api.Features;
using BetterCare.Care.Api.Features.Audit;
using BetterCare.Care.Api.Features.Access;
using BetterCare.Care.Api.Features.Assessments;
using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Coverage;
using BetterCare.Care.Api.Features.Export;
using BetterCare.Care.Api.Features.Ingest;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Features.Levels;
using BetterCare.Care.Api.Features.Models;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Features.RiskAssessments;
using BetterCare.Care.Api.Features.UrgentCare;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Hosting;

/// <summary>What the host and the command line both need.</summary>
public static class Services
{
    /// <summary>Registers storage, mediation and jobs.</summary>
    public static IServiceCollection AddCare(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<CareOptions>().Bind(configuration.GetSection("Care"))
            .Validate(o => o.Profile is "demo" or "production", "Care:Profile is demo or production.")
            .Validate(o => !string.IsNullOrWhiteSpace(o.Database), "Care:Database is empty: give a file path or a PostgreSQL connection string.")
            .ValidateOnStart();
        services.AddSingleton(TimeProvider.System);
        Features.Tracing.TracingEndpoints.AddTracing(services, configuration);
        services.AddSingleton(provider => new CareDatabase(provider.GetRequiredService<IOptions<CareOptions>>().Value.Database));
        services.AddDbContextFactory<CareDbContext>((provider, options) => provider.GetRequiredService<CareDatabase>().Configure(options));
        services.AddScoped(provider => provider.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContext());
        services.AddSingleton<Directories>();
        services.AddHttpContextAccessor();
        services.AddScoped<AuditPeople>();
        services.AddSingleton<Security.ShownPeople>();
        services.AddSingleton<BackgroundTrail>();
        services.AddSingleton(provider => new AuditLog(
            provider.GetRequiredService<CareDatabase>(),
            TimeSpan.FromMilliseconds(provider.GetRequiredService<IOptions<CareOptions>>().Value.AuditSyncMilliseconds)));
        services.AddSingleton<AuditStore>();
        services.AddSingleton<AuditVerifier>();
        services.AddSingleton<AuditRetention>();
        services.AddSingleton<IConsequences, AssessmentFacts>();
        services.AddSingleton(provider => new ResourceWriter(provider.GetRequiredService<CareDatabase>(), provider.GetRequiredService<Directories>(), provider.GetRequiredService<TimeProvider>())
        {
            Consequences = provider.GetRequiredService<IConsequences>(),
        });
        services.AddSingleton<ResourceStore>();
        services.AddSingleton<BulkImporter>();
        services.AddSingleton<Rebuilder>();
        services.AddSingleton<JobQueue>();
        services.AddSingleton<ImportJobs>();
        services.AddSingleton<IJobRunner>(provider => provider.GetRequiredService<ImportJobs>());
        services.AddSingleton<ExportWriter>();
        services.AddSingleton<ExportJobs>();
        services.AddStratification();
        services.AddSingleton<AgreedLevels>();
        services.AddSingleton<ProfessionalRegister>();
        services.AddSingleton<UrgentCareRecord>();
        services.AddScoped<ConditionalReads>();
        services.AddSingleton<ConditionLocks>();
        services.AddSingleton<ResourceWrites>();
        services.AddProtection();
        services.AddSingleton<PageLinks>();
        services.AddScoped<ListCursors>();
        services.AddSingleton<ScoreReads>();
        services.AddSingleton<RenderedRisks>();
        services.AddSingleton<RiskSearch>();
        services.AddSingleton<PatientRecords>();
        services.AddSingleton<SearchCandidates>();
        services.AddSingleton<PopulationPages>();
        services.AddSingleton<ResourceSearch>();
        services.AddSingleton<IPatientMatcher, PopulationMatcher>();
        services.AddScoped<Visibility>();
        services.AddScoped<BundleEntries>();
        services.AddScoped<People>();
        Features.Merges.MergeEndpoints.AddMerges(services);
        services.AddCoverage(configuration);
        services.AddCoordination();
        services.AddAccess(configuration);
        services.AddMediation();
        return services;
    }
}
