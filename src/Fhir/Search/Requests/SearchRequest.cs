using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Fhir.Search;

/// <summary>A search that was read and understood: what to find, and how to show it.</summary>
public sealed class SearchRequest
{
    private readonly Criterion[] _criteria;

    internal SearchRequest(ResourceType type, IReadOnlyList<Criterion> criteria)
    {
        Type = type;
        _criteria = [.. criteria];
        SubSearches =
        [
            .. criteria.OfType<ChainCriterion>().SelectMany(c => c.Targets),
            .. criteria.OfType<HasCriterion>().Select(h => h.Referring),
        ];
        Plan = CriteriaPlan.For(type, criteria);
    }

    /// <summary>The type that is searched.</summary>
    public ResourceType Type { get; }

    /// <summary>The conditions; all must hold.</summary>
    public IReadOnlyList<Criterion> Criteria => _criteria;

    /// <summary>The searches to run first, for chains and <c>_has</c>.</summary>
    public IReadOnlyList<SubSearch> SubSearches { get; }

    /// <summary>What an index could use; whether the search would scan everything.</summary>
    public CriteriaPlan Plan { get; }

    /// <summary>What was refused (errors) or ignored (warnings, when lenient).</summary>
    public IReadOnlyList<Issue> Issues { get; internal init; } = [];

    /// <summary>Whether nothing was refused.</summary>
    public bool IsValid => !Issues.Any(i => i.IsError);

    /// <summary>Results on a page; 0 asks for the total only.</summary>
    public int Count { get; internal init; }

    /// <summary>Whether the request itself said how many.</summary>
    internal bool CountGiven { get; init; }

    /// <summary>The order of the results.</summary>
    public SortOrder Sort { get; internal init; } = SortOrder.ById;

    /// <summary>Where the page starts; null for the first page.</summary>
    public PageCursor? Cursor { get; internal init; }

    /// <summary>What to include that the results refer to.</summary>
    public IReadOnlyList<IncludeDirective> Includes { get; internal init; } = [];

    /// <summary>What to include that refers to the results.</summary>
    public IReadOnlyList<IncludeDirective> RevIncludes { get; internal init; } = [];

    /// <summary>Whether a total is wanted.</summary>
    public TotalMode Total { get; internal init; }

    /// <summary>How much of each resource to show.</summary>
    public SummaryMode Summary { get; internal init; }

    /// <summary>The root elements to show; empty for all.</summary>
    public IReadOnlyList<string> Elements { get; internal init; } = [];

    /// <summary>Whether to indent the answer.</summary>
    public bool Pretty { get; internal init; }

    /// <summary>Whether only the number of matches is wanted (<c>_summary=count</c>, <c>_count=0</c>).</summary>
    public bool CountOnly => Summary == SummaryMode.Count || Count == 0;

    internal IReadOnlyList<KeyValuePair<string, string>> Applied { get; init; } = [];

    /// <summary>Reads a search.</summary>
    /// <param name="type">The type that is searched.</param>
    /// <param name="parameters">Names and values, decoded, in order: the query string's and, for POST, the form's.</param>
    /// <param name="options">How to read it.</param>
    public static SearchRequest Parse(ResourceType type, IEnumerable<KeyValuePair<string, string>> parameters, SearchOptions options) =>
        new SearchRequestParser(type, options).Parse(parameters);

    /// <summary>Reads a search from a query string.</summary>
    /// <param name="type">The type that is searched.</param>
    /// <param name="query">With or without the leading question mark, percent-encoded.</param>
    /// <param name="options">How to read it.</param>
    public static SearchRequest Parse(ResourceType type, string query, SearchOptions options) => Parse(type, QueryText.Parse(query), options);

    /// <summary>Whether a resource satisfies every condition.</summary>
    /// <param name="json">A resource of the type, as stored.</param>
    /// <param name="results">What the sub-searches found; needed only if there are any.</param>
    /// <exception cref="InvalidOperationException">A sub-search was not run.</exception>
    public bool Matches(ReadOnlySpan<byte> json, SubSearchResults? results = null)
    {
        var resource = new JsonView(json);
        foreach (var criterion in _criteria)
        {
            if (!criterion.Matches(resource, results ?? SubSearchResults.None))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// What was applied, as a query string: the conditions in the order given, then how to show the results. What was
    /// ignored is not in it. It may identify a person: never log it.
    /// </summary>
    /// <param name="cursor">The page to name; null for the page that was asked for.</param>
    public string SelfQuery(PageCursor? cursor = null)
    {
        var pairs = Applied.Where(p => p.Key != "_cursor");
        if ((cursor ?? Cursor)?.Text is { } text)
        {
            pairs = pairs.Append(KeyValuePair.Create("_cursor", text));
        }

        return string.Join('&', pairs.Select(p => $"{QueryText.Encode(p.Key)}={QueryText.Encode(p.Value)}"));
    }
}
