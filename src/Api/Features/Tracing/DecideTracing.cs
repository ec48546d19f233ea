using BetterCare.Care.Api.Features.Tracing.Pds;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Tracing;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Tracing;

/// <summary>What a decision came to.</summary>
/// <param name="State">Where the person stands now.</param>
/// <param name="Moved">Resources that went into the record, or out of it.</param>
/// <param name="Left">Resources that stay where they are; the queue says why.</param>
public sealed record TracingOutcome(string State, int Moved, int Left);

/// <summary>A named human decides who someone in the tracing queue is, or that they are not to be traced.</summary>
public static class DecideTracing
{
    /// <summary>The decision.</summary>
    public sealed record Command(string Id, string? Number, bool SetAside, string? Reason) : IRequest<Result<TracingOutcome>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ResolveIdentity;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "decide tracing";
    }

    /// <summary>Checks that the number is somebody's, and puts the person into that record.</summary>
    public sealed class Handler(CareDbContext db, Admission admission, Directories directories, IPdsClient pds, CurrentCaller current, TimeProvider clock)
        : IRequestHandler<Command, Result<TracingOutcome>>
    {
        /// <inheritdoc/>
        public async Task<Result<TracingOutcome>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (QueueOfEverybody.Refusal(current.Caller) is { } refusal)
            {
                return refusal;
            }

            if (Reasons.Unfit(request.Reason) is { } unfit)
            {
                return unfit;
            }

            if (await db.TracingPeople.SingleOrDefaultAsync(p => p.Id == request.Id, ct) is not { } person)
            {
                return new NotVisible("person in the tracing queue");
            }

            if (person.State == TracingState.Traced)
            {
                return new Conflict(409, "The person is traced already. Undo that decision first.");
            }

            if (request.SetAside)
            {
                await using var transaction = await db.Database.BeginTransactionAsync(ct);
                (person.State, person.Note) = (TracingState.SetAside, request.Reason!);
                db.TracingDecisions.Add(Decision(person.Id, "set-aside", request.Reason!));
                await db.SaveChangesAsync(ct);
                await transaction.CommitAsync(ct);
                return new TracingOutcome("set-aside", 0, 0);
            }

            var details = await DetailsAsync(person.Id, request.Number, ct);
            if (details.Error is { } error)
            {
                return error;
            }

            var report = await admission.LinkAsync(person.Id, details.Value, current.Caller.Name, request.Reason!, ct);
            return report.Done
                ? new TracingOutcome("traced", report.Moved, report.Left)
                : new Conflict(409, "The record could not be taken: somebody else decided at the same time, or the store refuses it. Read the person again.");
        }

        /// <summary>What is known of the number: from the candidates, from who is here, or from PDS.</summary>
        private async Task<Result<TracedDetails>> DetailsAsync(string personId, string? text, CancellationToken ct)
        {
            if (!NhsNumber.TryParse(text, out var number))
            {
                return new Invalid("nhsNumber", "Give the NHS number of the person: ten digits, the last a check digit. Or set the person aside (setAside: true).");
            }

            var value = number.Number;
            if (await db.TracingCandidates.AsNoTracking().SingleOrDefaultAsync(c => c.PersonId == personId && c.NhsNumber == value, ct) is { } candidate)
            {
                return TracedDetails.FromJson(candidate.Added);
            }

            var inForce = await directories.SurvivorAsync(number, ct) ?? number;
            var reply = await pds.ReadAsync(inForce, ct);
            return reply switch
            {
                PdsReply.Found { People: [var found, ..] } => new TracedDetails(found.Number.Value, true, found.Practice, found.Restricted),
                _ when await directories.FindAsync(inForce, ct) is not null => new TracedDetails(inForce.Value, false, "", false),
                PdsReply.Unavailable => new RuleNotMet("nhs-number-confirmed", "Nobody of this number is here, and PDS cannot be asked just now. Try again later."),
                _ => new RuleNotMet("nhs-number-confirmed", "PDS knows nobody of this number, or it was taken out of use. Check the number."),
            };
        }

        private TracingDecision Decision(string person, string kind, string reason) => new()
        {
            PersonId = person,
            Id = Guid.CreateVersion7(clock.GetUtcNow()).ToString(),
            Kind = kind,
            DecidedBy = current.Caller.Name,
            DecidedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            Reason = reason,
        };
    }

    /// <summary>What a client sends: a number, or <c>setAside</c>.</summary>
    /// <param name="NhsNumber">Who the person is.</param>
    /// <param name="SetAside">Not to be traced; kept.</param>
    /// <param name="Reason">Why; kept with the decision.</param>
    public sealed record Body(string? NhsNumber, bool SetAside, string? Reason);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/tracing/{id}/decision",
        async (string id, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(id, body.NhsNumber, body.SetAside, body.Reason), ct)).Match(outcome => Results.Ok(outcome), Problems.From))
        .WithName("DecideTracing").WithTags("Identity").WithSummary("Say who the person is, with a reason: they and what was posted about them enter that record")
        .Produces<TracingOutcome>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(409).Produces<Problem>(422);
}

/// <summary>Takes a decision back, also one of the machine: the person leaves the record and waits for review again.</summary>
public static class UndoTracing
{
    /// <summary>Whose decision.</summary>
    public sealed record Command(string Id, string? Reason) : IRequest<Result<TracingOutcome>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ResolveIdentity;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "undo tracing";
    }

    /// <summary>Takes the person out of the record again.</summary>
    public sealed class Handler(CareDbContext db, Admission admission, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<TracingOutcome>>
    {
        /// <inheritdoc/>
        public async Task<Result<TracingOutcome>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (QueueOfEverybody.Refusal(current.Caller) is { } refusal)
            {
                return refusal;
            }

            if (Reasons.Unfit(request.Reason) is { } unfit)
            {
                return unfit;
            }

            if (await db.TracingPeople.SingleOrDefaultAsync(p => p.Id == request.Id, ct) is not { } person)
            {
                return new NotVisible("person in the tracing queue");
            }

            if (person.State == TracingState.SetAside)
            {
                (person.State, person.NextAttemptAt) = (TracingState.Waiting, 0);
                db.TracingDecisions.Add(new TracingDecision
                {
                    PersonId = person.Id,
                    Id = Guid.CreateVersion7(clock.GetUtcNow()).ToString(),
                    Kind = "undone",
                    DecidedBy = current.Caller.Name,
                    DecidedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
                    Reason = request.Reason!,
                });
                await db.SaveChangesAsync(ct);
                return new TracingOutcome("waiting", 0, 0);
            }

            var report = await admission.UnlinkAsync(person.Id, current.Caller.Name, request.Reason!, ct);
            return report.Done
                ? new TracingOutcome("review", report.Moved, report.Left)
                : report.MergedSince ? new Conflict(409, "The record has been merged with another since. Undo that merge first (GET and DELETE /v1/merges).")
                : new Conflict(409, "There is no decision to undo: the person is not traced.");
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Reason">Why; kept.</param>
    public sealed record Body(string? Reason);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/v1/tracing/{id}/decision",
        async (string id, [FromBody] Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(id, body.Reason), ct)).Match(outcome => Results.Ok(outcome), Problems.From))
        .WithName("UndoTracing").WithTags("Identity").WithSummary("Take the decision back: the person and what was posted about them leave the record and wait again")
        .Produces<TracingOutcome>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(409);
}

/// <summary>Traces now instead of at the next pass.</summary>
public static class RunTracing
{
    /// <summary>Now.</summary>
    public sealed record Command : IRequest<Result<TracingPass>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ResolveIdentity;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>One pass.</summary>
    public sealed class Handler(Tracer tracer) : IRequestHandler<Command, Result<TracingPass>>
    {
        private const int PeopleAtOnce = 200;

        /// <inheritdoc/>
        public async Task<Result<TracingPass>> Handle(Command request, CancellationToken cancellationToken) => await tracer.PassAsync(PeopleAtOnce, cancellationToken);
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/tracing/passes",
        async (IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(), ct)).Match(pass => Results.Ok(pass), Problems.From))
        .WithName("RunTracing").WithTags("Identity").WithSummary("Trace now: up to 200 people whose turn it is")
        .Produces<TracingPass>();
}
