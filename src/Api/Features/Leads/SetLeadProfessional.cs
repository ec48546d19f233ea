using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Leads;
using FluentValidation;
using MediatR;

namespace BetterCare.Care.Api.Features.Leads;

/// <summary>A named human confirms, changes or hands over the accountable lead professional of a person.</summary>
public static class SetLeadProfessional
{
    /// <summary>The decision.</summary>
    public sealed record Command(string NhsNumber, string Practitioner, string Reason) : IRequest<Result<Lead>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "set lead professional";
    }

    /// <summary>The lead as it stands after the decision.</summary>
    public sealed record Lead(string Practitioner, string Name, string Role, string Sector, string Since, string DecidedBy, string Reason, string? Phone);

    /// <summary>What is valid.</summary>
    public sealed class Validator : AbstractValidator<Command>
    {
        /// <summary>The rules.</summary>
        public Validator()
        {
            RuleFor(c => c.Practitioner).NotEmpty().WithMessage("Name the professional: the id of a Practitioner.");
            RuleFor(c => c.Reason).NotEmpty().WithMessage("Say why: the reason is kept with the decision.").MaximumLength(500);
        }
    }

    /// <summary>Checks the rules and records the decision; the former lead's period ends on the same day.</summary>
    public sealed class Handler(People people, LeadDecisions decisions, DecisionResources resources, ProfessionalRegister registers) : IRequestHandler<Command, Result<Lead>>
    {
        /// <inheritdoc/>
        public async Task<Result<Lead>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var found = await people.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            await using var transaction = await resources.BeginAsync(ct);
            var standing = await people.StandingAsync(found.Value, ct);
            var decided = await decisions.AppointAsync(standing, request.Practitioner, request.Reason, ct);
            if (decided.Error is { } refusal)
            {
                return refusal;
            }

            await transaction.CommitAsync(ct);
            var record = decided.Value;
            return new Lead(
                record.PractitionerId, record.PractitionerName, record.Role, record.Sector, FhirText.Day(record.StartDay), record.DecidedBy, record.Reasons,
                (await registers.ReadAsync(ct)).GetValueOrDefault(record.PractitionerId)?.Phone);
        }
    }

    /// <summary>A sector as FHIR-like code.</summary>
    public static string SectorName(Sector sector) => sector switch
    {
        Sector.Health => "health",
        Sector.SocialCare => "social-care",
        _ => "voluntary",
    };

    /// <summary>What a client sends.</summary>
    /// <param name="Practitioner">Id of the Practitioner.</param>
    /// <param name="Reason">Why; kept with the decision.</param>
    public sealed record Body(string Practitioner, string Reason);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/v1/patients/{nhsNumber}/lead-professional",
        async (string nhsNumber, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(nhsNumber, body.Practitioner, body.Reason), ct)).Match(lead => Results.Ok(lead), Problems.From))
        .WithName("SetLeadProfessional").WithTags("Coordination").WithSummary("Confirm, change or hand over the accountable lead professional")
        .Produces<Lead>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(412).Produces<Problem>(422);
}
