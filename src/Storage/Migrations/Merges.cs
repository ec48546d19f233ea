using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>Merges that can be undone: what came under a former number since, and numbers that the national service says were superseded.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122220000_Merges")]
public sealed class Merges : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var d = new Initial.Dialect(ActiveProvider);

        // A merge in force is the alias: a table beside it could only disagree.
        migrationBuilder.Sql("DROP TABLE number_alias;");
        foreach (var column in (string[])["restricted", "renumbered"])
        {
            migrationBuilder.Sql($"ALTER TABLE person_merge ADD COLUMN {column} {(d.IsSqlite ? "INTEGER NOT NULL DEFAULT 0" : "boolean NOT NULL DEFAULT false")};");
        }

        migrationBuilder.Sql("CREATE UNIQUE INDEX ux_person_merge_in_force ON person_merge (from_number) WHERE undone_at = 0;");
        migrationBuilder.Sql("CREATE INDEX ix_person_merge_into ON person_merge (into_number) WHERE undone_at = 0;");
        migrationBuilder.Sql(d.Table("merge_arrival", "merge_id text, type tiny, id text", "merge_id, type, id"));
        migrationBuilder.Sql(d.Table("merge_proposal", "from_number bigint, into_number bigint, source text, found_by text, found_at bigint", "from_number"));
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => throw new NotSupportedException("Merges that were made cannot be forgotten.");
}
