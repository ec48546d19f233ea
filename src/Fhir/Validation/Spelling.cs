using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>What an unknown element was probably meant to be.</summary>
internal static class Spelling
{
    /// <summary>A hint for an error text, such as "Did you mean birthDate?"; null when nothing is near.</summary>
    public static string? Hint(Shape shape, string name)
    {
        foreach (var element in shape.Elements)
        {
            if (element.IsChoice && name.StartsWith(element.Name, StringComparison.Ordinal) && (name.Length == element.Name.Length || char.IsAsciiLetterUpper(name[element.Name.Length])))
            {
                return element.Types.Length > 12
                    ? $"Write {element.Name} with the name of one of its types, such as {JsonName(element, element.Types[0])}."
                    : $"Write {string.Join(" or ", element.Types.Select(t => JsonName(element, t)))}.";
            }
        }

        var names = shape.Elements.SelectMany(e => e.IsChoice ? e.Types.Select(t => JsonName(e, t)) : [e.Name]);
        var (near, distance) = names.Select(n => (Name: n, Distance: Distance(n, name))).MinBy(n => n.Distance);
        return distance <= Math.Max(1, name.Length / 4) ? $"Did you mean {near}?" : null;
    }

    private static string JsonName(Element element, TypeUse type) => element.Name + char.ToUpperInvariant(type.Name[0]) + type.Name[1..];

    /// <summary>Levenshtein distance; a different case costs nothing.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var same = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]);
                (diagonal, row[j]) = (row[j], Math.Min(diagonal + (same ? 0 : 1), Math.Min(row[j], row[j - 1]) + 1));
            }
        }

        return row[b.Length];
    }
}
