using System.Data.Common;

namespace BetterCare.Care.Storage;

/// <summary>
/// Forces the log of PostgreSQL to the disk, for connections whose commits do not wait for that themselves
/// (<c>synchronous_commit=off</c>): a commit that does wait takes everything before it along. It writes a message to nobody
/// into the log and touches no table.
/// </summary>
internal sealed class PostgresLog(CareDatabase database) : IUnforcedLog
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private DbConnection? _connection;

    /// <inheritdoc/>
    public async Task SyncAsync()
    {
        await _one.WaitAsync();
        try
        {
            _connection ??= await database.OpenAsync(CancellationToken.None);
            await using var command = _connection.CreateCommand();

            // Transactional: only the commit of something that is in the log waits for the disk.
            command.CommandText = "SELECT pg_logical_emit_message(true, 'care', '')";
            await command.ExecuteNonQueryAsync();
        }
        catch (DbException e)
        {
            throw new IOException("PostgreSQL did not say that its log is on the disk.", e);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await SyncAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        _one.Dispose();
    }
}
