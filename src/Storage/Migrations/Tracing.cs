using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>People who came without an NHS number, what was posted about them, decisions; merges and former numbers.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122090000_Tracing")]
public sealed class Tracing : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var d = new Initial.Dialect(ActiveProvider);
        void Table(string name, string columns, string key) => migrationBuilder.Sql(d.Table(name, columns, key));

        Table(
            "tracing_person",
            """
            id text, supplier_key int, source_id text, body blob, content_hash bigint, state tiny, received_at bigint, attempts int,
            next_attempt_at bigint, nhs_number bigint, added text?, note text
            """,
            "id");
        migrationBuilder.Sql("CREATE UNIQUE INDEX ux_tracing_person_source ON tracing_person (supplier_key, source_id);");
        migrationBuilder.Sql("CREATE INDEX ix_tracing_person_state ON tracing_person (state, next_attempt_at, id);");
        Table("tracing_resource", "person_id text, type tiny, id text, body blob, admitted bool, refusal text", "person_id, type, id");
        Table("tracing_candidate", "person_id text, nhs_number bigint, source text, grade text, score double, reasons text, added text", "person_id, nhs_number");
        Table(
            "tracing_decision",
            "person_id text, id text, kind text, nhs_number bigint, decided_by text, decided_at bigint, reason text",
            "person_id, id");
        Table("number_alias", "nhs_number bigint, surviving_number bigint, merge_id text", "nhs_number");
        Table(
            "person_merge",
            """
            id text, from_number bigint, into_number bigint, from_key bigint, into_key bigint, decided_by text, decided_at bigint, reason text,
            undone_by text?, undone_at bigint, undone_reason text?
            """,
            "id");
        Table("person_merge_row", "merge_id text, ordinal int, table_name text, row_key text, before text, removed bool", "merge_id, ordinal");
        migrationBuilder.Sql(d.IsSqlite
            ? "ALTER TABLE import_file ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;"
            : "ALTER TABLE import_file ADD COLUMN waiting bigint NOT NULL DEFAULT 0;");
        migrationBuilder.Sql("CREATE INDEX ix_patient_postcode ON patient (postcode);");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql("DROP INDEX ix_patient_postcode;");
        migrationBuilder.Sql("ALTER TABLE import_file DROP COLUMN waiting;");
        foreach (var table in (string[])["person_merge_row", "person_merge", "number_alias", "tracing_decision", "tracing_candidate", "tracing_resource", "tracing_person"])
        {
            migrationBuilder.Sql($"DROP TABLE {table};");
        }
    }
}
