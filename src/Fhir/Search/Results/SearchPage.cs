namespace BetterCare.Care.Fhir.Search;

/// <summary>A page of results.</summary>
/// <param name="Resources">The resources in order, as stored.</param>
/// <param name="Total">How many match in all.</param>
/// <param name="Next">The cursor of the next page; null on the last.</param>
public sealed record SearchPage(IReadOnlyList<ReadOnlyMemory<byte>> Resources, int Total, PageCursor? Next)
{
    /// <summary>
    /// Filters, sorts and cuts candidates to the page that the request asks for. Looks at every candidate once and keeps
    /// no more than a page and one.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="candidates">Resources of the request's type; those that do not match are left out.</param>
    /// <param name="results">What the sub-searches found; needed only if there are any.</param>
    public static SearchPage Of(SearchRequest request, IEnumerable<ReadOnlyMemory<byte>> candidates, SubSearchResults? results = null)
    {
        var total = 0;
        var limit = request.CountOnly ? 0 : request.Count;

        // The worst of the best on top: replaced when a better one comes.
        var best = new PriorityQueue<ReadOnlyMemory<byte>, byte[]>(Comparer<byte[]>.Create((a, b) => b.AsSpan().SequenceCompareTo(a)));
        foreach (var candidate in candidates)
        {
            if (!request.Matches(candidate.Span, results))
            {
                continue;
            }

            total++;
            if (limit == 0)
            {
                continue;
            }

            var key = request.Sort.KeyOf(candidate.Span);
            if (request.Cursor is { } cursor && key.AsSpan().SequenceCompareTo(cursor.Key.Span) <= 0)
            {
                continue;
            }

            if (best.Count <= limit)
            {
                best.Enqueue(candidate, key);
            }
            else
            {
                best.EnqueueDequeue(candidate, key);
            }
        }

        return Cut(request, best, total, limit);
    }

    private static SearchPage Cut(SearchRequest request, PriorityQueue<ReadOnlyMemory<byte>, byte[]> best, int total, int limit)
    {
        var more = best.Count > limit;
        if (more)
        {
            best.Dequeue();
        }

        var page = new ReadOnlyMemory<byte>[best.Count];
        byte[] last = [];
        for (var i = page.Length - 1; i >= 0; i--)
        {
            best.TryDequeue(out page[i], out var key);
            last = i == page.Length - 1 ? key! : last;
        }

        return new SearchPage(page, total, more && page.Length > 0 ? PageCursor.After(request.Type, request.Sort, last) : null);
    }
}
