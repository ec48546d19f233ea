using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Resources;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BetterCare.Care.Tests.Storage;

/// <summary>Reads by key, which on PostgreSQL travel together with those of others.</summary>
public sealed class RowReadsTests
{
    private static readonly CancellationToken Ct = CancellationToken.None;

    public static TheoryData<DatabaseEngine> Engines => TestDatabase.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Together_AskedByManyAtOnce_GivesEachTheirOwn(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await using var rows = new RowReads(test.Database);

        var answers = await Task.WhenAll(Enumerable.Range(1, 300).Select(async i =>
        {
            var two = new RowQuery<long>("SELECT @p0 UNION ALL SELECT @p0+1", [(long)i], static r => r.Long(0));
            var none = new RowQuery<long>("SELECT patient_key FROM patient WHERE patient_key=@p0", [(long)i], static r => r.Long(0));
            var text = new RowQuery<string>("SELECT @p0", [$"n{i}"], static r => r.Text(0), onlyFirst: true);
            await rows.TogetherAsync([two, none, text], Ct);
            return (i, two.Rows, none.Rows.Count, text.First);
        }));

        answers.ShouldAllBe(a => a.Rows.SequenceEqual(new[] { (long)a.i, a.i + 1 }) && a.Count == 0 && a.First == $"n{a.i}");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Few_WithMoreThanTenParameters_TakesEachForItself(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await using var rows = new RowReads(test.Database);
        var values = Enumerable.Range(1, 12).Select(i => (object)(long)i).ToArray();

        var found = await rows.FewAsync($"SELECT {string.Join(" UNION ALL SELECT ", values.Select((_, i) => $"@p{i}"))}", values, static r => r.Long(0), Ct);

        found.ShouldBe(values.Cast<long>());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task List_WithAnotherLimitEachTime_GivesSoMany(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await using var rows = new RowReads(test.Database);

        foreach (var limit in new long[] { 2, 0, 3, 1 })
        {
            var found = await rows.ListAsync("SELECT v FROM (SELECT 1 AS v UNION ALL SELECT 2 UNION ALL SELECT 3) n ORDER BY v LIMIT @p0", [limit], static r => r.Long(0), Ct);

            found.ShouldBe(new long[] { 1, 2, 3 }.Take((int)limit));
        }
    }

    [Fact]
    public async Task Dispose_OnSqlite_GivesConnectionsBackAsTheyWere()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Sqlite);
        var rows = new RowReads(test.Database);
        await rows.FirstAsync("SELECT @p0", [1L], static r => r.Long(0), Ct);

        await rows.DisposeAsync();

        await using var connection = (SqliteConnection)await test.Database.OpenAsync(Ct);
        raw.sqlite3_db_config(connection.Handle!, raw.SQLITE_DBCONFIG_ENABLE_QPSG, -1, out var plansWithoutValues).ShouldBe(raw.SQLITE_OK);
        plansWithoutValues.ShouldBe(0);
    }

    [Fact]
    public async Task First_OneThatCannotBeAnswered_FailsAlone()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Postgres);
        await using var rows = new RowReads(test.Database);

        var asked = Enumerable.Range(0, 60).Select(i => rows.FirstAsync("SELECT 100/@p0", [(long)(i % 20)], static r => r.Long(0), Ct).AsTask()).ToArray();
        await Task.WhenAll(asked).ContinueWith(static _ => { }, Ct, TaskContinuationOptions.None, TaskScheduler.Default);

        asked.Select((task, i) => (task, i)).ShouldAllBe(a => a.i % 20 == 0 ? a.task.IsFaulted : a.task.IsCompletedSuccessfully && a.task.Result == 100 / (a.i % 20));
    }

    [Fact]
    public async Task First_AfterTheServerClosedItsConnections_IsAnswered()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Postgres);
        await using var rows = new RowReads(test.Database);
        (await rows.FirstAsync("SELECT @p0+1", [1L], static r => r.Long(0), Ct)).ShouldBe(2);

        await ExecuteAsync(test, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname=current_database() AND pid<>pg_backend_pid()");

        (await rows.FirstAsync("SELECT @p0+1", [1L], static r => r.Long(0), Ct)).ShouldBe(2);
    }

    [Fact]
    public async Task First_GivenUpByWhoAsked_LeavesTheOthersAlone()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Postgres);
        await using var rows = new RowReads(test.Database);
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        var asked = Enumerable.Range(0, 40).Select(i => rows.FirstAsync("SELECT @p0", [(long)i], static r => r.Long(0), i % 2 == 0 ? Ct : gone.Token).AsTask()).ToArray();
        await Task.WhenAll(asked).ContinueWith(static _ => { }, Ct, TaskContinuationOptions.None, TaskScheduler.Default);

        asked.Select((task, i) => (task, i)).ShouldAllBe(a => a.i % 2 == 0 ? a.task.Result == a.i : a.task.IsCanceled);
    }

    [Fact]
    public async Task Sync_AfterCommitsThatDidNotWait_HasThemOnTheDisk()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Postgres);
        await using var log = new PostgresLog(test.Database);
        await using var connection = await test.Database.OpenAuditAsync(durable: false, Ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO upkeep_mark (name, value) VALUES ('unforced', 1)";
        await command.ExecuteNonQueryAsync(Ct);
        command.CommandText = "SELECT pg_current_wal_insert_lsn()::text";
        var committed = (string)(await command.ExecuteScalarAsync(Ct))!;

        await log.SyncAsync();

        command.CommandText = $"SELECT pg_current_wal_flush_lsn() >= '{committed}'::pg_lsn";
        (await command.ExecuteScalarAsync(Ct)).ShouldBe(true);
    }

    [Fact]
    public async Task Record_AfterTheServerClosedItsConnections_IsRefusedOnceAndTheChainGoesOn()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Postgres);
        await using var log = new AuditLog(test.Database, AuditLog.DefaultSync);
        var entry = new AuditEntry { At = 1, Agent = "a", Interaction = "ReadResource", People = [1] };
        await log.RecordAsync(entry);
        await log.RecordAsync(entry);

        await ExecuteAsync(test, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname=current_database() AND pid<>pg_backend_pid()");
        await Should.ThrowAsync<StoreFailedException>(log.RecordAsync(entry));
        await log.RecordAsync(entry);

        var verdict = await new AuditVerifier(new AuditStore(test.Database)).VerifyAsync([], null, Ct);
        verdict.Faults.ShouldBeEmpty();
        verdict.Heads.Single().Seq.ShouldBe(3);
    }

    private static async Task ExecuteAsync(TestDatabase test, string sql)
    {
        await using var connection = await test.Database.OpenAsync(Ct);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Ct);
    }
}
