using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Reminders;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Mdt;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Stratification.Timelines;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Mdt;

/// <summary>The minutes of a meeting, of the people whom the caller may see.</summary>
public static class GetMinutes
{
    /// <summary>Which, and as HTML or Markdown.</summary>
    public sealed record Query(string Id, bool Html) : IRequest<Result<string>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Writes them.</summary>
    public sealed class Handler(Meetings meetings) : IRequestHandler<Query, Result<string>>
    {
        /// <inheritdoc/>
        public async Task<Result<string>> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await meetings.FindAsync(request.Id, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            var (meeting, labels) = await meetings.MinutesAsync(found.Value.Meeting, cancellationToken);
            return request.Html ? MdtMinutes.Html(meeting, labels) : MdtMinutes.Markdown(meeting, labels);
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/mdt-meetings/{id}/minutes",
        async (string id, string? format, HttpContext http, IMediator mediator, CancellationToken ct) =>
        {
            if (format is not (null or "md" or "html"))
            {
                return Problems.From(new Invalid("format", "Minutes come as md or html."));
            }

            var html = format == "html" || (format is null && http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal));
            return (await mediator.Send(new Query(id, html), ct)).Match(text => Results.Text(text, html ? "text/html; charset=utf-8" : "text/markdown; charset=utf-8"), Problems.From);
        })
        .WithName("GetMinutes").WithTags("Meetings").WithSummary("Minutes as Markdown, or as an HTML page that prints (format=html)")
        .Produces<string>(200, "text/markdown", "text/html").Produces<Problem>(400).Produces<Problem>(404);
}

/// <summary>The snapshot of a closed meeting as a FHIR List: the same bytes for ever, but for people whom the caller may not see.</summary>
public static class GetMeetingList
{
    /// <summary>Which.</summary>
    public sealed record Query(string Id) : IRequest<Result<byte[]>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Renders it from the snapshot.</summary>
    public sealed class Handler(Meetings meetings) : IRequestHandler<Query, Result<byte[]>>
    {
        /// <inheritdoc/>
        public async Task<Result<byte[]>> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await meetings.FindAsync(request.Id, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            var (record, meeting) = found.Value;
            return meeting.Status == MeetingStatus.Closed
                ? MdtFhir.List(record, meeting, await meetings.PeopleAsync(meeting, cancellationToken))
                : new NotVisible("snapshot: the meeting is not closed");
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/mdt-meetings/{id}/list",
        async (string id, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(id), ct)).Match(list => Results.Bytes(list, Problems.FhirJson), Problems.From))
        .WithName("GetMeetingList").WithTags("Meetings").WithSummary("The snapshot of a closed meeting as a FHIR List")
        .Produces(200, contentType: "application/fhir+json").Produces<Problem>(404);
}

/// <summary>Tasks that meetings gave.</summary>
public static class ListTasks
{
    /// <summary>Open tasks, perhaps of one owner or one person, or only those overdue.</summary>
    public sealed record Query(string? Owner, bool Overdue, int Count) : IRequest<Result<IReadOnlyList<Row>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>One task.</summary>
    public sealed record Row(string Id, string NhsNumber, string Name, string Text, string Owner, string Due, bool Overdue, string Meeting)
    {
        /// <summary>Masked: a record would print everything.</summary>
        public override string ToString() => "task";
    }

    /// <summary>Reads them, the most urgent first.</summary>
    public sealed class Handler(CareDbContext db, CurrentCaller current, People people) : IRequestHandler<Query, Result<IReadOnlyList<Row>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<Row>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (request.Count is < 1 or > 500)
            {
                return new Invalid("count", "A page has 1 to 500 tasks.");
            }

            var today = people.Today.DayNumber;
            var practices = current.Caller.Practices?.ToList();
            var hidden = current.Caller.Hidden;
            var tasks = await (
                from t in db.MdtTasks.AsNoTracking()
                join p in db.Patients.AsNoTracking() on t.PatientKey equals p.PatientKey
                where t.EndDay == 0 && (request.Owner == null || t.Owner == request.Owner) && (!request.Overdue || t.DueDay < today)
                    && (practices == null || practices.Contains(p.PracticeCode)) && (p.Flags & hidden) == PersonFlags.None
                orderby t.DueDay, t.Id
                select new { Task = t, Person = p }).Take(request.Count).ToListAsync(cancellationToken);
            AccessTrail.Current?.Saw(tasks.Select(x => x.Person.PatientKey));
            return tasks.ConvertAll(x => new Row(
                x.Task.Id, x.Person.NhsNumber.Value, Meetings.NameOf(x.Person), x.Task.Text, x.Task.Owner, FhirText.Day(x.Task.DueDay), x.Task.DueDay < today, x.Task.MeetingId));
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/mdt-tasks",
        async (string? owner, bool? overdue, int? count, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(owner, overdue ?? false, count ?? 50), ct)).Match(rows => Results.Ok(rows), Problems.From))
        .WithName("ListTasks").WithTags("Meetings").WithSummary("Open tasks of meetings, the most urgent first")
        .Produces<IReadOnlyList<Row>>().Produces<Problem>(400);
}

/// <summary>A task is done, or dropped.</summary>
public static class EndTask
{
    /// <summary>Which, and what came of it.</summary>
    public sealed record Command(string Id, bool Done, string? Outcome) : IRequest<Result<string>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Ends it, in the records and in FHIR.</summary>
    public sealed class Handler(CareDbContext db, People people, DecisionResources resources, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<string>>
    {
        /// <inheritdoc/>
        public async Task<Result<string>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (Reasons.Unfit(request.Outcome) is not null)
            {
                return new Invalid("outcome", $"Say what came of it, in up to {Reasons.MaxLength} characters.");
            }

            await using var transaction = await resources.BeginAsync(ct);
            var task = await db.MdtTasks.SingleOrDefaultAsync(t => t.Id == request.Id, ct);
            var person = task is null ? new NotVisible("task") : await people.FindAsync(task.PatientKey, ct);
            if (task is null || person.Error is not null)
            {
                return new NotVisible("task");
            }

            if (task.EndDay > 0)
            {
                return new Conflict(409, "The task has ended already.");
            }

            (task.EndDay, task.Outcome, task.EndedBy) = (people.Today.DayNumber, request.Outcome, current.Caller.Name);
            await db.SaveChangesAsync(ct);
            var json = MdtFhir.Task(task.Id, person.Value.NhsNumber.Value, task.Text, task.Owner, DateOnly.FromDayNumber(task.DueDay), request.Done ? "completed" : "cancelled");
            await resources.WriteAsync([(ResourceType.Task, task.Id, json)], ct);
            await PeoplesReminders.UpdateAsync(db, [task.PatientKey], clock.GetUtcNow(), people.Today, ct);
            await transaction.CommitAsync(ct);
            return task.Id;
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Done">Done; false: dropped.</param>
    /// <param name="Outcome">What came of it.</param>
    public sealed record Body(bool? Done, string? Outcome);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/mdt-tasks/{id}/end",
        async (string id, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(id, body.Done ?? true, body.Outcome), ct)).Match(_ => Results.NoContent(), Problems.From))
        .WithName("EndTask").WithTags("Meetings").WithSummary("A task is done, or dropped")
        .Produces(204).Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(409);
}
