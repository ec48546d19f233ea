using System.Globalization;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Resources;
using MediatR;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>Lists the versions of a resource, of all resources of a type, or of all there are, newest first.</summary>
public static class GetHistory
{
    private const int DefaultCount = 50;
    private const int MaxCount = 1000;
    private const string Kind = "history";

    /// <summary>Which, from when, and where the page begins.</summary>
    /// <param name="Type">Resource type; null: all.</param>
    /// <param name="Id">Logical id; null: all of the type.</param>
    /// <param name="Count">Versions on a page.</param>
    /// <param name="Since">Only what was stored since.</param>
    /// <param name="Before">Where the page begins: the last of the page before; null: the newest.</param>
    public sealed record Query(string? Type, string? Id, int Count, DateTimeOffset Since, HistoryPosition? Before) : IRequest<Result<Page>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => $"history {Type}";
    }

    /// <summary>A page of versions.</summary>
    /// <param name="Versions">Newest first.</param>
    /// <param name="Total">How many there are; null where that was not counted.</param>
    /// <param name="Next">Where the next page begins; null on the last.</param>
    public sealed record Page(IReadOnlyList<StoredResource> Versions, int? Total, HistoryPosition? Next);

    /// <summary>Reads current and former versions.</summary>
    public sealed class Handler(ResourceStore store, Visibility visibility) : IRequestHandler<Query, Result<Page>>
    {
        /// <inheritdoc/>
        public async Task<Result<Page>> Handle(Query request, CancellationToken cancellationToken)
        {
            var since = request.Since.ToUnixTimeMilliseconds();
            var before = request.Before ?? HistoryPosition.Newest;
            if (request.Type is null)
            {
                if (visibility.Scopes?.AllowsEverywhere(FhirAccess.Search) == false)
                {
                    return new OutOfScope("every resource type", "search");
                }

                return Cut(await store.HistoryAsync(before, since, visibility.Search, request.Count + 1, cancellationToken), null, request.Count);
            }

            var type = ResourceTypes.Parse(request.Type);
            if (type == ResourceType.None)
            {
                return new UnknownType();
            }

            if (visibility.Refusal(type, request.Id is null ? FhirAccess.Search : FhirAccess.Read) is { } refusal)
            {
                return refusal;
            }

            if (request.Id is null)
            {
                return Cut(await store.HistoryAsync(type, before, since, visibility.Search, request.Count + 1, cancellationToken), null, request.Count);
            }

            if (await visibility.FindAsync(type, request.Id, cancellationToken, former: true) is null)
            {
                return new NotVisible("resource");
            }

            var versions = await store.HistoryAsync(type, request.Id, cancellationToken).Where(v => v.LastUpdated >= since)
                .Select((v, token) => visibility.ShownAsync(v, token)).ToListAsync(cancellationToken);
            return Cut([.. versions.Where(v => v.Version < before.Version)], versions.Count, request.Count);
        }

        private static Page Cut(List<StoredResource> rows, int? total, int count) => rows.Count <= count
            ? new Page(rows, total, null)
            : new Page(rows.GetRange(0, count), total, HistoryPosition.Of(rows[count - 1]));
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/fhir/{type}/{id}/_history", (string type, string id, HttpContext http, IMediator mediator, PageLinks pages, CancellationToken ct) => Answer(http, mediator, pages, type, id, ct))
            .Describe("GetHistory", "Versions of a resource, newest first", new FhirInteraction("history-instance"), 400, 404);
        routes.MapGet("/fhir/{type}/_history", (string type, HttpContext http, IMediator mediator, PageLinks pages, CancellationToken ct) => Answer(http, mediator, pages, type, "", ct))
            .Describe("GetTypeHistory", "Versions of the resources of a type, newest first", new FhirInteraction("history-type"), 400, 404);
        routes.MapGet("/fhir/_history", (HttpContext http, IMediator mediator, PageLinks pages, CancellationToken ct) => Answer(http, mediator, pages, null, "", ct))
            .Describe("GetSystemHistory", "Versions of all resources, newest first", new FhirInteraction("history-system", OnSystem: true), 400);
    }

    private static async Task<IResult> Answer(HttpContext http, IMediator mediator, PageLinks pages, string? type, string id, CancellationToken ct)
    {
        if (!pages.TryRead($"{Kind} {type}", id, QueryText.Parse(http.Request.QueryString.Value!), out var asked))
        {
            return Problems.Fhir(PageLinks.Unreadable);
        }

        var count = DefaultCount;
        var since = DateTimeOffset.UnixEpoch;
        HistoryPosition? before = null;
        var pretty = false;
        foreach (var (name, value) in asked.Parameters)
        {
            var problem = name switch
            {
                "_count" => !int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count == 0 ? $"Give a whole number from 1 to {MaxCount}." : null,
                "_since" => !DateTimeOffset.TryParse(value.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out since) ? "Give an instant, such as 2026-11-22T08:00:00Z." : null,
                "_cursor" => !HistoryPosition.TryParse(value, out before) ? PageLinks.Unreadable.Problem : null,
                "_pretty" => !bool.TryParse(value, out pretty) ? "Give true or false." : null,
                "_format" => null,
                _ => FhirHttp.IsLenient(http) ? null : "A history takes _count and _since.",
            };
            if (problem is not null)
            {
                return Problems.Fhir(new Invalid(name.StartsWith('_') ? $"http.{name}" : "http", problem));
            }
        }

        count = Math.Min(count, MaxCount);
        var page = await mediator.Send(new Query(type, asked.Subject.Length == 0 ? null : asked.Subject, count, since, before), ct);
        if (page.Error is { } error)
        {
            return Problems.Fhir(error);
        }

        var root = FhirHttp.BaseOf(http);
        var address = type is null ? $"{root}/_history" : $"{root}/{type}/_history";
        var query = $"_count={count.ToString(CultureInfo.InvariantCulture)}" + (since == DateTimeOffset.UnixEpoch ? "" : $"&_since={Uri.EscapeDataString(since.ToString("O"))}");
        var first = asked.Subject.Length == 0 ? address : $"{root}/{type}/{Uri.EscapeDataString(asked.Subject)}/_history";
        return new BundleResult(new BundleContent(root, "history", page.Value.Total, asked.Sealed is { } at ? $"{address}?_cursor={at}" : $"{first}?{query}")
        {
            Next = page.Value.Next is { } next ? pages.Link(address, $"{Kind} {type}", asked.Subject, $"{query}&_cursor={Uri.EscapeDataString(next.ToString())}") : null,
            Pretty = pretty,
            Entries = [.. page.Value.Versions.Select(v => new BundleItem(v, ""))],
        });
    }
}
