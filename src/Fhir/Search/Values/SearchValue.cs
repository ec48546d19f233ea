namespace BetterCare.Care.Fhir.Search;

/// <summary>One value of a search (one of those that commas separate), ready to be compared with elements.</summary>
public abstract class SearchValue
{
    /// <summary>Whether an element that the parameter's expression found satisfies this value.</summary>
    internal abstract bool Matches(scoped in Element element);
}

/// <summary>A date with its prefix.</summary>
public sealed class DateValue : SearchValue
{
    private readonly DateInterval _approximate;

    internal DateValue(Comparison comparison, DateInterval interval, DateTimeOffset now)
    {
        Comparison = comparison;
        Interval = interval;

        // ap widens by a tenth of the distance from now (R4 search.html, prefix ap).
        var gap = Math.Abs(now.UtcTicks - interval.Start) / 10;
        _approximate = new DateInterval(Math.Max(0, interval.Start - gap), interval.End > long.MaxValue - gap ? long.MaxValue : interval.End + gap);
    }

    /// <summary>The prefix.</summary>
    public Comparison Comparison { get; }

    /// <summary>The time that the value covers.</summary>
    public DateInterval Interval { get; }

    internal override bool Matches(scoped in Element element) =>
        DateInterval.TryRead(element.Value, element.Type, out var found) && Matches(found);

    internal bool Matches(DateInterval found) => Comparison switch
    {
        Comparison.Equal => Interval.Contains(found),
        Comparison.NotEqual => !Interval.Contains(found),
        Comparison.Greater => found.End > Interval.End,
        Comparison.Less => found.Start < Interval.Start,
        Comparison.GreaterOrEqual => found.End > Interval.End || Interval.Contains(found),
        Comparison.LessOrEqual => found.Start < Interval.Start || Interval.Contains(found),
        Comparison.StartsAfter => found.Start >= Interval.End,
        Comparison.EndsBefore => found.End <= Interval.Start,
        _ => _approximate.Overlaps(found),
    };
}

/// <summary>A number with its prefix and implied precision.</summary>
public sealed class NumberValue : SearchValue
{
    private readonly NumberCriterion _criterion;

    internal NumberValue(NumberCriterion criterion) => _criterion = criterion;

    /// <summary>No match is below this; null: no such bound.</summary>
    public decimal? Low => _criterion.Bounds.Low;

    /// <summary>No match is above this; null: no such bound.</summary>
    public decimal? High => _criterion.Bounds.High;

    /// <summary>Whether a plain number satisfies it.</summary>
    public bool Matches(decimal number) => _criterion.Matches(new NumberRange(number, number));

    internal override bool Matches(scoped in Element element) =>
        NumberRange.TryRead(element.Value, element.Type, out var found) && _criterion.Matches(found);
}

/// <summary>A number with prefix, and a unit: <c>5.4|http://unitsofmeasure.org|mg</c>, <c>5.4||mg</c>, <c>5.4</c>.</summary>
public sealed class QuantityValue : SearchValue
{
    private readonly NumberCriterion _number;
    private readonly byte[] _system;
    private readonly byte[] _code;

    internal QuantityValue(NumberCriterion number, string system, string code)
    {
        _number = number;
        _system = System.Text.Encoding.UTF8.GetBytes(system);
        _code = System.Text.Encoding.UTF8.GetBytes(code);
    }

    internal override bool Matches(scoped in Element element) =>
        NumberRange.TryRead(element.Value, element.Type, out var found) && _number.Matches(found) && HasUnit(element.Value, element.Type);

    private bool HasUnit(JsonView value, FhirType type)
    {
        if (_code.Length == 0)
        {
            return true;
        }

        switch (type)
        {
            case FhirType.Range:
                return HasUnit(value.TryGet("low"u8, out var low) ? low : value["high"u8], FhirType.Quantity);
            case FhirType.Money:
                return value["currency"u8].Text.SequenceEqual(_code) && (_system.Length == 0 || _system.AsSpan().SequenceEqual("urn:iso:std:iso:4217"u8));
            default:
                var isCode = value["code"u8].Text.SequenceEqual(_code);
                return _system.Length > 0
                    ? isCode && value["system"u8].Text.SequenceEqual(_system)
                    : isCode || value["unit"u8].Text.SequenceEqual(_code);
        }
    }
}

/// <summary>A URI, compared exactly; a canonical with a version is also found by its URL alone.</summary>
public sealed class UriValue : SearchValue
{
    private readonly byte[] _uri;

    internal UriValue(string uri) => _uri = System.Text.Encoding.UTF8.GetBytes(uri);

    internal override bool Matches(scoped in Element element) => Canonical.Matches(element.Value.Text, _uri, element.Type == FhirType.Canonical);
}

/// <summary>Compares canonical URLs.</summary>
internal static class Canonical
{
    /// <summary>Equal, or (for a canonical) equal but for a version that only the resource gives.</summary>
    public static bool Matches(ReadOnlySpan<byte> found, ReadOnlySpan<byte> wanted, bool isCanonical) =>
        found.SequenceEqual(wanted)
        || (isCanonical && found.Length > wanted.Length && found[wanted.Length] == (byte)'|' && found.StartsWith(wanted));
}

/// <summary>A value for each part of a composite: all must hold of the same element.</summary>
public sealed class CompositeValue : SearchValue
{
    private readonly SearchParameter _parameter;

    internal CompositeValue(SearchParameter parameter, IReadOnlyList<SearchValue> parts)
    {
        _parameter = parameter;
        Parts = parts;
    }

    /// <summary>The parts in order.</summary>
    public IReadOnlyList<SearchValue> Parts { get; }

    internal override bool Matches(scoped in Element element)
    {
        foreach (var composite in _parameter.CompositePaths)
        {
            if (composite.Base == element.Path)
            {
                return AllMatch(composite, element);
            }
        }

        return false;
    }

    private bool AllMatch(CompositePath composite, scoped in Element element)
    {
        for (var i = 0; i < Parts.Count; i++)
        {
            if (!AnyMatches(composite.Components[i], Parts[i], element))
            {
                return false;
            }
        }

        return true;
    }

    private static bool AnyMatches(ElementPath[] paths, SearchValue part, scoped in Element element)
    {
        var matcher = new OneValueMatcher(part);
        foreach (var path in paths)
        {
            if (path.Walk(element.Value, element.Resource, ref matcher))
            {
                return true;
            }
        }

        return false;
    }

    private readonly struct OneValueMatcher(SearchValue value) : IElementVisitor
    {
        public bool Visit(scoped in Element element) => value.Matches(element);
    }
}
