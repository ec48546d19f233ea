using System.Globalization;
using System.Text;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using MediatR;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>The national condition: who is at high risk, by what approach, and who of those has a lead and a joint plan.</summary>
public static class GetCoverage
{
    /// <summary>By what, for which month, among whom, by which level, and how.</summary>
    public sealed record Query(string? By, string? Month, string? Population = null, string? Basis = null, string? Figures = null) : IRequest<Result<CoverageAnswer>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadCoverage;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Answers from the cells for callers who may see the people themselves, from the release for others.</summary>
    public sealed class Handler(CoverageQuestions questions, CurrentCaller current) : IRequestHandler<Query, Result<CoverageAnswer>>
    {
        /// <inheritdoc/>
        public async Task<Result<CoverageAnswer>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ask = Read(request);
            return ask.Error is { } error ? error : await questions.AnswerAsync(ask.Value, current.Caller, request.Figures == "published", cancellationToken);
        }
    }

    /// <summary>Reads what was asked.</summary>
    internal static Result<CoverageAsk> Read(Query request)
    {
        if (CoverageGroups.Find(request.By ?? "practice") is not { } by)
        {
            return new Invalid("by", $"Coverage is counted by {string.Join(", ", CoverageGroups.Dimensions)}.");
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

        return request switch
        {
            { Population: not (null or "adults" or "whole-list") } => new Invalid("population", "The population is adults or whole-list."),
            { Basis: not (null or "in-force" or "model") } => new Invalid("basis", "The basis is in-force (the agreed level where one is agreed) or model."),
            { Figures: not (null or "published") } => new Invalid("figures", "Ask figures=published to see what is published; without it you see what you may."),
            _ => new CoverageAsk(by, month, request.Population == "whole-list", request.Basis == "model"),
        };
    }

    /// <summary>The answer as CSV (RFC 4180).</summary>
    internal static string Csv(CoverageAnswer answer)
    {
        var csv = new StringBuilder("month,stands_for,population,basis,by,group,people,number_verified,number_verified_percent,high_risk,high_risk_percent,with_lead,with_lead_percent,with_plan,with_plan_percent,with_both,with_both_percent,plan_overdue,plan_overdue_percent,lead_in_health,lead_in_social_care,lead_in_voluntary\r\n");
        foreach (var r in answer.Rows.Append(answer.Total))
        {
            csv.AppendJoin(',', ((string[])
            [
                answer.Month, answer.StandsFor, answer.Population, answer.Basis, answer.By, r.Group, r.People, r.NumberVerified, r.NumberVerifiedPercent, r.HighRisk, r.HighRiskPercent, r.WithLead, r.WithLeadPercent,
                r.WithPlan, r.WithPlanPercent, r.WithBoth, r.WithBothPercent, r.PlanOverdue, r.PlanOverduePercent, r.LeadInHealth, r.LeadInSocialCare, r.LeadInVoluntary,
            ]).Select(CsvCell)).Append("\r\n");
        }

        return csv.ToString();
    }

    /// <summary>A cell of CSV; one that begins like a formula would run in a spreadsheet.</summary>
    internal static string CsvCell(string text) =>
        text.Length > 0 && text[0] is '=' or '+' or '@' ? $"\"'{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : text;

    /// <summary>Whether the client wants CSV.</summary>
    internal static bool WantsCsv(HttpRequest http) => http.Headers.Accept.ToString().Contains("text/csv", StringComparison.OrdinalIgnoreCase);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/coverage",
        async (string? by, string? month, string? population, string? basis, string? figures, HttpRequest http, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(by, month, population, basis, figures), ct)).Match(
                answer => WantsCsv(http) ? Results.Text(Csv(answer), "text/csv", Encoding.UTF8) : Results.Ok(answer),
                Problems.From))
        .WithName("GetCoverage").WithTags("Coverage").WithSummary("The three answers of the national condition, by practice, locality, place …")
        .Produces<CoverageAnswer>(200, "application/json", "text/csv").Produces<Problem>(400).Produces<Problem>(404);
}

/// <summary>The national condition month by month.</summary>
public static class GetCoverageTrend
{
    /// <summary>Among whom, and how.</summary>
    public sealed record Query(string? Population, string? Figures) : IRequest<Result<CoverageTrend>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadCoverage;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Answers as <see cref="GetCoverage"/> does.</summary>
    public sealed class Handler(CoverageQuestions questions, CurrentCaller current) : IRequestHandler<Query, Result<CoverageTrend>>
    {
        /// <inheritdoc/>
        public async Task<Result<CoverageTrend>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ask = GetCoverage.Read(new GetCoverage.Query(null, null, request.Population, null, request.Figures));
            return ask.Error is { } error ? error : await questions.TrendAsync(ask.Value.WholeList, current.Caller, request.Figures == "published", cancellationToken);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/coverage/months",
        async (string? population, string? figures, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(population, figures), ct)).Match(trend => Results.Ok(trend), Problems.From))
        .WithName("GetCoverageTrend").WithTags("Coverage").WithSummary("Coverage month by month, as it stood then")
        .Produces<CoverageTrend>().Produces<Problem>(400);
}
