using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;

namespace BetterCare.Care.Tests.Fhir.Search;

public sealed class DateTests
{
    private static string Observed(string date) => $$"""{"resourceType":"Observation","id":"o","effectiveDateTime":"{{date}}"}""";

    private static string Admitted(string period) => $$"""{"resourceType":"Encounter","id":"e","period":{{period}}}""";

    // The worked examples of R4 search.html, date.
    [Theory]
    [InlineData("eq2013-01-14", "2013-01-14T00:00", true)]
    [InlineData("eq2013-01-14", "2013-01-14T10:00", true)]
    [InlineData("eq2013-01-14", "2013-01-15T00:00", false)]
    [InlineData("ne2013-01-14", "2013-01-15T00:00", true)]
    [InlineData("ne2013-01-14", "2013-01-14T00:00", false)]
    [InlineData("ne2013-01-14", "2013-01-14T10:00", false)]
    [InlineData("lt2013-01-14T10:00", "2013-01-14", true)]
    [InlineData("gt2013-01-14T10:00", "2013-01-14", true)]
    [InlineData("ge2013-03-14", "2013-03-14", true)]
    [InlineData("ge2013-03-14", "2013-03-13", false)]
    [InlineData("le2013-03-14", "2013-03-14", true)]
    [InlineData("le2013-03-14", "2013-03-15", false)]
    [InlineData("sa2013-03-14", "2013-03-14", false)]
    [InlineData("sa2013-03-14", "2013-03-15", true)]
    [InlineData("eb2013-03-14", "2013-03-14", false)]
    [InlineData("eb2013-03-14", "2013-03-13", true)]
    public void Matches_WorkedExample_AsSpecified(string value, string date, bool found) =>
        $"date={value}".Finds(ResourceType.Observation, Observed(date)).ShouldBe(found);

    [Theory]
    [InlineData("2013", "2013-06", true)]
    [InlineData("2013-06", "2013", false)]
    [InlineData("ne2013-06", "2013", true)]
    [InlineData("gt2013", "2013-12-31", false)]
    [InlineData("gt2012", "2013", true)]
    [InlineData("lt2013", "2012-12-31T23:59:59Z", true)]
    [InlineData("lt2013", "2013", false)]
    [InlineData("2024-02-29", "2024-02-29T23:59:59.999Z", true)]
    [InlineData("2024-03-31", "2024-03-31T00:30:00+01:00", false)] // still the 30th in UTC
    [InlineData("2024-03-30", "2024-03-31T00:30:00+01:00", true)]
    [InlineData("2024-03-31T00:30:00%2B01:00", "2024-03-30T23:30:00Z", true)]
    [InlineData("2024-03-31T00:30:00+01:00", "2024-03-30T23:30:00Z", true)] // the plus came as a space
    [InlineData("2024-03-30T23:30:00.5Z", "2024-03-30T23:30:00.55Z", true)]
    [InlineData("2024-03-30T23:30:00.5Z", "2024-03-30T23:30:00.6Z", false)]
    [InlineData("9999", "9999-12-31", true)]
    [InlineData("0001", "0001-01-01T00:00:00+14:00", true)]
    [InlineData("ap2024-05-01", "2024-04-29", true)]
    [InlineData("ap2024-05-01", "2024-01-01", false)]
    [InlineData("2020,2021", "2021-05", true)]
    public void Matches_Precision_AsInterval(string value, string date, bool found) =>
        $"date={value}".Finds(ResourceType.Observation, Observed(date)).ShouldBe(found);

    [Theory]
    [InlineData("ge2024-01-01", """{"start":"2023-01-01"}""", true)] // open end: still going on
    [InlineData("sa2024-01-01", """{"start":"2023-01-01"}""", false)]
    [InlineData("lt2023-01-01", """{"end":"2023-06-01"}""", true)]
    [InlineData("eb2023-01-01", """{"end":"2022-12-31"}""", true)]
    [InlineData("2023", """{"start":"2023-02-01","end":"2023-12-31"}""", true)]
    [InlineData("2023", """{"start":"2023-02-01","end":"2024-01-01"}""", false)]
    [InlineData("gt2023-06-30", """{"start":"2023-06-01","end":"2023-07-01"}""", true)]
    [InlineData("lt2023-06-30", """{"start":"2023-06-01","end":"2023-07-01"}""", true)]
    [InlineData("2023", "{}", false)]
    public void Matches_Period_AsInterval(string value, string period, bool found) =>
        $"date={value}".Finds(ResourceType.Encounter, Admitted(period)).ShouldBe(found);

    // The official definition spells the type DateTime.
    [Fact]
    public void Matches_CodeValueDate_WorksDespiteItsDefinition() =>
        "code-value-date=1$ge2024".Finds(ResourceType.Observation, """{"resourceType":"Observation","code":{"coding":[{"code":"1"}]},"valueDateTime":"2024-02-01"}""").ShouldBeTrue();

    [Fact]
    public void Matches_Timing_UsesItsOuterLimits()
    {
        const string Request = """{"resourceType":"ServiceRequest","occurrenceTiming":{"repeat":{"boundsPeriod":{"start":"2013-01-31","end":"2013-03-24"},"frequency":1,"period":2,"periodUnit":"d"}}}""";

        "occurrence=ge2013-02-01&occurrence=le2013-02-01".Finds(ResourceType.ServiceRequest, Request).ShouldBeTrue();
        "occurrence=sa2013-03-24".Finds(ResourceType.ServiceRequest, Request).ShouldBeFalse();
    }

    [Theory]
    [InlineData("2024-02-30")]
    [InlineData("2024-13")]
    [InlineData("24-01-01")]
    [InlineData("2024-01-01T25:00")]
    [InlineData("2024-01-01T10")]
    [InlineData("2024-01-01T10:00:00.")]
    [InlineData("2024-01-01T10:00:00+25:00")]
    [InlineData("xx2024")]
    [InlineData("0000")]
    [InlineData("２０２４")]
    [InlineData("2024-1-1")]
    public void Parse_NoDate_IsRefusedWithoutEcho(string value)
    {
        var request = Given.Search(ResourceType.Observation, $"date={value}");

        var issue = request.Issues.ShouldHaveSingleItem();
        issue.IsError.ShouldBeTrue();
        issue.Expression.ShouldBe("http.date");
        issue.Text.ShouldNotContain(value);
    }

    [Fact]
    public void TryParse_LeapSecond_IsInTheNextMinute()
    {
        DateInterval.TryParse("2016-12-31T23:59:60Z", out var leap).ShouldBeTrue();

        leap.Start.ShouldBe(new DateTime(2017, 1, 1).Ticks);
    }
}
