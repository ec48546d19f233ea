using System.Buffers;
using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Export;

/// <summary>What an export was asked for; kept with the job.</summary>
/// <param name="Level">system, Patient or Group.</param>
/// <param name="GroupId">For a Group: its id.</param>
/// <param name="Types">Types by name; empty: all.</param>
/// <param name="Since">Only what was stored since, Unix milliseconds; 0: all.</param>
/// <param name="Url">The request, for the manifest.</param>
/// <param name="Practices">ODS codes of the practices that the one who asked may see; null: all.</param>
public sealed record ExportRequest(string Level, string? GroupId, IReadOnlyList<string> Types, long Since, string Url, IReadOnlyList<string>? Practices)
{
    /// <summary>Searches of which one must find a resource of its type (<c>Observation?code=…</c>); types without one go out whole.</summary>
    public IReadOnlyList<string> Filters { get; init; } = [];

    /// <summary>Flags of people who do not go out, beside restricted records: opt-outs from the purpose that was stated.</summary>
    public PersonFlags Hidden { get; init; }

    /// <summary>Reads a filter; null where it is none: a search on a type's own elements, without chains.</summary>
    public static SearchRequest? Filter(string text, DateTimeOffset now)
    {
        var mark = text.IndexOf('?', StringComparison.Ordinal);
        var type = ResourceTypes.Parse(text[..Math.Max(0, mark)]);
        if (type == ResourceType.None)
        {
            return null;
        }

        var search = SearchRequest.Parse(type, text[(mark + 1)..], new SearchOptions { Now = now });
        return search.IsValid && search.SubSearches.Count == 0 && search.Criteria.Count > 0 ? search : null;
    }
}

/// <summary>One file of an export.</summary>
public sealed record ExportFile(string Type, string Name, long Count);

/// <summary>How an export stands.</summary>
public sealed record ExportReport(JobStatus Status, ExportRequest Request, long At, IReadOnlyList<ExportFile> Files, string? Message, string RequestedBy, string Progress);

/// <summary>
/// Creates, runs and reports bulk exports (Bulk Data Access IG v2). Rows are streamed from the store into one NDJSON file per
/// type, whatever their number. A stop or a kill loses nothing but time: the job begins anew.
/// </summary>
public sealed class ExportJobs(IDbContextFactory<CareDbContext> contexts, ResourceStore store, Directories directories, IOptions<CareOptions> options, TimeProvider clock)
{
    /// <summary>The kind of an export in the job table.</summary>
    public const string Kind = "export";

    private const int FlushAt = 1 << 16;
    private const int CheckEvery = 5000;

    /// <summary>Creates the job.</summary>
    public async Task<string> CreateAsync(ExportRequest request, string requestedBy, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var job = new Job
        {
            Id = Guid.CreateVersion7().ToString(),
            Kind = Kind,
            Status = JobStatus.Queued,
            Request = JsonSerializer.Serialize(request, ExportJson.Default.ExportRequest),
            Fingerprint = "",
            RequestedBy = requestedBy,
            CreatedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        db.Jobs.Add(job);
        await db.SaveChangesAsync(ct);
        return job.Id;
    }

    /// <summary>How a job stands; null where there is none of that id.</summary>
    public async Task<ExportReport?> ReportAsync(string id, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var job = await db.Jobs.AsNoTracking().SingleOrDefaultAsync(j => j.Id == id && j.Kind == Kind, ct);
        return job is null ? null : new ExportReport(
            job.Status,
            JsonSerializer.Deserialize(job.Request, ExportJson.Default.ExportRequest)!,
            job.CreatedAt,
            job.Result is null ? [] : JsonSerializer.Deserialize(job.Result, ExportJson.Default.ListExportFile)!,
            job.Message,
            job.RequestedBy,
            job.Done == 0 ? "Waiting" : $"{job.Done.ToString(CultureInfo.InvariantCulture)} resources written");
    }

    /// <summary>Stops an export and deletes its files.</summary>
    public async Task CancelAsync(string id, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.Jobs.Where(j => j.Id == id && j.Kind == Kind).ExecuteUpdateAsync(s => s.SetProperty(j => j.Status, JobStatus.Cancelled), ct);
        if (Directory.Exists(FolderOf(id)))
        {
            Directory.Delete(FolderOf(id), recursive: true);
        }
    }

    /// <summary>Where a file of a job is.</summary>
    public string PathOf(string id, string name) => Path.GetFullPath(Path.Combine(FolderOf(id), name));

    /// <summary>Runs a job.</summary>
    public async Task RunAsync(string id, CancellationToken ct)
    {
        var request = (await ReportAsync(id, ct))!.Request;
        await SetAsync(id, JobStatus.Running, 0, null, ct);
        var folder = FolderOf(id);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        var visible = await WhoAsync(request, ct);
        var filters = request.Filters.Select(f => ExportRequest.Filter(f, clock.GetUtcNow())).OfType<SearchRequest>().ToLookup(f => f.Type);
        var files = new List<ExportFile>();
        long done = 0;
        foreach (var type in TypesOf(request))
        {
            var name = $"{type.Name()}.ndjson";
            long count = 0;
            await using (var file = new FileStream(Path.Combine(folder, name), FileMode.Create, FileAccess.Write, FileShare.Read, 1, useAsync: true))
            {
                var buffer = new ArrayBufferWriter<byte>(FlushAt * 2);
                var wanted = filters[type].ToList();
                await foreach (var resource in store.OfTypeAsync(type, ct))
                {
                    if (wanted.Count > 0 && resource.ToUtf8() is var json && !wanted.Exists(f => f.Matches(json)))
                    {
                        continue;
                    }

                    if (resource.LastUpdated < request.Since || (resource.PatientKey != 0 && !await visible(resource.PatientKey)) || (resource.PatientKey == 0 && request.Level != "system"))
                    {
                        continue;
                    }

                    resource.WriteTo(buffer);
                    buffer.Write("\n"u8);
                    count++;
                    if (buffer.WrittenCount > FlushAt)
                    {
                        await file.WriteAsync(buffer.WrittenMemory, ct);
                        buffer.ResetWrittenCount();
                    }

                    if ((done + count) % CheckEvery == 0 && !await ProgressAsync(id, done + count, ct))
                    {
                        return;
                    }
                }

                await file.WriteAsync(buffer.WrittenMemory, ct);
            }

            done += count;
            if (count > 0)
            {
                files.Add(new ExportFile(type.Name(), name, count));
            }
            else
            {
                File.Delete(Path.Combine(folder, name));
            }
        }

        await SetAsync(id, JobStatus.Completed, done, JsonSerializer.Serialize(files, ExportJson.Default.ListExportFile), ct);
    }

    private static IEnumerable<ResourceType> TypesOf(ExportRequest request)
    {
        var all = Metadata.GetMetadata.Types.Where(t => request.Level == "system" || Resources.SearchCandidates.IsAboutPeople(t));
        return request.Types.Count == 0 ? all : all.Where(t => request.Types.Contains(t.Name(), StringComparer.Ordinal));
    }

    /// <summary>Whose records go out. People with a restricted record never do: an export is the widest search there is.</summary>
    private async Task<Func<long, ValueTask<bool>>> WhoAsync(ExportRequest request, CancellationToken ct)
    {
        var members = request.GroupId is null ? null : await MembersAsync(request.GroupId, ct);
        var practices = request.Practices?.ToHashSet(StringComparer.Ordinal);
        var known = new Dictionary<long, bool>();
        return async key =>
        {
            if (!known.TryGetValue(key, out var visible))
            {
                known[key] = visible = (members is null || members.Contains(key))
                    && await store.AccessAsync(key, ct) is { } access
                    && (access.Flags & (request.Hidden | PersonFlags.Restricted)) == PersonFlags.None
                    && (practices is null || practices.Contains(access.PracticeCode));
            }

            return visible;
        };
    }

    private async Task<HashSet<long>> MembersAsync(string groupId, CancellationToken ct)
    {
        var members = new HashSet<long>();
        if (await store.ReadAsync(ResourceType.Group, groupId, ct) is not { Deleted: false } group)
        {
            return members;
        }

        foreach (var number in Numbers(group.Body))
        {
            if (await directories.FindAsync(number, ct) is { } key)
            {
                members.Add(key);
            }
        }

        return members;
    }

    private static List<NhsNumber> Numbers(byte[] group)
    {
        var numbers = new List<NhsNumber>();
        foreach (var member in new JsonView(group)["member"u8].Items)
        {
            var reference = member["entity"u8]["reference"u8].ToString();
            if (!member["inactive"u8].Raw.SequenceEqual("true"u8) && reference.StartsWith("Patient/", StringComparison.Ordinal) && NhsNumber.TryParse(reference["Patient/".Length..], out var number))
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    /// <summary>Says how far it is; false when it was cancelled meanwhile.</summary>
    private async Task<bool> ProgressAsync(string id, long done, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Jobs.Where(j => j.Id == id && j.Status == JobStatus.Running).ExecuteUpdateAsync(s => s.SetProperty(j => j.Done, done), ct) == 1;
    }

    private async Task SetAsync(string id, JobStatus status, long done, string? result, CancellationToken ct)
    {
        var finished = status == JobStatus.Completed ? clock.GetUtcNow().ToUnixTimeMilliseconds() : 0;
        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.Jobs.Where(j => j.Id == id && j.Status != JobStatus.Cancelled).ExecuteUpdateAsync(
            s => s.SetProperty(j => j.Status, status).SetProperty(j => j.Done, done).SetProperty(j => j.Result, result).SetProperty(j => j.FinishedAt, finished), ct);
    }

    private string FolderOf(string id) => Path.Combine(options.Value.WorkFolder, "exports", Guid.Parse(id).ToString());
}

/// <summary>JSON kept in the job table.</summary>
[System.Text.Json.Serialization.JsonSerializable(typeof(ExportRequest))]
[System.Text.Json.Serialization.JsonSerializable(typeof(List<ExportFile>))]
internal sealed partial class ExportJson : System.Text.Json.Serialization.JsonSerializerContext;
