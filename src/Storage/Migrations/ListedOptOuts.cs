using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>Numbers of people who opted out, by list.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122200000_ListedOptOuts")]
public sealed class ListedOptOuts : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql(new Initial.Dialect(ActiveProvider).Table("listed_opt_out", "nhs_number bigint, kind tiny, listed_at bigint", "nhs_number, kind"));

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP TABLE listed_opt_out;");
}
