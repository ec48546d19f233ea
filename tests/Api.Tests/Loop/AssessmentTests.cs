using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BetterCare.Care.Storage;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Loop;

/// <summary>One assessment by several professionals: each adds what they know, and the timeline learns how the person lives.</summary>
public sealed class AssessmentTests
{
    private const string Path = $"/v1/patients/{Story.Ann}/joint-assessment";

    [Fact]
    public async Task GpAndSocialWorker_AnswerTogether_EachSeesWhatTheOtherAdded_AndTheTimelineLearns()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        var first = await AnswerAsync(app, Story.Gp, "2026-11-10", ("falls", "true"), ("problems", "Breathless on the stairs"), ("lives-alone", "true"));
        app.Clock.Now = app.Clock.Now.AddMinutes(1);
        var joint = await AnswerAsync(app, Story.SocialWorker, "2026-11-20", ("lives-alone", "true"), ("carer", "false"), ("problems", "Cold house"), ("falls", "false"));

        first.GetProperty("joint").GetBoolean().ShouldBeFalse();
        joint.GetProperty("joint").GetBoolean().ShouldBeTrue();
        var worker = joint.GetProperty("contributions").EnumerateArray().Single(c => c.GetProperty("practitioner").GetString() == Story.SocialWorker);
        worker.GetProperty("added").EnumerateArray().Select(x => x.GetString()).ShouldBe(["carer", "problems"]);
        worker.GetProperty("confirmed").EnumerateArray().Select(x => x.GetString()).ShouldBe(["lives-alone"]);
        worker.GetProperty("differed").EnumerateArray().Select(x => x.GetString()).ShouldBe(["falls"]);
        (await SocialFactsAsync(app)).ShouldBe([SocialFact.LivesAlone, SocialFact.NoCarer], ignoreOrder: true);

        // The same is there in FHIR: the questionnaire, both responses, and what they told.
        (await app.GetJsonAsync("/fhir/Questionnaire/bettercare-joint-assessment")).GetProperty("url").GetString().ShouldBe("https://bettercare.care/fhir/Questionnaire/joint-assessment");
        (await app.GetJsonAsync($"/fhir/QuestionnaireResponse?patient={Story.Ann}")).GetProperty("entry").GetArrayLength().ShouldBe(2);
        (await app.GetJsonAsync($"/fhir/Observation?patient={Story.Ann}&code=105529008")).GetProperty("entry").EnumerateArray()
            .ShouldAllBe(e => e.GetProperty("resource").GetProperty("derivedFrom")[0].GetProperty("reference").GetString()!.StartsWith("QuestionnaireResponse/"));
        (await app.GetJsonAsync(Path)).GetProperty("answers").EnumerateArray().Single(a => a.GetProperty("linkId").GetString() == "falls").GetProperty("conflict").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Disagreement_TakesTheFactBackFromTheTimeline_AndACorrectionSettlesIt()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await AnswerAsync(app, Story.Gp, "2026-11-10", ("lives-alone", "true"));
        (await SocialFactsAsync(app)).ShouldBe([SocialFact.LivesAlone]);

        await AnswerAsync(app, Story.SocialWorker, "2026-11-12", ("lives-alone", "false"));
        (await SocialFactsAsync(app)).ShouldBeEmpty("disputed: people settle it, not the service");

        await AnswerAsync(app, Story.SocialWorker, "2026-11-12", ("lives-alone", "true"));
        (await SocialFactsAsync(app)).Distinct().ShouldBe([SocialFact.LivesAlone]);
        (await app.GetJsonAsync($"/fhir/QuestionnaireResponse?patient={Story.Ann}")).GetProperty("entry").GetArrayLength().ShouldBe(2, "a correction is a new version of the same response");
    }

    [Fact]
    public async Task AnswerPostedByAnotherSystem_IsInTheTimelineWithItsCommit_BySingleBundleOrImport()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        await TakenAsync(app, await app.PostFhirAsync("/fhir/QuestionnaireResponse", Posted("one", Story.Gp, "2026-11-10", ("lives-alone", "true"))));
        (await SocialFactsAsync(app)).ShouldBe([SocialFact.LivesAlone]);

        await TakenAsync(app, await app.PostFhirAsync("/fhir", Story.Bundle([Story.Entry("QuestionnaireResponse", "two", Posted("two", Story.SocialWorker, "2026-11-12", ("lives-alone", "false"), ("carer", "false")))])));
        (await SocialFactsAsync(app)).ShouldBe([SocialFact.NoCarer], "the two differ about living alone: people settle it");

        var started = await app.PostFhirAsync("/fhir/$import", Posted("three", Story.SocialWorker, "2026-11-13", ("lives-alone", "true"), ("carer", "false")) + "\n", "application/fhir+ndjson");
        started.StatusCode.ShouldBe(HttpStatusCode.Accepted, await started.Content.ReadAsStringAsync());
        await ImportedAsync(app, started.Content.Headers.ContentLocation!.ToString());
        (await SocialFactsAsync(app)).ShouldBe([SocialFact.LivesAlone, SocialFact.NoCarer], ignoreOrder: true);
        (await app.GetJsonAsync(Path)).GetProperty("joint").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task AnswerTakenBack_TakesTheCircumstanceBack_AndSoDoesADeletedResponse()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await TakenAsync(app, await PutAsync(app, "one", ("lives-alone", "true"), ("carer", "false")));
        (await SocialFactsAsync(app)).ShouldBe([SocialFact.LivesAlone, SocialFact.NoCarer], ignoreOrder: true);

        await TakenAsync(app, await PutAsync(app, "one", ("lives-alone", "true")));
        (await SocialFactsAsync(app)).ShouldBe([SocialFact.LivesAlone]);

        await TakenAsync(app, await app.Client.DeleteAsync("/fhir/QuestionnaireResponse/one"));
        (await SocialFactsAsync(app)).ShouldBeEmpty();
        (await app.Client.GetAsync(Path)).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        static Task<HttpResponseMessage> PutAsync(StoryApp app, string id, params (string, string)[] answers) => app.Client.PutAsync(
            $"/fhir/QuestionnaireResponse/{id}", new StringContent(Posted(id, Story.Gp, "2026-11-10", answers), System.Text.Encoding.UTF8, "application/fhir+json"));
    }

    [Fact]
    public async Task PersonAndTheirAnswerInOneTransaction_TheTimelineLearnsAtOnce()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        const string newcomer = "9990000026";
        var response = Posted("n1", Story.Gp, "2026-11-10", ("lives-alone", "true")).Replace(Story.Ann, newcomer, StringComparison.Ordinal);

        await TakenAsync(app, await app.PostFhirAsync("/fhir", Story.Bundle([Story.Entry("QuestionnaireResponse", "n1", response), Story.Patient(newcomer, "1941-02-03", "Newcomer")])));

        (await SocialFactsAsync(app, newcomer)).ShouldBe([SocialFact.LivesAlone]);
    }

    [Fact]
    public async Task AnswerOfSomebodyWhomTheRegisterDoesNotKnow_OrOfAnotherQuestionnaire_TellsNothing()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        var stranger = Posted("one", "11111111-0000-4000-8000-00000000000f", "2026-11-10", ("lives-alone", "true"));
        var other = Posted("two", Story.Gp, "2026-11-10", ("lives-alone", "true")).Replace("Questionnaire/joint-assessment", "Questionnaire/another", StringComparison.Ordinal);

        await TakenAsync(app, await app.PostFhirAsync("/fhir/QuestionnaireResponse", stranger));
        await TakenAsync(app, await app.PostFhirAsync("/fhir/QuestionnaireResponse", other));

        (await SocialFactsAsync(app)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("nobody", "lives-alone", "true", 422)]
    [InlineData(Story.Gp, "shoe-size", "true", 400)]
    [InlineData(Story.Gp, "lives-alone", "perhaps", 400)]
    [InlineData(Story.Gp, "matters", " ", 400)]
    public async Task Answer_ThatDoesNotFit_IsRefused(string practitioner, string linkId, string value, int status)
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);

        var response = await app.Client.PostAsJsonAsync(Path + "/responses", new { practitioner, answers = new[] { new { linkId, value } } });

        ((int)response.StatusCode).ShouldBe(status, await response.Content.ReadAsStringAsync());
        (await app.Client.GetAsync(Path)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    internal static async Task<JsonElement> AnswerAsync(StoryApp app, string practitioner, string on, params (string LinkId, string Value)[] answers)
    {
        var response = await app.Client.PostAsJsonAsync(Path + "/responses", new { practitioner, on, answers = answers.Select(a => new { linkId = a.LinkId, value = a.Value }) });
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        return await StoryApp.JsonOf(response);
    }

    private static string Posted(string id, string practitioner, string on, params (string LinkId, string Value)[] answers) =>
        $$$"""{"resourceType":"QuestionnaireResponse","id":"{{{id}}}","questionnaire":"https://bettercare.care/fhir/Questionnaire/joint-assessment","status":"completed","subject":{"reference":"Patient/{{{Story.Ann}}}"},"authored":"{{{on}}}","author":{"reference":"Practitioner/{{{practitioner}}}"},"item":[{{{string.Join(',', answers.Select(a => $$"""{"linkId":"{{a.LinkId}}","answer":[{"valueBoolean":{{a.Value}}}]}"""))}}}]}""";

    private static async Task TakenAsync(StoryApp app, HttpResponseMessage response)
    {
        response.IsSuccessStatusCode.ShouldBeTrue($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        app.Clock.Now = app.Clock.Now.AddMinutes(1);
    }

    private static async Task ImportedAsync(StoryApp app, string status)
    {
        for (var i = 0; i < 600; i++)
        {
            var response = await app.Client.GetAsync(status);
            if (response.StatusCode != HttpStatusCode.Accepted)
            {
                response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
                return;
            }

            await Task.Delay(50);
        }

        throw new TimeoutException("The import did not finish.");
    }

    private static async Task<List<SocialFact>> SocialFactsAsync(StoryApp app, string person = Story.Ann)
    {
        await using var db = await app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync();
        var number = BetterCare.Care.Fhir.Nhs.NhsNumber.Parse(person);
        var key = await db.Patients.Where(p => p.NhsNumber == number).Select(p => p.PatientKey).SingleAsync();
        var events = await db.Timelines.Where(t => t.PatientKey == key).Select(t => t.Events).SingleAsync();
        var facts = new List<SocialFact>();
        foreach (var e in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, TimelineEvent>(events))
        {
            if (e.Kind == EventKind.Social)
            {
                facts.Add((SocialFact)e.Code);
            }
        }

        return [.. facts.Distinct()];
    }
}
