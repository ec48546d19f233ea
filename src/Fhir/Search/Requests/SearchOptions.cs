namespace BetterCare.Care.Fhir.Search;

/// <summary>How a request is read.</summary>
public sealed record SearchOptions
{
    /// <summary>Ignore what is not understood (<c>Prefer: handling=lenient</c>) instead of refusing it. Default false.</summary>
    public bool Lenient { get; init; }

    /// <summary>The server's base URL (<c>https://care.example/fhir</c>): absolute references below it are local. Empty if not known.</summary>
    public string ServiceBase { get; init; } = "";

    /// <summary>The present moment, which <c>ap</c> on dates is measured from.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Results on a page if the request does not say. Default 50.</summary>
    public int DefaultCount { get; init; } = 50;

    /// <summary>Most results on a page; a larger <c>_count</c> is cut to it. Default 1,000.</summary>
    public int MaxCount { get; init; } = 1000;
}

/// <summary>What <c>_total</c> asks for.</summary>
public enum TotalMode : byte
{
    /// <summary>Not asked: give a total if it costs nothing.</summary>
    Unspecified,

    /// <summary>None wanted.</summary>
    None,

    /// <summary>An estimate will do.</summary>
    Estimate,

    /// <summary>Exactly.</summary>
    Accurate,
}

/// <summary>What <c>_summary</c> asks for.</summary>
public enum SummaryMode : byte
{
    /// <summary>The whole resource.</summary>
    False,

    /// <summary>The elements that the definitions mark as summary.</summary>
    True,

    /// <summary>The narrative, id, meta and mandatory elements.</summary>
    Text,

    /// <summary>Everything but the narrative.</summary>
    Data,

    /// <summary>Only how many there are.</summary>
    Count,
}

/// <summary>An <c>_include</c> or <c>_revinclude</c>.</summary>
/// <param name="Parameter">The reference parameter to follow; its <see cref="SearchParameter.Resource"/> is the type that refers.</param>
/// <param name="Target">Only references to this type; <see cref="ResourceType.None"/> for any.</param>
public sealed record IncludeDirective(SearchParameter Parameter, ResourceType Target)
{
    /// <summary>The keys <c>Type/id</c> that a resource of the referring type points at.</summary>
    /// <param name="json">The resource.</param>
    /// <param name="serviceBase">The server's own base URL.</param>
    public IEnumerable<string> Keys(ReadOnlySpan<byte> json, string serviceBase = "")
    {
        var keys = References.Keys(Parameter, json, serviceBase);
        return Target == ResourceType.None ? keys : keys.Where(k => k.StartsWith(Target.Name() + "/", StringComparison.Ordinal));
    }

    /// <summary>Whether a resource of the referring type points at one of the keys (for <c>_revinclude</c>).</summary>
    /// <param name="json">The resource.</param>
    /// <param name="keys">Keys <c>Type/id</c> of the results.</param>
    /// <param name="serviceBase">The server's own base URL.</param>
    public bool RefersToAny(ReadOnlySpan<byte> json, IReadOnlySet<string> keys, string serviceBase = "") => Keys(json, serviceBase).Any(keys.Contains);

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Parameter.Resource.Name()}:{Parameter.Code}{(Target == ResourceType.None ? "" : ":" + Target.Name())}";
}
