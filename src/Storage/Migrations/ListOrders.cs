using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>
/// The risk list is read along an index in each of its orders. People lie by name, everywhere and in each practice; the few
/// at levels 3 and 4 by the level in force; those with an admission by its day. A practice's scores carry what its list is
/// filtered by, so that the index alone is read.
/// </summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122310000_ListOrders")]
public sealed class ListOrders : Migration
{
    /// <summary>The level in force, in words that queries must repeat to be read along these indexes.</summary>
    private const string InForce = "(CASE WHEN agreed_level>0 THEN agreed_level ELSE model_level END)";

    private const string Filtered = "practice_code, change, agreed_level, model_level";

    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var sqlite = new Initial.Dialect(ActiveProvider).IsSqlite;
        migrationBuilder.Sql("CREATE INDEX ix_patient_name ON patient (family_folded, patient_key);");
        migrationBuilder.Sql("CREATE INDEX ix_patient_practice_name ON patient (practice_code, family_folded, patient_key);");
        migrationBuilder.Sql("CREATE INDEX ix_patient_practice_birth ON patient (practice_code, birth_day, patient_key);");

        migrationBuilder.Sql("DROP INDEX ix_risk_score_practice;");
        migrationBuilder.Sql("CREATE INDEX ix_risk_score_practice ON risk_score (run_id, practice_code, probability DESC, patient_key, level, change, last_admission_day);");
        migrationBuilder.Sql("CREATE INDEX ix_risk_score_admitted ON risk_score (run_id, last_admission_day DESC, patient_key, level, change, practice_code) WHERE last_admission_day > 0;");

        if (!sqlite)
        {
            // Everybody of a first run is new, few of the next are: each column by itself tells a server nothing of that.
            migrationBuilder.Sql("CREATE STATISTICS sx_risk_score (dependencies, mcv) ON run_id, level, change FROM risk_score;");
        }

        migrationBuilder.Sql($"ALTER TABLE person_standing ADD COLUMN family_folded {(sqlite ? "TEXT" : "text COLLATE \"C\"")} NOT NULL DEFAULT '';");
        migrationBuilder.Sql($"ALTER TABLE person_standing ADD COLUMN birth_day {(sqlite ? "INTEGER" : "integer")} NOT NULL DEFAULT 0;");
        migrationBuilder.Sql($"ALTER TABLE person_standing ADD COLUMN last_admission_day {(sqlite ? "INTEGER" : "integer")} NOT NULL DEFAULT 0;");
        migrationBuilder.Sql("""
            UPDATE person_standing SET family_folded=COALESCE((SELECT family_folded FROM patient p WHERE p.patient_key=person_standing.patient_key), ''),
              birth_day=COALESCE((SELECT birth_day FROM patient p WHERE p.patient_key=person_standing.patient_key), 0),
              last_admission_day=COALESCE((SELECT last_admission_day FROM risk_score r WHERE r.patient_key=person_standing.patient_key
                AND r.run_id=(SELECT MAX(run_id) FROM stratification_run WHERE status=2)), 0);
            """);
        migrationBuilder.Sql($"CREATE INDEX ix_standing_level_name ON person_standing ({InForce}, family_folded, patient_key, {Filtered});");
        migrationBuilder.Sql($"CREATE INDEX ix_standing_level_birth ON person_standing ({InForce}, birth_day, patient_key, {Filtered});");
        migrationBuilder.Sql($"CREATE INDEX ix_standing_level_admitted ON person_standing ({InForce}, last_admission_day DESC, patient_key, {Filtered});");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        if (!new Initial.Dialect(ActiveProvider).IsSqlite)
        {
            migrationBuilder.Sql("DROP STATISTICS sx_risk_score;");
        }

        foreach (var index in (string[])["standing_level_admitted", "standing_level_birth", "standing_level_name", "risk_score_admitted", "risk_score_practice", "patient_practice_birth", "patient_practice_name", "patient_name"])
        {
            migrationBuilder.Sql($"DROP INDEX ix_{index};");
        }

        foreach (var column in (string[])["last_admission_day", "birth_day", "family_folded"])
        {
            migrationBuilder.Sql($"ALTER TABLE person_standing DROP COLUMN {column};");
        }

        migrationBuilder.Sql("CREATE INDEX ix_risk_score_practice ON risk_score (run_id, practice_code, probability DESC, patient_key);");
    }
}
