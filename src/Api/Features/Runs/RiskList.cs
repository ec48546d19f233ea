using System.Data.Common;
using System.Globalization;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Runs;
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

    /// <summary>The orders that the list is offered in.</summary>
    internal static IEnumerable<string> Orders => Handler.Sorts.Keys;

    /// <summary>Answers the query with one read of a page along an index: see <see cref="RiskListSql"/>.</summary>
    public sealed class Handler(CareDatabase database, RunModels models, CurrentCaller current, Pseudonyms pseudonyms, ListCursors cursors, TimeProvider clock) : IRequestHandler<Query, Result<Page>>
    {
        internal static readonly Dictionary<string, RiskOrder> Sorts = new(StringComparer.Ordinal)
        {
            ["risk"] = new(RiskColumn.Risk, Descending: true),
            ["-risk"] = new(RiskColumn.Risk, Descending: false),
            ["name"] = new(RiskColumn.Name, Descending: false),
            ["age"] = new(RiskColumn.Age, Descending: false),
            ["last-admission"] = new(RiskColumn.LastAdmission, Descending: true),
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

            var run = await models.CurrentAsync(ct);
            if (run is null)
            {
                return new Conflict(409, "There is no stratification yet: start one with POST /v1/stratification-runs.");
            }

            var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime).DayNumber;
            var question = new RiskListQuestion(run, PracticesOf(request), request.Level, change, sort, (int)current.Caller.HiddenInLists, today);
            var (rows, end) = RiskListSql.IsEmpty(question) ? ([], null) : await ReadAsync(question, place is null ? null : PlaceOf(place, sort.Column), request.Count, ct);
            var next = end is { } last ? cursors.Seal($"risk-list {order}", string.Create(CultureInfo.InvariantCulture, $"{last.Key} {last.Value}")) : null;
            return new Page(run.RunId, run.IndexDate, run.Name, run.Note, rows, next);
        }

        /// <summary>A page, and where it ended if there is more.</summary>
        private async Task<(List<Row> Rows, (object Value, long Key)? End)> ReadAsync(RiskListQuestion question, (object Value, long Key)? after, int count, CancellationToken ct)
        {
            var rows = new List<Row>(count);
            await using var connection = await database.OpenAsync(ct);
            while (true)
            {
                // People who may not be shown are passed over: where that leaves room, the page goes on behind them.
                await using var command = connection.CreateCommand();
                RiskListSql.Build(command, question, after, count + 1);
                var read = 0;
                await using var reader = await command.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                {
                    read++;
                    if (rows.Count == count)
                    {
                        return (rows, after);
                    }

                    after = (reader.GetValue(19), reader.GetInt64(0));
                    if (reader.GetBoolean(22))
                    {
                        AccessTrail.Current?.Saw(after.Value.Key);
                        var row = ReadRow(reader, question);
                        rows.Add(current.Caller.SeesIdentity ? row : Pseudonymised(row));
                    }
                }

                if (read <= count)
                {
                    return (rows, null);
                }
            }
        }

        /// <summary>Practices that are asked for and that the caller may see; null: all.</summary>
        private IReadOnlyList<string>? PracticesOf(Query request)
        {
            var own = current.Caller.Practices;
            return request.Practice?.ToUpperInvariant() is not { } practice ? own?.Order(StringComparer.Ordinal).ToList()
                : current.Caller.MaySee(practice) ? [practice]
                : [];
        }

        /// <summary>Where a page ended: the key that breaks ties, and the value sorted by, so that pages neither repeat nor skip.</summary>
        private static (object Value, long Key) PlaceOf(string place, RiskColumn column)
        {
            var end = place.IndexOf(' ', StringComparison.Ordinal);
            var value = place[(end + 1)..];
            return (
                column switch
                {
                    RiskColumn.Risk => double.Parse(value, CultureInfo.InvariantCulture),
                    RiskColumn.Name => value,
                    _ => int.Parse(value, CultureInfo.InvariantCulture),
                },
                long.Parse(place.AsSpan(0, end), CultureInfo.InvariantCulture));
        }

        private static Row ReadRow(DbDataReader r, RiskListQuestion question)
        {
            var agreed = r.GetInt16(12);
            var hasLead = r.GetBoolean(20);
            var leadState = (LeadState)r.GetInt16(15);
            var leadName = r.GetString(13);
            return new Row(
                NhsNumber.FromStored(r.GetInt64(1)).Value,
                $"{r.GetString(2)} {r.GetString(3)}".Trim(),
                new Stratification.Timelines.PersonFacts { BirthDay = r.GetInt32(4) }.AgeOn(question.Today),
                r.GetString(5),
                agreed > 0 ? agreed : r.GetInt16(6),
                r.GetInt16(6),
                agreed > 0 ? agreed : null,
                Math.Round(100 * r.GetDouble(8), 1),
                ((LevelChange)r.GetInt16(9)).ToString().ToLowerInvariant(),
                r.GetInt16(7) is var previous and > 0 ? previous : null,
                [.. ReasonBytes.Read(r.GetFieldValue<byte[]>(11)).Where(x => x.LogOdds > 0).Take(3).Select(x => ReasonText.Of(question.Run.Model, x.Feature, x.With, x.Value, x.WithValue))],
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
    }

    /// <summary>Serves the list.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/risk-list",
        async (string? practice, int? level, string? change, string? sort, string? cursor, int? count, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(practice, level, change, sort, cursor, count ?? 50), ct)).Match(page => Results.Ok(page), Problems.From))
        .WithName("RiskList").WithTags("Risk").WithSummary("People by risk, highest first: level, percent, change, reasons, lead and plan")
        .Produces<Page>().Produces<Problem>(400).Produces<Problem>(409);
}
