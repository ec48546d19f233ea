using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>What searches and histories across people need: people by day of birth, former versions by time.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122010000_SearchIndexes")]
public sealed class SearchIndexes : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql("CREATE INDEX ix_patient_birth ON patient (birth_day, patient_key);");
        migrationBuilder.Sql("CREATE INDEX ix_history_updated ON resource_history (type, last_updated);");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql("DROP INDEX ix_history_updated;");
        migrationBuilder.Sql("DROP INDEX ix_patient_birth;");
    }
}
