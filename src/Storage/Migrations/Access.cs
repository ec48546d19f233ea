using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>Registered clients, and assertions that have been used.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122100000_Access")]
public sealed class Access : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var dialect = new Initial.Dialect(ActiveProvider);
        migrationBuilder.Sql(dialect.Table(
            "registered_client",
            "id text, name text, scopes text, practices text, places text, keys text, keys_url text, active bool, changed_by text, changed_at bigint",
            "id"));
        migrationBuilder.Sql(dialect.Table("used_assertion", "hash text, expires_at bigint", "hash"));
        migrationBuilder.Sql("CREATE INDEX ix_used_assertion_expires ON used_assertion (expires_at);");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql("DROP TABLE used_assertion;");
        migrationBuilder.Sql("DROP TABLE registered_client;");
    }
}
