using static BetterCare.Care.Tests.Fhir.Validation.Given;

namespace BetterCare.Care.Tests.Fhir.Validation;

/// <summary>The formats of all twenty primitives, each with values that fit and values that do not.</summary>
public sealed class PrimitiveTests
{
    public static TheoryData<string, string> Bad => new()
    {
        { "Base64Binary", "'abc'" },
        { "Base64Binary", "'ab=c'" },
        { "Base64Binary", "'a==='" },
        { "Base64Binary", "'ab_-'" },
        { "Base64Binary", "'===='" },
        { "Base64Binary", "1" },
        { "Boolean", "'true'" },
        { "Boolean", "1" },
        { "Boolean", "'TRUE'" },
        { "Canonical", "'http://example.org/a b'" },
        { "Canonical", "''" },
        { "Code", "' final'" },
        { "Code", "'final '" },
        { "Code", "'two  spaces'" },
        { "Code", "'a\\tb '" },
        { "Code", "7" },
        { "Date", "'2023-02-29'" },
        { "Date", "'1900-02-29'" },
        { "Date", "'2023-04-31'" },
        { "Date", "'2023-13'" },
        { "Date", "'2023-00-01'" },
        { "Date", "'2023-1-1'" },
        { "Date", "'0000'" },
        { "Date", "'23-01-01'" },
        { "Date", "'2023-01-01T00:00:00Z'" },
        { "Date", "'01/02/2023'" },
        { "Date", "20230101" },
        { "Date", "'2023-01-'" },
        { "DateTime", "'2023-01-01T10:00'" },
        { "DateTime", "'2023-01-01T10:00:00'" },
        { "DateTime", "'2023-01-01 10:00:00Z'" },
        { "DateTime", "'2023-01-01T24:00:00Z'" },
        { "DateTime", "'2023-01-01T10:60:00Z'" },
        { "DateTime", "'2023-01-01T10:00:61Z'" },
        { "DateTime", "'2023-01-01T10:00:00.Z'" },
        { "DateTime", "'2023-01-01T10:00:00+14:01'" },
        { "DateTime", "'2023-01-01T10:00:00+1:00'" },
        { "DateTime", "'2023-01-01T10:00:00z'" },
        { "DateTime", "'2023-01-01T10:00:00+15:00'" },
        { "DateTime", "'2023-02-30T10:00:00Z'" },
        { "Decimal", "'1.5'" },
        { "Decimal", "true" },
        { "Id", "'a_b'" },
        { "Id", "'a/b'" },
        { "Id", "'" + new string('a', 65) + "'" },
        { "Id", "'é'" },
        { "Instant", "'2023-01-01'" },
        { "Instant", "'2023-01-01T10:00:00'" },
        { "Instant", "'2023'" },
        { "Integer", "1.0" },
        { "Integer", "1e3" },
        { "Integer", "2147483648" },
        { "Integer", "-2147483649" },
        { "Integer", "'1'" },
        { "Markdown", "''" },
        { "Markdown", "'a\\u0000b'" },
        { "Oid", "'1.2.3'" },
        { "Oid", "'urn:oid:3.1'" },
        { "Oid", "'urn:oid:1.02'" },
        { "Oid", "'urn:oid:1..2'" },
        { "Oid", "'urn:oid:1.2.'" },
        { "Oid", "'urn:oid:1'" },
        { "PositiveInt", "0" },
        { "PositiveInt", "-1" },
        { "PositiveInt", "2147483648" },
        { "PositiveInt", "1.5" },
        { "String", "''" },
        { "String", "1" },
        { "String", "true" },
        { "String", "['a']" },
        { "String", "{'a':'b'}" },
        { "String", "'a\\u000bb'" },
        { "String", "'a\\fb'" },
        { "String", "'a\\u0000b'" },
        { "String", "'\\ud800'" },
        { "String", "'\\udc00\\ud800'" },
        { "String", "'\\ud83d x'" },
        { "Time", "'10:00'" },
        { "Time", "'24:00:00'" },
        { "Time", "'10:00:00Z'" },
        { "Time", "'10:00:00.'" },
        { "UnsignedInt", "-1" },
        { "UnsignedInt", "-0" },
        { "UnsignedInt", "0.0" },
        { "Uri", "'http://example.org/a b'" },
        { "Uri", "'http://example.org/a\\u0020b'" },
        { "Uri", "'http://example.org/a\\nb'" },
        { "Url", "'http://example.org/ '" },
        { "Url", "5" },
        { "Uuid", "'urn:uuid:C757873D-EC9A-4326-A141-556F43239520'" },
        { "Uuid", "'c757873d-ec9a-4326-a141-556f43239520'" },
        { "Uuid", "'urn:uuid:c757873d-ec9a-4326-a141-556f4323952'" },
        { "Uuid", "'urn:uuid:c757873dxec9a-4326-a141-556f43239520'" },
    };

    public static TheoryData<string, string> Good => new()
    {
        { "Base64Binary", "'YQ=='" },
        { "Base64Binary", "'YWI='" },
        { "Base64Binary", "'YWJj\\nYWJj '" },
        { "Boolean", "false" },
        { "Canonical", "'http://example.org/ValueSet/a|1.0'" },
        { "Code", "'two words'" },
        { "Date", "'2024-02-29'" },
        { "Date", "'2000-02-29'" },
        { "Date", "'0001'" },
        { "Date", "'9999-12-31'" },
        { "Date", "'2023-06'" },
        { "Date", "'20\\u0032\\u0033'" },
        { "DateTime", "'2023'" },
        { "DateTime", "'2023-01-01T10:00:00Z'" },
        { "DateTime", "'2023-01-01T23:59:60.123456789-13:59'" },
        { "DateTime", "'9999-12-31T23:59:60Z'" },
        { "DateTime", "'2023-01-01T10:00:00+14:00'" },
        { "Decimal", "1.50" },
        { "Decimal", "-0" },
        { "Decimal", "1e400" },
        { "Decimal", "123456789012345678901234567890.12345678901234567890123456789" },
        { "Id", "'A-1.b'" },
        { "Instant", "'2015-02-07T13:28:17.239+02:00'" },
        { "Integer", "-2147483648" },
        { "Integer", "-0" },
        { "Markdown", "'# a\\n\\n* b\\t\\u00a0c'" },
        { "Oid", "'urn:oid:2.16.840.1.113883.2.1.0'" },
        { "PositiveInt", "2147483647" },
        { "String", "' '" },
        { "String", "'no-break\u00a0space'" },
        { "String", "'\\ud83d\\ude00 \\u00e9 \\/'" },
        { "Time", "'23:59:60.5'" },
        { "UnsignedInt", "0" },
        { "Uri", "'urn:oid:1.2'" },
        { "Uri", "'naïve'" },
        { "Url", "'mailto:a@example.org'" },
        { "Uuid", "'urn:uuid:c757873d-ec9a-4326-a141-556f43239520'" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void Read_PrimitiveOfWrongForm_SaysWhereAndWhat(string type, string json)
    {
        var (valid, issues) = Read(Value(type, json));

        valid.ShouldBeFalse();
        issues.Count.ShouldBe(1, string.Join("; ", issues));
        issues[0].Expression.ShouldBe("Parameters.parameter[0].value");
        issues[0].Code.ShouldBeOneOf("value", "structure");
        issues[0].Text.ShouldStartWith("value ");
    }

    [Theory]
    [MemberData(nameof(Good))]
    public void Read_PrimitiveOfRightForm_IsValid(string type, string json)
    {
        var (valid, issues) = Read(Value(type, json));

        valid.ShouldBeTrue(string.Join("; ", issues));
    }

    [Fact]
    public void Read_StringOfOneMegabyte_IsTheLongestTaken()
    {
        var longest = new string('é', 1024 * 1024);

        Read(Value("String", $"'{longest}'")).Valid.ShouldBeTrue();
        Read(Value("String", $"'{longest}e'")).Issues.Single().Code.ShouldBe("too-long");
        Read(Value("Base64Binary", $"'{new string('a', 2_000_000)}'")).Valid.ShouldBeTrue();
    }
}
