using System.Data.Common;
using System.Globalization;
using System.Text;
using BetterCare.Care.Storage.Model;
using Microsoft.Data.Sqlite;

namespace BetterCare.Care.Api.Features.Runs;

/// <summary>An order of the risk list.</summary>
/// <param name="Column">What is sorted by.</param>
/// <param name="Descending">The greatest first.</param>
internal sealed record RiskOrder(RiskColumn Column, bool Descending)
{
    /// <summary>Those whom the column does not tell apart: in the direction in which an index gives them.</summary>
    public bool KeyDescending => Column == RiskColumn.Risk && !Descending;
}

/// <summary>What the risk list can be sorted by.</summary>
internal enum RiskColumn
{
    /// <summary>Probability of an emergency admission.</summary>
    Risk,

    /// <summary>Family name.</summary>
    Name,

    /// <summary>Day of birth.</summary>
    Age,

    /// <summary>Day of the last admission.</summary>
    LastAdmission,
}

/// <summary>A question to the risk list with everything that SQL needs.</summary>
/// <param name="Run">The run.</param>
/// <param name="Practices">ODS codes that are asked for and that the caller may see; null: all.</param>
/// <param name="Level">Level in force.</param>
/// <param name="Change">Movement since the previous run.</param>
/// <param name="Order">The order.</param>
/// <param name="Hidden">Flags that keep a person out of the caller's lists.</param>
/// <param name="Today">The day of the question.</param>
internal sealed record RiskListQuestion(RunModels.Known Run, IReadOnlyList<string>? Practices, int? Level, LevelChange? Change, RiskOrder Order, int Hidden, int Today);

/// <summary>
/// The risk list in SQL. The keys of a page are found first, along an index that lies in the order asked for or, where the
/// filter leaves few, along the one that finds those few; then the rows of the page are read in full. The last column says
/// whether the caller may be shown the person: the hidden, the dead and those who have moved are passed over, as in worklists.
/// </summary>
internal static class RiskListSql
{
    /// <summary>Up to so many practices are read one by one and put together; for more, the whole list is read and the others passed over.</summary>
    private const int FewPractices = 8;

    /// <summary>Up to so many people are sorted rather than looked for along the order.</summary>
    private const int FewPeople = 1000;

    // In the words of the indexes (migration ListOrders).
    private const string InForce = "(CASE WHEN st.agreed_level>0 THEN st.agreed_level ELSE st.model_level END)";

    /// <summary>Whether the run has nobody to show: it counts people by their levels then and now.</summary>
    public static bool IsEmpty(RiskListQuestion question) =>
        question.Practices is { Count: 0 } || (question is { Change: { } change, Run.Moves.Count: 5 } && Matching(question.Run, null, change) == 0);

    /// <summary>Fills a command that reads a page.</summary>
    /// <param name="command">Of either engine.</param>
    /// <param name="question">What is asked.</param>
    /// <param name="after">Value and key of the last row before; null: the first page.</param>
    /// <param name="limit">Rows to read.</param>
    public static void Build(DbCommand command, RiskListQuestion question, (object Value, long Key)? after, int limit)
    {
        var page = new Page(command, question, after, limit);
        var few = question.Practices is { Count: <= FewPractices };
        var streams = few ? question.Practices!.SelectMany(p => page.Streams(page.Named(p), practice: true)).ToList() : page.Streams(question.Practices is null ? null : page.AnyOf(question.Practices), practice: false).ToList();
        var keys = streams.Count == 1 ? streams[0]
            : $"SELECT * FROM ({string.Join(" UNION ALL ", streams.Select((s, i) => Number($"SELECT * FROM ({s}) AS x{i}")))}) AS u ORDER BY {page.By("u.sort_value", "u.patient_key")} LIMIT {Number($"{limit}")}";
        Add(command, "hidden", question.Hidden);
        Add(command, "today", question.Today);
        Add(command, "false", false);
        var shown = new StringBuilder("s.patient_key IS NOT NULL AND p.patient_key IS NOT NULL AND (p.flags & @hidden)=0 AND p.death_day=0 AND (p.deregistered_day=0 OR p.deregistered_day>@today)");
        if (question.Practices is { } practices)
        {
            // Whoever has moved to another practice is no longer this one's, whatever the run said.
            shown.Append(CultureInfo.InvariantCulture, $" AND p.practice_code {page.AnyOf(practices)} AND s.practice_code {page.AnyOf(practices)}");
        }

        if (question.Level is { } level)
        {
            shown.Append(CultureInfo.InvariantCulture, $" AND (CASE WHEN COALESCE(st.agreed_level, 0)>0 THEN st.agreed_level ELSE s.level END)={level}");
        }

        if (question.Change is { } change)
        {
            shown.Append(CultureInfo.InvariantCulture, $" AND s.change={(int)change}");
        }

        command.CommandText = Number($"""
            SELECT k.patient_key, p.nhs_number, p.given, p.family, p.birth_day, s.practice_code, s.level, s.previous_level, s.probability, s.change,
              s.last_admission_day, s.reasons, COALESCE(st.agreed_level, 0), COALESCE(st.lead_name, ''), COALESCE(st.lead_role, ''),
              COALESCE(st.lead_state, 0), COALESCE(st.plan_state, 'none'), COALESCE(st.plan_joint, @false), COALESCE(st.review_day, 0),
              k.sort_value, COALESCE(st.has_lead, @false), COALESCE(st.lead_id, ''), ({shown})
            FROM ({keys}) AS k LEFT JOIN risk_score s ON s.run_id={question.Run.RunId} AND s.patient_key=k.patient_key
              LEFT JOIN patient p ON p.patient_key=k.patient_key LEFT JOIN person_standing st ON st.patient_key=k.patient_key
            ORDER BY {page.By("k.sort_value", "k.patient_key")}
            """);
    }

    /// <summary>How many people of a run the model puts at a level, and has moved so; null: any.</summary>
    private static int Matching(RunModels.Known run, int? level, LevelChange? change)
    {
        var people = 0;
        for (var before = 0; before <= 4; before++)
        {
            for (var now = 1; now <= 4; now++)
            {
                var moved = before == 0 ? LevelChange.New : now > before ? LevelChange.Risen : now < before ? LevelChange.Fallen : LevelChange.None;
                people += (level is null || level == now) && (change is null || change == moved) ? run.Moves[before][now] : 0;
            }
        }

        return people;
    }

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }

    /// <summary>The ways into a page: each gives keys in the order asked for, as many as the page has rows.</summary>
    private sealed class Page(DbCommand command, RiskListQuestion question, (object Value, long Key)? after, int limit)
    {
        private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
        private bool _placed;
        private bool _ranged;

        private bool HasNobody => question is { Level: not null, Run.Moves.Count: 5 } && Matching(question.Run, question.Level, question.Change) == 0;

        // Our own few numbers stand in the text, so that a server plans for them and knows the indexes of those who moved.
        private string OfRun => Number($"s.run_id={question.Run.RunId}");

        // A plus keeps SQLite from another index: from gathering everybody of many practices to sort them, or from walking past
        // everybody of a level for one practice.
        private string Apart => command is SqliteCommand ? "+" : "";

        private string OfChange => question.Change is { } change ? Number($" AND s.change={(int)change}") : "";

        public string Named(string practice)
        {
            if (!_names.TryGetValue(practice, out var name))
            {
                _names[practice] = name = Number($"@practice{_names.Count}");
                Add(command, name[1..], practice);
            }

            return "=" + name;
        }

        public string AnyOf(IReadOnlyList<string> practices) =>
            practices.Count == 1 ? Named(practices[0]) : $"IN ({string.Join(',', practices.Select(p => Named(p)[1..]))})";

        public string By(string value, string key) => $"{value} {(question.Order.Descending ? "DESC" : "ASC")}, {key} {(question.Order.KeyDescending ? "DESC" : "ASC")}";

        /// <summary>The ways for one practice, or for everybody whom a condition on the practice leaves.</summary>
        public IEnumerable<string> Streams(string? practices, bool practice)
        {
            var apart = practice ? "" : Apart;
            var scores = practices is null ? "" : $" AND {apart}s.practice_code {practices}";
            var column = question.Order.Column;
            if (column != RiskColumn.Risk && question.Level is 3 or 4)
            {
                // Everyone whom the model or people put there stands on the list, and lies there by level.
                var change = question.Change is { } moved ? Number($" AND st.change={(int)moved}") : "";
                yield return Stream(
                    "person_standing st", "st",
                    Number($"{(practice ? Apart : "")}{InForce}={question.Level}{(practices is null ? "" : $" AND st.practice_code {practices}")}{change}"),
                    column switch { RiskColumn.Name => "st.family_folded", RiskColumn.Age => "st.birth_day", _ => "st.last_admission_day" });
                yield break;
            }

            var rare = IsRare(practice);
            var ofModel = OfLevel(byRisk: column == RiskColumn.Risk || practice || rare) + OfChange;
            var byModel = OfRun + scores + ofModel;
            switch (column)
            {
                case var _ when HasNobody:
                    break;
                case RiskColumn.Risk:
                    yield return Stream("risk_score s", "s", byModel, "s.probability", bounded: _ranged);
                    break;
                case RiskColumn.LastAdmission when practice || rare:
                    // Nobody's days but this practice's are read, from an index alone.
                    yield return Stream("risk_score s", "s", byModel, "s.last_admission_day");
                    break;
                case RiskColumn.LastAdmission:
                    if (after is not { Value: 0L or 0 })
                    {
                        yield return Stream("risk_score s", "s", byModel + " AND s.last_admission_day>0", "s.last_admission_day");
                    }

                    yield return Never(byModel);
                    break;
                default:
                    var walked = column == RiskColumn.Name ? "p.family_folded" : "p.birth_day";
                    if (rare)
                    {
                        // Found first, whatever a server believes of their number.
                        var found = $"(WITH few AS MATERIALIZED (SELECT s.patient_key FROM risk_score s WHERE {byModel}) SELECT patient_key FROM few) f";
                        yield return Stream($"{found} CROSS JOIN patient p", "p", "p.patient_key=f.patient_key", walked);
                    }
                    else
                    {
                        // Whoever has moved between the caller's practices lies where they are registered now. The practice of the run
                        // is left to the page: a server takes the two for independent, expects few and sorts everybody.
                        var registered = practices is null ? OfRun : $"{apart}p.practice_code {practices} AND {OfRun}";
                        yield return Stream("patient p CROSS JOIN risk_score s", "p", $"{registered}{ofModel} AND s.patient_key=p.patient_key", walked);
                    }

                    break;
            }

            if (question.Level is { } level)
            {
                // The few whom people put there may lie anywhere, and are looked up one by one.
                yield return Stream(
                    "person_standing st CROSS JOIN risk_score s CROSS JOIN patient p", "s",
                    Number($"st.agreed_level={level} AND st.agreed_level>0 AND {OfRun}{scores} AND s.patient_key=st.patient_key AND s.level<>{level}{OfChange} AND p.patient_key=st.patient_key"),
                    column switch { RiskColumn.Risk => "s.probability", RiskColumn.Name => "p.family_folded", RiskColumn.Age => "p.birth_day", _ => "s.last_admission_day" });
            }
        }

        /// <summary>Those whom the model puts there; by risk they lie together.</summary>
        private string OfLevel(bool byRisk)
        {
            if (question.Level is not { } level)
            {
                return "";
            }

            if (!byRisk || question.Run.Ranges is not { Count: 4 } ranges)
            {
                return Number($" AND s.level={level}");
            }

            if (!_ranged)
            {
                // One bound on each side, the nearer: of two SQLite may begin at the level's end instead of the page's.
                var (low, high) = (ranges[level - 1][0], ranges[level - 1][1]);
                var place = after is { Value: double risk } && question.Order.Column == RiskColumn.Risk ? risk : (double?)null;
                Add(command, "low", place is { } from && !question.Order.Descending ? Math.Max(low, from) : low);
                Add(command, "high", place is { } to && question.Order.Descending ? Math.Min(high, to) : high);
                _ranged = true;
            }

            return Number($" AND s.level={level} AND s.probability>=@low AND s.probability<=@high");
        }

        /// <summary>Whether the filter leaves so few that they are found one by one and sorted.</summary>
        private bool IsRare(bool practice)
        {
            if (question.Run.Moves.Count != 5 || (question.Level is null && question.Change is null))
            {
                return false;
            }

            var everybody = Matching(question.Run, null, null);
            var people = Matching(question.Run, question.Level, question.Change);

            // The young are new: along the ages one would meet them last.
            var late = question is { Order.Column: RiskColumn.Age, Change: LevelChange.New };
            return people <= FewPeople || ((practice || late) && people < everybody / 20);
        }

        /// <summary>Those without an admission, who come last: in the order of their keys.</summary>
        private string Never(string where)
        {
            var placed = after is { Value: 0L or 0 } ? $" AND s.patient_key>{Key()}" : "";
            return Number($"SELECT s.patient_key, s.last_admission_day AS sort_value FROM risk_score s WHERE {where} AND s.last_admission_day=0{placed} ORDER BY s.patient_key LIMIT {limit}");
        }

        /// <summary>One way.</summary>
        /// <param name="from">Tables, the first to be read first.</param>
        /// <param name="keyOf">Whose key parts those of equal value.</param>
        /// <param name="where">Whom it leaves.</param>
        /// <param name="value">What is sorted by.</param>
        /// <param name="bounded">Whether <paramref name="where"/> begins at the place already.</param>
        private string Stream(string from, string keyOf, string where, string value, bool bounded = false)
        {
            var key = $"{keyOf}.patient_key";
            return Number($"SELECT {key}, {value} AS sort_value FROM {from} WHERE {where}{After(value, key, bounded)} ORDER BY {By(value, key)} LIMIT {limit}");
        }

        private string After(string value, string key, bool bounded)
        {
            if (after is null)
            {
                return "";
            }

            // One comparison of both finds the place in an index straight, however many share the value: thirty thousand Smiths.
            var order = question.Order;
            var (first, then) = (order.Descending ? "<" : ">", order.KeyDescending ? "<" : ">");
            var k = Key();
            return first == then
                ? $" AND ({value}, {key}) {first} (@after, {k})"
                : $"{(bounded ? "" : $" AND {value}{first}=@after")} AND ({value}{first}@after OR {key}{then}{k})";
        }

        private string Key()
        {
            if (!_placed)
            {
                Add(command, "after", after!.Value.Value);
                Add(command, "key", after.Value.Key);
                _placed = true;
            }

            return "@key";
        }
    }
}
