using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.UrgentCare;

/// <summary>
/// What an ambulance crew, NHS 111 or an emergency department needs of one person: by exact NHS number, for a reason that is
/// kept, and without waiting for any other part of the service.
/// </summary>
public static class GetUrgentCare
{
    /// <summary>Whose, and why.</summary>
    public sealed record Query(string NhsNumber, string? Reason) : IRequest<Result<View>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.UrgentCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "get urgent care";
    }

    /// <summary>One person in an emergency. No address, no practice: a crew is with the person.</summary>
    /// <param name="NhsNumber">The number asked for.</param>
    /// <param name="Name">To make sure that it is this person.</param>
    /// <param name="BirthDate">To make sure that it is this person; null not known.</param>
    /// <param name="Died">The record says that the person has died.</param>
    /// <param name="Level">Level in force; null: neither stratified nor agreed.</param>
    /// <param name="LevelAgreed">A team agreed the level; else it is the model's.</param>
    /// <param name="Lead">The accountable lead professional; null none.</param>
    /// <param name="PlanStatus"><c>none</c>, <c>draft</c>, <c>proposed</c>, <c>agreed</c> or <c>closed</c>; of a closed plan nothing is shown.</param>
    /// <param name="Contingency">What to do when something happens, and whom to ring.</param>
    /// <param name="Preferences">What the person prefers.</param>
    /// <param name="AboutMe">What matters to the person.</param>
    /// <param name="Allergies">Known allergies; an empty list is not "no known allergies": that would be an entry of its own.</param>
    /// <param name="Medicines">Current medicines.</param>
    /// <param name="Conditions">Conditions that are not over.</param>
    public sealed record View(
        string NhsNumber,
        string Name,
        string? BirthDate,
        bool Died,
        int? Level,
        bool LevelAgreed,
        UrgentLead? Lead,
        string PlanStatus,
        IReadOnlyList<ContingencyStep> Contingency,
        string? Preferences,
        string? AboutMe,
        IReadOnlyList<UrgentAllergy> Allergies,
        IReadOnlyList<UrgentMedicine> Medicines,
        IReadOnlyList<UrgentCondition> Conditions)
    {
        /// <summary>Masked: a record would print everything.</summary>
        public override string ToString() => "urgent-care view";
    }

    /// <summary>Whom to ring about the person.</summary>
    public sealed record UrgentLead(string Name, string Role, string? Phone);

    /// <summary>Keeps the access, then answers: an access that could not be kept is no access.</summary>
    public sealed class Handler(CareDbContext db, People people, ResourceStore resources, ProfessionalRegister registers, CurrentCaller current, TimeProvider clock)
        : IRequestHandler<Query, Result<View>>
    {
        /// <inheritdoc/>
        public async Task<Result<View>> Handle(Query request, CancellationToken cancellationToken)
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

            var patient = found.Value;
            var now = clock.GetUtcNow();
            db.UrgentCareAccesses.Add(new UrgentCareAccess
            {
                PatientKey = patient.PatientKey,
                Id = Guid.CreateVersion7(now).ToString(),
                AccessedBy = current.Caller.Name,
                AccessedAt = now.ToUnixTimeMilliseconds(),
                Reason = request.Reason!,
            });
            if (AccessTrail.Current is { } trail)
            {
                trail.Reason = request.Reason!;
            }

            await db.SaveChangesAsync(ct);
            return await ViewAsync(patient, ct);
        }

        // More than any record holds: a record beyond it is a fault, not a life.
        private const int MostOfAType = 10_000;

        private async Task<View> ViewAsync(Patient patient, CancellationToken ct)
        {
            var key = patient.PatientKey;
            var standing = await db.Standings.AsNoTracking().SingleOrDefaultAsync(s => s.PatientKey == key, ct);
            var stored = standing is { PlanVersion: > 0 }
                ? await db.CarePlans.AsNoTracking().SingleAsync(p => p.PatientKey == key && p.Version == standing.PlanVersion, ct)
                : null;
            var written = stored is null ? null : JsonSerializer.Deserialize<JointCarePlan>(stored.Plan, PutCarePlan.Json);
            var plan = written?.Status == PlanStatus.Closed ? null : written;
            var clinical = new ClinicalSummary();
            foreach (var type in ClinicalSummary.Types)
            {
                foreach (var resource in await resources.ListOfPatientAsync(key, type, MostOfAType, ct))
                {
                    using var json = JsonDocument.Parse(resource.Body);
                    clinical.Add(type, json.RootElement);
                }
            }

            return new View(
                patient.NhsNumber.Value,
                $"{patient.Given} {patient.Family}".Trim(),
                patient.BirthDay == 0 ? null : DateOnly.FromDayNumber(patient.BirthDay).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                patient.DeathDay != 0,
                await LevelAsync(key, standing, ct),
                standing is { AgreedLevel: > 0 },
                await LeadAsync(standing, plan, ct),
                standing?.PlanState ?? "none",
                plan?.Contingency?.Steps ?? [],
                plan?.Preferences,
                plan?.AboutMe,
                clinical.Allergies,
                clinical.Medicines,
                clinical.Conditions);
        }

        /// <summary>People of a low level have no standing of their own: theirs is in the scores.</summary>
        private async Task<int?> LevelAsync(long key, PersonStanding? standing, CancellationToken ct)
        {
            if (standing is { AgreedLevel: > 0 } or { ModelLevel: > 0 })
            {
                return People.LevelOf(standing);
            }

            var run = await db.Runs.Where(r => r.Status == JobStatus.Completed).MaxAsync(r => (int?)r.RunId, ct);
            return run is null ? null : await db.RiskScores.Where(s => s.RunId == run && s.PatientKey == key).Select(s => (int?)s.Level).SingleOrDefaultAsync(ct);
        }

        private async Task<UrgentLead?> LeadAsync(PersonStanding? standing, JointCarePlan? plan, CancellationToken ct)
        {
            if (standing is not { HasLead: true })
            {
                return null;
            }

            // The number in the plan was written for this moment; else the one on the register. A plan may name a former lead.
            var phone = plan?.Lead == standing.LeadId ? plan.LeadPhone : null;
            phone ??= (await registers.FindAsync(standing.LeadId, ct))?.Phone;
            return new UrgentLead(standing.LeadName, standing.LeadRole, phone);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/urgent-care/{nhsNumber}",
        async (string nhsNumber, string? reason, HttpContext http, IMediator mediator, CancellationToken ct) =>
        {
            http.Response.Headers.CacheControl = "no-store";
            return (await mediator.Send(new Query(nhsNumber, reason), ct)).Match(view => Results.Ok(view), Problems.From);
        })
        .WithName("GetUrgentCare").WithTags("Urgent care").WithSummary("One person in an emergency: what to do, whom to ring, allergies, medicines, conditions; the access and its reason are kept")
        .Produces<View>().Produces<Problem>(400).Produces<Problem>(404);
}

/// <summary>Who opened a person's urgent-care view: so that the lead can see it, and ask.</summary>
public static class GetUrgentCareAccesses
{
    /// <summary>Most accesses listed: the latest.</summary>
    private const int Most = 500;

    /// <summary>Whose.</summary>
    public sealed record Query(string NhsNumber) : IRequest<Result<IReadOnlyList<Access>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "get urgent-care accesses";
    }

    /// <summary>One access.</summary>
    public sealed record Access(DateTimeOffset At, string By, string Reason);

    /// <summary>Reads them, the latest first.</summary>
    public sealed class Handler(CareDbContext db, People people) : IRequestHandler<Query, Result<IReadOnlyList<Access>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<Access>>> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await people.FindAsync(request.NhsNumber, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            var key = found.Value.PatientKey;
            var rows = await db.UrgentCareAccesses.AsNoTracking().Where(a => a.PatientKey == key).OrderByDescending(a => a.Id).Take(Most).ToListAsync(cancellationToken);
            return rows.ConvertAll(a => new Access(DateTimeOffset.FromUnixTimeMilliseconds(a.AccessedAt), a.AccessedBy, a.Reason));
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/patients/{nhsNumber}/urgent-care-accesses",
        async (string nhsNumber, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(nhsNumber), ct)).Match(accesses => Results.Ok(accesses), Problems.From))
        .WithName("GetUrgentCareAccesses").WithTags("Urgent care").WithSummary("Who opened the person's urgent-care view, when and why; the latest first")
        .Produces<IReadOnlyList<Access>>().Produces<Problem>(404);
}
