using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Resources;
using MediatR;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>A person's whole record, with the shared resources that it refers to.</summary>
public static class GetEverything
{
    private const int MaxCount = 1000;

    /// <summary>Whose, and which part of it.</summary>
    /// <param name="Id">NHS number.</param>
    /// <param name="Care">The time that care took place in; always: any.</param>
    /// <param name="Since">Only what was stored since.</param>
    /// <param name="Types">Only these types; empty: all.</param>
    /// <param name="Count">Resources of the person on a page.</param>
    /// <param name="After">Where the page begins: <c>Type/id</c> of the last of the page before.</param>
    public sealed record Query(string Id, DateInterval Care, DateTimeOffset Since, IReadOnlySet<ResourceType> Types, int Count, string? After) : IRequest<Result<Page>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "everything";
    }

    /// <summary>A page.</summary>
    public sealed record Page(IReadOnlyList<StoredResource> Matches, IReadOnlyList<StoredResource> Included, int Total, string? Next);

    /// <summary>Reads the record, cuts it, and follows references to what is shared.</summary>
    public sealed class Handler(ResourceStore store, Visibility visibility) : IRequestHandler<Query, Result<Page>>
    {
        /// <inheritdoc/>
        public async Task<Result<Page>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (await visibility.PersonAsync(request.Id, cancellationToken) is not { } person
                || await store.ReadAsync(ResourceType.Patient, request.Id, cancellationToken) is not { Deleted: false })
            {
                return new NotVisible("person");
            }

            var since = request.Since.ToUnixTimeMilliseconds();
            var all = await store.ListOfPatientAsync(person, cancellationToken);
            var wanted = all.Where(r => r.LastUpdated >= since && (request.Types.Count == 0 || request.Types.Contains(r.Type)) && IsWithin(r, request.Care)).ToList();

            // The person first, the rest by type and id.
            wanted = [.. wanted.OrderBy(r => r.Type == ResourceType.Patient ? 0 : 1)];
            var from = request.After is null ? 0 : wanted.FindIndex(r => IsAfter(r, request.After));
            var page = from < 0 ? [] : wanted.GetRange(from, Math.Min(request.Count, wanted.Count - from));
            var more = from >= 0 && from + page.Count < wanted.Count;
            return new Page(page, await SharedAsync(page, request.Types, cancellationToken), wanted.Count, more ? Key(page[^1]) : null);
        }

        private static bool IsAfter(StoredResource resource, string after)
        {
            var slash = after.IndexOf('/', StringComparison.Ordinal);
            var type = ResourceTypes.Parse(after[..Math.Max(0, slash)]);
            var order = (resource.Type == ResourceType.Patient ? 0 : (int)resource.Type).CompareTo(type == ResourceType.Patient ? 0 : (int)type);
            return order > 0 || (order == 0 && string.CompareOrdinal(resource.Id, after[(slash + 1)..]) > 0);
        }

        // What has no date is part of the record at any time.
        private static bool IsWithin(StoredResource resource, DateInterval care) => care == DateInterval.Always || resource.Type == ResourceType.Patient
            || IndexValues.Extract(resource.Type, resource.Body).Date is not { } date || date.Overlaps(care);

        private async Task<List<StoredResource>> SharedAsync(List<StoredResource> page, IReadOnlySet<ResourceType> types, CancellationToken ct)
        {
            var shared = new List<StoredResource>();
            foreach (var key in page.SelectMany(r => Referred(r.Body)).Distinct(StringComparer.Ordinal))
            {
                var slash = key.IndexOf('/', StringComparison.Ordinal);
                var type = ResourceTypes.Parse(key[..Math.Max(0, slash)]);
                if (type != ResourceType.None && (types.Count == 0 || types.Contains(type))
                    && await store.ReadAsync(type, key[(slash + 1)..], ct) is { Deleted: false, PatientKey: 0 } found)
                {
                    shared.Add(found);
                }
            }

            return shared;
        }

        private static List<string> Referred(byte[] json)
        {
            var keys = new List<string>();
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 256 });
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("reference"u8) && reader.Read() && reader.TokenType == JsonTokenType.String)
                {
                    keys.Add(reader.GetString()!);
                }
            }

            return keys;
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/fhir/Patient/{id}/$everything", Answer)
        .Describe("GetEverything", "A person's whole record, page by page", null, 400, 404, 406)
        .WithMetadata(new FhirOperation("everything", "http://hl7.org/fhir/OperationDefinition/Patient-everything", "Patient"));

    private static string Key(StoredResource resource) => $"{resource.Type.Name()}/{resource.Id}";

    private static async Task<IResult> Answer(string id, HttpContext http, IMediator mediator, CancellationToken ct)
    {
        var query = http.Request.Query;
        var count = 100;
        var care = DateInterval.Always;
        var since = DateTimeOffset.UnixEpoch;
        var types = query["_type"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries).Select(ResourceTypes.Parse).ToHashSet();
        var start = query["start"].ToString();
        var end = query["end"].ToString();
        DateInterval first = default, last = default;
        var where = query.Keys.FirstOrDefault(k => k is not ("start" or "end" or "_since" or "_type" or "_count" or "_cursor" or "_format")) is not null ? "" 
            : types.Contains(ResourceType.None) ? "_type"
            : query["_count"].ToString() is { Length: > 0 } asked && (!int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count == 0) ? "_count"
            : start.Length > 0 && !DateInterval.TryParse(start, out first) ? "start"
            : end.Length > 0 && !DateInterval.TryParse(end, out last) ? "end"
            : query["_since"].ToString() is { Length: > 0 } from && !DateTimeOffset.TryParse(from.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out since) ? "_since"
            : null;
        if (where is not null)
        {
            return Problems.Fhir(new Invalid("http" + (where.Length == 0 ? "" : "." + where), "$everything takes start and end (dates), _since (an instant), _type (resource types, with commas) and _count (a whole number from 1)."));
        }

        if (start.Length + end.Length > 0)
        {
            care = new DateInterval(start.Length > 0 ? first.Start : 0, end.Length > 0 ? last.End : long.MaxValue);
        }

        var found = await mediator.Send(new Query(id, care, since, types, Math.Min(count, MaxCount), query["_cursor"].ToString() is { Length: > 0 } after ? after : null), ct);
        if (found.Error is { } error)
        {
            return Problems.Fhir(error);
        }

        var root = FhirHttp.BaseOf(http);
        var kept = query.Where(p => p.Key != "_cursor").Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value.ToString())}");
        var self = $"{root}/Patient/{Uri.EscapeDataString(id)}/$everything?{string.Join('&', kept)}".TrimEnd('?');
        return new BundleResult(new BundleContent(root, "searchset", found.Value.Total, self)
        {
            Next = found.Value.Next is { } next ? $"{self}{(self.Contains('?', StringComparison.Ordinal) ? '&' : '?')}_cursor={Uri.EscapeDataString(next)}" : null,
            Entries = [.. found.Value.Matches.Select(m => new BundleItem(m, "match")), .. found.Value.Included.Select(i => new BundleItem(i, "include"))],
        });
    }
}
