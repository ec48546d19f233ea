using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Jobs;

/// <summary>Background work in the database: asked for once, taken up again after a kill, and never completed by two processes.</summary>
public sealed class JobTable(IDbContextFactory<CareDbContext> contexts, TimeProvider clock)
{
    /// <summary>Steps in which work of no natural unit is counted.</summary>
    public const long Steps = 1000;

    /// <summary>Creates a job, or finds the unfinished one that was asked for in the same words.</summary>
    public async Task<string> CreateAsync<T>(string kind, T request, string requestedBy, long total, CancellationToken ct)
    {
        var text = JsonSerializer.Serialize(request, JsonSerializerOptions.Web);
        var print = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        await using var db = await contexts.CreateDbContextAsync(ct);
        var unfinished = await db.Jobs.AsNoTracking()
            .Where(j => j.Kind == kind && j.Fingerprint == print && (j.Status == JobStatus.Queued || j.Status == JobStatus.Running))
            .OrderByDescending(j => j.CreatedAt).Select(j => j.Id).FirstOrDefaultAsync(ct);
        if (unfinished is not null)
        {
            return unfinished;
        }

        var now = clock.GetUtcNow();
        var job = new Job
        {
            Id = Guid.CreateVersion7(now).ToString(),
            Kind = kind,
            Request = text,
            Fingerprint = print,
            RequestedBy = requestedBy,
            CreatedAt = now.ToUnixTimeMilliseconds(),
            Total = total,
        };
        db.Jobs.Add(job);
        await db.SaveChangesAsync(ct);
        return job.Id;
    }

    /// <summary>A job as stored; null where there is none of that id and kind.</summary>
    public async Task<Job?> FindAsync(string id, string kind, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Jobs.AsNoTracking().SingleOrDefaultAsync(j => j.Id == id && j.Kind == kind, ct);
    }

    /// <summary>The latest jobs of a kind, the newest first.</summary>
    public async Task<List<Job>> LatestAsync(string kind, int count, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Jobs.AsNoTracking().Where(j => j.Kind == kind).OrderByDescending(j => j.CreatedAt).ThenByDescending(j => j.Id).Take(count).ToListAsync(ct);
    }

    /// <summary>What was asked.</summary>
    public static T RequestOf<T>(Job job) => JsonSerializer.Deserialize<T>(job.Request, JsonSerializerOptions.Web)!;

    /// <summary>Marks a job as under way.</summary>
    /// <exception cref="OperationCanceledException">It has been cancelled or is over.</exception>
    public async Task<Job> BeginAsync(string id, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Jobs.Where(j => j.Id == id && (j.Status == JobStatus.Queued || j.Status == JobStatus.Running)).ExecuteUpdateAsync(s => s.SetProperty(j => j.Status, JobStatus.Running), ct) == 1
            ? await db.Jobs.AsNoTracking().SingleAsync(j => j.Id == id, ct)
            : throw new OperationCanceledException("The job was cancelled or is over.");
    }

    /// <summary>Runs work that ends in a JSON result, and keeps the result or why there is none.</summary>
    /// <param name="id">The job.</param>
    /// <param name="work">Given the job; answers the result.</param>
    /// <param name="ct">Cancels: the job is then left as it is.</param>
    public async Task RunAsync(string id, Func<Job, Task<string>> work, CancellationToken ct)
    {
        var job = await BeginAsync(id, ct);
        try
        {
            var result = await work(job);
            await using var db = await contexts.CreateDbContextAsync(ct);
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            await db.Jobs.Where(j => j.Id == id && j.Status == JobStatus.Running).ExecuteUpdateAsync(
                s => s.SetProperty(j => j.Status, JobStatus.Completed).SetProperty(j => j.Result, result).SetProperty(j => j.Done, j => j.Total).SetProperty(j => j.FinishedAt, now), ct);
        }
        catch (Exception e) when (Expected(e) is { } said)
        {
            await FailAsync(id, said);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await FailAsync(id, "It failed; nothing of it was kept. Start it again, and tell the operator if it fails again.");
            throw;
        }
    }

    /// <summary>Marks a job as given up.</summary>
    public async Task FailAsync(string id, string message)
    {
        await using var db = await contexts.CreateDbContextAsync();
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        await db.Jobs.Where(j => j.Id == id && (j.Status == JobStatus.Queued || j.Status == JobStatus.Running)).ExecuteUpdateAsync(
            s => s.SetProperty(j => j.Status, JobStatus.Failed).SetProperty(j => j.Message, message).SetProperty(j => j.FinishedAt, now));
    }

    /// <summary>The message of an outcome that is expected, which says what would do; null: a fault.</summary>
    public static string? Expected(Exception e) => e switch
    {
        CareException care => care.Error.Detail,
        IndexDateException or TrainingException or ModelDocumentException or UnknownPredictorException or EvaluationException or TierPolicyException => e.Message,
        _ => null,
    };
}
