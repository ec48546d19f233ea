using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Api.Security;
using MediatR;

namespace BetterCare.Care.Api.Features.Runs;

/// <summary>Starts a stratification in the background.</summary>
public static class StartRun
{
    /// <summary>What to run.</summary>
    public sealed record Command(string IndexDate, string? Policy, string? Model) : IRequest<Result<string>>, IGuarded
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
            var created = await jobs.CreateAsync(new RunRequest(request.IndexDate, request.Policy ?? "prism", request.Model), current.Caller.Name, cancellationToken);
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
    /// <param name="Model">Name of a model that ships; null: the default.</param>
    public sealed record Body(string IndexDate, string? Policy = null, string? Model = null);

    /// <summary>What a client gets.</summary>
    public sealed record Accepted(string Id, string Status);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/stratification-runs",
        async (Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(body.IndexDate, body.Policy, body.Model), ct))
                .Match(id => Results.Accepted($"/v1/stratification-runs/{id}", new Accepted(id, $"/v1/stratification-runs/{id}")), Problems.From))
        .WithName("StartRun").WithTags("Risk").WithSummary("Start a stratification; poll the answered location for progress")
        .Produces<Accepted>(202).Produces<Problem>(400);
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
