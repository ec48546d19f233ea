using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;

namespace BetterCare.Care.Api.Features.UrgentCare;

/// <summary>An allergy or intolerance.</summary>
/// <param name="Substance">To what.</param>
/// <param name="Criticality"><c>low</c>, <c>high</c> or <c>unable-to-assess</c>; null not told.</param>
/// <param name="Reactions">What happened.</param>
public sealed record UrgentAllergy(string Substance, string? Criticality, IReadOnlyList<string> Reactions);

/// <summary>A current medicine.</summary>
/// <param name="Name">As prescribed.</param>
/// <param name="Dosage">As told to the person; null not told.</param>
/// <param name="Since">Date of the latest order; null not told.</param>
public sealed record UrgentMedicine(string Name, string? Dosage, string? Since);

/// <summary>A condition that is not over.</summary>
/// <param name="Name">The condition.</param>
/// <param name="Since">First onset on record; null not told.</param>
public sealed record UrgentCondition(string Name, string? Since);

/// <summary>Draws allergies, medicines and conditions that hold now from a person's resources; each is named once.</summary>
internal sealed class ClinicalSummary
{
    private readonly SortedDictionary<string, UrgentAllergy> _allergies = new(StringComparer.OrdinalIgnoreCase);
    private readonly SortedDictionary<string, UrgentMedicine> _medicines = new(StringComparer.OrdinalIgnoreCase);
    private readonly SortedDictionary<string, UrgentCondition> _conditions = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Types that it is drawn from.</summary>
    public static IReadOnlyList<ResourceType> Types { get; } = [ResourceType.AllergyIntolerance, ResourceType.MedicationRequest, ResourceType.Condition];

    public IReadOnlyList<UrgentAllergy> Allergies => [.. _allergies.Values.OrderByDescending(a => a.Criticality == "high")];

    public IReadOnlyList<UrgentMedicine> Medicines => [.. _medicines.Values];

    public IReadOnlyList<UrgentCondition> Conditions => [.. _conditions.Values];

    /// <summary>Takes in one resource, as stored.</summary>
    public void Add(ResourceType type, ReadOnlySpan<byte> body)
    {
        var resource = new JsonView(body);
        switch (type)
        {
            case ResourceType.AllergyIntolerance when Holds(resource):
                AddAllergy(resource);
                break;
            case ResourceType.Condition when Holds(resource) && !resource["abatementDateTime"u8].Exists && !resource["abatementPeriod"u8].Exists && !resource["abatementString"u8].Exists:
                AddCondition(resource);
                break;
            case ResourceType.MedicationRequest when resource["status"u8].Text.SequenceEqual("active"u8) && !IsOneOf(resource["intent"u8], "proposal"u8, "option"u8):
                AddMedicine(resource);
                break;
        }
    }

    private void AddAllergy(JsonView allergy)
    {
        var substance = InWords(allergy["code"u8]) ?? "(substance not named)";
        var reactions = new List<string>();
        foreach (var reaction in allergy["reaction"u8].Items)
        {
            foreach (var manifestation in reaction["manifestation"u8].Items)
            {
                if (InWords(manifestation) is { } words && !reactions.Contains(words, StringComparer.OrdinalIgnoreCase))
                {
                    reactions.Add(words);
                }
            }
        }

        var criticality = Text(allergy["criticality"u8]);
        if (_allergies.TryGetValue(substance, out var other))
        {
            // The same substance from two suppliers: the graver word, and all reactions.
            criticality = other.Criticality == "high" ? "high" : criticality ?? other.Criticality;
            reactions = [.. other.Reactions.Union(reactions, StringComparer.OrdinalIgnoreCase)];
        }

        _allergies[substance] = new UrgentAllergy(substance, criticality, reactions);
    }

    private void AddMedicine(JsonView order)
    {
        var name = InWords(order["medicationCodeableConcept"u8]) ?? Referred(order) ?? "(medicine not named)";
        var since = Day(Text(order["authoredOn"u8]));
        if (_medicines.TryGetValue(name, out var other) && string.CompareOrdinal(since, other.Since) <= 0)
        {
            return;
        }

        string? dosage = null;
        foreach (var instruction in order["dosageInstruction"u8].Items)
        {
            if ((Text(instruction["text"u8]) ?? Text(instruction["patientInstruction"u8])) is { } words)
            {
                dosage = dosage is null ? words : $"{dosage}; {words}";
            }
        }

        _medicines[name] = new UrgentMedicine(name, dosage, since);
    }

    private void AddCondition(JsonView condition)
    {
        var name = InWords(condition["code"u8]) ?? "(condition not named)";
        var since = Day(Text(condition["onsetDateTime"u8]) ?? Text(condition["recordedDate"u8]));
        if (!_conditions.TryGetValue(name, out var other) || (since is not null && (other.Since is null || string.CompareOrdinal(since, other.Since) < 0)))
        {
            _conditions[name] = new UrgentCondition(name, since);
        }
    }

    /// <summary>Neither over nor found to be wrong. What does not say is taken to hold: in an emergency that is the safe side.</summary>
    private static bool Holds(JsonView resource)
    {
        foreach (var coding in resource["clinicalStatus"u8]["coding"u8].Items)
        {
            if (IsOneOf(coding["code"u8], "inactive"u8, "resolved"u8, "remission"u8))
            {
                return false;
            }
        }

        foreach (var coding in resource["verificationStatus"u8]["coding"u8].Items)
        {
            if (IsOneOf(coding["code"u8], "refuted"u8, "entered-in-error"u8))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsOneOf(JsonView value, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c = default) =>
        value.IsString && (value.Text.SequenceEqual(a) || value.Text.SequenceEqual(b) || value.Text.SequenceEqual(c));

    /// <summary>A concept's text, or else the first display, or else the first code; null: none of them.</summary>
    private static string? InWords(JsonView concept)
    {
        if (Text(concept["text"u8]) is { } text)
        {
            return text;
        }

        string? code = null;
        foreach (var coding in concept["coding"u8].Items)
        {
            if (Text(coding["display"u8]) is { } display)
            {
                return display;
            }

            code ??= Text(coding["code"u8]);
        }

        return code;
    }

    /// <summary>The medicine that an order points to: by its display, or contained in the order.</summary>
    private static string? Referred(JsonView order)
    {
        var reference = order["medicationReference"u8];
        if (Text(reference["display"u8]) is { } display)
        {
            return display;
        }

        if (Text(reference["reference"u8]) is ['#', .. var id])
        {
            foreach (var contained in order["contained"u8].Items)
            {
                if (Text(contained["id"u8]) == id)
                {
                    return InWords(contained["code"u8]);
                }
            }
        }

        return null;
    }

    private static string? Text(JsonView value) => value.IsString ? value.ToString() : null;

    private static string? Day(string? dateTime) => dateTime is { Length: > 10 } ? dateTime[..10] : dateTime;
}
