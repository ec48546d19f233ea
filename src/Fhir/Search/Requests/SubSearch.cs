using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>How a sub-search's results bear on the search.</summary>
public enum SubSearchKind : byte
{
    /// <summary>A chain: the search wants what refers to the results.</summary>
    Chain,

    /// <summary>A <c>_has</c>: the search wants what the results refer to.</summary>
    Has,
}

/// <summary>
/// A search that must be answered before the one it belongs to. The store runs it like any other (with its own
/// <see cref="Plan"/>, so that one which would scan everything can be refused) and puts what it found into
/// <see cref="SubSearchResults"/>.
/// </summary>
public sealed class SubSearch
{
    private readonly Criterion[] _criteria;

    internal SubSearch(SubSearchKind kind, ResourceType type, SearchParameter by, Criterion criterion, string serviceBase)
    {
        ServiceBase = serviceBase;
        Kind = kind;
        Type = type;
        By = by;
        _criteria = [criterion];
        Plan = CriteriaPlan.For(type, Criteria);
    }

    /// <summary>A chain or a <c>_has</c>.</summary>
    public SubSearchKind Kind { get; }

    /// <summary>The type to search.</summary>
    public ResourceType Type { get; }

    /// <summary>The reference parameter: of the searching type for a chain, of <see cref="Type"/> for a <c>_has</c>.</summary>
    public SearchParameter By { get; }

    /// <summary>What the results must satisfy.</summary>
    public IReadOnlyList<Criterion> Criteria => _criteria;

    /// <summary>What an index could use.</summary>
    public CriteriaPlan Plan { get; }

    /// <summary>Absolute references below this are local.</summary>
    internal string ServiceBase { get; }

    /// <summary>Whether a resource of <see cref="Type"/> is a result.</summary>
    /// <param name="json">The resource.</param>
    public bool Matches(ReadOnlySpan<byte> json)
    {
        var resource = new JsonView(json);
        foreach (var criterion in _criteria)
        {
            if (!criterion.Matches(resource, SubSearchResults.None))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Prints types and names only.</summary>
    public override string ToString() => $"{Kind} {Type.Name()} {By.Code}";
}

/// <summary>
/// What the sub-searches of a request found, as keys <c>Type/id</c>: the found resources themselves for a chain, the
/// resources that they refer to by <see cref="SubSearch.By"/> for a <c>_has</c>.
/// </summary>
public sealed class SubSearchResults
{
    /// <summary>No results: for requests without sub-searches.</summary>
    public static readonly SubSearchResults None = new();

    private readonly Dictionary<SubSearch, HashSet<string>> _found = [];

    /// <summary>The keys found by a sub-search.</summary>
    /// <param name="search">The sub-search.</param>
    public IReadOnlyCollection<string> this[SubSearch search] => Of(search);

    /// <summary>Takes note of a resource that the sub-search found; looks at it again to be sure that it is one.</summary>
    /// <param name="search">The sub-search.</param>
    /// <param name="json">A candidate of its type.</param>
    /// <returns>Whether it was a result.</returns>
    public bool Offer(SubSearch search, ReadOnlySpan<byte> json)
    {
        var keys = Started(search);
        if (!search.Matches(json))
        {
            return false;
        }

        if (search.Kind == SubSearchKind.Chain)
        {
            keys.Add($"{search.Type.Name()}/{new JsonView(json)["id"u8].ToString()}");
        }
        else
        {
            keys.UnionWith(References.Keys(search.By, json, search.ServiceBase));
        }

        return true;
    }

    /// <summary>Says that the sub-search was run, even if nothing was found.</summary>
    /// <param name="search">The sub-search.</param>
    public void Complete(SubSearch search) => Started(search);

    internal bool Contains(SubSearch search, ResourceReference reference) =>
        reference.IsBelow(search.ServiceBase) && Contains(search, reference.Type, reference.Id);

    internal bool Contains(SubSearch search, ResourceType type, ReadOnlySpan<byte> id)
    {
        var name = type.Name();
        if (id.IsEmpty || id.Length > 64)
        {
            return false;
        }

        Span<char> key = stackalloc char[name.Length + 1 + id.Length];
        name.CopyTo(key);
        key[name.Length] = '/';
        Encoding.Latin1.GetChars(id, key[(name.Length + 1)..]);
        return Of(search).GetAlternateLookup<ReadOnlySpan<char>>().Contains(key);
    }

    private HashSet<string> Of(SubSearch search) => _found.TryGetValue(search, out var keys)
        ? keys
        : throw new InvalidOperationException($"The sub-search {search} was not run.");

    private HashSet<string> Started(SubSearch search)
    {
        if (!_found.TryGetValue(search, out var keys))
        {
            _found[search] = keys = new HashSet<string>(StringComparer.Ordinal);
        }

        return keys;
    }
}
