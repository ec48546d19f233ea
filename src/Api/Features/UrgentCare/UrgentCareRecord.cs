using System.Data.Common;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Api.Features.UrgentCare;

/// <summary>A person and where they stand, as the urgent-care view needs it.</summary>
/// <param name="PatientKey">Storage key.</param>
/// <param name="Given">Given names.</param>
/// <param name="Family">Family name.</param>
/// <param name="BirthDay">Day number; 0 not known.</param>
/// <param name="Died">The record says so.</param>
/// <param name="Practice">ODS code.</param>
/// <param name="Flags">What hides the person from whom.</param>
/// <param name="AgreedLevel">Level that the team agreed; 0 none.</param>
/// <param name="ModelLevel">Level of the standing, or of the latest run's score; 0 none.</param>
/// <param name="HasLead">There is a confirmed lead.</param>
/// <param name="LeadId">Id of the Practitioner.</param>
/// <param name="LeadName">Name of the lead.</param>
/// <param name="LeadRole">Role of the lead.</param>
/// <param name="PlanState"><c>none</c>, <c>draft</c>, <c>proposed</c>, <c>agreed</c> or <c>closed</c>.</param>
/// <param name="Plan">The current version as JSON; empty none.</param>
public sealed record UrgentPerson(
    long PatientKey, string Given, string Family, int BirthDay, bool Died, string Practice, PersonFlags Flags, int AgreedLevel, int ModelLevel,
    bool HasLead, string LeadId, string LeadName, string LeadRole, string PlanState, string Plan)
{
    /// <summary>Masked: a record would print everything.</summary>
    public override string ToString() => "person in an emergency";
}

/// <summary>
/// What the urgent-care view reads, in two statements that stay prepared: the person with lead, plan and level; and allergies,
/// medicines and conditions in one walk over their resources.
/// </summary>
public sealed class UrgentCareRecord(CareDatabase database) : IAsyncDisposable
{
    // People of a low level have no standing of their own: theirs is in the scores of the latest run.
    private const string Person = """
        SELECT p.patient_key, p.given, p.family, p.birth_day, p.death_day, p.practice_code, p.flags, COALESCE(s.agreed_level, 0),
          CASE WHEN COALESCE(s.model_level, 0) > 0 THEN s.model_level ELSE COALESCE((SELECT r.level FROM risk_score r
            WHERE r.run_id=(SELECT MAX(run_id) FROM stratification_run WHERE status=2) AND r.patient_key=p.patient_key), 0) END,
          COALESCE(s.has_lead, false), COALESCE(s.lead_id, ''), COALESCE(s.lead_name, ''), COALESCE(s.lead_role, ''), COALESCE(s.plan_state, 'none'), COALESCE(c.plan, '')
        FROM patient p LEFT JOIN person_standing s ON s.patient_key=p.patient_key
        LEFT JOIN care_plan_version c ON c.patient_key=p.patient_key AND c.version=s.plan_version
        """;

    // More than any record holds: a record beyond it is a fault, not a life.
    private static readonly string Resources =
        $"SELECT type, body FROM resource WHERE patient_key=@p0 AND type IN ({string.Join(',', ClinicalSummary.Types.Select(t => (int)t))}) AND NOT deleted LIMIT 30000";

    private readonly RowReads _rows = new(database);

    /// <summary>The person of an NHS number; null: nobody.</summary>
    public ValueTask<UrgentPerson?> FindAsync(long nhsNumber, CancellationToken ct) => _rows.FirstAsync(Person + " WHERE p.nhs_number=@p0", [nhsNumber], Row, ct);

    /// <summary>The person of a key.</summary>
    public ValueTask<UrgentPerson?> OfKeyAsync(long patientKey, CancellationToken ct) => _rows.FirstAsync(Person + " WHERE p.patient_key=@p0", [patientKey], Row, ct);

    /// <summary>Allergies, medicines and conditions that hold now.</summary>
    internal async ValueTask<ClinicalSummary> SummaryAsync(long patientKey, CancellationToken ct)
    {
        var summary = new ClinicalSummary();
        foreach (var (type, body) in await _rows.FewAsync(Resources, [patientKey], row => ((ResourceType)row.Long(0), row.Body(1)), ct))
        {
            summary.Add(type, body);
        }

        return summary;
    }

    /// <summary>Keeps an access, within the commit of a connection.</summary>
    internal static async Task KeepAsync(DbConnection connection, UrgentCareAccess access)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO urgent_care_access (patient_key, id, accessed_by, accessed_at, reason, told_at) VALUES (@person, @id, @by, @at, @reason, 0)";
        foreach (var (name, value) in ((string, object)[])[("person", access.PatientKey), ("id", access.Id), ("by", access.AccessedBy), ("at", access.AccessedAt), ("reason", access.Reason)])
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        await command.ExecuteNonQueryAsync();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _rows.DisposeAsync();

    private static UrgentPerson Row(StoredRow row) => new(
        row.Long(0), row.Text(1), row.Text(2), (int)row.Long(3), row.Long(4) != 0, row.Text(5), (PersonFlags)row.Long(6), (int)row.Long(7), (int)row.Long(8),
        row.Long(9) != 0, row.Text(10), row.Text(11), row.Text(12), row.Text(13), row.Text(14));
}
