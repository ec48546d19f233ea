using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>The loop after the list: named GPs, wishes, meetings and their tasks, worklists, virtual wards.</summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122070000_Coordination")]
public sealed class Coordination : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var d = new Initial.Dialect(ActiveProvider);
        void Table(string name, string columns, string key) => migrationBuilder.Sql(d.Table(name, columns, key));
        void Sql(string sql) => migrationBuilder.Sql(sql);

        Table(
            "named_gp_record",
            "patient_key bigint, id text, practitioner_id text, practitioner_name text, recorded_by text, recorded_at bigint, start_day int, end_day int",
            "patient_key, id");
        Sql("CREATE UNIQUE INDEX ux_named_gp_current ON named_gp_record (patient_key) WHERE end_day = 0;");
        Table(
            "lead_wish_record",
            "patient_key bigint, id text, practitioner_id text, kind text, not_these text, note text?, recorded_by text, recorded_at bigint, end_day int",
            "patient_key, id");
        Sql("CREATE UNIQUE INDEX ux_lead_wish_current ON lead_wish_record (patient_key) WHERE end_day = 0;");

        Table(
            "mdt_meeting_record",
            """
            id text, team text, practices text, held_day int, status tiny, meeting text, called_by text, called_at bigint,
            closed_by text?, closed_at bigint, revision int
            """,
            "id");
        Sql("CREATE INDEX ix_mdt_meeting_day ON mdt_meeting_record (held_day, id);");

        // A closed meeting is a record: whatever the code above it does, the database changes it no more.
        Sql(d.IsSqlite
            ? """
              CREATE TRIGGER mdt_meeting_closed BEFORE UPDATE ON mdt_meeting_record WHEN OLD.status = 2
              BEGIN SELECT RAISE(ABORT, 'A closed meeting never changes.'); END;
              """
            : """
              CREATE FUNCTION mdt_meeting_closed() RETURNS trigger LANGUAGE plpgsql AS
              $$ BEGIN RAISE EXCEPTION 'A closed meeting never changes.'; END $$;
              CREATE TRIGGER mdt_meeting_closed BEFORE UPDATE ON mdt_meeting_record FOR EACH ROW WHEN (OLD.status = 2) EXECUTE FUNCTION mdt_meeting_closed();
              """);
        Table(
            "mdt_task_record",
            "patient_key bigint, id text, meeting_id text, text text, owner text, due_day int, end_day int, outcome text?, ended_by text?",
            "patient_key, id");
        Sql("CREATE INDEX ix_mdt_task_open ON mdt_task_record (due_day) WHERE end_day = 0;");
        Sql("CREATE UNIQUE INDEX ux_mdt_task_id ON mdt_task_record (id);");
        Table("mdt_request_record", "patient_key bigint, id text, reason text, asked_by text, asked_at bigint, meeting_id text?", "patient_key, id");
        Sql("CREATE INDEX ix_mdt_request_open ON mdt_request_record (patient_key) WHERE meeting_id IS NULL;");

        Table("saved_worklist", "owner text, name text, filter text, saved_at bigint", "owner, name");
        Table("ward_record", "id text, name text, beds int, revision int", "id");
        Table(
            "ward_stay_record",
            """
            patient_key bigint, id text, ward_id text, start_day int, end_day int, reason text, outcome text?, admitted_by text,
            discharged_by text?
            """,
            "patient_key, id");
        Sql("CREATE UNIQUE INDEX ux_ward_stay_current ON ward_stay_record (patient_key) WHERE end_day = 0;");
        Sql("CREATE INDEX ix_ward_stay ON ward_stay_record (ward_id, end_day);");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        foreach (var table in (string[])["ward_stay_record", "ward_record", "saved_worklist", "mdt_request_record", "mdt_task_record", "mdt_meeting_record", "lead_wish_record", "named_gp_record"])
        {
            migrationBuilder.Sql($"DROP TABLE {table};");
        }

        if (!new Initial.Dialect(ActiveProvider).IsSqlite)
        {
            migrationBuilder.Sql("DROP FUNCTION mdt_meeting_closed();");
        }
    }
}
