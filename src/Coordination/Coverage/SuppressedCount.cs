using System.Globalization;

namespace BetterCare.Care.Coordination.Coverage;

/// <summary>
/// A count of people as it may be published outside direct care: 0 is shown, 1 to 7 become <c>*</c>, all others are rounded
/// to the nearest 5 (rule of Hospital Episode Statistics below national level). A larger count may be <c>*</c> as well,
/// where showing it would give another one away (<see cref="DisclosureGuard"/>).
/// </summary>
public readonly record struct SuppressedCount
{
    /// <summary>Largest count that is never shown.</summary>
    public const int SmallestHidden = 1, LargestHidden = 7;

    /// <summary>Others are rounded to the nearest multiple of this.</summary>
    public const int RoundedTo = 5;

    private readonly int _value;

    private SuppressedCount(int value, bool hidden)
    {
        _value = value;
        IsHidden = hidden;
    }

    /// <summary>Shown as <c>*</c>.</summary>
    public static SuppressedCount Hidden { get; } = new(0, true);

    /// <summary>Shown as <c>*</c>.</summary>
    public bool IsHidden { get; }

    /// <summary>The figure as published; null where hidden.</summary>
    public int? Value => IsHidden ? null : _value;

    /// <summary>Suppresses and rounds.</summary>
    /// <param name="exact">People, 0 or more.</param>
    public static SuppressedCount Of(int exact)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(exact);
        return exact is >= SmallestHidden and <= LargestHidden
            ? Hidden
            : new SuppressedCount((exact + (RoundedTo / 2)) / RoundedTo * RoundedTo, hidden: false);
    }

    /// <summary>The exact figure, only for roles that may see the people themselves.</summary>
    public static SuppressedCount Exact(int exact) => new(exact, hidden: false);

    /// <inheritdoc/>
    public override string ToString() => IsHidden ? "*" : _value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A rate from published figures, rounded half up to one decimal; hidden where either figure is.</summary>
public readonly record struct Rate
{
    private Rate(decimal? value, bool hidden)
    {
        Value = value;
        IsHidden = hidden;
    }

    /// <summary>The rate; null where hidden, or where there is nobody to count among.</summary>
    public decimal? Value { get; }

    /// <summary>Shown as <c>*</c>.</summary>
    public bool IsHidden { get; }

    /// <summary>The rate of two published figures. From rounded figures only, so that no exact count can be worked back from it.</summary>
    /// <param name="numerator">Figure above the line.</param>
    /// <param name="denominator">Figure below the line.</param>
    /// <param name="multiplier">100 for percent.</param>
    public static Rate Of(SuppressedCount numerator, SuppressedCount denominator, int multiplier = 100) =>
        numerator.IsHidden || denominator.IsHidden
            ? new Rate(null, hidden: true)
            : denominator.Value == 0 ? default : new Rate(HalfUp((decimal)numerator.Value! * multiplier / denominator.Value!.Value), hidden: false);

    /// <inheritdoc/>
    public override string ToString() => IsHidden ? "*" : Value is { } value ? value.ToString("0.0", CultureInfo.InvariantCulture) : "-";

    private static decimal HalfUp(decimal value) => Math.Round(value, 1, MidpointRounding.AwayFromZero);
}
