using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>The audit chains. On SQLite, the chain of accesses has the same tables in a file of its own (<see cref="CareDatabase.AuditFile"/>).</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122110000_Audit")]
public sealed class Audit : Migration
{
    /// <summary>The tables, one statement each.</summary>
    internal static IEnumerable<string> Tables(Initial.Dialect d) =>
    [
        d.Table(
            "audit_event",
            """
            chain tiny, seq bigint, at bigint, agent text, role text, purpose text, action tiny, outcome tiny, request_id text,
            interaction text, type tiny, resource_id text, query text, reason text, people blob, hash blob
            """,
            "chain, seq"),
        d.Table("audit_person", "patient_key bigint, chain tiny, seq bigint", "patient_key, chain, seq"),
        d.Table("audit_chain_state", "chain tiny, cut_seq bigint, cut_hash blob, indexed_seq bigint", "chain"),
    ];

    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        foreach (var table in Tables(new Initial.Dialect(ActiveProvider)))
        {
            migrationBuilder.Sql(table);
        }
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("DROP TABLE audit_event; DROP TABLE audit_person; DROP TABLE audit_chain_state;");
}
