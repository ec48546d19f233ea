using BetterCare.Care.Fhir.Validation;
using static BetterCare.Care.Tests.Fhir.Validation.Given;

namespace BetterCare.Care.Tests.Fhir.Nhs;

/// <summary>The rules of the NHS and UK Core for identifiers.</summary>
public sealed class NhsRulesTests
{
    private const string England = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland";
    private const string Retired = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus";
    private const string Wales = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusWales";

    public static TheoryData<string, string, string?, bool> Identifiers => new()
    {
        { "https://fhir.nhs.uk/Id/nhs-number", "9434765919", null, true },
        { "http://fhir.nhs.net/Id/nhs-number", "9434765919", null, true },
        { "https:\\/\\/fhir.nhs.uk\\/Id\\/nhs-number", "943476591\\u0039", null, true },
        { "https:\\/\\/fhir.nhs.uk\\/Id\\/nhs-number", "943476591\\u0038", "nhs-number", false },
        { "https://fhir.nhs.uk/Id/nhs-number", "943 476 5919", "nhs-number", true },
        { "https://fhir.nhs.uk/Id/nhs-number", "9434765918", "nhs-number", false },
        { "http://fhir.nhs.net/Id/nhs-number", "9434765918", "nhs-number", false },
        { "https://fhir.nhs.uk/Id/nhs-number", "943476591", "nhs-number", false },
        { "https://fhir.nhs.uk/Id/nhs-number", "943-476-5919", "nhs-number", false },
        { "https://fhir.nhs.uk/Id/nhs-number", "1111111111", "nhs-number", false },
        { "https://fhir.nhs.uk/Id/nhs-number", "9991234560", "nhs-number", false },
        { "https://fhir.nhs.uk/Id/ods-organization-code", "RR8", null, true },
        { "https://fhir.nhs.uk/Id/ods-organization-code", "RR 8", "ods-code", true },
        { "https://fhir.nhs.uk/Id/ods-site-code", "R", "ods-code", true },
        { "https://fhir.hl7.org.uk/Id/gmc-number", "1234567", null, true },
        { "https://fhir.hl7.org.uk/Id/gmc-number", "L123456", null, true },
        { "https://fhir.hl7.org.uk/Id/gmc-number", "C1234567", "gmc-number", true },
        { "https://fhir.nhs.uk/Id/sds-user-id", "555000000001", null, true },
        { "https://fhir.nhs.uk/Id/sds-user-id", "x", "sds-user-id", true },
        { "https://example.org/Id/anything-else-at-all", "x", null, true },
    };

    [Theory]
    [MemberData(nameof(Identifiers))]
    public void Read_Identifier_FollowsTheRuleOfItsSystem(string system, string value, string? key, bool valid)
    {
        var (isValid, issues) = Read(Patient($"'identifier':[{{'value':'1'}},{{'value':'{value}','system':'{system}'}}]"));

        isValid.ShouldBe(valid);
        issues.Select(i => i.Key).ShouldBe(key is null ? [] : [key]);
        issues.ShouldAllBe(i => i.Expression == "Patient.identifier[1].value" && !i.Text.Contains(value, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(England, "01", null)]
    [InlineData(England, "08", null)]
    [InlineData(Wales, "nn", null)]
    [InlineData(Retired, "01", IssueSeverity.Warning)]
    [InlineData(Retired, "number-present-and-verified", IssueSeverity.Warning)]
    [InlineData(England, "09", IssueSeverity.Error)]
    [InlineData(England, "number-present-and-verified", IssueSeverity.Error)]
    [InlineData("http://example.org", "01", IssueSeverity.Error)]
    public void Read_VerificationStatus_IsTakenInThreeSpellings(string system, string code, IssueSeverity? severity)
    {
        var (_, issues) = Read(Patient("'identifier':[{'extension':[{'url':'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus',"
            + $"'valueCodeableConcept':{{'coding':[{{'system':'{system}','code':'{code}'}}]}}}}],'system':'https://fhir.nhs.uk/Id/nhs-number','value':'9434765919'}}]"));

        issues.Select(i => (IssueSeverity?)i.Severity).ShouldBe(severity is null ? [] : [severity]);
        issues.ShouldAllBe(i => i.Expression == "Patient.identifier[0].extension[0]" && i.Key == "nhs-number-verification");
    }

    [Fact]
    public void Read_WithoutUkCore_LeavesIdentifiersAlone() =>
        Read(Patient("'identifier':[{'system':'https://fhir.nhs.uk/Id/nhs-number','value':'1'}]"), new ReaderOptions { UkCore = false }).Issues.ShouldBeEmpty();
}
