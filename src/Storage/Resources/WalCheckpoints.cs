using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// Carries what the writer has committed from SQLite's log into the database file, beside the writer instead of in its
/// commits. Durability is the log's; this only keeps it short. One for the one writer; not for several threads.
/// </summary>
internal sealed class WalCheckpoints(CareDatabase database) : IAsyncDisposable
{
    private const int ResourcesBetween = 4000;
    private const int CommitsBetween = 500;

    /// <summary>Half a gigabyte: while the writer never pauses the log cannot begin anew, so at this length it waits once.</summary>
    private const int MaxFrames = 32_768;

    private SqliteConnection? _connection;
    private Task _running = Task.CompletedTask;
    private int _left;
    private int _resources;
    private int _commits;

    /// <summary>Leaves the log of a connection's commits to this.</summary>
    public static void TakeOver(SqliteConnection writer) => _ = raw.sqlite3_wal_autocheckpoint(writer.Handle, 0);

    /// <summary>To be called before a commit begins: a log that has become too long is carried over first.</summary>
    public async ValueTask KeepShortAsync()
    {
        if (Volatile.Read(ref _left) > MaxFrames)
        {
            // Nobody writes now, so all of it can be carried over and the next commit begins the log anew.
            await _running;
            Carry();
        }
    }

    /// <summary>To be called after a commit.</summary>
    /// <param name="resources">How many resources it held.</param>
    public void Committed(int resources)
    {
        _resources += resources;
        _commits++;
        if (_running.IsCompleted && (_resources >= ResourcesBetween || _commits >= CommitsBetween))
        {
            _resources = _commits = 0;
            _running = Task.Run(Carry);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _running;
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }
    }

    /// <summary>Carries over what no reader still needs.</summary>
    private void Carry()
    {
        _connection ??= (SqliteConnection)database.OpenAsync(CancellationToken.None).GetAwaiter().GetResult();

        // A failure (a full disk) shows in the next commit; the log keeps everything meanwhile.
        _ = raw.sqlite3_wal_checkpoint_v2(_connection.Handle, null, raw.SQLITE_CHECKPOINT_PASSIVE, out var frames, out var carried);
        Volatile.Write(ref _left, frames == carried ? 0 : frames);
    }
}
