using BetterCare.Care.Storage;
using Microsoft.Data.Sqlite;

namespace BetterCare.Care.Tests.Storage;

public sealed class LogCheckpointsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BetweenCommits_ManyTimesWhileOthersRead_BringsTheLogIntoTheFile(bool bulk)
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Sqlite);
        await using var connection = (SqliteConnection)await test.Database.OpenAsync(CancellationToken.None);
        await RunAsync(connection, "CREATE TABLE note (id INTEGER PRIMARY KEY, text BLOB NOT NULL)");
        await using (var checkpoints = new LogCheckpoints(test.Database, connection, first: 20))
        {
            for (var i = 0; i < 200; i++)
            {
                await RunAsync(connection, "INSERT INTO note (text) VALUES (randomblob(20000))");
                checkpoints.BetweenCommits(bulk);
                await Task.Delay(1);
            }
        }

        // The file alone, without its log: what is not in it yet is the little of the last commits.
        var alone = test.Database.File + ".alone";
        File.Copy(test.Database.File!, alone);
        await using var copy = new SqliteConnection($"Data Source={alone};Pooling=false");
        await copy.OpenAsync();
        (await CountAsync(copy)).ShouldBeInRange(100, 200);
        (await CountAsync(connection)).ShouldBe(200);
        new FileInfo(test.Database.File + "-wal").Length.ShouldBeLessThan(200 * 20_000, "the log begins again");
    }

    private static async Task<long> CountAsync(SqliteConnection connection)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM note";
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task RunAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
