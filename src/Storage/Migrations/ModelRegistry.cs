using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>The place's own risk models with their history, and what a run tells about the one before it.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122060000_ModelRegistry")]
public sealed class ModelRegistry : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var d = new Initial.Dialect(ActiveProvider);
        migrationBuilder.Sql(d.Table(
            "risk_model",
            "model_id text, version text, kind text, state tiny, origin text, summary text, document text, hash text, proposed_by text, proposed_at bigint",
            "model_id, version"));

        // One model in force: the database itself refuses a second.
        migrationBuilder.Sql("CREATE UNIQUE INDEX ux_risk_model_active ON risk_model (state) WHERE state = 1;");
        migrationBuilder.Sql(d.Table(
            "risk_model_decision",
            "model_id text, version text, id text, action tiny, decided_by text, decided_at bigint, comment text",
            "model_id, version, id"));
        migrationBuilder.Sql(d.Table(
            "run_leaver",
            "run_id int, patient_key bigint, practice_code text, previous_level tiny, reason tiny",
            "run_id, patient_key"));
        migrationBuilder.Sql("ALTER TABLE stratification_run ADD COLUMN transitions text NOT NULL DEFAULT '[]';");
        migrationBuilder.Sql("ALTER TABLE stratification_run ADD COLUMN fingerprint text NOT NULL DEFAULT '';");
        migrationBuilder.Sql($"ALTER TABLE stratification_run ADD COLUMN stability {(d.IsSqlite ? "REAL" : "double precision")} NULL;");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        foreach (var column in new[] { "transitions", "fingerprint", "stability" })
        {
            migrationBuilder.Sql($"ALTER TABLE stratification_run DROP COLUMN {column};");
        }

        foreach (var table in new[] { "run_leaver", "risk_model_decision", "risk_model" })
        {
            migrationBuilder.Sql($"DROP TABLE {table};");
        }
    }
}
