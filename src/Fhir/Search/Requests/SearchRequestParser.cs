using System.Globalization;
using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Fhir.Search;

/// <summary>Reads the parameters of a search one after the other and gathers everything that is wrong with them.</summary>
internal sealed class SearchRequestParser(ResourceType type, SearchOptions options)
{
    // Far more than any client sends, far fewer than would hurt.
    private const int MaxConditions = 100;

    private readonly SearchIssues _issues = new(options.Lenient);
    private readonly List<Criterion> _criteria = [];
    private readonly List<KeyValuePair<string, string>> _conditions = [];
    private readonly SortedDictionary<string, string> _display = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, string>> _inclusions = [];
    private readonly List<IncludeDirective> _includes = [];
    private readonly List<IncludeDirective> _revIncludes = [];
    private int? _count;
    private SortOrder _sort = SortOrder.ById;
    private string? _cursorText;
    private TotalMode _total;
    private SummaryMode _summary;
    private string[] _elements = [];
    private bool _pretty;

    public SearchRequest Parse(IEnumerable<KeyValuePair<string, string>> parameters)
    {
        var criteria = new CriterionParser(type, options, _issues);
        foreach (var (name, value) in parameters)
        {
            // A parameter without a value says nothing (R4 search.html 3.1.1.4).
            if (value.Length == 0 || ReadDisplay(name, value))
            {
                continue;
            }

            if (value.Contains('\0'))
            {
                _issues.Refuse(name, "value", "A value cannot hold the character U+0000.");
                continue;
            }

            if (_criteria.Count == MaxConditions)
            {
                _issues.Refuse(name, "too-costly", $"Give at most {MaxConditions} conditions.");
                break;
            }

            if (criteria.Parse(name, value) is { } criterion)
            {
                _criteria.Add(criterion);
                _conditions.Add(KeyValuePair.Create(name, value));
            }
        }

        var cursor = ReadCursor();
        return new SearchRequest(type, _criteria)
        {
            Issues = _issues.All,
            Count = Math.Min(_count ?? options.DefaultCount, options.MaxCount),
            CountGiven = _count is not null,
            Sort = _sort,
            Cursor = cursor,
            Includes = _includes,
            RevIncludes = _revIncludes,
            Total = _total,
            Summary = _summary,
            Elements = _elements,
            Pretty = _pretty,
            Applied = [.. _conditions, .. _inclusions, .. _display],
        };
    }

    // Parameters that say how to show results rather than which to find. True if it was one, good or bad.
    private bool ReadDisplay(string name, string value)
    {
        switch (name)
        {
            case "_count":
                Once(name, value, ReadCount);
                return true;
            case "_sort":
                Once(name, value, ReadSort);
                return true;
            case "_total":
                Once(name, value, v => ReadEnum(name, v, out _total));
                return true;
            case "_summary":
                Once(name, value, v => ReadEnum(name, v, out _summary));
                return true;
            case "_elements":
                Once(name, value, ReadElements);
                return true;
            case "_pretty":
                Once(name, value, v => bool.TryParse(v, out _pretty) || _issues.Refuse(name, "value", "Give true or false."));
                return true;
            case "_format":
                Once(name, value, v => IsJson(v) || _issues.Refuse(name, "not-supported", "Only JSON is offered: _format=json."));
                return true;
            case "_cursor":
                _cursorText = value;
                return true;
            case "_contained" or "_containedType":
                _issues.Refuse(name, "not-supported", "Contained resources are not searched; leave it out.");
                return true;
            case "_list":
                _issues.Refuse(name, "not-supported", "Search by list is not offered; read the List and search by _id.");
                return true;
        }

        if (name.StartsWith("_include", StringComparison.Ordinal))
        {
            ReadInclude(name, "_include", value, _includes, i => i.Parameter.Resource == type, $"Start with the type that is searched: {type.Name()}:parameter.");
            return true;
        }

        if (name.StartsWith("_revinclude", StringComparison.Ordinal))
        {
            ReadInclude(name, "_revinclude", value, _revIncludes, i => CanTarget(i.Parameter) && (i.Target == ResourceType.None || i.Target == type), $"Name a parameter that can refer to {type.Name()}: Type:parameter.");
            return true;
        }

        return false;
    }

    private void Once(string name, string value, Func<string, bool> read)
    {
        if (_display.ContainsKey(name))
        {
            _issues.Refuse(name, "value", "Give it once.");
        }
        else if (read(value))
        {
            _display[name] = name == "_count" ? Math.Min(_count!.Value, options.MaxCount).ToString(CultureInfo.InvariantCulture) : value;
        }
    }

    private bool ReadCount(string value)
    {
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return _issues.Refuse("_count", "value", $"Give a whole number from 0 to {options.MaxCount}.");
        }

        _count = count;
        return true;
    }

    private bool ReadSort(string value)
    {
        var order = SortOrder.Parse(type, value, out var reason);
        _sort = order ?? SortOrder.ById;
        return order is not null || _issues.Refuse("_sort", "not-supported", reason);
    }

    private bool ReadEnum<TEnum>(string name, string value, out TEnum result)
        where TEnum : struct, Enum
    {
        var allowed = Enum.GetNames<TEnum>().Select(n => n.ToLowerInvariant()).Where(n => n != "unspecified").ToArray();
        if (allowed.Contains(value) && Enum.TryParse(value, ignoreCase: true, out result))
        {
            return true;
        }

        result = default;
        return _issues.Refuse(name, "value", $"Give one of {string.Join(", ", allowed)}.");
    }

    private bool ReadElements(string value)
    {
        var names = value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(n => n.StartsWith(type.Name() + ".", StringComparison.Ordinal) ? n[(type.Name().Length + 1)..] : n)
            .Distinct(StringComparer.Ordinal)
            .ToArray();
        if (names.Length == 0 || !Array.TrueForAll(names, n => Structure.Of(type.Name()).Child(type.Name(), n) is not null))
        {
            return _issues.Refuse("_elements", "value", $"Give names of elements at the root of {type.Name()}, separated by commas.");
        }

        _elements = names;
        return true;
    }

    private void ReadInclude(string name, string kind, string value, List<IncludeDirective> to, Predicate<IncludeDirective> allowed, string advice)
    {
        if (name != kind)
        {
            _issues.Refuse(name, "not-supported", name is "_include:iterate" or "_revinclude:iterate" or "_include:recurse" or "_revinclude:recurse"
                ? "Following references step by step is not offered; search again for what the included resources refer to."
                : $"Use {kind} without modifier.");
            return;
        }

        var parts = value.Split(':');
        var source = ResourceTypes.Parse(value == "*" ? type.Name() : parts[0]);
        var target = parts.Length == 3 ? ResourceTypes.Parse(parts[2]) : ResourceType.None;
        if (source == ResourceType.None || (parts.Length == 3 && target == ResourceType.None) || (value != "*" && parts.Length is not (2 or 3)))
        {
            _issues.Refuse(name, "value", "Give Type:parameter or Type:parameter:TargetType.");
            return;
        }

        var code = value == "*" ? "*" : parts[1];
        var found = SearchParameters.For(source).All
            .Where(p => p.IsSupported && p.Type == SearchParameterType.Reference && (code == "*" || p.Code == code))
            .Select(p => new IncludeDirective(p, target))
            .Where(i => allowed(i))
            .ToArray();
        if (found.Length == 0)
        {
            _issues.Refuse(name, "not-supported", $"No such reference parameter to follow. {advice}");
            return;
        }

        to.AddRange(found);
        _inclusions.Add(KeyValuePair.Create(name, value));
    }

    private bool CanTarget(SearchParameter parameter) => parameter.Targets.Count == 0 || parameter.Targets.Contains(type);

    private PageCursor? ReadCursor()
    {
        if (_cursorText is null)
        {
            return null;
        }

        if (PageCursor.TryParse(_cursorText, type, _sort, out var cursor))
        {
            return cursor;
        }

        _issues.Refuse("_cursor", "value", "Use the next link as it was given, with the same _sort; or start again without _cursor.");
        return null;
    }

    // A space where a plus sign was not percent-encoded is forgiven.
    private static bool IsJson(string format) =>
        format.Replace(' ', '+') is "json" or "application/json" or "application/fhir+json" or "text/json" or "application/json+fhir";
}

/// <summary>What is wrong with a search.</summary>
internal sealed class SearchIssues(bool lenient)
{
    private readonly List<Issue> _all = [];

    public IReadOnlyList<Issue> All => _all;

    /// <summary>Notes an issue with a parameter; always false. Its name is shown only if it cannot be anything personal.</summary>
    public bool Refuse(string name, string code, string advice)
    {
        var shown = name.Length <= 80 && name.All(c => char.IsAsciiLetter(c) || c is '-' or '_' or ':' or '.') ? name : "(parameter)";
        _all.Add(new Issue(
            lenient ? IssueSeverity.Warning : IssueSeverity.Error,
            code,
            $"http.{shown}",
            $"Search parameter {shown} was {(lenient ? "ignored" : "refused")}. {advice}"));
        return false;
    }
}
