using System.Data.Common;
using System.Globalization;
using System.Text;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Timelines;
using MediatR;

namespace BetterCare.Care.Api.Features.Runs;

/// <summary>People of the previous run who are not in the current one, and why: their leads and plans need an end.</summary>
public static class RunLeavers
{
    /// <summary>A page of them.</summary>
    public sealed record Query(string? Practice, string? Cursor, int Count) : IRequest<Result<Page>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>One page.</summary>
    /// <param name="RunId">The current run.</param>
    /// <param name="IndexDate">Its index date.</param>
    /// <param name="People">The rows.</param>
    /// <param name="Next">Cursor of the next page; null: this is the last.</param>
    public sealed record Page(int RunId, string IndexDate, IReadOnlyList<Row> People, string? Next);

    /// <summary>One person.</summary>
    /// <param name="NhsNumber">NHS number.</param>
    /// <param name="Name">Name.</param>
    /// <param name="Practice">ODS code at the time of the run.</param>
    /// <param name="PreviousLevel">Level in the previous run.</param>
    /// <param name="Reason">Why: <c>deceased</c>, <c>deregistered</c>, <c>type-one-opt-out</c> and so on.</param>
    public sealed record Row(string NhsNumber, string Name, string Practice, int PreviousLevel, string Reason)
    {
        /// <summary>Masked: a record would print everything.</summary>
        public override string ToString() => $"left from level {PreviousLevel}";
    }

    /// <summary>Reads a page in the order of storage keys.</summary>
    public sealed class Handler(CareDatabase database, RunModels models, CurrentCaller current, ListCursors cursors) : IRequestHandler<Query, Result<Page>>
    {
        /// <inheritdoc/>
        public async Task<Result<Page>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (request.Count is < 1 or > 500)
            {
                return new Invalid("count", "A page has 1 to 500 rows.");
            }

            if (cursors.Open("leavers", request.Cursor, out var place) is { } unfit)
            {
                return unfit;
            }

            var after = place is null ? 0L : long.Parse(place, CultureInfo.InvariantCulture);

            if (await models.CurrentAsync(ct) is not { } run)
            {
                return new Conflict(409, "There is no stratification yet: start one with POST /v1/stratification-runs.");
            }

            await using var connection = await database.OpenAsync(ct);
            await using var command = connection.CreateCommand();
            Build(command, request, run.RunId, after);
            await using var reader = await command.ExecuteReaderAsync(ct);
            var rows = new List<Row>();
            string? next = null;
            while (await reader.ReadAsync(ct))
            {
                if (rows.Count == request.Count)
                {
                    next = cursors.Seal("leavers", after.ToString(CultureInfo.InvariantCulture));
                    break;
                }

                after = reader.GetInt64(0);
                AccessTrail.Current?.Saw(after);
                rows.Add(new Row(
                    NhsNumber.FromStored(reader.GetInt64(1)).Value,
                    $"{reader.GetString(2)} {reader.GetString(3)}".Trim(),
                    reader.GetString(4),
                    reader.GetInt16(5),
                    RunReport.Word((ExclusionReason)reader.GetInt16(6))));
            }

            return new Page(run.RunId, run.IndexDate, rows, next);
        }

        private void Build(DbCommand command, Query request, int runId, long after)
        {
            // Whoever is restricted or, for this caller, opted out is counted, and not shown; who left by an opt-out is shown to nobody.
            var hidden = (int)(current.Caller.HiddenInLists | PersonFlags.Restricted | PersonFlags.TypeOneOptOut);
            var where = new StringBuilder("l.run_id=@run AND l.patient_key>@after AND (p.flags & @hidden)=0");
            Add(command, "run", runId);
            Add(command, "after", after);
            Add(command, "hidden", hidden);
            if (request.Practice is not null)
            {
                where.Append(" AND l.practice_code=@practice");
                Add(command, "practice", request.Practice.ToUpperInvariant());
            }

            if (current.Caller.Practices is { } own)
            {
                var names = own.Select((code, i) =>
                {
                    Add(command, $"own{i}", code);
                    return $"@own{i}";
                }).ToList();
                where.Append(names.Count == 0 ? " AND 1=0" : $" AND l.practice_code IN ({string.Join(",", names)})");
            }

            Add(command, "limit", request.Count + 1);
            command.CommandText = $"""
                SELECT l.patient_key, p.nhs_number, p.given, p.family, l.practice_code, l.previous_level, l.reason
                FROM run_leaver l JOIN patient p ON p.patient_key=l.patient_key WHERE {where} ORDER BY l.patient_key LIMIT @limit
                """;
        }

        private static void Add(DbCommand command, string name, object value)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/risk-list/left",
        async (string? practice, string? cursor, int? count, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(practice, cursor, count ?? 50), ct)).Match(page => Results.Ok(page), Problems.From))
        .WithName("RunLeavers").WithTags("Risk").WithSummary("People of the previous run who are not in the current one, and why")
        .Produces<Page>().Produces<Problem>(400).Produces<Problem>(409);
}
