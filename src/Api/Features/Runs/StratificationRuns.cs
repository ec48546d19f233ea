using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Stratification.Runs;
using MediatR;

namespace BetterCare.Care.Api.Features.Runs;

/// <summary>Starts a stratification in the background.</summary>
public static class StartRun
{
    /// <summary>What to run.</summary>
    public sealed record Command(string IndexDate, string? Policy, string? Model, Tiers? Tiers, bool HonourNationalOptOut) : IRequest<Result<string>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Everyone;
    }

    /// <summary>Creates the job and hands it to the worker.</summary>
    public sealed class Handler(StratificationJobs jobs, JobQueue queue, CurrentCaller current) : IRequestHandler<Command, Result<string>>
    {
        /// <inheritdoc/>
        public async Task<Result<string>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (request is { Policy: not null, Tiers: not null })
            {
                return new Invalid("tiers", "Give the name of a policy, or tiers of your own, not both.");
            }

            var tiers = request.Tiers?.ToPolicy();
            var created = await jobs.CreateAsync(new RunRequest(request.IndexDate, request.Policy ?? "prism", request.Model, tiers, request.HonourNationalOptOut), current.Caller.Name, cancellationToken);
            if (created.Error is null)
            {
                queue.Enqueue(created.Value);
            }

            return created;
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="IndexDate">The day the prediction is for, yyyy-MM-dd.</param>
    /// <param name="Policy">prism (default), combined-model, halton-2014 or emis-qadmissions-bands.</param>
    /// <param name="Model">Id or id/version of a model that is or was in force, or the name of one that ships; null: the one in force.</param>
    /// <param name="Tiers">Tiers of the place's own, instead of a policy.</param>
    /// <param name="HonourNationalOptOut">Leave out people with a national data opt-out too; not needed for their own care.</param>
    public sealed record Body(string IndexDate, string? Policy = null, string? Model = null, Tiers? Tiers = null, bool HonourNationalOptOut = false);

    /// <summary>Tiers of the place's own.</summary>
    /// <param name="Rule"><c>share</c> (0.005 is the top 0.5 %, counted from the top), <c>probability</c> (0.5 and above), or <c>capacity</c> (people of the level alone).</param>
    /// <param name="Level4">Cut of level 4.</param>
    /// <param name="Level3">Cut of level 3.</param>
    /// <param name="Level2">Cut of level 2.</param>
    /// <param name="LongTermConditionsOnly">Rank people with a long-term condition only; all others are at level 1.</param>
    /// <param name="EachPractice">Rank people within their practice, so that each practice has its share.</param>
    public sealed record Tiers(TierRule Rule, double Level4, double Level3, double Level2, bool LongTermConditionsOnly = false, bool EachPractice = false)
    {
        internal TierPolicy ToPolicy()
        {
            var policy = Rule == TierRule.Capacity && Math.Max(Level4, Math.Max(Level3, Level2)) < int.MaxValue
                ? TierPolicy.ByCapacity((int)Level4, (int)Level3, (int)Level2) with { Level4 = Level4, Level3 = Level3, Level2 = Level2 }
                : new TierPolicy("own", $"The place's own, by {Rule.ToString().ToLowerInvariant()}", Rule, Level4, Level3, Level2);
            return policy with
            {
                Population = LongTermConditionsOnly ? TierPopulation.LongTermConditions : TierPopulation.Everyone,
                Scope = EachPractice ? TierScope.EachGroup : TierScope.WholePopulation,
                Source = "Decided by this place",
            };
        }
    }

    /// <summary>What a client gets.</summary>
    public sealed record Accepted(string Id, string Status);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/stratification-runs",
        async (Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(body.IndexDate, body.Policy, body.Model, body.Tiers, body.HonourNationalOptOut), ct))
                .Match(id => Results.Accepted($"/v1/stratification-runs/{id}", new Accepted(id, $"/v1/stratification-runs/{id}")), Problems.From))
        .WithName("StartRun").WithTags("Risk").WithSummary("Start a stratification; poll the answered location for progress")
        .Produces<Accepted>(202).Produces<Problem>(400).Produces<Problem>(409);
}

/// <summary>Runs so far: how levels, changes and stability went from run to run.</summary>
public static class ListRuns
{
    /// <summary>How many.</summary>
    public sealed record Query(int Count) : IRequest<Result<IReadOnlyList<RunReport>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Reads them.</summary>
    public sealed class Handler(StratificationJobs jobs) : IRequestHandler<Query, Result<IReadOnlyList<RunReport>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<RunReport>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (request.Count is < 1 or > 100)
            {
                return new Invalid("count", "The list has 1 to 100 rows.");
            }

            return (await jobs.ListAsync(request.Count, cancellationToken)).ToList();
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/stratification-runs",
        async (int? count, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(count ?? 20), ct)).Match(runs => Results.Ok(runs), Problems.From))
        .WithName("ListRuns").WithTags("Risk").WithSummary("Stratification runs, the newest first: levels, exclusions, changes and drift from run to run")
        .Produces<IReadOnlyList<RunReport>>().Produces<Problem>(400);
}

/// <summary>Tells how a stratification stands.</summary>
public static class GetRun
{
    /// <summary>Which.</summary>
    public sealed record Query(string Id) : IRequest<Result<RunReport>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Reads the report.</summary>
    public sealed class Handler(StratificationJobs jobs) : IRequestHandler<Query, Result<RunReport>>
    {
        /// <inheritdoc/>
        public async Task<Result<RunReport>> Handle(Query request, CancellationToken cancellationToken) =>
            await jobs.ReportAsync(request.Id, cancellationToken) is { } report ? report : new NotVisible("stratification run");
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/stratification-runs/{id}",
        async (string id, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(id), ct)).Match(report => Results.Ok(report), Problems.From))
        .WithName("GetRun").WithTags("Risk").WithSummary("Progress and outcome of a stratification")
        .Produces<RunReport>().Produces<Problem>(404);
}
