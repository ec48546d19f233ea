using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Leads;

/// <summary>A named GP, now or before.</summary>
/// <param name="Practitioner">Id of the Practitioner.</param>
/// <param name="Name">Name.</param>
/// <param name="From">First day.</param>
/// <param name="Until">Last day; null: now.</param>
/// <param name="RecordedBy">Who recorded it.</param>
public sealed record NamedGpView(string Practitioner, string Name, string From, string? Until, string RecordedBy)
{
    internal static NamedGpView Of(NamedGpRecord r) => new(r.PractitionerId, r.PractitionerName, FhirText.Day(r.StartDay), FhirText.DayOrNull(r.EndDay), r.RecordedBy);
}

/// <summary>
/// Records a person's named GP. Everyone registered with a practice has one (SI 2015/196); it is not the accountable lead
/// professional, and a person may have both, or the same doctor as both.
/// </summary>
public static class SetNamedGp
{
    /// <summary>The named GP is a general practitioner.</summary>
    public const string IsGp = "named-gp-is-gp";

    /// <summary>Who.</summary>
    public sealed record Command(string NhsNumber, string? Practitioner) : IRequest<Result<NamedGpView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "set named GP";
    }

    /// <summary>Checks the rules, ends the one before and keeps the new one.</summary>
    public sealed class Handler(CareDbContext db, People people, ProfessionalRegister registers, DecisionResources resources, CurrentCaller current, TimeProvider clock)
        : IRequestHandler<Command, Result<NamedGpView>>
    {
        /// <inheritdoc/>
        public async Task<Result<NamedGpView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (string.IsNullOrWhiteSpace(request.Practitioner))
            {
                return new Invalid("practitioner", "Name the general practitioner: the id of a Practitioner.");
            }

            var found = await people.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            var who = (await registers.ReadAsync(ct)).GetValueOrDefault(request.Practitioner);
            if (who is null)
            {
                return new RuleNotMet(LeadRules.Registered, "This professional is not in the register. Post the Practitioner and PractitionerRole first, or choose a registered professional.");
            }

            if (who.Professional.Kind != RoleKind.Gp || !who.Professional.Covers(found.Value.PracticeCode))
            {
                return new RuleNotMet(IsGp, "The named GP is a general practitioner of the person's practice. Choose one of them.");
            }

            if (!who.Professional.IsRegistered || !who.Professional.IsInRoleOn(people.Today))
            {
                return new RuleNotMet(LeadRules.NotLeft, "This general practitioner is not in the role now. Choose one who is.");
            }

            var key = found.Value.PatientKey;
            await using var transaction = await resources.BeginAsync(ct);
            var open = await db.NamedGps.SingleOrDefaultAsync(g => g.PatientKey == key && g.EndDay == 0, ct);
            if (open?.PractitionerId == who.Professional.Key)
            {
                return NamedGpView.Of(open);
            }

            if (open is not null)
            {
                // In a statement before: the database allows one at any moment.
                open.EndDay = people.Today.DayNumber;
                await db.SaveChangesAsync(ct);
            }

            var record = new NamedGpRecord
            {
                PatientKey = key,
                Id = Guid.CreateVersion7().ToString(),
                PractitionerId = who.Professional.Key,
                PractitionerName = who.Name,
                RecordedBy = current.Caller.Name,
                RecordedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
                StartDay = people.Today.DayNumber,
            };
            db.NamedGps.Add(record);
            await db.SaveChangesAsync(ct);
            await resources.KeepAsync(key, ct);
            await transaction.CommitAsync(ct);
            return NamedGpView.Of(record);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Practitioner">Id of the Practitioner.</param>
    public sealed record Body(string? Practitioner);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/v1/patients/{nhsNumber}/named-gp",
        async (string nhsNumber, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(nhsNumber, body.Practitioner), ct)).Match(gp => Results.Ok(gp), Problems.From))
        .WithName("SetNamedGp").WithTags("Leads").WithSummary("Record the named GP, kept apart from the accountable lead")
        .Produces<NamedGpView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(422);
}

/// <summary>A person's named GPs, now and before.</summary>
public static class GetNamedGp
{
    /// <summary>Whose.</summary>
    public sealed record Query(string NhsNumber) : IRequest<Result<IReadOnlyList<NamedGpView>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "get named GP";
    }

    /// <summary>Reads them, the latest first.</summary>
    public sealed class Handler(CareDbContext db, People people) : IRequestHandler<Query, Result<IReadOnlyList<NamedGpView>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<NamedGpView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await people.FindAsync(request.NhsNumber, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            var key = found.Value.PatientKey;
            var records = await db.NamedGps.AsNoTracking().Where(g => g.PatientKey == key).OrderByDescending(g => g.Id).ToListAsync(cancellationToken);
            return records.ConvertAll(NamedGpView.Of);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/patients/{nhsNumber}/named-gp",
        async (string nhsNumber, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(nhsNumber), ct)).Match(gps => Results.Ok(gps), Problems.From))
        .WithName("GetNamedGp").WithTags("Leads").WithSummary("The named GP and those before, the latest first")
        .Produces<IReadOnlyList<NamedGpView>>().Produces<Problem>(404);
}
