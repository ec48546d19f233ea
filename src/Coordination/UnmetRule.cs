namespace BetterCare.Care.Coordination;

/// <summary>
/// A rule of care coordination that is not met: refused, or listed as missing, with what to do about it.
/// Texts name roles and rules, never people.
/// </summary>
/// <param name="Rule">Stable name of the rule, for example <c>lead-current</c>.</param>
/// <param name="Detail">What is not so, in plain English.</param>
/// <param name="HowToSatisfy">What would satisfy the rule.</param>
public sealed record UnmetRule(string Rule, string Detail, string HowToSatisfy);

/// <summary>A new state, or the rules that stood in its way; never both.</summary>
/// <typeparam name="T">The state.</typeparam>
public sealed record Decision<T>
    where T : class
{
    private readonly T? _value;

    private Decision(T? value, IReadOnlyList<UnmetRule> unmet)
    {
        _value = value;
        Unmet = unmet;
    }

    /// <summary>Whether the change was allowed.</summary>
    public bool IsAllowed => _value is not null;

    /// <summary>The new state.</summary>
    /// <exception cref="InvalidOperationException">The change was refused.</exception>
    public T Value => _value ?? throw new InvalidOperationException("Refused by " + string.Join(", ", Unmet.Select(u => u.Rule)) + ".");

    /// <summary>Why it was refused; empty when allowed.</summary>
    public IReadOnlyList<UnmetRule> Unmet { get; }

    /// <summary>An allowed change.</summary>
    public static implicit operator Decision<T>(T value) => new(value, []);

    /// <summary>A refusal for one reason.</summary>
    public static implicit operator Decision<T>(UnmetRule unmet) => new(null, [unmet]);

    /// <summary>A refusal for several reasons.</summary>
    public static implicit operator Decision<T>(List<UnmetRule> unmet) =>
        unmet.Count > 0 ? new(null, unmet) : throw new ArgumentException("A refusal needs a reason.", nameof(unmet));
}
