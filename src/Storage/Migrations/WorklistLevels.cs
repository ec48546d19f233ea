using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>
/// A worklist of one level is read where that level lies: level 4 is a tenth of the list and the top of it, and whoever paged
/// past its last person read the other nine.
/// </summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122310100_WorklistLevels")]
public sealed class WorklistLevels : Migration
{
    private const string Filtered =
        "practice_code, agreed_level, model_level, change, has_lead, plan_joint, review_day, frailty, in_care_home, plan_state, admitted_day, discharged_day, conditions_low, conditions_high, reason1, reason2, reason3";

    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        $"CREATE INDEX ix_standing_level_risk ON person_standing ((CASE WHEN agreed_level>0 THEN agreed_level ELSE model_level END), risk DESC, patient_key, {Filtered});");

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP INDEX ix_standing_level_risk;");
}
