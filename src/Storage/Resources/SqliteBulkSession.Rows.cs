namespace BetterCare.Care.Storage.Resources;

/// <content>Many rows with a statement.</content>
internal sealed partial class SqliteBulkSession
{
    private const int RowsPerStatement = 100;

    private readonly Dictionary<(string Into, int Rows), SqliteStatement> _inserts = [];

    /// <summary>
    /// Adds the rows that are not there yet, many with a statement: what a statement costs by itself is a third of what a row of an
    /// index costs, and a statement's later rows find the page of the one before.
    /// </summary>
    /// <param name="into">The table and its columns.</param>
    /// <param name="columns">How many they are.</param>
    /// <param name="rows">The rows, best in the order of the key.</param>
    /// <param name="bind">Binds a row.</param>
    /// <param name="added">Told after each statement of its rows.</param>
    private void InsertRows<T>(string into, int columns, ReadOnlySpan<T> rows, Action<SqliteStatement, T> bind, Action<ReadOnlySpan<T>>? added = null)
    {
        while (!rows.IsEmpty)
        {
            var count = rows.Length >= RowsPerStatement ? RowsPerStatement : 1;
            var statement = InsertStatement(into, columns, count);
            foreach (var row in rows[..count])
            {
                bind(statement, row);
            }

            statement.Run();
            added?.Invoke(rows[..count]);
            rows = rows[count..];
        }
    }

    private SqliteStatement InsertStatement(string into, int columns, int rows)
    {
        if (!_inserts.TryGetValue((into, rows), out var statement))
        {
            var row = $"({string.Join(',', Enumerable.Repeat('?', columns))})";
            var sql = $"INSERT INTO {into} VALUES {string.Join(',', Enumerable.Repeat(row, rows))} ON CONFLICT DO NOTHING";
            _inserts[(into, rows)] = statement = new SqliteStatement(_db, sql);
        }

        return statement;
    }
}
