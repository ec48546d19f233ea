namespace BetterCare.Care.Fhir.Validation;

/// <summary>Whether an invariant holds for an object that was just read.</summary>
internal delegate bool Holds(in Frame frame);

/// <summary>One constraint of the definitions, coded.</summary>
/// <param name="Key">Its key: <c>per-1</c>.</param>
/// <param name="IsWarning">Whether R4 only warns of it.</param>
/// <param name="Text">What is wrong and how to mend it.</param>
/// <param name="At">The child element that the issue points at; null: the object itself.</param>
/// <param name="Holds">The check.</param>
internal sealed record Invariant(string Key, bool IsWarning, string Text, string? At, Holds Holds);
