namespace BetterCare.Care.Fhir.Search;

/// <summary>A page of results.</summary>
/// <typeparam name="TRow">What the store keeps a resource as.</typeparam>
/// <param name="Rows">The results in order.</param>
/// <param name="Total">How many match in all.</param>
/// <param name="Next">The cursor of the next page; null on the last.</param>
public sealed record SearchPage<TRow>(IReadOnlyList<TRow> Rows, int Total, PageCursor? Next);

/// <summary>Makes pages.</summary>
public static class SearchPage
{
    /// <summary>
    /// Filters, sorts and cuts candidates to the page that the request asks for. Looks at every candidate once and keeps
    /// no more than a page and one.
    /// </summary>
    /// <typeparam name="TRow">What the store keeps a resource as.</typeparam>
    /// <param name="request">The request.</param>
    /// <param name="candidates">Resources of the request's type; those that do not match are left out.</param>
    /// <param name="json">The bytes of a candidate, with its id and meta in them.</param>
    /// <param name="results">What the sub-searches found; needed only if there are any.</param>
    public static SearchPage<TRow> Of<TRow>(
        SearchRequest request, IEnumerable<TRow> candidates, Func<TRow, ReadOnlyMemory<byte>> json, SubSearchResults? results = null)
    {
        var total = 0;
        var limit = request.CountOnly ? 0 : request.Count;

        // The worst of the best on top: it goes when a better one comes.
        var best = new PriorityQueue<TRow, byte[]>(Comparer<byte[]>.Create((a, b) => b.AsSpan().SequenceCompareTo(a)));
        foreach (var candidate in candidates)
        {
            var resource = json(candidate).Span;
            if (!request.Matches(resource, results))
            {
                continue;
            }

            total++;
            if (limit == 0)
            {
                continue;
            }

            var key = request.Sort.KeyOf(resource);
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

    /// <summary>The same for a store whose rows are the bytes themselves.</summary>
    /// <param name="request">The request.</param>
    /// <param name="candidates">Resources of the request's type; those that do not match are left out.</param>
    /// <param name="results">What the sub-searches found; needed only if there are any.</param>
    public static SearchPage<ReadOnlyMemory<byte>> Of(SearchRequest request, IEnumerable<ReadOnlyMemory<byte>> candidates, SubSearchResults? results = null) =>
        Of(request, candidates, static bytes => bytes, results);

    private static SearchPage<TRow> Cut<TRow>(SearchRequest request, PriorityQueue<TRow, byte[]> best, int total, int limit)
    {
        var more = best.Count > limit;
        if (more)
        {
            best.Dequeue();
        }

        var page = new TRow[best.Count];
        byte[] last = [];
        for (var i = page.Length - 1; i >= 0; i--)
        {
            best.TryDequeue(out var row, out var key);
            page[i] = row!;
            last = i == page.Length - 1 ? key! : last;
        }

        return new SearchPage<TRow>(page, total, more && page.Length > 0 ? PageCursor.After(request.Type, request.Sort, last) : null);
    }
}
