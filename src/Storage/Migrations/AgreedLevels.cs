using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>Levels that people agreed, with who, why and until when.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122030000_AgreedLevels")]
public sealed class AgreedLevels : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(new Initial.Dialect(ActiveProvider).Table(
            "agreed_level_record",
            """
            patient_key bigint, id text, level tiny, model_level tiny, reason text, decided_by text, decided_at bigint, start_day int,
            expires_day int, end_day int, end_reason text?, ended_by text?
            """,
            "patient_key, id"));

        // One level is in force at most: the database itself refuses a second. And those that run out are found at once.
        migrationBuilder.Sql("CREATE UNIQUE INDEX ux_agreed_level_open ON agreed_level_record (patient_key) WHERE end_day = 0;");
        migrationBuilder.Sql("CREATE INDEX ix_agreed_level_expires ON agreed_level_record (expires_day) WHERE end_day = 0;");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP TABLE agreed_level_record;");
}
