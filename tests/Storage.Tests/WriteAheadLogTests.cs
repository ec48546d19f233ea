using BetterCare.Care.Storage;

namespace BetterCare.Care.Tests.Storage;

public sealed class WriteAheadLogTests
{
    [Fact]
    public async Task Sync_AskedForByManyAtOnce_CompletesForAll()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Sqlite);
        await using var log = new WriteAheadLog(test.Database.File!);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(log.SyncAsync)));
        await log.SyncAsync();

        log.SyncAsync().IsFaulted.ShouldBeFalse();
    }

    [Fact]
    public async Task Write_Answered_IsThereWhenTheServiceIsKilledAtOnce()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Sqlite);
        await test.PutAsync(Given.Patient());
        await test.PutAsync(Given.Condition("c1"));

        // What the operating system has at the moment of the answer is what is left of the process.
        var left = Path.Combine(Path.GetDirectoryName(test.Database.File)!, "left.db");
        File.Copy(test.Database.File!, left);
        File.Copy(test.Database.File + "-wal", left + "-wal");
        await using var after = new CareDatabase(left);
        await using var connection = await after.OpenAsync(CancellationToken.None);
        await using var count = connection.CreateCommand();
        count.CommandText = "SELECT COUNT(*) FROM resource";
        Convert.ToInt64(await count.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture).ShouldBe(2);
    }
}
