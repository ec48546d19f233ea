using System.Globalization;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification.Timelines;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Levels;

/// <summary>Everybody whose level people agreed, with the model's level then and now: in force, or run out and not looked at since.</summary>
public static class ListAgreedLevels
{
    /// <summary>Which.</summary>
    public sealed record Query(string? State, string? Practice, string? Cursor, int Count) : IRequest<Result<Page>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>One page, by last day in force.</summary>
    /// <param name="People">The rows.</param>
    /// <param name="Next">Cursor of the next page; null: this is the last.</param>
    public sealed record Page(IReadOnlyList<Row> People, string? Next);

    /// <summary>One person.</summary>
    /// <param name="NhsNumber">NHS number.</param>
    /// <param name="Name">Name.</param>
    /// <param name="Practice">ODS code.</param>
    /// <param name="ModelLevelNow">The model's level in the current run; 0 not in it.</param>
    /// <param name="Agreed">What was agreed, with the model's level at that time.</param>
    public sealed record Row(string NhsNumber, string Name, string Practice, int ModelLevelNow, AgreedLevelView Agreed)
    {
        /// <summary>Masked: a record would print everything.</summary>
        public override string ToString() => $"agreed level {Agreed.Level}";
    }

    /// <summary>Reads a page.</summary>
    public sealed class Handler(CareDbContext db, LatestRun latest, CurrentCaller current, ListCursors cursors) : IRequestHandler<Query, Result<Page>>
    {
        /// <inheritdoc/>
        public async Task<Result<Page>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (request.State is not (null or "in-force" or "expired"))
            {
                return new Invalid("state", "A state is in-force (the default) or expired.");
            }

            if (request.Count is < 1 or > 500)
            {
                return new Invalid("count", "A page has 1 to 500 rows.");
            }

            var list = $"agreed-levels {request.State ?? "in-force"}";
            if (cursors.Open(list, request.Cursor, out var place) is { } unfit)
            {
                return unfit;
            }

            var ended = (place ?? "0 0").Split(' ');
            var (day, key) = (int.Parse(ended[0], CultureInfo.InvariantCulture), long.Parse(ended[1], CultureInfo.InvariantCulture));

            // Run out, and nothing was agreed for the person after it.
            var levels = request.State == "expired"
                ? db.AgreedLevels.Where(a => a.EndReason == AgreedLevelRecord.Expired && !db.AgreedLevels.Any(b => b.PatientKey == a.PatientKey && (b.EndDay == 0 || b.EndDay > a.EndDay)))
                : db.AgreedLevels.Where(a => a.EndDay == 0);
            var run = await latest.IdAsync(ct);
            var hidden = current.Caller.HiddenInLists;
            var people = db.Patients.Where(p => (p.Flags & hidden) == PersonFlags.None && p.DeathDay == 0);
            if (request.Practice is { } practice)
            {
                var code = practice.ToUpperInvariant();
                people = people.Where(p => p.PracticeCode == code);
            }

            if (current.Caller.Practices is { } own)
            {
                people = people.Where(p => own.Contains(p.PracticeCode));
            }

            var rows = await (
                from a in levels.AsNoTracking()
                join p in people on a.PatientKey equals p.PatientKey
                where a.ExpiresDay > day || (a.ExpiresDay == day && a.PatientKey > key)
                orderby a.ExpiresDay, a.PatientKey
                select new
                {
                    Record = a,
                    p.NhsNumber,
                    p.Given,
                    p.Family,
                    p.PracticeCode,
                    Now = db.RiskScores.Where(s => s.RunId == run && s.PatientKey == a.PatientKey).Select(s => (byte?)s.Level).FirstOrDefault(),
                }).Take(request.Count + 1).ToListAsync(ct);
            var next = rows.Count > request.Count ? cursors.Seal(list, string.Create(CultureInfo.InvariantCulture, $"{rows[^2].Record.ExpiresDay} {rows[^2].Record.PatientKey}")) : null;
            foreach (var row in rows.Take(request.Count))
            {
                AccessTrail.Current?.Saw(row.Record.PatientKey);
            }

            return new Page(
                [.. rows.Take(request.Count).Select(r => new Row(r.NhsNumber.Value, $"{r.Given} {r.Family}".Trim(), r.PracticeCode, r.Now ?? 0, AgreedLevelView.Of(r.Record)))],
                next);
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/agreed-levels",
        async (string? state, string? practice, string? cursor, int? count, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(state, practice, cursor, count ?? 50), ct)).Match(page => Results.Ok(page), Problems.From))
        .WithName("ListAgreedLevels").WithTags("Coordination").WithSummary("People whose level was agreed, beside the model's: in force, or run out and not looked at since")
        .Produces<Page>().Produces<Problem>(400);
}
