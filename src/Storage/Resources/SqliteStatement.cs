using System.Text;
using SQLitePCL;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// A prepared SQLite statement without the ADO.NET layer: at a few microseconds a row, parameter objects and readers would
/// be half of the cost.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _db;
    private readonly sqlite3_stmt _statement;
    private int _next;

    public SqliteStatement(sqlite3 db, string sql)
    {
        _db = db;
        Check(raw.sqlite3_prepare_v3(db, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
    }

    public SqliteStatement Bind(long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, ++_next, value));
        return this;
    }

    public SqliteStatement Bind(bool value) => Bind(value ? 1L : 0L);

    public SqliteStatement Bind(double value)
    {
        Check(raw.sqlite3_bind_double(_statement, ++_next, value));
        return this;
    }

    public SqliteStatement Bind(string value)
    {
        // Ids are short: the library would make an array for each.
        Span<byte> utf8 = stackalloc byte[256];
        Check(Encoding.UTF8.TryGetBytes(value, utf8, out var length) && length > 0
            ? raw.sqlite3_bind_text(_statement, ++_next, utf8[..length])
            : raw.sqlite3_bind_text(_statement, ++_next, value));
        return this;
    }

    public SqliteStatement Bind(ReadOnlySpan<byte> value)
    {
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(_statement, ++_next, 0) : raw.sqlite3_bind_blob(_statement, ++_next, value));
        return this;
    }

    /// <summary>Runs a statement that gives no rows; ready for the next.</summary>
    public void Run()
    {
        var code = raw.sqlite3_step(_statement);
        Reset();
        if (code is not (raw.SQLITE_DONE or raw.SQLITE_ROW))
        {
            Check(code);
        }
    }

    /// <summary>Steps to the next row; false, and ready for new values, when there is none.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        Reset();
        if (code != raw.SQLITE_DONE)
        {
            Check(code);
        }

        return false;
    }

    /// <summary>Ends reading before the last row.</summary>
    public void Reset()
    {
        raw.sqlite3_reset(_statement);
        _next = 0;
    }

    public long Long(int column) => raw.sqlite3_column_int64(_statement, column);

    public double Double(int column) => raw.sqlite3_column_double(_statement, column);

    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(_statement, column);

    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public void Dispose() => _statement.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw new Microsoft.Data.Sqlite.SqliteException($"SQLite: {raw.sqlite3_errmsg(_db).utf8_to_string()}", code, raw.sqlite3_extended_errcode(_db));
        }
    }
}
