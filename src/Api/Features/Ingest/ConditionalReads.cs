using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Api.Features.Ingest;

/// <summary>
/// Finds what a conditional interaction or reference means. For a sender of everybody's data it looks at everything there is:
/// a create that must not double a resource must not double one that the sender may not read either. For a sender of some
/// practices' data, only what is theirs counts: else the answer would tell them what other practices have.
/// </summary>
public sealed class ConditionalReads(ResourceSearch search, Visibility sender, TimeProvider clock)
{
    /// <summary>Ids of the matches, two at most; null where the query is not one that can be answered.</summary>
    public async ValueTask<IReadOnlyList<string>?> FindAsync(ResourceType type, string query, CancellationToken ct)
    {
        var found = await IdsAsync(type, query, ct);
        return found.Error is null ? found.Value : null;
    }

    /// <summary>The one match; null where there is none; refused where there are several or the condition cannot be answered.</summary>
    public async Task<Result<string?>> MatchAsync(ResourceType type, string query, string where, CancellationToken ct)
    {
        var found = await IdsAsync(type, query, ct);
        if (found.Error is { } error)
        {
            return error;
        }

        return found.Value.Count switch
        {
            0 => (string?)null,
            1 => found.Value[0],
            _ => new InvalidResource(412, [new Issue(IssueSeverity.Error, "multiple-matches", where, "The condition matches more than one resource: make it more exact.")]),
        };
    }

    private async Task<Result<List<string>>> IdsAsync(ResourceType type, string query, CancellationToken ct)
    {
        var parameters = NhsSystems.OfToday(QueryText.Parse(query.TrimStart('?')));
        var request = SearchRequest.Parse(type, parameters, new SearchOptions { Now = clock.GetUtcNow() });
        if (!request.IsValid)
        {
            return new InvalidResource(400, request.Issues);
        }

        return request.Criteria.Count == 0
            ? new Invalid("request.url", "The condition is empty: give for example identifier=system|value.")
            : await search.IdsAsync(request, sender.OfSender, ct);
    }
}
