namespace BetterCare.Care.Fhir.Search;

/// <summary>The prefixes of number, date and quantity values (R4 search.html 3.1.1.4.1).</summary>
public enum Comparison : byte
{
    /// <summary>eq, and no prefix.</summary>
    Equal,

    /// <summary>ne.</summary>
    NotEqual,

    /// <summary>gt.</summary>
    Greater,

    /// <summary>lt.</summary>
    Less,

    /// <summary>ge.</summary>
    GreaterOrEqual,

    /// <summary>le.</summary>
    LessOrEqual,

    /// <summary>sa.</summary>
    StartsAfter,

    /// <summary>eb.</summary>
    EndsBefore,

    /// <summary>ap.</summary>
    Approximately,
}

/// <summary>Reads prefixes.</summary>
internal static class Comparisons
{
    /// <summary>Takes a prefix off a value; letters that are no prefix make it fail.</summary>
    public static bool TryTake(string value, out Comparison comparison, out string rest)
    {
        comparison = Comparison.Equal;
        rest = value;
        if (value.Length < 2 || !char.IsAsciiLetter(value[0]) || !char.IsAsciiLetter(value[1]))
        {
            return true;
        }

        rest = value[2..];
        (var known, comparison) = value[..2] switch
        {
            "eq" => (true, Comparison.Equal),
            "ne" => (true, Comparison.NotEqual),
            "gt" => (true, Comparison.Greater),
            "lt" => (true, Comparison.Less),
            "ge" => (true, Comparison.GreaterOrEqual),
            "le" => (true, Comparison.LessOrEqual),
            "sa" => (true, Comparison.StartsAfter),
            "eb" => (true, Comparison.EndsBefore),
            "ap" => (true, Comparison.Approximately),
            _ => (false, Comparison.Equal),
        };
        return known;
    }
}
