using System.Data.Common;
using System.Globalization;
using System.Text;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using MediatR;
using LevelChange = BetterCare.Care.Storage.Model.LevelChange;

namespace BetterCare.Care.Api.Features.Runs;

/// <summary>The risk list of the current run: the people an MDT works through, highest risk first.</summary>
public static class RiskList
{
    /// <summary>A page of the list.</summary>
    public sealed record Query(string? Practice, int? Level, string? Change, string? Sort, string? Cursor, int Count) : IRequest<Result<Page>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadLists;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>One page.</summary>
    /// <param name="RunId">The run.</param>
    /// <param name="IndexDate">Its index date.</param>
    /// <param name="Model">Model and version.</param>
    /// <param name="Note">What kind of model it is: said with every answer.</param>
    /// <param name="People">The rows.</param>
    /// <param name="Next">Cursor of the next page; null: this is the last.</param>
    public sealed record Page(int RunId, string IndexDate, string Model, string Note, IReadOnlyList<Row> People, string? Next);

    /// <summary>One person.</summary>
    public sealed record Row(
        string NhsNumber,
        string Name,
        int Age,
        string Practice,
        int Level,
        int ModelLevel,
        int? AgreedLevel,
        double Percent,
        string Change,
        int? PreviousLevel,
        IReadOnlyList<string> Reasons,
        string? Lead,
        string? LeadId,
        string? LeadRole,
        string LeadState,
        string PlanState,
        bool PlanJoint,
        string? ReviewDue,
        string? LastAdmission)
    {
        /// <summary>Masked: a record would print everything.</summary>
        public override string ToString() => $"row at level {Level}";
    }

    /// <summary>Answers the query with one indexed read of a page.</summary>
    public sealed class Handler(CareDatabase database, CareDbContext db, RunModels models, CurrentCaller current, Pseudonyms pseudonyms, ListCursors cursors, TimeProvider clock) : IRequestHandler<Query, Result<Page>>
    {
        private static readonly Dictionary<string, (string Column, bool Descending)> Sorts = new(StringComparer.Ordinal)
        {
            ["risk"] = ("s.probability", true),
            ["-risk"] = ("s.probability", false),
            ["name"] = ("p.family_folded", false),
            ["age"] = ("p.birth_day", false),
            ["last-admission"] = ("s.last_admission_day", true),
        };

        /// <inheritdoc/>
        public async Task<Result<Page>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (request.Level is { } wanted && wanted is < 1 or > 4)
            {
                return new Invalid("level", "A level is 1 to 4.");
            }

            LevelChange? change = null;
            if (request.Change is { } word)
            {
                change = word switch { "none" => LevelChange.None, "new" => LevelChange.New, "risen" => LevelChange.Risen, "fallen" => LevelChange.Fallen, _ => null };
                if (change is null)
                {
                    return new Invalid("change", "A change is none, new, risen or fallen. Those who left since the previous run: GET /v1/risk-list/left.");
                }
            }

            if (!Sorts.TryGetValue(request.Sort ?? "risk", out var sort))
            {
                return new Invalid("sort", $"The list sorts by {string.Join(", ", Sorts.Keys)}.");
            }

            if (request.Count is < 1 or > 500)
            {
                return new Invalid("count", "A page has 1 to 500 rows.");
            }

            var order = request.Sort ?? "risk";
            if (cursors.Open($"risk-list {order}", request.Cursor, out var place) is { } unfit)
            {
                return unfit;
            }

            var cursor = place is null ? null : Cursor.Parse(place, order);

            var run = await models.CurrentAsync(db, ct);
            if (run is null)
            {
                return new Conflict(409, "There is no stratification yet: start one with POST /v1/stratification-runs.");
            }

            var rows = new List<Row>();
            string? next = null;
            (object Value, long Key) last = default;
            await using var connection = await database.OpenAsync(ct);
            await using var command = connection.CreateCommand();
            Build(command, request, change, sort, cursor, run);
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                if (rows.Count == request.Count)
                {
                    next = cursors.Seal($"risk-list {order}", string.Create(CultureInfo.InvariantCulture, $"{last.Key} {last.Value}"));
                    break;
                }

                last = (reader.GetValue(19), reader.GetInt64(0));
                AccessTrail.Current?.Saw(last.Key);
                var row = ReadRow(reader, run.Model);
                rows.Add(current.Caller.SeesIdentity ? row : Pseudonymised(row));
            }

            return new Page(run.RunId, run.IndexDate, run.Name, run.Note, rows, next);
        }

        private void Build(DbCommand command, Query request, LevelChange? change, (string Column, bool Descending) sort, Cursor? cursor, RunModels.Known run)
        {
            var where = new StringBuilder("s.run_id=@run AND (p.flags & @hidden)=0 AND p.death_day=0 AND (p.deregistered_day=0 OR p.deregistered_day>@today)");
            Add(command, "hidden", (int)current.Caller.HiddenInLists);
            Add(command, "today", DateOnly.FromDateTime(clock.GetLocalNow().DateTime).DayNumber);
            Add(command, "run", run.RunId);
            Add(command, "false", false);
            Add(command, "limit", request.Count + 1);
            if (request.Practice is not null)
            {
                where.Append(" AND s.practice_code=@practice");
                Add(command, "practice", request.Practice.ToUpperInvariant());
            }

            if (current.Caller.Practices is { } own)
            {
                var names = own.Select((code, i) =>
                {
                    Add(command, $"own{i}", code);
                    return $"@own{i}";
                }).ToList();
                where.Append(names.Count == 0 ? " AND 1=0" : $" AND s.practice_code IN ({string.Join(",", names)}) AND p.practice_code IN ({string.Join(",", names)})");
            }

            if (change is { } moved)
            {
                // In the words of the indexes of those who moved, so that they are seen to fit.
                where.Append(CultureInfo.InvariantCulture, $" AND s.change={(int)moved}");
            }

            if (cursor is not null)
            {
                var op = sort.Descending ? "<" : ">";
                where.Append(CultureInfo.InvariantCulture, $" AND {sort.Column} {op}= @after AND ({sort.Column} {op} @after OR s.patient_key > @key)");
                Add(command, "after", cursor.Value);
                Add(command, "key", cursor.Key);
            }

            var order = sort.Descending ? "DESC" : "ASC";
            string Page(string from, string condition) => $"""
                SELECT s.patient_key, p.nhs_number, p.given, p.family, p.birth_day, s.practice_code, s.level, s.previous_level, s.probability, s.change,
                  s.last_admission_day, s.reasons, COALESCE(st.agreed_level, 0) AS agreed, COALESCE(st.lead_name, '') AS lead_name, COALESCE(st.lead_role, '') AS lead_role,
                  COALESCE(st.lead_state, 0) AS lead_state, COALESCE(st.plan_state, 'none') AS plan_state, COALESCE(st.plan_joint, @false) AS plan_joint,
                  COALESCE(st.review_day, 0) AS review_day, {sort.Column} AS sort_value, COALESCE(st.has_lead, @false) AS has_lead, COALESCE(st.lead_id, '') AS lead_id
                FROM {from} WHERE {where}{condition} ORDER BY {sort.Column} {order}, s.patient_key LIMIT @limit
                """;
            const string everybody = "risk_score s JOIN patient p ON p.patient_key=s.patient_key LEFT JOIN person_standing st ON st.patient_key=s.patient_key";
            if (request.Level is not { } level)
            {
                command.CommandText = Page(everybody, "");
                return;
            }

            // Those whom the model puts there lie together in the list; the few whom people put there may lie anywhere, and
            // are looked up one by one (CROSS JOIN keeps SQLite from going through the list for them).
            const string agreed = "person_standing st CROSS JOIN risk_score s CROSS JOIN patient p";
            Add(command, "level", (short)level);
            var range = "";
            if (run.Ranges.Count == 4)
            {
                range = " AND s.probability>=@low AND s.probability<=@high";
                Add(command, "low", run.Ranges[level - 1][0]);
                Add(command, "high", run.Ranges[level - 1][1]);
            }

            command.CommandText = $"""
                SELECT * FROM (SELECT * FROM ({Page(everybody, $" AND s.level=@level AND COALESCE(st.agreed_level, 0) IN (0, @level){range}")}) AS by_model
                  UNION ALL SELECT * FROM ({Page(agreed, " AND s.patient_key=st.patient_key AND p.patient_key=st.patient_key AND st.agreed_level=@level AND st.agreed_level>0 AND s.level<>@level")}) AS by_people) AS both_ways
                ORDER BY sort_value {order}, patient_key LIMIT @limit
                """;
        }

        private Row ReadRow(DbDataReader r, IRiskModel model)
        {
            var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime).DayNumber;
            var agreed = r.GetInt16(12);
            var hasLead = r.GetBoolean(20);
            var leadState = (LeadState)r.GetInt16(15);
            var leadName = r.GetString(13);
            return new Row(
                NhsNumber.FromStored(r.GetInt64(1)).Value,
                $"{r.GetString(2)} {r.GetString(3)}".Trim(),
                new Stratification.Timelines.PersonFacts { BirthDay = r.GetInt32(4) }.AgeOn(today),
                r.GetString(5),
                agreed > 0 ? agreed : r.GetInt16(6),
                r.GetInt16(6),
                agreed > 0 ? agreed : null,
                Math.Round(100 * r.GetDouble(8), 1),
                ((LevelChange)r.GetInt16(9)).ToString().ToLowerInvariant(),
                r.GetInt16(7) is var previous and > 0 ? previous : null,
                [.. ReasonBytes.Read(r.GetFieldValue<byte[]>(11)).Where(x => x.LogOdds > 0).Take(3).Select(x => ReasonText.Of(model, x.Feature, x.With, x.Value, x.WithValue))],
                leadName.Length > 0 ? leadName : null,
                r.GetString(21) is { Length: > 0 } leadId ? leadId : null,
                r.GetString(14) is { Length: > 0 } role ? role : null,
                hasLead ? "confirmed" : leadState == LeadState.NobodyCanLead ? "nobody-can-lead" : leadName.Length > 0 ? "proposed" : "none",
                r.GetString(16),
                r.GetBoolean(17),
                Day(r.GetInt32(18)),
                Day(r.GetInt32(10)));
        }

        /// <summary>Who it is, and who cares for them, is left out; the age is rounded down to five years.</summary>
        private Row Pseudonymised(Row row) => row with
        {
            NhsNumber = pseudonyms.Of(current.Caller, row.NhsNumber),
            Name = "",
            Age = row.Age / 5 * 5,
            Lead = null,
            LeadId = null,
            LastAdmission = null,
        };

        private static string? Day(int day) => day == 0 ? null : DateOnly.FromDayNumber(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

        private static void Add(DbCommand command, string name, object value)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        /// <summary>Where a page ended: the key that breaks ties, and the value sorted by, so that pages neither repeat nor skip.</summary>
        private sealed record Cursor(long Key, object Value)
        {
            public static Cursor Parse(string place, string order)
            {
                var end = place.IndexOf(' ', StringComparison.Ordinal);
                var value = place[(end + 1)..];
                return new Cursor(
                    long.Parse(place.AsSpan(0, end), CultureInfo.InvariantCulture),
                    order switch
                    {
                        "risk" or "-risk" => double.Parse(value, CultureInfo.InvariantCulture),
                        "name" => value,
                        _ => int.Parse(value, CultureInfo.InvariantCulture),
                    });
            }
        }
    }

    /// <summary>Serves the list.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/risk-list",
        async (string? practice, int? level, string? change, string? sort, string? cursor, int? count, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(practice, level, change, sort, cursor, count ?? 50), ct)).Match(page => Results.Ok(page), Problems.From))
        .WithName("RiskList").WithTags("Risk").WithSummary("People by risk, highest first: level, percent, change, reasons, lead and plan")
        .Produces<Page>().Produces<Problem>(400).Produces<Problem>(409);
}
