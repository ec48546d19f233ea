using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>As which sources a registered client may write.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122200100_ClientSources")]
public sealed class ClientSources : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        new Initial.Dialect(ActiveProvider).IsSqlite
            ? "ALTER TABLE registered_client ADD COLUMN sources TEXT NOT NULL DEFAULT '';"
            : "ALTER TABLE registered_client ADD COLUMN sources text COLLATE \"C\" NOT NULL DEFAULT '';");

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("ALTER TABLE registered_client DROP COLUMN sources;");
}
