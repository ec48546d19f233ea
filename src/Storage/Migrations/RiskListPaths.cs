using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>Short ways into a list of a million people: where each level lies, who moved, and whose level was agreed.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122060100_RiskListPaths")]
public sealed class RiskListPaths : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql("ALTER TABLE stratification_run ADD COLUMN level_ranges text NOT NULL DEFAULT '[]';");

        // One each for new, risen and fallen: SQLite sees that a partial index fits only where its words are the query's.
        foreach (var change in new[] { 1, 2, 3 })
        {
            migrationBuilder.Sql($"CREATE INDEX ix_risk_score_change_{change} ON risk_score (run_id, probability DESC, patient_key) WHERE change = {change};");
        }

        migrationBuilder.Sql("CREATE INDEX ix_standing_agreed ON person_standing (agreed_level) WHERE agreed_level > 0;");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql("DROP INDEX ix_standing_agreed;");
        foreach (var change in new[] { 1, 2, 3 })
        {
            migrationBuilder.Sql($"DROP INDEX ix_risk_score_change_{change};");
        }

        migrationBuilder.Sql("ALTER TABLE stratification_run DROP COLUMN level_ranges;");
    }
}
