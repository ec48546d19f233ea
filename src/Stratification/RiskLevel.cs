using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace BetterCare.Care.Stratification;

/// <summary>
/// A level of emergency admission risk, 1 (lowest) to 4 (highest), as in the Welsh 2007 chronic conditions framework
/// and PRISM. Levels 3 and 4 are "high risk" in the sense of the national condition.
/// </summary>
public readonly record struct RiskLevel : IComparable<RiskLevel>, IParsable<RiskLevel>
{
    /// <summary>The four levels by name.</summary>
    public static readonly RiskLevel One = new(1), Two = new(2), Three = new(3), Four = new(4);

    private readonly byte _value;

    private RiskLevel(byte value) => _value = value;

    /// <summary>1 to 4.</summary>
    /// <exception cref="InvalidOperationException">The value was never set.</exception>
    public int Value => _value == 0 ? throw new InvalidOperationException("default(RiskLevel) is no level") : _value;

    /// <summary>Levels 3 and 4: a lead professional and a joint plan are due.</summary>
    public bool IsHigh => _value >= 3;

    /// <summary>The level of a number from 1 to 4.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Anything else.</exception>
    public static RiskLevel Of(int value) =>
        value is >= 1 and <= 4 ? new RiskLevel((byte)value) : throw new ArgumentOutOfRangeException(nameof(value), "A risk level is 1 to 4.");

    /// <inheritdoc/>
    public int CompareTo(RiskLevel other) => _value.CompareTo(other._value);

    /// <inheritdoc/>
    public override string ToString() => _value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Parses "1" to "4", or answers false.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, out RiskLevel result)
    {
        result = s is { Length: 1 } && s[0] is >= '1' and <= '4' ? new RiskLevel((byte)(s[0] - '0')) : default;
        return result._value != 0;
    }

    static RiskLevel IParsable<RiskLevel>.Parse(string s, IFormatProvider? provider) =>
        TryParse(s, out var level) ? level : throw new FormatException("A risk level is 1 to 4.");

    static bool IParsable<RiskLevel>.TryParse(string? s, IFormatProvider? provider, out RiskLevel result) => TryParse(s, out result);

    /// <summary>Compares by height of risk.</summary>
    public static bool operator <(RiskLevel a, RiskLevel b) => a._value < b._value;

    /// <summary>Compares by height of risk.</summary>
    public static bool operator >(RiskLevel a, RiskLevel b) => a._value > b._value;

    /// <summary>Compares by height of risk.</summary>
    public static bool operator <=(RiskLevel a, RiskLevel b) => a._value <= b._value;

    /// <summary>Compares by height of risk.</summary>
    public static bool operator >=(RiskLevel a, RiskLevel b) => a._value >= b._value;
}
