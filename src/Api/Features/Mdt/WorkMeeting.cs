using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Coordination.Mdt;
using BetterCare.Care.Storage;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Mdt;

/// <summary>What changes an open meeting: read, apply one rule, keep.</summary>
public sealed class MeetingChanges(Meetings meetings, CareDbContext db)
{
    /// <summary>Applies a change to a meeting that is not closed, and keeps it.</summary>
    public async Task<Result<MeetingView>> ApplyAsync(string id, Func<MdtMeeting, Task<Result<MdtMeeting>>> change, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var found = await meetings.FindAsync(id, ct);
        if (found.Error is { } error)
        {
            return error;
        }

        if (found.Value.Meeting.Status == MeetingStatus.Closed)
        {
            return new RuleNotMet(MdtRules.NotClosed, "The meeting is closed, and never opens again. Raise it at the next meeting; closed minutes stay as they are.");
        }

        var changed = await change(found.Value.Meeting);
        if (changed.Error is { } refusal)
        {
            return refusal;
        }

        await meetings.KeepAsync(found.Value.Record, changed.Value, ct);
        await transaction.CommitAsync(ct);
        return await meetings.ViewAsync(found.Value.Record, changed.Value, ct);
    }

    /// <summary>The outcome of a rule.</summary>
    public static Result<MdtMeeting> Of(Decision<MdtMeeting> decision) => decision.IsAllowed ? decision.Value : RuleOf(decision.Unmet);

    /// <summary>Unmet rules as a refusal: the first names it, all are told.</summary>
    public static RulesNotMet RuleOf(IReadOnlyList<UnmetRule> unmet) => new(unmet);
}

/// <summary>Several rules are not met: each is named, with how to satisfy it.</summary>
public sealed record RulesNotMet(IReadOnlyList<UnmetRule> Unmet) : CareError(422, "business-rule", string.Join(' ', Unmet.Select(u => $"{u.Detail} {u.HowToSatisfy}")))
{
    /// <inheritdoc/>
    public override IReadOnlyList<Fhir.Validation.Issue> Issues =>
        [.. Unmet.Select(u => new Fhir.Validation.Issue(Fhir.Validation.IssueSeverity.Error, Code, "", $"{u.Detail} {u.HowToSatisfy}", u.Rule))];
}

/// <summary>Records who attends a meeting.</summary>
public static class RecordAttendance
{
    /// <summary>Everyone who attends or sent apologies; replaces what was recorded before.</summary>
    public sealed record Command(string Id, IReadOnlyList<Entry> Attendance) : IRequest<Result<MeetingView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>One professional. Role and sector are the register's to say.</summary>
    /// <param name="Practitioner">Id of the Practitioner.</param>
    /// <param name="Attended">Was there, in the room or online; false: sent apologies.</param>
    /// <param name="Chair">Chaired.</param>
    public sealed record Entry(string Practitioner, bool Attended = true, bool Chair = false);

    /// <summary>Looks everyone up in the register.</summary>
    public sealed class Handler(MeetingChanges changes, ProfessionalRegister registers) : IRequestHandler<Command, Result<MeetingView>>
    {
        /// <inheritdoc/>
        public Task<Result<MeetingView>> Handle(Command request, CancellationToken cancellationToken) => changes.ApplyAsync(
            request.Id,
            async meeting =>
            {
                var register = await registers.ReadAsync(cancellationToken);
                if (request.Attendance.Count > 100 || request.Attendance.Any(a => a?.Practitioner is null || !register.ContainsKey(a.Practitioner)))
                {
                    return new RuleNotMet(LeadRules.Registered, "Somebody named is not in the register. Post the Practitioner and PractitionerRole first; a meeting has up to 100 professionals.");
                }

                return meeting with
                {
                    Status = MeetingStatus.Open,
                    Attendance = [.. request.Attendance.DistinctBy(a => a.Practitioner, StringComparer.Ordinal)
                        .Select(a => new Attendee(a.Practitioner, register[a.Practitioner].Professional.Role, register[a.Practitioner].Professional.Sector, a.Attended, a.Chair))],
                };
            },
            cancellationToken);
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/v1/mdt-meetings/{id}/attendance",
        async (string id, IReadOnlyList<Entry> body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(id, body), ct)).Match(m => Results.Ok(m), Problems.From))
        .WithName("RecordAttendance").WithTags("Meetings").WithSummary("Record who attends: quorum needs health, social care and one chair")
        .Produces<MeetingView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(422);
}

/// <summary>Puts a person on the agenda of a meeting that is not closed.</summary>
public static class AddToAgenda
{
    /// <summary>Who, and why.</summary>
    public sealed record Command(string Id, string NhsNumber, string? Reason) : IRequest<Result<MeetingView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "add to agenda";
    }

    /// <summary>Adds the person at the end.</summary>
    public sealed class Handler(MeetingChanges changes, People people, CareDbContext db) : IRequestHandler<Command, Result<MeetingView>>
    {
        /// <inheritdoc/>
        public async Task<Result<MeetingView>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (Reasons.Unfit(request.Reason) is { } unfit)
            {
                return unfit;
            }

            var found = await people.FindAsync(request.NhsNumber, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            var key = found.Value.PatientKey;
            var standing = await db.Standings.AsNoTracking().SingleOrDefaultAsync(s => s.PatientKey == key, cancellationToken);
            var level = standing is null ? 1 : People.LevelOf(standing);
            return await changes.ApplyAsync(
                request.Id,
                meeting => Task.FromResult<Result<MdtMeeting>>(meeting.Agenda.Any(a => a.Person == key)
                    ? meeting
                    : meeting with { Agenda = meeting.Agenda.Add(new AgendaItem(key, level, [new AgendaReason(AgendaReasonKind.Requested, "Asked for: " + request.Reason!.Trim())])) }),
                cancellationToken);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="NhsNumber">NHS number.</param>
    /// <param name="Reason">Why; shown on the agenda.</param>
    public sealed record Body(string NhsNumber, string? Reason);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/mdt-meetings/{id}/agenda",
        async (string id, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(id, body.NhsNumber, body.Reason), ct)).Match(m => Results.Ok(m), Problems.From))
        .WithName("AddToAgenda").WithTags("Meetings").WithSummary("Put a person on the agenda")
        .Produces<MeetingView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(422);
}

/// <summary>A decision of a meeting about a person. It takes effect when the meeting closes, with all others.</summary>
public static class DecideInMeeting
{
    /// <summary>The decision.</summary>
    public sealed record Command(string Id, Body Decision) : IRequest<Result<MeetingView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "decide in meeting";
    }

    /// <summary>Asks the rules, those of the meeting and those of the lead.</summary>
    public sealed class Handler(MeetingChanges changes, People people, ProfessionalRegister registers, CareDbContext db) : IRequestHandler<Command, Result<MeetingView>>
    {
        /// <inheritdoc/>
        public async Task<Result<MeetingView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var body = request.Decision;
            if (body.Kind is not { } kind)
            {
                return new Invalid("kind", "A decision is keep-level, agree-level, agree-lead, start-plan, review-plan, discharge-from-list or defer.");
            }

            if (body.Reason is { Length: > Reasons.MaxLength })
            {
                return Reasons.Unfit(body.Reason)!;
            }

            var found = await people.FindAsync(body.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            if (kind == DecisionKind.AgreeLead && body.Lead is { Length: > 0 })
            {
                var patient = found.Value;
                var place = await db.Practices.Where(p => p.Code == patient.PracticeCode).Select(p => p.Place).SingleOrDefaultAsync(ct) ?? "";
                var who = (await registers.ReadAsync(ct)).GetValueOrDefault(body.Lead)?.Professional;
                var unmet = LeadRules.Unmet(who, new PersonForLead { Key = patient.PatientKey, Practice = patient.PracticeCode, Place = place }, people.Today);
                if (unmet.Count > 0)
                {
                    return MeetingChanges.RuleOf(unmet);
                }
            }

            var decision = new MdtDecision(found.Value.PatientKey, kind, body.DecidedBy ?? "", body.Reason, body.Level, body.Until, body.Lead);
            return await changes.ApplyAsync(request.Id, meeting => Task.FromResult(MeetingChanges.Of(MdtRules.Decide(meeting, decision))), ct);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="NhsNumber">NHS number.</param>
    /// <param name="Kind">What was decided.</param>
    /// <param name="DecidedBy">Id of the attending Practitioner who answers for it.</param>
    /// <param name="Reason">Why; needed wherever something changes or is put off.</param>
    /// <param name="Level">For agree-level: 1 to 4.</param>
    /// <param name="Until">For agree-level: last day. For review-plan: the day of the review.</param>
    /// <param name="Lead">For agree-lead: id of the Practitioner.</param>
    public sealed record Body(string NhsNumber, DecisionKind? Kind, string? DecidedBy, string? Reason, int? Level, DateOnly? Until, string? Lead)
    {
        /// <summary>Masked: a record would print the number.</summary>
        public override string ToString() => $"decision {Kind}";
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/mdt-meetings/{id}/decisions",
        async (string id, Body body, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(id, body), ct)).Match(m => Results.Ok(m), Problems.From))
        .WithName("DecideInMeeting").WithTags("Meetings").WithSummary("Decide about a person: level, lead, plan, discharge from the list; takes effect when the meeting closes")
        .Produces<MeetingView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(422);
}

/// <summary>Takes a decision back, before the meeting closes.</summary>
public static class TakeDecisionBack
{
    /// <summary>Which.</summary>
    public sealed record Command(string Id, string NhsNumber, DecisionKind? Kind) : IRequest<Result<MeetingView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "take decision back";
    }

    /// <summary>Takes it out.</summary>
    public sealed class Handler(MeetingChanges changes, People people) : IRequestHandler<Command, Result<MeetingView>>
    {
        /// <inheritdoc/>
        public async Task<Result<MeetingView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var found = await people.FindAsync(request.NhsNumber, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            return await changes.ApplyAsync(
                request.Id,
                meeting => Task.FromResult<Result<MdtMeeting>>(meeting.Decisions.FirstOrDefault(d => d.Person == found.Value.PatientKey && d.Kind == request.Kind) is { } decision
                    ? meeting with { Decisions = meeting.Decisions.Remove(decision) }
                    : new NotVisible("decision")),
                cancellationToken);
        }
    }

    /// <summary>What a client sends.</summary>
    public sealed record Body(string NhsNumber, DecisionKind? Kind)
    {
        /// <summary>Masked: a record would print the number.</summary>
        public override string ToString() => $"take back {Kind}";
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/mdt-meetings/{id}/decisions/take-back",
        async (string id, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(id, body.NhsNumber, body.Kind), ct)).Match(m => Results.Ok(m), Problems.From))
        .WithName("TakeDecisionBack").WithTags("Meetings").WithSummary("Take a decision back, before the meeting closes")
        .Produces<MeetingView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(422);
}

/// <summary>Gives somebody a task about a person on the agenda.</summary>
public static class AddTask
{
    /// <summary>The task.</summary>
    public sealed record Command(string Id, Body Task) : IRequest<Result<MeetingView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "add task";
    }

    /// <summary>Asks the rules.</summary>
    public sealed class Handler(MeetingChanges changes, People people, ProfessionalRegister registers) : IRequestHandler<Command, Result<MeetingView>>
    {
        /// <inheritdoc/>
        public async Task<Result<MeetingView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var body = request.Task;
            if (body.Text is { Length: > 1000 })
            {
                return new Invalid("text", "A task is said in up to 1,000 characters.");
            }

            var found = await people.FindAsync(body.NhsNumber, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            if (body.Owner is { Length: > 0 } owner && !(await registers.ReadAsync(cancellationToken)).ContainsKey(owner))
            {
                return new RuleNotMet(LeadRules.Registered, "The owner is not in the register. Post the Practitioner and PractitionerRole first, or choose a registered professional.");
            }

            var task = new MdtTask(Guid.CreateVersion7().ToString(), found.Value.PatientKey, body.Text ?? "", body.Owner, body.Due);
            return await changes.ApplyAsync(request.Id, meeting => Task.FromResult(MeetingChanges.Of(MdtRules.AddTask(meeting, task))), cancellationToken);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="NhsNumber">NHS number.</param>
    /// <param name="Text">What.</param>
    /// <param name="Owner">Id of the Practitioner who does it.</param>
    /// <param name="Due">By when.</param>
    public sealed record Body(string NhsNumber, string? Text, string? Owner, DateOnly? Due)
    {
        /// <summary>Masked: a record would print everything.</summary>
        public override string ToString() => "task";
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/mdt-meetings/{id}/tasks",
        async (string id, Body body, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(id, body), ct)).Match(m => Results.Ok(m), Problems.From))
        .WithName("AddTask").WithTags("Meetings").WithSummary("Give a professional a task about a person, with a date")
        .Produces<MeetingView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(422);
}
