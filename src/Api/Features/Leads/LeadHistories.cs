using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Leads;

/// <summary>Someone who leads or has led.</summary>
/// <param name="Practitioner">Id of the Practitioner.</param>
/// <param name="Name">Name.</param>
/// <param name="Role">Role.</param>
/// <param name="Sector">Sector.</param>
/// <param name="From">First day.</param>
/// <param name="Until">Last day; null: leads now.</param>
/// <param name="DecidedBy">Who decided.</param>
/// <param name="Reason">Why this one.</param>
/// <param name="EndReason">Why it ended.</param>
public sealed record LeadPeriodView(string Practitioner, string Name, string Role, string Sector, string From, string? Until, string DecidedBy, string Reason, string? EndReason)
{
    internal static LeadPeriodView Of(LeadRecord r) => new(
        r.PractitionerId, r.PractitionerName, r.Role, r.Sector, FhirText.Day(r.StartDay), FhirText.DayOrNull(r.EndDay), r.DecidedBy, r.Reasons, r.EndReason);
}

/// <summary>Who leads a person's care, and everyone who did.</summary>
public static class GetLeadProfessional
{
    /// <summary>Whose.</summary>
    public sealed record Query(string NhsNumber) : IRequest<Result<View>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "get lead professional";
    }

    /// <summary>The answer.</summary>
    /// <param name="Current">Who leads now; null: nobody.</param>
    /// <param name="History">Everyone, the latest first.</param>
    public sealed record View(LeadPeriodView? Current, IReadOnlyList<LeadPeriodView> History);

    /// <summary>Reads the records.</summary>
    public sealed class Handler(CareDbContext db, People people) : IRequestHandler<Query, Result<View>>
    {
        /// <inheritdoc/>
        public async Task<Result<View>> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await people.FindAsync(request.NhsNumber, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            var key = found.Value.PatientKey;
            var records = await db.Leads.AsNoTracking().Where(l => l.PatientKey == key && l.StartDay > 0).OrderByDescending(l => l.Id).ToListAsync(cancellationToken);
            return new View(records.Find(r => r.State == LeadState.Confirmed) is { } now ? LeadPeriodView.Of(now) : null, records.ConvertAll(LeadPeriodView.Of));
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/patients/{nhsNumber}/lead-professional",
        async (string nhsNumber, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(nhsNumber), ct)).Match(view => Results.Ok(view), Problems.From))
        .WithName("GetLeadProfessional").WithTags("Leads").WithSummary("Who leads, and everyone who did: from, until, who decided, why")
        .Produces<View>().Produces<Problem>(404);
}

/// <summary>Ends the lead of a person without a successor: the person goes on the agenda with "no lead".</summary>
public static class EndLeadProfessional
{
    /// <summary>The decision.</summary>
    public sealed record Command(string NhsNumber, string? Reason) : IRequest<Result<LeadPeriodView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "end lead professional";
    }

    /// <summary>Ends it today.</summary>
    public sealed class Handler(People people, LeadDecisions decisions, DecisionResources resources) : IRequestHandler<Command, Result<LeadPeriodView>>
    {
        /// <inheritdoc/>
        public async Task<Result<LeadPeriodView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (Reasons.Unfit(request.Reason) is { } unfit)
            {
                return unfit;
            }

            var found = await people.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            await using var transaction = await resources.BeginAsync(ct);
            var standing = await people.StandingAsync(found.Value, ct);
            var ended = await decisions.EndAsync(standing, people.Today, request.Reason!, ct);
            if (ended is null)
            {
                return new NotVisible("lead: nobody leads this person's care");
            }

            await transaction.CommitAsync(ct);
            return LeadPeriodView.Of(ended);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Reason">Why; kept with the decision.</param>
    public sealed record Body(string? Reason);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/v1/patients/{nhsNumber}/lead-professional",
        async (string nhsNumber, [FromBody] Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(nhsNumber, body.Reason), ct)).Match(lead => Results.Ok(lead), Problems.From))
        .WithName("EndLeadProfessional").WithTags("Leads").WithSummary("End the lead without a successor; the person goes on the agenda")
        .Produces<LeadPeriodView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(412);
}

/// <summary>A professional leaves: everyone whom they lead needs another lead, and stands on the next agenda.</summary>
public static class DepartProfessional
{
    /// <summary>The departure.</summary>
    public sealed record Command(string Practitioner, DateOnly LastDay, string? Reason) : IRequest<Result<Summary>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>What came of it.</summary>
    /// <param name="People">People of the caller's practices who have no lead now.</param>
    public sealed record Summary(int People);

    /// <summary>Ends every lead of theirs.</summary>
    public sealed class Handler(LeadDecisions decisions, ProfessionalRegister registers, People people) : IRequestHandler<Command, Result<Summary>>
    {
        /// <inheritdoc/>
        public async Task<Result<Summary>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (Reasons.Unfit(request.Reason) is { } unfit)
            {
                return unfit;
            }

            if (request.LastDay > people.Today)
            {
                return new Invalid("lastDay", "The last day is to come. Post the PractitionerRole with its period.end: the leads end by themselves on that day, and the agenda says so from four weeks before.");
            }

            return (await registers.ReadAsync(cancellationToken)).ContainsKey(request.Practitioner)
                ? new Summary(await decisions.DepartAsync(request.Practitioner, request.LastDay, request.Reason!, cancellationToken))
                : new NotVisible("professional");
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="LastDay">Last day in the role: today or before.</param>
    /// <param name="Reason">Why; kept with each lead that ends.</param>
    public sealed record Body(DateOnly LastDay, string? Reason);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/professionals/{practitioner}/departure",
        async (string practitioner, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(practitioner, body.LastDay, body.Reason), ct)).Match(summary => Results.Ok(summary), Problems.From))
        .WithName("DepartProfessional").WithTags("Leads").WithSummary("A professional leaves: everyone whom they lead goes on the agenda")
        .Produces<Summary>().Produces<Problem>(400).Produces<Problem>(404);
}
