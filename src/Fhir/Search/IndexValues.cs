namespace BetterCare.Care.Fhir.Search;

/// <summary>What a store indexes of a resource for searches across patients.</summary>
/// <param name="Identifiers">Its identifiers; a missing system is empty.</param>
/// <param name="Codes">The codes of <see cref="CodeParameter"/>; a missing system is empty.</param>
/// <param name="Date">The time of <see cref="DateParameter"/>: from the earliest to the latest; null if it has none.</param>
public sealed record IndexValues(IReadOnlyList<IndexedToken> Identifiers, IReadOnlyList<IndexedToken> Codes, DateInterval? Date)
{
    // In the order of preference; the first that a type has is the one by which its resources are told apart.
    private static readonly string[] CodeNames =
        ["code", "vaccine-code", "type", "role", "category", "service-type", "finding-code", "topic"];

    private static readonly string[] DateNames =
        ["authoredon", "date", "effective-time", "effective", "onset-date", "authored", "authored-on", "sent", "start-date", "created", "recorded", "whenhandedover", "birthdate", "period"];

    private static readonly Lazy<(SearchParameter? Identifier, SearchParameter? Code, SearchParameter? Date)>[] Parameters =
        [.. Enumerable.Range(0, ResourceTypes.Count + 1).Select(i => new Lazy<(SearchParameter?, SearchParameter?, SearchParameter?)>(() => Choose((ResourceType)i)))];

    /// <summary>The token parameter whose codes are indexed: <c>code</c> where a type has it, else what comes nearest; null if nothing does.</summary>
    /// <param name="type">A resource type.</param>
    public static SearchParameter? CodeParameter(ResourceType type) => Parameters[(int)type].Value.Code;

    /// <summary>The date parameter that is indexed: when the thing happened or was asked for; null if the type has none.</summary>
    /// <param name="type">A resource type.</param>
    public static SearchParameter? DateParameter(ResourceType type) => Parameters[(int)type].Value.Date;

    /// <summary>What to index of a resource.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="json">The resource.</param>
    public static IndexValues Extract(ResourceType type, ReadOnlySpan<byte> json)
    {
        var resource = new JsonView(json);
        var (identifier, code, date) = Parameters[(int)type].Value;
        var identifiers = new TokenCollector();
        var codes = new TokenCollector();
        var dates = new DateCollector();
        identifier?.Visit(resource, ref identifiers);
        code?.Visit(resource, ref codes);
        date?.Visit(resource, ref dates);
        return new IndexValues((IReadOnlyList<IndexedToken>?)identifiers.Tokens ?? [], (IReadOnlyList<IndexedToken>?)codes.Tokens ?? [], dates.Interval);
    }

    private static (SearchParameter? Identifier, SearchParameter? Code, SearchParameter? Date) Choose(ResourceType type)
    {
        if (type == ResourceType.None)
        {
            return default;
        }

        var all = SearchParameters.For(type);
        SearchParameter? First(string[] names, SearchParameterType kind) => 
            names.Select(all.Find).FirstOrDefault(p => p?.Type == kind && (kind == SearchParameterType.Token || p.Paths.All(path => !path.IsMany)));
        return (all.Find("identifier"), First(CodeNames, SearchParameterType.Token), First(DateNames, SearchParameterType.Date));
    }

    private struct TokenCollector : IElementVisitor
    {
        public List<IndexedToken>? Tokens { get; private set; }

        public bool Visit(scoped in Element element)
        {
            switch (element.Type)
            {
                case FhirType.Identifier:
                    Add(element.Value, "value"u8);
                    break;
                case FhirType.Coding:
                    Add(element.Value, "code"u8);
                    break;
                case FhirType.CodeableConcept:
                    foreach (var coding in element.Value["coding"u8].Items)
                    {
                        Add(coding, "code"u8);
                    }

                    break;
                default:
                    Add(new IndexedToken("", element.Value.ToString()));
                    break;
            }

            return false;
        }

        private void Add(JsonView value, ReadOnlySpan<byte> name)
        {
            if (value.TryGet(name, out var code))
            {
                Add(new IndexedToken(value["system"u8].ToString(), code.ToString()));
            }
        }

        private void Add(IndexedToken token)
        {
            Tokens ??= [];
            if (!Tokens.Contains(token))
            {
                Tokens.Add(token);
            }
        }
    }

    private struct DateCollector : IElementVisitor
    {
        public DateInterval? Interval { get; private set; }

        public bool Visit(scoped in Element element)
        {
            if (DateInterval.TryRead(element.Value, element.Type, out var found))
            {
                Interval = Interval is { } known ? new DateInterval(Math.Min(known.Start, found.Start), Math.Max(known.End, found.End)) : found;
            }

            return false;
        }
    }
}
