using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Channels;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Storage.Ingest;

/// <summary>How far an import is.</summary>
/// <param name="Read">Bytes of files read.</param>
/// <param name="Total">Bytes of files in all.</param>
/// <param name="Resources">Resources handled in this process.</param>
public readonly record struct ImportProgress(long Read, long Total, long Resources);

/// <summary>
/// Imports files: lines are read, prepared on every core and written in order; each batch is durable together with how far
/// its file is, so an import that is killed goes on where it was. What cannot be taken is listed with file and line, and
/// the rest goes on.
/// </summary>
public sealed class BulkImporter(IDbContextFactory<CareDbContext> contexts, Directories directories, ResourceWriter writer)
{
    private const int MaxLine = 64 << 20;
    private const int MaxDocument = 1 << 30;
    private const long MaxBytesUnderWay = 2 * ResourceWriter.MaxBytesPerCommit;

    private readonly ConcurrentBag<ResourcePreparer> _preparers = [];

    /// <summary>Runs a job until every file is done.</summary>
    /// <param name="jobId">A job whose files are listed.</param>
    /// <param name="supplier">Supplier of everything; null: each resource says.</param>
    /// <param name="sources">As which sources the sender may write; null: any.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="ct">Stops between batches; the job can be resumed.</param>
    public async Task RunAsync(string jobId, string? supplier, IReadOnlyList<string>? sources, IProgress<ImportProgress>? progress, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var files = await db.ImportFiles.AsNoTracking().Where(f => f.JobId == jobId).OrderBy(f => f.Ordinal).ToListAsync(ct);
        var tracker = new Tracker(files.Sum(f => SizeOf(f.Path)), progress);
        var session = new IngestSession(directories) { Supplier = supplier, Sources = sources, WaitsForEverybody = true };

        // People and organisations first: everything else is about them. A later phase starts when the earlier is stored.
        foreach (var phase in files.GroupBy(f => PhaseOf(f.Name)).OrderBy(g => g.Key))
        {
            var lines = new List<ImportFile>();
            foreach (var file in phase.OrderBy(f => f.Ordinal))
            {
                if (file.Finished)
                {
                    tracker.Add(SizeOf(file.Path), 0);
                }
                else if (IsDocument(file.Name))
                {
                    await DocumentAsync(session, file, tracker, ct);
                }
                else if (!File.Exists(file.Path))
                {
                    await FaultAsync(file, "The file is not there any more. Put it back and import again.", ct);
                }
                else
                {
                    lines.Add(file);
                }
            }

            if (lines.Count > 0)
            {
                await LinesAsync(session, lines, tracker, ct);
            }
        }

        session.WaitsForEverybody = false;
        await PendingAsync(session, jobId, ct);
    }

    /// <summary>Whether a file is one JSON document (a Bundle or a resource) rather than a line a resource.</summary>
    public static bool IsDocument(string name) =>
        name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".json.gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a file is one that an import takes.</summary>
    public static bool IsImportable(string name) =>
        IsDocument(name) || name.EndsWith(".ndjson", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".ndjson.gz", StringComparison.OrdinalIgnoreCase);

    private static long SizeOf(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>The type that the lines of a file have, going by its name; none where the name does not say.</summary>
    internal static ResourceType TypeOf(string name)
    {
        var stem = name[(name.LastIndexOf('/') + 1)..];
        return ResourceTypes.Parse(stem[..Math.Max(0, stem.IndexOf('.', StringComparison.Ordinal))]);
    }

    private static int PhaseOf(string name)
    {
        return TypeOf(name) switch
        {
            ResourceType.Organization or ResourceType.Location or ResourceType.Practitioner => 0,
            ResourceType.PractitionerRole or ResourceType.HealthcareService => 1,
            ResourceType.Patient => 2,
            _ => IsDocument(name) ? 4 : 3,
        };
    }

    /// <summary>Whether a file is gzip.</summary>
    internal static bool Compressed(string name) => name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Reads files of lines side by side, one of each type, in step with their sizes. Suppliers write every type in the same
    /// order of people, so what is stored together is about the same few people: their pages are written once, and not once
    /// for every type.
    /// </summary>
    private async Task LinesAsync(IngestSession session, IReadOnlyList<ImportFile> files, Tracker tracker, CancellationToken ct)
    {
        var blocks = Channel.CreateBounded<Task<(WriteBatch Batch, BodyArena Bodies)>>(Environment.ProcessorCount + 1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var reading = Task.Run(
            async () =>
            {
                Exception? error = null;
                try
                {
                    using var lanes = new Lanes(files, MaxLine);
                    while (lanes.Next() is { } next)
                    {
                        await blocks.Writer.WriteAsync(Task.Run(() => PrepareAsync(session, next.File, next.Block, ct), ct), stop.Token);
                        tracker.At(lanes.BytesRead);
                    }
                }
#pragma warning disable CA1031 // Carried to the consumer, which throws it.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    error = e;
                }

                blocks.Writer.Complete(error);
            },
            CancellationToken.None);

        var underWay = new Queue<(Task<WriteFailure?> Write, WriteBatch Batch, BodyArena Bodies)>();
        long bytesUnderWay = 0;
        try
        {
            await foreach (var preparing in blocks.Reader.ReadAllAsync(ct))
            {
                var (batch, bodies) = await preparing;
                while (bytesUnderWay > MaxBytesUnderWay)
                {
                    await Settle(underWay.Dequeue());
                }

                bytesUnderWay += batch.Bytes;
                underWay.Enqueue((writer.WriteAsync(batch, ct), batch, bodies));
            }

            while (underWay.Count > 0)
            {
                await Settle(underWay.Dequeue());
            }
        }
        finally
        {
            // An import that is stopped leaves no file open, and nothing that is written after it has ended.
            await stop.CancelAsync();
            await reading;
            foreach (var item in underWay)
            {
                await ((Task)item.Write).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                item.Bodies.Release();
            }
        }

        tracker.Finish(files.Sum(f => SizeOf(f.Path)));

        async Task Settle((Task<WriteFailure?> Write, WriteBatch Batch, BodyArena Bodies) item)
        {
            await item.Write;
            item.Bodies.Release();
            bytesUnderWay -= item.Batch.Bytes;
            tracker.Count(item.Batch.Items.Count + item.Batch.Checkpoint!.Rejects.Count);
        }
    }

    private async Task<(WriteBatch Batch, BodyArena Bodies)> PrepareAsync(IngestSession session, ImportFile file, LineBlock block, CancellationToken ct)
    {
        var preparer = _preparers.TryTake(out var free) ? free : new ResourcePreparer();
        var bodies = preparer.Bodies = new BodyArena(block.Length);
        var batch = new WriteBatch
        {
            Checkpoint = new ImportCheckpoint
            {
                JobId = file.JobId,
                Ordinal = file.Ordinal,
                StartOffset = block.StartOffset,
                Offset = block.EndOffset,
                Lines = block.FirstLine - 1 + block.Lines,
                Finished = block.Last,
            },
            Bytes = block.Length,
            MoreFollows = !block.Last,
        };
        foreach (var (line, text) in LineBlocks.Lines(block))
        {
            await LineAsync(session, file, preparer, batch, text, line, ct);
        }

        if (block.Fault is not null)
        {
            batch.Checkpoint!.Rejects.Add(Reject(file, block.FirstLine + block.Lines, [new Issue(IssueSeverity.Fatal, "incomplete", "", block.Fault)], null));
        }

        preparer.Bodies = null;
        _preparers.Add(preparer);
        ArrayPool<byte>.Shared.Return(block.Buffer);
        return (batch, bodies);
    }

    private static async ValueTask LineAsync(
        IngestSession session, ImportFile file, ResourcePreparer preparer, WriteBatch batch, ReadOnlyMemory<byte> text, long line, CancellationToken ct)
    {
        var prepared = await preparer.PrepareAsync(session, text, line, null, ct);
        if (prepared.Item is not null)
        {
            batch.Items.Add(prepared.Item);
        }
        else if (prepared.Waiting is { } waiting)
        {
            batch.Waiting.Add(waiting);
        }
        else if (prepared.PatientUnknown)
        {
            batch.Checkpoint!.Pending.Add(new ImportPending { JobId = file.JobId, Ordinal = file.Ordinal, Line = line, Body = text.ToArray() });
        }
        else
        {
            batch.Checkpoint!.Rejects.Add(Reject(file, line, prepared.Issues, "line"));
        }
    }

    /// <summary>A Bundle file, or a file of one resource. A transaction is taken whole or not at all.</summary>
    private async Task DocumentAsync(IngestSession session, ImportFile file, Tracker tracker, CancellationToken ct)
    {
        byte[] json;
        try
        {
            json = await ReadDocumentAsync(file, ct);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            await FaultAsync(file, e is InvalidDataException
                ? "The compressed file is damaged or ends early: nothing of it was taken. Send the whole file again."
                : $"The file cannot be read, or is larger than {MaxDocument >> 20} MB: write it as NDJSON, one resource a line.", ct);
            return;
        }

        var batch = new WriteBatch
        {
            Checkpoint = new ImportCheckpoint { JobId = file.JobId, Ordinal = file.Ordinal, Offset = json.Length, Finished = true, Lines = 1 },
        };
        var text = LineBlocks.Trim(json, first: true);
        var bundles = new BundlePreparer();
        var outcome = await bundles.PrepareAsync(session, text, ct);
        if (!outcome.IsBundle)
        {
            var preparer = new ResourcePreparer();
            await LineAsync(session, file, preparer, batch, text, 1, ct);
        }
        else
        {
            foreach (var entry in outcome.Entries)
            {
                if (entry.Issues.Count > 0 && entry.Item is null)
                {
                    batch.Checkpoint!.Rejects.Add(Reject(file, entry.Index + 1, entry.Issues, "entry"));
                }
            }

            if (!outcome.IsTransaction || batch.Checkpoint!.Rejects.Count == 0)
            {
                batch.Items.AddRange(outcome.Entries.Where(e => e.Item is not null).Select(e => e.Item!));
                batch.Waiting.AddRange(outcome.Entries.Where(e => e.Waiting is not null).Select(e => e.Waiting!));
            }
        }

        await writer.WriteAsync(batch, ct);
        tracker.Count(batch.Items.Count);
        tracker.Finish(SizeOf(file.Path));
    }

    private static async Task<byte[]> ReadDocumentAsync(ImportFile file, CancellationToken ct)
    {
        await using var stream = new FileStream(file.Path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (!Compressed(file.Name) && stream.Length > MaxDocument)
        {
            throw new IOException("too large");
        }

        await using Stream text = Compressed(file.Name) ? new VerifiedGzipStream(stream) : stream;
        using var memory = new MemoryStream();
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await text.ReadAsync(buffer, ct)) > 0)
        {
            memory.Write(buffer, 0, read);
            if (memory.Length > MaxDocument)
            {
                throw new IOException("too large");
            }
        }

        return memory.ToArray();
    }

    private async Task FaultAsync(ImportFile file, string text, CancellationToken ct)
    {
        var batch = new WriteBatch
        {
            Checkpoint = new ImportCheckpoint
            {
                JobId = file.JobId,
                Ordinal = file.Ordinal,
                StartOffset = file.Offset,
                Offset = file.Offset,
                Lines = file.Lines,
                Finished = true,
            },
        };
        batch.Checkpoint.Rejects.Add(Reject(file, file.Lines + 1, [new Issue(IssueSeverity.Fatal, "incomplete", "", text)], null));
        await writer.WriteAsync(batch, ct);
    }

    /// <summary>Lines whose patient had not come when they were read: by now everyone of this import has.</summary>
    private async Task PendingAsync(IngestSession session, string jobId, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var preparer = new ResourcePreparer();
        while (true)
        {
            var waiting = await db.ImportPending.AsNoTracking().Where(p => p.JobId == jobId).OrderBy(p => p.Ordinal).ThenBy(p => p.Line).Take(5000).ToListAsync(ct);
            if (waiting.Count == 0)
            {
                return;
            }

            foreach (var group in waiting.GroupBy(p => p.Ordinal))
            {
                var file = await db.ImportFiles.AsNoTracking().SingleAsync(f => f.JobId == jobId && f.Ordinal == group.Key, ct);
                var batch = new WriteBatch
                {
                    Checkpoint = new ImportCheckpoint
                    {
                        JobId = jobId,
                        Ordinal = file.Ordinal,
                        StartOffset = file.Offset,
                        Offset = file.Offset,
                        Lines = file.Lines,
                        Finished = true,
                    },
                };
                foreach (var pending in group)
                {
                    var prepared = await preparer.PrepareAsync(session, pending.Body, pending.Line, null, ct);
                    if (prepared.Item is not null)
                    {
                        batch.Items.Add(prepared.Item);
                    }
                    else if (prepared.Waiting is { } untraced)
                    {
                        batch.Waiting.Add(untraced);
                    }
                    else
                    {
                        batch.Checkpoint!.Rejects.Add(Reject(file, pending.Line, prepared.Issues, "line"));
                    }

                    batch.Checkpoint!.Settled.Add(pending);
                }

                await writer.WriteAsync(batch, ct);
            }
        }
    }

    private static ImportReject Reject(ImportFile file, long line, IEnumerable<Issue> issues, string? unit) => new()
    {
        JobId = file.JobId,
        Ordinal = file.Ordinal,
        Line = line,
        Outcome = OutcomeJson.Of(issues.Where(i => i.IsError), unit is null ? file.Name : $"{file.Name}, {unit} {line}"),
    };

    /// <summary>Adds up progress over files.</summary>
    private sealed class Tracker(long total, IProgress<ImportProgress>? progress)
    {
        private long _before;
        private long _resources;

        public void At(long read) => progress?.Report(new ImportProgress(Math.Min(total, _before + read), total, Interlocked.Read(ref _resources)));

        public void Count(long resources) => Interlocked.Add(ref _resources, resources);

        public void Add(long bytes, long resources)
        {
            _before += bytes;
            _resources += resources;
            At(0);
        }

        public void Finish(long bytes) => Add(bytes, 0);
    }
}
