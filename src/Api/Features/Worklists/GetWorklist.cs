using System.Text;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Worklists;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using MediatR;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Worklists;

/// <summary>
/// A worklist: the people of levels 3 and 4, and everyone about whom the team has decided something, by any filter, highest
/// risk first.
/// </summary>
public static class GetWorklist
{
    /// <summary>Most rows of a CSV file: a worklist is for working, not for taking the population away.</summary>
    public const int MostCsvRows = 5000;

    /// <summary>A page of a filter, given by query values or by the name of a saved one.</summary>
    public sealed record Query(IReadOnlyList<KeyValuePair<string, string?>> Filter, string? Saved, string? Cursor, int Count) : IRequest<Result<WorklistPage>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "get worklist";
    }

    /// <summary>Parses the filter and reads the page.</summary>
    public sealed class Handler(WorklistPages pages, CareDbContext db, CurrentCaller current) : IRequestHandler<Query, Result<WorklistPage>>
    {
        /// <inheritdoc/>
        public async Task<Result<WorklistPage>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (request.Count is < 1 or > MostCsvRows)
            {
                return new Invalid("count", "A page has 1 to 500 rows.");
            }

            var values = request.Filter;
            if (request.Saved is { } name)
            {
                var saved = await db.SavedWorklists.AsNoTracking().SingleOrDefaultAsync(w => w.Owner == current.Caller.Name && w.Name == name, cancellationToken);
                if (saved is null)
                {
                    return new NotVisible("saved worklist of yours");
                }

                values = [.. SavedFilter.Values(saved.Filter), .. values];
            }

            var filter = pages.Parse(values);
            return filter.IsAllowed
                ? await pages.ReadAsync(filter.Value, request.Cursor, request.Count, cancellationToken)
                : new Invalid("filter", $"{filter.Unmet[0].Detail} {filter.Unmet[0].HowToSatisfy}");
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/worklist",
        async (string? list, string? cursor, int? count, HttpContext http, IMediator mediator, CancellationToken ct) =>
        {
            string[] own = ["list", "cursor", "count"];
            var filter = http.Request.Query.Where(q => !own.Contains(q.Key, StringComparer.Ordinal)).SelectMany(q => q.Value.Select(v => new KeyValuePair<string, string?>(q.Key, v))).ToList();
            var csv = http.Request.Headers.Accept.ToString().Contains("text/csv", StringComparison.Ordinal);
            if (!csv && count > 500)
            {
                return Problems.From(new Invalid("count", "A page has 1 to 500 rows; ask for text/csv for up to 5,000."));
            }

            return (await mediator.Send(new Query(filter, list, cursor, count ?? (csv ? MostCsvRows : 50)), ct)).Match(page => csv ? Csv(http, page) : Results.Ok(page), Problems.From);
        })
        .WithName("GetWorklist").WithTags("Worklists")
        .WithSummary("People to work on. Filters: practice, neighbourhood, level, change, reason, frailty, condition, noLead, planMissing, planOverdue, careHome, admittedWithin, dischargedWithin, caseload; list names a saved filter")
        .Produces<WorklistPage>(200, "application/json", "text/csv").Produces<Problem>(400).Produces<Problem>(404);

    private static IResult Csv(HttpContext http, WorklistPage page)
    {
        var text = new StringBuilder(WorklistCsv.Header).Append("\r\n");
        foreach (var person in page.People)
        {
            text.Append(WorklistCsv.Row(person)).Append("\r\n");
        }

        if (page.Next is { } next)
        {
            http.Response.Headers["Care-Next-Cursor"] = next;
        }

        return Results.Text(text.ToString(), "text/csv; charset=utf-8");
    }
}

/// <summary>Stored filters and query values.</summary>
internal static class SavedFilter
{
    /// <summary>The query values of a stored filter.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Values(string filter) =>
        QueryHelpers.ParseQuery(filter).SelectMany(q => q.Value.Select(v => new KeyValuePair<string, string?>(q.Key, v)));
}

/// <summary>A saved worklist.</summary>
/// <param name="Name">Name.</param>
/// <param name="Filter">The filter as query text.</param>
public sealed record SavedWorklistView(string Name, string Filter);

/// <summary>Saves a filter under a name of one's own.</summary>
public static class SaveWorklist
{
    /// <summary>The filter.</summary>
    public sealed record Command(string Name, string? Filter) : IRequest<Result<SavedWorklistView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Checks and keeps it.</summary>
    public sealed class Handler(CareDbContext db, WorklistPages pages, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<SavedWorklistView>>
    {
        private const int MostPerOwner = 100;

        /// <inheritdoc/>
        public async Task<Result<SavedWorklistView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (request.Name.Length > 100 || request.Filter is not { Length: > 0 and <= 2000 })
            {
                return new Invalid("filter", "Give a name of up to 100 characters and a filter as query text, for example level=4&noLead=true.");
            }

            // "Me" stays "me": whose caseload it is, is asked when the list is read.
            var filter = WorklistFilter.Parse(SavedFilter.Values(request.Filter), current.Caller.Name);
            var other = filter.IsAllowed ? filter : pages.Parse(SavedFilter.Values(request.Filter));
            if (!other.IsAllowed)
            {
                return new Invalid("filter", $"{other.Unmet[0].Detail} {other.Unmet[0].HowToSatisfy}");
            }

            var owner = current.Caller.Name;
            var saved = await db.SavedWorklists.SingleOrDefaultAsync(w => w.Owner == owner && w.Name == request.Name, ct);
            if (saved is null)
            {
                if (await db.SavedWorklists.CountAsync(w => w.Owner == owner, ct) >= MostPerOwner)
                {
                    return new Conflict(409, $"There are {MostPerOwner} saved worklists. Delete one first.");
                }

                db.SavedWorklists.Add(saved = new SavedWorklist { Owner = owner, Name = request.Name, Filter = "" });
            }

            (saved.Filter, saved.SavedAt) = (request.Filter, clock.GetUtcNow().ToUnixTimeMilliseconds());
            await db.SaveChangesAsync(ct);
            return new SavedWorklistView(saved.Name, saved.Filter);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Filter">Query text, for example <c>level=4&amp;noLead=true</c>.</param>
    public sealed record Body(string? Filter);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/v1/worklists/{name}",
        async (string name, Body body, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(name, body.Filter), ct)).Match(w => Results.Ok(w), Problems.From))
        .WithName("SaveWorklist").WithTags("Worklists").WithSummary("Save a filter under a name of your own; read it with /v1/worklist?list=name")
        .Produces<SavedWorklistView>().Produces<Problem>(400).Produces<Problem>(409);
}

/// <summary>One's own saved worklists.</summary>
public static class ListWorklists
{
    /// <summary>All of the caller's.</summary>
    public sealed record Query : IRequest<Result<IReadOnlyList<SavedWorklistView>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Reads them by name.</summary>
    public sealed class Handler(CareDbContext db, CurrentCaller current) : IRequestHandler<Query, Result<IReadOnlyList<SavedWorklistView>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<SavedWorklistView>>> Handle(Query request, CancellationToken cancellationToken) =>
            await db.SavedWorklists.Where(w => w.Owner == current.Caller.Name).OrderBy(w => w.Name).Select(w => new SavedWorklistView(w.Name, w.Filter)).ToListAsync(cancellationToken);
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/worklists",
        async (IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(), ct)).Match(w => Results.Ok(w), Problems.From))
        .WithName("ListWorklists").WithTags("Worklists").WithSummary("Your saved worklists").Produces<IReadOnlyList<SavedWorklistView>>();
}

/// <summary>Deletes a saved worklist of one's own.</summary>
public static class DeleteWorklist
{
    /// <summary>Which.</summary>
    public sealed record Command(string Name) : IRequest<Result<string>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Deletes it.</summary>
    public sealed class Handler(CareDbContext db, CurrentCaller current) : IRequestHandler<Command, Result<string>>
    {
        /// <inheritdoc/>
        public async Task<Result<string>> Handle(Command request, CancellationToken cancellationToken) =>
            await db.SavedWorklists.Where(w => w.Owner == current.Caller.Name && w.Name == request.Name).ExecuteDeleteAsync(cancellationToken) > 0
                ? request.Name
                : new NotVisible("saved worklist of yours");
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/v1/worklists/{name}",
        async (string name, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(name), ct)).Match(_ => Results.NoContent(), Problems.From))
        .WithName("DeleteWorklist").WithTags("Worklists").WithSummary("Delete a saved worklist of yours").Produces(204).Produces<Problem>(404);
}
