using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>Who opened whose urgent-care view, when and why.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122040000_UrgentCareAccesses")]
public sealed class UrgentCareAccesses : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(new Initial.Dialect(ActiveProvider).Table(
        "urgent_care_access", "patient_key bigint, id text, accessed_by text, accessed_at bigint, reason text", "patient_key, id"));

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP TABLE urgent_care_access;");
}
