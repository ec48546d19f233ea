using System.Buffers;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;

namespace BetterCare.Care.Tests.Fhir.Search;

public sealed class RenderingTests
{
    private const string Tag = """{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}""";

    private const string Observation = """
        {"resourceType":"Observation","id":"o1","meta":{"versionId":"3","tag":[{"code":"mine"}]},"text":{"status":"generated","div":"<div>x</div>"},
        "extension":[{"url":"http://x","valueDecimal":1.10}],"modifierExtension":[{"url":"http://y","valueBoolean":true}],
        "status":"final","_status":{"id":"s"},"code":{"coding":[{"system":"http://loinc.org","code":"1"}]},
        "valueQuantity":{"value":1.50,"unit":"mmol/L"},"note":[{"text":"private"}],
        "referenceRange":[{"low":{"value":1.00}}],
        "component":[{"code":{"text":"a"},"valueQuantity":{"value":2.0},"referenceRange":[{"low":{"value":9}}]}]}
        """;

    private static string Render(string query, ResourceType type, string json)
    {
        var request = Given.Search(type, query);
        request.Issues.ShouldBeEmpty();
        return Encoding.UTF8.GetString(new ResourceRenderer(request).Render(type, Given.Json(json)));
    }

    [Fact]
    public void Summary_True_KeepsSummaryModifierAndMandatoryElements() =>
        Render("_summary=true", ResourceType.Observation, Observation).ShouldBe(
            """{"resourceType":"Observation","id":"o1","meta":{"versionId":"3","tag":[{"code":"mine"},TAG]},"modifierExtension":[{"url":"http://y","valueBoolean":true}],"status":"final","_status":{"id":"s"},"code":{"coding":[{"system":"http://loinc.org","code":"1"}]},"valueQuantity":{"value":1.50,"unit":"mmol/L"},"component":[{"code":{"text":"a"},"valueQuantity":{"value":2.0}}]}"""
                .Replace("TAG", Tag, StringComparison.Ordinal));

    [Fact]
    public void Summary_Text_KeepsNarrativeAndMandatoryElements() =>
        Render("_summary=text", ResourceType.Observation, Observation).ShouldBe(
            """{"resourceType":"Observation","id":"o1","meta":{"versionId":"3","tag":[{"code":"mine"},TAG]},"text":{"status":"generated","div":"<div>x</div>"},"status":"final","_status":{"id":"s"},"code":{"coding":[{"system":"http://loinc.org","code":"1"}]}}"""
                .Replace("TAG", Tag, StringComparison.Ordinal));

    [Fact]
    public void Summary_Data_LeavesOutTheNarrativeOnly()
    {
        var data = Render("_summary=data", ResourceType.Observation, Observation);

        data.ShouldNotContain("<div>");
        data.ShouldContain("\"note\":[{\"text\":\"private\"}]");
        data.ShouldContain("1.50");
        data.ShouldContain("SUBSETTED");
    }

    [Fact]
    public void Elements_Named_KeepThoseModifiersAndMandatoryOnes() =>
        Render("_elements=value,note", ResourceType.Observation, Observation).ShouldBe(
            """{"resourceType":"Observation","id":"o1","meta":{"versionId":"3","tag":[{"code":"mine"},TAG]},"modifierExtension":[{"url":"http://y","valueBoolean":true}],"status":"final","_status":{"id":"s"},"code":{"coding":[{"system":"http://loinc.org","code":"1"}]},"valueQuantity":{"value":1.50,"unit":"mmol/L"},"note":[{"text":"private"}]}"""
                .Replace("TAG", Tag, StringComparison.Ordinal));

    [Fact]
    public void Elements_NoMeta_GetsOneWithTheTag() =>
        Render("_elements=gender", ResourceType.Patient, """{"resourceType":"Patient","id":"1","gender":"male","birthDate":"1931-05-02"}""")
            .ShouldBe("""{"resourceType":"Patient","id":"1","meta":{"tag":[TAG]},"gender":"male"}""".Replace("TAG", Tag, StringComparison.Ordinal));

    [Fact]
    public void Summary_OfSummary_HasOneTag()
    {
        var once = Render("_summary=true", ResourceType.Observation, Observation);

        Render("_summary=true", ResourceType.Observation, once).ShouldBe(once);
    }

    [Fact]
    public void Write_Whole_IsTheStoredBytes()
    {
        var renderer = new ResourceRenderer(SummaryMode.False, []);

        renderer.IsWhole.ShouldBeTrue();
        renderer.Render(ResourceType.Observation, Given.Json(Observation)).ShouldBe(Given.Json(Observation));
    }

    [Fact]
    public void Pretty_AnyResource_ChangesWhiteSpaceOnly()
    {
        var to = new ArrayBufferWriter<byte>();

        ResourceRenderer.WritePretty("""{"a":[1.50,{"b":"\u00e9"}],"c":{},"d":[]}"""u8, to);

        Encoding.UTF8.GetString(to.WrittenSpan).ShouldBe("{\n  \"a\": [\n    1.50,\n    {\n      \"b\": \"\\u00e9\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}");
    }

    [Theory]
    [InlineData(SummaryMode.True)]
    [InlineData(SummaryMode.Text)]
    [InlineData(SummaryMode.Data)]
    public void Render_EveryExample_IsJsonWithWhatIsMandatory(SummaryMode summary)
    {
        var examples = Given.Examples().ToList();
        Assert.SkipWhen(examples.Count == 0, "The shared examples are not here.");
        var renderer = new ResourceRenderer(summary, []);

        foreach (var example in examples)
        {
            var type = ResourceTypes.Parse(new JsonView(example)["resourceType"u8].Text);
            using var rendered = JsonDocument.Parse(renderer.Render(type, example), new JsonDocumentOptions { AllowDuplicateProperties = false });
            using var original = JsonDocument.Parse(example);

            var root = rendered.RootElement;
            root.GetProperty("resourceType").GetString().ShouldBe(type.Name());
            root.GetProperty("meta").GetProperty("tag").EnumerateArray().Last().GetProperty("code").GetString().ShouldBe("SUBSETTED");
            foreach (var property in root.EnumerateObject().Where(p => p.Name != "meta" && (summary != SummaryMode.True)))
            {
                property.Value.GetRawText().ShouldBe(original.RootElement.GetProperty(property.Name).GetRawText());
            }

            root.TryGetProperty("id", out _).ShouldBe(original.RootElement.TryGetProperty("id", out _));
        }
    }
}
