using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Csv;

/// <summary>
/// Imports CSV files of councils: the rows become ordinary FHIR resources, which the ordinary importer takes, so that people
/// without NHS numbers wait to be traced and a file sent twice changes nothing.
/// </summary>
public sealed class CsvImports(ImportJobs jobs, IDbContextFactory<CareDbContext> contexts, IOptions<CareOptions> options, TimeProvider clock)
{
    /// <summary>Reads a file and makes the import job of it; the job is still to be run.</summary>
    /// <param name="path">The CSV file.</param>
    /// <param name="name">Its name as shown.</param>
    /// <param name="map">The map, JSON (docs/csv-map.schema.json).</param>
    /// <param name="requestedBy">Who asks.</param>
    /// <param name="ct">Cancels.</param>
    /// <param name="ownSources">As which sources the one who asks may write; null: any.</param>
    public async Task<Result<string>> CreateAsync(string path, string name, ReadOnlyMemory<byte> map, string requestedBy, CancellationToken ct, IReadOnlyList<string>? ownSources = null)
    {
        if (CsvMap.Read(map, out var problem) is not { } read)
        {
            return new Invalid("map", problem);
        }

        if (ownSources?.Contains(read.Source, StringComparer.Ordinal) == false)
        {
            return new NotAllowed("the source that the map names; give one that your client is registered with");
        }

        var folder = Path.GetFullPath(Path.Combine(options.Value.WorkFolder, "csv", Guid.CreateVersion7().ToString()));
        Directory.CreateDirectory(folder);
        var (patients, episodes) = (Path.Combine(folder, "Patient.ndjson"), Path.Combine(folder, "EpisodeOfCare.ndjson"));
        CsvReading reading;
        await using (var csv = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan))
        await using (var people = new FileStream(patients, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        await using (var services = new FileStream(episodes, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        {
            reading = new CsvConverter(read, DateOnly.FromDateTime(clock.GetLocalNow().DateTime)).Run(csv, people, services);
        }

        if (reading is { Fatal: { } fatal, Rows: 0 })
        {
            Directory.Delete(folder, recursive: true);
            return new Invalid("file", fatal);
        }

        var id = await jobs.CreateAsync([new ImportSource($"{name}/Patient.ndjson", patients), new ImportSource($"{name}/EpisodeOfCare.ndjson", episodes)], null, requestedBy, ct, ownSources);
        await RefusedAsync(id, path, name, reading, ct);
        return id;
    }

    /// <summary>The rows that were refused, listed with the job as its other rejects are.</summary>
    private async Task RefusedAsync(string job, string path, string name, CsvReading reading, CancellationToken ct)
    {
        const int Ordinal = 2;
        List<CsvFault> faults = [.. reading.Faults];
        if (reading.Fatal is { } fatal)
        {
            faults.Add(new CsvFault(reading.Rows + 2, "", fatal));
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await db.ImportFiles.AnyAsync(f => f.JobId == job && f.Ordinal == Ordinal, ct))
        {
            return;
        }

        var byLine = faults.GroupBy(f => f.Line).ToList();
        db.ImportFiles.Add(new ImportFile { JobId = job, Ordinal = Ordinal, Name = name, Path = path, Lines = reading.Rows, Rejected = byLine.Count, Finished = true });
        db.ImportRejects.AddRange(byLine.Select(line => new ImportReject
        {
            JobId = job,
            Ordinal = Ordinal,
            Line = line.Key,
            Outcome = OutcomeJson.Of(
                line.Select(f => new Issue(IssueSeverity.Error, "value", "", f.Problem)),
                string.Join("; ", line.Select(f => f.Column.Length == 0 ? $"{name}, line {f.Line}" : $"{name}, line {f.Line}, column {f.Column}").Distinct(StringComparer.Ordinal))),
        }));
        await db.SaveChangesAsync(ct);
    }
}
