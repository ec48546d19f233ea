using System.Text;
using System.Text.Json.Nodes;
using BetterCare.Care.Fhir.Patching;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Fhir.Patching;

public sealed class JsonPatchTests
{
    // RFC 6902 appendix A, by number. A null result is a refusal.
    [Theory]
    [InlineData("A.1 add a member", """{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux"}]""", """{"baz":"qux","foo":"bar"}""")]
    [InlineData("A.2 add an item", """{"foo":["bar","baz"]}""", """[{"op":"add","path":"/foo/1","value":"qux"}]""", """{"foo":["bar","qux","baz"]}""")]
    [InlineData("A.3 remove a member", """{"baz":"qux","foo":"bar"}""", """[{"op":"remove","path":"/baz"}]""", """{"foo":"bar"}""")]
    [InlineData("A.4 remove an item", """{"foo":["bar","qux","baz"]}""", """[{"op":"remove","path":"/foo/1"}]""", """{"foo":["bar","baz"]}""")]
    [InlineData("A.5 replace", """{"baz":"qux","foo":"bar"}""", """[{"op":"replace","path":"/baz","value":"boo"}]""", """{"baz":"boo","foo":"bar"}""")]
    [InlineData("A.6 move a value", """{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}""", """[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]""", """{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}""")]
    [InlineData("A.7 move an item", """{"foo":["all","grass","cows","eat"]}""", """[{"op":"move","from":"/foo/1","path":"/foo/3"}]""", """{"foo":["all","cows","eat","grass"]}""")]
    [InlineData("A.8 test, success", """{"baz":"qux","foo":["a",2,"c"]}""", """[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]""", """{"baz":"qux","foo":["a",2,"c"]}""")]
    [InlineData("A.9 test, error", """{"baz":"qux"}""", """[{"op":"test","path":"/baz","value":"bar"}]""", null)]
    [InlineData("A.10 add a nested object", """{"foo":"bar"}""", """[{"op":"add","path":"/child","value":{"grandchild":{}}}]""", """{"foo":"bar","child":{"grandchild":{}}}""")]
    [InlineData("A.11 ignore what is unknown", """{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux","xyz":123}]""", """{"foo":"bar","baz":"qux"}""")]
    [InlineData("A.12 add below nothing", """{"foo":"bar"}""", """[{"op":"add","path":"/baz/bat","value":"qux"}]""", null)]
    [InlineData("A.14 escapes", """{"/":9,"~1":10}""", """[{"op":"test","path":"/~01","value":10}]""", """{"/":9,"~1":10}""")]
    [InlineData("A.15 string is no number", """{"/":9,"~1":10}""", """[{"op":"test","path":"/~01","value":"10"}]""", null)]
    [InlineData("A.16 add an array", """{"foo":["bar"]}""", """[{"op":"add","path":"/foo/-","value":["abc","def"]}]""", """{"foo":["bar",["abc","def"]]}""")]
    [InlineData("copy", """{"a":{"b":1.50}}""", """[{"op":"copy","from":"/a","path":"/c"},{"op":"replace","path":"/c/b","value":2.0}]""", """{"a":{"b":1.50},"c":{"b":2.0}}""")]
    [InlineData("copy from nothing", """{"a":1}""", """[{"op":"copy","from":"/b","path":"/c"}]""", null)]
    [InlineData("move onto itself", """{"a":1}""", """[{"op":"move","from":"/a","path":"/a"}]""", """{"a":1}""")]
    [InlineData("replace the whole", """{"a":1}""", """[{"op":"replace","path":"","value":{"b":2}}]""", """{"b":2}""")]
    [InlineData("replace nothing", """{"a":1}""", """[{"op":"replace","path":"/b","value":1}]""", null)]
    [InlineData("remove nothing", """{"a":1}""", """[{"op":"remove","path":"/b"}]""", null)]
    [InlineData("add past the end", """{"a":[1]}""", """[{"op":"add","path":"/a/2","value":1}]""", null)]
    [InlineData("leading zero", """{"a":[1,2]}""", """[{"op":"remove","path":"/a/01"}]""", null)]
    [InlineData("null is a value", """{"a":null}""", """[{"op":"test","path":"/a","value":null},{"op":"replace","path":"/a","value":[]}]""", """{"a":[]}""")]
    [InlineData("numbers by value", """{"a":1.50}""", """[{"op":"test","path":"/a","value":1.5}]""", """{"a":1.50}""")]
    [InlineData("objects in any order", """{"a":{"x":1,"y":2}}""", """[{"op":"test","path":"/a","value":{"y":2,"x":1}}]""", """{"a":{"x":1,"y":2}}""")]
    public void Apply_Example_GivesItsResult(string example, string document, string patch, string? expected)
    {
        var operations = JsonPatch.Parse(Encoding.UTF8.GetBytes(patch), out var issues);
        issues.ShouldBeEmpty(example);

        var result = operations!.Apply(Encoding.UTF8.GetBytes(document), out var issue);

        if (expected is null)
        {
            result.ShouldBeNull(example);
            issue!.IsError.ShouldBeTrue(example);
        }
        else
        {
            issue.ShouldBeNull(example);
            JsonNode.DeepEquals(JsonNode.Parse(result!), JsonNode.Parse(expected)).ShouldBeTrue(example);
        }
    }

    [Fact]
    public void Apply_UntouchedAndGivenNumbers_KeepTheirDigits()
    {
        var patch = JsonPatch.Parse("""[{"op":"add","path":"/c","value":7.00},{"op":"copy","from":"/a","path":"/d"}]"""u8, out _)!;

        var result = patch.Apply("""{"a":1.50,"b":[0.10000000000000000000000000000001,1e2],"t":"naïve <b>"}"""u8, out _)!;

        Encoding.UTF8.GetString(result).ShouldBe("""{"a":1.50,"b":[0.10000000000000000000000000000001,1e2],"t":"naïve <b>","c":7.00,"d":1.50}""");
    }

    [Fact]
    public void Apply_SecondOperationFails_NamesItAndChangesNothing()
    {
        var patch = JsonPatch.Parse("""[{"op":"add","path":"/b","value":1},{"op":"test","path":"/a","value":"9434765919"}]"""u8, out _)!;

        patch.Apply("""{"a":"x"}"""u8, out var issue).ShouldBeNull();

        issue!.Expression.ShouldBe("[1]");
        issue.Code.ShouldBe("conflict");
        issue.Text.ShouldNotContain("9434765919");
    }

    [Fact]
    public void Apply_Anything_NeverThrows()
    {
        var pointer = Gen.Elements("", "/a", "/a/0", "/a/-", "/a/b", "/a/0/b", "/b", "/b/c/d", "/~0", "/~1", "/", "//", "/a/99999999999", "/a/-1");
        var value = Gen.Elements("1.50", "null", "[]", "{}", "\"x\"", "[1,{\"b\":2}]", "{\"b\":[]}");
        var operation = Gen.Elements("add", "remove", "replace", "move", "copy", "test").Zip(pointer).Zip(pointer).Zip(value)
            .Select(x => $$"""{"op":"{{x.Item1.Item1.Item1}}","path":"{{x.Item1.Item1.Item2}}","from":"{{x.Item1.Item2}}","value":{{x.Item2}} }""");
        var document = value.Select(v => $$"""{"a":{{v}},"b":{"c":{{v}} } }""");

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(operation.ArrayOf().ToArbitrary(), document.ToArbitrary(), (operations, json) =>
        {
            var patch = JsonPatch.Parse(Encoding.UTF8.GetBytes($"[{string.Join(',', operations)}]"), out var issues);
            (patch is null).ShouldBe(issues.Count > 0);
            if (patch?.Apply(Encoding.UTF8.GetBytes(json), out var issue) is { } result)
            {
                issue.ShouldBeNull();
                _ = JsonNode.Parse(result);
            }
        }));
    }

    [Theory]
    [InlineData("{", "$")]
    [InlineData("""{"op":"add"}""", "$")]
    [InlineData("[1]", "[0]")]
    [InlineData("""[{"op":"add","path":"/a","value":1},{"op":"append","path":"/a","value":1}]""", "[1]")]
    [InlineData("""[{"op":"add","path":"a","value":1}]""", "[0]")]
    [InlineData("""[{"op":"add","path":"/~2","value":1}]""", "[0]")]
    [InlineData("""[{"op":"add","path":"/a"}]""", "[0]")]
    [InlineData("""[{"op":"copy","path":"/a"}]""", "[0]")]
    [InlineData("""[{"op":"move","from":"/a","path":"/a/b"}]""", "[0]")]
    [InlineData("""[{"op":7,"path":"/a"}]""", "[0]")]
    [InlineData("""[{"op":"add","op":"remove","path":"/a"}]""", "$")] // RFC 6902 A.13
    public void Parse_BrokenPatch_SaysWhere(string patch, string where)
    {
        JsonPatch.Parse(Encoding.UTF8.GetBytes(patch), out var issues).ShouldBeNull();

        issues.ShouldHaveSingleItem().Expression.ShouldBe(where);
    }
}
