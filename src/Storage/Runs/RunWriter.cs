using System.Data.Common;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Runs;
using Microsoft.Data.Sqlite;
using Npgsql;
using LevelChange = BetterCare.Care.Storage.Model.LevelChange;

namespace BetterCare.Care.Storage.Runs;

/// <summary>
/// Stores a finished run in one transaction: its scores, where everyone stands after it, and the coverage of the month.
/// Until that commit the former run is the current one.
/// </summary>
public sealed class RunWriter(CareDatabase database)
{
    /// <summary>Writes the scores of <paramref name="run"/> and marks it completed.</summary>
    /// <param name="run">The run's row, already in the table.</param>
    /// <param name="result">What the engine found.</param>
    /// <param name="seen">Everyone considered, in key order.</param>
    /// <param name="today">The day on which the coverage is counted.</param>
    /// <param name="progress">Told the share written, 0 to 1.</param>
    /// <param name="ct">Cancels; nothing is kept then.</param>
    public async Task WriteAsync(StratificationRun run, StratificationResult result, IReadOnlyList<PersonSeen> seen, DateOnly today, IProgress<double>? progress, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var previous = run.PreviousRunId == 0 ? [] : await LevelsAsync(connection, run.PreviousRunId, ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (database.Engine == DatabaseEngine.Sqlite)
        {
            WriteSqlite((SqliteConnection)connection, run, result, seen, previous, progress, ct);
        }
        else
        {
            await WritePostgresAsync((NpgsqlConnection)connection, run, result, seen, previous, progress, ct);
        }

        await new CoverageWriter(connection, transaction).AfterRunAsync(result, seen, today, ct);
        await using (var finish = connection.CreateCommand())
        {
            finish.Transaction = transaction;
            finish.CommandText = "UPDATE stratification_run SET status=2, people=@p0, excluded=@p1, expected_admissions=@p2, finished_at=@p3 WHERE run_id=@p4";
            finish.Add(result.Count, run.Excluded, run.ExpectedAdmissions, run.FinishedAt, run.RunId);
            await finish.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
    }

    private static void WriteSqlite(
        SqliteConnection connection, StratificationRun run, StratificationResult result, IReadOnlyList<PersonSeen> seen, Dictionary<long, byte> previous, IProgress<double>? progress, CancellationToken ct)
    {
        using var insert = new SqliteStatement(connection.Handle!, """
            INSERT INTO risk_score (run_id, patient_key, practice_code, probability, level, previous_level, change, last_admission_day, reasons)
            VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)
            """);
        Span<byte> reasons = stackalloc byte[StratificationResult.ReasonsPerPerson * ReasonBytes.Size];
        foreach (var (row, person) in Rows(result, seen))
        {
            if ((row & 0xFFF) == 0)
            {
                ct.ThrowIfCancellationRequested();
                progress?.Report((double)row / result.Count);
            }

            var before = previous.GetValueOrDefault(person.PatientKey);
            insert.Bind((long)run.RunId).Bind(person.PatientKey).Bind(person.PracticeCode).Bind((double)result.Probabilities[row])
                .Bind((long)result.Levels[row]).Bind((long)before).Bind((long)ChangeOf(before, result.Levels[row])).Bind((long)person.LastAdmissionDay)
                .Bind(Pack(result.Reasons(row), reasons)).Run();
        }
    }

    private static async Task WritePostgresAsync(
        NpgsqlConnection connection, StratificationRun run, StratificationResult result, IReadOnlyList<PersonSeen> seen, Dictionary<long, byte> previous, IProgress<double>? progress, CancellationToken ct)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            "COPY risk_score (run_id, patient_key, practice_code, probability, level, previous_level, change, last_admission_day, reasons) FROM STDIN (FORMAT BINARY)",
            ct);
        var reasons = new byte[StratificationResult.ReasonsPerPerson * ReasonBytes.Size];
        foreach (var (row, person) in Rows(result, seen))
        {
            if ((row & 0xFFF) == 0)
            {
                progress?.Report((double)row / result.Count);
            }

            var before = previous.GetValueOrDefault(person.PatientKey);
            await copy.StartRowAsync(ct);
            await copy.WriteAsync(run.RunId, ct);
            await copy.WriteAsync(person.PatientKey, ct);
            await copy.WriteAsync(person.PracticeCode, ct);
            await copy.WriteAsync((double)result.Probabilities[row], ct);
            await copy.WriteAsync((short)result.Levels[row], ct);
            await copy.WriteAsync((short)before, ct);
            await copy.WriteAsync((short)ChangeOf(before, result.Levels[row]), ct);
            await copy.WriteAsync(person.LastAdmissionDay, ct);
            await copy.WriteAsync(Pack(result.Reasons(row), reasons).ToArray(), ct);
        }

        await copy.CompleteAsync(ct);
    }

    /// <summary>Rows of the result with the person of each: both lists rise by key.</summary>
    private static IEnumerable<(int Row, PersonSeen Person)> Rows(StratificationResult result, IReadOnlyList<PersonSeen> seen)
    {
        var at = 0;
        for (var row = 0; row < result.Count; row++)
        {
            while (seen[at].PatientKey != result.PatientKeys[row])
            {
                at++;
            }

            yield return (row, seen[at]);
        }
    }

    private static LevelChange ChangeOf(byte before, byte after) =>
        before == 0 ? LevelChange.New : after > before ? LevelChange.Risen : after < before ? LevelChange.Fallen : LevelChange.None;

    private static ReadOnlySpan<byte> Pack(ReadOnlySpan<RunReason> reasons, Span<byte> bytes)
    {
        for (var i = 0; i < reasons.Length; i++)
        {
            ReasonBytes.Write(bytes, i, reasons[i]);
        }

        return bytes[..(reasons.Length * ReasonBytes.Size)];
    }

    private static async Task<Dictionary<long, byte>> LevelsAsync(DbConnection connection, int runId, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT patient_key, level FROM risk_score WHERE run_id=@p0";
        command.Add(runId);
        var levels = new Dictionary<long, byte>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            levels[reader.GetInt64(0)] = (byte)reader.GetInt16(1);
        }

        return levels;
    }
}

/// <summary>Parameters by place: @p0, @p1 …</summary>
internal static class CommandValues
{
    public static void Add(this DbCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"@p{i}";
            parameter.Value = values[i];
            command.Parameters.Add(parameter);
        }
    }

    public static void Set(this DbCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }
    }
}
