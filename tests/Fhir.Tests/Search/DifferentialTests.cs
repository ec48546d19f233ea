using System.Text;
using System.Text.Json.Nodes;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Fhir.Search;

/// <summary>The fast search and <see cref="SlowParameter"/> must agree on every example and on made-up resources.</summary>
public sealed class DifferentialTests
{
    private static readonly string[] Prefixes = ["", "eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap"];

    private static readonly Lazy<ILookup<string, (byte[] Bytes, JsonNode Node)>> Examples = new(() => Given.Examples().Concat(Given.Records(30))
        .Select(e => (Bytes: e, Node: JsonNode.Parse(e)!))
        .ToLookup(e => e.Node["resourceType"]!.ToString()));

    public static IEnumerable<TheoryDataRow<string>> Parameters() =>
        SlowParameters.All.Select(p => new TheoryDataRow<string>($"{p.Type}.{p.Code}"));

    [Theory]
    [MemberData(nameof(Parameters))]
    public void Search_Examples_AsTheSlowSearchFinds(string parameter)
    {
        Assert.SkipWhen(Examples.Value.Count == 0, "The shared examples are not here.");
        var slow = SlowParameters.All.Single(p => $"{p.Type}.{p.Code}" == parameter);
        var resources = Examples.Value[slow.Type].Select(e => (e.Bytes, e.Node, Values: slow.Values(e.Node))).ToList();
        var queries = resources.SelectMany(r => r.Values).SelectMany(v => Queries(slow, v)).Distinct().Take(250)
            .Append(("missing", "true")).Append(("missing", "false"));

        foreach (var (modifier, value) in queries)
        {
            Agree(slow, resources, modifier, value);
        }
    }

    [Fact]
    public void Parameters_Table_IsLargeAndReal()
    {
        SlowParameters.All.Length.ShouldBeGreaterThan(120);
        foreach (var slow in SlowParameters.All)
        {
            SearchParameters.For(ResourceTypes.Parse(slow.Type)).Find(slow.Code).ShouldNotBeNull($"{slow.Type}.{slow.Code}").Type.ToString().ToLowerInvariant().ShouldBe(slow.Kind);
        }
    }

    [Fact]
    public void Search_GeneratedObservations_AsTheSlowSearchFinds()
    {
        var dates = Gen.Elements("2019", "2020", "2020-02", "2020-02-29", "2020-03-01", "2020-02-29T00:00:00Z", "2020-02-29T23:59:59.5+00:00", "2020-03-01T00:30:00+01:00", "2020-02-29T23:30:00-01:00");
        var effective = Gen.OneOf(
            dates.Select(d => $"\"effectiveDateTime\":\"{d}\""),
            dates.Zip(dates).Select(p => $$"""
                "effectivePeriod":{"start":"{{p.Item1}}","end":"{{p.Item2}}"}
                """),
            dates.Select(d => $$"""
                "effectivePeriod":{"start":"{{d}}"}
                """),
            dates.Select(d => $$"""
                "effectivePeriod":{"end":"{{d}}"}
                """));
        var numbers = Gen.Elements("5", "5.0", "4.5", "5.5", "5.49", "-5", "0", "50", "5.05", "0.5e1");
        var value = Gen.OneOf(
            numbers.Zip(Gen.Elements("mg", "kg")).Select(q => $$"""
                "valueQuantity":{"value":{{q.Item1}},"system":"http://unitsofmeasure.org","code":"{{q.Item2}}","unit":"units"}
                """),
            dates.Select(d => $"\"valueDateTime\":\"{d}\""),
            Gen.Elements("Élan", "elan vital", "ELA", " el  an", "Noël").Select(s => $"\"valueString\":\"{s}\""));
        var subjects = Gen.Elements("Patient/1", "Patient/11", "Group/1", "https://elsewhere/fhir/Patient/1", "Patient/1/_history/2", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0");
        var resources = effective.Zip(value).Zip(subjects).Select(x => $$$"""
            {"resourceType":"Observation","id":"o",{{{x.Item1.Item1}}},{{{x.Item1.Item2}}},"subject":{"reference":"{{{x.Item2}}}"} }
            """);
        var prefixed = Gen.Elements(Prefixes);
        var queries = Gen.OneOf(
            prefixed.Zip(dates).Select(q => ("date", "", q.Item1 + q.Item2)),
            prefixed.Zip(dates).Select(q => ("value-date", "", q.Item1 + q.Item2)),
            prefixed.Zip(Gen.Elements("5", "5.0", "4.5", "5.5", "-5", "0", "50", "5.05")).Zip(Gen.Elements("", "||mg", "||units", "|http://unitsofmeasure.org|kg")).Select(q => ("value-quantity", "", q.Item1.Item1 + q.Item1.Item2 + q.Item2)),
            Gen.Elements("", "exact", "contains").Zip(Gen.Elements("elan", "ÉLAN", "Élan", "el an", "an", "noel")).Select(q => ("value-string", q.Item1, q.Item2)),
            Gen.Elements("1", "11", "Patient/1", "Group/1", "https://elsewhere/fhir/Patient/1", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0").Select(q => ("subject", "", q)),
            Gen.Elements("1", "Patient/1").Select(q => ("subject", "Patient", q)),
            Gen.Elements("true", "false").Select(q => ("patient", "missing", q)));

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5000), Prop.ForAll(resources.ToArbitrary(), queries.ToArbitrary(), (json, query) =>
        {
            var (code, modifier, text) = query;
            var slow = SlowParameters.All.Single(p => p.Type == "Observation" && p.Code == code);
            var node = JsonNode.Parse(json)!;
            Agree(slow, [(Encoding.UTF8.GetBytes(json), node, slow.Values(node))], modifier, text);
        }));
    }

    private static void Agree(SlowParameter slow, IReadOnlyList<(byte[] Bytes, JsonNode Node, List<(Form Form, JsonNode Node)> Values)> resources, string modifier, string value)
    {
        var name = modifier.Length == 0 ? slow.Code : $"{slow.Code}:{modifier}";
        var request = SearchRequest.Parse(ResourceTypes.Parse(slow.Type), [KeyValuePair.Create(name, value)], Given.Options);
        request.Issues.ShouldBeEmpty($"{name}={value}");
        foreach (var (bytes, node, values) in resources)
        {
            var found = request.Matches(bytes);
            if (found != slow.Matches(values, modifier, value))
            {
                Assert.Fail($"{slow.Type}?{name}={value} on {node["id"]}: only the {(found ? "fast" : "slow")} search finds it.");
            }

            if (found && !Admits(request, bytes))
            {
                Assert.Fail($"{slow.Type}?{name}={value} on {node["id"]}: the plan leaves out a match.");
            }
        }
    }

    // A store that uses an index for what the plan says must still find every match.
    private static bool Admits(SearchRequest request, byte[] json)
    {
        var plan = request.Plan;
        var index = IndexValues.Extract(request.Type, json);
        bool Any(IReadOnlyList<IndexedToken>? wanted, IReadOnlyList<IndexedToken> found) =>
            wanted is null || wanted.Any(w => found.Any(f => f.Value == w.Value && (w.System is null || w.System == f.System)));

        return plan.Ids?.Contains(new JsonView(json)["id"u8].ToString()) != false
            && Any(plan.Identifiers, index.Identifiers)
            && Any(plan.Codes, index.Codes)
            && (plan.Date is null || (index.Date is { } date && plan.Date.Admits(date)))
            && plan.Patients?.Contains(PatientCompartment.Owner(request.Type, json) ?? "") != false
            && (plan.Compartments is null || plan.Compartments.Intersect(PatientCompartment.Patients(request.Type, json)).Any());
    }

    // Searches made from a value that is there: it, parts of it, its neighbours.
    private static IEnumerable<(string Modifier, string Value)> Queries(SlowParameter slow, (Form Form, JsonNode Node) value)
    {
        switch (slow.Kind)
        {
            case "token":
                return slow.Tokens(value).Where(t => t.Code.Length > 0).SelectMany(t => TokenQueries(t.System, Escape(t.Code)));
            case "string":
                var text = value.Form is Form.Name ? value.Node["family"] ?? value.Node["text"] : value.Form is Form.Address ? value.Node["city"] ?? value.Node["text"] : value.Node;
                return text is null ? [] : StringQueries(text.ToString());
            case "reference":
                var literal = value.Form == Form.Ref ? value.Node["reference"]?.ToString() : value.Node.ToString();
                return literal is null ? [] : ReferenceQueries(slow, literal);
            case "date":
                string[] dates = value.Form == Form.Date ? [value.Node.ToString()] : [value.Node["start"]?.ToString() ?? "", value.Node["end"]?.ToString() ?? ""];
                return from d in dates from cut in new[] { 4, 7, 10, d.Length } where d.Length >= cut && d.Length > 0 from p in Prefixes select ("", p + d[..cut]);
            case "number" or "quantity":
                var node = value.Form == Form.Number ? value.Node : value.Form == Form.Interval ? value.Node["low"]?["value"] : value.Node["value"];
                return node is null ? [] : NumberQueries(node.ToJsonString(), value);
            default:
                return [("", value.Node.ToString()), ("", value.Node.ToString() + "x"), ("", value.Node.ToString().Split('|')[0])];
        }
    }

    private static IEnumerable<(string Modifier, string Value)> TokenQueries(string? system, string code) =>
        from modifier in new[] { "", "not" }
        from value in new[] { code, code + "x", $"|{code}", $"{system ?? "http://other"}|{code}", $"{system ?? "http://other"}|", $"http://other|{code}", $"nothing,{code}" }
        select (modifier, value);

    private static IEnumerable<(string Modifier, string Value)> StringQueries(string text) =>
        from modifier in new[] { "", "exact", "contains" }
        from value in new[] { text, text.ToUpperInvariant(), text[..Math.Min(3, text.Length)], text[(text.Length / 2)..], text + "x" }
        where value.Trim().Length > 0
        select (modifier, Escape(value));

    private static IEnumerable<(string Modifier, string Value)> ReferenceQueries(SlowParameter slow, string literal)
    {
        yield return ("", Escape(literal));
        yield return ("", Escape(literal) + "0");
        yield return ("", Escape(literal.Split('|')[0]));
        var parts = literal.Split('/');
        if (parts.Length == 2 && ResourceTypes.Parse(parts[0]) is var type and not ResourceType.None)
        {
            yield return ("", parts[1]);
            if (SearchParameters.For(ResourceTypes.Parse(slow.Type)).Find(slow.Code)!.Targets.Contains(type))
            {
                yield return (parts[0], parts[1]);
                yield return (parts[0], literal);
            }
        }
    }

    private static IEnumerable<(string Modifier, string Value)> NumberQueries(string digits, (Form Form, JsonNode Node) value)
    {
        var units = new List<string> { "" };
        if (value.Form == Form.Quantity)
        {
            units.AddRange([$"||{Escape(value.Node["code"]?.ToString() ?? "x")}", $"||{Escape(value.Node["unit"]?.ToString() ?? "x")}", $"|{value.Node["system"]}|{Escape(value.Node["code"]?.ToString() ?? "x")}", "||other"]);
        }

        string[] numbers = [digits, digits + (digits.Contains('.') ? "0" : ".0"), digits.Split('.')[0], "1" + digits.TrimStart('-')];
        return from p in Prefixes from n in numbers from u in units select ("", p + n + u);
    }

    private static string Escape(string value) => value
        .Replace(@"\", @"\\", StringComparison.Ordinal).Replace(",", @"\,", StringComparison.Ordinal).Replace("$", @"\$", StringComparison.Ordinal).Replace("|", @"\|", StringComparison.Ordinal);
}
