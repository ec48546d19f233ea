using System.Runtime.InteropServices;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Timelines;
using MediatR;
using Microsoft.EntityFrameworkCore;
using LeadState = BetterCare.Care.Storage.Model.LeadState;

namespace BetterCare.Care.Api.Features.Leads;

/// <summary>Proposes accountable leads for everyone at levels 3 and 4 who has none; a named human confirms each.</summary>
public static class ProposeLeads
{
    /// <summary>For the whole current list.</summary>
    public sealed record Command : IRequest<Result<Summary>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Everyone;
    }

    /// <summary>What came of it.</summary>
    /// <param name="People">People at levels 3 and 4 without a confirmed lead.</param>
    /// <param name="Proposed">Of those, with a proposal now.</param>
    /// <param name="NobodyCanLead">Of those, listed as having nobody, by reason.</param>
    public sealed record Summary(int People, int Proposed, IReadOnlyDictionary<string, int> NobodyCanLead);

    /// <summary>Reads the list, the register and the contacts, and lets the rules assign under capacity.</summary>
    public sealed class Handler(CareDbContext db, ProfessionalRegister registers, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<Summary>>
    {
        /// <inheritdoc/>
        public async Task<Result<Summary>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
            var practices = current.Caller.Practices?.ToList();
            var standings = await db.Standings.Where(s => (practices == null || practices.Contains(s.PracticeCode)) && !s.HasLead && (s.AgreedLevel >= 3 || (s.AgreedLevel == 0 && s.ModelLevel >= 3))).ToListAsync(ct);
            var keys = standings.Select(s => s.PatientKey).ToList();
            var register = await registers.ReadAsync(ct);
            var practitioners = await db.Professionals.AsNoTracking().ToDictionaryAsync(p => p.ProfessionalKey, p => p.PractitionerId, ct);
            var wishes = (await db.LeadWishes.AsNoTracking().Where(w => w.EndDay == 0).ToListAsync(ct)).ToDictionary(w => w.PatientKey, Wishes.Of);
            var namedGps = await db.NamedGps.AsNoTracking().Where(g => g.EndDay == 0).ToDictionaryAsync(g => g.PatientKey, g => g.PractitionerId, ct);
            var places = await db.Practices.AsNoTracking().ToDictionaryAsync(p => p.Code, p => p.Place, StringComparer.Ordinal, ct);

            var people = new List<PersonForLead>(keys.Count);
            foreach (var chunk in standings.Chunk(500))
            {
                var part = chunk.Select(s => s.PatientKey).ToList();
                var timelines = await db.Timelines.AsNoTracking().Where(t => part.Contains(t.PatientKey)).ToDictionaryAsync(t => t.PatientKey, t => t.Events, ct);
                people.AddRange(chunk.Select(s => PersonOf(s, timelines.GetValueOrDefault(s.PatientKey) ?? [], practitioners, places.GetValueOrDefault(s.PracticeCode) ?? "") with
                {
                    Wish = wishes.GetValueOrDefault(s.PatientKey),
                    NamedGp = namedGps.GetValueOrDefault(s.PatientKey),
                }));
            }

            var proposal = LeadAssignment.Assign(people, register.Values.Select(r => r.Professional), today);
            var stale = await db.Leads.Where(l => (l.State == LeadState.Proposed || l.State == LeadState.NobodyCanLead)
                && (practices == null || db.Standings.Any(s => s.PatientKey == l.PatientKey && practices.Contains(s.PracticeCode)))).ToListAsync(ct);
            db.Leads.RemoveRange(stale);
            var byKey = standings.ToDictionary(s => s.PatientKey);
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            foreach (var assigned in proposal.Assigned)
            {
                var who = register[assigned.Lead.Professional.Key];
                var reasons = assigned.Lead.Parts().Select(p => p.Reason).Concat(assigned.UnmetWish?.Reasons.Select(r => $"A wish is not met: {r.Detail}") ?? []);
                Record(byKey[assigned.Person], LeadState.Proposed, who, string.Join('\n', reasons), now);
            }

            foreach (var nobody in proposal.Unassigned)
            {
                Record(byKey[nobody.Person], LeadState.NobodyCanLead, null, $"{nobody.Reason.Detail} {nobody.Reason.HowToSatisfy}", now);
            }

            await db.SaveChangesAsync(ct);
            return new Summary(
                standings.Count,
                proposal.Assigned.Count,
                proposal.Unassigned.GroupBy(u => u.Reason.Rule, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal));
        }

        private void Record(PersonStanding standing, LeadState state, Registered? who, string reasons, long now)
        {
            db.Leads.Add(new LeadRecord
            {
                Id = Guid.CreateVersion7().ToString(),
                PatientKey = standing.PatientKey,
                State = state,
                PractitionerId = who?.Professional.Key ?? "",
                PractitionerName = who?.Name ?? "",
                Role = who?.Professional.Role ?? "",
                Sector = who is null ? "" : SetLeadProfessional.SectorName(who.Professional.Sector),
                Reasons = reasons,
                DecidedBy = "proposal",
                DecidedAt = now,
            });
            standing.LeadState = state;
            standing.LeadId = who?.Professional.Key ?? "";
            standing.LeadName = who?.Name ?? "";
            standing.LeadRole = who?.Professional.Role ?? "";
            standing.Revision++;
        }
    }

    /// <summary>What the rules need of a person, from the timeline: contacts by professional and main needs.</summary>
    internal static PersonForLead PersonOf(PersonStanding standing, byte[] stored, IReadOnlyDictionary<int, string> practitioners, string place)
    {
        var contacts = new List<ProfessionalContact>();
        var needs = Needs.None;
        foreach (ref readonly var e in MemoryMarshal.Cast<byte, TimelineEvent>(stored))
        {
            switch (e.Kind)
            {
                case EventKind.GpContact or EventKind.CommunityContact or EventKind.SocialCareContact or EventKind.Outpatient or EventKind.OtherContact
                    when e.Code != 0 && practitioners.TryGetValue((int)e.Code, out var id):
                    contacts.Add(new ProfessionalContact(id, DateOnly.FromDayNumber(e.Day)));
                    break;
                case EventKind.Condition when !e.Is(EventFlags.Resolved):
                    needs |= NeedOf((ConditionGroup)e.Code);
                    break;
                case EventKind.Social when (SocialFact)e.Code is SocialFact.PackageOfCare or SocialFact.CareHomeResident or SocialFact.SafeguardingConcern:
                    needs |= Needs.SocialCare;
                    break;
            }
        }

        return new PersonForLead
        {
            Key = standing.PatientKey,
            Practice = standing.PracticeCode,
            Place = place,
            Level = People.LevelOf(standing),
            Needs = needs,
            Contacts = contacts,
            CurrentLead = standing.HasLead ? standing.LeadId : null,
        };
    }

    private static Needs NeedOf(ConditionGroup group) => group switch
    {
        ConditionGroup.FrailtyModerate or ConditionGroup.FrailtySevere => Needs.Frailty,
        ConditionGroup.Falls or ConditionGroup.FragilityFracture or ConditionGroup.HipFracture or ConditionGroup.MobilityProblem => Needs.Falls,
        ConditionGroup.Dementia or ConditionGroup.MemoryProblem => Needs.Dementia,
        ConditionGroup.SeriousMentalIllness or ConditionGroup.Depression or ConditionGroup.Anxiety => Needs.MentalHealth,
        ConditionGroup.PalliativeCare => Needs.EndOfLife,
        ConditionGroup.Copd or ConditionGroup.Asthma or ConditionGroup.Bronchiectasis => Needs.Respiratory,
        ConditionGroup.HeartFailure or ConditionGroup.CoronaryHeartDisease or ConditionGroup.AtrialFibrillation => Needs.Cardiac,
        ConditionGroup.Diabetes => Needs.Diabetes,
        ConditionGroup.CkdStage3To5 => Needs.Renal,
        ConditionGroup.ParkinsonDisease or ConditionGroup.MultipleSclerosis => Needs.Neurological,
        _ => Needs.None,
    };

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/lead-proposals",
        async (IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(), ct)).Match(s => Results.Ok(s), Problems.From))
        .WithName("ProposeLeads").WithTags("Coordination").WithSummary("Propose accountable leads for everyone at levels 3 and 4 who has none")
        .Produces<Summary>();
}
