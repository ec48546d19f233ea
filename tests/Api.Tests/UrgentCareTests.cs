using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace BetterCare.Care.Tests.Api;

/// <summary>Three in the morning: a crew is with Ann, and needs to know what to do.</summary>
public sealed class UrgentCareTests
{
    private const string Opened = $"/v1/urgent-care/{Story.Ann}?reason=Breathless%20at%20home,%20crew%20on%20scene";

    [Fact]
    public async Task CrewOpensTheView_SeesWhatToDo_AndTheLeadSeesThatTheyDid()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await PostClinicalAsync(app);
        await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/lead-professional", new { practitioner = Story.Gp, reason = "Knows her." });
        var plan = await app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/care-plan", new
        {
            status = "draft",
            aboutMe = "Wants to stay at home.",
            preferences = "Daughter is rung first.",
            leadPhone = "01632 960000",
            contingency = new { steps = new[] { new { trigger = "More breathless at rest", action = "Rescue pack; ring the matron", contact = "01632 960001" } } },
        });
        plan.StatusCode.ShouldBe(HttpStatusCode.OK, await plan.Content.ReadAsStringAsync());

        var response = await app.Client.GetAsync(Opened);

        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var view = await StoryApp.JsonOf(response);
        view.GetProperty("name").GetString().ShouldBe("Ann Archer");
        view.GetProperty("birthDate").GetString().ShouldBe("1936-04-02");
        view.GetProperty("level").GetInt32().ShouldBeGreaterThanOrEqualTo(3);
        view.GetProperty("lead").GetProperty("name").GetString().ShouldBe("Dr Patel");
        view.GetProperty("lead").GetProperty("phone").GetString().ShouldBe("01632 960000");
        view.GetProperty("planStatus").GetString().ShouldBe("draft");
        view.GetProperty("contingency")[0].GetProperty("action").GetString().ShouldBe("Rescue pack; ring the matron");
        view.GetProperty("preferences").GetString().ShouldBe("Daughter is rung first.");
        view.GetProperty("allergies").GetArrayLength().ShouldBe(1, "the refuted one is not shown");
        view.GetProperty("allergies")[0].GetProperty("substance").GetString().ShouldBe("Penicillin");
        view.GetProperty("allergies")[0].GetProperty("criticality").GetString().ShouldBe("high");
        view.GetProperty("allergies")[0].GetProperty("reactions")[0].GetString().ShouldBe("Anaphylaxis");
        Names(view, "medicines").ShouldBe(["Furosemide 40 mg tablets"]);
        view.GetProperty("medicines")[0].GetProperty("dosage").GetString().ShouldBe("One each morning");
        Names(view, "conditions").ShouldBe(["Heart failure"]);
        view.GetProperty("conditions")[0].GetProperty("since").GetString().ShouldBe("2019-03-01", "the first onset on record");

        var access = (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/urgent-care-accesses")).EnumerateArray().ShouldHaveSingleItem();
        access.GetProperty("reason").GetString().ShouldBe("Breathless at home, crew on scene");
        access.GetProperty("by").GetString().ShouldBe("demo-user");
        access.GetProperty("at").GetDateTimeOffset().ShouldBe(app.Clock.Now);
    }

    [Fact]
    public async Task NoStratification_NoPlan_NoLead_TheViewStillAnswers()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await PostClinicalAsync(app);

        var view = await app.GetJsonAsync(Opened);

        view.TryGetProperty("level", out _).ShouldBeFalse();
        view.TryGetProperty("lead", out _).ShouldBeFalse();
        view.GetProperty("planStatus").GetString().ShouldBe("none");
        Names(view, "medicines").ShouldBe(["Furosemide 40 mg tablets"]);
    }

    [Fact]
    public async Task PersonWhoIsWell_IsShownAtTheLevelOfTheScore()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var well = Story.Others.ElementAt(20);

        var view = await app.GetJsonAsync($"/v1/urgent-care/{well}?reason=Fall");

        view.GetProperty("level").GetInt32().ShouldBeLessThan(3);
        view.GetProperty("levelAgreed").GetBoolean().ShouldBeFalse();
        view.GetProperty("allergies").GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData($"/v1/urgent-care/{Story.Ann}", 400)]
    [InlineData($"/v1/urgent-care/{Story.Ann}?reason=", 400)]
    [InlineData($"/v1/urgent-care/{Story.Ann}?reason=%20", 400)]
    [InlineData("/v1/urgent-care/9990000019?reason=Fall", 400)]
    [InlineData("/v1/urgent-care/999000001?reason=Fall", 400)]
    [InlineData("/v1/urgent-care/Archer?reason=Fall", 400)]
    public async Task WithoutReasonOrExactNumber_NothingIsShownAndNothingKept(string path, int status)
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        var response = await app.Client.GetAsync(path);
        var text = await response.Content.ReadAsStringAsync();

        ((int)response.StatusCode).ShouldBe(status, text);
        text.ShouldNotContain("99900000");
        text.ShouldNotContain("Ann");
        (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/urgent-care-accesses")).GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task RestrictedRecord_ByExactNumber_ShowsNoLocation()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        var restricted = Story.Others.ElementAt(3);
        var patient = $$$"""{"resourceType":"Patient","id":"{{{restricted}}}","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]},"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{{{restricted}}}"}],"name":[{"family":"Hidden"}],"birthDate":"1970-01-01","address":[{"line":["1 Secret Street"],"postalCode":"WA7 1AA"}],"generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"N81019"}}]}""";
        var posted = await app.PostFhirAsync("/fhir", Story.Bundle([Story.Entry("Patient", restricted, patient)]));
        posted.StatusCode.ShouldBe(HttpStatusCode.OK, await posted.Content.ReadAsStringAsync());

        var text = (await app.GetJsonAsync($"/v1/urgent-care/{restricted}?reason=Fall")).ToString();

        text.ShouldContain("Hidden");
        text.ShouldNotContain("Secret");
        text.ShouldNotContain("WA7");
        text.ShouldNotContain("N81019");
    }

    private static IEnumerable<string?> Names(JsonElement view, string list) => view.GetProperty(list).EnumerateArray().Select(x => x.GetProperty("name").GetString());

    private static async Task PostClinicalAsync(StoryApp app)
    {
        const string patient = $$"""{"reference":"Patient/{{Story.Ann}}"}""";
        const string active = """{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}""";
        const string resolved = """{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"resolved"}]}""";
        const string activeAllergy = """{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]}""";
        const string refuted = """{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"refuted"}]}""";
        var response = await app.PostFhirAsync("/fhir", Story.Bundle(
        [
            Story.Entry("AllergyIntolerance", "al1", $$$"""{"resourceType":"AllergyIntolerance","id":"al1","clinicalStatus":{{{activeAllergy}}},"criticality":"high","code":{"text":"Penicillin"},"patient":{{{patient}}},"reaction":[{"manifestation":[{"text":"Anaphylaxis"}]}]}"""),
            Story.Entry("AllergyIntolerance", "al2", $$$"""{"resourceType":"AllergyIntolerance","id":"al2","clinicalStatus":{{{activeAllergy}}},"verificationStatus":{{{refuted}}},"code":{"text":"Egg"},"patient":{{{patient}}}}"""),
            Story.Entry("MedicationRequest", "m1", $$$"""{"resourceType":"MedicationRequest","id":"m1","status":"active","intent":"order","medicationCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"317972006","display":"Furosemide 40 mg tablets"}]},"subject":{{{patient}}},"authoredOn":"2026-10-01","dosageInstruction":[{"text":"One each morning"}]}"""),
            Story.Entry("MedicationRequest", "m2", $$$"""{"resourceType":"MedicationRequest","id":"m2","status":"stopped","intent":"order","medicationCodeableConcept":{"text":"Naproxen 250 mg tablets"},"subject":{{{patient}}},"authoredOn":"2020-10-01"}"""),
            Story.Entry("Condition", "c1", $$$"""{"resourceType":"Condition","id":"c1","clinicalStatus":{{{active}}},"code":{"text":"Heart failure"},"subject":{{{patient}}},"onsetDateTime":"2021-05-01"}"""),
            Story.Entry("Condition", "c2", $$$"""{"resourceType":"Condition","id":"c2","clinicalStatus":{{{active}}},"code":{"text":"Heart failure"},"subject":{{{patient}}},"onsetDateTime":"2019-03-01"}"""),
            Story.Entry("Condition", "c3", $$$"""{"resourceType":"Condition","id":"c3","clinicalStatus":{{{resolved}}},"code":{"text":"Shingles"},"subject":{{{patient}}},"onsetDateTime":"2018-03-01"}"""),
        ]));
        var text = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
    }
}
