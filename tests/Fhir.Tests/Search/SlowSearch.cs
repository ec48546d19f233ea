using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace BetterCare.Care.Tests.Fhir.Search;

/// <summary>What stands at a place that a parameter reads.</summary>
internal enum Form
{
    Concept, Coding, Identifier, Code, Flag, Contact, Id, Text, Name, Address, Ref, Date, Period, Number, Quantity, Interval, Url, Canonical,
}

/// <summary>
/// A slow search written without looking at the fast one: JSON nodes, places written out by hand, and the rules of
/// search.html put down as plainly as they will go.
/// </summary>
internal sealed partial record SlowParameter(string Type, string Code, string Kind, (Form Form, string Path)[] Places)
{
    private static readonly string Accents = "éèëêáàäâãåíìïîóòöôõúùüûñç";
    private static readonly string Plain = "eeeeaaaaaaiiiiooooouuuunc";

    /// <summary>Systems that a code implies, where a test asks for them.</summary>
    private static readonly Dictionary<string, string> Implied = new()
    {
        ["Patient.gender"] = "http://hl7.org/fhir/administrative-gender",
        ["Practitioner.gender"] = "http://hl7.org/fhir/administrative-gender",
        ["Observation.status"] = "http://hl7.org/fhir/observation-status",
        ["Encounter.status"] = "http://hl7.org/fhir/encounter-status",
        ["Task.intent"] = "http://hl7.org/fhir/request-intent",
    };

    public string? ImpliedSystem => Implied.GetValueOrDefault($"{Type}.{Code}");

    public List<(Form Form, JsonNode Node)> Values(JsonNode resource) =>
        Places.SelectMany(p => Follow(resource, p.Path).Select(n => (p.Form, n))).ToList();

    public bool Matches(List<(Form Form, JsonNode Node)> values, string modifier, string value)
    {
        return modifier switch
        {
            "missing" => (values.Count == 0) == (value == "true"),
            "not" => !Commas().Split(value).Any(v => values.Exists(x => One(x, "", v))),
            _ => Commas().Split(value).Any(v => values.Exists(x => One(x, modifier, v))),
        };
    }

    private bool One((Form Form, JsonNode Node) at, string modifier, string value) => Kind switch
    {
        "token" => Tokens(at).Any(t => IsToken(t, value)),
        "string" => Texts(at).Any(t => IsText(t, modifier, Unescape(value))),
        "reference" => IsReference(at, modifier, Unescape(value)),
        "date" => IsDate(at, value),
        "number" or "quantity" => IsNumber(at, value),
        "uri" => at.Node.ToString() == Unescape(value) || (at.Form == Form.Canonical && at.Node.ToString().StartsWith(Unescape(value) + "|", StringComparison.Ordinal)),
        _ => throw new NotSupportedException(Kind),
    };

    /// <summary>Nodes at a path: arrays are flattened; name[x=y] keeps those whose x is y; name{T} keeps references to T.</summary>
    private static List<JsonNode> Follow(JsonNode root, string path)
    {
        List<JsonNode> at = [root];
        foreach (var segment in path.Split('.'))
        {
            var name = segment.Split('[', '{')[0];
            at = at.OfType<JsonObject>().Select(o => o[name]).SelectMany(Flat).Where(n => Keeps(segment, n, root)).ToList();
        }

        return at;
    }

    private static IEnumerable<JsonNode> Flat(JsonNode? node) => node switch
    {
        null => [],
        JsonArray array => array.SelectMany(Flat),
        _ => [node],
    };

    private static bool Keeps(string segment, JsonNode node, JsonNode root)
    {
        if (segment.Contains('['))
        {
            var test = segment.Split('[', ']')[1].Split('=');
            return node[test[0]]?.ToString() == test[1];
        }

        if (!segment.Contains('{'))
        {
            return true;
        }

        var type = segment.Split('{', '}')[1];
        var literal = node["reference"]?.ToString() ?? "";
        if (literal.StartsWith('#'))
        {
            return Follow(root, "contained").Exists(c => c["id"]?.ToString() == literal[1..] && c["resourceType"]?.ToString() == type);
        }

        return Regex.IsMatch(literal, $@"(^|/){type}/[^/]+(/_history/.*)?$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)) || (node["type"]?.ToString() == type && !HasTypeAndId().IsMatch(literal));
    }

    public IEnumerable<(string? System, string Code, Form Form)> Tokens((Form Form, JsonNode Node) at) => at.Form switch
    {
        Form.Concept => Follow(at.Node, "coding").SelectMany(c => Tokens((Form.Coding, c))),
        Form.Coding => [(at.Node["system"]?.ToString(), at.Node["code"]?.ToString() ?? "", at.Form)],
        Form.Identifier => [(at.Node["system"]?.ToString(), at.Node["value"]?.ToString() ?? "", at.Form)],
        Form.Contact => [(at.Node["system"]?.ToString(), at.Node["value"]?.ToString() ?? "", at.Form)],
        Form.Flag => [(null, at.Node.ToString().ToLowerInvariant(), at.Form)],
        _ => [(ImpliedSystem, at.Node.ToString(), at.Form)],
    };

    private static bool IsToken((string? System, string Code, Form Form) found, string value)
    {
        var parts = Bars().Split(value).Select(Unescape).ToArray();
        var code = parts[^1];
        if (parts.Length == 2 && parts[0].Length > 0 && found.System != parts[0])
        {
            return false;
        }

        var mustHaveNone = parts.Length == 2 && parts[0].Length == 0;
        if (mustHaveNone && found.System is not null && found.Form is (Form.Coding or Form.Identifier))
        {
            return false;
        }

        return code.Length == 0
            || (found.Form == Form.Contact ? Digits(found.Code) == Digits(code) : found.Code == code);
    }

    private static string Digits(string contact) =>
        contact.Contains('@') ? contact.ToLowerInvariant() : new string([.. contact.ToLowerInvariant().Where(c => !" -+().".Contains(c))]);

    private static IEnumerable<string> Texts((Form Form, JsonNode Node) at)
    {
        string[] parts = at.Form switch
        {
            Form.Name => ["text", "family", "given", "prefix", "suffix"],
            Form.Address => ["text", "line", "city", "district", "state", "postalCode", "country"],
            Form.Concept => ["text", "coding.display"],
            _ => [],
        };
        return parts.Length == 0 ? [at.Node.ToString()] : parts.SelectMany(p => Follow(at.Node, p)).Select(n => n.ToString());
    }

    private static bool IsText(string found, string modifier, string value) => modifier switch
    {
        "exact" => found == value,
        "contains" => Fold(found).Contains(Fold(value), StringComparison.Ordinal),
        _ => Fold(found).StartsWith(Fold(value), StringComparison.Ordinal),
    };

    private static string Fold(string text)
    {
        var folded = new StringBuilder();
        foreach (var c in Spaces().Replace(text, " ").Trim().ToLowerInvariant())
        {
            var i = Accents.IndexOf(c, StringComparison.Ordinal);
            folded.Append(i >= 0 ? Plain[i] : c);
        }

        return folded.Replace('’', '\'').Replace('–', '-').ToString();
    }

    private static bool IsReference((Form Form, JsonNode Node) at, string modifier, string value)
    {
        var literal = at.Form == Form.Ref ? at.Node["reference"]?.ToString() : at.Node.ToString();
        if (literal is null)
        {
            return false;
        }

        if (at.Form != Form.Ref)
        {
            return literal == value || literal.StartsWith(value + "|", StringComparison.Ordinal);
        }

        var known = literal.Split("/_history/")[0];
        if (modifier.Length > 0)
        {
            return known == $"{modifier}/{value}" || known == value;
        }

        return known == value || literal == value || (!value.Contains('/') && !value.Contains(':') && known.Count(c => c == '/') == 1 && known.EndsWith("/" + value, StringComparison.Ordinal));
    }

    private static bool IsDate((Form Form, JsonNode Node) at, string value)
    {
        DateTime from, to;
        if (at.Form == Form.Date)
        {
            (from, to) = Span(at.Node.ToString());
        }
        else
        {
            var (start, end) = (at.Node["start"]?.ToString(), at.Node["end"]?.ToString());
            if (start is null && end is null)
            {
                return false;
            }

            (from, to) = (start is null ? DateTime.MinValue : Span(start).From, end is null ? DateTime.MaxValue : Span(end).To);
            if (to <= from)
            {
                (from, to) = (Span(end!).From, Span(start!).To); // ends before it starts: between the two
            }
        }

        var (prefix, date) = char.IsLetter(value[0]) ? (value[..2], value[2..]) : ("eq", value);
        var (wantedFrom, wantedTo) = Span(date);
        var inside = from >= wantedFrom && to <= wantedTo;
        var slack = TimeSpan.FromTicks((Given.Now.UtcDateTime - wantedFrom).Duration().Ticks / 10);
        return prefix switch
        {
            "eq" => inside,
            "ne" => !inside,
            "gt" => to > wantedTo,
            "ge" => to > wantedTo || inside,
            "lt" => from < wantedFrom,
            "le" => from < wantedFrom || inside,
            "sa" => from >= wantedTo,
            "eb" => to <= wantedFrom,
            _ => from < wantedTo + slack && to > wantedFrom - slack,
        };
    }

    /// <summary>First moment and first moment after, UTC.</summary>
    private static (DateTime From, DateTime To) Span(string date)
    {
        if (date.Length <= 10)
        {
            var parts = date.Split('-').Select(p => int.Parse(p, CultureInfo.InvariantCulture)).ToArray();
            var day = new DateTime(parts[0], parts.ElementAtOrDefault(1) is 0 ? 1 : parts[1], parts.ElementAtOrDefault(2) is 0 ? 1 : parts[2]);
            return (day, parts.Length == 1 ? day.AddYears(1) : parts.Length == 2 ? day.AddMonths(1) : day.AddDays(1));
        }

        var at = DateTimeOffset.Parse(date, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).UtcDateTime;
        var time = date[11..].Split('Z', '+', '-')[0];
        var precision = time.Length == 5 ? TimeSpan.FromMinutes(1)
            : time.Length == 8 ? TimeSpan.FromSeconds(1)
            : TimeSpan.FromTicks((long)Math.Pow(10, 7 - (time.Length - 9)));
        return (at, at + precision);
    }

    private static bool IsNumber((Form Form, JsonNode Node) at, string value)
    {
        var parts = value.Split('|');
        var (prefix, digits) = char.IsLetter(parts[0][0]) ? (parts[0][..2], parts[0][2..]) : ("eq", parts[0]);
        var wanted = decimal.Parse(digits, CultureInfo.InvariantCulture);
        var half = 0.5m / (decimal)Math.Pow(10, digits.Contains('.') ? digits.Split('.')[1].Length : 0);
        decimal low, high;
        if (at.Form == Form.Interval)
        {
            low = at.Node["low"]?["value"] is { } l ? Decimal(l) : decimal.MinValue;
            high = at.Node["high"]?["value"] is { } h ? Decimal(h) : decimal.MaxValue;
        }
        else
        {
            if ((at.Form == Form.Quantity ? at.Node["value"] : at.Node) is not { } number)
            {
                return false;
            }

            // Less than 5 is anything up to but not 5.
            low = high = Decimal(number);
            var comparator = at.Form == Form.Quantity ? at.Node["comparator"]?.ToString() : null;
            low = comparator is "<" or "<=" ? decimal.MinValue : comparator is ">" ? low + 0.000001m : low;
            high = comparator is ">" or ">=" ? decimal.MaxValue : comparator is "<" ? high - 0.000001m : high;
        }

        if (parts.Length == 3 && at.Form == Form.Quantity)
        {
            var isCode = at.Node["code"]?.ToString() == parts[2];
            if (parts[1].Length > 0 ? !(isCode && at.Node["system"]?.ToString() == parts[1]) : !(isCode || at.Node["unit"]?.ToString() == parts[2]))
            {
                return false;
            }
        }

        var inside = low >= wanted - half && high < wanted + half;
        return prefix switch
        {
            "eq" => inside,
            "ne" => !inside,
            "gt" => high > wanted,
            "ge" => high >= wanted,
            "lt" => low < wanted,
            "le" => low <= wanted,
            "sa" => low > wanted,
            "eb" => high < wanted,
            _ => low <= wanted + (Math.Abs(wanted) * 0.1m) && high >= wanted - (Math.Abs(wanted) * 0.1m),
        };
    }

    private static decimal Decimal(JsonNode node) => decimal.Parse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture);

    private static string Unescape(string value) => Escaped().Replace(value, "${c}");

    [GeneratedRegex(@"\\(?<c>[,$|\\])", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Escaped();

    [GeneratedRegex(@"(?<!\\),", RegexOptions.None, 1000)]
    private static partial Regex Commas();

    [GeneratedRegex(@"(?<!\\)\|", RegexOptions.None, 1000)]
    private static partial Regex Bars();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Spaces();

    [GeneratedRegex("(^|/)[A-Z][A-Za-z]+/[^/]+$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HasTypeAndId();
}
