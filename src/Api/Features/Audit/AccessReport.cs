using System.Globalization;
using System.Net;
using System.Text;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Audit;
using MediatR;

namespace BetterCare.Care.Api.Features.Audit;

/// <summary>
/// Who saw what of one person, when and why: the answer to a subject access request (UK GDPR Art. 15), and to a person who asks
/// who has looked at their record.
/// </summary>
public static class GetAccessReport
{
    /// <summary>Most rows; a report that is longer says so.</summary>
    private const int Most = 20_000;

    /// <summary>About whom, and from when to when.</summary>
    public sealed record Query(string NhsNumber, DateOnly? From, DateOnly? To) : IRequest<Result<Report>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadAudit;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "access report";
    }

    /// <summary>The report.</summary>
    /// <param name="NhsNumber">About whom.</param>
    /// <param name="MadeAt">When it was made.</param>
    /// <param name="Accesses">The latest first.</param>
    /// <param name="IsComplete">Whether nothing was left out for its length.</param>
    public sealed record Report(string NhsNumber, DateTimeOffset MadeAt, IReadOnlyList<Access> Accesses, bool IsComplete)
    {
        /// <summary>Masked.</summary>
        public override string ToString() => $"access report of {Accesses.Count} rows";
    }

    /// <summary>One access.</summary>
    /// <param name="At">When.</param>
    /// <param name="By">User or system.</param>
    /// <param name="Role">In which role; null: none was told.</param>
    /// <param name="Purpose">Why, as a code of HL7's PurposeOfUse; null: none was told.</param>
    /// <param name="What">What was done.</param>
    /// <param name="Scope"><c>person</c>, or <c>everybody</c> for work on the whole list.</param>
    /// <param name="Outcome"><c>success</c>, <c>refused</c> or <c>failed</c>.</param>
    /// <param name="Reason">The reason that was given; null: none was needed.</param>
    /// <param name="Event">The AuditEvent.</param>
    public sealed record Access(DateTimeOffset At, string By, string? Role, string? Purpose, string What, string Scope, string Outcome, string? Reason, string Event);

    /// <summary>Reads the chains.</summary>
    public sealed class Handler(AuditStore store, AuditPeople people, Features.People records, TimeProvider clock) : IRequestHandler<Query, Result<Report>>
    {
        /// <inheritdoc/>
        public async Task<Result<Report>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var found = await records.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            var (_, keys) = await people.KeysAsync(found.Value.NhsNumber, ct);
            var filter = new AuditFilter
            {
                People = keys,
                From = request.From is { } from ? Start(from) : 0,
                To = request.To is { } to ? Start(to.AddDays(1)) : long.MaxValue,
            };
            var rows = new List<Access>();
            var complete = true;
            await foreach (var record in store.FindAsync(filter, null, ct))
            {
                if (!Concerns(record.Entry, found.Value.PracticeCode, keys))
                {
                    continue;
                }

                if (rows.Count == Most)
                {
                    complete = false;
                    break;
                }

                rows.Add(RowOf(record, keys));
            }

            return new Report(found.Value.NhsNumber.Value, clock.GetUtcNow(), rows, complete);
        }

        private static long Start(DateOnly day) => new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeMilliseconds();

        /// <summary>Work on everybody of some practices concerns the people of those.</summary>
        private static bool Concerns(AuditEntry entry, string practice, long[] person) =>
            entry.People.Any(k => k > 0 && person.Contains(k)) || !entry.Query.StartsWith(AuditEntry.PracticesPrefix, StringComparison.Ordinal)
            || entry.Query[AuditEntry.PracticesPrefix.Length..].Split('+').Contains(practice, StringComparer.Ordinal);

        private static Access RowOf(AuditRecord record, long[] person)
        {
            var e = record.Entry;
            return new Access(
                DateTimeOffset.FromUnixTimeMilliseconds(e.At),
                e.Agent,
                e.Role.Length > 0 ? e.Role : null,
                e.Purpose.Length > 0 ? e.Purpose : null,
                Words(e),
                e.People.Any(k => k < 0 || (k > 0 && person.Contains(k))) ? "person" : "everybody",
                e.Outcome switch { AuditOutcome.Success => "success", AuditOutcome.Refused => "refused", _ => "failed" },
                e.Reason.Length > 0 ? e.Reason : null,
                $"AuditEvent/{record.Id}");
        }

        /// <summary><c>GetCarePlan</c> becomes "Get care plan"; a resource type is named.</summary>
        private static string Words(AuditEntry e)
        {
            var words = new StringBuilder();
            foreach (var c in e.Interaction)
            {
                words.Append(char.IsUpper(c) && words.Length > 0 ? $" {char.ToLowerInvariant(c)}" : c.ToString());
            }

            return e.Type == Fhir.ResourceType.None ? words.ToString() : $"{words} ({Fhir.ResourceTypes.Name(e.Type)})";
        }
    }

    /// <summary>The report as CSV (RFC 4180).</summary>
    internal static string Csv(Report report)
    {
        var csv = new StringBuilder("at,by,role,purpose,what,scope,outcome,reason,event\r\n");
        foreach (var a in report.Accesses)
        {
            csv.AppendJoin(',', new[] { Instant(a.At), a.By, a.Role ?? "", a.Purpose ?? "", a.What, a.Scope, a.Outcome, a.Reason ?? "", a.Event }.Select(Cell)).Append("\r\n");
        }

        return csv.ToString();
    }

    /// <summary>The report as a page to print.</summary>
    internal static string Html(Report report)
    {
        var display = NhsNumber.TryParse(report.NhsNumber, out var number) ? number.Display : "";
        var html = new StringBuilder("<!doctype html><html lang=\"en-GB\"><head><meta charset=\"utf-8\"><title>Who has seen this record</title><style>"
            + "body{font-family:Arial,sans-serif;margin:2rem;color:#212b32}table{border-collapse:collapse;width:100%;font-size:.9rem}"
            + "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #aeb7bd}caption{text-align:left;font-weight:bold;padding:.5rem 0}"
            + "thead{display:table-header-group}@media print{body{margin:0}tr{break-inside:avoid}}</style></head><body><main><h1>Who has seen this record</h1>");
        html.Append(CultureInfo.InvariantCulture, $"<p>NHS number {display}. Made on {report.MadeAt:d MMMM yyyy} at {report.MadeAt:HH:mm} UTC; times are UTC.</p>");
        if (!report.IsComplete)
        {
            html.Append("<p><strong>This report was cut for its length.</strong> Ask for a shorter time.</p>");
        }

        html.Append(CultureInfo.InvariantCulture, $"<table><caption>{report.Accesses.Count} accesses, the latest first</caption><thead><tr>");
        foreach (var head in new[] { "When", "Who", "Role", "Purpose", "What", "Of", "Outcome", "Reason" })
        {
            html.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\">{head}</th>");
        }

        html.Append("</tr></thead><tbody>");
        foreach (var a in report.Accesses)
        {
            html.Append("<tr>");
            foreach (var cell in new[] { a.At.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), a.By, a.Role, a.Purpose, a.What, a.Scope == "person" ? "This person" : "Everybody", a.Outcome, a.Reason })
            {
                html.Append(CultureInfo.InvariantCulture, $"<td>{WebUtility.HtmlEncode(cell)}</td>");
            }

            html.Append("</tr>");
        }

        return html.Append("</tbody></table></main></body></html>").ToString();
    }

    private static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    // A cell that begins like a formula would run in a spreadsheet.
    private static string Cell(string text) =>
        text.Length > 0 && text[0] is '=' or '+' or '-' or '@' ? $"\"'{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : text;

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/patients/{nhsNumber}/access-report",
        async (string nhsNumber, DateOnly? from, DateOnly? to, HttpRequest http, IMediator mediator, CancellationToken ct) =>
        {
            var accept = http.Headers.Accept.ToString();
            return (await mediator.Send(new Query(nhsNumber, from, to), ct)).Match(
                report => accept.Contains("text/csv", StringComparison.OrdinalIgnoreCase) ? Results.Text(Csv(report), "text/csv", Encoding.UTF8)
                    : accept.Contains("text/html", StringComparison.OrdinalIgnoreCase) ? Results.Text(Html(report), "text/html", Encoding.UTF8)
                    : Results.Ok(report),
                Problems.From);
        })
        .WithName("GetAccessReport").WithTags("Audit").WithSummary("Who saw what of a person, when and why: JSON, CSV or a page to print")
        .Produces<Report>(200, "application/json", "text/csv", "text/html").Produces<Problem>(400).Produces<Problem>(403).Produces<Problem>(404);
}
