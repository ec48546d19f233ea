using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>
/// What worklists filter and sort by, beside where each person stands: a page is one indexed read of one narrow table,
/// whatever the filter.
/// </summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122070100_Worklists")]
public sealed class Worklists : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var sqlite = new Initial.Dialect(ActiveProvider).IsSqlite;
        var (tiny, integer, big, real, flag) = sqlite
            ? ("INTEGER NOT NULL DEFAULT 0", "INTEGER NOT NULL DEFAULT 0", "INTEGER NOT NULL DEFAULT 0", "REAL NOT NULL DEFAULT 0", "INTEGER NOT NULL DEFAULT 0")
            : ("smallint NOT NULL DEFAULT 0", "integer NOT NULL DEFAULT 0", "bigint NOT NULL DEFAULT 0", "double precision NOT NULL DEFAULT 0", "boolean NOT NULL DEFAULT false");
        foreach (var column in (string[])[
            $"risk {real}", $"previous_level {tiny}", $"change {tiny}", $"reason1 {tiny}", $"reason2 {tiny}", $"reason3 {tiny}",
            $"frailty {tiny}", $"in_care_home {flag}", $"conditions_low {big}", $"conditions_high {big}", $"admitted_day {integer}", $"discharged_day {integer}"])
        {
            migrationBuilder.Sql($"ALTER TABLE person_standing ADD COLUMN {column};");
        }

        // The filter's cheap columns ride along, so that a page which skips many rows reads them from the index alone.
        const string Filtered = "patient_key, practice_code, agreed_level, model_level, change, has_lead, plan_joint, review_day, frailty, in_care_home";
        migrationBuilder.Sql($"CREATE INDEX ix_standing_risk ON person_standing (risk DESC, {Filtered});");
        migrationBuilder.Sql("CREATE INDEX ix_standing_practice ON person_standing (practice_code, risk DESC, patient_key);");
        migrationBuilder.Sql("CREATE INDEX ix_standing_lead ON person_standing (lead_id, risk DESC, patient_key) WHERE has_lead;");
        migrationBuilder.Sql("CREATE INDEX ix_standing_admitted ON person_standing (admitted_day) WHERE admitted_day > 0;");
        migrationBuilder.Sql("CREATE INDEX ix_standing_discharged ON person_standing (discharged_day) WHERE discharged_day > 0;");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        foreach (var index in (string[])["discharged", "admitted", "lead", "practice", "risk"])
        {
            migrationBuilder.Sql($"DROP INDEX ix_standing_{index};");
        }

        foreach (var column in (string[])["discharged_day", "admitted_day", "conditions_high", "conditions_low", "in_care_home", "frailty", "reason3", "reason2", "reason1", "change", "previous_level", "risk"])
        {
            migrationBuilder.Sql($"ALTER TABLE person_standing DROP COLUMN {column};");
        }
    }
}
