using System.Text.Json;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>
/// The constraints of R4 by key, coded. The definitions say where each applies; here is what each checks. A rule is bound to the
/// shape that it applies to once, when the shape is compiled, so that it finds its elements by number. The reader itself keeps those
/// that need more than one object: ele-1, dom-2 to dom-6, ref-1, txt-1 and txt-2.
/// </summary>
internal static partial class Invariants
{
    private static readonly Dictionary<string, Rule> Rules = new[] { DataTypeRules(), ClinicalRules(), AdministrativeRules(), DefinitionRules(), OtherRules() }
        .SelectMany(r => r).ToDictionary(r => r.Key, r => r.Value, StringComparer.Ordinal);

    private delegate Holds Bound(Shape shape);

    /// <summary>The rule of a constraint for a shape, or null when the reader keeps it itself or it is not coded.</summary>
    public static Invariant? Bind(string path, JsonElement constraint, Func<Shape> shape)
    {
        var key = constraint.GetProperty("key").GetString()!;
        return Find(path, key) is { } rule
            ? new Invariant(key, constraint.GetProperty("severity").ValueEquals("warning"), rule.Text, rule.At, rule.Bound(shape()))
            : null;
    }

    // Every canonical resource has the same rule for its name, under a key of its own: que-0, mea-0, vsd-0 …
    private static Rule? Find(string path, string key) =>
        Rules.GetValueOrDefault($"{path} {key}") ?? Rules.GetValueOrDefault(key) ?? (key.EndsWith("-0", StringComparison.Ordinal) ? NameRule : null);

    /// <summary>Where <paramref name="element"/> is, <paramref name="needed"/> must be.</summary>
    private static Bound Needs(string element, string needed) => shape =>
    {
        var (a, b) = (At(shape, element), At(shape, needed));
        return (in f) => !f.Has(a) || f.Has(b);
    };

    private static Bound NotBoth(string one, string other) => shape =>
    {
        var (a, b) = (At(shape, one), At(shape, other));
        return (in f) => !f.Has(a) || !f.Has(b);
    };

    private static Bound ExactlyOne(string one, string other) => shape =>
    {
        var (a, b) = (At(shape, one), At(shape, other));
        return (in f) => f.Has(a) != f.Has(b);
    };

    private static Bound AnyOf(params string[] names) => shape =>
    {
        var elements = names.Select(n => At(shape, n)).ToArray();
        return (in f) =>
        {
            foreach (var element in elements)
            {
                if (f.Has(element))
                {
                    return true;
                }
            }

            return false;
        };
    };

    /// <summary>The element may only be there when a code has one of some values.</summary>
    private static Bound OnlyWhen(string element, string code, params string[] codes) => shape =>
    {
        var (a, b) = (At(shape, element), At(shape, code));
        var values = codes.Select(System.Text.Encoding.UTF8.GetBytes).ToArray();
        return (in f) => !f.Has(a) || IsAny(in f, b, values);
    };

    /// <summary>The element must not be there when a code has one of some values.</summary>
    private static Bound NotWhen(string element, string code, params string[] codes) => shape =>
    {
        var (a, b) = (At(shape, element), At(shape, code));
        var values = codes.Select(System.Text.Encoding.UTF8.GetBytes).ToArray();
        return (in f) => !f.Has(a) || !IsAny(in f, b, values);
    };

    /// <summary>The element must be there when a code has one of some values.</summary>
    private static Bound NeededWhen(string element, string code, params string[] codes) => shape =>
    {
        var (a, b) = (At(shape, element), At(shape, code));
        var values = codes.Select(System.Text.Encoding.UTF8.GetBytes).ToArray();
        return (in f) => f.Has(a) || !IsAny(in f, b, values);
    };

    private static Bound All(params Bound[] rules) => shape =>
    {
        var holds = rules.Select(r => r(shape)).ToArray();
        return (in f) =>
        {
            foreach (var rule in holds)
            {
                if (!rule(in f))
                {
                    return false;
                }
            }

            return true;
        };
    };

    private static bool IsAny(in Frame f, int element, byte[][] values)
    {
        foreach (var value in values)
        {
            if (f.Is(element, value))
            {
                return true;
            }
        }

        return false;
    }

    private static int At(Shape shape, string name) =>
        shape.IndexOf(name) is >= 0 and var index ? index : throw new InvalidOperationException($"{shape.Path} has no element {name}.");

    /// <summary>A rule before it is bound to a shape.</summary>
    private sealed record Rule(string Text, Bound Bound, string? At = null);
}
