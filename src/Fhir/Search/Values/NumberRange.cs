using System.Globalization;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// A number in a resource as the range that it says: a point for a plain value, a half-line for a Quantity with a
/// comparator (<c>&lt;5</c>), both ends for a Range. Open ends do not include the bound itself.
/// </summary>
internal readonly record struct NumberRange(decimal Low, decimal High, bool LowOpen = false, bool HighOpen = false)
{
    /// <summary>What a number, quantity, money or range says; false if it holds no number.</summary>
    public static bool TryRead(JsonView value, FhirType type, out NumberRange range)
    {
        range = default;
        switch (type)
        {
            case FhirType.Integer or FhirType.Decimal:
                return Point(value, out range);
            case FhirType.Money:
                return Point(value["value"u8], out range);
            case FhirType.Quantity:
                return Point(value["value"u8], out range) && Compared(value["comparator"u8].Text, ref range);
            case FhirType.Range:
                var hasLow = Number(value["low"u8]["value"u8], out var low);
                var hasHigh = Number(value["high"u8]["value"u8], out var high);
                range = new NumberRange(hasLow ? low : decimal.MinValue, hasHigh ? high : decimal.MaxValue);
                return hasLow || hasHigh;
            default:
                return false;
        }
    }

    /// <summary>Reads a JSON number; one beyond decimal becomes the nearest that decimal has.</summary>
    public static bool Number(JsonView value, out decimal number)
    {
        number = 0;
        if (!value.Exists || value.IsString)
        {
            return false;
        }

        if (decimal.TryParse(value.Raw, NumberStyles.Float, CultureInfo.InvariantCulture, out number))
        {
            return true;
        }

        var isNumber = double.TryParse(value.Raw, NumberStyles.Float, CultureInfo.InvariantCulture, out var large);
        number = large > 0 ? decimal.MaxValue : decimal.MinValue;
        return isNumber;
    }

    private static bool Point(JsonView value, out NumberRange range)
    {
        var found = Number(value, out var number);
        range = new NumberRange(number, number);
        return found;
    }

    private static bool Compared(ReadOnlySpan<byte> comparator, ref NumberRange range)
    {
        range = comparator switch
        {
            [(byte)'<'] => new NumberRange(decimal.MinValue, range.High, HighOpen: true),
            [(byte)'<', (byte)'='] => range with { Low = decimal.MinValue },
            [(byte)'>'] => new NumberRange(range.Low, decimal.MaxValue, LowOpen: true),
            [(byte)'>', (byte)'='] => range with { High = decimal.MaxValue },
            _ => range,
        };
        return true;
    }
}

/// <summary>
/// A number as a search gives it, with the precision that its digits imply: 100 is [99.5, 100.5), 100.00 is
/// [99.995, 100.005) (R4 search.html, number).
/// </summary>
/// <param name="Comparison">The prefix.</param>
/// <param name="Value">The number.</param>
/// <param name="Half">Half a unit of its last digit.</param>
internal readonly record struct NumberCriterion(Comparison Comparison, decimal Value, decimal Half)
{
    public static bool TryParse(string text, out NumberCriterion criterion)
    {
        criterion = default;
        if (!Comparisons.TryTake(text, out var comparison, out var digits)
            || !decimal.TryParse(digits, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value)
            || !TryHalfUnit(digits, out var half))
        {
            return false;
        }

        criterion = new NumberCriterion(comparison, value, half);
        return true;
    }

    /// <summary>
    /// Whether a resource's value satisfies it. Precision counts for eq and ne; for the others the number is exact, as
    /// the specification says. ap is within 10 %.
    /// </summary>
    public bool Matches(NumberRange found)
    {
        var margin = Math.Abs(Value) / 10;
        return Comparison switch
        {
            Comparison.Equal => IsWithin(found),
            Comparison.NotEqual => !IsWithin(found),
            Comparison.Greater => found.High > Value,
            Comparison.Less => found.Low < Value,
            Comparison.GreaterOrEqual => found.High > Value || (found.High == Value && !found.HighOpen),
            Comparison.LessOrEqual => found.Low < Value || (found.Low == Value && !found.LowOpen),
            Comparison.StartsAfter => found.Low > Value || (found.Low == Value && found.LowOpen),
            Comparison.EndsBefore => found.High < Value || (found.High == Value && found.HighOpen),
            _ => found.Low <= Add(Value, margin) && found.High >= Add(Value, -margin),
        };
    }

    /// <summary>Between which bounds a plain number must be to satisfy it; null: no such bound.</summary>
    public (decimal? Low, decimal? High) Bounds => Comparison switch
    {
        Comparison.Equal => (Add(Value, -Half), Add(Value, Half)),
        Comparison.NotEqual => (null, null),
        Comparison.Greater or Comparison.GreaterOrEqual or Comparison.StartsAfter => (Value, null),
        Comparison.Less or Comparison.LessOrEqual or Comparison.EndsBefore => (null, Value),
        _ => (Add(Value, -Math.Abs(Value) / 10), Add(Value, Math.Abs(Value) / 10)),
    };

    private bool IsWithin(NumberRange found)
    {
        decimal low = Add(Value, -Half), high = Add(Value, Half);
        return found.Low >= low && (found.High < high || (found.High == high && found.HighOpen)) && found.High >= low;
    }

    private static decimal Add(decimal a, decimal b)
    {
        try
        {
            return a + b;
        }
        catch (OverflowException)
        {
            return b > 0 ? decimal.MaxValue : decimal.MinValue;
        }
    }

    // The specification's own example reads 1e2 as [95, 105): in exponent form a whole mantissa counts as having one
    // decimal, so that 1e2 and 1.0e2 mean the same.
    private static bool TryHalfUnit(string digits, out decimal half)
    {
        half = 0.5m;
        var e = digits.AsSpan().IndexOfAny('e', 'E');
        var mantissa = e < 0 ? digits : digits[..e];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var decimals = point < 0 ? 0 : mantissa.Length - point - 1;
        var exponent = 0;
        if (e >= 0 && !(int.TryParse(digits.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent) && Math.Abs(exponent) < 100))
        {
            return false;
        }

        var unit = exponent - (e >= 0 ? Math.Max(decimals, 1) : decimals);
        for (; unit > 0 && half < decimal.MaxValue / 10; unit--)
        {
            half *= 10;
        }

        for (; unit < 0 && half > 0; unit++)
        {
            half /= 10;
        }

        return true;
    }
}
