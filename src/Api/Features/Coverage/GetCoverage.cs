using System.Globalization;
using System.Text;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using MediatR;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>The national condition: who is at high risk, by what approach, and who of those has a lead and a joint plan.</summary>
public static class GetCoverage
{
    /// <summary>By what, and for which month.</summary>
    public sealed record Query(string? By, string? Month) : IRequest<Result<CoverageAnswer>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadCoverage;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Answers from the cells; exact only for callers who may see the people themselves.</summary>
    public sealed class Handler(CoverageQuestions questions, CurrentCaller current) : IRequestHandler<Query, Result<CoverageAnswer>>
    {
        /// <inheritdoc/>
        public async Task<Result<CoverageAnswer>> Handle(Query request, CancellationToken cancellationToken)
        {
            var by = request.By ?? "practice";
            if (!CoverageQuestions.Dimensions.Contains(by))
            {
                return new Invalid("by", $"Coverage is counted by {string.Join(", ", CoverageQuestions.Dimensions)}.");
            }

            int? month = null;
            if (request.Month is { } text)
            {
                if (!DateOnly.TryParseExact(text + "-01", "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var first))
                {
                    return new Invalid("month", "A month is written yyyy-MM.");
                }

                month = (first.Year * 100) + first.Month;
            }

            var caller = current.Caller;
            var answer = await questions.AnswerAsync(by, month, caller.Grants.Contains(Grant.ReadRecords), caller.Practices, cancellationToken);
            return answer is null
                ? new NotVisible("coverage: nothing has been counted for that month. Run a stratification first")
                : answer;
        }
    }

    /// <summary>The answer as CSV (RFC 4180).</summary>
    internal static string Csv(CoverageAnswer answer)
    {
        var csv = new StringBuilder("month,group,adults,high_risk,high_risk_percent,with_lead,with_lead_percent,with_plan,with_plan_percent,with_both,with_both_percent\r\n");
        foreach (var r in answer.Rows.Append(answer.Total))
        {
            csv.AppendJoin(',', new[] { answer.Month, r.Group, r.Adults, r.HighRisk, r.HighRiskPercent, r.WithLead, r.WithLeadPercent, r.WithPlan, r.WithPlanPercent, r.WithBoth, r.WithBothPercent }.Select(Cell)).Append("\r\n");
        }

        return csv.ToString();
    }

    // A cell that begins like a formula would run in a spreadsheet.
    private static string Cell(string text) =>
        text.Length > 0 && text[0] is '=' or '+' or '@' ? $"\"'{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : text;

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/coverage",
        async (string? by, string? month, HttpRequest http, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(by, month), ct)).Match(
                answer => http.Headers.Accept.ToString().Contains("text/csv", StringComparison.OrdinalIgnoreCase)
                    ? Results.Text(Csv(answer), "text/csv", Encoding.UTF8)
                    : Results.Ok(answer),
                Problems.From))
        .WithName("GetCoverage").WithTags("Coverage").WithSummary("The three answers of the national condition, by practice, locality, place …")
        .Produces<CoverageAnswer>(200, "application/json", "text/csv").Produces<Problem>(400).Produces<Problem>(404);
}
