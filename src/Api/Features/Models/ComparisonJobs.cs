using System.Text.Json;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification;
using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Runs;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Models;

/// <summary>What a comparison was asked to be.</summary>
/// <param name="Landmark">The day that divides before from after, yyyy-MM-dd; the year after it must be over.</param>
/// <param name="WindowDays">Who got their first agreed joint plan in so many days up to the landmark has the service.</param>
/// <param name="Model">The model whose risk people are matched on.</param>
public sealed record ComparisonRequest(string Landmark, int WindowDays, string Model);

/// <summary>A comparison as told to people.</summary>
/// <param name="Id">The job.</param>
/// <param name="Status"><c>queued</c>, <c>running</c>, <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="Landmark">The day that divides before from after.</param>
/// <param name="WindowDays">Days before it in which plans count.</param>
/// <param name="Model">The model whose risk people are matched on.</param>
/// <param name="Percent">How far it is.</param>
/// <param name="Phase">What is being done.</param>
/// <param name="Message">Why it failed, and what would do.</param>
/// <param name="Result">The outcome, with its caution.</param>
public sealed record ComparisonStatus(string Id, string Status, string Landmark, int WindowDays, string Model, double Percent, string Phase, string? Message, MatchedComparison? Result);

/// <summary>
/// Emergency admissions before and after of people who got a joint plan, against people of like risk, sex and age who had
/// none. Both groups are taken from those alive and registered on one day (the landmark), so that nobody counts as having
/// a plan for having lived long enough to get one.
/// </summary>
public sealed class ComparisonJobs(CareDatabase database, IDbContextFactory<CareDbContext> contexts, JobTable table, JobControl control, RiskModels models, TimeProvider clock) : IJobRunner
{
    /// <summary>The kind of a comparison in the job table.</summary>
    public const string Kind = "matched-comparison";

    string IJobRunner.Kind => Kind;

    /// <summary>Checks the request and puts it in the job table.</summary>
    public async Task<Result<string>> CreateAsync(string? landmark, int windowDays, string? model, string requestedBy, CancellationToken ct)
    {
        if (windowDays is < 1 or > 730)
        {
            return new Invalid("windowDays", "The window in which plans count is 1 to 730 days, for example 90.");
        }

        if (TrainingRequest.Unfit("logistic", landmark, null, DateOnly.FromDateTime(clock.GetLocalNow().DateTime)) is { } unfit)
        {
            return unfit is Invalid { Where: "indexDate" } invalid ? new Invalid("landmark", invalid.Problem) : unfit;
        }

        var found = await models.AnyAsync(model, ct);
        if (found.Error is { } unknown)
        {
            return unknown;
        }

        var name = RiskModels.Shipped.Contains(found.Value.Id) ? found.Value.Id : $"{found.Value.Id}/{found.Value.Version}";
        return await table.CreateAsync(Kind, new ComparisonRequest(landmark!, windowDays, name), requestedBy, JobTable.Steps, ct);
    }

    /// <inheritdoc/>
    public Task RunAsync(string jobId, JobProgress progress, CancellationToken ct) => table.RunAsync(
        jobId,
        async job => JsonSerializer.Serialize(await CompareAsync(JobTable.RequestOf<ComparisonRequest>(job), progress.Report, ct), JsonSerializerOptions.Web),
        ct);

    /// <summary>Compares.</summary>
    /// <exception cref="IndexDateException">The year after the landmark is not covered by the data.</exception>
    /// <exception cref="EvaluationException">Too few people could be matched.</exception>
    public async Task<MatchedComparison> CompareAsync(ComparisonRequest request, Action<string, double> progress, CancellationToken ct)
    {
        var landmark = IndexDate.Parse(request.Landmark);
        progress("Looking who got a joint plan", 0);
        var plans = await FirstJointPlansAsync(ct);
        var from = landmark.Day - request.WindowDays;
        var period = await StoredTimelines.PeriodAsync(database, ct) ?? throw new IndexDateException("There are no people with contacts yet: import patient data first.");
        progress("Looking at their years before and after, and at everybody else's", 0.3);
        var model = (await models.AnyAsync(request.Model, ct)).Value.ToModel();
        await using var source = await StoredTimelines.OpenAsync(database, landmark.Day, ct);

        // A plan of before the window: neither new to it nor without it. A plan after the landmark lies in the future.
        var (with, without) = await Task.Run(() => ComparedPersonReader.Split(
            model,
            source,
            landmark,
            period,
            key => !plans.TryGetValue(key, out var day) || day >= landmark.Day ? false : day >= from ? true : null,
            ct: ct), ct);
        if (with.Count < 2)
        {
            throw new EvaluationException($"{with.Count} people who belong to the population got their first agreed joint plan in the {request.WindowDays} days up to {landmark}: too few to compare. Take a longer window or another day.");
        }

        progress("Matching", 0.9);
        return MatchedComparison.Between(with, without);
    }

    /// <summary>How a comparison stands; null where there is none of that id.</summary>
    public async Task<ComparisonStatus?> StatusAsync(string jobId, CancellationToken ct)
    {
        if (await table.FindAsync(jobId, Kind, ct) is not { } job)
        {
            return null;
        }

        var request = JobTable.RequestOf<ComparisonRequest>(job);
        var (percent, phase) = control.Of(job);
        return new ComparisonStatus(
            job.Id, job.Status.ToString().ToLowerInvariant(), request.Landmark, request.WindowDays, request.Model.Replace('/', ' '), percent, phase, job.Message,
            job.Status == JobStatus.Completed ? JsonSerializer.Deserialize<MatchedComparison>(job.Result!, JsonSerializerOptions.Web) : null);
    }

    /// <summary>The day on which each person's plan was first agreed and joint.</summary>
    private async Task<Dictionary<long, int>> FirstJointPlansAsync(CancellationToken ct)
    {
        var first = new Dictionary<long, int>();
        await using var db = await contexts.CreateDbContextAsync(ct);
        await foreach (var version in db.CarePlans.AsNoTracking().OrderBy(p => p.PatientKey).ThenBy(p => p.Version).AsAsyncEnumerable().WithCancellation(ct))
        {
            if (first.ContainsKey(version.PatientKey))
            {
                continue;
            }

            var written = DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeMilliseconds(version.WrittenAt).UtcDateTime);
            var plan = JsonSerializer.Deserialize<JointCarePlan>(version.Plan, PutCarePlan.Json)!;
            if (plan.Status == PlanStatus.Agreed && PlanRules.Evaluate(plan, RiskLevelOfPlan, written).IsJoint)
            {
                first.Add(version.PatientKey, written.DayNumber);
            }
        }

        return first;
    }

    // Whether a plan is joint does not depend on the level.
    private const int RiskLevelOfPlan = 3;
}
