using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>Resources that belong to several people, and the keys that seal page links.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122050000_SharedResources")]
public sealed class SharedResources : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var dialect = new Initial.Dialect(ActiveProvider);
        migrationBuilder.Sql(dialect.Table("resource_person", "patient_key bigint, type tiny, id text, former bool", "patient_key, type, id"));
        migrationBuilder.Sql("CREATE INDEX ix_resource_person_resource ON resource_person (type, id);");
        migrationBuilder.Sql(dialect.Table("protection_key", "name text, xml text", "name"));
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql("DROP TABLE protection_key;");
        migrationBuilder.Sql("DROP TABLE resource_person;");
    }
}
