using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Identity;

/// <summary>Two records of one person become one, the former number goes on to be good, and a mistake is taken back whole.</summary>
public sealed class MergeTests
{
    private static string Twin => MergeStory.Twin;

    [Fact]
    public async Task Merge_TwoRecords_AreOne_AndUndoingPutsEveryRowBack()
    {
        await using var app = await MergeStory.StartAsync();
        var before = await MergeStory.EverythingAsync(app);
        var visits = await MergeStory.CountAsync(app, $"Encounter?patient={Story.Ann}");
        var twins = await MergeStory.CountAsync(app, $"Encounter?patient={Twin}");
        var people = await MergeStory.CountAsync(app, "Patient?general-practitioner:identifier=N81019");

        var merge = await MergeStory.MergeAsync(app);

        var read = await app.Client.GetAsync($"/fhir/Patient/{Story.Ann}");
        var survivor = await StoryApp.JsonOf(read);
        read.Content.Headers.ContentLocation!.ToString().ShouldEndWith($"/fhir/Patient/{Twin}");
        survivor.GetProperty("id").GetString().ShouldBe(Twin);
        survivor.GetProperty("link")[0].GetProperty("type").GetString().ShouldBe("replaces");
        survivor.GetProperty("identifier").EnumerateArray().Single(i => i.GetProperty("value").GetString() == Story.Ann).GetProperty("use").GetString().ShouldBe("old");
        (await MergeStory.CountAsync(app, $"Encounter?patient={Twin}")).ShouldBe(visits + twins);
        (await MergeStory.CountAsync(app, $"Encounter?patient={Story.Ann}")).ShouldBe(visits + twins);
        (await MergeStory.CountAsync(app, "Patient?general-practitioner:identifier=N81019")).ShouldBe(people - 1);
        var all = (await app.GetJsonAsync($"/fhir/Patient/{Twin}/$everything")).GetRawText();
        all.ShouldNotContain($"Patient/{Story.Ann}\"");
        all.ShouldContain("penicillin");
        (await app.GetJsonAsync("/fhir/Group/choir")).GetRawText().ShouldContain($"Patient/{Twin}");

        // The versions from before say what they said, under the address that they had.
        (await app.GetJsonAsync("/fhir/Encounter/stay0/_history/1")).GetRawText().ShouldContain($"Patient/{Story.Ann}");
        (await app.GetJsonAsync("/fhir/Encounter/stay0")).GetProperty("meta").GetProperty("versionId").GetString().ShouldBe("2");
        (await app.GetJsonAsync($"/fhir/Patient/{Story.Ann}/_history/1")).GetProperty("id").GetString().ShouldBe(Story.Ann);

        var batch = await app.PostFhirAsync("/fhir", Story.Bundle([$$$"""{"request":{"method":"GET","url":"Patient/{{{Story.Ann}}}"}}""", $$$"""{"request":{"method":"GET","url":"Encounter?patient={{{Story.Ann}}}"}}"""], "batch"));
        (await batch.Content.ReadAsStringAsync()).ShouldSatisfyAllConditions(t => t.ShouldContain("\"replaces\""), t => t.ShouldContain("stay0"));
        using var form = new StringContent($"subject=Patient/{Story.Ann}&_count=100", Encoding.UTF8, "application/x-www-form-urlencoded");
        (await StoryApp.JsonOf(await app.Client.PostAsync("/fhir/Encounter/_search", form))).GetProperty("total").GetInt32().ShouldBe(visits + twins);

        // Who looked at the former record, and who merged the two, is told of the one.
        var report = (await app.GetJsonAsync($"/v1/patients/{Twin}/access-report")).GetRawText();
        report.ShouldContain("Merge people");
        report.Split("\"Set lead professional\"").Length.ShouldBe(3, "once for each of the two");
        var told = await app.GetJsonAsync($"/fhir/Provenance/{merge}");
        told.GetProperty("activity").GetProperty("coding")[0].GetProperty("code").GetString().ShouldBe("merge");
        told.GetProperty("target").GetRawText().ShouldSatisfyAllConditions(t => t.ShouldContain($"Patient/{Twin}"), t => t.ShouldContain(Story.Ann));
        told.GetProperty("reason")[0].GetProperty("text").GetString().ShouldBe("Same birth certificate");
        await MergeStory.UndoneAsync(app, merge);

        MergeStory.ShouldBeSame(await MergeStory.EverythingAsync(app), before);
        (await app.GetJsonAsync($"/fhir/Patient/{Story.Ann}")).GetProperty("id").GetString().ShouldBe(Story.Ann);
        (await app.GetJsonAsync($"/fhir/Patient/{Twin}")).GetRawText().ShouldNotContain(Story.Ann);
        (await MergeStory.CountAsync(app, $"Encounter?patient={Story.Ann}")).ShouldBe(visits);
        (await app.GetJsonAsync($"/fhir/Provenance?patient={Story.Ann}")).GetRawText().ShouldContain("\"unmerge\"");
        var row = (await app.GetJsonAsync("/v1/merges"))[0];
        row.GetProperty("undoneReason").GetString().ShouldBe("It was her cousin");
        (await MergeStory.UndoAsync(app, merge)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task Merge_OnPostgres_IsTheSame_AndTheReviewQueueToo()
    {
        await using var server = new PostgresDatabase();
        await using var app = await MergeStory.StartAsync(new() { ["Care:Database"] = await server.CreateAsync() });
        var before = await MergeStory.EverythingAsync(app);
        await MergeStory.OkAsync(app.PostFhirAsync("/fhir/Patient", TracingApp.Patient("SC-1", family: "Nobody", given: "Here", born: "1901-01-01")));
        await MergeStory.OkAsync(app.Client.PostAsync("/v1/tracing/passes", null));
        var waits = (await app.GetJsonAsync("/v1/tracing?state=waiting")).GetProperty("people")[0].GetProperty("id").GetString();
        await app.GetJsonAsync($"/v1/tracing/{waits}");
        await MergeStory.OkAsync(app.Client.PostAsJsonAsync($"/v1/tracing/{waits}/decision", new { setAside = true, reason = "Left the country" }));

        var merge = await MergeStory.MergeAsync(app);
        (await app.GetJsonAsync($"/fhir/Patient/{Story.Ann}")).GetProperty("id").GetString().ShouldBe(Twin);
        await MergeStory.OkAsync(app.Client.PutAsync("/fhir/Encounter/since", Fhir(MergeStory.Visit("since", Story.Ann))));
        (await app.GetJsonAsync("/v1/merges")).GetArrayLength().ShouldBe(1);
        (await app.GetJsonAsync("/v1/merges/proposals")).GetArrayLength().ShouldBe(0);
        await MergeStory.UndoneAsync(app, merge);

        (await app.GetJsonAsync("/fhir/Encounter/since")).GetProperty("subject").GetProperty("reference").GetString().ShouldBe($"Patient/{Story.Ann}");
        await MergeStory.OkAsync(app.Client.DeleteAsync("/fhir/Encounter/since"));
        MergeStory.ShouldBeSame(await MergeStory.EverythingAsync(app), before);
    }

    [Fact]
    public async Task Merge_BothHaveLeadPlanAndLevel_TheSaferHolds_NothingIsLost_AndTheTeamIsAsked()
    {
        await using var app = await MergeStory.StartAsync();

        await MergeStory.MergeAsync(app);

        var person = await app.GetJsonAsync($"/v1/patients/{Twin}/lead-professional");
        person.GetRawText().ShouldSatisfyAllConditions(t => t.ShouldContain("Patel"), t => t.ShouldContain("Two records of one person were merged"));
        var plan = await app.GetJsonAsync($"/v1/patients/{Twin}/care-plan");
        plan.GetRawText().ShouldContain("Wants to stay at home");
        (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/care-plan")).GetRawText().ShouldContain("Wants to stay at home");
        (await app.GetJsonAsync($"/v1/patients/{Twin}/agreed-levels")).GetRawText().ShouldSatisfyAllConditions(t => t.ShouldContain("Wife died"), t => t.ShouldContain("Falls"));
        (await app.GetJsonAsync($"/v1/urgent-care/{Twin}?reason=Fall")).GetProperty("level").GetInt32().ShouldBe(4);

        // In an emergency either number finds the allergy.
        foreach (var number in new[] { Story.Ann, Twin })
        {
            (await app.GetJsonAsync($"/v1/urgent-care/{number}?reason=Fall")).GetProperty("allergies").GetArrayLength().ShouldBe(1);
        }

        var plans = await app.GetJsonAsync($"/fhir/CarePlan?patient={Twin}");
        plans.GetProperty("total").GetInt32().ShouldBe(1, "FHIR tells the plan that holds");
        (await app.GetJsonAsync($"/fhir/CareTeam?patient={Twin}")).GetProperty("total").GetInt32().ShouldBe(1);
        var called = await StoryApp.JsonOf(await app.Client.PostAsJsonAsync("/v1/mdt-meetings", new { team = "Castlefields", heldOn = "2026-11-24", practices = new[] { "N81019" } }));
        var item = called.GetProperty("agenda").EnumerateArray().Single(a => a.GetProperty("nhsNumber").GetString() == Twin);
        item.GetRawText().ShouldContain("each had a lead professional");
        called.GetProperty("agenda").GetRawText().ShouldNotContain(Story.Ann);
    }

    [Fact]
    public async Task AfterTheMerge_PostsUnderTheFormerNumber_ReachTheSurvivor_AndGoBackWithItsUndoing()
    {
        await using var app = await MergeStory.StartAsync();
        var before = await MergeStory.EverythingAsync(app);
        var merge = await MergeStory.MergeAsync(app);

        // Singly, twice, in a Bundle by condition, in a bulk file: by the former number, and one by the number in force.
        (await MergeStory.OkAsync(app.Client.PutAsync("/fhir/Encounter/under-old", Fhir(MergeStory.Visit("under-old", Story.Ann))))).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await MergeStory.OkAsync(app.Client.PutAsync("/fhir/Encounter/under-old", Fhir(MergeStory.Visit("under-old", Story.Ann))))).StatusCode.ShouldBe(HttpStatusCode.OK);
        await MergeStory.OkAsync(app.Client.PutAsync("/fhir/Encounter/under-new", Fhir(MergeStory.Visit("under-new", Twin))));
        await MergeStory.OkAsync(app.PostFhirAsync("/fhir", Story.Bundle([Story.Entry("Encounter", "under-old2", MergeStory.Visit("under-old2", Story.Ann).Replace($"Patient/{Story.Ann}", $"Patient?identifier={Story.Ann}", StringComparison.Ordinal))])));
        var import = await app.PostFhirAsync("/fhir/$import", MergeStory.Visit("bulk1", Story.Ann) + "\n" + PatientOf(Story.Ann, "Archer") + "\n" + PatientOf(Twin, "Well") + "\n", "application/fhir+ndjson");
        import.StatusCode.ShouldBe(HttpStatusCode.Accepted, await import.Content.ReadAsStringAsync());
        for (var i = 0; i < 200 && (await app.Client.GetAsync(import.Content.Headers.ContentLocation ?? import.Headers.Location)).StatusCode == HttpStatusCode.Accepted; i++)
        {
            await Task.Delay(50);
        }

        foreach (var id in new[] { "under-old", "under-old2", "under-new", "bulk1" })
        {
            (await app.GetJsonAsync($"/fhir/Encounter/{id}")).GetProperty("subject").GetProperty("reference").GetString().ShouldBe($"Patient/{Twin}", id);
        }

        (await app.GetJsonAsync("/fhir/Encounter/under-old")).GetProperty("meta").GetProperty("versionId").GetString().ShouldBe("1", "the same again changes nothing");

        // Neither Patient flips the record that is shown to and fro; the former number stays told.
        var shown = await app.GetJsonAsync($"/fhir/Patient/{Twin}");
        shown.GetProperty("name")[0].GetProperty("family").GetString().ShouldBe("Well");
        shown.GetRawText().ShouldContain(Story.Ann);
        var version = shown.GetProperty("meta").GetProperty("versionId").GetString();
        await MergeStory.OkAsync(app.Client.PutAsync($"/fhir/Patient/{Story.Ann}", Fhir(PatientOf(Story.Ann, "Newname"))));
        (await app.GetJsonAsync($"/fhir/Patient/{Story.Ann}")).GetProperty("meta").GetProperty("versionId").GetString().ShouldBe(version);

        await MergeStory.UndoneAsync(app, merge);

        (await MergeStory.CountAsync(app, $"Encounter?patient={Story.Ann}&_id=under-old,under-old2,bulk1,under-new")).ShouldBe(3);
        (await MergeStory.CountAsync(app, $"Encounter?patient={Twin}&_id=under-new")).ShouldBe(1);
        (await app.GetJsonAsync($"/fhir/Patient/{Story.Ann}")).GetProperty("name")[0].GetProperty("family").GetString().ShouldBe("Newname", "what came under the former number since goes back with it");
        foreach (var id in new[] { "under-old", "under-old2", "under-new", "bulk1" })
        {
            await MergeStory.OkAsync(app.Client.DeleteAsync($"/fhir/Encounter/{id}"));
        }

        await MergeStory.OkAsync(app.Client.PutAsync($"/fhir/Patient/{Story.Ann}", Fhir(PatientOf(Story.Ann, "Archer"))));
        MergeStory.ShouldBeSame(await MergeStory.EverythingAsync(app), before);
        (await app.GetJsonAsync($"/fhir/Patient/{Twin}")).GetRawText().ShouldNotContain(Story.Ann);
    }

    [Fact]
    public async Task CouncilsListUnderTheFormerNumber_AndItsOwnCaseNumbers_ReachTheSurvivor_AndGoBack()
    {
        await using var tracing = await TracingApp.StartAsync(online: false);
        var app = tracing.App;
        await Story.PostCohortAsync(app);
        await CsvImportTests.ImportAsync(tracing, CsvImportTests.Map, $"{CsvImportTests.Heading}\n10,{Story.Ann},Archer,Ann,02/04/1936,F,,,Home care,01/03/2026,,\n");
        var merge = await MergeStory.MergeAsync(app);

        // The case that it has long known, and one that it knows by the former number only since the merge.
        await CsvImportTests.ImportAsync(tracing, CsvImportTests.Map, $"{CsvImportTests.Heading}\n10,,Archer,Ann,02/04/1936,F,,,Reablement,01/05/2026,02/06/2026,\n11,{Story.Ann},Archer,Ann,02/04/1936,F,,,Home care,01/09/2026,,\n");

        (await MergeStory.CountAsync(app, $"EpisodeOfCare?patient={Twin}")).ShouldBe(3);
        (await app.GetJsonAsync("/v1/tracing?state=waiting")).GetProperty("people").GetArrayLength().ShouldBe(0);
        await MergeStory.UndoneAsync(app, merge);
        (await MergeStory.CountAsync(app, $"EpisodeOfCare?patient={Story.Ann}")).ShouldBe(3);
        (await MergeStory.CountAsync(app, $"EpisodeOfCare?patient={Twin}")).ShouldBe(0);
        await CsvImportTests.ImportAsync(tracing, CsvImportTests.Map, $"{CsvImportTests.Heading}\n11,{Story.Ann},Archer,Ann,02/04/1936,F,,,Reablement,01/10/2026,,\n");
        (await MergeStory.CountAsync(app, $"EpisodeOfCare?patient={Story.Ann}")).ShouldBe(4);
    }

    [Fact]
    public async Task DecisionsSinceTheMerge_StayWithTheSurvivor_AndTheFormerRecordIsAsItWas()
    {
        await using var app = await MergeStory.StartAsync();
        var merge = await MergeStory.MergeAsync(app);
        app.Clock.Now += TimeSpan.FromHours(1);
        await MergeStory.OkAsync(app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/lead-professional", new { practitioner = Story.Gp, reason = "Agreed at the meeting" }));

        await MergeStory.UndoneAsync(app, merge);

        (await app.GetJsonAsync($"/v1/patients/{Twin}/lead-professional")).GetRawText().ShouldContain("Agreed at the meeting");
        (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/lead-professional")).GetRawText().ShouldSatisfyAllConditions(t => t.ShouldContain("Knows her best"), t => t.ShouldNotContain("Agreed at the meeting"));
        (await app.GetJsonAsync($"/v1/patients/{Story.Ann}/care-plan")).GetRawText().ShouldContain("Wants to stay at home");
        (await app.GetJsonAsync($"/v1/patients/{Twin}/care-plan")).GetRawText().ShouldContain("Has a cat");
    }

    [Fact]
    public async Task OptOutAndRestriction_OfEitherRecord_HoldForTheOne_WhateverItsSupplierSends()
    {
        await using var app = await MergeStory.StartAsync();
        const string Restricted = "\"meta\":{\"security\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\"}]},\"gender\"";
        var consent = MergeStory.About("Consent", "optout", "patient", Story.Ann, """ "status":"active","scope":{"coding":[{"code":"patient-privacy"}]},"policyRule":{"text":"opt-out"},"category":[{"coding":[{"system":"http://snomed.info/sct","code":"827241000000103"}]}]""");
        await MergeStory.OkAsync(app.Client.PutAsync("/fhir/Consent/optout", Fhir(consent)));
        await MergeStory.OkAsync(app.Client.PutAsync($"/fhir/Patient/{Story.Ann}", Fhir(PatientOf(Story.Ann, "Archer").Replace("\"gender\"", Restricted, StringComparison.Ordinal))));
        var before = await MergeStory.EverythingAsync(app);

        var merge = await MergeStory.MergeAsync(app);

        (await FlagsAsync(app)).ShouldBe(1 + 4, "type 1 opt-out, restricted");
        await MergeStory.OkAsync(app.Client.PutAsync($"/fhir/Patient/{Twin}", Fhir(PatientOf(Twin, "Well").Replace("\"Ann\"", "\"Anne\"", StringComparison.Ordinal))));
        (await FlagsAsync(app)).ShouldBe(1 + 4, "its supplier knows of neither");
        (await app.GetJsonAsync($"/fhir/Patient/{Twin}")).GetRawText().ShouldNotContain("N81019");
        await MergeStory.OkAsync(app.Client.PutAsync($"/fhir/Patient/{Twin}", Fhir(PatientOf(Twin, "Well"))));

        await MergeStory.UndoneAsync(app, merge);
        await MergeStory.OkAsync(app.Client.PutAsync($"/fhir/Patient/{Twin}", Fhir(PatientOf(Twin, "Well"))));
        (await FlagsAsync(app)).ShouldBe(0);
        MergeStory.ShouldBeSame(await MergeStory.EverythingAsync(app), before);

        static async Task<int> FlagsAsync(StoryApp app)
        {
            await using var db = await app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync();
            var number = Care.Fhir.Nhs.NhsNumber.Parse(Twin);
            return (int)(await db.Patients.SingleAsync(p => p.NhsNumber == number)).Flags;
        }
    }

    [Fact]
    public async Task ChainOfMerges_ReachesTheLast_AndIsUndoneFromTheEnd()
    {
        await using var app = await MergeStory.StartAsync();
        var third = Story.Others.Skip(1).First();
        var before = await MergeStory.EverythingAsync(app);
        var first = await MergeStory.MergeAsync(app);
        app.Clock.Now += TimeSpan.FromMinutes(1);
        var second = await MergeStory.MergeAsync(app, Twin, third);

        (await app.GetJsonAsync($"/fhir/Patient/{Story.Ann}")).GetProperty("id").GetString().ShouldBe(third);
        await MergeStory.OkAsync(app.Client.PutAsync("/fhir/Encounter/chain", Fhir(MergeStory.Visit("chain", Story.Ann))));
        var refused = await MergeStory.UndoAsync(app, first);
        refused.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await refused.Content.ReadAsStringAsync()).ShouldContain(second);
        (await app.Client.PostAsJsonAsync("/v1/merges", new { from = third, into = Story.Ann, reason = "Round and round", differencesReviewed = true })).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);

        await MergeStory.UndoneAsync(app, second);
        (await app.GetJsonAsync("/fhir/Encounter/chain")).GetProperty("subject").GetProperty("reference").GetString().ShouldBe($"Patient/{Twin}");
        await MergeStory.UndoneAsync(app, first);
        (await app.GetJsonAsync("/fhir/Encounter/chain")).GetProperty("subject").GetProperty("reference").GetString().ShouldBe($"Patient/{Story.Ann}");
        await MergeStory.OkAsync(app.Client.DeleteAsync("/fhir/Encounter/chain"));
        MergeStory.ShouldBeSame(await MergeStory.EverythingAsync(app), before);
    }

    [Fact]
    public async Task Merge_OfTheWrongPeople_IsRefusedWithWhatWouldMendIt()
    {
        await using var app = await MergeStory.StartAsync();
        var (dead, sure, other) = (Story.Others.Skip(2).First(), Story.Others.Skip(3).First(), Story.Others.Skip(4).First());
        await MergeStory.OkAsync(app.Client.PutAsync($"/fhir/Patient/{dead}", Fhir(PatientOf(dead, "Well").Replace("\"gender\"", "\"deceasedDateTime\":\"2026-01-01\",\"gender\"", StringComparison.Ordinal))));
        foreach (var number in new[] { sure, other })
        {
            await MergeStory.OkAsync(app.Client.PutAsync($"/fhir/Patient/{number}", Fhir(PatientOf(number, "Well", verified: true))));
        }

        async Task RefusedAsync(object body, HttpStatusCode status, string says)
        {
            var answer = await app.Client.PostAsJsonAsync("/v1/merges", body);
            var text = await answer.Content.ReadAsStringAsync();
            answer.StatusCode.ShouldBe(status, text);
            text.ShouldContain(says);
            text.ShouldNotContain(Story.Ann);
        }

        await RefusedAsync(new { from = Story.Ann, into = Story.Ann, reason = "x" }, HttpStatusCode.UnprocessableEntity, "one record already");
        await RefusedAsync(new { from = Story.Ann, into = dead, reason = "x", differencesReviewed = true }, HttpStatusCode.UnprocessableEntity, "has died");
        await RefusedAsync(new { from = sure, into = other, reason = "x", differencesReviewed = true }, HttpStatusCode.UnprocessableEntity, "number-check");
        await RefusedAsync(new { from = sure, into = Story.Ann, reason = "x", differencesReviewed = true }, HttpStatusCode.UnprocessableEntity, "other way round");
        await RefusedAsync(new { from = Story.Ann, into = Twin, reason = "x" }, HttpStatusCode.UnprocessableEntity, "differencesReviewed");
        await RefusedAsync(new { from = "9990000026", into = Story.Others.Last(), reason = "x" }, HttpStatusCode.NotFound, "No such person");
        await RefusedAsync(new { from = "9990000027", into = Twin, reason = "x" }, HttpStatusCode.BadRequest, "not a valid NHS number");
        await RefusedAsync(new { from = Story.Ann, into = Twin }, HttpStatusCode.BadRequest, "Say why");
    }

    private static StringContent Fhir(string json) => new(json, Encoding.UTF8, "application/fhir+json");

    private static string PatientOf(string number, string family, bool verified = false)
    {
        var entry = JsonDocument.Parse(Story.Patient(number, number == Story.Ann ? "1936-04-02" : "1960-06-15", family)).RootElement.GetProperty("resource").GetRawText();
        return !verified ? entry : entry.Replace(
            "\"identifier\":[{",
            "\"identifier\":[{\"extension\":[{\"url\":\"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus\",\"valueCodeableConcept\":{\"coding\":[{\"system\":\"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland\",\"code\":\"01\"}]}}],",
            StringComparison.Ordinal);
    }
}
