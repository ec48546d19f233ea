using System.Text;
using System.Text.Json;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification;
using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Models;

/// <summary>What an evaluation was asked to be.</summary>
/// <param name="Model">Id/version of a model of this place, or the name of one that ships.</param>
/// <param name="RunId">The run whose model and index date these are; null: none.</param>
/// <param name="IndexDate">The day whose following year is the outcome, yyyy-MM-dd.</param>
/// <param name="DriftFrom">An earlier day against which to tell how far people's predictors have moved; null: not told.</param>
public sealed record EvaluationRequest(string Model, int? RunId, string IndexDate, string? DriftFrom);

/// <summary>How good a model was.</summary>
/// <param name="Model">Model and version.</param>
/// <param name="IndexDate">Index date.</param>
/// <param name="About">What it was evaluated on.</param>
/// <param name="Caution">What weakens the figures; null: nothing known.</param>
/// <param name="Evaluation">The figures.</param>
/// <param name="DriftFrom">The day that drift is told from.</param>
/// <param name="Drift">How far each of the model's predictors has moved since then, the most moved first.</param>
public sealed record EvaluationResult(string Model, string IndexDate, string About, string? Caution, ModelEvaluation Evaluation, string? DriftFrom, IReadOnlyList<DriftRow>? Drift);

/// <summary>An evaluation as told to people.</summary>
/// <param name="Id">The job.</param>
/// <param name="Status"><c>queued</c>, <c>running</c>, <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="Percent">How far it is.</param>
/// <param name="Phase">What is being done.</param>
/// <param name="Message">Why it failed, and what would do.</param>
/// <param name="Page">Where the page with plots is, once completed.</param>
/// <param name="Result">The outcome, once completed.</param>
public sealed record EvaluationStatus(string Id, string Status, double Percent, string Phase, string? Message, string? Page, EvaluationResult? Result);

/// <summary>One line of the list of evaluations: discrimination and calibration over successive dates and models.</summary>
public sealed record EvaluationLine(
    string Id, string Status, string Model, int? RunId, string IndexDate, int? People, int? Events, double? Auroc, double? Brier, double? CalibrationSlope, double? CalibrationIntercept, double? LargestDrift);

/// <summary>Judges models on the people of the database; the command line and HTTP share it.</summary>
public sealed class EvaluationJobs(CareDatabase database, IDbContextFactory<CareDbContext> contexts, JobTable table, JobControl control, RiskModels models, TimeProvider clock) : IJobRunner
{
    /// <summary>The kind of an evaluation in the job table.</summary>
    public const string Kind = "model-evaluation";

    string IJobRunner.Kind => Kind;

    /// <summary>Checks the request and puts it in the job table.</summary>
    public async Task<Result<string>> CreateAsync(string? model, int? runId, string? indexDate, string? driftFrom, string requestedBy, CancellationToken ct)
    {
        if (runId is { } number)
        {
            if (model is not null || indexDate is not null)
            {
                return new Invalid("runId", "A run has a model and an index date of its own: give runId alone, or model and indexDate.");
            }

            await using var db = await contexts.CreateDbContextAsync(ct);
            var run = await db.Runs.AsNoTracking().Where(r => r.RunId == number && r.Status == JobStatus.Completed).Select(r => new { r.IndexDay, r.ModelId, r.ModelVersion }).SingleOrDefaultAsync(ct);
            if (run is null)
            {
                return new NotVisible("completed run");
            }

            (model, indexDate) = ($"{run.ModelId}/{run.ModelVersion}", new IndexDate(DateOnly.FromDayNumber(run.IndexDay)).ToString());
        }
        else
        {
            var found = await models.AnyAsync(model, ct);
            if (found.Error is { } unknown)
            {
                return unknown;
            }

            model = RiskModels.Shipped.Contains(found.Value.Id) ? found.Value.Id : $"{found.Value.Id}/{found.Value.Version}";
        }

        var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
        if (TrainingRequest.Unfit("logistic", indexDate, null, today) is { } unfit)
        {
            return unfit;
        }

        if (driftFrom is not null && (!IndexDate.TryParse(driftFrom, out var from) || from.CompareTo(IndexDate.Parse(indexDate!)) >= 0))
        {
            return new Invalid("driftFrom", "Drift is told from a day before the index date, yyyy-MM-dd.");
        }

        return await table.CreateAsync(Kind, new EvaluationRequest(model, runId, indexDate!, driftFrom), requestedBy, JobTable.Steps, ct);
    }

    /// <inheritdoc/>
    public Task RunAsync(string jobId, JobProgress progress, CancellationToken ct) => table.RunAsync(
        jobId,
        async job =>
        {
            var request = JobTable.RequestOf<EvaluationRequest>(job);
            var result = await EvaluateAsync(await DocumentAsync(request, ct), IndexDate.Parse(request.IndexDate), request.DriftFrom is { } from ? IndexDate.Parse(from) : null, progress.Report, ct);
            return JsonSerializer.Serialize(result, JsonSerializerOptions.Web);
        },
        ct);

    /// <summary>Judges a model.</summary>
    /// <param name="document">The model.</param>
    /// <param name="index">The day whose following year is the outcome.</param>
    /// <param name="driftFrom">An earlier day; null: no drift.</param>
    /// <param name="progress">Told the phase and the share done.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="IndexDateException">The index date cannot be judged.</exception>
    /// <exception cref="EvaluationException">There are too few people with or without the outcome.</exception>
    public async Task<EvaluationResult> EvaluateAsync(ModelDocument document, IndexDate index, IndexDate? driftFrom, Action<string, double> progress, CancellationToken ct)
    {
        progress("Looking what days the data covers", 0);
        var period = await StoredTimelines.PeriodAsync(database, ct) ?? throw new IndexDateException("There are no people with contacts yet: import patient data first.");
        var model = document.ToModel();
        progress("Scoring people and looking what became of them", 0.2);
        ModelEvaluation evaluation;
        await using (var source = await StoredTimelines.OpenAsync(database, index.Day, ct))
        {
            evaluation = await Task.Run(() => ModelEvaluation.Of(EvaluationSample.Read(model, source, index, period, ct: ct)), ct);
        }

        IReadOnlyList<DriftRow>? drift = null;
        if (driftFrom is { } from)
        {
            progress("Comparing predictors then and now", 0.6);
            var features = FeatureSet.Of(model.FeatureIds);
            drift = Drift.Between(await FeaturesAsync(features, from, period, ct), await FeaturesAsync(features, index, period, ct)).Rows;
        }

        return new EvaluationResult(
            $"{document.Id} {document.Version}",
            index.ToString(),
            $"Everyone eligible in the database at index date {index}.",
            document.Card.IndexDate == index.ToString()
                ? "The model was trained at this very index date. On the same people its figures are too good: compare with the held-out figures of its card, or take another date."
                : null,
            evaluation,
            driftFrom?.ToString(),
            drift);
    }

    /// <summary>How an evaluation stands; null where there is none of that id.</summary>
    public async Task<EvaluationStatus?> StatusAsync(string jobId, CancellationToken ct)
    {
        if (await table.FindAsync(jobId, Kind, ct) is not { } job)
        {
            return null;
        }

        var (percent, phase) = control.Of(job);
        var done = job.Status == JobStatus.Completed;
        return new EvaluationStatus(
            job.Id, job.Status.ToString().ToLowerInvariant(), percent, phase, job.Message, done ? $"/v1/model-evaluations/{job.Id}/page" : null, done ? ResultOf(job) : null);
    }

    /// <summary>The page with plots; null where there is no such completed evaluation.</summary>
    public async Task<string?> PageAsync(string jobId, CancellationToken ct)
    {
        if (await table.FindAsync(jobId, Kind, ct) is not { Status: JobStatus.Completed } job)
        {
            return null;
        }

        var result = ResultOf(job);
        var document = await DocumentAsync(JobTable.RequestOf<EvaluationRequest>(job), ct);
        return EvaluationReport.ToHtml(document, result.Evaluation, result.Caution is { } caution ? $"{result.About} {caution}" : result.About, result.Drift is { } rows ? new DriftReport(rows) : null);
    }

    /// <summary>The latest evaluations, the newest first.</summary>
    public async Task<IReadOnlyList<EvaluationLine>> ListAsync(int count, CancellationToken ct) => [.. (await table.LatestAsync(Kind, count, ct)).Select(job =>
    {
        var request = JobTable.RequestOf<EvaluationRequest>(job);
        var e = job.Status == JobStatus.Completed ? ResultOf(job) : null;
        return new EvaluationLine(
            job.Id, job.Status.ToString().ToLowerInvariant(), request.Model.Replace('/', ' '), request.RunId, request.IndexDate, e?.Evaluation.People, e?.Evaluation.Events, e?.Evaluation.Auroc.Value, e?.Evaluation.Brier,
            e?.Evaluation.CalibrationSlope.Value, e?.Evaluation.CalibrationIntercept.Value, e?.Drift is { Count: > 0 } drift ? drift[0].Index : null);
    })];

    private async Task<TrainingSet> FeaturesAsync(FeatureSet features, IndexDate at, DataPeriod period, CancellationToken ct)
    {
        await using var source = await StoredTimelines.OpenAsync(database, at.Day, ct);
        return await Task.Run(() => Cohort.ReadFeatures(source, features, at, period, ct), ct);
    }

    private async Task<ModelDocument> DocumentAsync(EvaluationRequest request, CancellationToken ct)
    {
        if (request.RunId is { } runId)
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            return ModelDocument.Parse(Encoding.UTF8.GetBytes(await db.Runs.Where(r => r.RunId == runId).Select(r => r.Model).SingleAsync(ct)));
        }

        return (await models.AnyAsync(request.Model, ct)).Value;
    }

    private static EvaluationResult ResultOf(Job job) => JsonSerializer.Deserialize<EvaluationResult>(job.Result!, JsonSerializerOptions.Web)!;
}
