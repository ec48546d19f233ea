using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>
/// Coverage by model and agreed level, sector and verified number; who is counted as what; and what has been published.
/// The counts of the Better Care Fund, with their baselines and targets.
/// Cells of the first shape did not hold what the new ones need, so the next run counts anew.
/// </summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122080000_CoverageReleases")]
public sealed class CoverageReleases : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var d = new Initial.Dialect(ActiveProvider);
        migrationBuilder.Sql("DROP TABLE coverage_cell;");
        migrationBuilder.Sql(d.Table(
            "coverage_cell",
            """
            month int, split tiny, practice_code text, part tiny, adult bool, level tiny, model_level tiny, people int, verified int,
            lead_health int, lead_social_care int, lead_voluntary int, with_plan int, with_both int, plan_overdue int
            """,
            "month, split, practice_code, part, adult, level, model_level"));
        migrationBuilder.Sql(d.Table("counted_person", "patient_key bigint, practice_code text, share int", "patient_key"));
        migrationBuilder.Sql(d.Table("coverage_month", "month int, revision bigint", "month"));
        migrationBuilder.Sql(d.Table("published_release", "kind text, stands_for int, month int, built_at bigint, body text", "kind, stands_for"));
        migrationBuilder.Sql(d.Table("upkeep_mark", "name text, value bigint", "name"));

        migrationBuilder.Sql(d.Table("bcf_period", "month int, counted_at bigint, placements bigint, reablements bigint, delays bigint, admissions bigint", "month"));
        migrationBuilder.Sql(d.Table("bcf_count", "month int, metric text, practice_code text, numerator bigint, denominator bigint", "month, metric, practice_code"));
        migrationBuilder.Sql(d.Table(
            "bcf_plan_value",
            "metric text, area text, kind text, id text, value text, period text, reason text, set_by text, set_at bigint",
            "metric, area, kind, id"));

        migrationBuilder.Sql($"ALTER TABLE practice ADD COLUMN icb {(d.IsSqlite ? "TEXT" : "text COLLATE \"C\"")} NOT NULL DEFAULT '';");
        migrationBuilder.Sql("UPDATE practice SET icb='NHS Lancashire and South Cumbria ICB' WHERE place='Lancashire';");
        migrationBuilder.Sql("UPDATE practice SET icb='NHS Cheshire and Merseyside ICB' WHERE place IN ('Halton', 'Sefton', 'Cheshire East');");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => throw new NotSupportedException("What has been published is not taken back.");
}
