using BetterCare.Care.Fhir;

namespace BetterCare.Care.Tests.Fhir.Search;

public sealed class NumberTests
{
    private static string Risk(string probability) => """{"resourceType":"RiskAssessment","id":"r","prediction":[{""" + probability + "}]}";

    private static string Measured(string quantity) => """{"resourceType":"Observation","id":"o","valueQuantity":{""" + quantity + "}}";

    // The worked examples of R4 search.html, number: 100 is [99.5, 100.5), 100.00 is [99.995, 100.005), 1e2 is [95, 105).
    [Theory]
    [InlineData("100", "99.5", true)]
    [InlineData("100", "100.49", true)]
    [InlineData("100", "100.5", false)]
    [InlineData("100", "99.49", false)]
    [InlineData("100.00", "99.995", true)]
    [InlineData("100.00", "100.0049", true)]
    [InlineData("100.00", "100.005", false)]
    [InlineData("1e2", "95", true)]
    [InlineData("1e2", "104.9", true)]
    [InlineData("1e2", "105", false)]
    [InlineData("1.00e2", "100.4", true)]
    [InlineData("1.00e2", "100.5", false)]
    [InlineData("lt100", "99.99", true)]
    [InlineData("lt100", "100", false)]
    [InlineData("le100", "100", true)]
    [InlineData("le100", "100.01", false)]
    [InlineData("gt100", "100.01", true)]
    [InlineData("gt100", "100", false)]
    [InlineData("ge100", "100", true)]
    [InlineData("ge100", "99.99", false)]
    [InlineData("ne100", "100", false)]
    [InlineData("ne100", "100.4", false)]
    [InlineData("ne100", "101", true)]
    [InlineData("sa100", "100.01", true)]
    [InlineData("eb100", "99.99", true)]
    [InlineData("ap100", "109.9", true)]
    [InlineData("ap100", "111", false)]
    [InlineData("ap-100", "-95", true)]
    [InlineData("-0.5", "-0.52", true)]
    [InlineData("0.1", "1e-1", true)]
    [InlineData("gt1e28", "1e400", true)]
    public void Matches_Number_AsSpecified(string value, string found, bool matches) =>
        $"probability={value}".Finds(ResourceType.RiskAssessment, Risk($"\"probabilityDecimal\":{found}")).ShouldBe(matches);

    [Theory]
    [InlineData("gt15", true)]
    [InlineData("lt15", true)]
    [InlineData("eq15", false)]
    [InlineData("gt20", false)]
    [InlineData("sa9.9", true)]
    public void Matches_Range_AsInterval(string value, bool found) =>
        $"probability={value}".Finds(ResourceType.RiskAssessment, Risk("\"probabilityRange\":{\"low\":{\"value\":10},\"high\":{\"value\":20}}")).ShouldBe(found);

    [Theory]
    [InlineData("5.4|http://unitsofmeasure.org|mg", true)]
    [InlineData("5.4||mg", true)]
    [InlineData("5.4||milligram", true)]
    [InlineData("5.4", true)]
    [InlineData("5.40", true)]
    [InlineData("5.4||kg", false)]
    [InlineData("5.4|http://elsewhere|mg", false)]
    [InlineData("5.4e0|http://unitsofmeasure.org|mg", true)]
    [InlineData("gt5|http://unitsofmeasure.org|mg", true)]
    [InlineData("5", true)] // [4.5, 5.5)
    [InlineData("5.3", false)]
    [InlineData("1,5.4||mg", true)]
    public void Matches_Quantity_AsSpecified(string value, bool found) =>
        $"value-quantity={value}".Finds(ResourceType.Observation, Measured("""
            "value":5.4,"unit":"milligram","system":"http://unitsofmeasure.org","code":"mg"
            """)).ShouldBe(found);

    [Theory]
    [InlineData("eq5", false)]
    [InlineData("lt5", true)]
    [InlineData("ge5", false)]
    [InlineData("le5", true)]
    [InlineData("gt4", true)]
    [InlineData("eb5", true)]
    public void Matches_QuantityBelowLimit_IsAHalfLine(string value, bool found) =>
        $"value-quantity={value}".Finds(ResourceType.Observation, Measured("\"value\":5,\"comparator\":\"<\"")).ShouldBe(found);

    [Fact]
    public void Matches_Components_MustBeOfOneElement()
    {
        const string BloodPressure = """
            {"resourceType":"Observation","code":{"coding":[{"code":"85354-9"}]},"component":[
              {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":150,"code":"mm[Hg]"}},
              {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80,"code":"mm[Hg]"}}]}
            """;

        "component-code-value-quantity=http://loinc.org|8480-6$gt140".Finds(ResourceType.Observation, BloodPressure).ShouldBeTrue();
        "component-code-value-quantity=http://loinc.org|8462-4$gt140".Finds(ResourceType.Observation, BloodPressure).ShouldBeFalse();
        "combo-code-value-quantity=8480-6$150||mm[Hg]".Finds(ResourceType.Observation, BloodPressure).ShouldBeTrue();
        "code-value-quantity=85354-9$150".Finds(ResourceType.Observation, BloodPressure).ShouldBeFalse();
    }

    [Theory]
    [InlineData("value-quantity=five")]
    [InlineData("value-quantity=5|mg")]
    [InlineData("value-quantity=xx5")]
    [InlineData("value-quantity=5e999999999999")]
    [InlineData("value-quantity=0e99999999999")]
    [InlineData("code-value-quantity=8480-6")]
    [InlineData("code-value-quantity=8480-6$x")]
    public void Parse_NoNumber_IsRefused(string query) => Given.Search(ResourceType.Observation, query).IsValid.ShouldBeFalse();
}
