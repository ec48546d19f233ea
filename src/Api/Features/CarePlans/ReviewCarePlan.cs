using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Storage.Ingest;
using MediatR;

namespace BetterCare.Care.Api.Features.CarePlans;

/// <summary>The team reviewed an agreed plan with the person and set the next date.</summary>
public static class ReviewCarePlan
{
    /// <summary>The review is of an agreed plan, on a day that has come, with a next date after it.</summary>
    public const string InOrder = "plan-review";

    /// <summary>The review.</summary>
    public sealed record Command(string NhsNumber, DateOnly? On, DateOnly? Next, IReadOnlyList<ActionUpdate> Actions, int? ExpectedVersion) : IRequest<Result<PlanView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "review care plan";
    }

    /// <summary>How an action stands at the review.</summary>
    public sealed record ActionUpdate(string Id, ActionStatus Status);

    /// <summary>Keeps the next version of the plan.</summary>
    public sealed class Handler(People people, PlanDecisions plans, DecisionResources resources) : IRequestHandler<Command, Result<PlanView>>
    {
        /// <inheritdoc/>
        public async Task<Result<PlanView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var found = await people.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            await using var transaction = await resources.BeginAsync(ct);
            var standing = await people.StandingAsync(found.Value, ct);
            var level = People.LevelOf(standing);
            var written = await plans.ChangeAsync(standing, request.ExpectedVersion, plan => Reviewed(plan, request, people.Today, level), ct);
            if (written.Error is null)
            {
                await transaction.CommitAsync(ct);
            }

            return written;
        }

        private static Result<JointCarePlan> Reviewed(JointCarePlan plan, Command request, DateOnly today, int level)
        {
            var on = request.On ?? today;
            var latest = on.AddMonths(PlanSettings.Default.ReviewMonths(level));
            var next = request.Next ?? latest;
            if (plan.Status != PlanStatus.Agreed)
            {
                return new RuleNotMet(InOrder, "Only a plan that is agreed is reviewed. Agree it first.");
            }

            if (on > today || on < plan.ReviewedOn || on < plan.Agreement?.On)
            {
                return new RuleNotMet(InOrder, "The review is in the future, or before the agreement or the last review. Give the day on which it was held.");
            }

            if (next <= on || next > latest)
            {
                return new RuleNotMet(PlanRules.ReviewInterval, $"The next review at level {level} is after this one and no later than {FhirText.Day(latest)}.");
            }

            if (request.Actions.Any(a => a is null || !plan.Actions.Any(p => p.Id == a.Id)))
            {
                return new Invalid("actions", "The plan has no action of that id: read the plan first.");
            }

            var updates = request.Actions.ToLookup(a => a.Id, a => a.Status, StringComparer.Ordinal);
            return plan with
            {
                ReviewedOn = on,
                ReviewDue = next,
                Actions = [.. plan.Actions.Select(a => updates.Contains(a.Id) ? a with { Status = updates[a.Id].Last() } : a)],
            };
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="On">Day of the review; left out: today.</param>
    /// <param name="Next">Next review; left out: as late as the level allows.</param>
    /// <param name="Actions">How actions stand; those left out stay as they are.</param>
    public sealed record Body(DateOnly? On, DateOnly? Next, IReadOnlyList<ActionUpdate>? Actions);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/patients/{nhsNumber}/care-plan/review",
        async (string nhsNumber, Body body, HttpContext http, IMediator mediator, CancellationToken ct) =>
            PlanAnswer.Of(http, await mediator.Send(new Command(nhsNumber, body.On, body.Next, body.Actions ?? [], BundlePreparer.Version(http.Request.Headers.IfMatch.ToString())), ct)))
        .WithName("ReviewCarePlan").WithTags("Plans").WithSummary("Record a review of the plan, and the date of the next")
        .Produces<PlanView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(412).Produces<Problem>(422).Produces<Problem>(428);
}

/// <summary>A plan ends, with its outcome.</summary>
public static class CloseCarePlan
{
    /// <summary>The decision.</summary>
    public sealed record Command(string NhsNumber, PlanOutcome? Outcome, int? ExpectedVersion) : IRequest<Result<PlanView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "close care plan";
    }

    /// <summary>Keeps the last version of the plan.</summary>
    public sealed class Handler(People people, PlanDecisions plans, DecisionResources resources) : IRequestHandler<Command, Result<PlanView>>
    {
        /// <inheritdoc/>
        public async Task<Result<PlanView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var found = await people.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            await using var transaction = await resources.BeginAsync(ct);
            var standing = await people.StandingAsync(found.Value, ct);
            var written = await plans.ChangeAsync(standing, request.ExpectedVersion, plan => Closed(plan, request.Outcome, people.Today), ct);
            if (written.Error is null)
            {
                await transaction.CommitAsync(ct);
            }

            return written;
        }
    }

    /// <summary>The plan, closed; or the rule that refuses it.</summary>
    internal static Result<JointCarePlan> Closed(JointCarePlan plan, PlanOutcome? outcome, DateOnly today)
    {
        var moved = PlanRules.Move(plan, PlanStatus.Closed, today, outcome);
        return moved.IsAllowed ? moved.Value : RuleOf(moved.Unmet[0]);
    }

    private static RuleNotMet RuleOf(UnmetRule unmet) => new(unmet.Rule, $"{unmet.Detail} {unmet.HowToSatisfy}");

    /// <summary>What a client sends.</summary>
    /// <param name="Outcome">How it ended.</param>
    public sealed record Body(PlanOutcome? Outcome);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/patients/{nhsNumber}/care-plan/close",
        async (string nhsNumber, Body body, HttpContext http, IMediator mediator, CancellationToken ct) =>
            PlanAnswer.Of(http, await mediator.Send(new Command(nhsNumber, body.Outcome, BundlePreparer.Version(http.Request.Headers.IfMatch.ToString())), ct)))
        .WithName("CloseCarePlan").WithTags("Plans").WithSummary("End the plan, with its outcome")
        .Produces<PlanView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(412).Produces<Problem>(422).Produces<Problem>(428);
}

/// <summary>Answers with a plan and its version.</summary>
internal static class PlanAnswer
{
    public static IResult Of(HttpContext http, Result<PlanView> plan) => plan.Match(
        view =>
        {
            http.Response.Headers.ETag = $"W/\"{view.Version}\"";
            return Results.Ok(view);
        },
        Problems.From);
}
