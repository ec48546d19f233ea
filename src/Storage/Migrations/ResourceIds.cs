using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>
/// On SQLite, whose id a resource's id is lies in a table of its own rather than in an index of the resources: an index is
/// filled in the order of the table, which for ids is no order at all, and a table in the order that one likes (decision 0021).
/// Who looks for a resource by its id asks <c>resource_by_id</c>, on either engine.
/// </summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122320000_ResourceIds")]
public sealed class ResourceIds : Migration
{
    private const string Rest = "r.version, r.last_updated, r.deleted, r.supplier_key, r.content_hash, r.meta_at, r.body";

    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var dialect = new Initial.Dialect(ActiveProvider);
        if (!dialect.IsSqlite)
        {
            migrationBuilder.Sql($"CREATE VIEW resource_by_id AS SELECT r.patient_key, r.type, r.id, {Rest} FROM resource r;");
            return;
        }

        migrationBuilder.Sql(dialect.Table("resource_id", "type tiny, id text, patient_key bigint", "type, id"));
        migrationBuilder.Sql("INSERT INTO resource_id (type, id, patient_key) SELECT type, id, patient_key FROM resource ORDER BY type, id;");
        migrationBuilder.Sql("DROP INDEX ux_resource_id;");

        // The key is the table's of ids, so that what is asked for in the order of ids is read in it.
        migrationBuilder.Sql($"""
            CREATE VIEW resource_by_id AS SELECT i.patient_key, i.type, i.id, {Rest} FROM resource_id i JOIN resource r ON r.patient_key=i.patient_key AND r.type=i.type AND r.id=i.id;
            """);

        // A merge moves a person's resources to another key.
        migrationBuilder.Sql("""
            CREATE TRIGGER resource_moved AFTER UPDATE OF patient_key ON resource WHEN NEW.patient_key<>OLD.patient_key
            BEGIN UPDATE resource_id SET patient_key=NEW.patient_key WHERE type=NEW.type AND id=NEW.id; END;
            """);
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql("DROP VIEW resource_by_id;");
        if (new Initial.Dialect(ActiveProvider).IsSqlite)
        {
            migrationBuilder.Sql("DROP TRIGGER resource_moved;");
            migrationBuilder.Sql("CREATE UNIQUE INDEX ux_resource_id ON resource (type, id);");
            migrationBuilder.Sql("DROP TABLE resource_id;");
        }
    }
}
