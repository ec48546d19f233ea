using BetterCare.Care.Storage;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Tests.Storage;

public sealed class SchemaTests
{
    [Theory]
    [MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Migrate_EmptyDatabase_GivesTheTablesOfTheModel(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await using var db = test.Contexts.CreateDbContext();

        foreach (var entity in db.Model.GetEntityTypes())
        {
            var table = entity.GetTableName()!;
            var actual = await ColumnsAsync(test, table);
            var expected = entity.GetProperties().ToDictionary(p => p.GetColumnName(), p => p.IsColumnNullable(), StringComparer.Ordinal);

            actual.Keys.Order(StringComparer.Ordinal).ShouldBe(expected.Keys.Order(StringComparer.Ordinal), $"columns of {table}");
            foreach (var (column, nullable) in expected)
            {
                actual[column].ShouldBe(nullable, $"{table}.{column} nullable");
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Migrate_Twice_ChangesNothing(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);

        var applied = await Migrator.MigrateAsync(test.Contexts, CancellationToken.None);

        applied.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task SecondCurrentLead_IsRefusedByTheDatabase(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await using var db = test.Contexts.CreateDbContext();
        db.Leads.AddRange(
            new() { Id = "a", PatientKey = 1, State = Care.Storage.Model.LeadState.Confirmed, Reasons = "", DecidedBy = "x" },
            new() { Id = "b", PatientKey = 1, State = Care.Storage.Model.LeadState.Confirmed, Reasons = "", DecidedBy = "x" });

        await Should.ThrowAsync<DbUpdateException>(() => db.SaveChangesAsync());
    }

    private static async Task<Dictionary<string, bool>> ColumnsAsync(TestDatabase test, string table)
    {
        await using var connection = await test.Database.OpenAsync(CancellationToken.None);
        await using var command = connection.CreateCommand();
        command.CommandText = test.Database.Engine == DatabaseEngine.Sqlite
            ? $"SELECT name, \"notnull\" = 0 FROM pragma_table_info('{table}')"
            : $"SELECT column_name, is_nullable = 'YES' FROM information_schema.columns WHERE table_name = '{table}' AND table_schema = 'public'";
        var columns = new Dictionary<string, bool>(StringComparer.Ordinal);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            columns[reader.GetString(0)] = reader.GetBoolean(1);
        }

        return columns;
    }
}
