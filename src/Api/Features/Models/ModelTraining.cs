using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Models;

/// <summary>What a training was asked to be.</summary>
/// <param name="Kind"><c>logistic</c> or <c>ebm</c>.</param>
/// <param name="IndexDate">The day whose following year is the outcome, yyyy-MM-dd.</param>
/// <param name="ModelId">Id of the model.</param>
/// <param name="Version">Its version.</param>
/// <param name="Data">Where the data came from, for the card.</param>
public sealed record TrainingRequest(string Kind, string IndexDate, string ModelId, string Version, string Data)
{
    /// <summary>The outcome that can be learnt.</summary>
    public const string Outcome = "emergency-admission-12m";

    /// <summary>What the card says where nobody said more.</summary>
    public const string OwnPeople = "The people of this database";

    /// <summary>What is wrong with the request as it stands, before anybody has looked at the data; null: nothing.</summary>
    public static CareError? Unfit(string? kind, string? indexDate, string? outcome, DateOnly today) =>
        kind is not ("logistic" or "ebm") ? new Invalid("kind", "A model is logistic or ebm (explainable boosting machine).")
        : outcome is not (null or Outcome) ? new Invalid("outcome", $"The outcome that can be learnt is {Outcome}.")
        : !Stratification.IndexDate.TryParse(indexDate, out var index) ? new Invalid("indexDate", "The index date is written yyyy-MM-dd.")
        : index.OutcomeEnd > today ? new Invalid("indexDate", $"The outcome window of {index} is not over: it ends on {index.OutcomeEnd.AddDays(-1):yyyy-MM-dd}. The latest index date that can be learnt from is {today.AddDays(-Stratification.IndexDate.OutcomeDays):yyyy-MM-dd}, if the data reaches that far.")
        : null;
}

/// <summary>A training as told to people.</summary>
/// <param name="Id">The job.</param>
/// <param name="Status"><c>queued</c>, <c>running</c>, <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="Kind">What kind of model.</param>
/// <param name="IndexDate">Index date.</param>
/// <param name="ModelId">Id of the model.</param>
/// <param name="Version">Its version.</param>
/// <param name="Percent">How far it is.</param>
/// <param name="Phase">What is being done.</param>
/// <param name="Message">Why it failed, and what would do.</param>
/// <param name="Model">Where the proposed model is, once completed.</param>
public sealed record TrainingReport(string Id, string Status, string Kind, string IndexDate, string ModelId, string Version, double Percent, string Phase, string? Message, string? Model);

/// <summary>Learns models from the people of the database; the command line and HTTP share it. The result is a proposal.</summary>
public sealed class ModelTraining(CareDatabase database, IDbContextFactory<CareDbContext> contexts, JobTable table, JobControl control, RiskModels models, TimeProvider clock) : IJobRunner
{
    private const double ReadingShare = 0.3;

    /// <summary>The kind of a training in the job table.</summary>
    public const string Kind = "model-training";

    string IJobRunner.Kind => Kind;

    /// <summary>Puts a training in the job table.</summary>
    public async Task<Result<string>> CreateAsync(TrainingRequest request, string requestedBy, CancellationToken ct)
    {
        if (RiskModels.Unfit(request.ModelId, request.Version) is { } unfit)
        {
            return unfit;
        }

        if (await models.FindAsync($"{request.ModelId}/{request.Version}", ct) is not null)
        {
            return new Conflict(409, $"There is a model {request.ModelId} {request.Version} already. A version never changes: give a new one, or none.");
        }

        return await table.CreateAsync(Kind, request, requestedBy, JobTable.Steps, ct);
    }

    /// <inheritdoc/>
    public Task RunAsync(string jobId, JobProgress progress, CancellationToken ct) => table.RunAsync(
        jobId,
        async job =>
        {
            var request = JobTable.RequestOf<TrainingRequest>(job);
            var document = await TrainAsync(request, progress.Report, ct);
            ct.ThrowIfCancellationRequested();

            // Killed between this and the next commit, the same data gives the same bytes, and the same proposal is found.
            var proposed = await models.ProposeAsync(document, "trained", job.RequestedBy, $"Trained at index date {request.IndexDate}", ct);
            return JsonSerializer.Serialize($"/v1/models/{proposed.Value.ModelId}/{proposed.Value.Version}");
        },
        ct);

    /// <summary>How a training stands; null where there is none of that id.</summary>
    public async Task<TrainingReport?> ReportAsync(string jobId, CancellationToken ct)
    {
        if (await table.FindAsync(jobId, Kind, ct) is not { } job)
        {
            return null;
        }

        var request = JobTable.RequestOf<TrainingRequest>(job);
        var (percent, phase) = control.Of(job);
        return new TrainingReport(
            job.Id, job.Status.ToString().ToLowerInvariant(), request.Kind, request.IndexDate, request.ModelId, request.Version, percent, phase, job.Message,
            job.Status == JobStatus.Completed ? JsonSerializer.Deserialize<string>(job.Result!) : null);
    }

    /// <summary>Learns a model.</summary>
    /// <param name="request">What to learn.</param>
    /// <param name="progress">Told the phase and the share done.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="IndexDateException">The index date cannot be used.</exception>
    /// <exception cref="TrainingException">The data cannot carry a model.</exception>
    public async Task<ModelDocument> TrainAsync(TrainingRequest request, Action<string, double> progress, CancellationToken ct)
    {
        IRiskModelTrainer trainer = request.Kind == "ebm" ? new BoostingTrainer() : new LogisticTrainer();
        var index = Stratification.IndexDate.Parse(request.IndexDate);
        progress("Looking what days the data covers", 0);
        var cohort = await ReadAsync(index, FeatureSet.Default, share => progress("Reading what happened to people", ReadingShare * share), ct);
        var card = new ModelCard
        {
            Summary = $"A {(trainer.Kind == "ebm" ? "explainable boosting machine" : "logistic regression")} trained on: {request.Data}.",
            Data = request.Data,
            Population = "Registered adults of 18 and over without a type 1 opt-out",
            IndexDate = index.ToString(),
            Made = DateOnly.FromDateTime(clock.GetLocalNow().DateTime).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            Limits = ["Holds for the population it was trained on; evaluate before use anywhere else.", "A clinician approves it before it is used."],
        };
        return await Task.Run(
            () => trainer.Train(cohort.Data, card, new Steps(progress), ct) with { Id = request.ModelId, Version = request.Version }, ct);
    }

    /// <summary>Features and outcomes of the people at an index date.</summary>
    public async Task<Cohort> ReadAsync(IndexDate index, FeatureSet features, Action<double>? progress, CancellationToken ct)
    {
        var period = await StoredTimelines.PeriodAsync(database, ct) ?? throw new IndexDateException("There are no people with contacts yet: import patient data first.");
        await using var db = await contexts.CreateDbContextAsync(ct);
        var people = Math.Max(1, await db.Patients.CountAsync(ct));
        await using var source = await StoredTimelines.OpenAsync(database, index.Day, ct);
        return await Task.Run(() => Cohort.Read(source, features, index, period, progress: progress is null ? null : new Read(n => progress((double)n / people)), ct: ct), ct);
    }

    private sealed class Steps(Action<string, double> progress) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => progress(value.Stage, ReadingShare + ((1 - ReadingShare) * value.Done));
    }

    private sealed class Read(Action<int> progress) : IProgress<int>
    {
        public void Report(int value) => progress(value);
    }
}
