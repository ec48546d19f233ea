using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Models;

/// <summary>A second person looks at a proposed model and recommends it or objects.</summary>
public static class ReviewModel
{
    /// <summary>The review.</summary>
    public sealed record Command(string Id, string Version, bool Recommend, string? Comment) : IRequest<Result<ModelSummary>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Keeps the review in the model's history.</summary>
    public sealed class Handler(CareDbContext db, RiskModels models, CurrentCaller current) : IRequestHandler<Command, Result<ModelSummary>>
    {
        /// <inheritdoc/>
        public async Task<Result<ModelSummary>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (string.IsNullOrWhiteSpace(request.Comment) || request.Comment.Length > Reasons.MaxLength)
            {
                return new Invalid("comment", $"Say what you looked at and found, in up to {Reasons.MaxLength} characters: it is kept.");
            }

            var model = await db.RiskModels.AsNoTracking().SingleOrDefaultAsync(m => m.ModelId == request.Id && m.Version == request.Version, cancellationToken);
            if (model is null)
            {
                return new NotVisible("model of that version");
            }

            if (model.State == ModelState.Withdrawn)
            {
                return new Conflict(409, "This model was withdrawn. Review the version that replaced it.");
            }

            if (model.ProposedBy == current.Caller.Name)
            {
                return new RuleNotMet("model-second-person", "A model is reviewed by somebody other than the one who put it forward.");
            }

            db.RiskModelDecisions.Add(models.Decision(model, request.Recommend ? ModelAction.Recommended : ModelAction.Objected, current.Caller.Name, request.Comment));
            await db.SaveChangesAsync(cancellationToken);
            return ModelSummary.Of(model);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Recommend">True: recommended for use; false: an objection, which stands until the same person recommends.</param>
    /// <param name="Comment">What was looked at and found.</param>
    public sealed record Body(bool Recommend, string? Comment);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/models/{id}/{version}/reviews",
        async (string id, string version, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(id, version, body.Recommend, body.Comment), ct)).Match(model => Results.Ok(model), Problems.From))
        .WithName("ReviewModel").WithTags("Models").WithSummary("Recommend a proposed model or object to it, with a comment; not by its proposer")
        .Produces<ModelSummary>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(409).Produces<Problem>(422);
}

/// <summary>Puts a model in force: the next runs use it. The one before is retired, not lost.</summary>
public static class ActivateModel
{
    /// <summary>The decision.</summary>
    public sealed record Command(string Id, string Version, string? Comment) : IRequest<Result<ModelSummary>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.Administer;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Checks that two people stand for the model, and changes places in one commit.</summary>
    public sealed class Handler(CareDbContext db, RiskModels models, CurrentCaller current) : IRequestHandler<Command, Result<ModelSummary>>
    {
        /// <inheritdoc/>
        public async Task<Result<ModelSummary>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (string.IsNullOrWhiteSpace(request.Comment) || request.Comment.Length > Reasons.MaxLength)
            {
                return new Invalid("comment", $"Say why this model is put in force, in up to {Reasons.MaxLength} characters: it is kept.");
            }

            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var model = await db.RiskModels.SingleOrDefaultAsync(m => m.ModelId == request.Id && m.Version == request.Version, ct);
            if (model is null)
            {
                return new NotVisible("model of that version");
            }

            if (model.State == ModelState.Active)
            {
                return ModelSummary.Of(model);
            }

            if (await RefusalAsync(model, ct) is { } refusal)
            {
                return refusal;
            }

            try
            {
                // One after the other: the database allows one model in force at any moment.
                if (await db.RiskModels.SingleOrDefaultAsync(m => m.State == ModelState.Active, ct) is { } before)
                {
                    before.State = ModelState.Retired;
                    db.RiskModelDecisions.Add(models.Decision(before, ModelAction.Retired, current.Caller.Name, $"Replaced by {model.ModelId} {model.Version}"));
                    await db.SaveChangesAsync(ct);
                }

                model.State = ModelState.Active;
                db.RiskModelDecisions.Add(models.Decision(model, ModelAction.Activated, current.Caller.Name, request.Comment));
                await db.SaveChangesAsync(ct);
                await transaction.CommitAsync(ct);
            }
            catch (DbUpdateException)
            {
                return new Conflict(409, "Somebody else changed the model in force at the same time. Look at GET /v1/models and decide again.");
            }

            return ModelSummary.Of(model);
        }

        private async Task<CareError?> RefusalAsync(RiskModelRecord model, CancellationToken ct)
        {
            if (model.State == ModelState.Withdrawn)
            {
                return new Conflict(409, "This model was withdrawn. Put it forward again under a new version.");
            }

            if (model.ProposedBy == current.Caller.Name)
            {
                return new RuleNotMet("model-second-person", "A model is put in force by somebody other than the one who put it forward.");
            }

            var reviews = await db.RiskModelDecisions.AsNoTracking()
                .Where(d => d.ModelId == model.ModelId && d.Version == model.Version && (d.Action == ModelAction.Recommended || d.Action == ModelAction.Objected))
                .OrderBy(d => d.Id).ToListAsync(ct);
            var verdicts = reviews.GroupBy(r => r.DecidedBy, StringComparer.Ordinal).Select(g => g.Last()).ToList();
            return verdicts.Exists(v => v.Action == ModelAction.Objected)
                ? new RuleNotMet("model-objection", "An objection stands: the reviewer who made it has to recommend the model first, or a new version has to meet it.")
                : verdicts.Count == 0
                    ? new RuleNotMet("model-review", "Nobody has recommended this model yet: have it reviewed first (POST …/reviews), by somebody other than the one who put it forward.")
                    : null;
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Comment">Why.</param>
    public sealed record Body(string? Comment);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/models/{id}/{version}/activation",
        async (string id, string version, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(id, version, body.Comment), ct)).Match(model => Results.Ok(model), Problems.From))
        .WithName("ActivateModel").WithTags("Models").WithSummary("Put a recommended model in force; not by its proposer. The one before is retired")
        .Produces<ModelSummary>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(409).Produces<Problem>(422);
}

/// <summary>Takes a model back: a proposal for good, one in force until it is activated again. Without another, the shipped default counts.</summary>
public static class WithdrawModel
{
    /// <summary>The decision.</summary>
    public sealed record Command(string Id, string Version, string? Comment) : IRequest<Result<ModelSummary>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.Administer;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Changes its state and keeps why.</summary>
    public sealed class Handler(CareDbContext db, RiskModels models, CurrentCaller current) : IRequestHandler<Command, Result<ModelSummary>>
    {
        /// <inheritdoc/>
        public async Task<Result<ModelSummary>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (string.IsNullOrWhiteSpace(request.Comment) || request.Comment.Length > Reasons.MaxLength)
            {
                return new Invalid("comment", $"Say why the model is taken back, in up to {Reasons.MaxLength} characters: it is kept.");
            }

            var model = await db.RiskModels.SingleOrDefaultAsync(m => m.ModelId == request.Id && m.Version == request.Version, cancellationToken);
            if (model is null)
            {
                return new NotVisible("model of that version");
            }

            if (model.State is ModelState.Retired or ModelState.Withdrawn)
            {
                return new Conflict(409, "This model is neither proposed nor in force: there is nothing to take back.");
            }

            var wasActive = model.State == ModelState.Active;
            model.State = wasActive ? ModelState.Retired : ModelState.Withdrawn;
            db.RiskModelDecisions.Add(models.Decision(model, wasActive ? ModelAction.Retired : ModelAction.Withdrawn, current.Caller.Name, request.Comment));
            await db.SaveChangesAsync(cancellationToken);
            return ModelSummary.Of(model);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Comment">Why.</param>
    public sealed record Body(string? Comment);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/models/{id}/{version}/withdrawal",
        async (string id, string version, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(id, version, body.Comment), ct)).Match(model => Results.Ok(model), Problems.From))
        .WithName("WithdrawModel").WithTags("Models").WithSummary("Take a model back: a proposal for good, one in force until it is activated again")
        .Produces<ModelSummary>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(409);
}
