using System.Text.RegularExpressions;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// Compiles the FHIRPath that the official search parameters are written in. It is a small part of FHIRPath: paths,
/// unions, <c>as</c>/<c>ofType</c>, <c>where</c> with an equality, <c>resolve() is</c> or <c>hasExtension</c>,
/// <c>extension('url')</c>. Anything else throws <see cref="NotSupportedException"/>, and the parameter is reported as
/// unsupported rather than answered wrongly.
/// </summary>
internal static partial class ExpressionCompiler
{
    // A place in the definitions that a partly compiled path has reached.
    private sealed record Place(string Structure, string Path, string Type, PathStep[] Steps, ResourceType[] Targets, string? ValueSet, bool IsMany, bool FromResource)
    {
        public ElementPath ToPath() => new(
            Steps,
            Steps is [{ Property: "id" }] ? FhirType.Id : Path == Structure && ResourceTypes.Parse(Type) != ResourceType.None ? FhirType.Resource : FhirTypes.Parse(Type),
            Targets,
            Type == "code" ? ImpliedCodes.Of(ValueSet) : null,
            IsMany,
            FromResource);
    }

    /// <summary>
    /// The alternatives of <paramref name="expression"/> that concern <paramref name="type"/>: an expression shared by
    /// several types names one per alternative.
    /// </summary>
    public static ElementPath[] Compile(ResourceType type, string expression) => [.. Places(type, expression).Select(p => p.ToPath())];

    /// <summary>The element types of a composite's base, each with its components' paths relative to it.</summary>
    public static CompositePath[] CompileComposite(ResourceType type, string expression, IReadOnlyList<(string Expression, SearchParameterType Type)> components) =>
    [
        .. Places(type, expression).Select(place => new CompositePath(
            place.ToPath(),
            [.. components.Select(c => Relative(place, c.Expression).Where(p => p.Type.Fits(c.Type)).ToArray())])),
    ];

    /// <summary>Whether the expression asks if an element is there and not false (<c>Patient.deceased</c>), and the element's path.</summary>
    public static bool IsTruth(string expression, out string path)
    {
        var match = TruthPattern().Match(expression);
        path = match.Groups["path"].Value;
        return match.Success;
    }

    private static IEnumerable<Place> Places(ResourceType type, string expression)
    {
        foreach (var alternative in Split(expression, '|'))
        {
            var start = RootName(alternative);
            if (start == type.Name() || start is "Resource" or "DomainResource")
            {
                foreach (var place in Follow(Start(type), alternative, skipFirst: true))
                {
                    yield return place;
                }
            }
        }
    }

    private static IEnumerable<ElementPath> Relative(Place place, string expression)
    {
        foreach (var alternative in Split(expression, '|'))
        {
            var fromResource = alternative.StartsWith("%resource.", StringComparison.Ordinal);
            var start = fromResource
                ? Start(ResourceTypes.Parse(place.Structure)) with { FromResource = true }
                : place with { Steps = [] };
            foreach (var end in Follow(start, alternative, skipFirst: fromResource))
            {
                yield return end.ToPath();
            }
        }
    }

    private static Place Start(ResourceType type) => new(type.Name(), type.Name(), type.Name(), [], [], null, false, false);

    private static IEnumerable<Place> Follow(Place start, string expression, bool skipFirst)
    {
        IEnumerable<Place> places = [start];
        var first = skipFirst;
        foreach (var part in Split(expression, '.'))
        {
            if (part.StartsWith('('))
            {
                var close = part.LastIndexOf(')');
                var inner = part[1..close];
                var cast = inner.Split(" as ", StringSplitOptions.TrimEntries);
                places = Follow(start, cast[0], skipFirst);
                if (cast.Length == 2)
                {
                    places = OfType(places, cast[1]);
                }
            }
            else if (!first)
            {
                places = Step(places, part);
            }

            first = false;
        }

        return places.ToList();
    }

    private static IEnumerable<Place> Step(IEnumerable<Place> places, string part)
    {
        var open = part.IndexOf('(', StringComparison.Ordinal);
        if (open < 0)
        {
            return part.Contains('[', StringComparison.Ordinal) ? throw new NotSupportedException("indexer") : places.SelectMany(p => Children(p, part));
        }

        var argument = part[(open + 1)..^1];
        return part[..open] switch
        {
            "as" or "ofType" => OfType(places, argument),
            "where" => places.Select(p => Filter(p, Condition(argument))),
            "extension" => places
                .SelectMany(p => Children(p, "extension"))
                .Select(p => Filter(p, new StepFilter.Equal("url", Unquote(argument))))
                .SelectMany(p => Children(p, "value")),
            _ => throw new NotSupportedException(part[..open]),
        };
    }

    private static IEnumerable<Place> Children(Place place, string name)
    {
        var element = Structure.Of(place.Structure).Child(place.Path, name);
        if (element is null)
        {
            throw new NotSupportedException($"{place.Path} has no {name}");
        }

        foreach (var (property, type) in element.Properties)
        {
            var below = place with { Steps = [.. place.Steps, new PathStep(property)], IsMany = place.IsMany || element.IsMany };
            if (element.ContentReference is not null)
            {
                yield return below with { Path = element.ContentReference, Type = "BackboneElement" };
            }
            else if (type is "BackboneElement" or "Element")
            {
                yield return below with { Path = element.Path, Type = type };
            }
            else
            {
                yield return below with { Structure = type, Path = type, Type = type, Targets = element.Targets, ValueSet = element.RequiredValueSet };
            }
        }
    }

    // The official definitions spell dateTime with a capital in one place (Observation code-value-date).
    private static IEnumerable<Place> OfType(IEnumerable<Place> places, string type) =>
        places.Where(p => p.Type.Equals(type, StringComparison.OrdinalIgnoreCase));

    private static Place Filter(Place place, StepFilter filter) =>
        place with
        {
            Steps = [.. place.Steps[..^1], new PathStep(place.Steps[^1].Property, filter)],
            Targets = filter is StepFilter.ResolvesTo resolves ? [resolves.Type] : place.Targets,
        };

    private static StepFilter Condition(string argument)
    {
        if (ResolvesPattern().Match(argument) is { Success: true } resolves)
        {
            return new StepFilter.ResolvesTo(ResourceTypes.Parse(resolves.Groups["type"].Value));
        }

        if (EqualPattern().Match(argument) is { Success: true } equal)
        {
            return new StepFilter.Equal(equal.Groups["name"].Value, equal.Groups["value"].Value);
        }

        if (HasExtensionPattern().Match(argument) is { Success: true } extension)
        {
            return new StepFilter.HasExtension(extension.Groups["url"].Value);
        }

        throw new NotSupportedException("where");
    }

    private static string RootName(string alternative)
    {
        var start = alternative.AsSpan().TrimStart('(');
        var end = start.IndexOfAny(".) [");
        return (end < 0 ? start : start[..end]).ToString();
    }

    private static string Unquote(string literal) => literal.Trim().Trim('\'');

    // Splits outside parentheses and quotes.
    private static List<string> Split(string expression, char separator)
    {
        var parts = new List<string>();
        int depth = 0, start = 0;
        var quoted = false;
        for (var i = 0; i < expression.Length; i++)
        {
            var c = expression[i];
            if (c == '\'')
            {
                quoted = !quoted;
            }
            else if (!quoted && c is '(' or ')')
            {
                depth += c == '(' ? 1 : -1;
            }
            else if (!quoted && depth == 0 && c == separator)
            {
                parts.Add(expression[start..i].Trim());
                start = i + 1;
            }
        }

        parts.Add(expression[start..].Trim());
        return parts;
    }

    [GeneratedRegex(@"^(?<path>[\w.]+)\.exists\(\) and \k<path> != false$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TruthPattern();

    [GeneratedRegex(@"^resolve\(\) is (?<type>\w+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ResolvesPattern();

    [GeneratedRegex(@"^(?<name>\w+)\s*=\s*'(?<value>[^']*)'$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex EqualPattern();

    [GeneratedRegex(@"^hasExtension\('(?<url>[^']*)'\)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HasExtensionPattern();
}

/// <summary>One base of a composite parameter: where its parts must occur together, and the paths of each part.</summary>
internal sealed record CompositePath(ElementPath Base, ElementPath[][] Components);
