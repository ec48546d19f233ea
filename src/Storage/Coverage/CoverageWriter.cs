using System.Data.Common;
using System.Globalization;
using System.Runtime.InteropServices;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Runs;

namespace BetterCare.Care.Storage.Coverage;

/// <summary>What a cell of coverage counts people by.</summary>
public readonly record struct CellKey(string PracticeCode, byte Level, byte AgeBand, byte Sex, byte Deprivation);

/// <summary>What a person adds to a cell.</summary>
/// <param name="Key">Which cell.</param>
/// <param name="HasLead">Has a confirmed lead.</param>
/// <param name="HasPlan">Has a joint plan.</param>
public readonly record struct CellShare(CellKey Key, bool HasLead, bool HasPlan);

/// <summary>
/// Keeps the coverage cells: counted afresh after a run, and moved by one person at a time when a decision changes. Each
/// month has cells of its own; a month without a run begins with those of the month before.
/// </summary>
public sealed class CoverageWriter(DbConnection connection, DbTransaction transaction)
{
    /// <summary>The month of a day, as cells number it.</summary>
    public static int MonthOf(DateOnly day) => (day.Year * 100) + day.Month;

    /// <summary>Stores where everyone stands after a run, and counts the month's cells.</summary>
    public async Task AfterRunAsync(StratificationResult result, IReadOnlyList<PersonSeen> seen, DateOnly today, CancellationToken ct)
    {
        await ExpireAgreedLevelsAsync(today, ct);
        var standings = await StandingsAsync(ct);
        var cells = new Dictionary<CellKey, Counts>();
        await using var insert = Command("""
            INSERT INTO person_standing (patient_key, practice_code, model_level, agreed_level, age_band, sex, deprivation, lead_state, has_lead,
              lead_id, lead_name, lead_role, plan_version, plan_state, plan_joint, plan_complete, review_day, revision)
            VALUES (@p0,@p1,@p2,0,@p3,@p4,@p5,0,@p6,'','','',0,'none',@p6,@p6,0,1)
            """);
        insert.Add(0L, "", (short)0, (short)0, (short)0, (short)0, false);
        await using var update = Command("""
            UPDATE person_standing SET practice_code=@p1, model_level=@p2, age_band=@p3, sex=@p4, deprivation=@p5 WHERE patient_key=@p0
            """);
        update.Add(0L, "", (short)0, (short)0, (short)0, (short)0);
        var row = 0;
        foreach (var person in seen)
        {
            var scored = row < result.Count && result.PatientKeys[row] == person.PatientKey;
            var level = scored ? result.Levels[row++] : (byte)0;
            var has = standings.TryGetValue(person.PatientKey, out var standing);
            var facts = person.Facts;
            var key = new CellKey(
                person.PracticeCode,
                has && standing.AgreedLevel > 0 ? standing.AgreedLevel : level,
                AgeBand.Of(facts.AgeOn(result.Index.Day)),
                (byte)facts.Sex,
                facts.DeprivationQuintile);
            if (scored || IsRegistered(result.Eligibility.Check(in facts, result.Index)))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(cells, key, out _).Add(has && standing.HasLead, has && standing.PlanJoint);
            }

            if (has)
            {
                update.Set(person.PatientKey, person.PracticeCode, (short)level, (short)key.AgeBand, (short)key.Sex, (short)key.Deprivation);
                await update.ExecuteNonQueryAsync(ct);
            }
            else if (level >= 3)
            {
                insert.Set(person.PatientKey, person.PracticeCode, (short)level, (short)key.AgeBand, (short)key.Sex, (short)key.Deprivation, false);
                await insert.ExecuteNonQueryAsync(ct);
            }
        }

        await ReplaceAsync(MonthOf(today), cells, ct);
    }

    /// <summary>Moves one person from the cell that they were in to the one they are in now.</summary>
    public async Task MoveAsync(CellShare before, CellShare after, DateOnly today, CancellationToken ct)
    {
        if (before == after)
        {
            return;
        }

        var month = MonthOf(today);
        if (!await BeginMonthAsync(month, ct))
        {
            // Nobody has been counted yet; the first run will count the person as they stand then.
            return;
        }

        await AddAsync(month, before, -1, ct);
        await AddAsync(month, after, 1, ct);
    }

    /// <summary>Excluded people who are registered all the same: they belong to the population, without a level.</summary>
    private static bool IsRegistered(ExclusionReason reason) =>
        reason is ExclusionReason.None or ExclusionReason.TypeOneOptOut or ExclusionReason.NationalOptOut or ExclusionReason.UnderAge
            or ExclusionReason.OverAge or ExclusionReason.NoBirthDate;

    private async Task<Dictionary<long, (byte AgreedLevel, bool HasLead, bool PlanJoint)>> StandingsAsync(CancellationToken ct)
    {
        await using var command = Command("SELECT patient_key, agreed_level, has_lead, plan_joint FROM person_standing");
        var standings = new Dictionary<long, (byte, bool, bool)>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            standings[reader.GetInt64(0)] = ((byte)reader.GetInt16(1), reader.GetBoolean(2), reader.GetBoolean(3));
        }

        return standings;
    }

    private async Task ReplaceAsync(int month, Dictionary<CellKey, Counts> cells, CancellationToken ct)
    {
        await using (var delete = Command("DELETE FROM coverage_cell WHERE month=@p0"))
        {
            delete.Add(month);
            await delete.ExecuteNonQueryAsync(ct);
        }

        await using var insert = Command("""
            INSERT INTO coverage_cell (month, practice_code, level, age_band, sex, deprivation, people, with_lead, with_plan, with_both)
            VALUES (@p0,@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9)
            """);
        insert.Add(month, "", (short)0, (short)0, (short)0, (short)0, 0, 0, 0, 0);
        foreach (var (key, counts) in cells)
        {
            insert.Set(month, key.PracticeCode, (short)key.Level, (short)key.AgeBand, (short)key.Sex, (short)key.Deprivation, counts.People, counts.Lead, counts.Plan, counts.Both);
            await insert.ExecuteNonQueryAsync(ct);
        }
    }

    /// <summary>Ends agreed levels that have run out, so that the run counts those people at the model's level.</summary>
    private async Task ExpireAgreedLevelsAsync(DateOnly today, CancellationToken ct)
    {
        await using var standing = Command("""
            UPDATE person_standing SET agreed_level=0, revision=revision+1 WHERE agreed_level>0 AND patient_key IN
              (SELECT patient_key FROM agreed_level_record WHERE end_day=0 AND expires_day<@p0)
            """);
        standing.Add(today.DayNumber);
        await standing.ExecuteNonQueryAsync(ct);
        await using var record = Command("UPDATE agreed_level_record SET end_day=expires_day, end_reason=@p1, ended_by=@p1 WHERE end_day=0 AND expires_day<@p0");
        record.Add(today.DayNumber, AgreedLevelRecord.Expired);
        await record.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Gives a month its cells; false where there are none to begin with.</summary>
    private async Task<bool> BeginMonthAsync(int month, CancellationToken ct)
    {
        await using var begin = Command("""
            INSERT INTO coverage_cell (month, practice_code, level, age_band, sex, deprivation, people, with_lead, with_plan, with_both)
            SELECT @p0, practice_code, level, age_band, sex, deprivation, people, with_lead, with_plan, with_both FROM coverage_cell
            WHERE month = (SELECT MAX(month) FROM coverage_cell WHERE month < @p0) AND NOT EXISTS (SELECT 1 FROM coverage_cell WHERE month = @p0)
            """);
        begin.Add(month);
        if (await begin.ExecuteNonQueryAsync(ct) > 0)
        {
            return true;
        }

        await using var begun = Command("SELECT COUNT(*) FROM (SELECT 1 FROM coverage_cell WHERE month=@p0 LIMIT 1) one");
        begun.Add(month);
        return Convert.ToInt64(await begun.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture) > 0;
    }

    private async Task AddAsync(int month, CellShare share, int sign, CancellationToken ct)
    {
        await using var add = Command("""
            INSERT INTO coverage_cell (month, practice_code, level, age_band, sex, deprivation, people, with_lead, with_plan, with_both)
            VALUES (@p0,@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9)
            ON CONFLICT (month, practice_code, level, age_band, sex, deprivation) DO UPDATE SET people=coverage_cell.people+excluded.people,
              with_lead=coverage_cell.with_lead+excluded.with_lead, with_plan=coverage_cell.with_plan+excluded.with_plan,
              with_both=coverage_cell.with_both+excluded.with_both
            """);
        add.Add(
            month, share.Key.PracticeCode, (short)share.Key.Level, (short)share.Key.AgeBand, (short)share.Key.Sex, (short)share.Key.Deprivation,
            sign, share.HasLead ? sign : 0, share.HasPlan ? sign : 0, share is { HasLead: true, HasPlan: true } ? sign : 0);
        await add.ExecuteNonQueryAsync(ct);
    }

    private DbCommand Command(string sql)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        return command;
    }

    private struct Counts
    {
        public int People;
        public int Lead;
        public int Plan;
        public int Both;

        public void Add(bool lead, bool plan)
        {
            People++;
            Lead += lead ? 1 : 0;
            Plan += plan ? 1 : 0;
            Both += lead && plan ? 1 : 0;
        }
    }
}
