using System.Text;
using System.Text.Json;
using BetterCare.Care.Fhir.Search;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Fhir.Search;

public sealed class JsonViewTests
{
    // Everything that the view reads of an example is what a document says.
    [Fact]
    public void Read_EveryExample_IsWhatADocumentSays()
    {
        var examples = Given.Examples().ToList();
        Assert.SkipWhen(examples.Count == 0, "The shared examples are not here.");
        foreach (var example in examples)
        {
            using var document = JsonDocument.Parse(example);
            Same(new JsonView(example), document.RootElement);
        }
    }

    [Theory]
    [InlineData("""  { "a" : [ 1 , 2.50 , -3e+2 , true , null , "x\"y\\" , { } , [ ] ] , "b\u0063" : "\ud83d\ude00\n\/" }  """)]
    [InlineData("""{"a":{"b":{"c":[[["deep"]]]}},"d":"}]{[,:"}""")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("\"\"")]
    [InlineData("12.50")]
    public void Read_AnyShape_IsWhatADocumentSays(string json)
    {
        using var document = JsonDocument.Parse(json);
        Same(new JsonView(Encoding.UTF8.GetBytes(json)), document.RootElement);
    }

    [Fact]
    public void Read_BrokenJson_EndsWithoutThrowing()
    {
        var pieces = Gen.Elements("{", "}", "[", "]", "\"", "\\", ",", ":", "n", "null", "1", " ", "a", "\\u00", "\"a\":").ArrayOf().Select(string.Concat);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(pieces.ToArbitrary(), json => ReadAll(new JsonView(Encoding.UTF8.GetBytes(json)), 0)));
    }

    [Theory]
    [InlineData("\"\\ud83d\"", "\uFFFD")]
    [InlineData("\"\\ude00x\"", "\uFFFDx")]
    [InlineData("\"\\ud83dx\"", "\uFFFDx")]
    [InlineData("\"\\ud83d\\u0041\"", "\uFFFDA")]
    public void Text_LoneSurrogate_BecomesTheReplacementCharacter(string json, string text) =>
        new JsonView(Encoding.UTF8.GetBytes(json)).ToString().ShouldBe(text);

    private static void ReadAll(JsonView view, int depth)
    {
        _ = view.Text.Length;
        if (depth > 50)
        {
            return;
        }

        foreach (var property in view.Properties)
        {
            _ = property.Name.Length;
            ReadAll(property.Value, depth + 1);
        }

        if (view.IsArray)
        {
            foreach (var item in view.Items)
            {
                ReadAll(item, depth + 1);
            }
        }
    }

    private static void Same(JsonView view, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var properties = element.EnumerateObject().ToArray();
                var i = 0;
                foreach (var property in view.Properties)
                {
                    Encoding.UTF8.GetString(property.Name).ShouldBe(properties[i].Name);
                    Same(property.Value, properties[i++].Value);
                }

                i.ShouldBe(properties.Length);
                break;
            case JsonValueKind.Array:
                var items = element.EnumerateArray().ToArray();
                var n = 0;
                foreach (var item in view.Items)
                {
                    Same(item, items[n++]);
                }

                n.ShouldBe(items.Length);
                break;
            case JsonValueKind.String:
                view.ToString().ShouldBe(element.GetString());
                break;
            default:
                Encoding.UTF8.GetString(view.Raw).ShouldBe(element.GetRawText());
                break;
        }
    }
}
