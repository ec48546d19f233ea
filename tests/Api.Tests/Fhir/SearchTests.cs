
namespace BetterCare.Care.Tests.Api.Fhir;

public abstract class SearchTests(CareApp app)
{
    [Fact]
    public async Task Search_OfOnePerson_FindsOnlyTheirs()
    {
        var (one, other) = (await app.GivenPatientAsync(), await app.GivenPatientAsync());
        var mine = (await app.PostAsync("Observation", CareApp.Observation(one))).Id;
        await app.PostAsync("Observation", CareApp.Observation(one, code: "75367002"));
        await app.PostAsync("Observation", CareApp.Observation(other));

        var found = await app.GetAsync($"Observation?patient={one}&code=http://snomed.info/sct|27113001&date=ge2025-01-01");

        found.Ids().ShouldBe([mine]);
        ((int)found.Json["total"]!).ShouldBe(1);
        found.Link("self")!.ShouldContain("code=");
        (await app.GetAsync($"Observation?subject=Patient/{one}")).Ids().Length.ShouldBe(2);
        (await app.GetAsync($"Observation?patient={one}&_summary=count")).Json["entry"].ShouldBeNull();
    }

    [Theory]
    [InlineData("2024-03-01", "eq2024-03-01", true)]
    [InlineData("2024-03-01", "ge2024-03-01", true)]
    [InlineData("2024-03-01", "gt2024-03-01", false)]
    [InlineData("2024-03-01T23:30:00-05:00", "2024-03-02", true)]
    [InlineData("2024-03-01T23:30:00-05:00", "lt2024-03-01", false)]
    [InlineData("2024", "ge2024-06-01", true)]
    [InlineData("2024", "eq2024-06-01", false)]
    [InlineData("2024", "2024", true)]
    public async Task Search_AcrossPeople_ByCodeAndDate(string date, string asked, bool expected)
    {
        var number = await app.GivenPatientAsync();
        var code = $"{Math.Abs(HashCode.Combine(date, asked))}";
        var id = (await app.PostAsync("Observation", CareApp.Observation(number, code, date))).Id;

        var found = await app.GetAsync($"Observation?code=http://snomed.info/sct|{code}&date={asked}");

        found.Status.ShouldBe(200, found.Text);
        found.Ids().ShouldBe(expected ? [id] : []);
        (await app.GetAsync($"Observation?code={code}")).Ids().ShouldBe([id]);
        (await app.GetAsync($"Observation?code=urn:other|{code}")).Ids().ShouldBeEmpty();
    }

    [Fact]
    public async Task Search_AcrossPeople_FindsLongPeriodsToo()
    {
        var number = await app.GivenPatientAsync();
        var json = CareApp.Observation(number, "909001", "2020-01-01").Replace("\"effectiveDateTime\":\"2020-01-01\"", "\"effectivePeriod\":{\"start\":\"2020-01-01\"}", StringComparison.Ordinal);
        var id = (await app.PostAsync("Observation", json)).Id;

        (await app.GetAsync("Observation?code=909001&date=ge2025-01-01")).Ids().ShouldBe([id]);
    }

    [Fact]
    public async Task Search_ChangedAndDeleted_AreFoundAsTheyAre()
    {
        var number = await app.GivenPatientAsync();
        var id = (await app.PostAsync("Observation", CareApp.Observation(number, "777001"))).Id;
        var changed = CareApp.Observation(number, "777002").Replace("\"status\"", $"\"id\":\"{id}\",\"status\"", StringComparison.Ordinal);
        (await app.PutAsync($"Observation/{id}", changed)).Version.ShouldBe(2);

        (await app.GetAsync("Observation?code=777001")).Ids().ShouldBeEmpty();
        (await app.GetAsync("Observation?code=777002")).Ids().ShouldBe([id]);
        await app.SendAsync(HttpMethod.Delete, $"Observation/{id}", null);
        (await app.GetAsync("Observation?code=777002")).Ids().ShouldBeEmpty();
        (await app.GetAsync($"Observation?patient={number}")).Ids().ShouldBeEmpty();
        (await app.GetAsync($"Observation?_id={id}")).Ids().ShouldBeEmpty();
    }

    [Fact]
    public async Task Search_ThatWouldScan_SaysWhatWouldDo()
    {
        foreach (var query in new[] { "Observation?status=final", "Patient?gender=female", "Condition?clinical-status=active", "Observation?value-quantity=gt5" })
        {
            var refused = await app.GetAsync(query);
            refused.Status.ShouldBe(400, query);
            refused.Issues.ShouldBe(["too-costly"]);
            refused.Text.ShouldContain("Give one of");
        }
    }

    [Fact]
    public async Task Search_UnknownParameter_IsRefusedOrIgnored()
    {
        var number = await app.GivenPatientAsync();

        (await app.GetAsync($"Observation?patient={number}&colour=red")).Status.ShouldBe(400);
        var lenient = await app.GetAsync($"Observation?patient={number}&colour=red", ("Prefer", "handling=lenient"));
        lenient.Status.ShouldBe(200);
        lenient.Link("self")!.ShouldNotContain("colour");
        lenient.Text.ShouldContain("\"mode\":\"outcome\"");
        (await app.GetAsync("Nothing?x=1")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Search_People_ByNumberNameBirthAndPractice()
    {
        var number = await app.GivenPatientAsync("O’Hará-Smythe", "Ada", "1941-03-02", "\"generalPractitioner\":[{\"reference\":\"Organization/Y12345\"}],");
        await app.GivenPatientAsync("Other", "Bob", "1941-03-02");

        (await app.GetAsync($"Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|{number}")).Ids().ShouldBe([number]);
        (await app.GetAsync($"Patient?identifier={number}")).Ids().ShouldBe([number]);
        (await app.GetAsync("Patient?family=o'hara&birthdate=1941-03-02")).Ids().ShouldBe([number]);
        (await app.GetAsync("Patient?given=ada&birthdate=1941-03-02")).Ids().ShouldContain(number);
        (await app.GetAsync("Patient?family=O’Hará")).Ids().ShouldContain(number);
        (await app.GetAsync("Patient?family:exact=Other&gender=female")).Ids().Length.ShouldBe(1);
        (await app.GetAsync("Patient?birthdate=1941&gender=male")).Ids().ShouldBeEmpty();
        (await app.GetAsync($"Patient?_id={number},0000000000")).Ids().ShouldBe([number]);
    }

    [Fact]
    public async Task Search_People_OfAPractice()
    {
        await app.PutAsync("Organization/Y00777", """{"resourceType":"Organization","id":"Y00777","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"Y00777"}],"name":"A practice"}""");
        var number = await app.GivenPatientAsync(extra: "\"generalPractitioner\":[{\"reference\":\"Organization/Y00777\"}],");
        await app.GivenPatientAsync();

        var found = await app.GetAsync("Patient?general-practitioner=Organization/Y00777&gender=female");

        found.Status.ShouldBe(200, found.Text);
        found.Ids().ShouldBe([number]);
    }

    [Fact]
    public async Task Search_ByForm_IsTheSameSearch()
    {
        var number = await app.GivenPatientAsync();
        var id = (await app.PostAsync("Observation", CareApp.Observation(number))).Id;

        (await app.PostAsync("Observation/_search?code=27113001", $"patient={number}", ("Content-Type", "application/x-www-form-urlencoded"))).Ids().ShouldBe([id]);
        (await app.PostAsync("Observation/_search", "{}")).Status.ShouldBe(415);
    }

    [Fact]
    public async Task Search_ChainsAndHas_FollowOneLink()
    {
        var number = await app.GivenPatientAsync("Chainworth", born: "1950-01-09");
        var id = (await app.PostAsync("Observation", CareApp.Observation(number, "880001"))).Id;

        (await app.GetAsync($"Observation?patient.identifier={number}")).Ids().ShouldBe([id]);
        (await app.GetAsync("Observation?subject:Patient.family=chainworth")).Ids().ShouldBe([id]);
        (await app.GetAsync("Patient?_has:Observation:patient:code=880001")).Ids().ShouldBe([number]);
        (await app.GetAsync("Patient?_has:Observation:patient:code=880009")).Ids().ShouldBeEmpty();
        (await app.GetAsync("Observation?patient.gender=female")).Issues.ShouldBe(["too-costly"]);
    }

    [Fact]
    public async Task Search_Includes_BringWhatBelongsToTheResults()
    {
        var number = await app.GivenPatientAsync();
        await app.PutAsync("Practitioner/inc", """{"resourceType":"Practitioner","id":"inc","active":true}""");
        var id = (await app.PostAsync("Observation", CareApp.Observation(number, extra: "\"performer\":[{\"reference\":\"Practitioner/inc\"}],"))).Id;

        var forward = await app.GetAsync($"Observation?patient={number}&_include=Observation:subject&_include=Observation:performer");
        forward.Ids().ShouldBe([id]);
        forward.Ids("include").ShouldBe([number, "inc"], ignoreOrder: true);
        var reverse = await app.GetAsync($"Patient?_id={number}&_revinclude=Observation:subject");
        reverse.Ids().ShouldBe([number]);
        reverse.Ids("include").ShouldBe([id]);
        (await app.GetAsync($"Patient?_id={number}&_revinclude:iterate=Observation:subject")).Status.ShouldBe(400);
        (await app.GetAsync("Practitioner?_id=inc&_revinclude=Observation:performer")).Issues.ShouldBe(["too-costly"]);
    }

    [Fact]
    public async Task Search_Pages_NeitherRepeatNorSkipWhileOthersWrite()
    {
        var number = await app.GivenPatientAsync();
        var expected = new List<string>();
        for (var i = 0; i < 11; i++)
        {
            expected.Add((await app.PostAsync("Observation", CareApp.Observation(number, date: $"2024-01-{28 - i:D2}"))).Id);
        }

        var seen = new List<string>();
        var page = await app.GetAsync($"Observation?patient={number}&_sort=-date&_count=3");
        while (true)
        {
            seen.AddRange(page.Ids());
            await app.PostAsync("Observation", CareApp.Observation(number, date: "2025-01-01"));
            if (page.Link("next") is not { } next)
            {
                break;
            }

            page = await app.GetAsync(next);
            page.Status.ShouldBe(200, page.Text);
        }

        seen.ShouldBe(expected);
    }

    [Fact]
    public async Task Search_Everything_ComesPageByPageWithoutScanning()
    {
        var expected = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            expected.Add((await app.PostAsync("HealthcareService", """{"resourceType":"HealthcareService","active":true}""")).Id);
        }

        var seen = new List<string>();
        var page = await app.GetAsync("HealthcareService?_count=3&_total=accurate");
        ((int)page.Json["total"]!).ShouldBe(7);
        while (true)
        {
            seen.AddRange(page.Ids());
            if (page.Link("next") is not { } next)
            {
                break;
            }

            page = await app.GetAsync(next);
        }

        seen.ShouldBe(expected.Order(StringComparer.Ordinal));
        ((int)(await app.GetAsync("HealthcareService?_summary=count")).Json["total"]!).ShouldBe(7);
        (await app.GetAsync("HealthcareService?active=true&_sort=-_lastUpdated")).Ids().Length.ShouldBe(7);
    }

    [Fact]
    public async Task Search_ByTimeOfUpdate_UsesTheTimeOfTheVersion()
    {
        var number = await app.GivenPatientAsync();
        var id = (await app.PostAsync("Condition", $$"""{"resourceType":"Condition","subject":{"reference":"Patient/{{number}}"} }""")).Id;
        var updated = (string)(await app.GetAsync($"Condition/{id}")).Json["meta"]!["lastUpdated"]!;

        (await app.GetAsync($"Condition?_lastUpdated=ge{updated}")).Ids().ShouldContain(id);
        (await app.GetAsync($"Condition?_lastUpdated=gt{updated}&patient={number}")).Ids().ShouldBeEmpty();
        (await app.GetAsync("Condition?_lastUpdated=lt2001-01-01")).Ids().ShouldBeEmpty();
    }

    [Fact]
    public async Task Search_Display_IsHonoured()
    {
        var number = await app.GivenPatientAsync();
        await app.PostAsync("Observation", CareApp.Observation(number));

        (await app.GetAsync($"Observation?patient={number}&_elements=status")).Text.ShouldContain("SUBSETTED");
        (await app.GetAsync($"Observation?patient={number}&_pretty=true")).Text.ShouldContain("\n  \"entry\"");
        (await app.GetAsync($"Observation?patient={number}&_total=none")).Json["total"].ShouldBeNull();
        (await app.GetAsync($"Observation?patient={number}&_cursor=broken")).Status.ShouldBe(400);
    }
}
