using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Tests.Storage;

/// <summary>On SQLite whose an id is lies in a table of its own: it must always say what the resources say.</summary>
public sealed class ResourceIdTests
{
    private const string BeforeIds = "20261122310000_ListOrders";

    private static readonly CancellationToken Ct = CancellationToken.None;

    [Fact]
    public async Task Import_OldNewAndRepeatedIds_NamesEveryResourceOnce()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Sqlite);
        var people = test.File("Patient.ndjson", $"{Given.Patient()}\n{Given.Patient(Given.Bob)}\n");
        await test.ImportAsync(people, test.File("Condition.ndjson", string.Join('\n', Enumerable.Range(0, 450).Select(i => Given.Condition($"c{i:D4}")))));

        // Known ids, new ones, and each of the new ones again with another code: in one commit.
        var more = Enumerable.Range(300, 450).Select(i => Given.Condition($"c{i:D4}")).ToList();
        var again = Enumerable.Range(500, 250).Select(i => Given.Condition($"c{i:D4}", code: "13645005"));
        await test.ImportAsync(people, test.File("Condition-2.ndjson", string.Join('\n', more.Concat(again))));

        await NamedOnceAsync(test, resources: 2 + 750);
        (await test.Store.ReadAsync(ResourceType.Condition, "c0100", Ct))!.Version.ShouldBe(1);
        (await test.Store.ReadAsync(ResourceType.Condition, "c0749", Ct))!.Version.ShouldBe(2);
        (await test.Store.HistoryAsync(ResourceType.Condition, "c0749", Ct).ToListAsync(Ct)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Write_Refused_LeavesTheIdToWhoeverComes()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Sqlite);
        await test.PutAsync(Given.Patient());
        await test.PutAsync(Given.Patient(Given.Bob));

        var refused = await test.PutAsync(Given.Condition("c1"), target: new WriteTarget { Id = "c1", ExpectedVersion = 3 });
        var taken = await test.PutAsync(Given.Condition("c1", Given.Bob));

        refused.Failure!.Status.ShouldBe(412);
        taken.Failure.ShouldBeNull();
        taken.Item!.Outcome.ShouldBe(WriteOutcome.Created);
        await NamedOnceAsync(test, resources: 3);
    }

    [Fact]
    public async Task Write_DeletedIdComesBackForAnotherPerson_MovesWithIt()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Sqlite);
        await test.PutAsync(Given.Patient());
        await test.PutAsync(Given.Patient(Given.Bob));
        var first = await test.PutAsync(Given.Condition("c1"));
        var deletion = new WriteBatch();
        deletion.Items.Add(new PreparedResource { Type = ResourceType.Condition, Id = "c1", Method = WriteMethod.Delete, PatientKey = first.Item!.PatientKey, SupplierKey = first.Item.SupplierKey });
        await test.Writer.WriteAsync(deletion, Ct);

        var back = await test.PutAsync(Given.Condition("c1", Given.Bob));

        back.Failure.ShouldBeNull();
        (await test.Store.ReadAsync(ResourceType.Condition, "c1", Ct))!.PatientKey.ShouldBe(back.Item!.PatientKey);
        await NamedOnceAsync(test, resources: 3);
    }

    [Fact]
    public async Task Read_InTheOrderOfIds_SortsNothing()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Sqlite);
        await using var connection = await test.Database.OpenAsync(Ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN SELECT r.body FROM resource_by_id r WHERE r.type=1 AND r.id>'a' AND NOT r.deleted ORDER BY r.id LIMIT 50";
        await using var plan = await command.ExecuteReaderAsync(Ct);
        var steps = new List<string>();
        while (await plan.ReadAsync(Ct))
        {
            steps.Add(plan.GetString(3));
        }

        steps.ShouldBe(["SEARCH i USING PRIMARY KEY (type=? AND id>?)", "SEARCH r USING PRIMARY KEY (patient_key=? AND type=? AND id=?)"]);
    }

    [Fact]
    public async Task Migrate_DatabaseOfAnEarlierVersion_FindsByIdWhatWasThere()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Sqlite);
        await test.PutAsync(Given.Patient());
        await test.PutAsync(Given.Condition("c1"));
        await using var db = test.Contexts.CreateDbContext();
        await db.GetService<IMigrator>().MigrateAsync(BeforeIds, Ct);
        (await CountAsync(test, "SELECT COUNT(*) FROM sqlite_master WHERE name='ux_resource_id'")).ShouldBe(1);

        await Migrator.MigrateAsync(test.Contexts, Ct);

        (await test.Store.ReadAsync(ResourceType.Condition, "c1", Ct))!.Version.ShouldBe(1);
        await NamedOnceAsync(test, resources: 2);
    }

    private static async Task NamedOnceAsync(TestDatabase test, long resources)
    {
        (await CountAsync(test, "SELECT COUNT(*) FROM resource")).ShouldBe(resources);
        (await CountAsync(test, "SELECT COUNT(*) FROM resource_id")).ShouldBe(resources);
        (await CountAsync(test, "SELECT COUNT(*) FROM resource_by_id")).ShouldBe(resources);
    }

    private static async Task<long> CountAsync(TestDatabase test, string sql)
    {
        await using var connection = await test.Database.OpenAsync(Ct);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }
}
