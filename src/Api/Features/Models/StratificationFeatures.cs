using BetterCare.Care.Api.Features.Levels;
using BetterCare.Care.Api.Features.Runs;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Storage.Runs;

namespace BetterCare.Care.Api.Features.Models;

/// <summary>Everything about runs and models, registered and served in one place.</summary>
public static class StratificationFeatures
{
    /// <summary>Registers runs, models, training and evaluation.</summary>
    public static IServiceCollection AddStratification(this IServiceCollection services)
    {
        services.AddSingleton<RunWriter>();
        services.AddSingleton<RiskModels>();
        services.AddSingleton<JobTable>();
        services.AddSingleton<JobControl>();
        services.AddSingleton<TierPlanners>();
        services.AddSingleton<LatestRun>();
        services.AddSingleton<RunModels>();
        AddRunner<StratificationJobs>(services);
        AddRunner<ModelTraining>(services);
        AddRunner<EvaluationJobs>(services);
        AddRunner<ComparisonJobs>(services);
        return services;
    }

    /// <summary>Serves runs, models, training and evaluation.</summary>
    public static void MapStratification(this IEndpointRouteBuilder routes)
    {
        StartRun.Map(routes);
        GetRun.Map(routes);
        ListRuns.Map(routes);
        CancelModelJob.Map(routes, "/v1/stratification-runs", StratificationJobs.Kind, "stratification run", "CancelRun", "Risk");
        RiskList.Map(routes);
        RunLeavers.Map(routes);
        ListAgreedLevels.Map(routes);
        TierPlanning.Map(routes);
        ListModels.Map(routes);
        GetModel.Map(routes);
        ProposeModel.Map(routes);
        ReviewModel.Map(routes);
        ActivateModel.Map(routes);
        WithdrawModel.Map(routes);
        StartTraining.Map(routes);
        GetTraining.Map(routes);
        CancelModelJob.Map(routes, "/v1/model-trainings", ModelTraining.Kind, "training", "CancelTraining", "Models");
        StartEvaluation.Map(routes);
        ListEvaluations.Map(routes);
        GetEvaluation.Map(routes);
        GetEvaluationPage.Map(routes);
        CancelModelJob.Map(routes, "/v1/model-evaluations", EvaluationJobs.Kind, "evaluation", "CancelEvaluation", "Models");
        StartComparison.Map(routes);
        GetComparison.Map(routes);
        CancelModelJob.Map(routes, "/v1/matched-comparisons", ComparisonJobs.Kind, "comparison", "CancelComparison", "Models");
    }

    private static void AddRunner<T>(IServiceCollection services)
        where T : class, IJobRunner
    {
        services.AddSingleton<T>();
        services.AddSingleton<IJobRunner>(provider => provider.GetRequiredService<T>());
    }
}
