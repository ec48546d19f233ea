namespace BetterCare.Care.Fhir.Search;

/// <summary>Reads one condition: a parameter, a chain of one link, or a <c>_has</c>.</summary>
internal sealed class CriterionParser(ResourceType type, SearchOptions options, SearchIssues issues)
{
    // Far more than any client sends, far fewer than would hurt.
    private const int MaxAlternatives = 1000;

    private readonly ValueParser _values = new(options);

    /// <summary>The condition, or null if it was refused.</summary>
    public Criterion? Parse(string name, string text)
    {
        if (name.StartsWith("_has:", StringComparison.Ordinal))
        {
            return Has(name, text);
        }

        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 ? Chain(name, name[..dot], name[(dot + 1)..], text) : Simple(type, name, name, text, issues.Refuse);
    }

    private delegate bool Refusal(string name, string code, string advice);

    private ParameterCriterion? Simple(ResourceType on, string fullName, string name, string text, Refusal refuse)
    {
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        var code = colon < 0 ? name : name[..colon];
        var modifier = colon < 0 ? "" : name[(colon + 1)..];
        if (!SearchParameters.For(on).TryGet(code, out var parameter))
        {
            refuse(fullName, "not-supported", $"{on.Name()} has no such parameter; the CapabilityStatement lists those it has.");
            return null;
        }

        if (!parameter.IsSupported)
        {
            refuse(fullName, "not-supported", parameter.Unsupported!);
            return null;
        }

        if (modifier == "missing")
        {
            if (text is "true" or "false")
            {
                return new ParameterCriterion(fullName, text, parameter, modifier, [], text == "true");
            }

            refuse(fullName, "value", "Give true or false.");
            return null;
        }

        if (modifier.Length > 0 && !parameter.Modifiers.Contains(modifier) && !IsTargetType(parameter, modifier))
        {
            refuse(fullName, "not-supported", ModifierAdvice(parameter, modifier));
            return null;
        }

        return Values(fullName, text, parameter, modifier, refuse);
    }

    private ParameterCriterion? Values(string fullName, string text, SearchParameter parameter, string modifier, Refusal refuse)
    {
        var alternatives = QueryText.Split(text, ',');
        if (alternatives.Count > MaxAlternatives)
        {
            refuse(fullName, "too-costly", $"Give at most {MaxAlternatives} values at once.");
            return null;
        }

        var values = new SearchValue[alternatives.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var reason = "A value between commas is empty.";
            if (alternatives[i].Length == 0 || _values.Parse(parameter, modifier, alternatives[i], out reason) is not { } value)
            {
                refuse(fullName, "value", reason);
                return null;
            }

            values[i] = value;
        }

        return new ParameterCriterion(fullName, text, parameter, modifier, values);
    }

    private ChainCriterion? Chain(string name, string link, string rest, string text)
    {
        if (rest.Contains('.', StringComparison.Ordinal) || rest.StartsWith("_has:", StringComparison.Ordinal))
        {
            issues.Refuse(name, "not-supported", "Chains of one link are offered; search for the further resource first and use its id.");
            return null;
        }

        var colon = link.IndexOf(':', StringComparison.Ordinal);
        var code = colon < 0 ? link : link[..colon];
        if (SearchParameters.For(type).Find(code) is not { Type: SearchParameterType.Reference } parameter)
        {
            issues.Refuse(name, "not-supported", $"{type.Name()} has no reference parameter of this name to chain from.");
            return null;
        }

        IReadOnlyList<ResourceType> targets = parameter.Targets;
        if (colon >= 0)
        {
            var target = ResourceTypes.Parse(link[(colon + 1)..]);
            if (target == ResourceType.None || !IsTargetType(parameter, target.Name()))
            {
                issues.Refuse(name, "value", $"The type after the colon must be one that {code} can refer to{Targets(parameter)}.");
                return null;
            }

            targets = [target];
        }

        var searches = ChainSearches(name, rest, text, parameter, targets);
        return searches.Length > 0 ? new ChainCriterion(name, text, parameter, searches) : null;
    }

    // Every possible target that understands the parameter takes part; if none does, the first one says why.
    private SubSearch[] ChainSearches(string name, string rest, string text, SearchParameter parameter, IReadOnlyList<ResourceType> targets)
    {
        var code = rest.Split(':')[0];
        var able = targets.Where(t => SearchParameters.For(t).Find(code) is not null).ToArray();
        if (able.Length == 0)
        {
            issues.Refuse(name, "not-supported", targets.Count == 1
                ? $"{targets[0].Name()} has no such parameter."
                : $"No type that {parameter.Code} can refer to has such a parameter{Targets(parameter)}.");
            return [];
        }

        (string Code, string Advice)? refusal = null;
        bool Refuse(string refused, string issueCode, string advice)
        {
            refusal ??= (issueCode, advice);
            return false;
        }

        var searches = able
            .Select(t => (Type: t, Criterion: Simple(t, name, rest, text, Refuse)))
            .Where(s => s.Criterion is not null)
            .Select(s => new SubSearch(SubSearchKind.Chain, s.Type, parameter, s.Criterion!, options.ServiceBase.TrimEnd('/')))
            .ToArray();
        if (searches.Length == 0)
        {
            issues.Refuse(name, refusal!.Value.Code, refusal.Value.Advice);
        }

        return searches;
    }

    // _has:Type:reference:parameter[:modifier]
    private HasCriterion? Has(string name, string text)
    {
        var parts = name.Split(':', 4);
        if (parts.Length < 4 || ResourceTypes.Parse(parts[1]) is var source && source == ResourceType.None)
        {
            issues.Refuse(name, "value", "Write it as _has:Type:reference-parameter:parameter=value.");
            return null;
        }

        if (parts[3].Contains('.', StringComparison.Ordinal) || parts[3].StartsWith("_has", StringComparison.Ordinal))
        {
            issues.Refuse(name, "not-supported", "One level of _has is offered, without chains; search for the referring resource first.");
            return null;
        }

        if (SearchParameters.For(source).Find(parts[2]) is not { Type: SearchParameterType.Reference } by || !IsTargetType(by, type.Name()))
        {
            issues.Refuse(name, "not-supported", $"{source.Name()} has no reference parameter of this name that can refer to {type.Name()}.");
            return null;
        }

        return Simple(source, name, parts[3], text, issues.Refuse) is { } criterion
            ? new HasCriterion(name, text, new SubSearch(SubSearchKind.Has, source, by, criterion, options.ServiceBase.TrimEnd('/')))
            : null;
    }

    private static bool IsTargetType(SearchParameter parameter, string name) =>
        parameter.Type == SearchParameterType.Reference
        && ResourceTypes.Parse(name) is var target and not ResourceType.None
        && (parameter.Targets.Count == 0 || parameter.Targets.Contains(target));

    private static string Targets(SearchParameter parameter) =>
        parameter.Targets.Count is 0 or > 12 ? "" : $" ({string.Join(", ", parameter.Targets.Select(t => t.Name()))})";

    private static string ModifierAdvice(SearchParameter parameter, string modifier) => modifier switch
    {
        "in" or "not-in" => "There is no terminology service here to expand a value set; give the codes, separated by commas.",
        "above" or "below" => "Hierarchies of codes and URIs are not searched; give the codes or URIs, separated by commas.",
        "text" => "Text of codes is not searched; give the code.",
        "iterate" => "It has no meaning here.",
        _ => $"{parameter.Code} takes {string.Join(", ", parameter.Modifiers.Select(m => ":" + m))}{(parameter.Type == SearchParameterType.Reference ? " and a type that it can refer to" + Targets(parameter) : "")}.",
    };
}
