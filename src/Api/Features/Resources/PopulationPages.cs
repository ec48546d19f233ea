using BetterCare.Care.Api.Http;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>
/// Pages of searches across people along an index: what is read is what the page shows and what stands between, however many
/// match. See docs/decisions/0018-population-pages.md.
/// </summary>
public sealed class PopulationPages(SearchCandidates finder, ResourceStore store)
{
    /// <summary>Most resources without an exact day that a page by date looks at: they may belong on any page.</summary>
    internal const int MaxUndated = 500;

    // A day as it is written and the day of the same time in UTC are one apart at most.
    private const int Apart = 1;

    /// <summary>Most entries of an index that one page looks at.</summary>
    public int MaxLooked { get; init; } = SearchCandidates.Max;

    /// <summary>A page, if the search has a way along an index; null where it has none.</summary>
    /// <param name="request">A valid search across people.</param>
    /// <param name="subs">What its sub-searches found.</param>
    /// <param name="people">Whom the caller may find.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Result<SearchAnswer>?> TryAsync(SearchRequest request, SubSearchResults? subs, PeopleFilter people, CancellationToken ct) =>
        await finder.WalkAsync(request, ct) is not { } plan ? null
            : plan.ByDate ? await ByDateAsync(request, plan, subs, people, ct)
            : await InOrderAsync(request, plan, subs, people, ct);

    /// <summary>
    /// In the order of the index. A page ends when it is full, when the index ends, or after as many entries as any search looks
    /// at: then there may be few matches on it, or none, and the next page goes on from there.
    /// </summary>
    private async Task<Result<SearchAnswer>> InOrderAsync(SearchRequest request, WalkPlan plan, SubSearchResults? subs, PeopleFilter people, CancellationToken ct)
    {
        IndexPlace? after = null;
        if (request.Cursor is { } cursor && (after = IndexPlace.Read(cursor.Key.Span)) is null)
        {
            return PageLinks.Unreadable;
        }

        var json = ResourceSearch.JsonFor(request);
        var walk = new IndexWalk(store, plan.Stretches, after, plan.Descending, people, request.Count + 1);
        var matches = new List<StoredResource>(Math.Min(request.Count, 64));
        IndexPlace last = default;
        for (var looked = 0; await walk.NextAsync(ct) is { } entry; looked++)
        {
            if (looked == MaxLooked)
            {
                return Page(matches, last);
            }

            if (entry.Resource is { } resource && request.Matches(json(resource).Span, subs))
            {
                if (matches.Count == request.Count)
                {
                    return Page(matches, last);
                }

                matches.Add(resource);
            }

            last = entry.Place;
        }

        return new SearchAnswer(matches, [], after is null ? matches.Count : null, null);

        SearchAnswer Page(List<StoredResource> found, IndexPlace end) => new(found, [], null, PageCursor.After(request.Type, request.Sort, end.ToBytes()));
    }

    /// <summary>
    /// In the order of the exact time, of which the index has the day: reads on until no resource further along can belong on
    /// the page. Cursors are those of the same order over candidates read whole, for either may answer. Null where too many have no exact day.
    /// </summary>
    private async Task<Result<SearchAnswer>?> ByDateAsync(SearchRequest request, WalkPlan plan, SubSearchResults? subs, PeopleFilter people, CancellationToken ct)
    {
        var candidates = new List<StoredResource>();
        var undated = new IndexWalk(store, plan.Stretches.Where(s => s.To == 0), null, false, people, MaxUndated + 1);
        for (var looked = 0; await undated.NextAsync(ct) is { } entry; looked++)
        {
            if (looked == MaxUndated)
            {
                return null;
            }

            if (entry.Resource is { } resource)
            {
                candidates.Add(resource);
            }
        }

        var ended = true;
        var position = request.Cursor is { } cursor ? request.Sort.Position(cursor) : null;
        if (position is not { IsMissing: true })
        {
            IndexPlace? after = position is not { } at ? null
                : IndexPlace.Before((at.Ticks / TimeSpan.TicksPerDay) + (plan.Descending ? Apart + 1 : -Apart));
            var walk = new IndexWalk(store, plan.Stretches.Where(s => s.To > 0), after, plan.Descending, people, request.Count + 1);
            var reach = new Reach(request, plan.Descending);
            for (var looked = 0; ended && await walk.NextAsync(ct) is { } entry; looked++)
            {
                if (looked == MaxLooked)
                {
                    return SearchCandidates.TooMany;
                }

                ended = !reach.IsFullAt(entry.Place.Value);
                if (ended && entry.Resource is { } resource && request.Matches(resource.Body, subs))
                {
                    candidates.Add(resource);
                    reach.Add(resource);
                }
            }
        }

        var page = SearchPage.Of(request, candidates, static r => r.Body, subs);
        return new SearchAnswer(page.Rows, [], ended && request.Cursor is null ? page.Total : null, page.Next);
    }

    /// <summary>Counts the matches that nothing further along the index can come before.</summary>
    private sealed class Reach(SearchRequest request, bool descending)
    {
        private readonly List<byte[]> _open = [];
        private long _day = -1;
        private int _settled;

        public void Add(StoredResource resource)
        {
            var key = request.Sort.KeyOf(resource.Body);
            if (request.Cursor is not { } cursor || key.AsSpan().SequenceCompareTo(cursor.Key.Span) > 0)
            {
                _open.Add(key);
            }
        }

        /// <summary>Whether there are enough of them, and one more, when the walk comes to a day.</summary>
        public bool IsFullAt(long day)
        {
            if (day != _day)
            {
                _day = day;
                var bound = request.Sort.KeyAt(descending ? ((day + Apart + 1) * TimeSpan.TicksPerDay) - 1 : (day - Apart) * TimeSpan.TicksPerDay);
                _settled += _open.RemoveAll(key => key.AsSpan().SequenceCompareTo(bound) < 0);
            }

            return _settled > request.Count;
        }
    }
}
