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
    private const int DefaultCount = 100;
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

        /// <summary>Whether what is shared by all (professionals, organisations) comes along where the record refers to it.</summary>
        public bool WithShared { get; init; } = true;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "everything";
    }

    /// <summary>A page.</summary>
    public sealed record Page(IReadOnlyList<StoredResource> Matches, IReadOnlyList<StoredResource> Included, int Total, string? Next);

    /// <summary>Reads the record, cuts it, and follows references to what is shared.</summary>
    public sealed class Handler(ResourceStore store, PatientRecords records, Visibility visibility) : IRequestHandler<Query, Result<Page>>
    {
        /// <inheritdoc/>
        public async Task<Result<Page>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (visibility.Refusal(ResourceType.Patient, FhirAccess.Read) is { } refusal)
            {
                return refusal;
            }

            if (await visibility.PersonAsync(request.Id, cancellationToken) is not { } person
                || await store.ReadAsync(ResourceType.Patient, request.Id, cancellationToken) is not { Deleted: false })
            {
                return new NotVisible("person");
            }

            var since = request.Since.ToUnixTimeMilliseconds();
            var all = await records.ListAsync(person, visibility, cancellationToken);
            var wanted = all.Where(r => r.LastUpdated >= since && visibility.Allows(r.Type, FhirAccess.Read) && (request.Types.Count == 0 || request.Types.Contains(r.Type)) && IsWithin(r, request.Care)).ToList();

            // The person first, the rest by type and id.
            wanted = [.. wanted.OrderBy(r => r.Type == ResourceType.Patient ? 0 : 1)];
            var from = request.After is null ? 0 : wanted.FindIndex(r => IsAfter(r, request.After));
            var page = from < 0 ? [] : wanted.GetRange(from, Math.Min(request.Count, wanted.Count - from));
            var more = from >= 0 && from + page.Count < wanted.Count;
            return new Page(page, request.WithShared ? await SharedAsync(page, new HashSet<long> { person }, request.Types, cancellationToken) : [], wanted.Count, more ? Key(page[^1]) : null);
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

        private async Task<List<StoredResource>> SharedAsync(List<StoredResource> page, IReadOnlySet<long> person, IReadOnlySet<ResourceType> types, CancellationToken ct)
        {
            var own = page.Select(Key).ToHashSet(StringComparer.Ordinal);
            var shared = new List<StoredResource>();
            foreach (var key in page.SelectMany(r => Referred(r.Body)).Distinct(StringComparer.Ordinal))
            {
                var slash = key.IndexOf('/', StringComparison.Ordinal);
                var type = ResourceTypes.Parse(key[..Math.Max(0, slash)]);
                if (type != ResourceType.None && (types.Count == 0 || types.Contains(type))
                    && await store.ReadAsync(type, key[(slash + 1)..], ct) is { Deleted: false, PatientKey: 0 } found
                    && !own.Contains(key) && await visibility.MayFindAsync(found, person, ct))
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
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/fhir/Patient/{id}/$everything", (string id, HttpContext http, IMediator mediator, PageLinks pages, CancellationToken ct) => Answer(id, "$everything", http, mediator, pages, ct))
            .Describe("GetEverything", "A person's whole record, page by page, with the shared resources that it refers to", null, 400, 404, 406)
            .WithMetadata(new FhirOperation("everything", "http://hl7.org/fhir/OperationDefinition/Patient-everything", "Patient"));
        routes.MapGet("/fhir/Patient/{id}/*", (string id, HttpContext http, IMediator mediator, PageLinks pages, CancellationToken ct) => Answer(id, "*", http, mediator, pages, ct))
            .Describe("GetCompartment", "All resources of a patient's compartment, page by page", null, 400, 404, 406);

        // Later pages: their address names nobody.
        routes.MapGet("/fhir/Patient/$everything", (HttpContext http, IMediator mediator, PageLinks pages, CancellationToken ct) => Answer("", "$everything", http, mediator, pages, ct))
            .Describe("GetEverythingPage", "A later page of a person's whole record: the next link, as it was given", null, 400, 404, 406);
        routes.MapGet("/fhir/Patient/*", (HttpContext http, IMediator mediator, PageLinks pages, CancellationToken ct) => Answer("", "*", http, mediator, pages, ct))
            .Describe("GetCompartmentPage", "A later page of a patient's compartment: the next link, as it was given", null, 400, 404, 406);
    }

    private static string Key(StoredResource resource) => $"{resource.Type.Name()}/{resource.Id}";

    private static async Task<IResult> Answer(string id, string operation, HttpContext http, IMediator mediator, PageLinks pages, CancellationToken ct)
    {
        if (!pages.TryRead(operation, id, QueryText.Parse(http.Request.QueryString.Value!), out var asked) || asked.Subject.Length == 0)
        {
            return Problems.Fhir(id.Length == 0 && !http.Request.Query.ContainsKey("_cursor")
                ? new Invalid("request.url", $"Say whose: /fhir/Patient/id/{operation}.")
                : PageLinks.Unreadable);
        }

        if (Read(asked, http, out var query) is { } wrong)
        {
            return Problems.Fhir(wrong);
        }

        var found = await mediator.Send(query with { WithShared = operation != "*" }, ct);
        if (found.Error is { } error)
        {
            return Problems.Fhir(error);
        }

        var root = FhirHttp.BaseOf(http);
        var kept = string.Join('&', asked.Parameters.Where(p => p.Key != "_cursor").Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value)}"));
        var self = asked.Sealed is { } at ? $"{root}/Patient/{operation}?_cursor={at}" : $"{root}/Patient/{Uri.EscapeDataString(id)}/{operation}?{kept}".TrimEnd('?');
        return new BundleResult(new BundleContent(root, "searchset", found.Value.Total, self)
        {
            Next = found.Value.Next is { } next ? pages.Link($"{root}/Patient/{operation}", operation, asked.Subject, $"{kept}&_cursor={Uri.EscapeDataString(next)}") : null,
            Entries = [.. found.Value.Matches.Select(m => new BundleItem(m, "match")), .. found.Value.Included.Select(i => new BundleItem(i, "include"))],
        });
    }

    private static bool AddTypes(HashSet<ResourceType> types, string text)
    {
        types.UnionWith(text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ResourceTypes.Parse));
        return !types.Contains(ResourceType.None);
    }

    private static Invalid? Read(PageRequest asked, HttpContext http, out Query query)
    {
        var (count, care, since, start, end) = (DefaultCount, DateInterval.Always, DateTimeOffset.UnixEpoch, 0L, long.MaxValue);
        var types = new HashSet<ResourceType>();
        string? after = null;
        query = null!;
        foreach (var (name, value) in asked.Parameters)
        {
            DateInterval day = default;
            var good = name switch
            {
                "_type" => AddTypes(types, value),
                "_count" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0,
                "_since" => DateTimeOffset.TryParse(value.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out since),
                "start" or "end" => DateInterval.TryParse(value, out day),
                "_cursor" => (after = value).Length > 0,
                "_format" => true,
                _ => FhirHttp.IsLenient(http),
            };
            if (!good)
            {
                return new Invalid(
                    name is "_type" or "_count" or "_since" or "start" or "end" ? $"http.{name}" : "http",
                    "This takes start and end (dates), _since (an instant), _type (resource types, with commas) and _count (a whole number from 1).");
            }

            (start, end) = name == "start" ? (day.Start, end) : name == "end" ? (start, day.End) : (start, end);
            care = name is "start" or "end" ? new DateInterval(start, end) : care;
        }

        query = new Query(asked.Subject, care, since, types, Math.Min(count, MaxCount), after);
        return null;
    }
}
