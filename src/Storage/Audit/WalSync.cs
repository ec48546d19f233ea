namespace BetterCare.Care.Storage.Audit;

/// <summary>
/// Forces a SQLite write-ahead log to the disk at most once in an interval, for a connection whose commits do not wait for
/// it (synchronous=NORMAL). A commit is in the operating system's care when it returns, so that it survives the end of the
/// process; this bounds what a power failure takes. The frames carry checksums in sequence: what it takes is the end.
/// </summary>
internal sealed class WalSync : IAsyncDisposable
{
    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle _log;
    private readonly PeriodicTimer _timer;
    private readonly Task _loop;
    private volatile bool _written;

    /// <summary>Begins to watch a log.</summary>
    /// <param name="path">The log; it exists as long as a connection in WAL mode that has written is open.</param>
    /// <param name="interval">How often.</param>
    public WalSync(string path, TimeSpan interval)
    {
        // SQLite takes its locks on the other two files, so that closing this handle releases none of them.
        _log = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        _timer = new PeriodicTimer(interval);
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>There is something to force to the disk.</summary>
    /// <exception cref="IOException">The last time it could not be.</exception>
    public void Written()
    {
        if (_loop.IsFaulted)
        {
            throw new IOException("The disk does not take the audit.", _loop.Exception);
        }

        _written = true;
    }

    /// <summary>Forces what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using (_log)
        {
            Sync();
        }
    }

    private async Task LoopAsync()
    {
        while (await _timer.WaitForNextTickAsync())
        {
            Sync();
        }
    }

    private void Sync()
    {
        if (_written)
        {
            _written = false;
            RandomAccess.FlushToDisk(_log);
        }
    }
}
