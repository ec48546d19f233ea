using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Jobs;

/// <summary>A file of an import as asked for.</summary>
/// <param name="Name">As shown to people: relative, no folder of the machine.</param>
/// <param name="Path">Where it is.</param>
public sealed record ImportSource(string Name, string Path);

/// <summary>What an import came to.</summary>
public sealed record ImportReport(
    string JobId,
    string Status,
    long Created,
    long Updated,
    long Unchanged,
    long Rejected,
    long Waiting,
    IReadOnlyList<ImportFileReport> Files,
    string? RejectsFile,
    double Percent)
{
    /// <summary>Who started it, and may look at it.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string RequestedBy { get; init; } = "";
}

/// <summary>What became of one file.</summary>
public sealed record ImportFileReport(string Name, long Lines, long Created, long Updated, long Unchanged, long Rejected, long Waiting, bool Finished);

/// <summary>Creates, runs, reports and cancels import jobs; the command line and <c>$import</c> share them.</summary>
public sealed class ImportJobs(IDbContextFactory<CareDbContext> contexts, BulkImporter importer, JobControl control, IOptions<CareOptions> options, TimeProvider clock) : IJobRunner
{
    /// <summary>The kind of an import in the job table.</summary>
    public const string Kind = "import";

    /// <summary>Folders of the work folder that hold copies of what was sent: they go when their job is over.</summary>
    private static readonly string[] Copies = ["uploads", "csv"];

    /// <inheritdoc/>
    string IJobRunner.Kind => Kind;

    /// <summary>Lists what an import of these paths would read: files as they are, folders with all that is FHIR in them.</summary>
    /// <param name="paths">Files and folders.</param>
    /// <param name="skipped">Files of folders that hold no FHIR.</param>
    /// <exception cref="FileNotFoundException">A path is neither a file nor a folder.</exception>
    public static List<ImportSource> Find(IEnumerable<string> paths, out List<string> skipped)
    {
        var found = new List<ImportSource>();
        skipped = [];
        foreach (var path in paths)
        {
            var full = Path.GetFullPath(path);
            if (File.Exists(full))
            {
                found.Add(new ImportSource(Path.GetFileName(full), full));
            }
            else if (Directory.Exists(full))
            {
                foreach (var file in Directory.EnumerateFiles(full, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
                {
                    var name = Path.GetRelativePath(full, file).Replace('\\', '/');
                    if (BulkImporter.IsImportable(name) && LooksLikeFhir(file))
                    {
                        found.Add(new ImportSource(name, file));
                    }
                    else
                    {
                        skipped.Add(name);
                    }
                }
            }
            else
            {
                throw new FileNotFoundException("There is no such file or folder.", path);
            }
        }

        return found;
    }

    /// <summary>Creates the job, or finds the unfinished one for the same files.</summary>
    /// <param name="sources">The files.</param>
    /// <param name="supplier">Supplier of everything; null: each resource says.</param>
    /// <param name="requestedBy">Who asks.</param>
    /// <param name="ct">Cancels.</param>
    /// <param name="ownSources">As which sources the one who asks may write; null: any.</param>
    public async Task<string> CreateAsync(IReadOnlyList<ImportSource> sources, string? supplier, string requestedBy, CancellationToken ct, IReadOnlyList<string>? ownSources = null)
    {
        var print = Fingerprint(sources, supplier);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var unfinished = await db.Jobs.AsNoTracking()
            .Where(j => j.Kind == Kind && j.Fingerprint == print && (j.Status == JobStatus.Queued || j.Status == JobStatus.Running))
            .OrderByDescending(j => j.CreatedAt).FirstOrDefaultAsync(ct);
        if (unfinished is not null)
        {
            return unfinished.Id;
        }

        var job = new Job
        {
            Id = Guid.CreateVersion7().ToString(),
            Kind = Kind,
            Status = JobStatus.Queued,
            Request = JsonSerializer.Serialize(new ImportRequest(supplier, ownSources), JobJson.Default.ImportRequest),
            Fingerprint = print,
            RequestedBy = requestedBy,
            CreatedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            Total = sources.Sum(s => new FileInfo(s.Path).Length),
        };
        db.Jobs.Add(job);
        db.ImportFiles.AddRange(sources.Select((s, i) => new ImportFile { JobId = job.Id, Ordinal = i, Name = s.Name, Path = s.Path }));
        await db.SaveChangesAsync(ct);
        return job.Id;
    }

    /// <summary>Runs a job to its end, from wherever it is.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled, or the service stops.</exception>
    public async Task<ImportReport> RunAsync(string jobId, IProgress<ImportProgress>? progress, CancellationToken ct)
    {
        ImportRequest? asked;
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            if (await db.Jobs.Where(UnderWay(jobId)).ExecuteUpdateAsync(s => s.SetProperty(j => j.Status, JobStatus.Running), ct) == 0)
            {
                throw new OperationCanceledException("The import was cancelled or is over.");
            }

            var request = await db.Jobs.Where(j => j.Id == jobId).Select(j => j.Request).SingleAsync(ct);
            asked = JsonSerializer.Deserialize(request, JobJson.Default.ImportRequest);
        }

        await importer.RunAsync(jobId, asked?.Supplier, asked?.OwnSources, progress, ct);
        await WriteRejectsAsync(jobId, ct);
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            // Every line is settled by now: nothing would be read again, were this to be interrupted here.
            DropCopies(await db.ImportFiles.Where(f => f.JobId == jobId).Select(f => f.Path).ToListAsync(ct));
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            if (await db.Jobs.Where(UnderWay(jobId)).ExecuteUpdateAsync(
                s => s.SetProperty(j => j.Status, JobStatus.Completed).SetProperty(j => j.FinishedAt, now).SetProperty(j => j.Done, j => j.Total), ct) == 0)
            {
                throw new OperationCanceledException("The import was cancelled.");
            }
        }

        return (await ReportAsync(jobId, ct))!;
    }

    /// <inheritdoc/>
    async Task IJobRunner.RunAsync(string jobId, JobProgress progress, CancellationToken ct)
    {
        try
        {
            await RunAsync(jobId, new ShareRead(progress), ct);
        }
        finally
        {
            // One that was cancelled leaves nothing but what it had stored. (One whose service stops goes on at the next start.)
            await ForgetCancelledAsync(jobId, CancellationToken.None);
        }
    }

    /// <summary>
    /// Cancels an import that is under way, or removes what is kept of one that is over: report, rejects and the copy of what
    /// was sent. Resources that it had stored stay.
    /// </summary>
    /// <returns>False where there is no such import.</returns>
    public async Task<bool> CancelAsync(string jobId, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        while (await db.Jobs.AnyAsync(j => j.Id == jobId && j.Kind == Kind, ct))
        {
            // One that runs is only marked: whoever runs it stops within a moment, and clears up.
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            if (await db.Jobs.Where(j => j.Id == jobId && j.Status == JobStatus.Running)
                    .ExecuteUpdateAsync(s => s.SetProperty(j => j.Status, JobStatus.Cancelled).SetProperty(j => j.FinishedAt, now), ct) > 0
                || await RemoveAsync(db, jobId, ct))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Clears up after imports that were cancelled while nobody ran them.</summary>
    /// <param name="jobId">One job; null: all.</param>
    /// <param name="ct">Cancels.</param>
    public async Task ForgetCancelledAsync(string? jobId, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        foreach (var id in await db.Jobs.Where(j => j.Kind == Kind && j.Status == JobStatus.Cancelled && (jobId == null || j.Id == jobId)).Select(j => j.Id).ToListAsync(ct))
        {
            await RemoveAsync(db, id, ct);
        }
    }

    /// <summary>How a job stands; null where there is none of that id, or none any more.</summary>
    public async Task<ImportReport?> ReportAsync(string jobId, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var job = await db.Jobs.AsNoTracking().SingleOrDefaultAsync(j => j.Id == jobId && j.Kind == Kind && j.Status != JobStatus.Cancelled, ct);
        if (job is null)
        {
            return null;
        }

        var files = await db.ImportFiles.AsNoTracking().Where(f => f.JobId == jobId).OrderBy(f => f.Ordinal).ToListAsync(ct);
        var rejected = files.Sum(f => f.Rejected);
        return new ImportReport(
            jobId,
            job.Status.ToString().ToLowerInvariant(),
            files.Sum(f => f.Created),
            files.Sum(f => f.Updated),
            files.Sum(f => f.Unchanged),
            rejected,
            files.Sum(f => f.Waiting),
            [.. files.Select(f => new ImportFileReport(f.Name, f.Lines, f.Created, f.Updated, f.Unchanged, f.Rejected, f.Waiting, f.Finished))],
            rejected > 0 && job.Status == JobStatus.Completed ? RejectsPath(jobId) : null,
            control.Of(job).Percent)
        {
            RequestedBy = job.RequestedBy,
        };
    }

    /// <summary>Where the rejects of a job are listed: NDJSON of OperationOutcomes.</summary>
    public string RejectsPath(string jobId) => Path.Combine(options.Value.WorkFolder, "rejects", $"{jobId}.ndjson");

    private static System.Linq.Expressions.Expression<Func<Job, bool>> UnderWay(string jobId) =>
        j => j.Id == jobId && (j.Status == JobStatus.Queued || j.Status == JobStatus.Running);

    /// <summary>Removes a job that nobody runs, with all that is kept of it; false where somebody runs it.</summary>
    private async Task<bool> RemoveAsync(CareDbContext db, string jobId, CancellationToken ct)
    {
        var paths = await db.ImportFiles.Where(f => f.JobId == jobId).Select(f => f.Path).ToListAsync(ct);
        if (await db.Jobs.Where(j => j.Id == jobId && j.Status != JobStatus.Running).ExecuteDeleteAsync(ct) == 0)
        {
            return false;
        }

        await db.ImportFiles.Where(f => f.JobId == jobId).ExecuteDeleteAsync(ct);
        await db.ImportRejects.Where(r => r.JobId == jobId).ExecuteDeleteAsync(ct);
        await db.ImportPending.Where(p => p.JobId == jobId).ExecuteDeleteAsync(ct);
        DropCopies(paths);
        if (File.Exists(RejectsPath(jobId)))
        {
            File.Delete(RejectsPath(jobId));
        }

        return true;
    }

    /// <summary>Deletes files that this service keeps for a job; the operator's own files stay where they are.</summary>
    private void DropCopies(IEnumerable<string> paths)
    {
        foreach (var copies in Copies)
        {
            var root = Path.GetFullPath(Path.Combine(options.Value.WorkFolder, copies)) + Path.DirectorySeparatorChar;
            foreach (var path in paths.Where(p => p.StartsWith(root, StringComparison.Ordinal)))
            {
                File.Delete(path);
                var folder = Path.GetDirectoryName(path)!;
                if (folder.Length >= root.Length && Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
                {
                    Directory.Delete(folder);
                }
            }
        }
    }

    private async Task WriteRejectsAsync(string jobId, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var rejects = db.ImportRejects.AsNoTracking().Where(r => r.JobId == jobId).OrderBy(r => r.Ordinal).ThenBy(r => r.Line).AsAsyncEnumerable();
        StreamWriter? file = null;
        await foreach (var reject in rejects.WithCancellation(ct))
        {
            if (file is null)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(RejectsPath(jobId))!);
                file = new StreamWriter(RejectsPath(jobId), append: false, new UTF8Encoding(false));
            }

            await file.WriteLineAsync(reject.Outcome.AsMemory(), ct);
        }

        if (file is not null)
        {
            await file.DisposeAsync();
        }
    }

    private static string Fingerprint(IEnumerable<ImportSource> sources, string? supplier)
    {
        var text = new StringBuilder(supplier).Append('\n');
        foreach (var source in sources)
        {
            var file = new FileInfo(source.Path);
            text.Append(source.Path).Append('|').Append(file.Length).Append('|').Append(file.LastWriteTimeUtc.Ticks).Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static bool LooksLikeFhir(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            using Stream text = file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)
                ? new System.IO.Compression.GZipStream(stream, System.IO.Compression.CompressionMode.Decompress)
                : stream;
            var head = new byte[4096];
            var length = text.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            return length == 0 || head.AsSpan(0, length).IndexOf("\"resourceType\""u8) >= 0;
        }
        catch (InvalidDataException)
        {
            // A damaged file is not passed over in silence: the import will say what is wrong with it.
            return true;
        }
    }

    /// <summary>Progress as the share of bytes read.</summary>
    private sealed class ShareRead(JobProgress progress) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => progress.Report(value.Total == 0 ? 0 : (double)value.Read / value.Total);
    }
}

/// <summary>What an import was asked to do.</summary>
/// <param name="Supplier">Supplier of everything; null: each resource says.</param>
/// <param name="OwnSources">As which sources it may write; null: any.</param>
public sealed record ImportRequest(string? Supplier, IReadOnlyList<string>? OwnSources = null);

/// <summary>JSON kept in the job table.</summary>
[System.Text.Json.Serialization.JsonSourceGenerationOptions(PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.CamelCase)]
[System.Text.Json.Serialization.JsonSerializable(typeof(ImportRequest))]
internal sealed partial class JobJson : System.Text.Json.Serialization.JsonSerializerContext;
