using BetterCare.Care.Fhir;

namespace BetterCare.Care.Tests.Fhir.Search;

public sealed class TokenTests
{
    private const string Patient = """
        {"resourceType":"Patient","id":"9000000009","active":true,"gender":"female","deceasedBoolean":false,
         "identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9000000009"},
                       {"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"A,1|2$3"}],
         "telecom":[{"system":"phone","use":"home","value":"(0161) 496 0000"},{"system":"email","value":"Ann.Other@example.nhs.uk"}],
         "meta":{"tag":[{"system":"http://x","code":"t"}]}}
        """;

    private const string Observation = """
        {"resourceType":"Observation","id":"o1","status":"final",
         "code":{"coding":[{"system":"http://loinc.org","code":"8480-6"},{"code":"local"}],"text":"Systolic"},
         "valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"1"}]}}
        """;

    [Theory]
    [InlineData("identifier=https://fhir.nhs.uk/Id/nhs-number|9000000009", true)]
    [InlineData("identifier=9000000009", true)]
    [InlineData("identifier=|9000000009", false)]
    [InlineData("identifier=https://fhir.nhs.uk/Id/nhs-number|", true)]
    [InlineData("identifier=https://fhir.nhs.uk/Id/nhs-number|1", false)]
    [InlineData("identifier=https://elsewhere|9000000009", false)]
    [InlineData(@"identifier=A\,1\|2\$3", true)]
    [InlineData(@"identifier=|A\,1\|2\$3", true)]
    [InlineData(@"identifier=nobody,A\,1\|2\$3", true)]
    [InlineData(@"identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|A\,1\|2\$3", true)]
    [InlineData("identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|9000000009", false)]
    [InlineData("gender=female", true)]
    [InlineData("gender=Female", false)]
    [InlineData("gender=male,female", true)]
    [InlineData("gender=male&gender=female", false)]
    [InlineData("gender=http://hl7.org/fhir/administrative-gender|female", true)]
    [InlineData("gender=http://hl7.org/fhir/administrative-gender|", true)]
    [InlineData("gender=http://hl7.org/fhir/other|female", false)]
    [InlineData("gender:not=male", true)]
    [InlineData("gender:not=female", false)]
    [InlineData("gender:not=male,female", false)]
    [InlineData("gender:missing=false", true)]
    [InlineData("gender:missing=true", false)]
    [InlineData("language:not=cy", true)]
    [InlineData("language:missing=true", true)]
    [InlineData("active=true", true)]
    [InlineData("active=http://hl7.org/fhir/special-values|true", true)]
    [InlineData("active=false", false)]
    [InlineData("deceased=false", true)]
    [InlineData("deceased=true", false)]
    [InlineData("phone=01614960000", true)]
    [InlineData("phone=0161 496-0000", true)]
    [InlineData("phone=+0161 4960000", true)]
    [InlineData("phone=home|01614960000", true)]
    [InlineData("phone=0161496000", false)]
    [InlineData("phone=ann.other@example.nhs.uk", false)]
    [InlineData("email=ann.other@EXAMPLE.nhs.uk", true)]
    [InlineData("telecom=email|ann.other@example.nhs.uk", true)]
    [InlineData("telecom=phone|ann.other@example.nhs.uk", false)]
    [InlineData("_id=9000000009", true)]
    [InlineData("_id=1,9000000009", true)]
    [InlineData("_id=1", false)]
    [InlineData("_tag=http://x|t", true)]
    [InlineData("_tag=t", true)]
    [InlineData("_security:missing=true", true)]
    public void Matches_Patient_AsSpecified(string query, bool found) => query.Finds(ResourceType.Patient, Patient).ShouldBe(found);

    [Theory]
    [InlineData("code=http://loinc.org|8480-6", true)]
    [InlineData("code=8480-6", true)]
    [InlineData("code=|8480-6", false)]
    [InlineData("code=|local", true)]
    [InlineData("code=http://snomed.info/sct|", false)]
    [InlineData("code:not=http://loinc.org|8480-6", false)]
    [InlineData("code:not=http://loinc.org|8462-4", true)]
    [InlineData("combo-code=8480-6", true)]
    [InlineData("value-concept=http://snomed.info/sct|1", true)]
    [InlineData("code-value-concept=http://loinc.org|8480-6$http://snomed.info/sct|1", true)]
    [InlineData("code-value-concept=http://loinc.org|8480-6$http://snomed.info/sct|2", false)]
    [InlineData("code-value-concept=a$b,8480-6$1", true)]
    [InlineData("code-value-concept:missing=false", true)]
    [InlineData("code-value-quantity:missing=true", true)]
    public void Matches_Observation_AsSpecified(string query, bool found) => query.Finds(ResourceType.Observation, Observation).ShouldBe(found);

    [Theory]
    [InlineData("""{"resourceType":"Patient","deceasedDateTime":"2024-01-01"}""", true)]
    [InlineData("""{"resourceType":"Patient","deceasedBoolean":true}""", true)]
    [InlineData("""{"resourceType":"Patient","deceasedBoolean":false}""", false)]
    [InlineData("""{"resourceType":"Patient"}""", false)]
    public void Matches_Deceased_MeansThereAndNotFalse(string json, bool deceased)
    {
        "deceased=true".Finds(ResourceType.Patient, json).ShouldBe(deceased);
        "deceased=false".Finds(ResourceType.Patient, json).ShouldBe(!deceased);
        "deceased:not=true".Finds(ResourceType.Patient, json).ShouldBe(!deceased);
    }

    [Fact]
    public void Matches_EscapedAndSpacedJson_ReadsTheSame()
    {
        const string Json = """
             { "\u0072esourceType" : "Patient" , "gender"
               : "fem\u0061le" , "name" : [ null , { "family" : "Zo\u00eb \ud83d\ude00" } ] }
            """;

        "gender=female".Finds(ResourceType.Patient, Json).ShouldBeTrue();
        "family:exact=Zoë 😀".Finds(ResourceType.Patient, Json).ShouldBeTrue();
    }
}
