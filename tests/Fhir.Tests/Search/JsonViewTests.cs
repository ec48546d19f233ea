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

    // Strings full of quotes, brackets and backslashes, at every place in a block of 64 bytes.
    [Fact]
    public void TryGet_NamesInsideStringsAndBelow_AreNotMistaken()
    {
        var texts = Gen.Elements("\"", "\\", "{", "}", "[", "]", ",", ":", "wanted", "\"wanted\":1", "a", "é", "\n", "    ").ArrayOf().Select(string.Concat);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(texts.ToArbitrary(), texts.ToArbitrary(), Gen.Choose(0, 70).ToArbitrary(), (before, inside, spaces) =>
        {
            var indent = new string(' ', spaces);
            var (one, two) = (JsonSerializer.Serialize(before), JsonSerializer.Serialize(inside));
            var json = $"{{{indent}\"text\":{one},\"wanted2\":[{{\"wanted\":2}}],\"below\":{{\"wanted\":{two}}},{indent}\"wanted\" : {{\"x\":{two}}},\"last\":true}}";

            var view = new JsonView(Encoding.UTF8.GetBytes(json));

            view["wanted"u8]["x"u8].ToString().ShouldBe(inside);
            view["text"u8].ToString().ShouldBe(before);
            view["below"u8]["wanted"u8].ToString().ShouldBe(inside);
            Encoding.UTF8.GetString(view["last"u8].Raw).ShouldBe("true");
            view.TryGet("x"u8, out _).ShouldBeFalse();
        }));
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
        _ = view["a"u8].Raw.Length + view["null"u8].Raw.Length;
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
                    Same(property.Value, properties[i].Value);
                    Encoding.UTF8.GetString(view[property.Name].Raw).ShouldBe(properties[i].Value.ValueKind == JsonValueKind.Null ? "" : properties[i].Value.GetRawText());
                    i++;
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
