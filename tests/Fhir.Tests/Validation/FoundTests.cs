using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Tests.Fhir.Validation;

/// <summary>What the reader hands to a server besides issues: where things are.</summary>
public sealed class FoundTests
{
    private readonly ResourceReader _reader = new();
    private byte[] _json = [];

    [Theory]
    [InlineData("{'resourceType':'Patient','id':'1','active':true}", "'id':'1'")]
    [InlineData("{ 'id' :\n '1' , 'resourceType' : 'Patient' , 'active' : true }", "'id' :\n '1'")]
    [InlineData("{'active':true,'\\u0069d':'1','resourceType':'Patient'}", "'\\u0069d':'1'")]
    public void Read_ResourceWithId_SaysWhere(string json, string property)
    {
        Read(json).ShouldBeTrue();

        Text(_reader.Id).ShouldBe("1");
        Text(_reader.IdProperty).ShouldBe(property.Replace('\'', '"'));
        _reader.Type.ShouldBe(ResourceType.Patient);
    }

    [Theory]
    [InlineData("{'resourceType':'Patient','id':'1'}")]
    [InlineData("{'resourceType':'Patient'}")]
    [InlineData("{ 'resourceType' : 'Patient' }")]
    [InlineData("{ 'resourceType' : 'Patient' , 'active':true }")]
    [InlineData("{'id':'1','resourceType':'Patient'}")]
    [InlineData("{'id':'1','resourceType':'Patient','active':true}")]
    public void InsertAt_AnyOrderOfProperties_TakesAProperty(string json)
    {
        Read(json).ShouldBeTrue();
        var at = _reader.InsertAt;

        Read(Encoding.UTF8.GetString(_json[..at]) + "'meta':{'source':'urn:x'}," + Encoding.UTF8.GetString(_json[at..])).ShouldBeTrue();

        Text(_reader.Meta).ShouldBe("{\"source\":\"urn:x\"}");
        Text(_reader.MetaSource).ShouldBe("urn:x");
    }

    [Fact]
    public void Read_MetaOfContained_IsNotTheResources()
    {
        Read("{'resourceType':'Observation','contained':[{'resourceType':'Patient','id':'p','meta':{'source':'urn:inner'}}],'meta':{'versionId':'3','source':'urn:outer','lastUpdated':'2024-01-01T00:00:00Z'},"
            + "'subject':{'reference':'#p'},'status':'final','code':{'text':'a'},'valueString':'a','component':[{'code':{'text':'a','extension':[{'url':'x','valueMeta':{'source':'urn:extension'}}]}}]}").ShouldBeTrue();

        Text(_reader.MetaSource).ShouldBe("urn:outer");
        Text(_reader.MetaVersionId).ShouldBe("3");
        Text(_reader.Resource.MetaLastUpdated).ShouldBe("2024-01-01T00:00:00Z");
    }

    [Theory]
    [InlineData("Patient/1", ReferenceForm.Relative, ResourceType.Patient, "1")]
    [InlineData("Patient/1/_history/2", ReferenceForm.Relative, ResourceType.Patient, "1")]
    [InlineData("https://x.org/fhir/Patient/1", ReferenceForm.Absolute, ResourceType.Patient, "1")]
    [InlineData("http://x.org/Patient/1/_history/2", ReferenceForm.Absolute, ResourceType.Patient, "1")]
    [InlineData("https://x.org/something", ReferenceForm.Other, ResourceType.None, "")]
    [InlineData("https://x.org/Patient/1?a=b", ReferenceForm.Other, ResourceType.None, "")]
    [InlineData("urn:uuid:c757873d-ec9a-4326-a141-556f43239520", ReferenceForm.UrnUuid, ResourceType.None, "")]
    [InlineData("urn:oid:1.2.3", ReferenceForm.UrnOid, ResourceType.None, "")]
    [InlineData("Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9434765919", ReferenceForm.Conditional, ResourceType.Patient, "")]
    public void Read_Reference_IsTakenApart(string text, ReferenceForm form, ResourceType target, string id)
    {
        Read("{'resourceType':'Encounter','status':'finished','class':{'code':'IMP'},'subject':{'reference':'" + text + "'}}").ShouldBeTrue();

        var found = _reader.References[0];
        _reader.References.Length.ShouldBe(1);
        Text(found.Text).ShouldBe(text);
        found.Form.ShouldBe(form);
        found.Target.ShouldBe(target);
        Text(found.TargetId).ShouldBe(id);
        found.Entry.ShouldBe(-1);
        found.Contained.ShouldBeFalse();
        ResourceReader.ElementPath(found.Element).ShouldBe("Encounter.subject");
    }

    [Fact]
    public void Read_ReferencesAnywhere_AreNamedByTheirElement()
    {
        Read("{'resourceType':'Encounter','status':'finished','class':{'code':'IMP'},'contained':[{'resourceType':'Patient','id':'p','managingOrganization':{'reference':'Organization/1'}}],"
            + "'subject':{'reference':'#p'},'participant':[{'individual':{'reference':'Practitioner\\/2'}}],'extension':[{'url':'http://x.org','valueReference':{'reference':'Device/3'}}]}").ShouldBeTrue();

        var found = _reader.References.ToArray();
        found.Select(r => ResourceReader.ElementPath(r.Element)).ShouldBe(["Patient.managingOrganization", "Encounter.subject", "Encounter.participant.individual", "Extension.value"]);
        found.Select(r => r.Contained).ShouldBe([true, false, false, false]);
        found.Select(r => r.Escaped).ShouldBe([false, false, true, false]);
        found.Select(r => r.Target).ShouldBe([ResourceType.Organization, ResourceType.None, ResourceType.Practitioner, ResourceType.Device]);
        found[1].Form.ShouldBe(ReferenceForm.Fragment);
    }

    [Fact]
    public void Read_Identifiers_TellTheResourcesOwn()
    {
        Read("{'resourceType':'Patient','identifier':[{'system':'http://a.org','value':'1'},{'value':'2'}],'managingOrganization':{'identifier':{'system':'http://b.org','value':'3'}},"
            + "'contained':[{'resourceType':'Organization','id':'o','identifier':[{'value':'4'}]}],'generalPractitioner':[{'reference':'#o'}]}").ShouldBeTrue();

        var found = _reader.Identifiers.ToArray();
        found.Select(i => Text(i.Value)).ShouldBe(["1", "2", "3", "4"]);
        found.Select(i => Text(i.System)).ShouldBe(["http://a.org", "", "http://b.org", ""]);
        found.Select(i => i.TopLevel).ShouldBe([true, true, false, false]);
    }

    [Fact]
    public void Read_Transaction_TellsItsEntries()
    {
        Read("{'resourceType':'Bundle','type':'transaction','entry':["
            + "{'fullUrl':'urn:uuid:c757873d-ec9a-4326-a141-556f43239520','resource':{'resourceType':'Patient','identifier':[{'value':'9'}],'birthDate':'x'},'request':{'method':'POST','url':'Patient','ifNoneExist':'identifier=9'}},"
            + "{'request':{'url':'Patient/2','method':'DELETE','ifMatch':'W/1','ifNoneMatch':'W/2','ifModifiedSince':'2024-01-01T00:00:00Z'}},"
            + "{'resource':{'id':'o','meta':{'versionId':'7'},'resourceType':'Observation','status':'final','code':{'text':'a'},'subject':{'reference':'urn:uuid:c757873d-ec9a-4326-a141-556f43239520'}},'request':{'method':'PUT','url':'Observation/o'}}]}").ShouldBeFalse();

        var entries = _reader.Entries.ToArray();
        entries.Select(e => Text(e.Method)).ShouldBe(["POST", "DELETE", "PUT"]);
        entries.Select(e => Text(e.Url)).ShouldBe(["Patient", "Patient/2", "Observation/o"]);
        entries.Select(e => e.Resource.Type).ShouldBe([ResourceType.Patient, ResourceType.None, ResourceType.Observation]);
        entries.Select(e => e.HasErrors).ShouldBe([true, false, false]);
        Text(entries[0].FullUrl).ShouldBe("urn:uuid:c757873d-ec9a-4326-a141-556f43239520");
        Text(entries[0].IfNoneExist).ShouldBe("identifier=9");
        Text(entries[0].Resource.Text).ShouldStartWith("{\"resourceType\":\"Patient\"");
        (Text(entries[1].IfMatch), Text(entries[1].IfNoneMatch), Text(entries[1].IfModifiedSince)).ShouldBe(("W/1", "W/2", "2024-01-01T00:00:00Z"));
        (Text(entries[2].Resource.Id), Text(entries[2].Resource.MetaVersionId)).ShouldBe(("o", "7"));
        _json[entries[2].Resource.InsertAt..].AsSpan().StartsWith("\"status\""u8).ShouldBeTrue();
        _reader.References[entries[2].References].ToArray().Single().Entry.ShouldBe(2);
        _reader.Identifiers[entries[0].Identifiers].ToArray().Single().TopLevel.ShouldBeTrue();
        entries.Select(e => e.Index).ShouldBe([0, 1, 2]);
        _reader.IssueEntries.ShouldBe([0]);
    }

    [Fact]
    public void Read_EveryType_IsKnown()
    {
        foreach (var type in Enum.GetValues<ResourceType>().Where(t => t != ResourceType.None))
        {
            Read($"{{'resourceType':'{type}','language':'en'}}");

            _reader.Type.ShouldBe(type);
            _reader.Issues.ShouldAllBe(i => i.Code == "required" || i.Code == "invariant");
        }
    }

    [Fact]
    public void Read_ManyThreads_ShareTheDefinitions()
    {
        var types = Enum.GetValues<ResourceType>().Where(t => t != ResourceType.None).ToArray();
        var jsons = types.Select(t => Given.Json($"{{'resourceType':'{t}','language':'en','extension':[{{'url':'http://x.org','valuePeriod':{{'start':'2024'}}}}]}}")).ToArray();

        var answers = Enumerable.Range(0, 8).AsParallel().WithDegreeOfParallelism(8).Select(_ =>
        {
            var reader = new ResourceReader();
            return string.Join('\n', jsons.SelectMany(j =>
            {
                reader.Read(j);
                return reader.Issues.Select(i => i.ToString());
            }));
        }).ToList();

        answers.Distinct(StringComparer.Ordinal).Count().ShouldBe(1);
    }

    [Theory]
    [InlineData("Address Age Annotation Attachment CodeableConcept Coding ContactPoint Count Distance Duration HumanName Identifier Money Period Quantity Range Ratio")]
    [InlineData("Reference SampledData Signature Timing ContactDetail Contributor DataRequirement Expression ParameterDefinition RelatedArtifact TriggerDefinition UsageContext Dosage Meta")]
    public void Read_EveryDataType_IsKnown(string types)
    {
        foreach (var type in types.Split(' '))
        {
            Read(Given.Value(type, "{'extension':[{'url':'http://x.org','valueCode':'a'}]}"));

            _reader.Issues.ShouldAllBe(i => i.Code == "required" || i.Code == "invariant");
        }
    }

    [Fact]
    public void Read_ExpectedTypeDiffers_IsRefused()
    {
        _reader.Read("""{"resourceType":"Patient"}"""u8, new ReaderOptions { ExpectedType = ResourceType.Observation }).ShouldBeFalse();

        _reader.Issues.Single().Text.ShouldContain("Observation");
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(201, false)]
    public void Read_Depth_IsLimited(int depth, bool valid)
    {
        // Patient, extension array, extension, … : two levels each.
        var levels = (depth - 1) / 2;
        var odd = depth % 2 == 0;
        var json = "{'resourceType':'Patient'," + string.Concat(Enumerable.Repeat("'extension':[{'url':'http://x.org',", levels))
            + (odd ? "'valueCoding':{'code':'a'}" : "'valueCode':'a'") + string.Concat(Enumerable.Repeat("}]", levels)) + "}";

        Read(json).ShouldBe(valid);

        (valid || _reader.Issues.Single().Text.Contains("deeper than 200", StringComparison.Ordinal)).ShouldBeTrue();
    }

    [Fact]
    public void Read_BundlesInBundlesThatNameTheirTypeLast_AreNotReadForEver()
    {
        const int Levels = 60;
        var json = string.Concat(Enumerable.Repeat("{'type':'collection','entry':[{'resource':", Levels)) + "{'resourceType':'Patient'}" + string.Concat(Enumerable.Repeat("}],'resourceType':'Bundle'}", Levels));

        Read(json).ShouldBeFalse();

        _reader.Issues.Single().Text.ShouldContain("comes too late");
    }

    [Fact]
    public void Read_MoreIssuesThanAsked_SaysSo()
    {
        _reader.Read(Given.Json("{'resourceType':'Patient','a':1,'b':2,'c':3}"), new ReaderOptions { MaxIssues = 2 }).ShouldBeFalse();

        _reader.Issues.Select(i => i.Severity).ShouldBe([IssueSeverity.Error, IssueSeverity.Error, IssueSeverity.Information]);
    }

    [Fact]
    public void Read_ManyContained_AreMatchedById()
    {
        var contained = string.Join(',', Enumerable.Range(0, 40).Select(i => $"{{'resourceType':'Practitioner','id':'p{i}'}}"));
        var performers = string.Join(',', Enumerable.Range(0, 39).Append(99).Select(i => $"{{'reference':'#p{i}'}}"));

        Read(Given.Observation($"'contained':[{contained}],'performer':[{performers}]")).ShouldBeFalse();

        _reader.Issues.Select(i => (i.Key, i.Expression)).ShouldBe([("ref-1", "Observation.performer[39].reference"), ("dom-3", "Observation.contained[39]")]);
    }

    [Fact]
    public void Read_InvalidUtf8_IsRefused()
    {
        byte[] json = [.. "{\"resourceType\":\"Patient\",\"language\":\""u8, 0xC3, 0x28, .. "\"}"u8];

        _reader.Read(json).ShouldBeFalse();

        _reader.Issues.Single().Text.ShouldContain("UTF-8");
    }

    private bool Read(string json) => _reader.Read(_json = Given.Json(json));

    private string Text(TextRange range) => Encoding.UTF8.GetString(range.Of(_json));
}
