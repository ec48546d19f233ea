using System.Data.Common;
using System.Globalization;
using System.Runtime.InteropServices;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification.Runs;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace BetterCare.Care.Storage.Coverage;

/// <summary>
/// Keeps the coverage cells: counted afresh after a run, and moved by one person at a time when a decision changes. It remembers
/// as what each person is counted, so that a change takes them out of the cells they are in, and adds who was in none. Each
/// month has cells of its own; a month without a run begins with those of the month before.
/// </summary>
public sealed class CoverageWriter(DbConnection connection, DbTransaction transaction)
{
    private const string CellColumns =
        "month, split, practice_code, part, adult, level, model_level, people, verified, lead_health, lead_social_care, lead_voluntary, with_plan, with_both, plan_overdue";

    /// <summary>The month of a day, as cells number it.</summary>
    public static int MonthOf(DateOnly day) => (day.Year * 100) + day.Month;

    /// <summary>The last day of a month as cells number it.</summary>
    public static DateOnly LastDayOf(int month) => new DateOnly(month / 100, month % 100, 1).AddMonths(1).AddDays(-1);

    /// <summary>
    /// Waits until nobody else changes the month's cells, until the transaction ends. Whoever moves people takes this before
    /// anything else, so that no two wait for each other.
    /// </summary>
    public async Task LockAsync(DateOnly today, CancellationToken ct)
    {
        if (connection is SqliteConnection)
        {
            // One writer at a time as it is.
            return;
        }

        await using var command = Command("SELECT revision FROM coverage_month WHERE month=@p0 FOR UPDATE");
        command.Add(MonthOf(today));
        await command.ExecuteScalarAsync(ct);
    }

    /// <summary>Stores where everyone stands after a run, and counts the month's cells.</summary>
    public async Task AfterRunAsync(StratificationResult result, IReadOnlyList<PersonSeen> seen, DateOnly today, CancellationToken ct)
    {
        var month = MonthOf(today);
        await TouchAsync(month, ct);
        await ExpireAgreedLevelsAsync(today, ct);
        var standings = await StandingsAsync(today, ct);
        await PutStandingsAsync(result, seen, standings, today, ct);

        var counted = new List<(long PatientKey, CoverageShare Share)>(seen.Count);
        var whole = new Dictionary<CoverageShare, CellCounts>();
        var row = 0;
        foreach (var person in seen)
        {
            var level = row < result.Count && result.PatientKeys[row] == person.PatientKey ? result.Levels[row++] : (byte)0;
            if (!CoverageShare.IsRegistered(person.Facts, today.DayNumber))
            {
                continue;
            }

            var has = standings.TryGetValue(person.PatientKey, out var standing);
            var share = ShareOf(person.PracticeCode, person.Facts, level, has ? standing : default, today);
            counted.Add((person.PatientKey, share));

            // People who are alike go into the eight cells together.
            CollectionsMarshal.GetValueRefOrAddDefault(whole, share, out _).Add(share, 1);
        }

        await RememberAsync(counted, ct);
        var cells = new Dictionary<CellKey, CellCounts>();
        foreach (var (share, counts) in whole)
        {
            foreach (var key in share.Cells())
            {
                CollectionsMarshal.GetValueRefOrAddDefault(cells, key, out _).Add(counts);
            }
        }

        await ReplaceAsync(month, cells, ct);
    }

    /// <summary>
    /// Counts one person as they stand now: out of the cells they are in, into those they belong to. The first run counts
    /// everybody, so before it there is nothing to do.
    /// </summary>
    public async Task RecountAsync(long patientKey, DateOnly today, CancellationToken ct)
    {
        var month = MonthOf(today);
        if (!await BeginMonthAsync(month, ct))
        {
            return;
        }

        var (before, after) = await SharesAsync(patientKey, today, ct);
        if (before == after)
        {
            return;
        }

        await TouchAsync(month, ct);
        var cells = new Dictionary<CellKey, CellCounts>();
        Add(before, -1);
        Add(after, 1);
        await using var add = Command($"""
            INSERT INTO coverage_cell ({CellColumns}) VALUES (@p0,@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11,@p12,@p13,@p14)
            ON CONFLICT (month, split, practice_code, part, adult, level, model_level) DO UPDATE SET people=coverage_cell.people+excluded.people,
              verified=coverage_cell.verified+excluded.verified, lead_health=coverage_cell.lead_health+excluded.lead_health,
              lead_social_care=coverage_cell.lead_social_care+excluded.lead_social_care, lead_voluntary=coverage_cell.lead_voluntary+excluded.lead_voluntary,
              with_plan=coverage_cell.with_plan+excluded.with_plan, with_both=coverage_cell.with_both+excluded.with_both,
              plan_overdue=coverage_cell.plan_overdue+excluded.plan_overdue
            """);
        add.Add(month, (short)0, "", (short)0, false, (short)0, (short)0, 0, 0, 0, 0, 0, 0, 0, 0);
        foreach (var (key, counts) in cells)
        {
            Set(add, month, key, counts);
            await add.ExecuteNonQueryAsync(ct);
        }

        await using var remember = Command(after is null
            ? "DELETE FROM counted_person WHERE patient_key=@p0"
            : "INSERT INTO counted_person (patient_key, practice_code, share) VALUES (@p0,@p1,@p2) ON CONFLICT (patient_key) DO UPDATE SET practice_code=excluded.practice_code, share=excluded.share");
        if (after is { } now)
        {
            remember.Add(patientKey, now.PracticeCode, now.Pack());
        }
        else
        {
            remember.Add(patientKey);
        }

        await remember.ExecuteNonQueryAsync(ct);

        void Add(CoverageShare? share, int sign)
        {
            if (share is { } s)
            {
                foreach (var key in s.Cells())
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(cells, key, out _).Add(s, sign);
                }
            }
        }
    }

    private static CoverageShare ShareOf(string practice, PersonFacts facts, byte modelLevel, Standing standing, DateOnly today) => new(
        practice,
        standing.AgreedLevel > 0 ? standing.AgreedLevel : modelLevel,
        modelLevel,
        AgeBand.Of(facts.AgeOn(today.DayNumber)),
        (byte)facts.Sex,
        facts.DeprivationQuintile,
        facts.Flags.HasFlag(PersonFlags.NumberVerified),
        standing.Lead,
        standing.HasPlan,
        standing.PlanOverdue);

    /// <summary>What the person is counted as, and what they should be; null: not counted.</summary>
    private async Task<(CoverageShare? Before, CoverageShare? After)> SharesAsync(long patientKey, DateOnly today, CancellationToken ct)
    {
        await using var command = Command("""
            SELECT p.birth_day, p.death_day, p.registered_day, p.deregistered_day, p.sex, p.deprivation, p.flags, p.practice_code,
              s.agreed_level, s.model_level, s.plan_joint, s.plan_state, s.review_day, l.sector, c.practice_code, c.share,
              (SELECT level FROM risk_score WHERE patient_key=p.patient_key AND run_id=(SELECT MAX(run_id) FROM stratification_run WHERE status=2))
            FROM patient p LEFT JOIN person_standing s ON s.patient_key=p.patient_key LEFT JOIN lead_record l ON l.patient_key=p.patient_key AND l.state=1
              LEFT JOIN counted_person c ON c.patient_key=p.patient_key
            WHERE p.patient_key=@p0
            """);
        command.Add(patientKey);
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
        {
            await reader.DisposeAsync();
            return (await CountedAsync(patientKey, ct), null);
        }

        CoverageShare? before = await reader.IsDBNullAsync(14, ct) ? null : CoverageShare.Unpack(reader.GetString(14), reader.GetInt32(15));
        var facts = new PersonFacts(
            reader.GetInt32(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetInt32(3), (Sex)reader.GetInt16(4), (byte)reader.GetInt16(5), 0, (PersonFlags)reader.GetInt16(6));
        if (!CoverageShare.IsRegistered(in facts, today.DayNumber))
        {
            return (before, null);
        }

        var standing = await reader.IsDBNullAsync(8, ct)
            ? default
            : StandingOf((byte)reader.GetInt16(8), reader.GetBoolean(10), reader.GetString(11), reader.GetInt32(12), today);
        var modelLevel = !await reader.IsDBNullAsync(9, ct) ? (byte)reader.GetInt16(9)
            : !await reader.IsDBNullAsync(16, ct) ? (byte)reader.GetInt16(16)
            : before?.ModelLevel ?? 0;
        standing = standing with { Lead = CoverageShare.SectorOf(await reader.IsDBNullAsync(13, ct) ? null : reader.GetString(13)) };
        return (before, ShareOf(reader.GetString(7), facts, modelLevel, standing, today));
    }

    /// <summary>As what somebody is counted who is no longer here: their record was taken up by another.</summary>
    private async Task<CoverageShare?> CountedAsync(long patientKey, CancellationToken ct)
    {
        await using var command = Command("SELECT practice_code, share FROM counted_person WHERE patient_key=@p0");
        command.Add(patientKey);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? CoverageShare.Unpack(reader.GetString(0), reader.GetInt32(1)) : null;
    }

    private static Standing StandingOf(byte agreedLevel, bool joint, string state, int reviewDay, DateOnly today)
    {
        var overdue = state == "agreed" && reviewDay > 0 && reviewDay < today.DayNumber;
        return new Standing(agreedLevel, LeadSector.NoLead, joint && !overdue, overdue);
    }

    private async Task<Dictionary<long, Standing>> StandingsAsync(DateOnly today, CancellationToken ct)
    {
        await using var command = Command("""
            SELECT s.patient_key, s.agreed_level, s.plan_joint, s.plan_state, s.review_day, l.sector
            FROM person_standing s LEFT JOIN lead_record l ON l.patient_key=s.patient_key AND l.state=1
            """);
        var standings = new Dictionary<long, Standing>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var lead = CoverageShare.SectorOf(await reader.IsDBNullAsync(5, ct) ? null : reader.GetString(5));
            standings[reader.GetInt64(0)] = StandingOf((byte)reader.GetInt16(1), reader.GetBoolean(2), reader.GetString(3), reader.GetInt32(4), today) with { Lead = lead };
        }

        return standings;
    }

    /// <summary>Brings what is known of people who stand on the list up to date; adds who is new at levels 3 and 4.</summary>
    private async Task PutStandingsAsync(StratificationResult result, IReadOnlyList<PersonSeen> seen, Dictionary<long, Standing> standings, DateOnly today, CancellationToken ct)
    {
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
            var level = row < result.Count && result.PatientKeys[row] == person.PatientKey ? result.Levels[row++] : (byte)0;
            var has = standings.ContainsKey(person.PatientKey);
            if (!has && level < 3)
            {
                continue;
            }

            var command = has ? update : insert;
            command.Set(
                person.PatientKey, person.PracticeCode, (short)level, (short)AgeBand.Of(person.Facts.AgeOn(today.DayNumber)), (short)person.Facts.Sex, (short)person.Facts.DeprivationQuintile);
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    private async Task RememberAsync(List<(long PatientKey, CoverageShare Share)> counted, CancellationToken ct)
    {
        // Nobody but the writers of a month reads it, and they wait for this one.
        await using (var clear = Command(connection is SqliteConnection ? "DELETE FROM counted_person" : "TRUNCATE counted_person"))
        {
            await clear.ExecuteNonQueryAsync(ct);
        }

        if (connection is SqliteConnection sqlite)
        {
            using var insert = new SqliteStatement(sqlite.Handle!, "INSERT INTO counted_person (patient_key, practice_code, share) VALUES (?1,?2,?3)");
            foreach (var (key, share) in counted)
            {
                insert.Bind(key).Bind(share.PracticeCode).Bind((long)share.Pack()).Run();
            }

            return;
        }

        await using var copy = await ((NpgsqlConnection)connection).BeginBinaryImportAsync("COPY counted_person (patient_key, practice_code, share) FROM STDIN (FORMAT BINARY)", ct);
        foreach (var (key, share) in counted)
        {
            await copy.StartRowAsync(ct);
            await copy.WriteAsync(key, ct);
            await copy.WriteAsync(share.PracticeCode, ct);
            await copy.WriteAsync(share.Pack(), ct);
        }

        await copy.CompleteAsync(ct);
    }

    private async Task ReplaceAsync(int month, Dictionary<CellKey, CellCounts> cells, CancellationToken ct)
    {
        await using (var delete = Command("DELETE FROM coverage_cell WHERE month=@p0"))
        {
            delete.Add(month);
            await delete.ExecuteNonQueryAsync(ct);
        }

        await using var insert = Command($"INSERT INTO coverage_cell ({CellColumns}) VALUES (@p0,@p1,@p2,@p3,@p4,@p5,@p6,@p7,@p8,@p9,@p10,@p11,@p12,@p13,@p14)");
        insert.Add(month, (short)0, "", (short)0, false, (short)0, (short)0, 0, 0, 0, 0, 0, 0, 0, 0);
        foreach (var (key, counts) in cells)
        {
            Set(insert, month, key, counts);
            await insert.ExecuteNonQueryAsync(ct);
        }
    }

    private static void Set(DbCommand command, int month, in CellKey key, CellCounts c) => command.Set(
        month, (short)key.Split, key.PracticeCode, (short)key.Part, key.Adult, (short)key.Level, (short)key.ModelLevel,
        c.People, c.Verified, c.LeadHealth, c.LeadSocialCare, c.LeadVoluntary, c.WithPlan, c.WithBoth, c.PlanOverdue);

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
        await using var begun = Command("SELECT COALESCE(MAX(month), 0) FROM coverage_month WHERE month<=@p0");
        begun.Add(month);
        var last = Convert.ToInt32(await begun.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
        if (last == month || last == 0)
        {
            return last == month;
        }

        // Whoever comes first begins it; the row is the lock, and a second one finds the cells there.
        if (await TouchAsync(month, ct) == 1)
        {
            await using var begin = Command($"""
                INSERT INTO coverage_cell ({CellColumns}) SELECT @p0, {CellColumns[7..]} FROM coverage_cell WHERE month=@p1 AND people<>0
                """);
            begin.Add(month, last);
            await begin.ExecuteNonQueryAsync(ct);
        }

        return true;
    }

    private async Task<long> TouchAsync(int month, CancellationToken ct)
    {
        await using var touch = Command("INSERT INTO coverage_month (month, revision) VALUES (@p0, 1) ON CONFLICT (month) DO UPDATE SET revision=coverage_month.revision+1 RETURNING revision");
        touch.Add(month);
        return Convert.ToInt64(await touch.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
    }

    private DbCommand Command(string sql)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        return command;
    }

    private readonly record struct Standing(byte AgreedLevel, LeadSector Lead, bool HasPlan, bool PlanOverdue);
}
