using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Features.Levels;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Mdt;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Mdt;

/// <summary>
/// Closes a meeting for good: every decision takes effect, through the same code as the single requests, in one commit with
/// the snapshot. If one of them cannot, none does.
/// </summary>
public static class CloseMeeting
{
    /// <summary>Which.</summary>
    public sealed record Command(string Id) : IRequest<Result<MeetingView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Asks the rules, acts, and keeps the snapshot.</summary>
    public sealed class Handler(
        CareDbContext db, Meetings meetings, People people, LeadDecisions leads, PlanDecisions plans, DecisionResources resources, CurrentCaller current, TimeProvider clock)
        : IRequestHandler<Command, Result<MeetingView>>
    {
        /// <summary>Someone discharged from the list stays off it so long, unless the meeting says until when; then the model's level counts again.</summary>
        private const int OffTheListMonths = 6;

        /// <summary>A plan that a meeting wants reviewed is reviewed within so many days, unless it says on which.</summary>
        private const int ReviewWithinDays = 28;

        /// <inheritdoc/>
        public async Task<Result<MeetingView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            await using var transaction = await resources.BeginAsync(ct);
            var found = await meetings.FindAsync(request.Id, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            var (record, meeting) = found.Value;
            if (Meetings.PracticesOf(record).Any(p => !current.Caller.MaySee(p)))
            {
                return new NotAllowed("all practices of this meeting: somebody who may see everyone on the agenda closes it");
            }

            var closed = MdtRules.Close(meeting, people.Today);
            if (!closed.IsAllowed)
            {
                return MeetingChanges.RuleOf(closed.Unmet);
            }

            foreach (var decision in meeting.Decisions)
            {
                if (await ActAsync(record, decision, ct) is { } refusal)
                {
                    return refusal;
                }
            }

            var discussed = meeting.Agenda.Select(a => a.Person).ToList();
            await db.MdtRequests.Where(r => r.MeetingId == null && discussed.Contains(r.PatientKey)).ExecuteUpdateAsync(s => s.SetProperty(r => r.MeetingId, record.Id), ct);
            await KeepTasksAsync(record, meeting, ct);
            record.ClosedBy = current.Caller.Name;
            record.ClosedAt = clock.GetUtcNow().ToUnixTimeMilliseconds();
            foreach (var deferred in meeting.Decisions.Where(d => d.Kind == DecisionKind.Defer))
            {
                db.MdtRequests.Add(new MdtRequestRecord
                {
                    PatientKey = deferred.Person,
                    Id = Guid.CreateVersion7().ToString(),
                    Reason = $"Put off on {FhirText.Day(record.HeldDay)}: {deferred.Reason}",
                    AskedBy = current.Caller.Name,
                    AskedAt = record.ClosedAt,
                });
            }

            await meetings.KeepAsync(record, closed.Value, ct);
            await transaction.CommitAsync(ct);
            return await meetings.ViewAsync(record, closed.Value, ct);
        }

        private async Task<CareError?> ActAsync(MdtMeetingRecord record, MdtDecision decision, CancellationToken ct)
        {
            var found = await people.FindAsync(decision.Person, ct);
            if (found.Error is { } hidden)
            {
                return hidden;
            }

            var standing = await people.StandingAsync(found.Value, ct);
            var reason = $"MDT of {FhirText.Day(record.HeldDay)}: {decision.Reason}";
            switch (decision.Kind)
            {
                case DecisionKind.AgreeLevel:
                    await AgreedLevels.AgreeAsync(db, people, standing, decision.Level!.Value, reason, decision.Until!.Value, current.Caller.Name, clock.GetUtcNow(), ct);
                    return null;
                case DecisionKind.AgreeLead:
                    return (await leads.AppointAsync(standing, decision.Lead!, reason, ct)).Error;
                case DecisionKind.StartPlan:
                    return standing.PlanState is "none" or "closed" ? (await plans.WriteAsync(standing, new JointCarePlan { Status = PlanStatus.Draft }, ct)).Error : null;
                case DecisionKind.ReviewPlan:
                    var by = decision.Until ?? DateOnly.FromDayNumber(record.HeldDay).AddDays(ReviewWithinDays);
                    return standing.PlanState == "agreed"
                        ? (await plans.ChangeAsync(standing, standing.PlanVersion, plan => plan.ReviewDue <= by ? plan : plan with { ReviewDue = by }, ct)).Error
                        : new RuleNotMet(PlanRules.Exists, "A plan is to be reviewed, but the person has none that is agreed. Decide to start one instead.");
                case DecisionKind.DischargeFromList:
                    return await DischargeAsync(standing, decision, reason, ct);
                default:
                    return null;
            }
        }

        /// <summary>Leaves the list: level 1 for a time, nobody leads, and an open plan ends as no longer needed.</summary>
        private async Task<CareError?> DischargeAsync(PersonStanding standing, MdtDecision decision, string reason, CancellationToken ct)
        {
            var until = decision.Until ?? people.Today.AddMonths(OffTheListMonths);
            await AgreedLevels.AgreeAsync(db, people, standing, 1, reason, until, current.Caller.Name, clock.GetUtcNow(), ct);
            await leads.EndAsync(standing, people.Today, reason, ct);
            return standing.PlanState is "none" or "closed"
                ? null
                : (await plans.ChangeAsync(standing, standing.PlanVersion, plan => CloseCarePlan.Closed(plan, PlanOutcome.NoLongerNeeded, people.Today), ct)).Error;
        }

        private async Task KeepTasksAsync(MdtMeetingRecord record, MdtMeeting meeting, CancellationToken ct)
        {
            var numbers = (await meetings.PeopleAsync(meeting, ct)).ToDictionary(p => p.Key, p => p.Value.NhsNumber.Value);
            foreach (var task in meeting.Tasks)
            {
                db.MdtTasks.Add(new MdtTaskRecord
                {
                    PatientKey = task.Person,
                    Id = task.Id,
                    MeetingId = record.Id,
                    Text = task.Text,
                    Owner = task.Owner!,
                    DueDay = task.Due!.Value.DayNumber,
                });
            }

            await db.SaveChangesAsync(ct);
            await resources.WriteAsync(meeting.Tasks.Select(t => (ResourceType.Task, t.Id, MdtFhir.Task(t.Id, numbers[t.Person], t.Text, t.Owner!, t.Due!.Value, "requested"))), ct);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/mdt-meetings/{id}/close",
        async (string id, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(id), ct)).Match(m => Results.Ok(m), Problems.From))
        .WithName("CloseMeeting").WithTags("Meetings").WithSummary("Close the meeting for good: every decision takes effect, in one commit with the snapshot")
        .Produces<MeetingView>().Produces<Problem>(403).Produces<Problem>(404).Produces<Problem>(412).Produces<Problem>(422);
}
