using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace BetterCare.Care.Stratification;

/// <summary>
/// The day that a prediction is made for. Events strictly before it make features; the outcome is an emergency
/// admission in the 365 days that begin with it.
/// </summary>
public readonly record struct IndexDate(DateOnly Date) : IParsable<IndexDate>, IComparable<IndexDate>
{
    /// <summary>Length of the outcome window in days, the index date being its first.</summary>
    public const int OutcomeDays = 365;

    /// <summary>The date as a timeline day number (see <see cref="Timelines.TimelineEvent.Day"/>).</summary>
    public int Day => Date.DayNumber;

    /// <summary>The first day after the outcome window.</summary>
    public DateOnly OutcomeEnd => Date.AddDays(OutcomeDays);

    /// <summary>ISO 8601, as FHIR writes dates.</summary>
    public override string ToString() => Date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public int CompareTo(IndexDate other) => Date.CompareTo(other.Date);

    /// <summary>Parses yyyy-MM-dd, or answers false.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, out IndexDate result)
    {
        var ok = DateOnly.TryParseExact(s, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date);
        result = new IndexDate(date);
        return ok;
    }

    /// <summary>Parses yyyy-MM-dd, or throws.</summary>
    public static IndexDate Parse(string s) =>
        TryParse(s, out var d) ? d : throw new FormatException("An index date is written yyyy-MM-dd.");

    static IndexDate IParsable<IndexDate>.Parse(string s, IFormatProvider? provider) => Parse(s);

    static bool IParsable<IndexDate>.TryParse(string? s, IFormatProvider? provider, out IndexDate result) => TryParse(s, out result);
}
