using System.Text;
using BetterCare.Care.Api.Features.RiskAssessments;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>A page of results.</summary>
/// <param name="Matches">The results in order.</param>
/// <param name="Included">What they refer to or what refers to them.</param>
/// <param name="Total">How many match in all; null where that was not counted.</param>
/// <param name="Next">The cursor of the next page; null on the last.</param>
public sealed record SearchAnswer(IReadOnlyList<StoredResource> Matches, IReadOnlyList<StoredResource> Included, long? Total, PageCursor? Next);

/// <summary>
/// Answers searches: sub-searches first, then candidates by the narrowest index, then every condition in memory. What the
/// caller may not see is left out of the candidates, so it shows neither in results nor in totals, chains or includes.
/// </summary>
public sealed class ResourceSearch(SearchCandidates finder, PopulationPages pages, PatientRecords records, RiskSearch risks, ResourceStore store)
{
    // An inclusion beyond this would be a bulk export.
    private const int MaxIncluded = 5000;

    /// <summary>Runs a valid request.</summary>
    /// <param name="request">What to find.</param>
    /// <param name="visibility">Who asks; null: the service itself.</param>
    /// <param name="serviceBase">The address under which FHIR is served.</param>
    /// <param name="ct">Cancels.</param>
    /// <param name="compartment">The person whose record alone is searched, whom the caller may see; null: everybody.</param>
    public Task<Result<SearchAnswer>> RunAsync(SearchRequest request, Visibility? visibility, string serviceBase, CancellationToken ct, long? compartment = null) =>
        visibility?.Refusal(request) is { } refusal ? Task.FromResult<Result<SearchAnswer>>(refusal) : AnswerAsync(request, visibility, serviceBase, compartment, whole: false, ct);

    /// <summary>Ids of the resources that satisfy a condition, two at most; for conditional interactions.</summary>
    /// <param name="request">The condition.</param>
    /// <param name="sender">Who sends it, if limited in whom they may see; null: the condition looks at everything there is.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Result<List<string>>> IdsAsync(SearchRequest request, Visibility? sender, CancellationToken ct)
    {
        var answer = await AnswerAsync(request, sender, "", null, whole: true, ct);
        return answer.Error is { } error ? error : answer.Value.Matches.Take(2).Select(r => r.Id).ToList();
    }

    /// <summary>Answers a request; with <paramref name="whole"/>, every match is looked at before the page is cut.</summary>
    private async Task<Result<SearchAnswer>> AnswerAsync(
        SearchRequest request, Visibility? visibility, string serviceBase, long? compartment, bool whole, CancellationToken ct)
    {
        var subs = request.SubSearches.Count == 0 ? null : new SubSearchResults();
        foreach (var sub in request.SubSearches)
        {
            if (visibility is not null && RiskSearch.Concerns(sub.Type, sub.Plan))
            {
                return new TooCostly("Conditions on everybody's RiskAssessments cannot be part of another search: search RiskAssessment, and follow subject with _include=RiskAssessment:subject.");
            }

            var found = await finder.FindAsync(sub.Type, sub.Plan, sub.Criteria, null, visibility, ct);
            if (found.Error is { } refused)
            {
                return refused;
            }

            foreach (var candidate in found.Value)
            {
                subs!.Offer(sub, candidate.ToUtf8());
            }

            subs!.Complete(sub);
        }

        if (compartment is null && visibility is not null && RiskSearch.Concerns(request.Type, request.Plan))
        {
            var page = await risks.RunAsync(request, subs, visibility, ct);
            return page.Error is null ? await IncludeAsync(request, page.Value.Matches, page.Value.Total, page.Value.Next, visibility, serviceBase, ct) : page;
        }

        if (compartment is null && request.Criteria.Count == 0 && request.Sort.Parts.Count == 0)
        {
            return await AllAsync(request, visibility, serviceBase, ct);
        }

        if (compartment is null && !whole && await pages.TryAsync(request, subs, visibility?.Search ?? PeopleFilter.Everybody, ct) is { } walked)
        {
            return walked.Error is null ? await IncludeAsync(request, walked.Value.Matches, walked.Value.Total, walked.Value.Next, visibility, serviceBase, ct) : walked;
        }

        var candidates = compartment is { } person
            ? SearchCandidates.Limited(await records.ListAsync(new HashSet<long> { person }, request.Type, SearchCandidates.Max + 1, visibility, ct))
            : await finder.FindAsync(request.Type, request.Plan, request.Criteria, subs, visibility, ct);
        if (candidates.Error is { } error)
        {
            return error;
        }

        var cut = SearchPage.Of(request, candidates.Value, JsonFor(request), subs);
        return await IncludeAsync(request, cut.Rows, cut.Total, cut.Next, visibility, serviceBase, ct);
    }

    /// <summary>Every resource of a type, page by page along the primary index.</summary>
    private async Task<Result<SearchAnswer>> AllAsync(SearchRequest request, Visibility? visibility, string serviceBase, CancellationToken ct)
    {
        var people = visibility?.Search ?? PeopleFilter.Everybody;
        long? total = request.CountOnly || request.Total == TotalMode.Accurate ? await store.CountAsync(request.Type, people, ct) : null;
        if (request.CountOnly)
        {
            return new SearchAnswer([], [], total, null);
        }

        var after = request.Cursor is { } cursor ? Encoding.UTF8.GetString(cursor.Key.Span) : "";
        var rows = await store.PageAsync(request.Type, after, people, request.Count + 1, ct);
        if (rows.Count <= request.Count)
        {
            return await IncludeAsync(request, rows, total ?? (request.Cursor is null ? rows.Count : null), null, visibility, serviceBase, ct);
        }

        rows.RemoveAt(request.Count);
        var next = PageCursor.After(request.Type, request.Sort, Encoding.UTF8.GetBytes(rows[^1].Id));
        return await IncludeAsync(request, rows, total, next, visibility, serviceBase, ct);
    }

    private async Task<Result<SearchAnswer>> IncludeAsync(
        SearchRequest request, IReadOnlyList<StoredResource> matches, long? total, PageCursor? next, Visibility? visibility, string serviceBase, CancellationToken ct)
    {
        if (matches.Count == 0 || (request.Includes.Count == 0 && request.RevIncludes.Count == 0))
        {
            return new SearchAnswer(matches, [], total, next);
        }

        var seen = matches.Select(Key).ToHashSet(StringComparer.Ordinal);
        var people = matches.Select(m => m.PatientKey).ToHashSet();
        var included = new List<StoredResource>();

        async ValueTask AddAsync(IEnumerable<StoredResource> found)
        {
            // Another person's resource comes along only where a search could have found it.
            var fresh = found.Where(f => !f.Deleted && !seen.Contains(Key(f))).ToList();
            foreach (var resource in visibility is null || fresh.Count == 0 ? fresh : await visibility.FindableAsync(fresh, people, ct))
            {
                if (seen.Add(Key(resource)))
                {
                    included.Add(resource);
                }
            }
        }

        var referred = matches.SelectMany(m => request.Includes.SelectMany(i => i.Keys(m.Body, serviceBase))).Distinct(StringComparer.Ordinal);
        await AddAsync(await records.FindAsync(referred, ct));

        var keys = matches.Select(Key).ToHashSet(StringComparer.Ordinal);
        foreach (var reverse in request.RevIncludes)
        {
            var type = reverse.Parameter.Resource;
            if (people.Contains(0) && SearchCandidates.IsAboutPeople(type))
            {
                return new TooCostly($"_revinclude of {type.Name()} would read every person's record. Search {type.Name()} itself, with a patient.");
            }

            var rows = await records.ListAsync(people, type, SearchCandidates.Max + 1, visibility, ct);
            if (rows.Count > SearchCandidates.Max)
            {
                return new TooCostly($"_revinclude of {type.Name()} would read too much. Search {type.Name()} itself.");
            }

            await AddAsync(rows.Where(r => reverse.RefersToAny(r.Body, keys, serviceBase)));
        }

        return included.Count > MaxIncluded
            ? new TooCostly("This page would include too much. Ask for fewer results with _count.")
            : new SearchAnswer(matches, included, total, next);
    }

    // Version and time are kept beside the body; only what looks at them pays for putting them in.
    internal static Func<StoredResource, ReadOnlyMemory<byte>> JsonFor(SearchRequest request) =>
        request.Criteria.Any(c => c.Name.StartsWith("_lastUpdated", StringComparison.Ordinal)) || request.Sort.Parts.Any(p => p.Parameter.Code == "_lastUpdated")
            ? static r => r.ToUtf8()
            : static r => r.Body;

    private static string Key(StoredResource resource) => $"{resource.Type.Name()}/{resource.Id}";
}

/// <summary>A search that no index can answer.</summary>
public sealed record TooCostly(string Advice) : CareError(400, "too-costly", Advice);
