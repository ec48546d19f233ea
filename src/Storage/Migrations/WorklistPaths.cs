using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>
/// A worklist's page is found in an index alone, whatever is filtered: by risk with every column that a filter asks for, and
/// for the few in care homes by an index of their own. The indexes by day are for days that few people share, and so are narrow.
/// </summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122210000_WorklistPaths")]
public sealed class WorklistPaths : Migration
{
    private const string Former = "patient_key, practice_code, agreed_level, model_level, change, has_lead, plan_joint, review_day, frailty, in_care_home";

    private const string Filtered = Former + ", plan_state, admitted_day, discharged_day, conditions_low, conditions_high, reason1, reason2, reason3";

    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        Drop(migrationBuilder, "risk", "admitted", "discharged");
        migrationBuilder.Sql($"CREATE INDEX ix_standing_risk ON person_standing (risk DESC, {Filtered});");
        migrationBuilder.Sql($"CREATE INDEX ix_standing_care_home ON person_standing (risk DESC, {Filtered}) WHERE in_care_home;");
        migrationBuilder.Sql("CREATE INDEX ix_standing_admitted ON person_standing (admitted_day, risk, patient_key, discharged_day) WHERE admitted_day > 0;");
        migrationBuilder.Sql("CREATE INDEX ix_standing_discharged ON person_standing (discharged_day, risk, patient_key) WHERE discharged_day > 0;");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        const string ByDay = "risk, patient_key, practice_code, agreed_level, model_level, has_lead, plan_joint";
        Drop(migrationBuilder, "risk", "care_home", "admitted", "discharged");
        migrationBuilder.Sql($"CREATE INDEX ix_standing_risk ON person_standing (risk DESC, {Former});");
        migrationBuilder.Sql($"CREATE INDEX ix_standing_admitted ON person_standing (admitted_day, {ByDay}, discharged_day) WHERE admitted_day > 0;");
        migrationBuilder.Sql($"CREATE INDEX ix_standing_discharged ON person_standing (discharged_day, {ByDay}) WHERE discharged_day > 0;");
    }

    private static void Drop(MigrationBuilder migrationBuilder, params string[] indexes)
    {
        foreach (var index in indexes)
        {
            migrationBuilder.Sql($"DROP INDEX ix_standing_{index};");
        }
    }
}
