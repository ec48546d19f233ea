using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Runs;

/// <summary>A completed run, as far as its scores need it.</summary>
/// <param name="RunId">Number, from 1.</param>
/// <param name="IndexDay">Index date as a day number.</param>
/// <param name="ModelId">Model id.</param>
/// <param name="ModelVersion">Model version.</param>
/// <param name="FinishedAt">Unix milliseconds.</param>
public readonly record struct CompletedRun(int RunId, int IndexDay, string ModelId, string ModelVersion, long FinishedAt);

/// <summary>A person's score in a run.</summary>
/// <param name="RunId">The run.</param>
/// <param name="PatientKey">The person.</param>
/// <param name="Number">The person's NHS number.</param>
/// <param name="Probability">0 to 1.</param>
/// <param name="Level">1 to 4.</param>
/// <param name="Reasons">The largest contributions: see <see cref="ReasonBytes"/>.</param>
public readonly record struct ScoreRow(int RunId, long PatientKey, NhsNumber Number, double Probability, int Level, byte[] Reasons)
{
    /// <summary>Masked: a record would print everything.</summary>
    public override string ToString() => $"score at level {Level.ToString(CultureInfo.InvariantCulture)}";
}

/// <summary>Which scores of a run.</summary>
/// <param name="Low">Least probability, 0 to 1.</param>
/// <param name="High">Greatest probability, 0 to 1.</param>
/// <param name="Levels">Levels; null: all.</param>
/// <param name="People">Whose.</param>
public sealed record ScoreFilter(double Low, double High, IReadOnlyList<int>? Levels, PeopleFilter People);

/// <summary>Where a page of scores ended.</summary>
/// <param name="Probability">Of the last.</param>
/// <param name="PatientKey">Of the last; parts those of equal probability.</param>
public readonly record struct ScorePosition(double Probability, long PatientKey);

/// <summary>Reads the scores of completed runs along their indexes: of a person, or of a run by probability.</summary>
public sealed class ScoreReads(CareDatabase database)
{
    private const string Columns = "s.run_id, s.patient_key, p.nhs_number, s.probability, s.level, s.reasons";
    private const string Scores = "risk_score s JOIN patient p ON p.patient_key=s.patient_key";

    /// <summary>Completed runs, newest first.</summary>
    public async Task<List<CompletedRun>> RunsAsync(CancellationToken ct)
    {
        var runs = new List<CompletedRun>();
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT run_id, index_day, model_id, model_version, finished_at FROM stratification_run WHERE status=@status ORDER BY run_id DESC";
        Add(command, "status", (short)JobStatus.Completed);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            runs.Add(new CompletedRun(reader.GetInt32(0), reader.GetInt32(1), reader.GetString(2), reader.GetString(3), reader.GetInt64(4)));
        }

        return runs;
    }

    /// <summary>The model document of a run; null where there is no such run.</summary>
    public async Task<string?> ModelAsync(int runId, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT model FROM stratification_run WHERE run_id=@run";
        Add(command, "run", runId);
        return (string?)await command.ExecuteScalarAsync(ct);
    }

    /// <summary>A person's scores in completed runs, newest first.</summary>
    /// <param name="patientKey">The person.</param>
    /// <param name="runId">Only this run; null: all.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<List<ScoreRow>> OfPersonAsync(long patientKey, int? runId, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.CreateCommand();

        // From the runs to the scores: each is one step along the primary key.
        command.CommandText = $"""
            SELECT {Columns} FROM stratification_run u JOIN risk_score s ON s.run_id=u.run_id AND s.patient_key=@person JOIN patient p ON p.patient_key=s.patient_key
            WHERE u.status=@status{(runId is null ? "" : " AND u.run_id=@run")} ORDER BY u.run_id DESC
            """;
        Add(command, "person", patientKey);
        Add(command, "status", (short)JobStatus.Completed);
        if (runId is { } run)
        {
            Add(command, "run", run);
        }

        return await ListAsync(command, ct);
    }

    /// <summary>A page of a run's scores by probability; those of equal probability by person.</summary>
    public async Task<List<ScoreRow>> PageAsync(int runId, ScoreFilter filter, ScorePosition? after, bool descending, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        var where = Where(command, runId, filter);
        if (after is { } position)
        {
            where.Append(descending
                ? " AND s.probability<=@at AND (s.probability<@at OR s.patient_key>@key)"
                : " AND s.probability>=@at AND (s.probability>@at OR s.patient_key<@key)");
            Add(command, "at", position.Probability);
            Add(command, "key", position.PatientKey);
        }

        Add(command, "limit", limit);
        command.CommandText = $"SELECT {Columns} FROM {Scores} WHERE {where} ORDER BY {(descending ? "s.probability DESC, s.patient_key" : "s.probability, s.patient_key DESC")} LIMIT @limit";
        return await ListAsync(command, ct);
    }

    /// <summary>How many scores of a run there are.</summary>
    public async Task<long> CountAsync(int runId, ScoreFilter filter, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT COUNT(*) FROM {Scores} WHERE {Where(command, runId, filter)}";
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
    }

    /// <summary>All scores of a run, by person.</summary>
    public async IAsyncEnumerable<ScoreRow> AllAsync(int runId, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM {Scores} WHERE s.run_id=@run ORDER BY s.patient_key";
        Add(command, "run", runId);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            yield return Row(reader);
        }
    }

    private static StringBuilder Where(DbCommand command, int runId, ScoreFilter filter)
    {
        var where = new StringBuilder("s.run_id=@run AND s.probability>=@low AND s.probability<=@high");
        Add(command, "run", runId);
        Add(command, "low", filter.Low);
        Add(command, "high", filter.High);
        if (filter.Levels is { } levels)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND s.level IN ({(levels.Count == 0 ? "0" : string.Join(',', levels))})");
        }

        if (filter.People.Hidden != PersonFlags.None)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND (p.flags & {(int)filter.People.Hidden})=0");
        }

        if (filter.People.Practices is { } practices)
        {
            where.Append(" AND p.practice_code IN (").AppendJoin(',', practices.Select((code, i) =>
            {
                Add(command, $"own{i}", code);
                return $"@own{i}";
            })).Append(practices.Count == 0 ? "'')" : ")");
        }

        return where;
    }

    private static async Task<List<ScoreRow>> ListAsync(DbCommand command, CancellationToken ct)
    {
        var rows = new List<ScoreRow>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            rows.Add(Row(reader));
        }

        return rows;
    }

    private static ScoreRow Row(DbDataReader reader) => new(
        reader.GetInt32(0), reader.GetInt64(1), NhsNumber.FromStored(reader.GetInt64(2)), reader.GetDouble(3), reader.GetInt16(4), reader.GetFieldValue<byte[]>(5));

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
