using BetterCare.Care.Api.Features.Assessments;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Features.Mdt;
using BetterCare.Care.Api.Features.Worklists;
using BetterCare.Care.Storage.Worklists;

namespace BetterCare.Care.Api.Features.Coordination;

/// <summary>What the loop after the list is made of.</summary>
internal static class CoordinationServices
{
    /// <summary>Registers leads, plans, assessments, meetings and worklists.</summary>
    public static void AddCoordination(this IServiceCollection services)
    {
        services.AddScoped<DecisionResources>();
        services.AddScoped<LeadDecisions>();
        services.AddScoped<PersonProposals>();
        services.AddScoped<PlanDecisions>();
        services.AddScoped<Meetings>();
        services.AddScoped<MeetingChanges>();
        services.AddScoped<AgendaRows>();
        services.AddScoped<AssessmentResponses>();
        services.AddScoped<WorklistPages>();
        services.AddScoped<Wards>();
        services.AddSingleton<WorklistFacts>();
        services.AddSingleton<LoopWorker>();
    }
}
