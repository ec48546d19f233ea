using System.Text.Json;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Runs;

/// <summary>What a run was asked to be.</summary>
/// <param name="IndexDate">yyyy-MM-dd.</param>
/// <param name="Policy">Id of a tier policy preset.</param>
/// <param name="Model">Name of a model that ships, or a model document as JSON; null: the default.</param>
public sealed record RunRequest(string IndexDate, string Policy, string? Model);

/// <summary>A run as told to people.</summary>
public sealed record RunReport(
    int RunId,
    string Status,
    string IndexDate,
    string Model,
    string ModelVersion,
    string Policy,
    int People,
    IReadOnlyDictionary<string, int> Excluded,
    double ExpectedAdmissions,
    IReadOnlyList<LevelCount> Levels,
    IReadOnlyDictionary<string, int> Changes,
    double Percent,
    string? Message);

/// <summary>People at a level.</summary>
public sealed record LevelCount(int Level, int People, double Percent);

/// <summary>Creates, runs and reports stratifications; the command line and HTTP share them.</summary>
public sealed class StratificationJobs(IDbContextFactory<CareDbContext> contexts, CareDatabase database, RunWriter writer, Storage.Worklists.WorklistFacts worklists, TimeProvider clock)
{
    /// <summary>The kind of a run in the job table.</summary>
    public const string Kind = "stratification";

    /// <summary>The model in force until a place activates its own.</summary>
    public const string DefaultModel = "synthetic-logistic";

    /// <summary>Checks the request and puts it in the job table.</summary>
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
            TierPolicy.Preset(request.Policy).Validate();
            ModelOf(request.Model).ToModel();
        }
        catch (TierPolicyException e)
        {
            return new Invalid("policy", e.Message);
        }
        catch (Exception e) when (e is ModelDocumentException or Stratification.Features.UnknownPredictorException)
        {
            return new Invalid("model", e.Message);
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (!await db.Patients.AnyAsync(ct))
        {
            return new Invalid("", "There are no people yet: import patient data first.");
        }

        var job = new Job
        {
            Id = Guid.CreateVersion7().ToString(),
            Kind = Kind,
            Request = JsonSerializer.Serialize(request, JsonSerializerOptions.Web),
            Fingerprint = "",
            RequestedBy = requestedBy,
            CreatedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            Total = await db.Patients.CountAsync(ct),
        };
        db.Jobs.Add(job);
        await db.SaveChangesAsync(ct);
        return job.Id;
    }

    /// <summary>Runs a job to its end. A job that was killed starts anew: nothing of it was kept.</summary>
    public async Task<RunReport> RunAsync(string jobId, IProgress<double>? progress, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var job = await db.Jobs.SingleAsync(j => j.Id == jobId, ct);
        var request = JsonSerializer.Deserialize<RunRequest>(job.Request, JsonSerializerOptions.Web)!;
        var document = ModelOf(request.Model);
        var policy = TierPolicy.Preset(request.Policy);
        var index = IndexDate.Parse(request.IndexDate);
        var run = await BeginAsync(db, job, document, policy, index, ct);
        try
        {
            await using var source = await StoredTimelines.OpenAsync(database, index.Day, ct);
            var engine = new StratificationEngine(document.ToModel(), policy, index);
            var total = Math.Max(1, job.Total);
            var result = await Task.Run(() => engine.Run(source, progress: new Share(progress, total), ct: ct), ct);
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

            run.Excluded = JsonSerializer.Serialize(result.Excluded.ToDictionary(e => e.Key.ToString(), e => e.Value), JsonSerializerOptions.Web);
            run.ExpectedAdmissions = result.Probabilities.Sum(p => (double)p);
            run.FinishedAt = clock.GetUtcNow().ToUnixTimeMilliseconds();
            await writer.WriteAsync(run, result, source.Seen, Today, progress is null ? null : new Share(progress, 1, 0.6), ct);
            await worklists.AfterRunAsync(run.RunId, Today, ct);
            await db.Jobs.Where(j => j.Id == jobId).ExecuteUpdateAsync(
                s => s.SetProperty(j => j.Status, JobStatus.Completed).SetProperty(j => j.Done, j => j.Total).SetProperty(j => j.FinishedAt, run.FinishedAt), ct);
        }
        catch (Exception e)
        {
            var message = e is CareException care ? care.Error.Detail : "The run failed; nothing of it was kept.";
            await db.Runs.Where(r => r.RunId == run.RunId).ExecuteDeleteAsync(CancellationToken.None);
            await db.Jobs.Where(j => j.Id == jobId).ExecuteUpdateAsync(
                s => s.SetProperty(j => j.Status, JobStatus.Failed).SetProperty(j => j.Message, message), CancellationToken.None);
            throw;
        }

        return (await ReportAsync(jobId, ct))!;
    }

    /// <summary>How a run stands; null where there is no such job.</summary>
    public async Task<RunReport?> ReportAsync(string jobId, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var job = await db.Jobs.AsNoTracking().SingleOrDefaultAsync(j => j.Id == jobId && j.Kind == Kind, ct);
        if (job is null)
        {
            return null;
        }

        var run = await db.Runs.AsNoTracking().SingleOrDefaultAsync(r => r.JobId == jobId, ct);
        var request = JsonSerializer.Deserialize<RunRequest>(job.Request, JsonSerializerOptions.Web)!;
        var rows = run is { Status: JobStatus.Completed }
            ? await db.RiskScores.Where(s => s.RunId == run.RunId).GroupBy(s => new { s.Level, s.Change }).Select(g => new { g.Key.Level, g.Key.Change, People = g.Count() }).ToListAsync(ct)
            : [];
        var people = Math.Max(1, run?.People ?? 0);
        return new RunReport(
            run?.RunId ?? 0,
            job.Status.ToString().ToLowerInvariant(),
            request.IndexDate,
            run?.ModelId ?? "",
            run?.ModelVersion ?? "",
            request.Policy,
            run?.People ?? 0,
            JsonSerializer.Deserialize<Dictionary<string, int>>(run?.Excluded ?? "{}", JsonSerializerOptions.Web)!,
            run?.ExpectedAdmissions ?? 0,
            [.. rows.GroupBy(r => r.Level).OrderByDescending(g => g.Key).Select(g => new LevelCount(g.Key, g.Sum(r => r.People), 100.0 * g.Sum(r => r.People) / people))],
            rows.GroupBy(r => r.Change).OrderBy(g => g.Key).ToDictionary(g => g.Key.ToString().ToLowerInvariant(), g => g.Sum(r => r.People), StringComparer.Ordinal),
            job.Status == JobStatus.Completed ? 100 : 100.0 * job.Done / Math.Max(1, job.Total),
            job.Message);
    }

    /// <summary>The model of a request: a document, the name of one that ships, or the default.</summary>
    public static ModelDocument ModelOf(string? model)
    {
        if (model is not null && model.TrimStart().StartsWith('{'))
        {
            return ModelDocument.Parse(System.Text.Encoding.UTF8.GetBytes(model));
        }

        try
        {
            return ModelDocument.Shipped(model ?? DefaultModel);
        }
        catch (Exception e) when (e is FileNotFoundException or ArgumentException or InvalidOperationException or NullReferenceException)
        {
            throw new ModelDocumentException($"There is no model of that name. The default is {DefaultModel}; or give a model document.");
        }
    }

    private DateOnly Today => DateOnly.FromDateTime(clock.GetLocalNow().DateTime);

    private async Task<StratificationRun> BeginAsync(CareDbContext db, Job job, ModelDocument document, TierPolicy policy, IndexDate index, CancellationToken ct)
    {
        // What a killed process left of this job goes first.
        await db.Runs.Where(r => r.JobId == job.Id && r.Status != JobStatus.Completed).ExecuteDeleteAsync(ct);
        var previous = await db.Runs.Where(r => r.Status == JobStatus.Completed).MaxAsync(r => (int?)r.RunId, ct) ?? 0;
        var run = new StratificationRun
        {
            RunId = (await db.Runs.MaxAsync(r => (int?)r.RunId, ct) ?? 0) + 1,
            JobId = job.Id,
            IndexDay = index.Day,
            ModelId = document.Id,
            ModelVersion = document.Version,
            Model = System.Text.Encoding.UTF8.GetString(document.ToJson()),
            Policy = JsonSerializer.Serialize(policy, JsonSerializerOptions.Web),
            Status = JobStatus.Running,
            PreviousRunId = previous,
            CreatedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        job.Status = JobStatus.Running;
        db.Runs.Add(run);
        await db.SaveChangesAsync(ct);
        return run;
    }

    /// <summary>Reading and scoring are the first three fifths of the work, writing the rest.</summary>
    private sealed class Share(IProgress<double>? progress, long total, double from = 0) : IProgress<int>, IProgress<double>
    {
        public void Report(int value) => progress?.Report(0.6 * value / total);

        public void Report(double value) => progress?.Report(from + ((1 - from) * value));
    }
}
