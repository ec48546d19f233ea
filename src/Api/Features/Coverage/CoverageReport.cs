using BetterCare.Care.Api.Features.Bcf;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>Everything that a commissioner's report shows.</summary>
/// <param name="Answers">The national condition by several dimensions; the first is by locality.</param>
/// <param name="Trend">Month by month.</param>
/// <param name="Bcf">The Better Care Fund metrics; null: not counted yet.</param>
public sealed record CoverageReport(IReadOnlyList<CoverageAnswer> Answers, CoverageTrend Trend, BcfAnswer? Bcf)
{
    /// <summary>The dimensions that are shown, in order.</summary>
    public static IReadOnlyList<string> Dimensions { get; } = ["locality", "place", "neighbourhood", "practice", "age", "sex", "deprivation"];

    /// <summary>The answer whose total heads the report.</summary>
    public CoverageAnswer First => Answers[0];
}

/// <summary>Gathers a report from the same answers that the single requests give.</summary>
public sealed class CoverageReports(CoverageQuestions questions, BcfQuestions metrics)
{
    /// <summary>The report that a caller may have.</summary>
    public async Task<Result<CoverageReport>> AskAsync(Caller caller, bool wholeList, bool asPublished, CancellationToken ct)
    {
        var answers = new List<CoverageAnswer>();
        foreach (var by in caller.Practices is null || (caller.Grants.Contains(Grant.ReadRecords) && !asPublished) ? CoverageReport.Dimensions : ["practice"])
        {
            var answer = await questions.AnswerAsync(new CoverageAsk(by, WholeList: wholeList), caller, asPublished, ct);
            if (answer.Error is { } error)
            {
                return error;
            }

            answers.Add(answer.Value);
        }

        var bcf = await metrics.AnswerAsync(null, BcfQuestions.PublishedBy, caller, asPublished, ct);
        return new CoverageReport(answers, await questions.TrendAsync(wholeList, caller, asPublished, ct), bcf.Error is null ? bcf.Value : null);
    }
}
