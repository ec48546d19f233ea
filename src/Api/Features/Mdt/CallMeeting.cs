using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Mdt;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Mdt;

/// <summary>Calls a meeting of a team about the people of some practices, and draws its agenda from the list.</summary>
public static class CallMeeting
{
    /// <summary>The meeting.</summary>
    public sealed record Command(string Team, DateOnly HeldOn, IReadOnlyList<string> Practices, string? Place, int Most) : IRequest<Result<MeetingView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>What is valid.</summary>
    public sealed class Validator : AbstractValidator<Command>
    {
        /// <summary>The rules.</summary>
        public Validator()
        {
            RuleFor(c => c.Team).NotEmpty().MaximumLength(200).WithMessage("Name the team, in up to 200 characters.");
            RuleFor(c => c.Most).InclusiveBetween(1, 500).WithMessage("An agenda has 1 to 500 people.");
            RuleFor(c => c.Practices).Must(p => p.Count <= 500).WithMessage("Name up to 500 practices, or a place.");
        }
    }

    /// <summary>Draws the agenda and keeps the meeting.</summary>
    public sealed class Handler(CareDbContext db, Meetings meetings, AgendaRows rows, LoopWorker worker, CurrentCaller current, People people, TimeProvider clock) : IRequestHandler<Command, Result<MeetingView>>
    {
        /// <inheritdoc/>
        public async Task<Result<MeetingView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (request.HeldOn < people.Today.AddDays(-7) || request.HeldOn > people.Today.AddYears(1))
            {
                return new Invalid("heldOn", "A meeting is called for a day within a year, or written up within a week.");
            }

            var known = db.Practices.AsNoTracking();
            var codes = request.Practices.Count > 0
                ? await known.Where(p => request.Practices.Contains(p.Code)).Select(p => p.Code).ToListAsync(ct)
                : request.Place is { Length: > 0 } place ? await known.Where(p => p.Place == place).Select(p => p.Code).ToListAsync(ct)
                : [.. current.Caller.Practices ?? new HashSet<string>()];
            codes.RemoveAll(code => !current.Caller.MaySee(code));
            if (codes.Count == 0)
            {
                return new Invalid("practices", "Name at least one practice of yours by its ODS code, or a place.");
            }

            // An admission of this morning is on this morning's agenda.
            await worker.CatchUpAsync(ct);
            codes.Sort(StringComparer.Ordinal);
            var record = new MdtMeetingRecord
            {
                Id = Guid.CreateVersion7().ToString(),
                Team = request.Team.Trim(),
                Practices = string.Join(' ', codes),
                HeldDay = request.HeldOn.DayNumber,
                Meeting = "",
                CalledBy = current.Caller.Name,
                CalledAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            };
            var meeting = new MdtMeeting { Team = record.Team, HeldOn = request.HeldOn, Agenda = [.. await rows.DrawAsync(record.Team, codes, request.HeldOn, request.Most, ct)] };
            db.Meetings.Add(record);
            await meetings.KeepAsync(record, meeting, ct);
            return await meetings.ViewAsync(record, meeting, ct);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Team">The team's name, the same for each of its meetings.</param>
    /// <param name="HeldOn">Day of the meeting.</param>
    /// <param name="Practices">ODS codes; left out: the place's, or all of the caller's.</param>
    /// <param name="Place">A place instead of practices.</param>
    /// <param name="Most">Most people on the agenda; left out: 50.</param>
    public sealed record Body(string Team, DateOnly HeldOn, IReadOnlyList<string>? Practices, string? Place, int? Most);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/mdt-meetings",
        async (Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(body.Team, body.HeldOn, [.. (body.Practices ?? []).OfType<string>().Select(p => p.ToUpperInvariant())], body.Place, body.Most ?? 50), ct))
                .Match(m => Results.Created($"/v1/mdt-meetings/{m.Id}", m), Problems.From))
        .WithName("CallMeeting").WithTags("Meetings").WithSummary("Call an MDT meeting; its agenda is drawn from the list, with the reason for each person")
        .Produces<MeetingView>(201).Produces<Problem>(400);
}

/// <summary>Meetings, the latest first.</summary>
public static class ListMeetings
{
    /// <summary>All that the caller may see.</summary>
    public sealed record Query(int Count) : IRequest<Result<IReadOnlyList<Row>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>One meeting.</summary>
    public sealed record Row(string Id, string Team, string HeldOn, MeetingStatus Status, IReadOnlyList<string> Practices);

    /// <summary>Reads them.</summary>
    public sealed class Handler(CareDbContext db, CurrentCaller current) : IRequestHandler<Query, Result<IReadOnlyList<Row>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<Row>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (request.Count is < 1 or > 500)
            {
                return new Invalid("count", "A page has 1 to 500 meetings.");
            }

            var rows = new List<Row>();
            await foreach (var m in db.Meetings.AsNoTracking().OrderByDescending(m => m.HeldDay).ThenByDescending(m => m.Id).AsAsyncEnumerable().WithCancellation(cancellationToken))
            {
                if (Meetings.PracticesOf(m).Any(current.Caller.MaySee))
                {
                    rows.Add(new Row(m.Id, m.Team, FhirText.Day(m.HeldDay), (MeetingStatus)m.Status, Meetings.PracticesOf(m)));
                    if (rows.Count == request.Count)
                    {
                        break;
                    }
                }
            }

            return rows;
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/mdt-meetings",
        async (int? count, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(count ?? 50), ct)).Match(rows => Results.Ok(rows), Problems.From))
        .WithName("ListMeetings").WithTags("Meetings").WithSummary("Meetings, the latest first")
        .Produces<IReadOnlyList<Row>>().Produces<Problem>(400);
}

/// <summary>One meeting.</summary>
public static class GetMeeting
{
    /// <summary>Which.</summary>
    public sealed record Query(string Id) : IRequest<Result<MeetingView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Reads it.</summary>
    public sealed class Handler(Meetings meetings) : IRequestHandler<Query, Result<MeetingView>>
    {
        /// <inheritdoc/>
        public async Task<Result<MeetingView>> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await meetings.FindAsync(request.Id, cancellationToken);
            return found.Error is { } error ? error : await meetings.ViewAsync(found.Value.Record, found.Value.Meeting, cancellationToken);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/mdt-meetings/{id}",
        async (string id, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(id), ct)).Match(m => Results.Ok(m), Problems.From))
        .WithName("GetMeeting").WithTags("Meetings").WithSummary("A meeting: agenda, attendance, decisions, tasks")
        .Produces<MeetingView>().Produces<Problem>(404);
}

/// <summary>Somebody asks a team to discuss a person at its next meeting.</summary>
public static class RequestDiscussion
{
    /// <summary>Who, and why.</summary>
    public sealed record Command(string NhsNumber, string? Reason) : IRequest<Result<string>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "request discussion";
    }

    /// <summary>Keeps the request until a meeting has taken it up.</summary>
    public sealed class Handler(CareDbContext db, People people, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<string>>
    {
        /// <inheritdoc/>
        public async Task<Result<string>> Handle(Command request, CancellationToken cancellationToken)
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

            var record = new MdtRequestRecord
            {
                PatientKey = found.Value.PatientKey,
                Id = Guid.CreateVersion7().ToString(),
                Reason = request.Reason!,
                AskedBy = current.Caller.Name,
                AskedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            };
            db.MdtRequests.Add(record);
            await db.SaveChangesAsync(cancellationToken);
            return record.Id;
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Reason">Why; shown on the agenda.</param>
    public sealed record Body(string? Reason);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/patients/{nhsNumber}/mdt-requests",
        async (string nhsNumber, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(nhsNumber, body.Reason), ct)).Match(_ => Results.Accepted(), Problems.From))
        .WithName("RequestDiscussion").WithTags("Meetings").WithSummary("Ask for the person to be on the next agenda")
        .Produces(202).Produces<Problem>(400).Produces<Problem>(404);
}
