using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// Reads rows for requests. On SQLite over connections that stay open with their statements prepared, without ADO.NET: a
/// read by key is a few microseconds, and preparing it anew would be most of that. On PostgreSQL what is read by key goes with
/// what others read at the moment (<see cref="PostgresLanes"/>), and what may be long over a connection of its own. Parameters
/// are named <c>@p0</c>, <c>@p1</c> … in the order in which they first occur.
/// </summary>
public sealed class RowReads(CareDatabase database) : IAsyncDisposable
{
    // Enough for the readers that two to eight cores can feed; more are closed after use.
    private const int MaxKept = 16;

    // The one used last comes first: it has in its cache what is read now.
    private readonly ConcurrentStack<SqliteReader> _kept = [];
    private volatile int _keptCount;

    /// <summary>All rows of a query that may read long.</summary>
    /// <typeparam name="T">What a row becomes.</typeparam>
    /// <param name="sql">The query.</param>
    /// <param name="values">Its parameters: whole numbers, texts.</param>
    /// <param name="read">Turns a row into a value.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask<List<T>> ListAsync<T>(string sql, object[] values, Func<StoredRow, T> read, CancellationToken ct)
    {
        var rows = new List<T>();
        if (database.Engine == DatabaseEngine.Sqlite)
        {
            await WithReaderAsync(reader => reader.Read(sql, values, row =>
            {
                ct.ThrowIfCancellationRequested();
                rows.Add(read(row));
                return true;
            }), ct);
            return rows;
        }

        await using var connection = await database.OpenAsync(ct);
        await using var command = Command(connection, sql, values);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var adapter = new ReaderRow(reader);
        while (await reader.ReadAsync(ct))
        {
            rows.Add(read(adapter));
        }

        return rows;
    }

    /// <summary>All rows of a query by key: few, and quickly found.</summary>
    /// <typeparam name="T">What a row becomes.</typeparam>
    /// <param name="sql">The query.</param>
    /// <param name="values">Its parameters.</param>
    /// <param name="read">Turns a row into a value.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask<List<T>> FewAsync<T>(string sql, object[] values, Func<StoredRow, T> read, CancellationToken ct)
    {
        var query = new RowQuery<T>(sql, values, read);
        await TogetherAsync([query], ct);
        return query.Rows;
    }

    /// <summary>The first row of a query by key; the default where there is none.</summary>
    /// <typeparam name="T">What a row becomes.</typeparam>
    /// <param name="sql">The query.</param>
    /// <param name="values">Its parameters.</param>
    /// <param name="read">Turns a row into a value.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask<T?> FirstAsync<T>(string sql, object[] values, Func<StoredRow, T> read, CancellationToken ct)
    {
        var query = new RowQuery<T>(sql, values, read, onlyFirst: true);
        await TogetherAsync([query], ct);
        return query.First;
    }

    /// <summary>Several queries by key at once: on PostgreSQL one way there and back.</summary>
    public async ValueTask TogetherAsync(RowQuery[] queries, CancellationToken ct)
    {
        if (database.Lanes is { } lanes)
        {
            await lanes.AskAsync(queries, ct);
            return;
        }

        await WithReaderAsync(reader =>
        {
            foreach (var query in queries)
            {
                reader.Read(query.Sql, query.Values, query.Take);
            }
        }, ct);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_kept.TryPop(out var reader))
        {
            await reader.DisposeAsync();
        }
    }

    private async ValueTask WithReaderAsync(Action<SqliteReader> read, CancellationToken ct)
    {
        if (_kept.TryPop(out var reader))
        {
            Interlocked.Decrement(ref _keptCount);
        }
        else
        {
            reader = new SqliteReader((SqliteConnection)await database.OpenAsync(ct));
        }

        var sound = false;
        try
        {
            read(reader);
            sound = true;
        }
        finally
        {
            if (sound && _keptCount < MaxKept)
            {
                Interlocked.Increment(ref _keptCount);
                _kept.Push(reader);
            }
            else
            {
                await reader.DisposeAsync();
            }
        }
    }

    private static DbCommand Command(DbConnection connection, string sql, object[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"@p{i}";
            parameter.Value = values[i];
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>A connection with its prepared statements; one thread at a time.</summary>
    private sealed class SqliteReader : StoredRow, IAsyncDisposable
    {
        private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
        private readonly SqliteConnection _connection;
        private SqliteStatement? _current;

        public SqliteReader(SqliteConnection connection)
        {
            _connection = connection;

            // Else SQLite plans with the value of LIMIT, and plans the statement anew whenever another is bound (3.50): most of the time of a read.
            PlanWithoutValues(true);
        }

        public void Read(string sql, object[] values, Func<StoredRow, bool> each)
        {
            if (!_statements.TryGetValue(sql, out var statement))
            {
                _statements[sql] = statement = new SqliteStatement(_connection.Handle!, sql);
            }

            foreach (var value in values)
            {
                _ = value is string text ? statement.Bind(text) : statement.Bind(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
            }

            _current = statement;
            while (statement.Step())
            {
                if (!each(this))
                {
                    statement.Reset();
                    return;
                }
            }
        }

        public override long Long(int column) => _current!.Long(column);

        public override string Text(int column) => _current!.Text(column);

        public override byte[] Blob(int column) => _current!.Blob(column).ToArray();

        public override byte[] Body(int column) => BodyCodec.Unpack(_current!.Blob(column));

        public async ValueTask DisposeAsync()
        {
            foreach (var statement in _statements.Values)
            {
                statement.Dispose();
            }

            // The connection goes back to a pool, where others have statements that fit a partial index by their values only.
            PlanWithoutValues(false);
            await _connection.DisposeAsync();
        }

        private void PlanWithoutValues(bool on) => _ = raw.sqlite3_db_config(_connection.Handle!, raw.SQLITE_DBCONFIG_ENABLE_QPSG, on ? 1 : 0, out _);
    }
}
