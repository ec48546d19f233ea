using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>Reminders, the notice to a lead whose person's urgent-care view was opened, and notifications of subscriptions.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122081000_Notices")]
public sealed class Notices : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var d = new Initial.Dialect(ActiveProvider);
        migrationBuilder.Sql(d.Table(
            "reminder",
            "patient_key bigint, id text, kind tiny, recipient text, occasion_day int, text text, created_at bigint, closed_at bigint, closed_by text",
            "patient_key, id"));
        migrationBuilder.Sql("CREATE UNIQUE INDEX ux_reminder_id ON reminder (id);");
        migrationBuilder.Sql("CREATE INDEX ix_reminder_recipient ON reminder (recipient, created_at, id);");

        // Accesses of before have no notice to wait for.
        migrationBuilder.Sql($"ALTER TABLE urgent_care_access ADD COLUMN told_at {(d.IsSqlite ? "INTEGER" : "bigint")} NOT NULL DEFAULT 1;");
        migrationBuilder.Sql("CREATE INDEX ix_urgent_care_access_untold ON urgent_care_access (id) WHERE told_at = 0;");

        migrationBuilder.Sql(d.Table(
            "subscription_state",
            "subscription_id text, created_by text, practices text, hidden_flags int, seen_until bigint, events bigint",
            "subscription_id"));
        migrationBuilder.Sql(d.Table(
            "subscription_delivery",
            """
            id text, subscription_id text, event bigint, type tiny, resource_id text, version int, state tiny, attempts int, next_at bigint,
            created_at bigint, problem text
            """,
            "id"));
        migrationBuilder.Sql("CREATE UNIQUE INDEX ux_subscription_delivery ON subscription_delivery (subscription_id, type, resource_id, version);");
        migrationBuilder.Sql("CREATE INDEX ix_subscription_delivery_due ON subscription_delivery (next_at) WHERE state = 0;");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => throw new NotSupportedException("Notices that were sent cannot be taken back.");
}
