using BetterCare.Care.Fhir;
using BetterCare.Care.Synthetic.People;

namespace BetterCare.Care.Synthetic.Ndjson;

/// <summary>The output of a run of people, one buffer per file; filled by one worker and written in order.</summary>
internal sealed class Chunk
{
    public static readonly ResourceType[] Types =
    [
        ResourceType.Organization, ResourceType.Practitioner, ResourceType.PractitionerRole, ResourceType.Patient, ResourceType.RelatedPerson,
        ResourceType.EpisodeOfCare, ResourceType.Consent, ResourceType.AllergyIntolerance, ResourceType.Encounter, ResourceType.Condition,
        ResourceType.Observation, ResourceType.MedicationRequest, ResourceType.Procedure, ResourceType.Appointment,
    ];

    private readonly Lines?[] _byType = new Lines?[ResourceTypes.Count + 1];

    public Chunk()
    {
        foreach (var type in Types)
        {
            _byType[(int)type] = new Lines();
        }
    }

    public Lines HiddenRisk { get; } = new();

    public Lines PatientIndex { get; } = new();

    public int People { get; set; }

    public Lines this[ResourceType type] => _byType[(int)type]!;

    public void Clear()
    {
        foreach (var type in Types)
        {
            this[type].Clear();
        }

        HiddenRisk.Clear();
        PatientIndex.Clear();
        People = 0;
    }
}

/// <summary>
/// Fragments that many resources share. Ids are sixteen hexadecimal digits: a bijection of (person, event) salted by the
/// seed, so they never collide and tell nothing.
/// </summary>
internal sealed class ResourceText(CohortPlan plan)
{
    /// <summary>Numbers of resources that are no event: traits from here, then the others.</summary>
    public const int TraitBase = 7000;
    public const int AdminBase = 7500;

    private const ulong PractitionerSpace = 1UL << 60;
    private const ulong RoleSpace = 2UL << 60;

    public CohortPlan Plan { get; } = plan;

    public ulong IdOf(Person person, int number) => Dice.Mix(Plan.IdSalt ^ (person.IdBase + (ulong)number));

    public ulong PractitionerId(int index) => Dice.Mix(Plan.IdSalt ^ (PractitionerSpace + (ulong)index));

    public ulong RoleId(int index) => Dice.Mix(Plan.IdSalt ^ (RoleSpace + (ulong)index));

    /// <summary>A resource's beginning: type, id and the system that it comes from.</summary>
    public static Lines Begin(Lines to, ReadOnlySpan<byte> type, ulong id, ReadOnlySpan<byte> source, string organisation) =>
        to.Put("{\"resourceType\":\""u8).Put(type).Put("\",\"id\":\""u8).Hex(id).Put("\",\"meta\":{\"source\":\""u8).Put(source).Text(organisation).Put("\"}"u8);

    public static Lines Patient(Lines to, ReadOnlySpan<byte> element, Person person) =>
        to.Put(",\""u8).Put(element).Put("\":{\"reference\":\"Patient/"u8).TenDigits(person.Number.Number).Put("\"}"u8);

    public Lines Practitioner(Lines to, int index)
    {
        var who = Plan.Workforce.All[index];
        return to.Put("{\"reference\":\"Practitioner/"u8).Hex(PractitionerId(index)).Put("\",\"display\":\""u8).Text(who.Given).Put(" "u8).Text(who.Family).Put("\"}"u8);
    }

    /// <summary>A reference to an organisation, literal and by ODS code.</summary>
    public static Lines Organisation(Lines to, string code) => to
        .Put("{\"reference\":\"Organization/"u8).Text(code)
        .Put("\",\"identifier\":{\"system\":\"https://fhir.nhs.uk/Id/ods-organization-code\",\"value\":\""u8).Text(code).Put("\"}}"u8);

    /// <summary>A CodeableConcept with one coding.</summary>
    public static Lines Concept(Lines to, ReadOnlySpan<byte> system, string code, string display) =>
        Coding(to.Put("{\"coding\":["u8), system, code, display).Put("],\"text\":\""u8).Text(display).Put("\"}"u8);

    public static Lines Coding(Lines to, ReadOnlySpan<byte> system, string code, string display) => to
        .Put("{\"system\":\""u8).Put(system).Put("\",\"code\":\""u8).Text(code).Put("\",\"display\":\""u8).Text(display).Put("\"}"u8);

    /// <summary>
    /// Ends a resource. Two in a thousand lines are written twice; with an invalid rate, some are spoilt (an element that
    /// R4 does not know, or a line cut short).
    /// </summary>
    public void End(Lines to, ulong id)
    {
        to.Put("}"u8);
        var fate = (double)(Dice.Mix(id) >> 11) / (1UL << 53);
        if (Plan.Options.InvalidRate > 0 && fate > 1 - Plan.Options.InvalidRate)
        {
            to.Back();
            if ((id & 1) == 0)
            {
                to.Put(",\"notInR4\":true}"u8);
            }

            to.End();
            return;
        }

        to.End(twice: fate < 0.002);
    }
}
