using System.Globalization;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Bcf;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Bcf;

/// <summary>A named commissioner sets a baseline, a target or the estimate that a rate is taken of; every value ever set is kept.</summary>
public static class SetPlanValue
{
    private const int MaxLength = 200;

    /// <summary>The value; null takes it back.</summary>
    public sealed record Command(string Metric, string? Kind, string? Area, decimal? Value, string? Period, string? Reason) : IRequest<Result<BcfPlanValueView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.SetTargets;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Adds it to the history.</summary>
    public sealed class Handler(CareDbContext db, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<BcfPlanValueView>>
    {
        /// <inheritdoc/>
        public async Task<Result<BcfPlanValueView>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (BcfMetric.All.All(m => m.Id != request.Metric))
            {
                return new NotVisible($"metric. They are {string.Join(", ", BcfMetric.All.Select(m => m.Id))}");
            }

            if (Unfit(request) is { } unfit)
            {
                return unfit;
            }

            var now = clock.GetUtcNow();
            var value = new BcfPlanValue
            {
                Metric = request.Metric,
                Area = request.Area ?? "",
                Kind = request.Kind!,
                Id = Guid.CreateVersion7(now).ToString(),
                Value = request.Value?.ToString(CultureInfo.InvariantCulture) ?? "",
                Period = request.Period!,
                Reason = request.Reason!,
                SetBy = current.Caller.Name,
                SetAt = now.ToUnixTimeMilliseconds(),
            };
            db.BcfPlanValues.Add(value);
            await db.SaveChangesAsync(cancellationToken);
            return GetPlanValues.View(value);
        }

        private static Invalid? Unfit(Command r) => r switch
        {
            { Kind: not ("baseline" or "target" or "estimate") } => new Invalid("kind", "A value is a baseline, a target or an estimate (of the denominator)."),
            { Kind: "estimate", Metric: not "dementia-diagnosis" } => new Invalid("kind", "Only dementia-diagnosis has an estimated denominator."),
            { Value: < 0 or > 100_000_000 } => new Invalid("value", "A value is 0 or more."),
            { Kind: "estimate", Value: <= 0 } => new Invalid("value", "An estimated number of people is more than 0."),
            _ when string.IsNullOrWhiteSpace(r.Period) || r.Period.Length > MaxLength => new Invalid("period", $"Say for which period, as the plan names it, in up to {MaxLength} characters."),
            _ when string.IsNullOrWhiteSpace(r.Reason) || r.Reason.Length > MaxLength => new Invalid("reason", $"Say where the value comes from, in up to {MaxLength} characters: it is kept."),
            { Area.Length: > MaxLength } => new Invalid("area", "Name an area as /v1/bcf names it; leave it out for the whole."),
            _ => null,
        };
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Kind"><c>baseline</c>, <c>target</c> or <c>estimate</c>.</param>
    /// <param name="Area">The area as <c>/v1/bcf</c> names it; null: the whole.</param>
    /// <param name="Value">The value in the metric's unit; null takes it back.</param>
    /// <param name="Period">For which period, as the plan names it.</param>
    /// <param name="Reason">Where it comes from; kept.</param>
    public sealed record Body(string? Kind, string? Area, decimal? Value, string? Period, string? Reason);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/v1/bcf/{metric}/plan-values",
        async (string metric, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(metric, body.Kind, body.Area, body.Value, body.Period, body.Reason), ct)).Match(value => Results.Ok(value), Problems.From))
        .WithName("SetBcfPlanValue").WithTags("Better Care Fund").WithSummary("Set a baseline, a target or an estimated denominator; the former value is kept")
        .Produces<BcfPlanValueView>().Produces<Problem>(400).Produces<Problem>(404);
}

/// <summary>Every baseline, target and estimate of a metric that was ever set.</summary>
public static class GetPlanValues
{
    /// <summary>Of which metric.</summary>
    public sealed record Query(string Metric) : IRequest<Result<IReadOnlyList<BcfPlanValueView>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadCoverage;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Reads them, the latest first.</summary>
    public sealed class Handler(CareDbContext db) : IRequestHandler<Query, Result<IReadOnlyList<BcfPlanValueView>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<BcfPlanValueView>>> Handle(Query request, CancellationToken cancellationToken) =>
            (await db.BcfPlanValues.AsNoTracking().Where(v => v.Metric == request.Metric).OrderByDescending(v => v.Id).ToListAsync(cancellationToken)).ConvertAll(View);
    }

    internal static BcfPlanValueView View(BcfPlanValue v) => new(
        v.Kind, v.Area, v.Value.Length == 0 ? null : decimal.Parse(v.Value, CultureInfo.InvariantCulture), v.Period, v.Reason, v.SetBy, DateTimeOffset.FromUnixTimeMilliseconds(v.SetAt));

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/bcf/{metric}/plan-values",
        async (string metric, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(metric), ct)).Match(values => Results.Ok(values), Problems.From))
        .WithName("GetBcfPlanValues").WithTags("Better Care Fund").WithSummary("Every baseline, target and estimate ever set for the metric, the latest first: who, when, why")
        .Produces<IReadOnlyList<BcfPlanValueView>>();
}
