using System.Data.Common;
using System.Globalization;

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

/// <summary>A query by key, and what its rows become. Its parameters are named <c>@p0</c>, <c>@p1</c> … in the order in which they first occur.</summary>
/// <param name="sql">The query.</param>
/// <param name="values">Its parameters: whole numbers, texts.</param>
public abstract class RowQuery(string sql, object[] values)
{
    /// <summary>The query.</summary>
    internal string Sql => sql;

    /// <summary>Its parameters.</summary>
    internal object[] Values => values;

    /// <summary>The rows come, perhaps anew.</summary>
    internal abstract void Begin();

    /// <summary>Takes a row in; false: no more are wanted.</summary>
    internal abstract bool Take(StoredRow row);
}

/// <summary>A query by key whose rows become values.</summary>
/// <typeparam name="T">What a row becomes.</typeparam>
/// <param name="sql">The query.</param>
/// <param name="values">Its parameters.</param>
/// <param name="read">Turns a row into a value.</param>
/// <param name="onlyFirst">Whether the first row is enough.</param>
public sealed class RowQuery<T>(string sql, object[] values, Func<StoredRow, T> read, bool onlyFirst = false) : RowQuery(sql, values)
{
    /// <summary>What the rows became.</summary>
    public List<T> Rows { get; } = [];

    /// <summary>What the first row became; the default where there is none.</summary>
    public T? First => Rows.Count == 0 ? default : Rows[0];

    internal override void Begin() => Rows.Clear();

    internal override bool Take(StoredRow row)
    {
        Rows.Add(read(row));
        return !onlyFirst;
    }
}

/// <summary>A row of an ADO.NET reader.</summary>
internal sealed class ReaderRow(DbDataReader reader) : StoredRow
{
    public override long Long(int column)
    {
        var type = reader.GetFieldType(column);
        return type == typeof(long) ? reader.GetInt64(column)
            : type == typeof(short) ? reader.GetInt16(column)
            : type == typeof(int) ? reader.GetInt32(column)
            : type == typeof(bool) ? (reader.GetBoolean(column) ? 1 : 0)
            : Convert.ToInt64(reader.GetValue(column), CultureInfo.InvariantCulture);
    }

    public override string Text(int column) => reader.GetString(column);

    public override byte[] Blob(int column) => reader.GetFieldValue<byte[]>(column);

    public override byte[] Body(int column) => reader.GetBody(column);
}
