using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Api.Security;
using MediatR;

namespace BetterCare.Care.Api.Features.Models;

/// <summary>Starts a matched before/after comparison in the background.</summary>
public static class StartComparison
{
    /// <summary>What to compare.</summary>
    public sealed record Command(string? Landmark, int WindowDays, string? Model) : IRequest<Result<string>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Everyone;
    }

    /// <summary>Creates the job and hands it to the worker.</summary>
    public sealed class Handler(ComparisonJobs comparisons, JobQueue queue, CurrentCaller current) : IRequestHandler<Command, Result<string>>
    {
        /// <inheritdoc/>
        public async Task<Result<string>> Handle(Command request, CancellationToken cancellationToken)
        {
            var created = await comparisons.CreateAsync(request.Landmark, request.WindowDays, request.Model, current.Caller.Name, cancellationToken);
            if (created.Error is null)
            {
                queue.Enqueue(created.Value);
            }

            return created;
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Landmark">The day that divides before from after, yyyy-MM-dd; the year after it must be over.</param>
    /// <param name="WindowDays">Who got their first agreed joint plan in so many days up to the landmark has the service; 90 unless told.</param>
    /// <param name="Model">The model whose risk people are matched on; null: the one in force.</param>
    public sealed record Body(string? Landmark, int? WindowDays = null, string? Model = null);

    /// <summary>What a client gets.</summary>
    public sealed record Accepted(string Id, string Status);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/matched-comparisons",
        async (Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(body.Landmark, body.WindowDays ?? 90, body.Model), ct))
                .Match(id => Results.Accepted($"/v1/matched-comparisons/{id}", new Accepted(id, $"/v1/matched-comparisons/{id}")), Problems.From))
        .WithName("StartComparison").WithTags("Models").WithSummary("Compare emergency admissions before and after of people who got a joint plan with like people who did not")
        .Produces<Accepted>(202).Produces<Problem>(400).Produces<Problem>(404);
}

/// <summary>Tells how a comparison stands, and its outcome.</summary>
public static class GetComparison
{
    /// <summary>Which.</summary>
    public sealed record Query(string Id) : IRequest<Result<ComparisonStatus>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Reads it.</summary>
    public sealed class Handler(ComparisonJobs comparisons) : IRequestHandler<Query, Result<ComparisonStatus>>
    {
        /// <inheritdoc/>
        public async Task<Result<ComparisonStatus>> Handle(Query request, CancellationToken cancellationToken) =>
            await comparisons.StatusAsync(request.Id, cancellationToken) is { } status ? status : new NotVisible("comparison");
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/matched-comparisons/{id}",
        async (string id, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(id), ct)).Match(status => Results.Ok(status), Problems.From))
        .WithName("GetComparison").WithTags("Models").WithSummary("Progress and outcome of a comparison: change with a plan less change without, with its interval")
        .Produces<ComparisonStatus>().Produces<Problem>(404);
}
