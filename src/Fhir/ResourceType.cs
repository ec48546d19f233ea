using System.Collections.Frozen;

namespace BetterCare.Care.Fhir;

/// <summary>
/// The concrete resource types of FHIR R4 (4.0.1), in alphabetical order from 1. The numbers are stored in databases:
/// R4 is frozen, so they never change.
/// </summary>
public enum ResourceType : byte
{
    /// <summary>No type.</summary>
    None = 0,

    /// <summary>Account.</summary>
    Account = 1,

    /// <summary>ActivityDefinition.</summary>
    ActivityDefinition = 2,

    /// <summary>AdverseEvent.</summary>
    AdverseEvent = 3,

    /// <summary>AllergyIntolerance.</summary>
    AllergyIntolerance = 4,

    /// <summary>Appointment.</summary>
    Appointment = 5,

    /// <summary>AppointmentResponse.</summary>
    AppointmentResponse = 6,

    /// <summary>AuditEvent.</summary>
    AuditEvent = 7,

    /// <summary>Basic.</summary>
    Basic = 8,

    /// <summary>Binary.</summary>
    Binary = 9,

    /// <summary>BiologicallyDerivedProduct.</summary>
    BiologicallyDerivedProduct = 10,

    /// <summary>BodyStructure.</summary>
    BodyStructure = 11,

    /// <summary>Bundle.</summary>
    Bundle = 12,

    /// <summary>CapabilityStatement.</summary>
    CapabilityStatement = 13,

    /// <summary>CarePlan.</summary>
    CarePlan = 14,

    /// <summary>CareTeam.</summary>
    CareTeam = 15,

    /// <summary>CatalogEntry.</summary>
    CatalogEntry = 16,

    /// <summary>ChargeItem.</summary>
    ChargeItem = 17,

    /// <summary>ChargeItemDefinition.</summary>
    ChargeItemDefinition = 18,

    /// <summary>Claim.</summary>
    Claim = 19,

    /// <summary>ClaimResponse.</summary>
    ClaimResponse = 20,

    /// <summary>ClinicalImpression.</summary>
    ClinicalImpression = 21,

    /// <summary>CodeSystem.</summary>
    CodeSystem = 22,

    /// <summary>Communication.</summary>
    Communication = 23,

    /// <summary>CommunicationRequest.</summary>
    CommunicationRequest = 24,

    /// <summary>CompartmentDefinition.</summary>
    CompartmentDefinition = 25,

    /// <summary>Composition.</summary>
    Composition = 26,

    /// <summary>ConceptMap.</summary>
    ConceptMap = 27,

    /// <summary>Condition.</summary>
    Condition = 28,

    /// <summary>Consent.</summary>
    Consent = 29,

    /// <summary>Contract.</summary>
    Contract = 30,

    /// <summary>Coverage.</summary>
    Coverage = 31,

    /// <summary>CoverageEligibilityRequest.</summary>
    CoverageEligibilityRequest = 32,

    /// <summary>CoverageEligibilityResponse.</summary>
    CoverageEligibilityResponse = 33,

    /// <summary>DetectedIssue.</summary>
    DetectedIssue = 34,

    /// <summary>Device.</summary>
    Device = 35,

    /// <summary>DeviceDefinition.</summary>
    DeviceDefinition = 36,

    /// <summary>DeviceMetric.</summary>
    DeviceMetric = 37,

    /// <summary>DeviceRequest.</summary>
    DeviceRequest = 38,

    /// <summary>DeviceUseStatement.</summary>
    DeviceUseStatement = 39,

    /// <summary>DiagnosticReport.</summary>
    DiagnosticReport = 40,

    /// <summary>DocumentManifest.</summary>
    DocumentManifest = 41,

    /// <summary>DocumentReference.</summary>
    DocumentReference = 42,

    /// <summary>EffectEvidenceSynthesis.</summary>
    EffectEvidenceSynthesis = 43,

    /// <summary>Encounter.</summary>
    Encounter = 44,

    /// <summary>Endpoint.</summary>
    Endpoint = 45,

    /// <summary>EnrollmentRequest.</summary>
    EnrollmentRequest = 46,

    /// <summary>EnrollmentResponse.</summary>
    EnrollmentResponse = 47,

    /// <summary>EpisodeOfCare.</summary>
    EpisodeOfCare = 48,

    /// <summary>EventDefinition.</summary>
    EventDefinition = 49,

    /// <summary>Evidence.</summary>
    Evidence = 50,

    /// <summary>EvidenceVariable.</summary>
    EvidenceVariable = 51,

    /// <summary>ExampleScenario.</summary>
    ExampleScenario = 52,

    /// <summary>ExplanationOfBenefit.</summary>
    ExplanationOfBenefit = 53,

    /// <summary>FamilyMemberHistory.</summary>
    FamilyMemberHistory = 54,

    /// <summary>Flag.</summary>
    Flag = 55,

    /// <summary>Goal.</summary>
    Goal = 56,

    /// <summary>GraphDefinition.</summary>
    GraphDefinition = 57,

    /// <summary>Group.</summary>
    Group = 58,

    /// <summary>GuidanceResponse.</summary>
    GuidanceResponse = 59,

    /// <summary>HealthcareService.</summary>
    HealthcareService = 60,

    /// <summary>ImagingStudy.</summary>
    ImagingStudy = 61,

    /// <summary>Immunization.</summary>
    Immunization = 62,

    /// <summary>ImmunizationEvaluation.</summary>
    ImmunizationEvaluation = 63,

    /// <summary>ImmunizationRecommendation.</summary>
    ImmunizationRecommendation = 64,

    /// <summary>ImplementationGuide.</summary>
    ImplementationGuide = 65,

    /// <summary>InsurancePlan.</summary>
    InsurancePlan = 66,

    /// <summary>Invoice.</summary>
    Invoice = 67,

    /// <summary>Library.</summary>
    Library = 68,

    /// <summary>Linkage.</summary>
    Linkage = 69,

    /// <summary>List.</summary>
    List = 70,

    /// <summary>Location.</summary>
    Location = 71,

    /// <summary>Measure.</summary>
    Measure = 72,

    /// <summary>MeasureReport.</summary>
    MeasureReport = 73,

    /// <summary>Media.</summary>
    Media = 74,

    /// <summary>Medication.</summary>
    Medication = 75,

    /// <summary>MedicationAdministration.</summary>
    MedicationAdministration = 76,

    /// <summary>MedicationDispense.</summary>
    MedicationDispense = 77,

    /// <summary>MedicationKnowledge.</summary>
    MedicationKnowledge = 78,

    /// <summary>MedicationRequest.</summary>
    MedicationRequest = 79,

    /// <summary>MedicationStatement.</summary>
    MedicationStatement = 80,

    /// <summary>MedicinalProduct.</summary>
    MedicinalProduct = 81,

    /// <summary>MedicinalProductAuthorization.</summary>
    MedicinalProductAuthorization = 82,

    /// <summary>MedicinalProductContraindication.</summary>
    MedicinalProductContraindication = 83,

    /// <summary>MedicinalProductIndication.</summary>
    MedicinalProductIndication = 84,

    /// <summary>MedicinalProductIngredient.</summary>
    MedicinalProductIngredient = 85,

    /// <summary>MedicinalProductInteraction.</summary>
    MedicinalProductInteraction = 86,

    /// <summary>MedicinalProductManufactured.</summary>
    MedicinalProductManufactured = 87,

    /// <summary>MedicinalProductPackaged.</summary>
    MedicinalProductPackaged = 88,

    /// <summary>MedicinalProductPharmaceutical.</summary>
    MedicinalProductPharmaceutical = 89,

    /// <summary>MedicinalProductUndesirableEffect.</summary>
    MedicinalProductUndesirableEffect = 90,

    /// <summary>MessageDefinition.</summary>
    MessageDefinition = 91,

    /// <summary>MessageHeader.</summary>
    MessageHeader = 92,

    /// <summary>MolecularSequence.</summary>
    MolecularSequence = 93,

    /// <summary>NamingSystem.</summary>
    NamingSystem = 94,

    /// <summary>NutritionOrder.</summary>
    NutritionOrder = 95,

    /// <summary>Observation.</summary>
    Observation = 96,

    /// <summary>ObservationDefinition.</summary>
    ObservationDefinition = 97,

    /// <summary>OperationDefinition.</summary>
    OperationDefinition = 98,

    /// <summary>OperationOutcome.</summary>
    OperationOutcome = 99,

    /// <summary>Organization.</summary>
    Organization = 100,

    /// <summary>OrganizationAffiliation.</summary>
    OrganizationAffiliation = 101,

    /// <summary>Parameters.</summary>
    Parameters = 102,

    /// <summary>Patient.</summary>
    Patient = 103,

    /// <summary>PaymentNotice.</summary>
    PaymentNotice = 104,

    /// <summary>PaymentReconciliation.</summary>
    PaymentReconciliation = 105,

    /// <summary>Person.</summary>
    Person = 106,

    /// <summary>PlanDefinition.</summary>
    PlanDefinition = 107,

    /// <summary>Practitioner.</summary>
    Practitioner = 108,

    /// <summary>PractitionerRole.</summary>
    PractitionerRole = 109,

    /// <summary>Procedure.</summary>
    Procedure = 110,

    /// <summary>Provenance.</summary>
    Provenance = 111,

    /// <summary>Questionnaire.</summary>
    Questionnaire = 112,

    /// <summary>QuestionnaireResponse.</summary>
    QuestionnaireResponse = 113,

    /// <summary>RelatedPerson.</summary>
    RelatedPerson = 114,

    /// <summary>RequestGroup.</summary>
    RequestGroup = 115,

    /// <summary>ResearchDefinition.</summary>
    ResearchDefinition = 116,

    /// <summary>ResearchElementDefinition.</summary>
    ResearchElementDefinition = 117,

    /// <summary>ResearchStudy.</summary>
    ResearchStudy = 118,

    /// <summary>ResearchSubject.</summary>
    ResearchSubject = 119,

    /// <summary>RiskAssessment.</summary>
    RiskAssessment = 120,

    /// <summary>RiskEvidenceSynthesis.</summary>
    RiskEvidenceSynthesis = 121,

    /// <summary>Schedule.</summary>
    Schedule = 122,

    /// <summary>SearchParameter.</summary>
    SearchParameter = 123,

    /// <summary>ServiceRequest.</summary>
    ServiceRequest = 124,

    /// <summary>Slot.</summary>
    Slot = 125,

    /// <summary>Specimen.</summary>
    Specimen = 126,

    /// <summary>SpecimenDefinition.</summary>
    SpecimenDefinition = 127,

    /// <summary>StructureDefinition.</summary>
    StructureDefinition = 128,

    /// <summary>StructureMap.</summary>
    StructureMap = 129,

    /// <summary>Subscription.</summary>
    Subscription = 130,

    /// <summary>Substance.</summary>
    Substance = 131,

    /// <summary>SubstanceNucleicAcid.</summary>
    SubstanceNucleicAcid = 132,

    /// <summary>SubstancePolymer.</summary>
    SubstancePolymer = 133,

    /// <summary>SubstanceProtein.</summary>
    SubstanceProtein = 134,

    /// <summary>SubstanceReferenceInformation.</summary>
    SubstanceReferenceInformation = 135,

    /// <summary>SubstanceSourceMaterial.</summary>
    SubstanceSourceMaterial = 136,

    /// <summary>SubstanceSpecification.</summary>
    SubstanceSpecification = 137,

    /// <summary>SupplyDelivery.</summary>
    SupplyDelivery = 138,

    /// <summary>SupplyRequest.</summary>
    SupplyRequest = 139,

    /// <summary>Task.</summary>
    Task = 140,

    /// <summary>TerminologyCapabilities.</summary>
    TerminologyCapabilities = 141,

    /// <summary>TestReport.</summary>
    TestReport = 142,

    /// <summary>TestScript.</summary>
    TestScript = 143,

    /// <summary>ValueSet.</summary>
    ValueSet = 144,

    /// <summary>VerificationResult.</summary>
    VerificationResult = 145,

    /// <summary>VisionPrescription.</summary>
    VisionPrescription = 146,
}

/// <summary>Resource type names and numbers.</summary>
public static class ResourceTypes
{
    /// <summary>How many types there are; the highest number.</summary>
    public const int Count = 146;

    private static readonly string[] Names = Enum.GetNames<ResourceType>();

    private static readonly FrozenDictionary<string, ResourceType> ByName =
        Enum.GetValues<ResourceType>().Where(t => t != ResourceType.None).ToFrozenDictionary(t => t.ToString(), StringComparer.Ordinal);

    private static readonly byte[][] Utf8Names = [.. Names.Select(System.Text.Encoding.ASCII.GetBytes)];

    /// <summary>The FHIR name, without allocating.</summary>
    public static string Name(this ResourceType type) => Names[(int)type];

    /// <summary>The FHIR name in UTF-8, without allocating.</summary>
    public static ReadOnlySpan<byte> Utf8Name(this ResourceType type) => Utf8Names[(int)type];

    /// <summary>The type of a name, or <see cref="ResourceType.None"/>.</summary>
    public static ResourceType Parse(string? name) =>
        name is not null && ByName.TryGetValue(name, out var type) ? type : ResourceType.None;

    /// <summary>The type of a name in UTF-8, or <see cref="ResourceType.None"/>.</summary>
    public static ResourceType Parse(ReadOnlySpan<byte> name)
    {
        int low = 1, high = Count;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = name.SequenceCompareTo(Utf8Names[middle]);
            if (order == 0)
            {
                return (ResourceType)middle;
            }

            if (order < 0)
            {
                high = middle - 1;
            }
            else
            {
                low = middle + 1;
            }
        }

        return ResourceType.None;
    }
}
