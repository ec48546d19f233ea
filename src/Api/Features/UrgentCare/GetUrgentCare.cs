using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Fhir.Nhs;
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
    public sealed class Handler(People people, UrgentCareRecord record, ResourceWriter writer, ProfessionalRegister registers, CurrentCaller current, TimeProvider clock)
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

            var person = NhsNumber.TryParse(request.NhsNumber, out var number) ? await record.FindAsync(number.Number, ct) : null;
            if (person is null || !current.Caller.MaySee(person.Practice, person.Flags))
            {
                // Whatever else a number may mean, and how a refusal reads, is for People to say.
                var found = await people.FindAsync(request.NhsNumber, ct);
                if (found.Error is { } error)
                {
                    return error;
                }

                (person, number) = ((await record.OfKeyAsync(found.Value.PatientKey, ct))!, found.Value.NhsNumber);
            }

            await KeepAccessAsync(person.PatientKey, request.Reason!, ct);
            return await ViewAsync(number, person, ct);
        }

        /// <summary>The access and its row of the audit in one commit, which it shares with whoever else waits for the writer.</summary>
        private async Task KeepAccessAsync(long patientKey, string reason, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            if (AccessTrail.Current is { } trail)
            {
                trail.Reason = reason;
                trail.Saw(patientKey);
            }

            var access = new UrgentCareAccess
            {
                PatientKey = patientKey,
                Id = Guid.CreateVersion7(now).ToString(),
                AccessedBy = current.Caller.Name,
                AccessedAt = now.ToUnixTimeMilliseconds(),
                Reason = reason,
            };
            await writer.WriteAsync(new WriteBatch { Also = connection => UrgentCareRecord.KeepAsync(connection, access) }, ct);
        }

        private async Task<View> ViewAsync(NhsNumber number, UrgentPerson person, CancellationToken ct)
        {
            var written = person.Plan.Length == 0 ? null : JsonSerializer.Deserialize<JointCarePlan>(person.Plan, PutCarePlan.Json);
            var plan = written?.Status == PlanStatus.Closed ? null : written;
            var clinical = await record.SummaryAsync(person.PatientKey, ct);
            return new View(
                number.Value,
                $"{person.Given} {person.Family}".Trim(),
                person.BirthDay == 0 ? null : DateOnly.FromDayNumber(person.BirthDay).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                person.Died,
                person.AgreedLevel > 0 ? person.AgreedLevel : person.ModelLevel > 0 ? person.ModelLevel : null,
                person.AgreedLevel > 0,
                await LeadAsync(person, plan, ct),
                person.PlanState,
                plan?.Contingency?.Steps ?? [],
                plan?.Preferences,
                plan?.AboutMe,
                clinical.Allergies,
                clinical.Medicines,
                clinical.Conditions);
        }

        private async Task<UrgentLead?> LeadAsync(UrgentPerson person, JointCarePlan? plan, CancellationToken ct)
        {
            if (!person.HasLead)
            {
                return null;
            }

            // The number in the plan was written for this moment; else the one on the register. A plan may name a former lead.
            var phone = plan?.Lead == person.LeadId ? plan.LeadPhone : null;
            phone ??= (await registers.FindAsync(person.LeadId, ct))?.Phone;
            return new UrgentLead(person.LeadName, person.LeadRole, phone);
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
