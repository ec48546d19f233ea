using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;
using LeadState = BetterCare.Care.Storage.Model.LeadState;

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
    public sealed class Handler(CareDbContext db, People people, ProfessionalRegister registers, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<Lead>>
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

            var standing = await people.StandingAsync(found.Value, ct);
            var register = await registers.ReadAsync(ct);
            var who = register.GetValueOrDefault(request.Practitioner);
            var place = await db.Practices.Where(p => p.Code == standing.PracticeCode).Select(p => p.Place).SingleOrDefaultAsync(ct) ?? "";
            var person = ProposeLeads.PersonOf(standing, [], new Dictionary<int, string>(), place);
            var unmet = LeadRules.Unmet(who?.Professional, person, people.Today);
            if (unmet.Count > 0)
            {
                return new RuleNotMet(unmet[0].Rule, string.Join(' ', unmet.Select(u => $"{u.Detail} {u.HowToSatisfy}")));
            }

            var before = People.ShareOf(standing);
            var today = people.Today.DayNumber;
            foreach (var open in await db.Leads.Where(l => l.PatientKey == standing.PatientKey && l.State != LeadState.Ended).ToListAsync(ct))
            {
                if (open.State == LeadState.Confirmed)
                {
                    if (open.PractitionerId == who!.Professional.Key)
                    {
                        return Told(open, who);
                    }

                    open.EndDay = today;
                    open.EndReason = request.Reason;
                }

                open.State = LeadState.Ended;
            }

            // The former lead ends in a statement before: the database allows one current lead at any moment.
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            await db.SaveChangesAsync(ct);

            var record = new LeadRecord
            {
                Id = Guid.CreateVersion7().ToString(),
                PatientKey = standing.PatientKey,
                State = LeadState.Confirmed,
                PractitionerId = who!.Professional.Key,
                PractitionerName = who.Name,
                Role = who.Professional.Role,
                Sector = SectorName(who.Professional.Sector),
                Reasons = request.Reason,
                DecidedBy = current.Caller.Name,
                DecidedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
                StartDay = today,
            };
            db.Leads.Add(record);
            standing.LeadState = LeadState.Confirmed;
            standing.HasLead = true;
            standing.LeadId = record.PractitionerId;
            standing.LeadName = record.PractitionerName;
            standing.LeadRole = record.Role;
            await people.SaveAsync(standing, before, ct);
            return Told(record, who);
        }

        private static Lead Told(LeadRecord record, Registered who) => new(
            record.PractitionerId, record.PractitionerName, record.Role, record.Sector,
            DateOnly.FromDayNumber(record.StartDay).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), record.DecidedBy, record.Reasons, who.Phone);
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
