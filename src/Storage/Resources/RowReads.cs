using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace BetterCare.Care.Storage.Resources;

/// <summary>One row of an answer, on either engine; valid until the next is read.</summary>
public abstract class StoredRow
{
    /// <summary>A whole number or truth value.</summary>
    public abstract long Long(int column);

    /// <summary>A text.</summary>
    public abstract string Text(int column);

    /// <summary>Bytes.</summary>
    public abstract byte[] Blob(int column);

    /// <summary>The JSON of a stored resource.</summary>
    public abstract byte[] Body(int column);
}

/// <summary>
/// Reads rows for requests. On SQLite over connections that stay open with their statements prepared, without ADO.NET: a
/// read by key is a few microseconds, and preparing it anew would be most of that. Parameters are named <c>@p0</c>, <c>@p1</c> …
/// in the order in which they first occur.
/// </summary>
public sealed class RowReads(CareDatabase database) : IAsyncDisposable
{
    // Enough for the readers that two to eight cores can feed; more are closed after use.
    private const int MaxKept = 16;

    private readonly ConcurrentBag<SqliteReader> _readers = [];

    /// <summary>All rows of a query.</summary>
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
            await ReadSqliteAsync(sql, values, row =>
            {
                ct.ThrowIfCancellationRequested();
                rows.Add(read(row));
                return true;
            }, ct);
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

    /// <summary>The first row of a query; the default where there is none.</summary>
    /// <typeparam name="T">What a row becomes.</typeparam>
    /// <param name="sql">The query.</param>
    /// <param name="values">Its parameters.</param>
    /// <param name="read">Turns a row into a value.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask<T?> FirstAsync<T>(string sql, object[] values, Func<StoredRow, T> read, CancellationToken ct)
    {
        T? first = default;
        if (database.Engine == DatabaseEngine.Sqlite)
        {
            await ReadSqliteAsync(sql, values, row =>
            {
                first = read(row);
                return false;
            }, ct);
            return first;
        }

        await using var connection = await database.OpenAsync(ct);
        await using var command = Command(connection, sql, values);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? read(new ReaderRow(reader)) : default;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_readers.TryTake(out var reader))
        {
            await reader.DisposeAsync();
        }
    }

    private async ValueTask ReadSqliteAsync(string sql, object[] values, Func<StoredRow, bool> each, CancellationToken ct)
    {
        if (!_readers.TryTake(out var reader))
        {
            reader = new SqliteReader((SqliteConnection)await database.OpenAsync(ct));
        }

        var sound = false;
        try
        {
            reader.Read(sql, values, each);
            sound = true;
        }
        finally
        {
            if (sound && _readers.Count < MaxKept)
            {
                _readers.Add(reader);
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

    private sealed class ReaderRow(DbDataReader reader) : StoredRow
    {
        public override long Long(int column) => reader.GetValue(column) switch
        {
            bool truth => truth ? 1 : 0,
            var number => Convert.ToInt64(number, System.Globalization.CultureInfo.InvariantCulture),
        };

        public override string Text(int column) => reader.GetString(column);

        public override byte[] Blob(int column) => reader.GetFieldValue<byte[]>(column);

        public override byte[] Body(int column) => reader.GetBody(column);
    }

    /// <summary>A connection with its prepared statements; one thread at a time.</summary>
    private sealed class SqliteReader(SqliteConnection connection) : StoredRow, IAsyncDisposable
    {
        private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
        private SqliteStatement? _current;

        public void Read(string sql, object[] values, Func<StoredRow, bool> each)
        {
            if (!_statements.TryGetValue(sql, out var statement))
            {
                _statements[sql] = statement = new SqliteStatement(connection.Handle!, sql);
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

            await connection.DisposeAsync();
        }
    }
}
