using System.Data.Common;
using System.Globalization;
using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Worklists;

/// <summary>
/// Keeps what worklists filter and sort by beside where each person stands: risk and reasons after each run, and what the
/// timelines tell as they change. All of it is derived; it is brought up to date within seconds, beside the writer and never
/// in its way, and doing it twice changes nothing.
/// </summary>
public sealed class WorklistFacts(CareDatabase database)
{
    private const int ChunkSize = 400;

    /// <summary>Types whose resources are events of timelines.</summary>
    private static readonly ResourceType[] TimelineTypes =
    [
        ResourceType.Patient, ResourceType.Encounter, ResourceType.Condition, ResourceType.Observation, ResourceType.QuestionnaireResponse, ResourceType.EpisodeOfCare,
        ResourceType.Procedure, ResourceType.MedicationRequest, ResourceType.MedicationStatement, ResourceType.Flag, ResourceType.CarePlan, ResourceType.ServiceRequest,
    ];

    /// <summary>After a run: everyone's risk, change and main reasons, and what the timelines tell.</summary>
    /// <returns>How many people stand on the list.</returns>
    public async Task<int> AfterRunAsync(int runId, DateOnly today, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using (var risk = connection.CreateCommand())
        {
            risk.CommandTimeout = 0;
            risk.CommandText = """
                UPDATE person_standing SET risk=COALESCE(r.probability, 0), previous_level=COALESCE(r.previous_level, 0), change=COALESCE(r.change, 0),
                  last_admission_day=COALESCE(r.last_admission_day, 0)
                FROM person_standing s LEFT JOIN risk_score r ON r.run_id=@run AND r.patient_key=s.patient_key WHERE s.patient_key=person_standing.patient_key
                """;
            Add(risk, "run", runId);
            await risk.ExecuteNonQueryAsync(ct);
        }

        var keys = await KeysAsync(connection, "SELECT patient_key FROM person_standing", null, ct);
        await RefreshAsync(connection, keys, runId, today, ct);
        await TableUpkeep.TidyAsync(connection, ct, "risk_score", "person_standing");
        return keys.Count;
    }

    /// <summary>Brings the people of the list up to date whose resources have changed since a moment.</summary>
    /// <param name="since">Unix milliseconds.</param>
    /// <param name="today">Events of this day count.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Who they are.</returns>
    public async Task<IReadOnlyList<long>> CatchUpAsync(long since, DateOnly today, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var types = string.Join(',', TimelineTypes.Select(t => (int)t));
        var keys = await KeysAsync(
            connection,
            $"SELECT DISTINCT s.patient_key FROM resource r JOIN person_standing s ON s.patient_key=r.patient_key WHERE r.type IN ({types}) AND r.last_updated>=@since",
            since,
            ct);
        if (keys.Count > 0)
        {
            await RefreshAsync(connection, keys, null, today, ct);
        }

        return keys;
    }

    /// <summary>The moment of the last completed run in Unix milliseconds; 0 none: what changed before it is in the list already.</summary>
    public async Task<long> LastRunAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COALESCE(MAX(created_at), 0) FROM stratification_run WHERE status=2";
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
    }

    private static async Task RefreshAsync(DbConnection connection, List<long> keys, int? runId, DateOnly today, CancellationToken ct)
    {
        var history = new PersonHistory();
        foreach (var chunk in keys.Chunk(ChunkSize))
        {
            var values = new StringBuilder();
            await using (var read = connection.CreateCommand())
            {
                // Keys and the numbers below are our own integers: as literals a chunk is two statements on either engine.
                var reasons = runId is null ? "NULL" : $"(SELECT reasons FROM risk_score r WHERE r.run_id={runId.Value.ToString(CultureInfo.InvariantCulture)} AND r.patient_key=p.patient_key)";
                read.CommandText = $"""
                    SELECT p.patient_key, p.birth_day, p.sex, t.events, {reasons} FROM patient p LEFT JOIN timeline t ON t.patient_key=p.patient_key
                    WHERE p.patient_key IN ({string.Join(',', chunk)})
                    """;
                await using var reader = await read.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                {
                    var person = new PersonFacts { BirthDay = reader.GetInt32(1), Sex = (Sex)reader.GetInt16(2) };
                    var facts = StandingFacts.Of(history, in person, await reader.IsDBNullAsync(3, ct) ? [] : reader.GetFieldValue<byte[]>(3), today);
                    var (first, second, third) = await reader.IsDBNullAsync(4, ct) ? (0, 0, 0) : MainReasons(reader.GetFieldValue<byte[]>(4));
                    values.Append(values.Length == 0 ? "" : ",").Append(CultureInfo.InvariantCulture,
                        $"({reader.GetInt64(0)},{facts.Frailty},{(facts.InCareHome ? 1 : 0)},{facts.ConditionsLow},{facts.ConditionsHigh},{facts.AdmittedDay},{facts.DischargedDay},{first},{second},{third})");
                }
            }

            if (values.Length == 0)
            {
                continue;
            }

            await using var write = connection.CreateCommand();
            write.CommandText = $"""
                UPDATE person_standing SET frailty=v.column2, in_care_home=(v.column3=1), conditions_low=v.column4, conditions_high=v.column5, admitted_day=v.column6,
                  discharged_day=v.column7, family_folded=p.family_folded, birth_day=p.birth_day{(runId is null ? "" : ", reason1=v.column8, reason2=v.column9, reason3=v.column10")}
                FROM (VALUES {values}) AS v JOIN patient p ON p.patient_key=v.column1 WHERE person_standing.patient_key=v.column1
                """;
            await write.ExecuteNonQueryAsync(ct);
        }
    }

    /// <summary>The three predictors that raise the score most, as numbers from 1.</summary>
    public static (int First, int Second, int Third) MainReasons(byte[] stored)
    {
        Span<int> main = stackalloc int[3];
        var count = 0;
        foreach (var reason in ReasonBytes.Read(stored))
        {
            if (reason is { LogOdds: > 0, Feature: >= 0 and < 255 } && count < main.Length)
            {
                main[count++] = reason.Feature + 1;
            }
        }

        return (main[0], main[1], main[2]);
    }

    private static async Task<List<long>> KeysAsync(DbConnection connection, string sql, long? since, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        if (since is { } moment)
        {
            Add(command, "since", moment);
        }

        var keys = new List<long>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            keys.Add(reader.GetInt64(0));
        }

        return keys;
    }

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
