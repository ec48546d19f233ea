using System.Data.Common;
using Npgsql;

namespace BetterCare.Care.Storage;

/// <summary>
/// What PostgreSQL would do by itself within a minute or so, done at once where a run has just filled tables: without, it plans
/// as if the run had no rows, and a join of a million people with their scores takes hours instead of seconds. SQLite keeps no
/// statistics here; its queries name their order of tables themselves.
/// </summary>
public static class TableUpkeep
{
    /// <summary>Counts what tables hold, so that queries are planned for it.</summary>
    public static Task AnalyseAsync(DbConnection connection, CancellationToken ct, params string[] tables) => RunAsync(connection, $"ANALYZE {string.Join(", ", tables)}", ct);

    /// <summary>Counts what tables hold, and clears up behind what was changed, so that a list is read from an index alone.</summary>
    public static Task TidyAsync(DbConnection connection, CancellationToken ct, params string[] tables) => RunAsync(connection, $"VACUUM (ANALYZE) {string.Join(", ", tables)}", ct);

    private static async Task RunAsync(DbConnection connection, string sql, CancellationToken ct)
    {
        if (connection is not NpgsqlConnection)
        {
            return;
        }

        await using var command = connection.CreateCommand();
        command.CommandTimeout = 0;
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(ct);
    }
}
