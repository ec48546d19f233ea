using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BetterCare.Care.Storage;

/// <summary>
/// Brings the write-ahead log of a SQLite file into the file beside a connection that writes much, rather than within its
/// commits. Most of a log is brought in while the writer goes on; the rest, which is little, by the writer itself between two
/// commits, for only when all of it is in the file does the log begin again. Errors are left to the commits: a log that is not
/// brought in is tried again with the next, and SQLite itself sees to one that grows all the same.
/// </summary>
/// <param name="database">Where.</param>
/// <param name="connection">The connection that writes.</param>
/// <param name="pages">After how many written pages it begins; 160 MB, so that a page that many commits change is copied once.</param>
internal sealed class LogCheckpoints(CareDatabase database, SqliteConnection connection, int pages = 20_000) : IAsyncDisposable
{
    /// <summary>SQLite brings in the log by itself when it has grown to so many pages (1 GB).</summary>
    public const int AtLatest = 128_000;

    private const int PagesWritten = 9; // SQLITE_DBSTATUS_CACHE_WRITE

    private readonly sqlite3 _writer = connection.Handle!;
    private DbConnection? _other;
    private Task? _beside;

    /// <summary>To be called after each commit.</summary>
    public void Committed()
    {
        if (_beside is null)
        {
            _ = raw.sqlite3_db_status(_writer, PagesWritten, out var written, out _, 0);
            if (written >= pages)
            {
                _beside = Task.Run(BesideAsync);
            }
        }
        else if (_beside.IsCompleted)
        {
            _beside = null;
            Checkpoint(_writer);
            _ = raw.sqlite3_db_status(_writer, PagesWritten, out _, out _, 1);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await (_beside ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_other is not null)
        {
            await _other.DisposeAsync();
        }
    }

    private async Task BesideAsync() => Checkpoint(((SqliteConnection)(_other ??= await database.OpenAsync(CancellationToken.None))).Handle!);

    // Without waiting for readers: what they still need stays in the log until the next time.
    private static void Checkpoint(sqlite3 db) => _ = raw.sqlite3_wal_checkpoint_v2(db, null, raw.SQLITE_CHECKPOINT_PASSIVE, out _, out _);
}
