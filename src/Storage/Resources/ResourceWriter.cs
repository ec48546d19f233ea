using System.Buffers;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.OptOuts;
using BetterCare.Care.Storage.Timelines;
using BetterCare.Care.Storage.Tracing;
using Microsoft.Data.Sqlite;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// The one writer of resources: requests and imports queue their validated batches, many are committed in one durable
/// transaction, and only then is each answered. Within a transaction everything is decided first, in memory, and then
/// written table by table in key order, which is what makes a clustered table fast to fill.
/// </summary>
public sealed class ResourceWriter : IAsyncDisposable
{
    /// <summary>Bytes of an import that are committed together, while nobody else waits.</summary>
    internal const long MaxBytesPerCommit = 32 << 20;

    private const int MaxResourcesPerCommit = 40_000;

    /// <summary>The same while requests come in: they wait for the commit before theirs.</summary>
    private const long MaxBytesBesideRequests = 2 << 20;

    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RequestsAreRecent = TimeSpan.FromSeconds(2);

    private readonly CareDatabase _database;
    private readonly TimeProvider _clock;
    private readonly Directories _directories;
    private readonly Channel<WriteBatch> _queue = Channel.CreateBounded<WriteBatch>(256);
    private readonly CancellationTokenSource _stop = new();
    private Task? _loop;
    private Task _answered = Task.CompletedTask;
    private long _lastRequest;

    /// <summary>Makes the writer; it opens its connection with the first batch.</summary>
    public ResourceWriter(CareDatabase database, Directories directories, TimeProvider clock)
    {
        _database = database;
        _directories = directories;
        _clock = clock;
    }

    /// <summary>What follows from what is written, in the same commit; null: nothing does.</summary>
    public IConsequences? Consequences { get; init; }

    /// <summary>
    /// Stores a batch durably, or nothing of it. Null when stored; else why not.
    /// </summary>
    public async Task<WriteFailure?> WriteAsync(WriteBatch batch, CancellationToken ct)
    {
        lock (_queue)
        {
            _loop ??= Task.Run(RunAsync, CancellationToken.None);
        }

        batch.Trail = AccessTrail.Current;
        await _queue.Writer.WriteAsync(batch, ct);
        return await batch.Done.Task;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        if (_loop is not null)
        {
            await _loop;
        }

        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var group = new List<WriteBatch>();
        IBulkSession? session = null;
        while (await _queue.Reader.WaitToReadAsync())
        {
            await GatherAsync(group);
            try
            {
                session ??= await OpenAsync();
                await CommitAsync(session, group);
            }
#pragma warning disable CA1031 // Whatever went wrong, the clients that wait must hear of it and the writer must live on.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (session is not null)
                {
                    await session.DisposeAsync();
                    session = null;
                }

                // A faulty batch must not take its neighbours down: each gets a transaction of its own.
                if (group.Count > 1)
                {
                    session = await OneByOneAsync(group);
                }
                else
                {
                    group[0].Done.TrySetException(new StoreFailedException("The store could not write the batch; nothing of it was kept.", e));
                }
            }
        }

        await _answered;
        if (session is not null)
        {
            await session.DisposeAsync();
        }
    }

    /// <summary>
    /// Fills the next group. A request is committed with whatever else is waiting, at once; blocks of an import wait for one
    /// another a little, because fewer and larger commits write every page of the indexes less often.
    /// </summary>
    private async Task GatherAsync(List<WriteBatch> group)
    {
        group.Clear();
        var resources = 0;
        long bytes = 0;
        var importOnly = true;
        while (true)
        {
            while (resources < MaxResourcesPerCommit && bytes < Limit() && _queue.Reader.TryRead(out var batch))
            {
                group.Add(batch);
                resources += batch.Items.Count;
                bytes += batch.Bytes;
                if (!batch.RejectsSingly)
                {
                    importOnly = false;
                    _lastRequest = _clock.GetTimestamp();
                }
            }

            if (!importOnly || resources >= MaxResourcesPerCommit || bytes >= Limit() || !group[^1].MoreFollows || !await ComesSoonAsync())
            {
                return;
            }
        }

        long Limit() => RequestsAreAbout ? MaxBytesBesideRequests : MaxBytesPerCommit;
    }

    private bool RequestsAreAbout => _lastRequest != 0 && _clock.GetElapsedTime(_lastRequest) < RequestsAreRecent;

    private async Task<bool> ComesSoonAsync()
    {
        using var soon = new CancellationTokenSource(Gathering);
        try
        {
            return await _queue.Reader.WaitToReadAsync(soon.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<IBulkSession?> OneByOneAsync(List<WriteBatch> group)
    {
        IBulkSession? session = null;
        foreach (var batch in group)
        {
            try
            {
                session ??= await OpenAsync();
                await CommitAsync(session, [batch]);
            }
#pragma warning disable CA1031 // As above.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (session is not null)
                {
                    await session.DisposeAsync();
                    session = null;
                }

                batch.Done.TrySetException(new StoreFailedException("The store could not write the batch; nothing of it was kept.", e));
            }
        }

        return session;
    }

    private async Task<IBulkSession> OpenAsync()
    {
        var connection = await _database.OpenWriterAsync(_stop.Token);
        return _database.Engine == DatabaseEngine.Postgres
            ? new PostgresBulkSession(connection)
            : new SqliteBulkSession(connection, log: new WriteAheadLog(_database.File!), checkpoints: new LogCheckpoints(_database, (SqliteConnection)connection));
    }

    /// <summary>Answers a group once it is on the disk; the writer goes on with the next in the meantime.</summary>
    private static async Task AnswerAsync(Task onDisk, WriteBatch[] group, WriteFailure?[] failures)
    {
        try
        {
            await onDisk;
        }
#pragma warning disable CA1031 // Whatever went wrong, the clients that wait must hear of it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            foreach (var batch in group)
            {
                batch.Done.TrySetException(new StoreFailedException("The store could not force the batch to the disk. Send it again: what is there already stays as it is.", e));
            }

            return;
        }

        for (var i = 0; i < group.Length; i++)
        {
            group[i].Done.TrySetResult(failures[i]);
        }
    }

    private async Task CommitAsync(IBulkSession session, List<WriteBatch> group)
    {
        var now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        if (Consequences is { } consequences && group.Exists(b => b.Items.Exists(i => consequences.Concern(i.Type))))
        {
            await consequences.ReadyAsync(_stop.Token);
        }

        await session.BeginAsync(bulk: !RequestsAreAbout && group.TrueForAll(b => b.RejectsSingly));
        try
        {
            var items = new List<PreparedResource>(group.Sum(b => b.Items.Count));
            foreach (var batch in group)
            {
                items.AddRange(batch.Items);
            }

            var plan = new WritePlan(items.Count) { Merged = await _directories.MergedAsync(await session.MergeEpochAsync(), session.Connection) };
            plan.Redirect(group);
            await session.FindAsync(items);
            var failures = new WriteFailure?[group.Count];
            for (var i = 0; i < group.Count; i++)
            {
                failures[i] = plan.Decide(group[i], now);
            }

            await FollowAsync(session, plan, now);
            await ApplyAsync(session, plan, now);
            for (var i = 0; i < group.Count; i++)
            {
                if (failures[i] is null)
                {
                    await WaitingWriter.KeepAsync(session.Connection, group[i], now);
                    await (group[i].Also?.Invoke(session.Connection) ?? Task.CompletedTask);
                }
            }

            foreach (var batch in group)
            {
                if (batch.Checkpoint is { } checkpoint)
                {
                    await session.SaveCheckpointAsync(checkpoint, batch.Items);
                }
            }

            var audit = BatchAudit.Of(group, failures, _clock);
            await session.AppendAuditAsync(audit.Entries);
            await session.CommitAsync();
            audit.Kept();
            _directories.Committed(plan.Patients.Values, plan.Aliases);
            _answered = AnswerAsync(session.SyncAsync(), [.. group], failures);
        }
        catch
        {
            await session.RollbackAsync();
            _directories.Forget();
            throw;
        }
    }

    /// <summary>Adds what follows from the writes of a commit to it.</summary>
    private async Task FollowAsync(IBulkSession session, WritePlan plan, long now)
    {
        if (Consequences is not { } consequences || plan.Written.Where(r => consequences.Concern(r.Type)).ToList() is not { Count: > 0 } causes)
        {
            return;
        }

        var batch = new WriteBatch();

        // What follows from something that came under a former number goes back with it.
        batch.Items.AddRange((await consequences.OfAsync(causes, _stop.Token)).Select(i => causes.Find(c => c.Former is not null && c.PatientKey == i.PatientKey) is { } cause ? i with { Former = cause.Former } : i));
        if (batch.Items.Count > 0)
        {
            await session.FindAsync(batch.Items);
            if (plan.Decide(batch, now) is { } failure)
            {
                throw new InvalidOperationException($"The {failure.Item} that follows from a write was refused ({failure.Issue.Code}).");
            }
        }
    }

    /// <summary>Writes what was decided, table by table.</summary>
    internal static async Task ApplyAsync(IBulkSession session, WritePlan plan, long now)
    {
        SortByKey(plan.Inserts);
        SortByKey(plan.Updates);
        await session.WritePatientsAsync([.. plan.Patients.Values], plan.Aliases, plan.Practices);
        await session.ArchiveAsync(plan.Updates);
        await session.InsertAsync(plan.Inserts);
        await session.ReleaseAsync();
        await session.UpdateAsync(plan.Updates);
        await session.ShareAsync([.. plan.Written.Where(i => i.Before is not null || i.People.Length > 0)]);
        await session.KeepBesideAsync(plan.Beside);
        await OptOutWriter.FollowAsync(session.Connection, plan.SayOfOptOuts, now);
        await session.RegisterAsync(plan.Registrations);
        await MergeArrivals.KeepAsync(session.Connection, plan);

        await TimelinesAsync(session, plan.Written);
    }

    /// <summary>Brings the timelines of the people in <paramref name="written"/> up to date.</summary>
    internal static async Task TimelinesAsync(IBulkSession session, IEnumerable<PreparedResource> written)
    {
        var contacts = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in written)
        {
            foreach (var (_, practitionerId) in item.Contacts)
            {
                contacts.Add(practitionerId);
            }
        }

        var professionals = contacts.Count == 0
            ? new Dictionary<string, int>(StringComparer.Ordinal)
            : await session.ProfessionalKeysAsync([.. contacts]);
        var changes = TimelineChange.Gather(written, professionals);
        if (changes.Count > 0)
        {
            var stored = await session.ReadTimelinesAsync([.. changes.Keys]);
            var rows = new List<(long PatientKey, byte[] Events)>(changes.Count);
            foreach (var (patientKey, change) in changes.OrderBy(c => c.Key))
            {
                rows.Add((patientKey, change.Apply(stored.GetValueOrDefault(patientKey) ?? [])));
            }

            await session.WriteTimelinesAsync(rows);
        }
    }

    private static void SortByKey(List<PreparedResource> items)
    {
        // The keys side by side, rather than in forty thousand objects that a comparison would have to fetch.
        var rented = ArrayPool<RowKey>.Shared.Rent(items.Count);
        var keys = rented.AsSpan(0, items.Count);
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = new RowKey(items[i].PatientKey, items[i].Type, items[i].Id);
        }

        keys.Sort(CollectionsMarshal.AsSpan(items));
        keys.Clear();
        ArrayPool<RowKey>.Shared.Return(rented);
    }

    private readonly record struct RowKey(long PatientKey, ResourceType Type, string Id) : IComparable<RowKey>
    {
        public int CompareTo(RowKey other) =>
            PatientKey != other.PatientKey ? PatientKey.CompareTo(other.PatientKey)
            : Type != other.Type ? ((int)Type).CompareTo((int)other.Type)
            : string.CompareOrdinal(Id, other.Id);
    }
}

/// <summary>The store failed as a machine (disk, connection): the request may be sent again.</summary>
public sealed class StoreFailedException(string message, Exception inner) : Exception(message, inner);
