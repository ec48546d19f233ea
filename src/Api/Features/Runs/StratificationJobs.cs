using System.Text;
using System.Text.Json;
using BetterCare.Care.Api.Features.Models;
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

namespace BetterCare.Care.Api.Features.Runs;

/// <summary>Creates, runs and reports stratifications; the command line and HTTP share them.</summary>
public sealed class StratificationJobs(IDbContextFactory<CareDbContext> contexts, CareDatabase database, LatestRun latest, RunWriter writer, Storage.Worklists.WorklistFacts worklists, RiskModels models, JobTable table, JobControl control, TimeProvider clock) : IJobRunner
{
    /// <summary>The kind of a run in the job table.</summary>
    public const string Kind = "stratification";

    private const double ScoringShare = 0.6;

    string IJobRunner.Kind => Kind;

    /// <summary>Checks the request and puts it in the job table; what was asked before in the same words and is not finished is found again.</summary>
    public async Task<Result<string>> CreateAsync(RunRequest request, string requestedBy, CancellationToken ct)
    {
        if (!IndexDate.TryParse(request.IndexDate, out var index))
        {
            return new Invalid("indexDate", "The index date is written yyyy-MM-dd.");
        }

        if (index.Date > Today)
        {
            return new Invalid("indexDate", $"The index date is in the future: features need what happened before it. Choose {Today:yyyy-MM-dd} or earlier.");
        }

        try
        {
            PolicyOf(request).Validate();
        }
        catch (TierPolicyException e)
        {
            return new Invalid(request.Tiers is null ? "policy" : "tiers", e.Message);
        }

        var model = await models.ForRunAsync(request.Model, ct);
        if (model.Error is { } unfit)
        {
            return unfit is NotVisible ? new Invalid("model", unfit.Detail) : unfit;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var people = await db.Patients.CountAsync(ct);
        if (people == 0)
        {
            return new Invalid("", "There are no people yet: import patient data first.");
        }

        // The model in force now is the model of this run, whatever happens before it gets its turn.
        var name = RiskModels.Shipped.Contains(model.Value.Id) ? model.Value.Id : $"{model.Value.Id}/{model.Value.Version}";
        return await table.CreateAsync(Kind, request with { Model = name }, requestedBy, people, ct);
    }

    async Task IJobRunner.RunAsync(string jobId, JobProgress progress, CancellationToken ct)
    {
        try
        {
            await RunAsync(jobId, progress, ct);
        }
        catch (CareException)
        {
            // Expected, and kept with the job.
        }
    }

    /// <summary>Runs a job to its end. A job that was killed starts anew: nothing of it was kept.</summary>
    /// <exception cref="CareException">The run cannot be made; the message says what would do.</exception>
    public async Task<RunReport> RunAsync(string jobId, IProgress<double>? progress, CancellationToken ct)
    {
        var job = await table.BeginAsync(jobId, ct);
        var request = JobTable.RequestOf<RunRequest>(job);
        var document = (await models.ForRunAsync(request.Model, ct)).Value;
        var run = await BeginAsync(job, document, PolicyOf(request), IndexDate.Parse(request.IndexDate), ct);
        try
        {
            await ScoreAsync(run, job, document, request, progress, ct);
        }
        catch (Exception e)
        {
            // Only what is this attempt's own: another process may have taken the job up.
            await using var db = await contexts.CreateDbContextAsync(CancellationToken.None);
            var mine = await db.Runs.Where(r => r.RunId == run.RunId && r.JobId == jobId && r.CreatedAt == run.CreatedAt && r.Status == JobStatus.Running).ExecuteDeleteAsync(CancellationToken.None);
            if (mine > 0 && e is not OperationCanceledException)
            {
                await table.FailAsync(jobId, JobTable.Expected(e) ?? "The run failed; nothing of it was kept. Start it again.");
            }

            throw;
        }

        return (await ReportAsync(jobId, ct))!;
    }

    /// <summary>How a run stands; null where there is no such job.</summary>
    public async Task<RunReport?> ReportAsync(string jobId, CancellationToken ct)
    {
        if (await table.FindAsync(jobId, Kind, ct) is not { } job)
        {
            return null;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var run = await db.Runs.AsNoTracking().SingleOrDefaultAsync(r => r.JobId == jobId, ct);
        return RunReport.Of(job, run, NoteOf(run), control.Of(job));
    }

    /// <summary>The latest runs, the newest first.</summary>
    public async Task<IReadOnlyList<RunReport>> ListAsync(int count, CancellationToken ct)
    {
        var jobs = await table.LatestAsync(Kind, count, ct);
        var ids = jobs.ConvertAll(j => j.Id);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var runs = await db.Runs.AsNoTracking().Where(r => ids.Contains(r.JobId)).ToDictionaryAsync(r => r.JobId, ct);
        return jobs.ConvertAll(job =>
        {
            var run = runs.GetValueOrDefault(job.Id);
            return RunReport.Of(job, run, NoteOf(run), control.Of(job));
        });
    }

    private DateOnly Today => DateOnly.FromDateTime(clock.GetLocalNow().DateTime);

    private static TierPolicy PolicyOf(RunRequest request) => request.Tiers ?? TierPolicy.Preset(request.Policy);

    private static string? NoteOf(StratificationRun? run) => run is null ? null : ModelDocument.Parse(Encoding.UTF8.GetBytes(run.Model)).Card.Summary;

    private async Task ScoreAsync(StratificationRun run, Job job, ModelDocument document, RunRequest request, IProgress<double>? progress, CancellationToken ct)
    {
        var index = IndexDate.Parse(request.IndexDate);
        await using var source = await StoredTimelines.OpenAsync(database, index.Day, ct);
        var engine = new StratificationEngine(document.ToModel(), PolicyOf(request), index, Eligibility.Default with { HonourNationalOptOut = request.HonourNationalOptOut });
        var scoring = progress is null ? null : new Scoring(progress, Math.Max(1, job.Total));
        var result = await Task.Run(() => engine.Run(source, progress: scoring, ct: ct), ct);
        if (result.Count == 0)
        {
            throw new CareException(new Invalid("indexDate", "Nobody belongs to the population on that day: choose a day on which people of 18 and over are registered."));
        }

        try
        {
            // Data that lags behind the index date is the rule, and no reason to refuse; a date before all data is one.
            if (source.Period is { } period && index.Date <= period.From)
            {
                period.CheckRun(index);
            }
        }
        catch (IndexDateException e)
        {
            throw new CareException(new Invalid("indexDate", e.Message));
        }

        run.Excluded = JsonSerializer.Serialize(result.Excluded.ToDictionary(e => RunReport.Word(e.Key), e => e.Value));
        run.ExpectedAdmissions = result.Probabilities.Sum(p => (double)p);
        run.FinishedAt = clock.GetUtcNow().ToUnixTimeMilliseconds();
        await writer.WriteAsync(run, result, source.Seen, Today, progress is null ? null : new Storing(progress), ct);
        await worklists.AfterRunAsync(run.RunId, Today, ct);
    }

    private async Task<StratificationRun> BeginAsync(Job job, ModelDocument document, TierPolicy policy, IndexDate index, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);

        // What a killed process left of this job goes first.
        await db.Runs.Where(r => r.JobId == job.Id && r.Status != JobStatus.Completed).ExecuteDeleteAsync(ct);
        var run = new StratificationRun
        {
            RunId = (await db.Runs.MaxAsync(r => (int?)r.RunId, ct) ?? 0) + 1,
            JobId = job.Id,
            IndexDay = index.Day,
            ModelId = document.Id,
            ModelVersion = document.Version,
            Model = Encoding.UTF8.GetString(document.ToJson()),
            Policy = JsonSerializer.Serialize(policy, JsonSerializerOptions.Web),
            Status = JobStatus.Running,
            PreviousRunId = await latest.IdAsync(ct),
            CreatedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        db.Runs.Add(run);
        await db.SaveChangesAsync(ct);
        return run;
    }

    private sealed class Scoring(IProgress<double> progress, long total) : IProgress<int>
    {
        public void Report(int value) => progress.Report(ScoringShare * value / total);
    }

    private sealed class Storing(IProgress<double> progress) : IProgress<double>
    {
        public void Report(double value) => progress.Report(ScoringShare + ((1 - ScoringShare) * value));
    }
}
