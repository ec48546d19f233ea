using System.Net;
using System.Text.Json;
using BetterCare.Care.Api.Features.Tracing.StandIn;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Identity;

/// <summary>The council's adult social care knows Dorothy by its own number, not by the NHS's.</summary>
public sealed class TracingTests
{
    private const string Dorothy = "9990000018";

    [Fact]
    public async Task PersonWithoutNumber_Waits_AndIsAdmittedWithEverythingWhenTraced()
    {
        await using var tracing = await TracingApp.StartAsync();
        var app = tracing.App;
        tracing.Pds.People.Add(Dorothy, "Okell", ["Dorothy", "May"], "1938-07-14", "female", "WA7 2QP", "N81019");

        var posted = await app.PostFhirAsync("/fhir/Patient", TracingApp.Patient("SC-1"));
        var package = await app.PostFhirAsync("/fhir/Encounter", TracingApp.Package("P-1", "SC-1"));

        posted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await posted.Content.ReadAsStringAsync()).ShouldContain("being traced");
        package.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await app.GetJsonAsync("/fhir/Patient?family=Okell&_summary=count")).GetProperty("total").GetInt32().ShouldBe(0);
        (await tracing.OnlyAsync("waiting")).GetProperty("resources").GetInt32().ShouldBe(1);

        (await tracing.PassAsync()).GetProperty("linked").GetInt32().ShouldBe(1);

        var patient = await app.GetJsonAsync($"/fhir/Patient/{Dorothy}");
        patient.GetProperty("identifier")[0].GetProperty("value").GetString().ShouldBe(Dorothy);
        patient.GetRawText().ShouldContain("\"code\":\"01\"");
        patient.GetRawText().ShouldContain("N81019");
        (await app.GetJsonAsync($"/fhir/Encounter?patient={Dorothy}")).GetProperty("total").GetInt32().ShouldBe(1);
        (await app.GetJsonAsync($"/fhir/Provenance?patient={Dorothy}")).GetProperty("total").GetInt32().ShouldBe(1);
        tracing.Pds.LastOrganisation.ShouldBe("X26");

        // The council sends the same file again, and then a new visit: nothing is doubled, and nothing waits any more.
        (await app.PostFhirAsync("/fhir/Patient", TracingApp.Patient("SC-1"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await app.PostFhirAsync("/fhir/Encounter", TracingApp.Package("P-1", "SC-1"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await app.PostFhirAsync("/fhir/Encounter", TracingApp.Package("P-2", "SC-1"))).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await app.GetJsonAsync($"/fhir/Patient/{Dorothy}")).GetProperty("meta").GetProperty("versionId").GetString().ShouldBe("1");
        (await app.GetJsonAsync($"/fhir/Encounter?patient={Dorothy}")).GetProperty("total").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task Transaction_OfAPersonWithoutNumber_IsAcceptedEntryByEntry()
    {
        await using var tracing = await TracingApp.StartAsync();
        tracing.Pds.People.Add(Dorothy, "Okell", ["Dorothy"], "1938-07-14", "female", "WA7 2QP", "N81019");
        const string Person = """{"resourceType":"Patient","name":[{"family":"Okell","given":["Dorothy"]}],"gender":"female","birthDate":"1938-07-14","address":[{"postalCode":"WA7 2QP"}]}""";
        const string Visit = """{"resourceType":"Encounter","status":"finished","class":{"code":"HH"},"subject":{"reference":"urn:uuid:5b1c6a3e-0000-4000-8000-000000000001"},"period":{"start":"2026-05-04"}}""";
        const string Bundle = $$$"""{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{{{Visit}}},"request":{"method":"POST","url":"Encounter"}},{"fullUrl":"urn:uuid:5b1c6a3e-0000-4000-8000-000000000001","resource":{{{Person}}},"request":{"method":"POST","url":"Patient"}}]}""";

        var answer = await StoryApp.JsonOf(await tracing.App.PostFhirAsync("/fhir", Bundle));
        var pass = await tracing.PassAsync();

        pass.GetProperty("linked").GetInt32().ShouldBe(1, (await tracing.App.GetJsonAsync("/v1/tracing")).GetRawText());
        answer.GetProperty("entry").EnumerateArray().Select(e => e.GetProperty("response").GetProperty("status").GetString()).ShouldBe(["202 Accepted", "202 Accepted"]);
        (await tracing.App.GetJsonAsync($"/fhir/Encounter?patient={Dorothy}")).GetProperty("total").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task PdsAway_TheQueueWaits_AndIngestGoesOn_AndAHumanDecidesAndUndoes()
    {
        await using var tracing = await TracingApp.StartAsync(online: false);
        var app = tracing.App;
        await app.PostFhirAsync("/fhir/Patient", TracingApp.Patient("SC-1", family: "Smith", given: "Ann"));
        await app.PostFhirAsync("/fhir/Encounter", TracingApp.Package("P-1", "SC-1"));
        await Story.PostCohortAsync(app);

        (await tracing.PassAsync()).GetProperty("stillWaiting").GetInt32().ShouldBe(1);
        var id = (await tracing.OnlyAsync("waiting")).GetProperty("id").GetString()!;

        (await tracing.DecideAsync(id, new { nhsNumber = "9990000019", reason = "x" })).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await tracing.DecideAsync(id, new { nhsNumber = NhsNumber.WithFirstNine(999_200_002)?.Value, reason = "Not here, and PDS is away" })).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await tracing.DecideAsync(id, new { nhsNumber = Story.Ann })).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var before = await app.GetJsonAsync($"/fhir/Patient/{Story.Ann}/$everything?_count=200");

        (await tracing.DecideAsync(id, new { nhsNumber = Story.Ann, reason = "Phoned the council: it is she" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await app.GetJsonAsync($"/fhir/Encounter?patient={Story.Ann}&class=HH")).GetProperty("total").GetInt32().ShouldBe(1);
        (await tracing.DecideAsync(id, new { nhsNumber = Story.Ann, reason = "again" })).StatusCode.ShouldBe(HttpStatusCode.Conflict);

        app.Clock.Now += TimeSpan.FromMinutes(5);
        (await tracing.UndoAsync(id, "It was her sister")).StatusCode.ShouldBe(HttpStatusCode.OK);
        var after = await app.GetJsonAsync($"/fhir/Patient/{Story.Ann}/$everything?_count=200");
        Ids(after).ShouldBe(Ids(before));
        (await app.GetJsonAsync($"/fhir/Encounter?patient={Story.Ann}&class=HH")).GetProperty("total").GetInt32().ShouldBe(0);
        var view = await app.GetJsonAsync($"/v1/tracing/{id}");
        view.GetProperty("state").GetString().ShouldBe("review");
        view.GetProperty("decisions").EnumerateArray().Select(d => d.GetProperty("kind").GetString()).ShouldBe(["undone", "linked"]);
        view.GetProperty("decisions")[0].GetProperty("decidedBy").GetString().ShouldBe("demo-user");

        // Her sister is someone else: the same visit goes into that record.
        (await tracing.DecideAsync(id, new { nhsNumber = Story.Others.First(), reason = "The sister" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await app.GetJsonAsync($"/fhir/Encounter?patient={Story.Others.First()}&class=HH")).GetProperty("total").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task PersonWhoIsHereForCertain_IsLinkedWithoutPds()
    {
        await using var tracing = await TracingApp.StartAsync(online: false);
        var app = tracing.App;
        await app.PostFhirAsync("/fhir/Patient", $$$"""{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{{{Dorothy}}}"}],"name":[{"family":"Okell","given":["Dorothy"]}],"gender":"female","birthDate":"1938-07-14","address":[{"postalCode":"WA72QP"}]}""");

        await app.PostFhirAsync("/fhir/Patient", TracingApp.Patient("SC-1"));
        var pass = await tracing.PassAsync();

        pass.GetProperty("linked").GetInt32().ShouldBe(1);
        (await tracing.OnlyAsync("traced")).GetProperty("nhsNumber").GetString().ShouldBe(Dorothy);
    }

    [Theory]
    [InlineData("Okell", "1938-07-14", "WA7 9ZZ", "not everything agrees", "probable")]
    [InlineData("Nobody", "1938-07-14", "WA7 2QP", "found nobody", null)]
    public async Task NotCertain_IsForAHuman(string family, string born, string postcode, string note, string? grade)
    {
        await using var tracing = await TracingApp.StartAsync();
        tracing.Pds.People.Add(Dorothy, "Okell", ["Dorothy"], "1938-07-14", "female", "WA7 2QP", "N81019");
        await tracing.App.PostFhirAsync("/fhir/Patient", TracingApp.Patient("SC-1", family: family, born: born, postcode: postcode));

        await tracing.PassAsync();

        var view = await tracing.App.GetJsonAsync($"/v1/tracing/{(await tracing.OnlyAsync("review")).GetProperty("id").GetString()}");
        view.GetProperty("note").GetString()!.ShouldContain(note);
        view.GetProperty("candidates").EnumerateArray().Select(c => c.GetProperty("grade").GetString()).ShouldBe(grade is null ? [] : [grade]);
    }

    [Fact]
    public async Task RestrictedPerson_IsNeverLinkedByTheMachine_AndLosesAddressWhenAHumanDoes()
    {
        await using var tracing = await TracingApp.StartAsync();
        tracing.Pds.People.Add(Dorothy, "Okell", ["Dorothy"], "1938-07-14", "female", "WA7 2QP", "N81019", restricted: true);
        await tracing.App.PostFhirAsync("/fhir/Patient", TracingApp.Patient("SC-1").Replace("\"postalCode\":\"WA7 2QP\"", "\"city\":\"Runcorn\"", StringComparison.Ordinal));
        await tracing.PassAsync();
        var id = (await tracing.OnlyAsync("review")).GetProperty("id").GetString()!;

        await tracing.DecideAsync(id, new { nhsNumber = Dorothy, reason = "Seen with her papers" });

        var text = (await tracing.App.GetJsonAsync($"/fhir/Patient/{Dorothy}")).GetRawText();
        text.ShouldNotContain("Runcorn");
        text.ShouldContain("v3-Confidentiality");
    }

    [Fact]
    public async Task EveryFault_LosesNothing()
    {
        await using var tracing = await TracingApp.StartAsync();
        var app = tracing.App;
        string[] families = ["Rimmer", "Okell", "Pilkington", "Halsall", "Winstanley", "Molyneux", "Fazakerley", "Byrne", "Entwistle", "Ashcroft", "Doyle", "Sefton"];
        var people = families.Select((family, i) => (Number: NhsNumber.WithFirstNine(999_100_000 + (i * 7))?.Value, Id: $"SC-{i}", Family: family)).Where(p => p.Number is not null).ToList();
        foreach (var (number, id, family) in people)
        {
            tracing.Pds.People.Add(number!, family, ["Dorothy"], "1938-07-14", "female", "WA7 2QP", "N81019");
            await app.PostFhirAsync("/fhir/Patient", TracingApp.Patient(id, family: family));
            await app.PostFhirAsync("/fhir/Encounter", TracingApp.Package($"P-{id}", id));
        }

        PdsFault[] all = [PdsFault.Reset, PdsFault.TooManyRequests, PdsFault.Fault, PdsFault.Silence, PdsFault.UnableToCallService, PdsFault.Rubbish, PdsFault.TokenEnded];
        tracing.Pds.FailNext([.. Enumerable.Range(0, 3).SelectMany(_ => all)]);
        var linked = 0;
        for (var pass = 0; pass < 60 && linked < people.Count; pass++)
        {
            linked += (await tracing.PassAsync()).GetProperty("linked").GetInt32();
            app.Clock.Now += TimeSpan.FromHours(7);
            tracing.Clock.Now = app.Clock.Now;
            if (pass > 3)
            {
                tracing.Pds.Recover();
                await Task.Delay(200);
            }
        }

        linked.ShouldBe(people.Count);
        foreach (var (number, _, _) in people)
        {
            (await app.GetJsonAsync($"/fhir/Encounter?patient={number}")).GetProperty("total").GetInt32().ShouldBe(1);
        }

        // A repeated attempt carries the id of the first, so that PDS counts it once.
        tracing.Pds.RequestIds.GroupBy(i => i).ShouldContain(g => g.Count() > 1);
        app.Log.Lines.Where(l => people.Exists(p => l.Contains(p.Number!, StringComparison.Ordinal) || l.Contains(p.Family, StringComparison.Ordinal))).ShouldBeEmpty();
    }

    [Fact]
    public async Task Import_PeopleWithoutNumbers_AreCountedAsWaiting()
    {
        await using var tracing = await TracingApp.StartAsync(online: false);
        var lines = $"{TracingApp.Patient("SC-1")}\n{TracingApp.Package("P-1", "SC-1")}\n{TracingApp.Package("P-2", "SC-9")}\n";

        var started = await tracing.App.PostFhirAsync("/fhir/$import", lines, "application/fhir+ndjson");
        var report = await tracing.App.FinishedAsync(started.Content.Headers.GetValues("Content-Location").First());

        report.GetProperty("waiting").GetInt64().ShouldBe(2);
        report.GetProperty("rejected").GetInt64().ShouldBe(1);
        await using var db = await tracing.App.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync();
        (await db.TracingResources.CountAsync()).ShouldBe(1);
    }

    private static string[] Ids(JsonElement bundle) =>
        [.. bundle.GetProperty("entry").EnumerateArray().Select(e => $"{e.GetProperty("resource").GetProperty("resourceType").GetString()}/{e.GetProperty("resource").GetProperty("id").GetString()}").Order(StringComparer.Ordinal)];
}
