using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;

namespace BetterCare.Care.Tests.Fhir.Search;

public sealed class ReferenceTests
{
    private static string About(string reference) => """{"resourceType":"Observation","id":"o","subject":{""" + reference + "}}";

    [Theory]
    [InlineData("subject=Patient/1", "Patient/1", true)]
    [InlineData("subject=1", "Patient/1", true)]
    [InlineData("subject=1", "Group/1", true)]
    [InlineData("subject:Patient=1", "Patient/1", true)]
    [InlineData("subject:Patient=1", "Group/1", false)]
    [InlineData("subject:Patient=Patient/1", "Patient/1", true)]
    [InlineData("subject=Patient/1", "Patient/1/_history/3", true)]
    [InlineData("subject=Patient/1", "Patient/12", false)]
    [InlineData("subject=Patient/1", "Group/1", false)]
    [InlineData("subject=Patient/1", "https://care.example/fhir/Patient/1", true)]
    [InlineData("subject=https://care.example/fhir/Patient/1", "Patient/1", true)]
    [InlineData("subject=https://elsewhere/Patient/1", "https://elsewhere/Patient/1", true)]
    [InlineData("subject=https://elsewhere/Patient/1", "Patient/1", false)]
    [InlineData("subject=Patient/1", "https://elsewhere/Patient/1", false)]
    [InlineData("subject=urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", true)]
    [InlineData("subject=2,Patient/1", "Patient/1", true)]
    [InlineData("patient=1", "Patient/1", true)]
    [InlineData("patient=Patient/1", "Patient/1", true)]
    [InlineData("patient=1", "Group/1", false)]
    [InlineData("patient:missing=true", "Group/1", true)]
    [InlineData("subject:missing=true", "Group/1", false)]
    public void Matches_Literal_AsSpecified(string query, string reference, bool found) =>
        query.Finds(ResourceType.Observation, About($"\"reference\":\"{reference}\"")).ShouldBe(found);

    [Theory]
    [InlineData("subject:identifier=https://fhir.nhs.uk/Id/nhs-number|9000000009", true)]
    [InlineData("subject:identifier=9000000009", true)]
    [InlineData("subject:identifier=http://x|9000000009", false)]
    [InlineData("patient:identifier=9000000009", true)] // Reference.type says that it is a Patient
    [InlineData("patient:missing=false", true)]
    [InlineData("subject=9000000009", false)]
    public void Matches_Logical_ByIdentifier(string query, bool found) =>
        query.Finds(ResourceType.Observation, About("\"type\":\"Patient\",\"identifier\":{\"system\":\"https://fhir.nhs.uk/Id/nhs-number\",\"value\":\"9000000009\"}")).ShouldBe(found);

    [Fact]
    public void Matches_Contained_KnowsItsType()
    {
        const string Json = """{"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"p"}],"subject":{"reference":"#p"}}""";

        "patient:missing=false".Finds(ResourceType.Observation, Json).ShouldBeTrue();
        "subject=p".Finds(ResourceType.Observation, Json).ShouldBeFalse();
    }

    [Theory]
    [InlineData("instantiates-canonical=http://x/plan", true)]
    [InlineData("instantiates-canonical=http://x/plan|2.0", true)]
    [InlineData("instantiates-canonical=http://x/plan|1.0", false)]
    [InlineData("instantiates-canonical=http://x/pla", false)]
    [InlineData("_profile=http://x/profile", true)]
    [InlineData(@"_profile=http://x/profile\|1.1", true)]
    [InlineData("_profile=http://x", false)]
    [InlineData("_source=urn:supplier:1", true)]
    public void Matches_Canonical_WithOrWithoutVersion(string query, bool found) =>
        query.Finds(ResourceType.CarePlan, """{"resourceType":"CarePlan","meta":{"source":"urn:supplier:1","profile":["http://x/profile|1.1"]},"instantiatesCanonical":["http://x/plan|2.0"]}""").ShouldBe(found);

    [Fact]
    public void Keys_OfParameter_AreLocalOnce()
    {
        const string Json = """
            {"resourceType":"CareTeam","id":"t","participant":[
              {"member":{"reference":"Practitioner/a"}},{"member":{"reference":"Practitioner/a/_history/1"}},
              {"member":{"reference":"https://care.example/fhir/Organization/b"}},{"member":{"reference":"https://elsewhere/Patient/c"}},{"member":{"reference":"#d"}}]}
            """;
        var participant = SearchParameters.For(ResourceType.CareTeam).Find("participant")!;

        References.Keys(participant, Given.Json(Json), "https://care.example/fhir").ShouldBe(["Practitioner/a", "Organization/b"]);
        References.Keys(participant, Given.Json(Json)).ShouldBe(["Practitioner/a"]);
    }

    [Fact]
    public void Matches_Chain_UsesWhatTheSubSearchFound()
    {
        var request = Given.Search(ResourceType.Observation, "subject:Patient.family=sm");
        var chain = request.SubSearches.ShouldHaveSingleItem();
        var results = new SubSearchResults();

        results.Offer(chain, Given.Json("""{"resourceType":"Patient","id":"1","name":[{"family":"Smith"}]}""")).ShouldBeTrue();
        results.Offer(chain, Given.Json("""{"resourceType":"Patient","id":"2","name":[{"family":"Jones"}]}""")).ShouldBeFalse();

        results[chain].ShouldBe(["Patient/1"]);
        request.Matches(Given.Json(About("\"reference\":\"Patient/1\"")), results).ShouldBeTrue();
        request.Matches(Given.Json(About("\"reference\":\"https://care.example/fhir/Patient/1\"")), results).ShouldBeTrue();
        request.Matches(Given.Json(About("\"reference\":\"https://elsewhere/Patient/1\"")), results).ShouldBeFalse();
        request.Matches(Given.Json(About("\"reference\":\"Patient/2\"")), results).ShouldBeFalse();
        request.Matches(Given.Json(About("\"reference\":\"Group/1\"")), results).ShouldBeFalse();
    }

    [Fact]
    public void Matches_Has_UsesWhatTheSubSearchRefersTo()
    {
        var request = Given.Search(ResourceType.Patient, "_has:Observation:patient:code=http://loinc.org|8480-6");
        var has = request.SubSearches.ShouldHaveSingleItem();
        var results = new SubSearchResults();

        has.Plan.Codes.ShouldBe([new IndexedToken("http://loinc.org", "8480-6")]);
        results.Offer(has, Given.Json("""{"resourceType":"Observation","id":"o","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"subject":{"reference":"Patient/1"}}""")).ShouldBeTrue();

        request.Matches("""{"resourceType":"Patient","id":"1"}"""u8, results).ShouldBeTrue();
        request.Matches("""{"resourceType":"Patient","id":"2"}"""u8, results).ShouldBeFalse();
    }

    [Fact]
    public void Matches_SubSearchNotRun_Throws()
    {
        var request = Given.Search(ResourceType.Observation, "patient.family=sm");

        Should.Throw<InvalidOperationException>(() => request.Matches(Given.Json(About("\"reference\":\"Patient/1\""))));
        var none = new SubSearchResults();
        none.Complete(request.SubSearches[0]);
        request.Matches(Given.Json(About("\"reference\":\"Patient/1\"")), none).ShouldBeFalse();
    }
}
