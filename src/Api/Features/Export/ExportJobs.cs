using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Export;

/// <summary>How an export stands.</summary>
/// <param name="Status">How far it is.</param>
/// <param name="Request">What was asked for.</param>
/// <param name="At">The instant that it tells the state of, Unix milliseconds.</param>
/// <param name="Expires">When its files go, Unix milliseconds; 0: not finished.</param>
/// <param name="Files">Its files, once all are written.</param>
/// <param name="Message">Why it failed.</param>
/// <param name="RequestedBy">Who asked.</param>
/// <param name="Progress">How far it is, in words.</param>
public sealed record ExportReport(JobStatus Status, ExportRequest Request, long At, long Expires, IReadOnlyList<ExportFile> Files, string? Message, string RequestedBy, string Progress);

/// <summary>
/// Creates, runs and reports bulk exports (Bulk Data Access IG v2). Files are written into a folder of their own and are
/// listed once all of them are whole; after a stop or a kill the job begins anew, for the same instant.
/// </summary>
public sealed class ExportJobs(IDbContextFactory<CareDbContext> contexts, ExportWriter writer, IOptions<CareOptions> options, TimeProvider clock)
{
    /// <summary>The kind of an export in the job table.</summary>
    public const string Kind = "export";

    /// <summary>Creates the job, unless too many are under way.</summary>
    public async Task<Result<string>> CreateAsync(ExportRequest request, string requestedBy, CancellationToken ct)
    {
        await ExpireAsync(ct);
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await db.Jobs.CountAsync(j => j.Kind == Kind && (j.Status == JobStatus.Queued || j.Status == JobStatus.Running), ct) >= options.Value.MaxExports)
        {
            return new TooMany("Too many exports are under way. Try again when one of them is done, or cancel one.");
        }

        var job = new Job
        {
            Id = Guid.CreateVersion7().ToString(),
            Kind = Kind,
            Status = JobStatus.Queued,
            Request = JsonSerializer.Serialize(request, ExportJson.Default.ExportRequest),
            Fingerprint = "",
            RequestedBy = requestedBy,
            CreatedAt = Now,
        };
        db.Jobs.Add(job);
        await db.SaveChangesAsync(ct);
        return job.Id;
    }

    /// <summary>How a job stands; null where there is none of that id, or none any more.</summary>
    public async Task<ExportReport?> ReportAsync(string id, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var job = await db.Jobs.AsNoTracking().SingleOrDefaultAsync(j => j.Id == id && j.Kind == Kind, ct);
        var expires = job is { FinishedAt: > 0 } ? job.FinishedAt + Kept : 0;
        return job is null || (expires > 0 && expires <= Now) ? null : new ExportReport(
            job.Status,
            JsonSerializer.Deserialize(job.Request, ExportJson.Default.ExportRequest)!,
            job.CreatedAt,
            expires,
            job.Result is null ? [] : JsonSerializer.Deserialize(job.Result, ExportJson.Default.ListExportFile)!,
            job.Message,
            job.RequestedBy,
            job.Done == 0 ? "Waiting" : $"{job.Done.ToString(CultureInfo.InvariantCulture)} resources written");
    }

    /// <summary>Stops an export and deletes its files.</summary>
    public async Task CancelAsync(string id, CancellationToken ct)
    {
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            await db.Jobs.Where(j => j.Id == id && j.Kind == Kind)
                .ExecuteUpdateAsync(s => s.SetProperty(j => j.Status, JobStatus.Cancelled).SetProperty(j => j.FinishedAt, Now), ct);
        }

        DeleteFiles(id);
    }

    /// <summary>Deletes what has been kept long enough.</summary>
    public async Task ExpireAsync(CancellationToken ct)
    {
        var before = Now - Kept;
        await using var db = await contexts.CreateDbContextAsync(ct);
        var old = await db.Jobs.AsNoTracking().Where(j => j.Kind == Kind && j.CreatedAt <= before
                && ((j.FinishedAt > 0 && j.FinishedAt <= before) || j.Status == JobStatus.Failed || j.Status == JobStatus.Cancelled))
            .Select(j => j.Id).ToListAsync(ct);
        foreach (var id in old)
        {
            DeleteFiles(id);
            await db.Jobs.Where(j => j.Id == id).ExecuteDeleteAsync(ct);
        }
    }

    /// <summary>Where a file of a job is.</summary>
    public string PathOf(string id, string name) => Path.GetFullPath(Path.Combine(FolderOf(id), name));

    /// <summary>Runs a job.</summary>
    public async Task RunAsync(string id, CancellationToken ct)
    {
        var report = (await ReportAsync(id, ct))!;
        DeleteFiles(id);
        if (!await SetAsync(id, s => s.SetProperty(j => j.Status, JobStatus.Running).SetProperty(j => j.Done, 0), ct))
        {
            return;
        }

        Directory.CreateDirectory(FolderOf(id));
        List<ExportFile>? files;
        try
        {
            files = await writer.WriteAsync(report.Request, report.At, FolderOf(id), done => SetAsync(id, s => s.SetProperty(j => j.Done, done), ct), ct);
        }
        catch (Exception e) when (e is IOException && !Directory.Exists(FolderOf(id)))
        {
            // It was cancelled while a file was being written.
            files = null;
        }

        if (files is null || !await SetAsync(
            id,
            s => s.SetProperty(j => j.Status, JobStatus.Completed).SetProperty(j => j.FinishedAt, Now).SetProperty(j => j.Result, JsonSerializer.Serialize(files, ExportJson.Default.ListExportFile)),
            ct))
        {
            DeleteFiles(id);
        }
    }

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private long Kept => (long)TimeSpan.FromHours(options.Value.ExportHours).TotalMilliseconds;

    /// <summary>Changes a job that is under way; false where it is no longer: it was cancelled.</summary>
    private async Task<bool> SetAsync(string id, Action<Microsoft.EntityFrameworkCore.Query.UpdateSettersBuilder<Job>> change, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Jobs.Where(j => j.Id == id && (j.Status == JobStatus.Queued || j.Status == JobStatus.Running)).ExecuteUpdateAsync(change, ct) == 1;
    }

    private void DeleteFiles(string id)
    {
        if (Directory.Exists(FolderOf(id)))
        {
            Directory.Delete(FolderOf(id), recursive: true);
        }
    }

    private string FolderOf(string id) => Path.Combine(options.Value.WorkFolder, "exports", Guid.Parse(id).ToString());
}

/// <summary>JSON kept in the job table.</summary>
[System.Text.Json.Serialization.JsonSerializable(typeof(ExportRequest))]
[System.Text.Json.Serialization.JsonSerializable(typeof(List<ExportFile>))]
internal sealed partial class ExportJson : System.Text.Json.Serialization.JsonSerializerContext;
