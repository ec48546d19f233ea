using System.Globalization;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Reminders;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Reminders;

/// <summary>A reminder as a professional reads it.</summary>
/// <param name="Id">Opaque.</param>
/// <param name="Kind"><c>review-due</c>, <c>admitted</c> …</param>
/// <param name="NhsNumber">Of whom.</param>
/// <param name="Name">Of whom.</param>
/// <param name="To">Id of the Practitioner; null: the team, because nobody leads.</param>
/// <param name="Occasion">The day it is about, yyyy-MM-dd.</param>
/// <param name="Text">What is due.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="State"><c>open</c>, <c>acknowledged</c>, or <c>settled</c> where its cause is gone.</param>
/// <param name="AcknowledgedBy">Who acknowledged it.</param>
public sealed record ReminderView(
    string Id, string Kind, string NhsNumber, string Name, string? To, string Occasion, string Text, DateTimeOffset CreatedAt, string State, string? AcknowledgedBy)
{
    /// <summary>Masked: a record would print who it is about.</summary>
    public override string ToString() => $"reminder {Id}";
}

/// <summary>A page of reminders.</summary>
/// <param name="Reminders">The latest first.</param>
/// <param name="Next">What to send as <c>before</c> for the next page; null on the last.</param>
public sealed record ReminderPage(IReadOnlyList<ReminderView> Reminders, string? Next);

/// <summary>The reminders and alerts of a professional, or of the team.</summary>
public static class GetReminders
{
    /// <summary>Whose, in which state, and from where on.</summary>
    public sealed record Query(string? To, string? State, string? Before, int Count) : IRequest<Result<ReminderPage>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Reads a page; of people whom the caller may see.</summary>
    public sealed class Handler(CareDbContext db, CurrentCaller current) : IRequestHandler<Query, Result<ReminderPage>>
    {
        private const int Most = 200;

        /// <inheritdoc/>
        public async Task<Result<ReminderPage>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (request.State is not (null or "open" or "all"))
            {
                return new Invalid("state", "The state is open or all.");
            }

            var (at, id) = (long.MaxValue, "~");
            if (request.Before is { } before)
            {
                var colon = before.IndexOf(':', StringComparison.Ordinal);
                if (colon < 0 || !long.TryParse(before.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out at))
                {
                    return new Invalid("before", "Send what the page before told as next.");
                }

                id = before[(colon + 1)..];
            }

            var count = Math.Clamp(request.Count, 1, Most);
            var rows = db.Reminders.AsNoTracking().Join(db.Patients, r => r.PatientKey, p => p.PatientKey, (r, p) => new { r, p })
                .Where(x => x.r.CreatedAt < at || (x.r.CreatedAt == at && string.Compare(x.r.Id, id) < 0));
            if (request.To is { } to)
            {
                var recipient = to == "team" ? "" : to;
                rows = rows.Where(x => x.r.Recipient == recipient);
            }

            if (request.State is not "all")
            {
                rows = rows.Where(x => x.r.ClosedAt == 0);
            }

            if (current.Caller.Practices is { } practices)
            {
                var mine = practices.ToList();
                rows = rows.Where(x => mine.Contains(x.p.PracticeCode));
            }

            var page = await rows.OrderByDescending(x => x.r.CreatedAt).ThenByDescending(x => x.r.Id).Take(count + 1).ToListAsync(cancellationToken);
            var visible = page.Take(count).Where(x => current.Caller.MaySee(x.p.PracticeCode, x.p.Flags)).ToList();
            visible.ForEach(x => AccessTrail.Current?.Saw(x.r.PatientKey));
            return new ReminderPage(visible.ConvertAll(x => View(x.r, x.p)), page.Count > count ? string.Create(CultureInfo.InvariantCulture, $"{page[count - 1].r.CreatedAt}:{page[count - 1].r.Id}") : null);
        }
    }

    internal static ReminderView View(Storage.Model.ReminderRow r, Storage.Model.Patient p) => new(
        r.Id,
        KindName(r.Kind),
        p.NhsNumber.Value,
        $"{p.Given} {p.Family}".Trim(),
        r.Recipient.Length == 0 ? null : r.Recipient,
        DateOnly.FromDayNumber(r.OccasionDay).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        r.Text,
        DateTimeOffset.FromUnixTimeMilliseconds(r.CreatedAt),
        r.ClosedAt == 0 ? "open" : r.ClosedBy.Length > 0 ? "acknowledged" : "settled",
        r.ClosedBy.Length == 0 ? null : r.ClosedBy);

    private static string KindName(ReminderKind kind) => kind switch
    {
        ReminderKind.NewLevel4 => "new-level-4",
        ReminderKind.Admitted => "admitted",
        ReminderKind.Discharged => "discharged",
        ReminderKind.ReviewDue => "review-due",
        ReminderKind.ReviewOverdue => "review-overdue",
        ReminderKind.TaskOverdue => "task-overdue",
        _ => "urgent-care-opened",
    };

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/reminders",
        async (string? to, string? state, string? before, int? count, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(to, state, before, count ?? 50), ct)).Match(page => Results.Ok(page), Problems.From))
        .WithName("GetReminders").WithTags("Reminders").WithSummary("Reminders and alerts: to=PRACTITIONER or to=team; open ones, the latest first")
        .Produces<ReminderPage>().Produces<Problem>(400);
}

/// <summary>Somebody has seen a reminder and answers for it.</summary>
public static class AcknowledgeReminder
{
    /// <summary>Which.</summary>
    public sealed record Command(string Id) : IRequest<Result<ReminderView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Keeps who and when; a second time changes nothing.</summary>
    public sealed class Handler(CareDbContext db, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<ReminderView>>
    {
        /// <inheritdoc/>
        public async Task<Result<ReminderView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var reminder = await db.Reminders.SingleOrDefaultAsync(r => r.Id == request.Id, cancellationToken);
            var patient = reminder is null ? null : await db.Patients.AsNoTracking().SingleOrDefaultAsync(p => p.PatientKey == reminder.PatientKey, cancellationToken);
            if (reminder is null || patient is null || !current.Caller.MaySee(patient.PracticeCode, patient.Flags))
            {
                return new NotVisible("reminder");
            }

            AccessTrail.Current?.Saw(patient.PatientKey);
            if (reminder.ClosedBy.Length == 0)
            {
                (reminder.ClosedAt, reminder.ClosedBy) = (clock.GetUtcNow().ToUnixTimeMilliseconds(), current.Caller.Name);
                await db.SaveChangesAsync(cancellationToken);
            }

            return GetReminders.View(reminder, patient);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/reminders/{id}/acknowledgement",
        async (string id, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(id), ct)).Match(reminder => Results.Ok(reminder), Problems.From))
        .WithName("AcknowledgeReminder").WithTags("Reminders").WithSummary("Acknowledge a reminder: who and when are kept")
        .Produces<ReminderView>().Produces<Problem>(404);
}
