using System.Data.Common;
using System.Text.Json;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Features;
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
    /// <summary>Writes the scores of <paramref name="run"/> and marks it and its job completed.</summary>
    /// <param name="run">The run's row, already in the table.</param>
    /// <param name="result">What the engine found.</param>
    /// <param name="seen">Everyone considered, in key order.</param>
    /// <param name="today">The day on which the coverage is counted.</param>
    /// <param name="progress">Told the share written, 0 to 1.</param>
    /// <param name="ct">Cancels; nothing is kept then.</param>
    /// <exception cref="OperationCanceledException">The job was cancelled, or another process has taken it up: nothing of this attempt is kept.</exception>
    public async Task WriteAsync(StratificationRun run, StratificationResult result, IReadOnlyList<PersonSeen> seen, DateOnly today, IProgress<double>? progress, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var previous = await PreviousRun.ReadAsync(connection, run.PreviousRunId, ct);
        var comparison = RunComparison.Between(previous.Keys, previous.Levels, result.PatientKeys, result.Levels);
        run.Transitions = JsonSerializer.Serialize(comparison.Transitions);
        run.Stability = run.PreviousRunId == 0 ? null : Drift.StabilityIndex(previous.Probabilities, result.Probabilities);
        run.Fingerprint = result.Fingerprint();
        run.LevelRanges = JsonSerializer.Serialize(Ranges(result));
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (database.Engine == DatabaseEngine.Sqlite)
        {
            WriteSqlite((SqliteConnection)connection, run, result, seen, previous, progress, ct);
        }
        else
        {
            await WritePostgresAsync((NpgsqlConnection)connection, run, result, seen, previous, progress, ct);
        }

        await WriteLeaversAsync(connection, transaction, run, result, seen, comparison, ct);
        await new CoverageWriter(connection, transaction).AfterRunAsync(result, seen, today, ct);
        await FinishAsync(connection, transaction, run, result.Count, ct);
        await transaction.CommitAsync(ct);
        await TableUpkeep.AnalyseAsync(connection, ct, "risk_score", "person_standing", "counted_person", "coverage_cell");
    }

    /// <summary>The last statement before the commit decides whether this attempt counts: a run cancelled or taken up elsewhere does not.</summary>
    private static async Task FinishAsync(DbConnection connection, DbTransaction transaction, StratificationRun run, int people, CancellationToken ct)
    {
        await using var finish = connection.CreateCommand();
        finish.Transaction = transaction;
        finish.CommandText = """
            UPDATE stratification_run SET status=2, people=@p0, excluded=@p1, expected_admissions=@p2, finished_at=@p3, transitions=@p4, fingerprint=@p5, stability=@p6,
              level_ranges=@p7
            WHERE run_id=@p8 AND job_id=@p9 AND created_at=@p10 AND status=1
            """;
        finish.Add(
            people, run.Excluded, run.ExpectedAdmissions, run.FinishedAt, run.Transitions, run.Fingerprint, (object?)run.Stability ?? DBNull.Value, run.LevelRanges, run.RunId, run.JobId, run.CreatedAt);
        await using var job = connection.CreateCommand();
        job.Transaction = transaction;
        job.CommandText = "UPDATE job SET status=2, done=total, finished_at=@p0 WHERE id=@p1 AND status=1";
        job.Add(run.FinishedAt, run.JobId);
        if (await finish.ExecuteNonQueryAsync(ct) != 1 || await job.ExecuteNonQueryAsync(ct) != 1)
        {
            throw new OperationCanceledException("The run was cancelled, or another process has taken it up.");
        }
    }

    private static async Task WriteLeaversAsync(
        DbConnection connection, DbTransaction transaction, StratificationRun run, StratificationResult result, IReadOnlyList<PersonSeen> seen, RunComparison comparison, CancellationToken ct)
    {
        await using var insert = connection.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = "INSERT INTO run_leaver (run_id, patient_key, practice_code, previous_level, reason) VALUES (@p0,@p1,@p2,@p3,@p4)";
        insert.Add(run.RunId, 0L, "", (short)0, (short)0);
        var at = 0;
        foreach (var move in comparison.Moves)
        {
            if (move.Change != Stratification.Runs.LevelChange.Left)
            {
                continue;
            }

            while (at < seen.Count && seen[at].PatientKey < move.PatientKey)
            {
                at++;
            }

            var known = at < seen.Count && seen[at].PatientKey == move.PatientKey;
            var reason = known ? result.Eligibility.Check(seen[at].Facts, result.Index) : ExclusionReason.None;
            insert.Set(run.RunId, move.PatientKey, known ? seen[at].PracticeCode : "", (short)move.Before, (short)reason);
            await insert.ExecuteNonQueryAsync(ct);
        }
    }

    private static void WriteSqlite(
        SqliteConnection connection, StratificationRun run, StratificationResult result, IReadOnlyList<PersonSeen> seen, PreviousRun previous, IProgress<double>? progress, CancellationToken ct)
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

            var before = previous.LevelOf(person.PatientKey);
            insert.Bind((long)run.RunId).Bind(person.PatientKey).Bind(person.PracticeCode).Bind((double)result.Probabilities[row])
                .Bind((long)result.Levels[row]).Bind((long)before).Bind((long)ChangeOf(before, result.Levels[row])).Bind((long)person.LastAdmissionDay)
                .Bind(Pack(result.Reasons(row), reasons)).Run();
        }
    }

    private static async Task WritePostgresAsync(
        NpgsqlConnection connection, StratificationRun run, StratificationResult result, IReadOnlyList<PersonSeen> seen, PreviousRun previous, IProgress<double>? progress, CancellationToken ct)
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

            var before = previous.LevelOf(person.PatientKey);
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

    /// <summary>Lowest and highest probability of each level, as they are stored.</summary>
    private static double[][] Ranges(StratificationResult result)
    {
        var ranges = Enumerable.Range(0, 4).Select(_ => new[] { 1.0, 0.0 }).ToArray();
        for (var row = 0; row < result.Count; row++)
        {
            var range = ranges[result.Levels[row] - 1];
            range[0] = Math.Min(range[0], result.Probabilities[row]);
            range[1] = Math.Max(range[1], result.Probabilities[row]);
        }

        return ranges;
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

    /// <summary>The run before, by rising key; asked for people by rising key.</summary>
    private sealed class PreviousRun
    {
        private int _at;

        public long[] Keys { get; private init; } = [];

        public byte[] Levels { get; private init; } = [];

        public float[] Probabilities { get; private init; } = [];

        /// <summary>Level of a person in it; 0 not in it.</summary>
        public byte LevelOf(long key)
        {
            while (_at < Keys.Length && Keys[_at] < key)
            {
                _at++;
            }

            return _at < Keys.Length && Keys[_at] == key ? Levels[_at] : (byte)0;
        }

        public static async Task<PreviousRun> ReadAsync(DbConnection connection, int runId, CancellationToken ct)
        {
            if (runId == 0)
            {
                return new PreviousRun();
            }

            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT patient_key, level, probability FROM risk_score WHERE run_id=@p0 ORDER BY patient_key";
            command.Add(runId);
            var keys = new List<long>();
            var levels = new List<byte>();
            var probabilities = new List<float>();
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                keys.Add(reader.GetInt64(0));
                levels.Add((byte)reader.GetInt16(1));
                probabilities.Add((float)reader.GetDouble(2));
            }

            return new PreviousRun { Keys = [.. keys], Levels = [.. levels], Probabilities = [.. probabilities] };
        }
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
