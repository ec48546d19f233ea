using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Api.Security;
using MediatR;

namespace BetterCare.Care.Api.Features.Models;

/// <summary>Starts a training in the background; its result is a proposed model.</summary>
public static class StartTraining
{
    /// <summary>What to train.</summary>
    public sealed record Command(string? Kind, string? IndexDate, string? Id, string? Version, string? Outcome, string? Data) : IRequest<Result<string>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Everyone;
    }

    /// <summary>Creates the job and hands it to the worker.</summary>
    public sealed class Handler(ModelTraining training, RiskModels models, JobQueue queue, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<string>>
    {
        /// <inheritdoc/>
        public async Task<Result<string>> Handle(Command request, CancellationToken cancellationToken)
        {
            var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
            if (TrainingRequest.Unfit(request.Kind, request.IndexDate, request.Outcome, today) is { } unfit)
            {
                return unfit;
            }

            if (request.Data?.Length > Reasons.MaxLength)
            {
                return new Invalid("data", $"Say where the data came from in up to {Reasons.MaxLength} characters.");
            }

            var id = request.Id ?? $"local-{request.Kind}";
            var version = request.Version ?? await models.NextVersionAsync(id, cancellationToken);
            var created = await training.CreateAsync(new TrainingRequest(request.Kind!, request.IndexDate!, id, version, request.Data ?? TrainingRequest.OwnPeople), current.Caller.Name, cancellationToken);
            if (created.Error is null)
            {
                queue.Enqueue(created.Value);
            }

            return created;
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Kind"><c>logistic</c> or <c>ebm</c>.</param>
    /// <param name="IndexDate">The day whose following year is the outcome, yyyy-MM-dd; that year must be over.</param>
    /// <param name="Id">Id for the model; null: local-logistic or local-ebm.</param>
    /// <param name="Version">Version; null: the next.</param>
    /// <param name="Outcome"><c>emergency-admission-12m</c>, or null.</param>
    /// <param name="Data">Where the data came from, for the model card.</param>
    public sealed record Body(string? Kind, string? IndexDate, string? Id = null, string? Version = null, string? Outcome = null, string? Data = null);

    /// <summary>What a client gets.</summary>
    public sealed record Accepted(string Id, string Status);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/model-trainings",
        async (Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(body.Kind, body.IndexDate, body.Id, body.Version, body.Outcome, body.Data), ct))
                .Match(id => Results.Accepted($"/v1/model-trainings/{id}", new Accepted(id, $"/v1/model-trainings/{id}")), Problems.From))
        .WithName("StartTraining").WithTags("Models").WithSummary("Train a model on the people of this place; poll the answered location for progress")
        .Produces<Accepted>(202).Produces<Problem>(400).Produces<Problem>(409);
}

/// <summary>Tells how a training stands.</summary>
public static class GetTraining
{
    /// <summary>Which.</summary>
    public sealed record Query(string Id) : IRequest<Result<TrainingReport>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Reads it.</summary>
    public sealed class Handler(ModelTraining training) : IRequestHandler<Query, Result<TrainingReport>>
    {
        /// <inheritdoc/>
        public async Task<Result<TrainingReport>> Handle(Query request, CancellationToken cancellationToken) =>
            await training.ReportAsync(request.Id, cancellationToken) is { } report ? report : new NotVisible("training");
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/model-trainings/{id}",
        async (string id, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(id), ct)).Match(report => Results.Ok(report), Problems.From))
        .WithName("GetTraining").WithTags("Models").WithSummary("Progress of a training, and where the proposed model is")
        .Produces<TrainingReport>().Produces<Problem>(404);
}

/// <summary>Cancels a training, an evaluation or a comparison.</summary>
public static class CancelModelJob
{
    /// <summary>Which.</summary>
    public sealed record Command(string Id, string Kind, string What) : IRequest<Result<bool>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Marks it; the process that runs it stops within a second.</summary>
    public sealed class Handler(JobControl control) : IRequestHandler<Command, Result<bool>>
    {
        /// <inheritdoc/>
        public async Task<Result<bool>> Handle(Command request, CancellationToken cancellationToken) =>
            await control.CancelAsync(request.Id, request.Kind, request.What, cancellationToken) is { } error ? error : true;
    }

    /// <summary>Serves it for one kind of job.</summary>
    /// <param name="routes">Where.</param>
    /// <param name="path">The collection, for example <c>/v1/model-trainings</c>.</param>
    /// <param name="kind">The kind in the job table.</param>
    /// <param name="what">The word for it.</param>
    /// <param name="name">Name of the operation.</param>
    /// <param name="tag">Group of the operation.</param>
    public static void Map(IEndpointRouteBuilder routes, string path, string kind, string what, string name, string tag) => routes.MapDelete(path + "/{id}",
        async (string id, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(id, kind, what), ct)).Match(_ => Results.NoContent(), Problems.From))
        .WithName(name).WithTags(tag).WithSummary($"Cancel the {what}; nothing of it is kept")
        .Produces(204).Produces<Problem>(404).Produces<Problem>(409);
}
