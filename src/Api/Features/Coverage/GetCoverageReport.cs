using System.Text;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using MediatR;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>The report of a commissioner: the three answers, breakdowns, months and metrics, as a page to read and print, or as text to paste.</summary>
public static class GetCoverageReport
{
    /// <summary>Among whom, and how.</summary>
    public sealed record Query(string? Population, string? Figures) : IRequest<Result<CoverageReport>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadCoverage;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Gathers the answers.</summary>
    public sealed class Handler(CoverageReports reports, CurrentCaller current) : IRequestHandler<Query, Result<CoverageReport>>
    {
        /// <inheritdoc/>
        public async Task<Result<CoverageReport>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ask = GetCoverage.Read(new GetCoverage.Query(null, null, request.Population, null, request.Figures));
            return ask.Error is { } error ? error : await reports.AskAsync(current.Caller, ask.Value.WholeList, request.Figures == "published", cancellationToken);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/coverage/report",
        async (string? population, string? figures, HttpContext http, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(population, figures), ct)).Match(
                report =>
                {
                    if (http.Request.Headers.Accept.ToString().StartsWith("text/plain", StringComparison.OrdinalIgnoreCase))
                    {
                        return Results.Text(CoverageText.Render(report), "text/plain", Encoding.UTF8);
                    }

                    http.Response.Headers.ContentSecurityPolicy = CoveragePage.Policy;
                    return Results.Text(CoveragePage.Render(report), "text/html", Encoding.UTF8);
                },
                Problems.From))
        .WithName("GetCoverageReport").WithTags("Coverage").WithSummary("The commissioner's report as a page to read and print; as text to paste with Accept: text/plain")
        .Produces<string>(200, "text/html", "text/plain").Produces<Problem>(400).Produces<Problem>(404);
}
