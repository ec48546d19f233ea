using System.Globalization;
using System.Text;
using BetterCare.Care.Api.Features.Coverage;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage.Bcf;
using MediatR;

namespace BetterCare.Care.Api.Features.Bcf;

/// <summary>The Better Care Fund metrics: numerator, denominator, rate, baseline, target, by CCG.</summary>
public static class GetBcf
{
    /// <summary>Up to which month, by which areas, and how.</summary>
    public sealed record Query(string? Until, string? By, string? Figures) : IRequest<Result<BcfAnswer>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadCoverage;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Answers from the counts, or from the release.</summary>
    public sealed class Handler(BcfQuestions questions, CurrentCaller current) : IRequestHandler<Query, Result<BcfAnswer>>
    {
        /// <inheritdoc/>
        public async Task<Result<BcfAnswer>> Handle(Query request, CancellationToken cancellationToken)
        {
            var month = MonthOf(request.Until);
            if (month.Error is { } error)
            {
                return error;
            }

            var by = CoverageGroups.Find(request.By ?? BcfQuestions.PublishedBy);
            return by is null || !CoverageGroups.OfPractices.Contains(by) ? new Invalid("by", $"Metrics are counted by {string.Join(", ", CoverageGroups.OfPractices)}.")
                : request.Figures is not (null or "published") ? new Invalid("figures", "Ask figures=published to see what is published; without it you see what you may.")
                : await questions.AnswerAsync(month.Value == 0 ? null : month.Value, by, current.Caller, request.Figures == "published", cancellationToken);
        }
    }

    /// <summary>Year x 100 + month of yyyy-MM; 0 where nothing is said.</summary>
    internal static Result<int> MonthOf(string? text) =>
        text is null ? 0
        : DateOnly.TryParseExact(text + "-01", "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var first) && first.Year > 1900 ? (first.Year * 100) + first.Month
        : new Invalid("until", "A month is written yyyy-MM.");

    /// <summary>The answer as CSV (RFC 4180).</summary>
    internal static string Csv(BcfAnswer answer)
    {
        var csv = new StringBuilder("until,metric,unit,period,area,numerator,denominator,value,baseline,target,change_on_baseline_percent,target_is_met\r\n");
        foreach (var m in answer.Metrics)
        {
            foreach (var l in m.Areas.Append(m.Whole))
            {
                csv.AppendJoin(',', ((string[])
                [
                    answer.Until, m.Id, m.Unit, m.Period, l.Area, l.Numerator, l.Denominator, l.Value, Text(l.Baseline), Text(l.Target), Text(l.ChangeOnBaselinePercent),
                    l.TargetIsMet switch { true => "yes", false => "no", _ => "" },
                ]).Select(GetCoverage.CsvCell)).Append("\r\n");
            }
        }

        return csv.ToString();
        static string Text(decimal? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/bcf",
        async (string? until, string? by, string? figures, HttpRequest http, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(until, by, figures), ct)).Match(
                answer => GetCoverage.WantsCsv(http) ? Results.Text(Csv(answer), "text/csv", Encoding.UTF8) : Results.Ok(answer),
                Problems.From))
        .WithName("GetBcf").WithTags("Better Care Fund").WithSummary("The Better Care Fund metrics of twelve months, by CCG: numerator, denominator, rate, baseline, target")
        .Produces<BcfAnswer>(200, "application/json", "text/csv").Produces<Problem>(400).Produces<Problem>(404);
}

/// <summary>Counts the metrics of twelve months anew.</summary>
public static class CountBcf
{
    /// <summary>Up to which month.</summary>
    public sealed record Command(string? Until) : IRequest<Result<string>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Everyone;
    }

    /// <summary>Counts; some seconds for a million people.</summary>
    public sealed class Handler(BcfCounter counter, BcfQuestions questions) : IRequestHandler<Command, Result<string>>
    {
        private static readonly SemaphoreSlim OneAtATime = new(1, 1);

        /// <inheritdoc/>
        public async Task<Result<string>> Handle(Command request, CancellationToken cancellationToken)
        {
            var month = GetBcf.MonthOf(request.Until);
            if (month.Error is { } error)
            {
                return error;
            }

            var until = month.Value == 0 ? questions.LastMonth : month.Value;
            if (until > questions.LastMonth)
            {
                return new Invalid("until", $"Metrics are counted over whole months: the latest is {BcfQuestions.MonthText(questions.LastMonth)}.");
            }

            await OneAtATime.WaitAsync(cancellationToken);
            try
            {
                await counter.CountAsync(until, cancellationToken);
            }
            finally
            {
                OneAtATime.Release();
            }

            return BcfQuestions.MonthText(until);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Until">yyyy-MM, the last of the twelve months; null: the last month that is over.</param>
    public sealed record Body(string? Until);

    /// <summary>What was counted.</summary>
    /// <param name="Until">yyyy-MM, the last of the twelve months.</param>
    public sealed record Counted(string Until);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/bcf/counts",
        async (Body? body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(body?.Until), ct)).Match(until => Results.Ok(new Counted(until)), Problems.From))
        .WithName("CountBcf").WithTags("Better Care Fund").WithSummary("Count the metrics of twelve months from everyone's timeline; done by itself after a month's end and after each run")
        .Produces<Counted>().Produces<Problem>(400);
}

/// <summary>Counts the last month that is over, after its end and after each run.</summary>
public sealed class BcfUpkeep(BcfCounter counter, BcfQuestions questions) : IUpkeep
{
    /// <inheritdoc/>
    public string Name => "Better Care Fund counts";

    /// <inheritdoc/>
    public TimeSpan Every => TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken ct)
    {
        if (await questions.DueAsync(ct) is { } month)
        {
            await counter.CountAsync(month, ct);
        }
    }
}
