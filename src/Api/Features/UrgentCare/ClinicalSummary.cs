using System.Text.Json;
using BetterCare.Care.Fhir;

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

    /// <summary>Takes in one resource.</summary>
    public void Add(ResourceType type, JsonElement resource)
    {
        switch (type)
        {
            case ResourceType.AllergyIntolerance when Holds(resource):
                AddAllergy(resource);
                break;
            case ResourceType.Condition when Holds(resource) && !Has(resource, "abatementDateTime") && !Has(resource, "abatementPeriod") && !Has(resource, "abatementString"):
                AddCondition(resource);
                break;
            case ResourceType.MedicationRequest when Text(resource, "status") is "active" && Text(resource, "intent") is not ("proposal" or "option"):
                AddMedicine(resource);
                break;
        }
    }

    private void AddAllergy(JsonElement allergy)
    {
        var substance = Concept(allergy, "code") ?? "(substance not named)";
        var reactions = Items(allergy, "reaction").SelectMany(r => Items(r, "manifestation")).Select(InWords).OfType<string>();
        if (_allergies.TryGetValue(substance, out var other))
        {
            // The same substance from two suppliers: the graver word, and all reactions.
            var high = other.Criticality == "high" ? "high" : Text(allergy, "criticality") ?? other.Criticality;
            _allergies[substance] = new UrgentAllergy(substance, high, [.. other.Reactions.Union(reactions, StringComparer.OrdinalIgnoreCase)]);
        }
        else
        {
            _allergies[substance] = new UrgentAllergy(substance, Text(allergy, "criticality"), [.. reactions.Distinct(StringComparer.OrdinalIgnoreCase)]);
        }
    }

    private void AddMedicine(JsonElement order)
    {
        var name = Concept(order, "medicationCodeableConcept") ?? Referred(order) ?? "(medicine not named)";
        var dosage = string.Join("; ", Items(order, "dosageInstruction").Select(d => Text(d, "text") ?? Text(d, "patientInstruction")).OfType<string>());
        var since = Day(Text(order, "authoredOn"));
        if (!_medicines.TryGetValue(name, out var other) || string.CompareOrdinal(since, other.Since) > 0)
        {
            _medicines[name] = new UrgentMedicine(name, dosage.Length == 0 ? null : dosage, since);
        }
    }

    private void AddCondition(JsonElement condition)
    {
        var name = Concept(condition, "code") ?? "(condition not named)";
        var since = Day(Text(condition, "onsetDateTime") ?? Text(condition, "recordedDate"));
        if (!_conditions.TryGetValue(name, out var other) || (since is not null && (other.Since is null || string.CompareOrdinal(since, other.Since) < 0)))
        {
            _conditions[name] = new UrgentCondition(name, since);
        }
    }

    /// <summary>Neither over nor found to be wrong. What does not say is taken to hold: in an emergency that is the safe side.</summary>
    private static bool Holds(JsonElement resource) =>
        !Codes(resource, "clinicalStatus").Any(c => c is "inactive" or "resolved" or "remission")
        && !Codes(resource, "verificationStatus").Any(c => c is "refuted" or "entered-in-error");

    private static IEnumerable<string?> Codes(JsonElement resource, string name) =>
        resource.TryGetProperty(name, out var concept) ? Items(concept, "coding").Select(c => Text(c, "code")) : [];

    private static string? Concept(JsonElement resource, string name) => resource.TryGetProperty(name, out var concept) ? InWords(concept) : null;

    private static string? InWords(JsonElement concept) =>
        Text(concept, "text")
        ?? Items(concept, "coding").Select(c => Text(c, "display")).FirstOrDefault(d => d is not null)
        ?? Items(concept, "coding").Select(c => Text(c, "code")).FirstOrDefault(c => c is not null);

    /// <summary>The medicine that an order points to: by its display, or contained in the order.</summary>
    private static string? Referred(JsonElement order)
    {
        if (!order.TryGetProperty("medicationReference", out var reference))
        {
            return null;
        }

        return Text(reference, "display")
            ?? Items(order, "contained").Where(c => Text(reference, "reference") == $"#{Text(c, "id")}").Select(c => Concept(c, "code")).FirstOrDefault();
    }

    private static bool Has(JsonElement resource, string name) => resource.TryGetProperty(name, out _);

    private static IEnumerable<JsonElement> Items(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private static string? Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? Day(string? dateTime) => dateTime is { Length: > 10 } ? dateTime[..10] : dateTime;
}
