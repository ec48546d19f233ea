namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// Turns the text of one value into something to compare with. Says why it cannot in words that name the form a value
/// must have, never the value.
/// </summary>
internal sealed class ValueParser(SearchOptions options)
{
    private readonly string _serviceBase = options.ServiceBase.TrimEnd('/');

    /// <summary>Reads one alternative of a value (escapes still in it); null and a reason if it is not of the kind.</summary>
    public SearchValue? Parse(SearchParameter parameter, string modifier, string text, out string reason)
    {
        reason = "";
        switch (modifier)
        {
            case "of-type":
                var parts = QueryText.Split(text, '|').ConvertAll(QueryText.Unescape);
                reason = "Give the identifier as type-system|type-code|value.";
                return parts.Count == 3 && parts.TrueForAll(p => p.Length > 0) ? new IdentifierOfTypeValue(parts[0], parts[1], parts[2]) : null;
            case "identifier":
                return Token(text, out reason) is { } identifier ? new ReferenceIdentifierValue(identifier) : null;
        }

        if (parameter.Type == SearchParameterType.Composite)
        {
            return Composite(parameter, text, out reason);
        }

        if (parameter.Type == SearchParameterType.Reference)
        {
            var type = ResourceTypes.Parse(modifier);
            return Reference(type == ResourceType.None ? parameter.Targets : [type], type, text, out reason);
        }

        return Simple(parameter.Type, parameter.IsPhonetic, modifier, text, out reason);
    }

    private SearchValue? Simple(SearchParameterType type, bool phonetic, string modifier, string text, out string reason)
    {
        reason = "";
        switch (type)
        {
            case SearchParameterType.Token:
                return Token(text, out reason);
            case SearchParameterType.String:
                return new StringValue(QueryText.Unescape(text), modifier switch
                {
                    "exact" => StringComparisonKind.Exact,
                    "contains" => StringComparisonKind.Contains,
                    _ => phonetic ? StringComparisonKind.SoundsLike : StringComparisonKind.StartsWith,
                });
            case SearchParameterType.Uri:
                return new UriValue(QueryText.Unescape(text));
            case SearchParameterType.Reference:
                return Reference([], ResourceType.None, text, out reason);
            case SearchParameterType.Date:
                reason = "Give a date such as 2024-02-29 or 2024-02-29T10:00:00Z, after a prefix (eq, ne, gt, lt, ge, le, sa, eb, ap) if needed.";
                return Comparisons.TryTake(text, out var comparison, out var date) && DateInterval.TryParse(date, out var interval)
                    ? new DateValue(comparison, interval, options.Now)
                    : null;
            case SearchParameterType.Number:
                reason = "Give a number such as 5.4 or 1e2, after a prefix (eq, ne, gt, lt, ge, le, sa, eb, ap) if needed.";
                return NumberCriterion.TryParse(text, out var number) ? new NumberValue(number) : null;
            case SearchParameterType.Quantity:
                return Quantity(text, out reason);
            default:
                reason = "This kind of parameter is not offered.";
                return null;
        }
    }

    private static TokenValue? Token(string text, out string reason)
    {
        reason = "Give a code, system|code, |code or system|.";
        var parts = QueryText.Split(text, '|').ConvertAll(QueryText.Unescape);
        return parts switch
        {
            [{ Length: > 0 } code] => new TokenValue(null, code),
            [var system, var code] when system.Length + code.Length > 0 => new TokenValue(system, code),
            _ => null,
        };
    }

    private ReferenceValue? Reference(IReadOnlyList<ResourceType> types, ResourceType modifier, string text, out string reason)
    {
        reason = "Give an id, Type/id or a URL.";
        var value = ReferenceValue.Parse(QueryText.Unescape(text), types, _serviceBase);
        if (modifier != ResourceType.None && !value.IsOpaque && value.Type != modifier)
        {
            reason = "The type in the value differs from the type in the modifier; give the id alone.";
            return null;
        }

        return value;
    }

    private static QuantityValue? Quantity(string text, out string reason)
    {
        reason = "Give a number, number|system|code or number||unit, after a prefix (eq, ne, gt, lt, ge, le, sa, eb, ap) if needed.";
        var parts = QueryText.Split(text, '|').ConvertAll(QueryText.Unescape);
        if (parts.Count is not (1 or 3) || !NumberCriterion.TryParse(parts[0], out var number))
        {
            return null;
        }

        return parts.Count == 1 ? new QuantityValue(number, "", "") : new QuantityValue(number, parts[1], parts[2]);
    }

    private CompositeValue? Composite(SearchParameter parameter, string text, out string reason)
    {
        var parts = QueryText.Split(text, '$');
        reason = $"Give {parameter.Components.Count} values separated by $: {string.Join('$', parameter.Components.Select(c => c.Code))}.";
        if (parts.Count != parameter.Components.Count)
        {
            return null;
        }

        var values = new List<SearchValue>();
        for (var i = 0; i < parts.Count; i++)
        {
            if (parts[i].Length == 0 || Simple(parameter.Components[i].Type, phonetic: false, "", parts[i], out _) is not { } value)
            {
                return null;
            }

            values.Add(value);
        }

        return new CompositeValue(parameter, values);
    }
}
