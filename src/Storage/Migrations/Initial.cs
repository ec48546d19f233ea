using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage.Migrations;

/// <summary>
/// The first schema, for both engines. Written by hand in SQL: the clustering (WITHOUT ROWID, C collation) is the design,
/// and no generator would write it.
/// </summary>
[DbContext(typeof(CareDbContext))]
[Migration("20261122000000_Initial")]
public sealed class Initial : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var d = new Dialect(ActiveProvider);
        void Table(string name, string columns, string key) => migrationBuilder.Sql(d.Table(name, columns, key));
        void Index(string name, string on, bool unique = false) =>
            migrationBuilder.Sql($"CREATE {(unique ? "UNIQUE " : "")}INDEX {name} ON {on};");

        Table("supplier", "supplier_key int, uri text", "supplier_key");
        Index("ux_supplier_uri", "supplier (uri)", unique: true);
        migrationBuilder.Sql("INSERT INTO supplier (supplier_key, uri) VALUES (1, 'urn:bettercare:supplier:unnamed');");

        Table(
            "patient",
            """
            patient_key bigint, nhs_number bigint, supplier_key int, birth_day int, death_day int, registered_day int,
            deregistered_day int, sex tiny, deprivation tiny, ethnicity tiny, flags tiny, practice_code text, family text,
            family_folded text, given text, postcode text
            """,
            "patient_key");
        Index("ux_patient_nhs_number", "patient (nhs_number)", unique: true);
        Index("ix_patient_practice", "patient (practice_code, patient_key)");

        Index("ix_patient_family", "patient (family_folded, birth_day)");
        if (!d.IsSqlite)
        {
            // Each instance takes a thousand keys at a time.
            migrationBuilder.Sql("CREATE SEQUENCE patient_key_seq INCREMENT BY 1000 START WITH 1;");
        }

        Table("patient_alias", "supplier_key int, source_id text, patient_key bigint", "supplier_key, source_id");

        Table(
            "patient_source_record",
            "patient_key bigint, supplier_key int, last_updated bigint, meta_at int, body blob",
            "patient_key, supplier_key");

        Table(
            "resource",
            """
            patient_key bigint, type tiny, id text, version int, last_updated bigint, deleted bool, supplier_key int,
            content_hash bigint, meta_at int, body blob
            """,
            "patient_key, type, id");
        Index("ux_resource_id", "resource (type, id)", unique: true);
        Index("ix_resource_updated", "resource (type, last_updated)");

        Table(
            "resource_history",
            "patient_key bigint, type tiny, id text, version int, last_updated bigint, deleted bool, meta_at int, body blob",
            "patient_key, type, id, version");
        Table("resource_identifier", "hash bigint, patient_key bigint, type tiny, id text", "hash, patient_key, type, id");
        Table("resource_code", "type tiny, code_hash bigint, day int, patient_key bigint, id text", "type, code_hash, day, patient_key, id");

        // In order of the key like the others, but by SQLite's own row number: such a row stays on its page four times longer.
        migrationBuilder.Sql(d.Table("timeline", "patient_key bigint, events blob", "patient_key", byRowNumber: true));
        Table("professional", "professional_key int, practitioner_id text", "professional_key");
        Index("ux_professional", "professional (practitioner_id)", unique: true);
        Table("practice", "code text, name text, neighbourhood text, locality text, place text, deprivation tiny", "code");

        Table(
            "job",
            """
            id text, kind text, status tiny, request text, fingerprint text, done bigint, total bigint, result text?, message text?,
            requested_by text, created_at bigint, finished_at bigint
            """,
            "id");
        Index("ix_job_kind", "job (kind, created_at)");
        Table(
            "import_file",
            """
            job_id text, ordinal int, name text, path text, lines bigint, "offset" bigint, created bigint, updated bigint,
            unchanged bigint, rejected bigint, finished bool
            """,
            "job_id, ordinal");
        Table("import_reject", "job_id text, ordinal int, line bigint, outcome text", "job_id, ordinal, line");
        Table("import_pending", "job_id text, ordinal int, line bigint, body blob", "job_id, ordinal, line");

        Table(
            "stratification_run",
            """
            run_id int, job_id text, index_day int, model_id text, model_version text, model text, policy text, status tiny,
            previous_run_id int, people int, excluded text, expected_admissions double, created_at bigint, finished_at bigint
            """,
            "run_id");
        Table(
            "risk_score",
            """
            run_id int, patient_key bigint, practice_code text, probability double, level tiny, previous_level tiny,
            change tiny, last_admission_day int, reasons blob
            """,
            "run_id, patient_key");
        Index("ix_risk_score_practice", "risk_score (run_id, practice_code, probability DESC, patient_key)");
        Index("ix_risk_score_all", "risk_score (run_id, probability DESC, patient_key)");

        Table(
            "lead_record",
            """
            id text, patient_key bigint, state tiny, practitioner_id text, practitioner_name text, role text, sector text,
            reasons text, decided_by text, decided_at bigint, start_day int, end_day int, end_reason text?
            """,
            "patient_key, id");
        Index("ix_lead_practitioner", "lead_record (practitioner_id, state)");
        // Exactly one current lead: the database itself refuses a second.
        migrationBuilder.Sql("CREATE UNIQUE INDEX ux_lead_current ON lead_record (patient_key) WHERE state = 1;");

        Table("care_plan_version", "patient_key bigint, version int, plan text, written_by text, written_at bigint", "patient_key, version");
        Table(
            "person_standing",
            """
            patient_key bigint, practice_code text, model_level tiny, agreed_level tiny, age_band tiny, sex tiny, deprivation tiny,
            lead_state tiny, has_lead bool, lead_id text, lead_name text, lead_role text, plan_version int, plan_state text,
            plan_joint bool, plan_complete bool, review_day int, revision int
            """,
            "patient_key");
        Table(
            "coverage_cell",
            """
            month int, practice_code text, level tiny, age_band tiny, sex tiny, deprivation tiny, people int, with_lead int,
            with_plan int, with_both int
            """,
            "month, practice_code, level, age_band, sex, deprivation");
    }

    /// <summary>One column language for two engines.</summary>
    internal sealed class Dialect(string? provider)
    {
        private readonly bool _sqlite = provider?.EndsWith("Sqlite", StringComparison.Ordinal) ?? false;

        public bool IsSqlite => _sqlite;

        public string Table(string name, string columns, string key, bool byRowNumber = false)
        {
            var parts = columns.Split(',', StringSplitOptions.TrimEntries).Select(Column);
            return $"CREATE TABLE {name} ({string.Join(", ", parts)}, PRIMARY KEY ({key})){(_sqlite && !byRowNumber ? " WITHOUT ROWID" : "")};";
        }

        private string Column(string column)
        {
            var at = column.LastIndexOf(' ');
            var type = column[(at + 1)..];
            var nullable = type.EndsWith('?');
            return $"{column[..at]} {Type(type.TrimEnd('?'))}{(nullable ? "" : " NOT NULL")}";
        }

        private string Type(string type) => (type, _sqlite) switch
        {
            ("tiny" or "int" or "bigint" or "bool", true) => "INTEGER",
            ("double", true) => "REAL",
            ("text", true) => "TEXT",
            ("blob", true) => "BLOB",
            ("tiny", false) => "smallint",
            ("int", false) => "integer",
            ("bigint", false) => "bigint",
            ("bool", false) => "boolean",
            ("double", false) => "double precision",
            // Byte order, so that keyset pages read the same on both engines.
            ("text", false) => "text COLLATE \"C\"",
            ("blob", false) => "bytea",
            _ => throw new InvalidOperationException($"Unknown column type {type}"),
        };
    }
}
