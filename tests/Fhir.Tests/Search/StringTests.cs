using BetterCare.Care.Fhir;

namespace BetterCare.Care.Tests.Fhir.Search;

public sealed class StringTests
{
    private const string Patient = """
        {"resourceType":"Patient","id":"p",
         "name":[{"use":"official","family":"O’Brien-Núñez","given":["Zoë","Mary  Ann"],"prefix":["Dr"]},{"text":"Łukasz Straße"}],
         "address":[{"line":["Flat 2","17 Carr Lane"],"city":"HULL","district":"Kingston upon Hull","postalCode":"HU1 3RE","country":"GBR"}]}
        """;

    [Theory]
    [InlineData("family=o'brien", true)]
    [InlineData("family=OBRIEN", false)]
    [InlineData("family=brien", false)]
    [InlineData("family:contains=nunez", true)]
    [InlineData("family:contains=NÚÑEZ", true)]
    [InlineData("family:exact=O’Brien-Núñez", true)]
    [InlineData("family:exact=O'Brien-Núñez", false)]
    [InlineData("family:exact=O’Brien", false)]
    [InlineData("given=zoe", true)]
    [InlineData("given=mary ann", true)]
    [InlineData("given=ann", false)]
    [InlineData("given=nobody,zo", true)]
    [InlineData("name=dr", true)]
    [InlineData("name=lukasz strasse", true)]
    [InlineData("name=zoe&name=o'b", true)]
    [InlineData("name=zoe&name=smith", false)]
    [InlineData("address=17 carr", true)]
    [InlineData("address=kingston", true)]
    [InlineData("address-city=hull", true)]
    [InlineData("address-postalcode=hu1", true)]
    [InlineData("address-postalcode:exact=hu1 3re", false)]
    [InlineData("address-state:missing=true", true)]
    [InlineData("phonetic=obryan", true)]
    [InlineData("phonetic=smith", false)]
    [InlineData("phonetic=zoey", true)]
    [InlineData("phonetic=lucas", true)]
    public void Matches_NameOrAddress_AsSpecified(string query, bool found) => query.Finds(ResourceType.Patient, Patient).ShouldBe(found);

    [Fact]
    public void Matches_DecomposedAccents_FindComposedOnes()
    {
        "given=zoe\u0308".Finds(ResourceType.Patient, Patient).ShouldBeTrue();
        "given=zo\u00EB".Finds(ResourceType.Patient, """{"resourceType":"Patient","name":[{"given":["Zoe\u0308"]}]}""").ShouldBeTrue();
    }

    [Theory]
    [InlineData("value-string=mod", true)]
    [InlineData("value-string=elev", false)]
    public void Matches_ConceptText_IsText(string query, bool found) =>
        query.Finds(ResourceType.Observation, """{"resourceType":"Observation","valueCodeableConcept":{"text":"Moderately elevated"}}""").ShouldBe(found);
}
