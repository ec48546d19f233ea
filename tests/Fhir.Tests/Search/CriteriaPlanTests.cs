using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;

namespace BetterCare.Care.Tests.Fhir.Search;

public sealed class CriteriaPlanTests
{
    private static CriteriaPlan Plan(ResourceType type, string query)
    {
        var request = Given.Search(type, query);
        request.Issues.ShouldBeEmpty();
        return request.Plan;
    }

    [Theory]
    [InlineData(ResourceType.Observation, "patient=1", new[] { "1" })]
    [InlineData(ResourceType.Observation, "subject=Patient/1", new[] { "1" })]
    [InlineData(ResourceType.Observation, "subject:Patient=1,2", new[] { "1", "2" })]
    [InlineData(ResourceType.Observation, "patient=1,2&subject=Patient/2", new[] { "2" })]
    [InlineData(ResourceType.Observation, "patient=https://care.example/fhir/Patient/1", new[] { "1" })]
    [InlineData(ResourceType.Task, "patient=1", new[] { "1" })]
    [InlineData(ResourceType.Patient, "_id=1,2", new[] { "1", "2" })]
    [InlineData(ResourceType.Observation, "subject=1", null)] // may be a Group
    [InlineData(ResourceType.Observation, "subject=Patient/1,Group/2", null)]
    [InlineData(ResourceType.Observation, "patient=https://elsewhere/Patient/1", null)]
    [InlineData(ResourceType.Observation, "performer=Patient/1", null)] // the subject may be another
    [InlineData(ResourceType.Observation, "patient:missing=false", null)]
    [InlineData(ResourceType.Observation, "patient:identifier=x|1", null)]
    [InlineData(ResourceType.Appointment, "patient=1", null)] // one of several participants
    [InlineData(ResourceType.Observation, "code=1", null)]
    public void Patients_OfSearch_AreWhomEveryMatchIsAbout(ResourceType type, string query, string[]? expected) =>
        Plan(type, query).Patients.ShouldBe(expected);

    [Fact]
    public void Compartments_OfParticipants_Narrow()
    {
        Plan(ResourceType.Appointment, "patient=1").Compartments.ShouldBe(["1"]);
        Plan(ResourceType.Observation, "performer=Patient/1").Compartments.ShouldBe(["1"]);
        Plan(ResourceType.Observation, "patient=1").Compartments.ShouldBe(["1"]);
    }

    [Fact]
    public void Plan_OfIndexedParameters_SaysThem()
    {
        var plan = Plan(ResourceType.Observation, "code=http://loinc.org|1,2&date=ge2020-01-01&date=lt2021-01-01&_lastUpdated=gt2024&identifier=s|v&_id=a");

        plan.Codes.ShouldBe([new IndexedToken("http://loinc.org", "1"), new IndexedToken(null, "2")]);
        plan.Identifiers.ShouldBe([new IndexedToken("s", "v")]);
        plan.Ids.ShouldBe(["a"]);
        plan.Date.ShouldBe(DateBounds.None with { EndAfter = new DateTime(2020, 1, 1).Ticks, StartBefore = new DateTime(2021, 1, 1).Ticks });
        plan.LastUpdated.ShouldBe(DateBounds.None with { EndAfter = new DateTime(2025, 1, 1).Ticks });
        plan.WouldScan.ShouldBeFalse();
    }

    [Theory]
    [InlineData(ResourceType.Observation, "status=final")]
    [InlineData(ResourceType.Observation, "code:not=1")]
    [InlineData(ResourceType.Observation, "date=2020")]
    [InlineData(ResourceType.Observation, "code=http://loinc.org|")]
    [InlineData(ResourceType.Observation, "_lastUpdated=ne2020")]
    [InlineData(ResourceType.Patient, "name=smith")]
    [InlineData(ResourceType.Patient, "")]
    public void WouldScan_NothingIndexed_IsTrue(ResourceType type, string query) => Plan(type, query).WouldScan.ShouldBeTrue();

    [Fact]
    public void PatientSearches_ChainsAndHas_NarrowPatients()
    {
        var chain = Plan(ResourceType.Observation, "patient.identifier=https://fhir.nhs.uk/Id/nhs-number|1").PatientSearches.ShouldHaveSingleItem();

        chain.Plan.Identifiers.ShouldBe([new IndexedToken("https://fhir.nhs.uk/Id/nhs-number", "1")]);
        Plan(ResourceType.Patient, "_has:Condition:subject:code=1").PatientSearches.ShouldHaveSingleItem().Plan.Codes!.Count.ShouldBe(1);
        Plan(ResourceType.Observation, "patient.gender=male").PatientSearches.ShouldHaveSingleItem().Plan.WouldScan.ShouldBeTrue();
    }

    [Fact]
    public void References_OfPractice_AreKeysOrIdentifiers()
    {
        var byKey = Plan(ResourceType.Patient, "general-practitioner=Organization/A83003,Organization/B1").References.ShouldHaveSingleItem();
        var byIdentifier = Plan(ResourceType.Patient, "organization:identifier=https://fhir.nhs.uk/Id/ods-organization-code|A83003").References.ShouldHaveSingleItem();

        (byKey.Parameter.Code, byKey.Identifiers.Count).ShouldBe(("general-practitioner", 0));
        byKey.Keys.ShouldBe(["Organization/A83003", "Organization/B1"]);
        byIdentifier.Identifiers.ShouldBe([new IndexedToken("https://fhir.nhs.uk/Id/ods-organization-code", "A83003")]);
        Plan(ResourceType.Patient, "organization=A83003").References.ShouldHaveSingleItem().Keys.ShouldBe(["Organization/A83003"]);
        Plan(ResourceType.Patient, "general-practitioner=A83003&organization:missing=true&name=x").References.ShouldBeEmpty();
    }

    [Fact]
    public void Extract_Observation_GivesIndexValues()
    {
        var values = IndexValues.Extract(ResourceType.Observation, """
            {"resourceType":"Observation","identifier":[{"system":"s","value":"v"},{"value":"w"}],
             "code":{"coding":[{"system":"http://loinc.org","code":"1"},{"code":"2"},{"display":"none"}]},
             "effectivePeriod":{"start":"2020-01-01","end":"2020-01-02"}}
            """u8);

        values.Identifiers.ShouldBe([new IndexedToken("s", "v"), new IndexedToken("", "w")]);
        values.Codes.ShouldBe([new IndexedToken("http://loinc.org", "1"), new IndexedToken("", "2")]);
        values.Date.ShouldBe(new DateInterval(new DateTime(2020, 1, 1).Ticks, new DateTime(2020, 1, 3).Ticks));
        IndexValues.Extract(ResourceType.Observation, """{"resourceType":"Observation"}"""u8).Date.ShouldBeNull();
    }

    // Whatever a plan leaves out must not match: checked for every date prefix on real dates.
    [Fact]
    public void Date_AnyPrefix_AdmitsEveryMatch()
    {
        string[] dates = ["2019", "2019-06", "2020", "2020-02-29", "2020-02-29T10:00:00Z", "2021-01", "2022"];
        string[] prefixes = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];
        foreach (var query in from p in prefixes from d in dates from other in dates select $"date={p}{d},{other}")
        {
            var request = Given.Search(ResourceType.Observation, query);
            foreach (var date in dates)
            {
                var json = Given.Json($$"""{"resourceType":"Observation","effectiveDateTime":"{{date}}"}""");
                if (request.Matches(json))
                {
                    (request.Plan.Date ?? DateBounds.None).Admits(IndexValues.Extract(ResourceType.Observation, json).Date!.Value).ShouldBeTrue($"{query} {date}");
                }
            }
        }
    }

    [Fact]
    public void Owner_OfResource_IsWhomItIsAbout()
    {
        var json = Given.Json("""{"resourceType":"Observation","subject":{"reference":"Patient/1"},"performer":[{"reference":"Patient/2"}]}""");

        PatientCompartment.Owner(ResourceType.Observation, json).ShouldBe("1");
        PatientCompartment.Patients(ResourceType.Observation, json).ShouldBe(["1", "2"]);
        PatientCompartment.Owner(ResourceType.Patient, """{"resourceType":"Patient","id":"9"}"""u8).ShouldBe("9");
        PatientCompartment.Owner(ResourceType.Organization, """{"resourceType":"Organization","id":"9"}"""u8).ShouldBeNull();
        PatientCompartment.Owner(ResourceType.Task, """{"resourceType":"Task","for":{"reference":"Patient/3"}}"""u8).ShouldBe("3");
    }
}
