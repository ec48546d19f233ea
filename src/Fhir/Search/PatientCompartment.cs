using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// The Patient compartment (R4 CompartmentDefinition/patient): which resources belong to a patient, and by which
/// parameters.
/// </summary>
public static class PatientCompartment
{
    private static readonly Lazy<IReadOnlyList<SearchParameter>[]> Official = new(Read);

    private static readonly Lazy<IReadOnlyList<SearchParameter>>[] Owners =
        [.. Enumerable.Range(0, ResourceTypes.Count + 1).Select(i => new Lazy<IReadOnlyList<SearchParameter>>(() => FindOwners((ResourceType)i)))];

    /// <summary>The parameters that put a resource of the type into a patient's compartment; empty if none does.</summary>
    /// <param name="type">A resource type.</param>
    public static IReadOnlyList<SearchParameter> Parameters(ResourceType type) => Official.Value[(int)type];

    /// <summary>
    /// The parameters that say whom a resource is about, the surest first: <c>patient</c>, <c>subject</c>, then the
    /// compartment's own. A Task's <c>patient</c> and the people whom a List lists (its <c>item</c>) are among them although
    /// the official compartment leaves them out: who may not see them should not read of them there.
    /// </summary>
    /// <param name="type">A resource type.</param>
    public static IReadOnlyList<SearchParameter> OwnerParameters(ResourceType type) => Owners[(int)type].Value;

    /// <summary>The id of the patient whom a resource is about: the first that <see cref="OwnerParameters"/> find; null if none.</summary>
    /// <param name="type">The resource's type.</param>
    /// <param name="json">The resource.</param>
    /// <param name="serviceBase">The server's own base URL without last slash.</param>
    public static string? Owner(ResourceType type, ReadOnlySpan<byte> json, string serviceBase = "")
    {
        if (type == ResourceType.Patient)
        {
            return new JsonView(json).TryGet("id"u8, out var id) ? id.ToString() : null;
        }

        var resource = new JsonView(json);
        var finder = new PatientFinder(serviceBase);
        foreach (var parameter in OwnerParameters(type))
        {
            if (parameter.Visit(resource, ref finder))
            {
                break;
            }
        }

        return finder.Id;
    }

    private struct PatientFinder(string serviceBase) : IElementVisitor
    {
        public string? Id { get; private set; }

        public bool Visit(scoped in Element element)
        {
            var reference = ResourceReference.Parse(element.Value["reference"u8].Text);
            if (reference.Type == ResourceType.Patient && reference.IsBelow(serviceBase))
            {
                Id = Encoding.UTF8.GetString(reference.Id);
            }

            return Id is not null;
        }
    }

    /// <summary>
    /// The NHS number by which a resource says whom it is about, where it does so by a logical reference alone
    /// (<c>subject.identifier</c>).
    /// </summary>
    /// <param name="type">The resource's type.</param>
    /// <param name="json">The resource.</param>
    /// <param name="number">The number as it stands there.</param>
    /// <param name="at">Where the Reference begins: just inside its brace.</param>
    /// <returns>Whether there is such a reference.</returns>
    public static bool TryLogicalOwner(ResourceType type, ReadOnlySpan<byte> json, out string number, out int at)
    {
        var resource = new JsonView(json);
        var finder = new LogicalFinder();
        foreach (var parameter in OwnerParameters(type))
        {
            if (parameter.Visit(resource, ref finder))
            {
                break;
            }
        }

        (number, at) = (finder.Number ?? "", finder.At);
        return finder.Number is not null;
    }

    private struct LogicalFinder : IElementVisitor
    {
        public string? Number { get; private set; }

        public int At { get; private set; }

        public bool Visit(scoped in Element element)
        {
            if (element.Type == FhirType.Reference && !element.Value.TryGet("reference"u8, out _) && element.Value.TryGet("identifier"u8, out var identifier)
                && identifier["system"u8].Text is var system && (system.SequenceEqual("https://fhir.nhs.uk/Id/nhs-number"u8) || system.SequenceEqual("http://fhir.nhs.net/Id/nhs-number"u8))
                && element.Resource.Raw.Overlaps(element.Value.Raw, out var offset))
            {
                Number = identifier["value"u8].ToString();
                At = offset + 1;
            }

            return Number is not null;
        }
    }

    /// <summary>The ids of all patients whom a resource belongs to by any of <see cref="OwnerParameters"/>, each once.</summary>
    /// <param name="type">The resource's type.</param>
    /// <param name="json">The resource.</param>
    /// <param name="serviceBase">The server's own base URL without last slash.</param>
    public static IReadOnlyList<string> Patients(ResourceType type, ReadOnlySpan<byte> json, string serviceBase = "")
    {
        var patients = new List<string>();
        if (type == ResourceType.Patient)
        {
            patients.Add(new JsonView(json)["id"u8].ToString());
        }

        foreach (var parameter in OwnerParameters(type))
        {
            foreach (var key in References.Keys(parameter, json, serviceBase))
            {
                if (key.StartsWith("Patient/", StringComparison.Ordinal) && !patients.Contains(key["Patient/".Length..]))
                {
                    patients.Add(key["Patient/".Length..]);
                }
            }
        }

        return patients;
    }

    private static IReadOnlyList<SearchParameter> FindOwners(ResourceType type)
    {
        var owners = new[] { "patient", "subject" }.Select(SearchParameters.For(type).Find).OfType<SearchParameter>();
        return
        [
            .. owners.Concat(Parameters(type)).Concat(type == ResourceType.List ? [SearchParameters.For(type).Find("item")!] : [])
                .Where(p => p.Type == SearchParameterType.Reference && (p.Targets.Count == 0 || p.Targets.Contains(ResourceType.Patient)))
                .Distinct(),
        ];
    }

    private static IReadOnlyList<SearchParameter>[] Read()
    {
        var byType = new IReadOnlyList<SearchParameter>[ResourceTypes.Count + 1];
        Array.Fill(byType, []);
        foreach (var entry in new JsonView(Embedded.Read("r4-compartment-patient.json"))["resources"u8].Properties)
        {
            var type = ResourceTypes.Parse(entry.Name);
            var parameters = new List<SearchParameter>();
            foreach (var code in entry.Value.Items)
            {
                if (type != ResourceType.None && SearchParameters.For(type).Find(code.ToString()) is { } parameter)
                {
                    parameters.Add(parameter);
                }
            }

            byType[(int)type] = parameters;
        }

        return byType;
    }
}
