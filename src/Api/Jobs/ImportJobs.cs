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

/// <summary>Creates, runs and reports import jobs; the command line and <c>$import</c> share them.</summary>
public sealed class ImportJobs(IDbContextFactory<CareDbContext> contexts, BulkImporter importer, IOptions<CareOptions> options, TimeProvider clock)
{
    /// <summary>The kind of an import in the job table.</summary>
    public const string Kind = "import";

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
    public async Task<string> CreateAsync(IReadOnlyList<ImportSource> sources, string? supplier, string requestedBy, CancellationToken ct)
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
            Request = JsonSerializer.Serialize(new ImportRequest(supplier), JobJson.Default.ImportRequest),
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
    public async Task<ImportReport> RunAsync(string jobId, IProgress<ImportProgress>? progress, CancellationToken ct)
    {
        string? supplier;
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            var job = await db.Jobs.SingleAsync(j => j.Id == jobId, ct);
            supplier = JsonSerializer.Deserialize(job.Request, JobJson.Default.ImportRequest)?.Supplier;
            job.Status = JobStatus.Running;
            await db.SaveChangesAsync(ct);
        }

        await importer.RunAsync(jobId, supplier, progress, ct);
        await WriteRejectsAsync(jobId, ct);
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            await db.Jobs.Where(j => j.Id == jobId).ExecuteUpdateAsync(
                s => s.SetProperty(j => j.Status, JobStatus.Completed)
                    .SetProperty(j => j.FinishedAt, clock.GetUtcNow().ToUnixTimeMilliseconds())
                    .SetProperty(j => j.Done, j => j.Total),
                ct);
        }

        return (await ReportAsync(jobId, ct))!;
    }

    /// <summary>How a job stands; null where there is none of that id.</summary>
    public async Task<ImportReport?> ReportAsync(string jobId, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var job = await db.Jobs.AsNoTracking().SingleOrDefaultAsync(j => j.Id == jobId && j.Kind == Kind, ct);
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
            files.Count == 0 ? 100 : 100.0 * files.Count(f => f.Finished) / files.Count)
        {
            RequestedBy = job.RequestedBy,
        };
    }

    /// <summary>Where the rejects of a job are listed: NDJSON of OperationOutcomes.</summary>
    public string RejectsPath(string jobId) => Path.Combine(options.Value.WorkFolder, "rejects", $"{jobId}.ndjson");

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
}

/// <summary>What an import was asked to do.</summary>
public sealed record ImportRequest(string? Supplier);

/// <summary>JSON kept in the job table.</summary>
[System.Text.Json.Serialization.JsonSourceGenerationOptions(PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.CamelCase)]
[System.Text.Json.Serialization.JsonSerializable(typeof(ImportRequest))]
internal sealed partial class JobJson : System.Text.Json.Serialization.JsonSerializerContext;
