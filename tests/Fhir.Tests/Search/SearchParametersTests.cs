using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;

namespace BetterCare.Care.Tests.Fhir.Search;

public sealed class SearchParametersTests
{
    // The types that the service stores (issue 3).
    public static readonly TheoryData<ResourceType> Stored =
    [
        ResourceType.Patient, ResourceType.RelatedPerson, ResourceType.Practitioner, ResourceType.PractitionerRole, ResourceType.Organization,
        ResourceType.Location, ResourceType.HealthcareService, ResourceType.Encounter, ResourceType.EpisodeOfCare, ResourceType.Appointment,
        ResourceType.Condition, ResourceType.Observation, ResourceType.Procedure, ResourceType.AllergyIntolerance, ResourceType.Immunization,
        ResourceType.Medication, ResourceType.MedicationRequest, ResourceType.MedicationStatement, ResourceType.MedicationAdministration,
        ResourceType.DiagnosticReport, ResourceType.DocumentReference, ResourceType.ServiceRequest, ResourceType.QuestionnaireResponse,
        ResourceType.Questionnaire, ResourceType.ClinicalImpression, ResourceType.RiskAssessment, ResourceType.CareTeam, ResourceType.CarePlan,
        ResourceType.Goal, ResourceType.Task, ResourceType.Communication, ResourceType.Flag, ResourceType.Consent, ResourceType.Group,
        ResourceType.List, ResourceType.Measure, ResourceType.MeasureReport, ResourceType.Provenance, ResourceType.AuditEvent, ResourceType.Claim,
        ResourceType.ExplanationOfBenefit, ResourceType.Device,
    ];

    [Theory]
    [MemberData(nameof(Stored))]
    public void For_StoredType_SupportsAllButTheKnownFew(ResourceType type)
    {
        string[] known = ["_text", "_content", "_filter", "_query", "Location.near", "Patient.age", "Patient.birthOrderBoolean"];

        var unsupported = SearchParameters.For(type).All.Where(p => !p.IsSupported).Select(p => p.Code.StartsWith('_') ? p.Code : p.ToString());

        unsupported.Except(known).ShouldBeEmpty();
    }

    [Fact]
    public void For_EveryType_CompilesOrSaysWhyNot()
    {
        var all = Enum.GetValues<ResourceType>().Skip(1).SelectMany(t => SearchParameters.For(t).All).ToList();

        all.Count.ShouldBeGreaterThan(1397);
        all.Where(p => !p.IsSupported && !p.Code.StartsWith('_')).Select(p => p.ToString()).ShouldBe(
            [
                "Bundle.composition", "Bundle.message", "CodeSystem.author", "CodeSystem.effective", "CodeSystem.end", "CodeSystem.keyword",
                "CodeSystem.workflow", "InsurancePlan.name", "Location.near", "Patient.age", "Patient.birthOrderBoolean", "ValueSet.author",
                "ValueSet.effective", "ValueSet.end", "ValueSet.keyword", "ValueSet.workflow",
            ],
            ignoreOrder: true);
    }

    [Fact]
    public void Targets_OfReference_AreThoseItsElementCanHave()
    {
        SearchParameters.For(ResourceType.Observation).Find("patient")!.Targets.ShouldBe([ResourceType.Patient]);
        SearchParameters.For(ResourceType.Encounter).Find("practitioner")!.Targets.ShouldBe([ResourceType.Practitioner]);
        SearchParameters.For(ResourceType.Observation).Find("subject")!.Targets.ShouldContain(ResourceType.Group);
        Enum.GetValues<ResourceType>().Skip(1)
            .SelectMany(t => SearchParameters.For(t).All)
            .Where(p => p is { IsSupported: true, Type: SearchParameterType.Reference, Targets.Count: 0 })
            .Select(p => p.ToString())
            .ShouldBe(["DiagnosticReport.assessed-condition", "QuestionnaireResponse.item-subject", "RequestGroup.instantiates-canonical"], "these three may point at anything");
    }

    [Theory]
    [InlineData(ResourceType.Observation, "code", "date")]
    [InlineData(ResourceType.MedicationRequest, "code", "authoredon")]
    [InlineData(ResourceType.Condition, "code", "onset-date")]
    [InlineData(ResourceType.Immunization, "vaccine-code", "date")]
    [InlineData(ResourceType.Encounter, "type", "date")]
    [InlineData(ResourceType.Patient, null, "birthdate")]
    public void Parameters_OfType_AreTheIndexedOnes(ResourceType type, string? code, string? date)
    {
        IndexValues.CodeParameter(type)?.Code.ShouldBe(code);
        IndexValues.DateParameter(type)?.Code.ShouldBe(date);
    }

    [Fact]
    public void Parameters_PatientCompartment_AreTheOfficialOnesAndTaskFor()
    {
        PatientCompartment.Parameters(ResourceType.AllergyIntolerance).Select(p => p.Code).ShouldBe(["patient", "recorder", "asserter"]);
        PatientCompartment.Parameters(ResourceType.Practitioner).ShouldBeEmpty();
        PatientCompartment.OwnerParameters(ResourceType.Task).Select(p => p.Code).ShouldBe(["patient", "subject"]);
    }
}
