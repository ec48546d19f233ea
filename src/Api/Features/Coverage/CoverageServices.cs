using BetterCare.Care.Api.Features.Bcf;
using BetterCare.Care.Api.Features.Reminders;
using BetterCare.Care.Api.Features.Subscriptions;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Storage.Bcf;
using BetterCare.Care.Storage.Coverage;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>What coverage, metrics, reminders and notifications need.</summary>
internal static class CoverageServices
{
    public static IServiceCollection AddCoverage(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<CoverageReads>();
        services.AddSingleton<Approaches>();
        services.AddSingleton<CoverageReleases>();
        services.AddSingleton<CoverageQuestions>();
        services.AddSingleton<CoverageReports>();
        services.AddSingleton<BcfCounter>();
        services.AddSingleton<BcfQuestions>();
        services.AddSingleton<SubscriptionRules>();
        services.AddScoped<SubscriptionWrites>();
        services.AddSingleton<NotificationClient>();
        services.AddOptions<SubscriptionOptions>().Bind(configuration.GetSection("Care:Subscriptions"))
            .Validate(
                o => o.Endpoints.All(e => Uri.TryCreate(e.Url, UriKind.Absolute, out var url) && url.Scheme is "https" or "http" && e.Secret.Length >= 16),
                "Care:Subscriptions:Endpoints: each needs a Url and a Secret of 16 characters or more.")
            .Validate(
                o => o is { MaxAttempts: >= 1 and <= 100, FirstRetrySeconds: > 0, TimeoutSeconds: > 0, QuickRetryMilliseconds: > 0 },
                "Care:Subscriptions: attempts are 1 to 100, times more than 0.")
            .ValidateOnStart();
        services.AddSingleton<IUpkeep, CoverageUpkeep>();
        services.AddSingleton<IUpkeep, BcfUpkeep>();
        services.AddSingleton<IUpkeep, ReminderUpkeep>();
        services.AddSingleton<IUpkeep, BreakGlassNotices>();
        services.AddSingleton<IUpkeep, SubscriptionFeed>();
        services.AddSingleton<IUpkeep, SubscriptionSender>();
        return services;
    }
}
