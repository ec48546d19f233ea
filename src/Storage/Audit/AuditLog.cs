using System.Data.Common;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Storage.Audit;

/// <summary>
/// Records accesses that change nothing, before they are answered. Whoever comes while nobody writes, writes, together with
/// what others left in the meantime: there is no thread to wake, and under load one commit serves many. On SQLite it has a
/// file of its own, so that nobody who reads waits for an import.
/// </summary>
/// <param name="database">Where.</param>
/// <param name="sync">
/// How long a row may be in the care of the operating system, or of PostgreSQL, only, before it is forced to the disk. Zero: until the answer,
/// no longer; each read then waits for the disk.
/// </param>
public sealed class AuditLog(CareDatabase database, TimeSpan sync) : IAsyncDisposable
{
    /// <summary>What a power failure may take of the reads last answered, unless another is set; a crash of the service takes nothing.</summary>
    public static readonly TimeSpan DefaultSync = TimeSpan.FromMilliseconds(100);

    private const int MaxPerCommit = 5000;

    private readonly Lock _lock = new();
    private List<AuditEntry> _waiting = [];
    private TaskCompletionSource _next = New();
    private Task _loop = Task.CompletedTask;
    private bool _running;
    private DbConnection? _connection;
    private AuditAppender? _appender;
    private IUnforcedLog? _log;
    private volatile IOException? _fault;
    private int _due;

    /// <summary>Rows recorded since the start.</summary>
    public long Recorded { get; private set; }

    /// <summary>Completes when the entry is recorded.</summary>
    /// <exception cref="StoreFailedException">It could not be recorded; the access must not be given.</exception>
    public Task RecordAsync(AuditEntry entry) => RecordAsync([entry]);

    /// <summary>Completes when the entries are recorded.</summary>
    /// <exception cref="StoreFailedException">They could not be recorded; the access must not be given.</exception>
    public Task RecordAsync(IReadOnlyList<AuditEntry> entries)
    {
        if (entries.Count == 0)
        {
            return Task.CompletedTask;
        }

        Task recorded;
        lock (_lock)
        {
            _waiting.AddRange(entries);
            recorded = _next.Task;
            if (_running)
            {
                return recorded;
            }

            _running = true;
        }

        return LeadAsync(recorded);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _loop;
        await CloseAsync();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Writes what waits, one's own with it; what came in the meantime is written by the pool, so that no request serves the others for ever.</summary>
    private async Task LeadAsync(Task recorded)
    {
        // Behind the requests that are ready to run: what they leave goes into the same commit.
        await Task.Yield();
        await FlushOnceAsync();
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                _running = false;
            }
            else
            {
                _loop = Task.Run(FlushAsync);
            }
        }

        await recorded;
    }

    private async Task FlushAsync()
    {
        while (true)
        {
            await Task.Yield();
            await FlushOnceAsync();
            lock (_lock)
            {
                if (_waiting.Count == 0)
                {
                    _running = false;
                    return;
                }
            }
        }
    }

    private async Task FlushOnceAsync()
    {
        List<AuditEntry> entries;
        TaskCompletionSource done;
        lock (_lock)
        {
            entries = _waiting;
            done = _next;
            _waiting = new List<AuditEntry>(entries.Count);
            _next = New();
        }

        try
        {
            for (var at = 0; at < entries.Count; at += MaxPerCommit)
            {
                await CommitAsync(entries.Count <= MaxPerCommit ? entries : entries.GetRange(at, Math.Min(MaxPerCommit, entries.Count - at)));
            }

            Recorded += entries.Count;
            done.SetResult();
        }
#pragma warning disable CA1031 // Whatever went wrong, those who wait must hear of it and the log must live on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            await CloseAsync();
            done.SetException(new StoreFailedException("The access could not be recorded, and is not given.", e));
            _ = done.Task.Exception;
        }
    }

    private async Task CommitAsync(IReadOnlyList<AuditEntry> entries)
    {
        if (_connection is null)
        {
            _connection = await database.OpenAuditAsync(sync == TimeSpan.Zero, CancellationToken.None);
            if (sync > TimeSpan.Zero)
            {
                _log = database.AuditFile is { } file ? new WriteAheadLog(file) : new PostgresLog(database);
            }
        }

        _appender ??= AuditAppender.On(_connection);
        await _appender.CommitAsync(AuditChain.Accesses, entries);
        if (_log is { } log)
        {
            if (_fault is { } fault)
            {
                throw new IOException("The disk did not take what was recorded before: nobody is shown anything until it does.", fault);
            }

            if (Interlocked.Exchange(ref _due, 1) == 0)
            {
                _ = SyncLaterAsync(log);
            }
        }
    }

    private async Task SyncLaterAsync(IUnforcedLog log)
    {
        await Task.Delay(sync);

        // Before the disk is asked: what is recorded while it is busy needs another time.
        Volatile.Write(ref _due, 0);
        try
        {
            await log.SyncAsync();
        }
        catch (IOException e)
        {
            _fault = e;
        }
        catch (ObjectDisposedException)
        {
            // Closed meanwhile, and closing forces what is left.
        }
    }

    private async Task CloseAsync()
    {
        if (_log is not null)
        {
            await _log.DisposeAsync();
            _log = null;
            _fault = null;
            _due = 0;
        }

        _appender?.Dispose();
        _appender = null;
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
            _connection = null;
        }
    }
}
