using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Leads;

/// <summary>Works out who could lead one person's care.</summary>
public sealed class PersonProposals(CareDbContext db, People people, ProfessionalRegister registers)
{
    /// <summary>The proposal as of today, with the person's wish and named GP.</summary>
    public async Task<LeadProposal> ForAsync(Patient patient, CancellationToken ct)
    {
        var key = patient.PatientKey;
        var standing = await db.Standings.AsNoTracking().SingleOrDefaultAsync(s => s.PatientKey == key, ct) ?? new PersonStanding { PatientKey = key, PracticeCode = patient.PracticeCode };
        var events = await db.Timelines.Where(t => t.PatientKey == key).Select(t => t.Events).SingleOrDefaultAsync(ct) ?? [];
        var practitioners = await db.Professionals.AsNoTracking().ToDictionaryAsync(p => p.ProfessionalKey, p => p.PractitionerId, ct);
        var place = await db.Practices.Where(p => p.Code == patient.PracticeCode).Select(p => p.Place).SingleOrDefaultAsync(ct) ?? "";
        var wish = await db.LeadWishes.AsNoTracking().SingleOrDefaultAsync(w => w.PatientKey == key && w.EndDay == 0, ct);
        var person = ProposeLeads.PersonOf(standing, events, practitioners, place) with
        {
            Wish = wish is null ? null : Wishes.Of(wish),
            NamedGp = await db.NamedGps.Where(g => g.PatientKey == key && g.EndDay == 0).Select(g => g.PractitionerId).SingleOrDefaultAsync(ct),
        };
        var register = await registers.ReadAsync(ct);
        return LeadProposals.For(person, register.ToDictionary(r => r.Key, r => r.Value.Professional, StringComparer.Ordinal), people.Today);
    }
}

/// <summary>Who could lead a person's care, ranked, with reasons. A named human decides.</summary>
public static class GetLeadProposals
{
    /// <summary>Whose.</summary>
    public sealed record Query(string NhsNumber) : IRequest<Result<View>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "get lead proposals";
    }

    /// <summary>The answer.</summary>
    /// <param name="Ranked">Best first.</param>
    /// <param name="Excluded">Known to the person but not proposed, and why.</param>
    /// <param name="UnmetWish">The person's wish, if it cannot be met: why.</param>
    /// <param name="Nobody">Why nobody is proposed.</param>
    public sealed record View(IReadOnlyList<Candidate> Ranked, IReadOnlyList<NotProposed> Excluded, IReadOnlyList<UnmetRule>? UnmetWish, UnmetRule? Nobody);

    /// <summary>One who could lead.</summary>
    /// <param name="Practitioner">Id of the Practitioner.</param>
    /// <param name="Name">Name.</param>
    /// <param name="Role">Role.</param>
    /// <param name="Sector">Sector.</param>
    /// <param name="Score">Points; the reasons' points add up to it.</param>
    /// <param name="Reasons">What speaks for them, largest first.</param>
    /// <param name="Contacts">Contacts with the person in the time looked at.</param>
    /// <param name="LastContact">The latest; null none.</param>
    public sealed record Candidate(string Practitioner, string Name, string Role, string Sector, int Score, IReadOnlyList<ScorePart> Reasons, int Contacts, string? LastContact);

    /// <summary>One who cannot, and why.</summary>
    public sealed record NotProposed(string Practitioner, IReadOnlyList<UnmetRule> Reasons);

    /// <summary>Asks the rules.</summary>
    public sealed class Handler(People people, PersonProposals proposals, ProfessionalRegister registers) : IRequestHandler<Query, Result<View>>
    {
        /// <inheritdoc/>
        public async Task<Result<View>> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await people.FindAsync(request.NhsNumber, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            var proposal = await proposals.ForAsync(found.Value, cancellationToken);
            var register = await registers.ReadAsync(cancellationToken);
            return new View(
                [.. proposal.Ranked.Select(c => new Candidate(
                    c.Professional.Key, register[c.Professional.Key].Name, c.Professional.Role, SetLeadProfessional.SectorName(c.Professional.Sector), c.Score.Total, c.Parts(), c.Contacts,
                    c.LastContact is { } on ? FhirText.Day(on) : null))],
                [.. proposal.Excluded.Select(e => new NotProposed(e.Professional, e.Reasons))],
                proposal.UnmetWish?.Reasons,
                proposal.Nobody);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/patients/{nhsNumber}/lead-proposals",
        async (string nhsNumber, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(nhsNumber), ct)).Match(view => Results.Ok(view), Problems.From))
        .WithName("GetLeadProposals").WithTags("Leads").WithSummary("Who could lead this person's care, ranked with reasons; and who cannot, and why")
        .Produces<View>().Produces<Problem>(404);
}
