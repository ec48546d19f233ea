using Microsoft.Win32.SafeHandles;

namespace BetterCare.Care.Storage;

/// <summary>A log whose commits do not wait for the disk, until they are told to.</summary>
internal interface IUnforcedLog : IAsyncDisposable
{
    /// <summary>Completes when everything that was committed before the call is on the disk.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    Task SyncAsync();
}

/// <summary>
/// Forces the write-ahead log of a SQLite file to the disk, for a connection whose commits do not wait for that themselves
/// (synchronous=NORMAL). A commit is in the operating system's care when it returns: the end of the process takes nothing of
/// it, and what a power failure takes is the end of the log, whose frames carry checksums in sequence. Who waits for
/// <see cref="SyncAsync"/> has what synchronous=FULL gives, and the connection goes on in the meantime.
/// </summary>
internal sealed class WriteAheadLog : IUnforcedLog
{
    private readonly SafeFileHandle _log;
    private readonly Lock _lock = new();
    private Task _running = Task.CompletedTask;
    private Task? _next;

    /// <summary>Opens the log.</summary>
    /// <param name="database">The SQLite file; a connection to it in WAL mode stays open for as long as this is.</param>
    public WriteAheadLog(string database)
    {
        // SQLite takes its locks on the other two files, so that closing this handle releases none of them.
        _log = File.OpenHandle(database + "-wal", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
    }

    /// <summary>Completes when everything that was committed before the call is on the disk. Those who come while the disk is busy share the next time.</summary>
    /// <exception cref="IOException">The disk does not take it.</exception>
    public Task SyncAsync()
    {
        lock (_lock)
        {
            if (_next is { } next)
            {
                return next;
            }

            if (_running.IsCompleted)
            {
                return _running = Task.Run(Sync);
            }

            return _next = AfterAsync(_running);
        }
    }

    /// <summary>Waits for the disk, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await SyncAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _log.Dispose();
    }

    private async Task AfterAsync(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_lock)
        {
            _running = _next!;
            _next = null;
        }

        Sync();
    }

    private void Sync() => RandomAccess.FlushToDisk(_log);
}
