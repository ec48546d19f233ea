using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BetterCare.Care.Storage;

/// <summary>
/// Brings the write-ahead log of a SQLite file into the file beside the connection that writes, rather than within its commits,
/// for which somebody waits. Most of a log is brought in while the writer goes on, and what is written in the meantime once more;
/// the little that is then left by the writer itself, between two commits, for only when all of it is in the file does
/// the log begin again. Errors are left to the commits: a log that is not brought in is tried again with the next, and SQLite
/// itself sees to one that grows all the same.
/// </summary>
internal sealed class LogCheckpoints : IAsyncDisposable
{
    // SQLite brings in the log by itself when it has grown to 512 MB.
    private const int AtLatest = 64_000;
    private const int BetweenRequests = 6_000;
    private const int InBulk = 20_000;
    private const int Little = 300;
    private const int MostTimes = 6;
    private const int PagesWritten = 9; // SQLITE_DBSTATUS_CACHE_WRITE

    private readonly CareDatabase _database;
    private readonly sqlite3 _writer;
    private readonly int? _first;
    private DbConnection? _other;
    private Task? _beside;
    private int _begunAt;
    private int _times;

    /// <summary>Takes over from SQLite what its commits would do.</summary>
    /// <param name="database">Where.</param>
    /// <param name="connection">The connection that writes.</param>
    /// <param name="first">After how many written pages it begins; null: 48 MB between requests and 160 MB in bulk, so that a page that many commits change is copied once.</param>
    public LogCheckpoints(CareDatabase database, SqliteConnection connection, int? first = null)
    {
        (_database, _writer, _first) = (database, connection.Handle!, first);
        raw.sqlite3_wal_autocheckpoint(_writer, AtLatest);
    }

    /// <summary>To be called between commits, when who waited for the last has been answered.</summary>
    /// <param name="bulk">Nobody waits for the next but an import.</param>
    public void BetweenCommits(bool bulk)
    {
        _ = raw.sqlite3_db_status(_writer, PagesWritten, out var written, out _, 0);
        if (_beside is null)
        {
            if (written >= (_first ?? (bulk ? InBulk : BetweenRequests)))
            {
                Begin(written);
            }
        }
        else if (_beside.IsCompleted)
        {
            if (!bulk && written - _begunAt > Little && _times < MostTimes)
            {
                Begin(written);
                return;
            }

            Checkpoint(_writer);
            _ = raw.sqlite3_db_status(_writer, PagesWritten, out _, out _, 1);
            (_beside, _times) = (null, 0);
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

    private void Begin(int written)
    {
        _begunAt = written;
        _times++;
        _beside = Task.Run(async () => Checkpoint(((SqliteConnection)(_other ??= await _database.OpenAsync(CancellationToken.None))).Handle!));
    }

    // Without waiting for readers: what they still need stays in the log until the next time.
    private static void Checkpoint(sqlite3 db) => _ = raw.sqlite3_wal_checkpoint_v2(db, null, raw.SQLITE_CHECKPOINT_PASSIVE, out _, out _);
}
