using System.Data.Common;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Storage.Audit;

/// <summary>
/// Records accesses that change nothing, durably, before they are answered. Those that come while one commit is under way go
/// into the next together, so the cost of a commit is shared by all who wait for it. It has a file of its own on SQLite, so
/// that nobody who reads waits for an import.
/// </summary>
public sealed class AuditLog(CareDatabase database) : IAsyncDisposable
{
    private const int MaxPerCommit = 5000;

    private readonly Lock _lock = new();
    private List<AuditEntry> _waiting = [];
    private TaskCompletionSource _next = New();
    private Task _loop = Task.CompletedTask;
    private bool _running;
    private DbConnection? _connection;
    private AuditAppender? _appender;

    /// <summary>Rows recorded since the start.</summary>
    public long Recorded { get; private set; }

    /// <summary>Completes when the entry is on disk.</summary>
    /// <exception cref="StoreFailedException">It could not be recorded; the access must not be given.</exception>
    public Task RecordAsync(AuditEntry entry) => RecordAsync([entry]);

    /// <summary>Completes when the entries are on disk.</summary>
    /// <exception cref="StoreFailedException">They could not be recorded; the access must not be given.</exception>
    public Task RecordAsync(IReadOnlyList<AuditEntry> entries)
    {
        if (entries.Count == 0)
        {
            return Task.CompletedTask;
        }

        lock (_lock)
        {
            _waiting.AddRange(entries);
            if (!_running)
            {
                _running = true;
                _loop = Task.Run(FlushAsync);
            }

            return _next.Task;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _loop;
        await CloseAsync();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task FlushAsync()
    {
        while (true)
        {
            List<AuditEntry> entries;
            TaskCompletionSource done;
            lock (_lock)
            {
                if (_waiting.Count == 0)
                {
                    _running = false;
                    return;
                }

                entries = _waiting;
                done = _next;
                _waiting = new List<AuditEntry>(entries.Count);
                _next = New();
            }

            try
            {
                foreach (var part in entries.Chunk(MaxPerCommit))
                {
                    await CommitAsync(part);
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
    }

    private async Task CommitAsync(IReadOnlyList<AuditEntry> entries)
    {
        _connection ??= await database.OpenAuditAsync(CancellationToken.None);
        _appender ??= AuditAppender.On(_connection);
        await using var transaction = await _connection.BeginTransactionAsync();
        await _appender.AppendAsync(AuditChain.Accesses, entries);
        await transaction.CommitAsync();
    }

    private async Task CloseAsync()
    {
        _appender?.Dispose();
        _appender = null;
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
            _connection = null;
        }
    }
}
