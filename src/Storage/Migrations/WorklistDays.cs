using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>Worklists of the last days read their index alone: with the risk to sort by, and the columns that are filtered most.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122070200_WorklistDays")]
public sealed class WorklistDays : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        const string Filtered = "risk, patient_key, practice_code, agreed_level, model_level, has_lead, plan_joint";
        migrationBuilder.Sql("DROP INDEX ix_standing_admitted;");
        migrationBuilder.Sql("DROP INDEX ix_standing_discharged;");
        migrationBuilder.Sql($"CREATE INDEX ix_standing_admitted ON person_standing (admitted_day, {Filtered}, discharged_day) WHERE admitted_day > 0;");
        migrationBuilder.Sql($"CREATE INDEX ix_standing_discharged ON person_standing (discharged_day, {Filtered}) WHERE discharged_day > 0;");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql("DROP INDEX ix_standing_admitted;");
        migrationBuilder.Sql("DROP INDEX ix_standing_discharged;");
        migrationBuilder.Sql("CREATE INDEX ix_standing_admitted ON person_standing (admitted_day) WHERE admitted_day > 0;");
        migrationBuilder.Sql("CREATE INDEX ix_standing_discharged ON person_standing (discharged_day) WHERE discharged_day > 0;");
    }
}
