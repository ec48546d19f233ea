using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using MediatR;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>Searches the resources of a type.</summary>
public static class SearchResources
{
    /// <summary>The search as asked.</summary>
    public sealed record Query(string Type, IReadOnlyList<KeyValuePair<string, string>> Parameters, bool Lenient, string Base) : IRequest<Result<BundleContent>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => $"search {Type}";
    }

    /// <summary>Reads the request, runs it, and says what was done.</summary>
    public sealed class Handler(ResourceSearch search, Visibility visibility, TimeProvider clock) : IRequestHandler<Query, Result<BundleContent>>
    {
        /// <inheritdoc/>
        public async Task<Result<BundleContent>> Handle(Query request, CancellationToken cancellationToken)
        {
            var type = ResourceTypes.Parse(request.Type);
            if (type == ResourceType.None)
            {
                return new UnknownType();
            }

            var read = SearchRequest.Parse(type, request.Parameters, new SearchOptions { Lenient = request.Lenient, ServiceBase = request.Base, Now = clock.GetUtcNow() });
            if (!read.IsValid)
            {
                return new InvalidResource(400, read.Issues);
            }

            var answer = await search.RunAsync(read, visibility, request.Base, cancellationToken);
            if (answer.Error is { } error)
            {
                return error;
            }

            var found = answer.Value;
            return new BundleContent(request.Base, "searchset", read.Total == TotalMode.None ? null : found.Total, Link(request, read.SelfQuery()))
            {
                Next = found.Next is { } next ? Link(request, read.SelfQuery(next)) : null,
                Entries = [.. found.Matches.Select(m => new BundleItem(m, "match")), .. found.Included.Select(i => new BundleItem(i, "include"))],
                Renderer = new ResourceRenderer(read),
                Pretty = read.Pretty,
                Warnings = read.Issues,
            };
        }

        private static string Link(Query request, string query) => query.Length == 0 ? $"{request.Base}/{request.Type}" : $"{request.Base}/{request.Type}?{query}";
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/fhir/{type}", (string type, HttpContext http, IMediator mediator, CancellationToken ct) =>
                Answer(http, mediator, type, QueryText.Parse(http.Request.QueryString.Value!), ct))
            .Describe("SearchResources", "Search the resources of a type; by patient first", new FhirInteraction("search-type"), 400, 404, 406);
        routes.MapPost("/fhir/{type}/_search", async (string type, HttpContext http, IMediator mediator, CancellationToken ct) =>
            {
                // The form keeps identifiers out of URLs, and so out of the logs of whatever is in between.
                if (!http.Request.HasFormContentType && http.Request.ContentLength > 0)
                {
                    return Problems.Fhir(new Unsupported("Send the search as a form: Content-Type: application/x-www-form-urlencoded."));
                }

                using var reader = new StreamReader(http.Request.Body);
                var form = await reader.ReadToEndAsync(ct);
                return await Answer(http, mediator, type, [.. QueryText.Parse(http.Request.QueryString.Value!), .. QueryText.Parse(form)], ct);
            })
            .Describe("SearchResourcesByForm", "Search the resources of a type, with the parameters in a form", new FhirInteraction("search-type"), 400, 404, 406, 415)
            .Takes("application/x-www-form-urlencoded");
    }

    private static async Task<IResult> Answer(HttpContext http, IMediator mediator, string type, IReadOnlyList<KeyValuePair<string, string>> parameters, CancellationToken ct) =>
        (await mediator.Send(new Query(type, parameters, FhirHttp.IsLenient(http), FhirHttp.BaseOf(http)), ct)).Match(bundle => new BundleResult(bundle), Problems.Fhir);
}
