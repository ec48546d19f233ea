using System.Globalization;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Resources;
using MediatR;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>Lists the versions of a resource, or of all resources of a type, newest first.</summary>
public static class GetHistory
{
    private const int DefaultCount = 50;
    private const int MaxCount = 1000;

    /// <summary>Which, from when, and where the page begins.</summary>
    public sealed record Query(string Type, string? Id, int Count, DateTimeOffset Since, string? Before) : IRequest<Result<Page>>, IGuarded
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
    public sealed record Page(IReadOnlyList<StoredResource> Versions, int? Total, string? Next);

    /// <summary>Reads current and former versions.</summary>
    public sealed class Handler(ResourceStore store, Visibility visibility) : IRequestHandler<Query, Result<Page>>
    {
        /// <inheritdoc/>
        public async Task<Result<Page>> Handle(Query request, CancellationToken cancellationToken)
        {
            var type = ResourceTypes.Parse(request.Type);
            if (type == ResourceType.None)
            {
                return new UnknownType();
            }

            if (!TryBefore(request.Before, out var before))
            {
                return new Invalid("http._cursor", "Use the next link as it was given, or start again without _cursor.");
            }

            var since = request.Since.ToUnixTimeMilliseconds();
            if (request.Id is null)
            {
                var rows = await store.HistoryAsync(type, before, since, visibility.Search, request.Count + 1, cancellationToken);
                return Cut(rows, null, request.Count);
            }

            if (await visibility.FindAsync(type, request.Id, cancellationToken) is null)
            {
                return new NotVisible("resource");
            }

            var versions = await store.HistoryAsync(type, request.Id, cancellationToken).Where(v => v.LastUpdated >= since).ToListAsync(cancellationToken);
            return Cut([.. versions.Where(v => v.Version < before.Version)], versions.Count, request.Count);
        }

        private static Page Cut(List<StoredResource> rows, int? total, int count)
        {
            if (rows.Count <= count)
            {
                return new Page(rows, total, null);
            }

            var last = rows[count - 1];
            return new Page(rows.GetRange(0, count), total, string.Create(CultureInfo.InvariantCulture, $"{last.LastUpdated}.{last.Version}.{last.Id}"));
        }

        private static bool TryBefore(string? text, out (long At, string Id, int Version) before)
        {
            before = (long.MaxValue, "", int.MaxValue);
            if (text is null)
            {
                return true;
            }

            var parts = text.Split('.', 3);
            if (parts.Length != 3 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var at)
                || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            {
                return false;
            }

            before = (at, parts[2], version);
            return true;
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/fhir/{type}/{id}/_history", (string type, string id, HttpContext http, IMediator mediator, CancellationToken ct) => Answer(http, mediator, type, id, ct))
            .Describe("GetHistory", "Versions of a resource, newest first", new FhirInteraction("history-instance"), 400, 404);
        routes.MapGet("/fhir/{type}/_history", (string type, HttpContext http, IMediator mediator, CancellationToken ct) => Answer(http, mediator, type, null, ct))
            .Describe("GetTypeHistory", "Versions of the resources of a type, newest first", new FhirInteraction("history-type"), 400, 404);
    }

    private static async Task<IResult> Answer(HttpContext http, IMediator mediator, string type, string? id, CancellationToken ct)
    {
        var query = http.Request.Query;
        var count = DefaultCount;
        if (query["_count"].ToString() is { Length: > 0 } asked && (!int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count == 0))
        {
            return Problems.Fhir(new Invalid("http._count", $"Give a whole number from 1 to {MaxCount}."));
        }

        var since = DateTimeOffset.UnixEpoch;
        if (query["_since"].ToString() is { Length: > 0 } from
            && !DateTimeOffset.TryParse(from.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out since))
        {
            return Problems.Fhir(new Invalid("http._since", "Give an instant, such as 2026-11-22T08:00:00Z."));
        }

        var page = await mediator.Send(new Query(type, id, Math.Min(count, MaxCount), since, query["_cursor"].ToString() is { Length: > 0 } cursor ? cursor : null), ct);
        if (page.Error is { } error)
        {
            return Problems.Fhir(error);
        }

        var root = FhirHttp.BaseOf(http);
        var self = $"{root}/{type}{(id is null ? "" : "/" + Uri.EscapeDataString(id))}/_history?_count={Math.Min(count, MaxCount)}"
            + (since == DateTimeOffset.UnixEpoch ? "" : $"&_since={Uri.EscapeDataString(since.ToString("O"))}");
        return new BundleResult(new BundleContent(root, "history", page.Value.Total, self)
        {
            Next = page.Value.Next is { } next ? $"{self}&_cursor={Uri.EscapeDataString(next)}" : null,
            Entries = [.. page.Value.Versions.Select(v => new BundleItem(v, ""))],
        });
    }
}
