using System.Data.Common;
using System.Globalization;
using System.Text;
using BetterCare.Care.Coordination.Worklists;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.Data.Sqlite;

namespace BetterCare.Care.Api.Features.Worklists;

/// <summary>A filter with everything that SQL needs: neighbourhoods as practices, names as numbers.</summary>
/// <param name="Filter">As parsed.</param>
/// <param name="Practices">ODS codes that the filter and the caller allow; null: all.</param>
/// <param name="Reasons">Numbers of predictors in the run's model, from 1.</param>
/// <param name="Conditions">Condition groups.</param>
/// <param name="Hidden">Flags that hide a person from the caller.</param>
/// <param name="Today">The day of the question.</param>
internal sealed record WorklistQuestion(
    WorklistFilter Filter, IReadOnlyCollection<string>? Practices, IReadOnlyCollection<int> Reasons, IReadOnlyCollection<ConditionGroup> Conditions, byte Hidden, DateOnly Today);

/// <summary>
/// The worklist in SQL: one indexed read of one narrow table, and the rows of the page in full. The last column says whether
/// the caller may be shown the person: the dead, the hidden and those who have moved are passed over. It agrees with
/// <see cref="WorklistFilter.Matches"/>. The page is read in the order of risk from an index that holds every filtered column;
/// only where few people share the days asked for is it read by day, and sorted.
/// </summary>
internal static class WorklistSql
{
    /// <summary>
    /// Up to so many people of some days are sorted by risk; of more, one in so many is on a page anyway, and walking down the
    /// list finds the page sooner.
    /// </summary>
    private const int FewOnThoseDays = 500;

    /// <summary>
    /// Whether so few people were admitted or discharged on the days asked for that the page is best read by day; null: that is
    /// not the question, or PostgreSQL is asked, which keeps statistics and finds out by itself.
    /// </summary>
    public static async Task<bool?> IsByDayAsync(DbConnection connection, WorklistQuestion question, CancellationToken ct)
    {
        if (DaysOf(question) is not { } days || connection is not SqliteConnection)
        {
            return null;
        }

        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT 1 FROM person_standing s WHERE {days} LIMIT 1 OFFSET {FewOnThoseDays.ToString(CultureInfo.InvariantCulture)}";
        return await command.ExecuteScalarAsync(ct) is null;
    }

    /// <summary>Fills a command that reads a page.</summary>
    /// <param name="command">Of either engine.</param>
    /// <param name="question">The filter.</param>
    /// <param name="byDay">As <see cref="IsByDayAsync"/> found.</param>
    /// <param name="after">Where the page before ended; null: the first.</param>
    /// <param name="limit">Rows to read.</param>
    public static void Build(DbCommand command, WorklistQuestion question, bool? byDay, (double Risk, long Key)? after, int limit)
    {
        var filter = question.Filter;
        var where = new StringBuilder("1=1");
        var shown = new StringBuilder("p.death_day=0 AND (p.flags & @hidden)=0");
        Add(command, "hidden", (short)question.Hidden);
        In(command, where, "s.practice_code", "practice", question.Practices);

        // Whoever has moved to another practice is no longer this one's, whatever the last run said.
        In(command, shown, "p.practice_code", "registered", question.Practices);

        // In the words of the index by level and risk (migration WorklistLevels), for one level; several are most of the list.
        Numbers(where, "(CASE WHEN s.agreed_level>0 THEN s.agreed_level ELSE s.model_level END)", filter.Levels);
        Numbers(where, "s.change", filter.Changes.Select(c => (int)c));
        Numbers(where, "s.frailty", filter.Frailty.Select(f => (int)f));
        if (question.Reasons.Count > 0)
        {
            var numbers = string.Join(',', question.Reasons);
            where.Append(CultureInfo.InvariantCulture, $" AND (s.reason1 IN ({numbers}) OR s.reason2 IN ({numbers}) OR s.reason3 IN ({numbers}))");
        }

        if (question.Conditions.Count > 0)
        {
            long low = 0, high = 0;
            foreach (var group in question.Conditions)
            {
                var bit = 1L << ((int)group & 63);
                (low, high) = (int)group < 64 ? (low | bit, high) : (low, high | bit);
            }

            where.Append(" AND ((s.conditions_low & @low)<>0 OR (s.conditions_high & @high)<>0)");
            Add(command, "low", low);
            Add(command, "high", high);
        }

        Flag(where, "s.has_lead", !filter.NoLead);
        Flag(where, "(s.plan_joint AND s.plan_state='agreed')", !filter.PlanMissing);
        Flag(where, "s.in_care_home", filter.InCareHome);
        if (filter.PlanOverdue is { } overdue)
        {
            Flag(where, $"(s.plan_joint AND s.plan_state='agreed' AND s.review_day>0 AND s.review_day<{question.Today.DayNumber.ToString(CultureInfo.InvariantCulture)})", overdue);
        }

        if (filter.Lead is { } lead)
        {
            where.Append(" AND s.has_lead AND s.lead_id=@lead");
            Add(command, "lead", lead);
        }

        // A plus keeps SQLite from an index by that column.
        var (day, order) = (byDay == false ? "+" : "", byDay == true ? "+" : "");
        if (filter.AdmittedWithinDays is { } admitted)
        {
            where.Append(" AND ").Append(Days($"{day}s.admitted_day", admitted, question.Today)).Append(" AND s.discharged_day<s.admitted_day");
        }

        if (filter.DischargedWithinDays is { } discharged)
        {
            where.Append(" AND ").Append(Days($"{day}s.discharged_day", discharged, question.Today));
        }

        if (after is { } ended)
        {
            where.Append(" AND s.risk<=@after AND (s.risk<@after OR s.patient_key>@key)");
            Add(command, "after", ended.Risk);
            Add(command, "key", ended.Key);
        }

        Add(command, "limit", limit);

        // The page is found in an index alone, and only its rows are looked up in full.
        command.CommandText = $"""
            SELECT s.patient_key, s.risk, p.nhs_number, p.given, p.family, p.birth_day, s.practice_code, s.agreed_level, s.model_level, s.previous_level, s.change,
              s.lead_id, s.lead_name, s.lead_role, s.has_lead, s.lead_state, s.plan_state, s.plan_joint, s.plan_complete, s.review_day, s.frailty, s.in_care_home,
              s.admitted_day, s.discharged_day, s.reason1, s.reason2, s.reason3, ({shown})
            FROM (SELECT s.patient_key, s.risk FROM person_standing s WHERE {where} ORDER BY {order}s.risk DESC, s.patient_key LIMIT @limit) k
            JOIN person_standing s ON s.patient_key=k.patient_key JOIN patient p ON p.patient_key=k.patient_key
            ORDER BY k.risk DESC, k.patient_key
            """;
    }

    private static void In(DbCommand command, StringBuilder where, string column, string name, IReadOnlyCollection<string>? values)
    {
        if (values is null)
        {
            return;
        }

        if (values.Count == 0)
        {
            where.Append(" AND 1=0");
            return;
        }

        var names = values.Select((value, i) =>
        {
            var parameter = $"{name}{i.ToString(CultureInfo.InvariantCulture)}";
            Add(command, parameter, value);
            return "@" + parameter;
        }).ToList();
        where.Append(CultureInfo.InvariantCulture, $" AND {column} {(names.Count == 1 ? "=" + names[0] : $"IN ({string.Join(',', names)})")}");
    }

    private static void Numbers(StringBuilder where, string column, IEnumerable<int> values)
    {
        var numbers = string.Join(',', values);
        if (numbers.Length > 0)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND {column}{(numbers.Contains(',', StringComparison.Ordinal) ? $" IN ({numbers})" : $"={numbers}")}");
        }
    }

    private static void Flag(StringBuilder where, string condition, bool? wanted)
    {
        if (wanted is { } holds)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND {(holds ? "" : "NOT ")}{condition}");
        }
    }

    /// <summary>The days asked for, as a condition; null: none are.</summary>
    private static string? DaysOf(WorklistQuestion question) => question.Filter switch
    {
        { AdmittedWithinDays: { } admitted } => Days("s.admitted_day", admitted, question.Today),
        { DischargedWithinDays: { } discharged } => Days("s.discharged_day", discharged, question.Today),
        _ => null,
    };

    // SQLite begins a range at the first lower bound that it reads: the one that only names the index's own condition comes last.
    private static string Days(string column, int days, DateOnly today) =>
        string.Create(CultureInfo.InvariantCulture, $"{column}>{today.DayNumber - days} AND {column}<={today.DayNumber} AND {column}>0");

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
