using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace BetterCare.Care.Tests.Api.Identity;

/// <summary>PDS says that a number is no longer in force.</summary>
public sealed class SupersededTests
{
    private const string Old = Story.Ann;
    private const string Elsewhere = "9990000026";

    private static string Here => Story.Others.First();

    [Fact]
    public async Task SupersededNumber_BothHere_IsProposed_AndMergedByAReviewer_AlthoughBothWereVerified()
    {
        await using var tracing = await StartAsync(Here);
        var app = tracing.App;
        foreach (var (number, born) in new[] { (Old, "1936-04-02"), (Here, "1960-06-15") })
        {
            await MergeStory.OkAsync(app.Client.PutAsync($"/fhir/Patient/{number}", Fhir(Verified(number, born))));
        }

        (await app.Client.PostAsJsonAsync("/v1/merges", new { from = Old, into = Here, reason = "Looks alike", differencesReviewed = true })).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        var check = await CheckAsync(app, Old);
        check.GetProperty("state").GetString().ShouldBe("superseded");
        check.GetProperty("inForce").GetString().ShouldBe(Here);
        (await CheckAsync(app, Old)).GetProperty("state").GetString().ShouldBe("superseded");
        var proposal = (await app.GetJsonAsync("/v1/merges/proposals")).EnumerateArray().Single();
        proposal.GetProperty("isHere").GetBoolean().ShouldBeTrue();

        await MergeStory.OkAsync(app.Client.PostAsJsonAsync("/v1/merges", new { from = Old, into = Here, reason = "PDS says so" }));

        (await app.GetJsonAsync("/v1/merges/proposals")).GetArrayLength().ShouldBe(0);
        (await app.GetJsonAsync($"/fhir/Patient/{Old}")).GetProperty("id").GetString().ShouldBe(Here);
    }

    [Fact]
    public async Task SupersededNumber_NobodyHereHasTheNewOne_ThePersonGetsIt()
    {
        await using var tracing = await StartAsync(Elsewhere);
        var app = tracing.App;
        await Story.StratifyAsync(app);
        await MergeStory.OkAsync(app.Client.PutAsJsonAsync($"/v1/patients/{Old}/lead-professional", new { practitioner = Story.Gp, reason = "Knows her best" }));
        var before = await MergeStory.EverythingAsync(app);
        (await app.Client.PostAsJsonAsync("/v1/merges", new { from = Old, into = Elsewhere, reason = "A slip" })).StatusCode.ShouldBe(HttpStatusCode.NotFound, "nobody but PDS gives out numbers");
        await CheckAsync(app, Old);

        var merge = (await StoryApp.JsonOf(await MergeStory.OkAsync(app.Client.PostAsJsonAsync("/v1/merges", new { from = Old, into = Elsewhere, reason = "PDS says so" })))).GetProperty("id").GetString()!;

        var patient = await app.GetJsonAsync($"/fhir/Patient/{Old}");
        patient.GetProperty("id").GetString().ShouldBe(Elsewhere);
        patient.GetProperty("name")[0].GetProperty("family").GetString().ShouldBe("Archer");
        (await MergeStory.CountAsync(app, $"Encounter?patient={Elsewhere}")).ShouldBe(8);
        (await app.GetJsonAsync($"/v1/patients/{Elsewhere}/lead-professional")).GetRawText().ShouldContain("Patel");
        (await app.GetJsonAsync($"/fhir/CareTeam?patient={Elsewhere}")).GetProperty("total").GetInt32().ShouldBe(1);

        // Her practice has not heard of it yet: she has moved, and that is shown.
        await MergeStory.OkAsync(app.Client.PutAsync($"/fhir/Patient/{Old}", Fhir(Plain(Old, "1936-04-02").Replace("Archer", "Bowman", StringComparison.Ordinal))));
        (await app.GetJsonAsync($"/fhir/Patient/{Elsewhere}")).GetProperty("name")[0].GetProperty("family").GetString().ShouldBe("Bowman");
        await MergeStory.OkAsync(app.Client.PutAsync("/fhir/Encounter/since", Fhir(MergeStory.Visit("since", Old))));

        await MergeStory.UndoneAsync(app, merge);

        (await app.Client.GetAsync($"/fhir/Patient/{Elsewhere}")).StatusCode.ShouldBe(HttpStatusCode.Gone);
        (await app.GetJsonAsync("/fhir/Encounter/since")).GetProperty("subject").GetProperty("reference").GetString().ShouldBe($"Patient/{Old}");
        (await app.GetJsonAsync($"/fhir/Provenance?patient={Old}")).GetProperty("total").GetInt32().ShouldBe(2);
        await MergeStory.OkAsync(app.Client.DeleteAsync("/fhir/Encounter/since"));
        await MergeStory.OkAsync(app.Client.PutAsync($"/fhir/Patient/{Old}", Fhir(Plain(Old, "1936-04-02"))));
        MergeStory.ShouldBeSame(await MergeStory.EverythingAsync(app), before);
    }

    [Fact]
    public async Task InvalidatedOrUnknownNumber_ChangesNothing_AndSaysWhatToDo()
    {
        await using var tracing = await StartAsync(Here);
        tracing.Pds.People.Add(Story.Others.Skip(1).First(), "Well", ["Ann"], "1961-06-15", "female", "WA7 2QP", "N81019");
        tracing.Pds.People.Invalidate(Story.Others.Skip(2).First());

        (await CheckAsync(tracing.App, Story.Others.Skip(1).First())).GetProperty("state").GetString().ShouldBe("in-force");
        (await CheckAsync(tracing.App, Story.Others.Skip(2).First())).GetProperty("state").GetString().ShouldBe("invalidated");
        (await CheckAsync(tracing.App, Story.Others.Skip(3).First())).GetProperty("state").GetString().ShouldBe("unknown");
        (await tracing.App.GetJsonAsync("/v1/merges/proposals")).GetArrayLength().ShouldBe(0);
    }

    private static async Task<TracingApp> StartAsync(string inForce)
    {
        var tracing = await TracingApp.StartAsync();
        await Story.PostCohortAsync(tracing.App);
        tracing.Pds.People.Add(inForce, "Archer", ["Ann"], "1936-04-02", "female", "WA7 2QP", "N81019");
        tracing.Pds.People.Supersede(Old, inForce);
        return tracing;
    }

    private static async Task<JsonElement> CheckAsync(StoryApp app, string number) =>
        await StoryApp.JsonOf(await MergeStory.OkAsync(app.Client.PostAsync($"/v1/patients/{number}/number-check", null)));

    private static StringContent Fhir(string json) => new(json, Encoding.UTF8, "application/fhir+json");

    private static string Plain(string number, string born) => JsonDocument.Parse(Story.Patient(number, born, "Archer")).RootElement.GetProperty("resource").GetRawText();

    private static string Verified(string number, string born) => Plain(number, born).Replace(
        "\"identifier\":[{",
        "\"identifier\":[{\"extension\":[{\"url\":\"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus\",\"valueCodeableConcept\":{\"coding\":[{\"system\":\"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland\",\"code\":\"01\"}]}}],",
        StringComparison.Ordinal);
}
