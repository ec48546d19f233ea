using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Resources;
using MediatR;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>Searches the resources of a type, of everybody or within one patient's compartment.</summary>
public static class SearchResources
{
    private const string Compartment = "Patient";

    /// <summary>The search as asked.</summary>
    public sealed record Query(string Type, IReadOnlyList<KeyValuePair<string, string>> Parameters, bool Lenient, string Base) : IRequest<Result<BundleContent>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <summary>The patient whose compartment is searched; empty: everybody's.</summary>
        public string Patient { get; init; } = "";

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => $"search {Type}";
    }

    /// <summary>Reads the request, runs it, and says what was done.</summary>
    public sealed class Handler(ResourceSearch search, ResourceStore store, PageLinks pages, Visibility visibility, TimeProvider clock) : IRequestHandler<Query, Result<BundleContent>>
    {
        /// <inheritdoc/>
        public async Task<Result<BundleContent>> Handle(Query request, CancellationToken cancellationToken)
        {
            var type = ResourceTypes.Parse(request.Type);
            if (type == ResourceType.None)
            {
                return new UnknownType();
            }

            var kind = $"search {request.Type}";
            if (!pages.TryRead(kind, request.Patient, request.Parameters, out var page))
            {
                return PageLinks.Unreadable;
            }

            var read = SearchRequest.Parse(type, NhsSystems.OfToday(page.Parameters), new SearchOptions { Lenient = request.Lenient, ServiceBase = request.Base, Now = clock.GetUtcNow() });
            if (!read.IsValid)
            {
                return new InvalidResource(400, read.Issues);
            }

            long? compartment = null;
            if (page.Subject.Length > 0)
            {
                if (!SearchCandidates.IsAboutPeople(type))
                {
                    return new Invalid("request.url", $"A {type.Name()} is in no patient's compartment: search /fhir/{type.Name()}.");
                }

                compartment = await visibility.PersonAsync(page.Subject, cancellationToken);
                if (compartment is null || await store.ReadAsync(ResourceType.Patient, page.Subject, cancellationToken) is not { Deleted: false })
                {
                    return new NotVisible("person");
                }
            }

            var answer = await search.RunAsync(read, visibility, request.Base, cancellationToken, compartment);
            if (answer.Error is { } error)
            {
                return error;
            }

            var found = answer.Value;
            var address = $"{request.Base}/{request.Type}";
            var first = page.Subject.Length == 0 ? address : $"{request.Base}/Patient/{page.Subject}/{request.Type}";
            return new BundleContent(request.Base, "searchset", read.Total == TotalMode.None ? null : found.Total, page.Sealed is { } at ? $"{address}?_cursor={at}" : With(first, read.SelfQuery()))
            {
                Next = found.Next is { } next ? pages.Link(address, kind, page.Subject, read.SelfQuery(next)) : null,
                Entries = [.. found.Matches.Select(m => new BundleItem(m, "match")), .. found.Included.Select(i => new BundleItem(i, "include"))],
                Renderer = new ResourceRenderer(read),
                Pretty = read.Pretty,
                Warnings = read.Issues,
            };
        }

        private static string With(string address, string query) => query.Length == 0 ? address : $"{address}?{query}";
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/fhir/{type}", (string type, HttpContext http, IMediator mediator, CancellationToken ct) =>
                Answer(http, mediator, type, "", QueryText.Parse(http.Request.QueryString.Value!), ct))
            .Describe("SearchResources", "Search the resources of a type; by patient first", new FhirInteraction("search-type"), 400, 404, 406);
        routes.MapPost("/fhir/{type}/_search", (string type, HttpContext http, IMediator mediator, CancellationToken ct) => AnswerForm(http, mediator, type, "", ct))
            .Describe("SearchResourcesByForm", "Search the resources of a type, with the parameters in a form", new FhirInteraction("search-type"), 400, 404, 406, 415)
            .Takes("application/x-www-form-urlencoded");
        routes.MapGet("/fhir/{compartment}/{id}/{type}", (string compartment, string id, string type, HttpContext http, IMediator mediator, CancellationToken ct) => compartment == Compartment
                ? Answer(http, mediator, type, id, QueryText.Parse(http.Request.QueryString.Value!), ct)
                : Task.FromResult(Problems.Fhir(new NoSuchCompartment())))
            .Describe("SearchCompartment", "Search a type within a patient's compartment", null, 400, 404, 406)
            .WithMetadata(new FhirCompartment("http://hl7.org/fhir/CompartmentDefinition/patient"));
        routes.MapPost("/fhir/{compartment}/{id}/{type}/_search", (string compartment, string id, string type, HttpContext http, IMediator mediator, CancellationToken ct) => compartment == Compartment
                ? AnswerForm(http, mediator, type, id, ct)
                : Task.FromResult(Problems.Fhir(new NoSuchCompartment())))
            .Describe("SearchCompartmentByForm", "Search a type within a patient's compartment, with the parameters in a form", null, 400, 404, 406, 415)
            .Takes("application/x-www-form-urlencoded");
    }

    // The form keeps identifiers out of URLs, and so out of the logs of whatever is in between.
    private static async Task<IResult> AnswerForm(HttpContext http, IMediator mediator, string type, string patient, CancellationToken ct)
    {
        if (!http.Request.HasFormContentType && http.Request.ContentLength > 0)
        {
            return Problems.Fhir(new Unsupported("Send the search as a form: Content-Type: application/x-www-form-urlencoded."));
        }

        using var reader = new StreamReader(http.Request.Body);
        var merged = await http.RequestServices.GetRequiredService<Directories>().MergedAsync(ct);
        var form = merged.InForce(await reader.ReadToEndAsync(ct));
        return await Answer(http, mediator, type, patient, [.. QueryText.Parse(http.Request.QueryString.Value!), .. QueryText.Parse(form)], ct);
    }

    private static async Task<IResult> Answer(
        HttpContext http, IMediator mediator, string type, string patient, IReadOnlyList<KeyValuePair<string, string>> parameters, CancellationToken ct) =>
        (await mediator.Send(new Query(type, parameters, FhirHttp.IsLenient(http), FhirHttp.BaseOf(http)) { Patient = patient }, ct)).Match(bundle => new BundleResult(bundle), Problems.Fhir);
}

/// <summary>A compartment that is not offered.</summary>
public sealed record NoSuchCompartment() : CareError(404, "not-supported", "There is no such address. The compartment that is searched is the Patient's: /fhir/Patient/id/Type.");
