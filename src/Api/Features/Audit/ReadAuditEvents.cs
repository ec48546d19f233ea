using System.Buffers;
using System.Globalization;
using System.Text;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Audit;
using MediatR;

namespace BetterCare.Care.Api.Features.Audit;

/// <summary>Searches the audit: by person, day, agent, action and outcome, the latest first.</summary>
public static class SearchAuditEvents
{
    private const int DefaultCount = 50;
    private const int MaxCount = 500;
    private const string Kind = "search AuditEvent";

    /// <summary>Whether the audit can be searched by a parameter.</summary>
    public static bool Takes(string parameter) => Known.Contains(parameter);

    private static readonly string[] Known = ["patient", "date", "agent", "agent-name", "action", "outcome", "_count", "_cursor", "_format", "_pretty"];

    /// <summary>What is asked.</summary>
    /// <param name="Person">About whom; null: anybody.</param>
    /// <param name="Filter">By whom, when, what.</param>
    /// <param name="Count">Records on a page.</param>
    /// <param name="Before">The last of the page before; null: from the latest.</param>
    public sealed record Query(NhsNumber? Person, AuditFilter Filter, int Count, AuditPlace? Before) : IRequest<Result<Page>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadAudit;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "search the audit";
    }

    /// <summary>A page, each record as an AuditEvent.</summary>
    public sealed record Page(IReadOnlyList<(string Id, ReadOnlyMemory<byte> Json)> Events, AuditPlace? Next);

    /// <summary>Reads the chains.</summary>
    public sealed class Handler(AuditStore store, AuditPeople people) : IRequestHandler<Query, Result<Page>>
    {
        /// <inheritdoc/>
        public async Task<Result<Page>> Handle(Query request, CancellationToken cancellationToken)
        {
            var filter = request.Filter;
            if (request.Person is { } number)
            {
                var (key, keys) = await people.KeysAsync(number, cancellationToken);
                AccessTrail.Current?.Saw(key ?? -number.Number);
                filter = filter with { People = keys };
            }

            var records = await store.FindAsync(filter, request.Before?.Tuple, cancellationToken).Take(request.Count + 1).ToListAsync(cancellationToken);
            var more = records.Count > request.Count;
            if (more)
            {
                records.RemoveAt(request.Count);
            }

            return new Page(await RenderAsync(records, people, cancellationToken), more ? AuditPlace.Of(records[^1]) : null);
        }
    }

    /// <summary>Records as AuditEvents.</summary>
    internal static async Task<List<(string Id, ReadOnlyMemory<byte> Json)>> RenderAsync(List<AuditRecord> records, AuditPeople people, CancellationToken ct)
    {
        var numbers = await people.NumbersAsync(records, ct);
        return records.ConvertAll(r =>
        {
            var buffer = new ArrayBufferWriter<byte>(1024);
            AuditEventJson.Write(buffer, r, numbers);
            return (r.Id, buffer.WrittenMemory);
        });
    }

    /// <summary>Serves it; the audit itself is written by nobody from outside.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/fhir/AuditEvent", (HttpContext http, IMediator mediator, PageLinks pages, CancellationToken ct) => Answer(http, mediator, pages, QueryText.Parse(http.Request.QueryString.Value!), ct))
            .Describe("SearchAuditEvents", "Who did what to whose data: by patient, date, agent, action, outcome; the latest first", null, 400, 403);
        routes.MapPost("/fhir/AuditEvent/_search", async (HttpContext http, IMediator mediator, PageLinks pages, CancellationToken ct) =>
            {
                using var reader = new StreamReader(http.Request.Body);
                return await Answer(http, mediator, pages, [.. QueryText.Parse(http.Request.QueryString.Value!), .. QueryText.Parse(await reader.ReadToEndAsync(ct))], ct);
            })
            .Describe("SearchAuditEventsByForm", "Who did what to whose data, with the parameters in a form", null, 400, 403)
            .Takes("application/x-www-form-urlencoded");
        foreach (var (method, path) in new[] { ("POST", "/fhir/AuditEvent"), ("PUT", "/fhir/AuditEvent"), ("DELETE", "/fhir/AuditEvent"), ("PUT", "/fhir/AuditEvent/{id}"), ("PATCH", "/fhir/AuditEvent/{id}"), ("DELETE", "/fhir/AuditEvent/{id}") })
        {
            routes.MapMethods(path, [method], () => Problems.Fhir(new AuditIsOurs())).ExcludeFromDescription();
        }
    }

    private static async Task<IResult> Answer(HttpContext http, IMediator mediator, PageLinks pages, IReadOnlyList<KeyValuePair<string, string>> parameters, CancellationToken ct)
    {
        if (!pages.TryRead(Kind, "", parameters, out var page))
        {
            return Problems.Fhir(PageLinks.Unreadable);
        }

        var query = Read(page.Parameters);
        if (query.Error is { } error)
        {
            return Problems.Fhir(error);
        }

        var found = await mediator.Send(query.Value, ct);
        if (found.Error is { } refused)
        {
            return Problems.Fhir(refused);
        }

        var root = FhirHttp.BaseOf(http);
        var kept = string.Join('&', page.Parameters.Where(p => p.Key != "_cursor").Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value)}"));

        // A number stands in no link that the server makes: not even in that of the page itself.
        var shown = string.Join('&', parameters.Where(p => p.Key != "patient").Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value)}"));
        var buffer = new ArrayBufferWriter<byte>(4096);
        void Text(string text) => Encoding.UTF8.GetBytes(text, buffer);
        Text($"{{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"link\":[{{\"relation\":\"self\",\"url\":{Quoted($"{root}/AuditEvent?{shown}".TrimEnd('?'))}}}");
        if (found.Value.Next is { } next)
        {
            Text($",{{\"relation\":\"next\",\"url\":{Quoted(pages.Link($"{root}/AuditEvent", Kind, "", $"{kept}&_cursor={next}"))}}}");
        }

        Text("]");
        for (var i = 0; i < found.Value.Events.Count; i++)
        {
            var (id, json) = found.Value.Events[i];
            Text($"{(i == 0 ? ",\"entry\":[" : ",")}{{\"fullUrl\":{Quoted($"{root}/AuditEvent/{id}")},\"resource\":");
            buffer.Write(json.Span);
            Text(",\"search\":{\"mode\":\"match\"}}");
        }

        Text(found.Value.Events.Count > 0 ? "]}" : "}");
        return new Problems.Bytes(200, buffer.WrittenMemory, Problems.FhirJson);
    }

    private static string Quoted(string text) => System.Text.Json.JsonSerializer.Serialize(text, System.Text.Json.JsonSerializerOptions.Default);

    private static Result<Query> Read(IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        var filter = new AuditFilter();
        NhsNumber? person = null;
        AuditPlace? before = null;
        var count = DefaultCount;
        foreach (var (name, value) in parameters)
        {
            switch (name)
            {
                case "patient" when NhsNumber.TryParse(value.StartsWith("Patient/", StringComparison.Ordinal) ? value["Patient/".Length..] : value, out var number):
                    person = number;
                    break;
                case "agent" or "agent-name" when value.Length is > 0 and <= 200:
                    filter = filter with { Agent = value };
                    break;
                case "action" when value is "C" or "R" or "U" or "D" or "E":
                    filter = filter with { Action = (AuditAction)value[0] };
                    break;
                case "outcome" when value is "0" or "4" or "8":
                    filter = filter with { Outcome = (AuditOutcome)(value[0] - '0') };
                    break;
                case "date" when TryDate(value, filter, out var dated):
                    filter = dated;
                    break;
                case "_count" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0:
                    count = Math.Min(count, MaxCount);
                    break;
                case "_cursor" when AuditPlace.TryParse(value, out before):
                case "_format" or "_pretty":
                    break;
                default:
                    return new Invalid(Known.Contains(name) ? $"http.{name}" : "http", name switch
                    {
                        "patient" => "Give one person: Patient/ and a valid NHS number.",
                        "date" => "Give a day or an instant, with eq, ge, gt, le or lt before it: date=ge2026-11-01.",
                        "action" => "An action is C, R, U, D or E.",
                        "outcome" => "An outcome is 0 (success), 4 (refused) or 8 (failed).",
                        "_count" => $"Give a whole number from 1 to {MaxCount}.",
                        "_cursor" => "Use the next link as it was given.",
                        _ => $"The audit is searched by {string.Join(", ", Known.Where(k => k[0] != '_'))}.",
                    });
            }
        }

        return new Query(person, filter, count, before);
    }

    private static bool TryDate(string text, AuditFilter filter, out AuditFilter dated)
    {
        dated = filter;
        var prefix = text.Length > 2 && char.IsAsciiLetter(text[0]) ? text[..2] : "eq";
        if (!DateInterval.TryParse(text.Length > 2 && char.IsAsciiLetter(text[0]) ? text[2..] : text, out var day))
        {
            return false;
        }

        static long Milliseconds(long ticks) => (Math.Clamp(ticks, DateTime.UnixEpoch.Ticks, DateTime.MaxValue.Ticks) - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond;
        var (start, end) = (Milliseconds(day.Start), Milliseconds(day.End));
        (long From, long To)? bounds = prefix switch
        {
            "eq" => (start, end),
            "ge" => (start, long.MaxValue),
            "gt" => (end, long.MaxValue),
            "le" => (0, end),
            "lt" => (0, start),
            _ => null,
        };
        if (bounds is not { } found)
        {
            return false;
        }

        dated = filter with { From = Math.Max(filter.From, found.From), To = Math.Min(filter.To, found.To) };
        return true;
    }
}

/// <summary>Reads one record of the audit.</summary>
public static class ReadAuditEvent
{
    /// <summary>Which.</summary>
    public sealed record Query(string Id) : IRequest<Result<ReadOnlyMemory<byte>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadAudit;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Reads it by its place in its chain.</summary>
    public sealed class Handler(AuditStore store, AuditPeople people) : IRequestHandler<Query, Result<ReadOnlyMemory<byte>>>
    {
        /// <inheritdoc/>
        public async Task<Result<ReadOnlyMemory<byte>>> Handle(Query request, CancellationToken cancellationToken)
        {
            var parts = request.Id.Split('-');
            if (parts.Length != 2 || !byte.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var chain) || !AuditChain.All.Contains(chain)
                || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
                || await store.ReadAsync(chain, seq, cancellationToken) is not { } record)
            {
                return new NotVisible("AuditEvent");
            }

            AccessTrail.Current?.Saw(record.Entry.People);
            return (await SearchAuditEvents.RenderAsync([record], people, cancellationToken))[0].Json;
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/fhir/AuditEvent/{id}",
        async (string id, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(id), ct)).Match(json => new Problems.Bytes(200, json, Problems.FhirJson), Problems.Fhir))
        .Describe("ReadAuditEvent", "One record of the audit", null, 403, 404);
}

/// <summary>Where a page of the audit ended.</summary>
public sealed record AuditPlace(long At, byte Chain, long Seq)
{
    internal (long At, byte Chain, long Seq) Tuple => (At, Chain, Seq);

    internal static AuditPlace Of(AuditRecord record) => new(record.Entry.At, record.Chain, record.Seq);

    /// <summary>As it stands in a link.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At}.{Chain}.{Seq}");

    internal static bool TryParse(string text, out AuditPlace? place)
    {
        var parts = text.Split('.');
        place = parts.Length == 3
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            && byte.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var chain)
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var seq) ? new AuditPlace(at, chain, seq) : null;
        return place is not null;
    }
}

/// <summary>The audit is written by the service alone.</summary>
public sealed record AuditIsOurs() : CareError(405, "not-supported", "AuditEvents are written by this service alone, and never changed.");
