using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Api.Security;
using MediatR;

namespace BetterCare.Care.Api.Features.Models;

/// <summary>Starts an evaluation in the background.</summary>
public static class StartEvaluation
{
    /// <summary>What to judge.</summary>
    public sealed record Command(string? Model, int? RunId, string? IndexDate, string? DriftFrom) : IRequest<Result<string>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Everyone;
    }

    /// <summary>Creates the job and hands it to the worker.</summary>
    public sealed class Handler(EvaluationJobs evaluations, JobQueue queue, CurrentCaller current) : IRequestHandler<Command, Result<string>>
    {
        /// <inheritdoc/>
        public async Task<Result<string>> Handle(Command request, CancellationToken cancellationToken)
        {
            var created = await evaluations.CreateAsync(request.Model, request.RunId, request.IndexDate, request.DriftFrom, current.Caller.Name, cancellationToken);
            if (created.Error is null)
            {
                queue.Enqueue(created.Value);
            }

            return created;
        }
    }

    /// <summary>What a client sends: a model and an index date, or a run.</summary>
    /// <param name="Model">Id or id/version of a model of this place, proposed ones too, or the name of one that ships; null: the one in force.</param>
    /// <param name="IndexDate">The day whose following year is the outcome, yyyy-MM-dd; that year must be over.</param>
    /// <param name="RunId">A run, instead of model and index date.</param>
    /// <param name="DriftFrom">An earlier day: also tell how far each predictor has moved since.</param>
    public sealed record Body(string? Model = null, string? IndexDate = null, int? RunId = null, string? DriftFrom = null);

    /// <summary>What a client gets.</summary>
    public sealed record Accepted(string Id, string Status);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/model-evaluations",
        async (Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(body.Model, body.RunId, body.IndexDate, body.DriftFrom), ct))
                .Match(id => Results.Accepted($"/v1/model-evaluations/{id}", new Accepted(id, $"/v1/model-evaluations/{id}")), Problems.From))
        .WithName("StartEvaluation").WithTags("Models").WithSummary("Judge a model, or a run whose year is over: discrimination, calibration, cuts, groups, drift")
        .Produces<Accepted>(202).Produces<Problem>(400).Produces<Problem>(404);
}

/// <summary>Tells how an evaluation stands, and its outcome.</summary>
public static class GetEvaluation
{
    /// <summary>Which.</summary>
    public sealed record Query(string Id) : IRequest<Result<EvaluationStatus>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Reads it.</summary>
    public sealed class Handler(EvaluationJobs evaluations) : IRequestHandler<Query, Result<EvaluationStatus>>
    {
        /// <inheritdoc/>
        public async Task<Result<EvaluationStatus>> Handle(Query request, CancellationToken cancellationToken) =>
            await evaluations.StatusAsync(request.Id, cancellationToken) is { } status ? status : new NotVisible("evaluation");
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/model-evaluations/{id}",
        async (string id, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(id), ct)).Match(status => Results.Ok(status), Problems.From))
        .WithName("GetEvaluation").WithTags("Models").WithSummary("Progress and outcome of an evaluation")
        .Produces<EvaluationStatus>().Produces<Problem>(404);
}

/// <summary>An evaluation as a page with plots.</summary>
public static class GetEvaluationPage
{
    /// <summary>Which.</summary>
    public sealed record Query(string Id) : IRequest<Result<string>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Draws it.</summary>
    public sealed class Handler(EvaluationJobs evaluations) : IRequestHandler<Query, Result<string>>
    {
        /// <inheritdoc/>
        public async Task<Result<string>> Handle(Query request, CancellationToken cancellationToken) =>
            await evaluations.PageAsync(request.Id, cancellationToken) is { } page ? page : new NotVisible("completed evaluation");
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/model-evaluations/{id}/page",
        async (string id, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(id), ct)).Match(page => Results.Text(page, "text/html; charset=utf-8"), Problems.From))
        .WithName("GetEvaluationPage").WithTags("Models").WithSummary("The evaluation as a page with plots, drawn on the server")
        .Produces<string>(200, "text/html").Produces<Problem>(404);
}

/// <summary>Evaluations so far: how discrimination and calibration went over successive dates and models.</summary>
public static class ListEvaluations
{
    /// <summary>How many.</summary>
    public sealed record Query(int Count) : IRequest<Result<IReadOnlyList<EvaluationLine>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Reads them.</summary>
    public sealed class Handler(EvaluationJobs evaluations) : IRequestHandler<Query, Result<IReadOnlyList<EvaluationLine>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<EvaluationLine>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (request.Count is < 1 or > 100)
            {
                return new Invalid("count", "The list has 1 to 100 rows.");
            }

            return (await evaluations.ListAsync(request.Count, cancellationToken)).ToList();
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/model-evaluations",
        async (int? count, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(count ?? 20), ct)).Match(lines => Results.Ok(lines), Problems.From))
        .WithName("ListEvaluations").WithTags("Models").WithSummary("Evaluations, the newest first: calibration and drift over successive runs")
        .Produces<IReadOnlyList<EvaluationLine>>().Produces<Problem>(400);
}
