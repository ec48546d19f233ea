using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Fhir.Search;

public sealed class SearchRequestTests
{
    [Theory]
    [InlineData("colour=red", "http.colour", "not-supported")]
    [InlineData("code:in=http://x", "http.code:in", "not-supported")]
    [InlineData("code:not-in=http://x", "http.code:not-in", "not-supported")]
    [InlineData("code:above=1", "http.code:above", "not-supported")]
    [InlineData("code:below=1", "http.code:below", "not-supported")]
    [InlineData("code:text=x", "http.code:text", "not-supported")]
    [InlineData("code:exact=x", "http.code:exact", "not-supported")]
    [InlineData("code:of-type=a|b|c", "http.code:of-type", "not-supported")]
    [InlineData("code:missing=maybe", "http.code:missing", "value")]
    [InlineData("code=|", "http.code", "value")]
    [InlineData("code=a|b|c", "http.code", "value")]
    [InlineData("code=a,,b", "http.code", "value")]
    [InlineData("subject:Practitioner=1", "http.subject:Practitioner", "not-supported")]
    [InlineData("subject:Patient=Group/1", "http.subject:Patient", "value")]
    [InlineData("subject:Practitioner.name=x", "http.subject:Practitioner.name", "value")]
    [InlineData("subject.organization.name=x", "http.subject.organization.name", "not-supported")]
    [InlineData("code.name=x", "http.code.name", "not-supported")]
    [InlineData("patient.colour=x", "http.patient.colour", "not-supported")]
    [InlineData("patient.birthdate=x", "http.patient.birthdate", "value")]
    [InlineData("_has:Observation:nothing:code=1", "http._has:Observation:nothing:code", "not-supported")]
    [InlineData("_has:Observation:patient=1", "http._has:Observation:patient", "value")]
    [InlineData("_has:Provenance:target:patient.name=1", "http._has:Provenance:target:patient.name", "not-supported")]
    [InlineData("_text=x", "http._text", "not-supported")]
    [InlineData("_content=x", "http._content", "not-supported")]
    [InlineData("_filter=x", "http._filter", "not-supported")]
    [InlineData("_query=x", "http._query", "not-supported")]
    [InlineData("_list=x", "http._list", "not-supported")]
    [InlineData("_contained=true", "http._contained", "not-supported")]
    [InlineData("_include:iterate=Observation:subject", "http._include:iterate", "not-supported")]
    [InlineData("_include=Patient:organization", "http._include", "not-supported")]
    [InlineData("_include=Observation:code", "http._include", "not-supported")]
    [InlineData("_include=subject", "http._include", "value")]
    [InlineData("_revinclude=Encounter:diagnosis", "http._revinclude", "not-supported")]
    [InlineData("_sort=colour", "http._sort", "not-supported")]
    [InlineData("_sort=code-value-quantity", "http._sort", "not-supported")]
    [InlineData("_count=-1", "http._count", "value")]
    [InlineData("_count=ten", "http._count", "value")]
    [InlineData("_count=1&_count=2", "http._count", "value")]
    [InlineData("_total=some", "http._total", "value")]
    [InlineData("_summary=yes", "http._summary", "value")]
    [InlineData("_elements=colour", "http._elements", "value")]
    [InlineData("_format=xml", "http._format", "not-supported")]
    [InlineData("_cursor=abc", "http._cursor", "value")]
    public void Parse_WhatIsNotOffered_IsRefusedOrIgnored(string query, string where, string code)
    {
        var strict = Given.Search(ResourceType.Observation, query);
        var lenient = Given.Search(ResourceType.Observation, "status=final&" + query, lenient: true);

        strict.IsValid.ShouldBeFalse();
        var issue = strict.Issues.ShouldHaveSingleItem();
        (issue.Expression, issue.Code).ShouldBe((where, code));
        issue.Text.Length.ShouldBeGreaterThan(40);
        lenient.IsValid.ShouldBeTrue();
        lenient.Issues.ShouldHaveSingleItem().IsError.ShouldBeFalse();
        lenient.SelfQuery().ShouldBe(query.StartsWith("_count=1&", StringComparison.Ordinal) ? "status=final&_count=1" : "status=final");
    }

    [Fact]
    public void Parse_LocationNear_SaysWhy() =>
        Given.Search(ResourceType.Location, "near=1|2|3|km").Issues.ShouldHaveSingleItem().Text.ShouldContain("postalcode");

    [Fact]
    public void Parse_SeveralFaults_ReportsAll() =>
        Given.Search(ResourceType.Observation, "colour=red&date=never&_count=x").Issues.Select(i => i.Expression).ShouldBe(["http.colour", "http.date", "http._count"]);

    [Fact]
    public void Parse_TooMuch_IsRefused()
    {
        Given.Search(ResourceType.Observation, string.Join('&', Enumerable.Repeat("code=1", 101))).Issues.ShouldHaveSingleItem().Code.ShouldBe("too-costly");
        Given.Search(ResourceType.Observation, "code=" + string.Join(',', Enumerable.Repeat("1", 1001))).Issues.ShouldHaveSingleItem().Code.ShouldBe("too-costly");
    }

    [Theory]
    [InlineData("9434765919=1")]
    [InlineData("patient.9434765919=1")]
    [InlineData("name=9434765919")]
    [InlineData("date=9434765919")]
    [InlineData("_sort=9434765919")]
    [InlineData("_include=9434765919")]
    [InlineData("_elements=9434765919")]
    [InlineData("_format=9434765919")]
    [InlineData("code:9434765919=1")]
    [InlineData("_has:9434765919=1")]
    [InlineData("_include:9434765919=1")]
    public void Parse_Fault_NeverEchoesWhatMayBePersonal(string query)
    {
        var issue = Given.Search(ResourceType.Observation, query).Issues.ShouldHaveSingleItem();

        $"{issue.Text} {issue.Expression}".ShouldNotContain("9434765919");
    }

    [Fact]
    public void Parse_EverythingAtOnce_IsUnderstood()
    {
        var request = Given.Search(
            ResourceType.Observation,
            "?patient=Patient%2F1&code=http%3A%2F%2Floinc.org%7C8480-6,x&date=ge2020&date=lt2021&_sort=-date,code&_count=5000&_total=accurate&_summary=true&_include=Observation:subject&_revinclude=Provenance:target&_format=application/fhir+json&_pretty=true&status=");

        request.IsValid.ShouldBeTrue();
        request.Criteria.Select(c => c.Name).ShouldBe(["patient", "code", "date", "date"]);
        request.Count.ShouldBe(1000);
        request.Sort.ToString().ShouldBe("-date,code");
        request.Total.ShouldBe(TotalMode.Accurate);
        request.Summary.ShouldBe(SummaryMode.True);
        request.Pretty.ShouldBeTrue();
        request.Includes.ShouldHaveSingleItem().ToString().ShouldBe("Observation:subject");
        request.RevIncludes.ShouldHaveSingleItem().ToString().ShouldBe("Provenance:target");
    }

    [Fact]
    public void SelfQuery_ReadAgain_IsTheSame()
    {
        var request = Given.Search(ResourceType.Patient, @"name:contains=O'Brien %26 s\,on&identifier=a|b&_sort=-birthdate&_count=9999&_elements=name,birthDate&_has:Observation:patient:code=1&_include=Patient:general-practitioner:Organization");

        var self = request.SelfQuery();

        self.ShouldContain("_count=1000");
        Given.Search(ResourceType.Patient, self).SelfQuery().ShouldBe(self);
        Given.Search(ResourceType.Patient, self).Criteria.Select(c => (c.Name, c.Text)).ShouldBe(request.Criteria.Select(c => (c.Name, c.Text)));
    }

    [Fact]
    public void Parse_IncludeAll_FollowsEveryReference()
    {
        var request = Given.Search(ResourceType.Observation, "_include=Observation:*");

        request.Includes.Select(i => i.Parameter.Code).ShouldContain("performer");
        request.Includes.Count.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void Include_WithTarget_KeepsOnlyThatType()
    {
        var include = Given.Search(ResourceType.Observation, "_include=Observation:performer:Organization").Includes[0];
        var json = Given.Json("""{"resourceType":"Observation","performer":[{"reference":"Practitioner/1"},{"reference":"Organization/2"}]}""");

        include.Keys(json).ShouldBe(["Organization/2"]);
        include.RefersToAny(json, new HashSet<string> { "Organization/2" }).ShouldBeTrue();
        include.RefersToAny(json, new HashSet<string> { "Practitioner/1" }).ShouldBeFalse();
    }

    // Whatever a client sends is understood or refused, and what was understood can be asked of any resource.
    [Fact]
    public void Parse_Anything_NeverThrows()
    {
        var observation = Given.Json("""{"resourceType":"Observation","id":"o","effectiveDateTime":"2024-01-01","valueQuantity":{"value":1e99,"code":"x"},"code":{"coding":[{"code":"c"}]},"subject":{"reference":"Patient/1"}}""");
        string[] codes = [.. SearchParameters.For(ResourceType.Observation).All.Select(p => p.Code), "_has", "_sort", "_count", "_include", "_cursor", "_elements"];
        var name = Gen.Elements(codes).SelectMany(c => Gen.Elements("", ":not", ":missing", ":Patient", ":identifier", ".name", ":Patient.birthdate", ":", ".", ":Observation:subject:code").Select(m => c + m));
        var value = Gen.Elements("true", "1", "-1e5", "ge2024", "9999-12-31", "|", "$", ",", "\\", "a", "Patient/1", "http://x", "\ud800", "9", "..", "#", "_").ArrayOf().Select(string.Concat);

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5000), Prop.ForAll(name.ToArbitrary(), value.ToArbitrary(), (n, v) =>
        {
            var request = SearchRequest.Parse(ResourceType.Observation, [KeyValuePair.Create(n, v)], Given.Options);
            var results = new SubSearchResults();
            foreach (var search in request.SubSearches)
            {
                results.Complete(search);
            }

            _ = request.Matches(observation, results);
            _ = request.SelfQuery();
            _ = request.Sort.KeyOf(observation);
        }));
    }

    [Theory]
    [InlineData("_summary=count")]
    [InlineData("_count=0")]
    public void CountOnly_Asked_ShowsNothing(string query) => Given.Search(ResourceType.Patient, query).CountOnly.ShouldBeTrue();
}
