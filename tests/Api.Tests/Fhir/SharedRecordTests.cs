using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Search;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Fhir;

/// <summary>Compartments, and resources that belong to several people.</summary>
public abstract class SharedRecordTests(CareApp app)
{
    private const string Restricted = "\"meta\":{\"security\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\"}]},";

    [Fact]
    public async Task Compartment_OfAType_IsSearchedLikeTheType()
    {
        var (one, other) = (await app.GivenPatientAsync(), await app.GivenPatientAsync());
        var first = (await app.PostAsync("Observation", CareApp.Observation(one, date: "2025-01-01"))).Id;
        var second = (await app.PostAsync("Observation", CareApp.Observation(one, code: "75367002", date: "2025-02-01"))).Id;
        await app.PostAsync("Observation", CareApp.Observation(other));

        (await app.GetAsync($"Patient/{one}/Observation?_sort=date")).Ids().ShouldBe([first, second]);
        (await app.GetAsync($"Patient/{one}/Observation?code=75367002")).Ids().ShouldBe([second]);
        (await app.GetAsync($"Patient/{one}/Observation?_id={first}&_include=Observation:subject")).Ids("include").ShouldBe([one]);
        (await app.GetAsync($"Patient/{one}/Patient")).Ids().ShouldBe([one]);
        (await app.GetAsync($"Patient/{one}/Condition")).Ids().ShouldBeEmpty();
        ((int)(await app.GetAsync($"Patient/{one}/Observation?_summary=count")).Json["total"]!).ShouldBe(2);
        (await app.SendAsync(HttpMethod.Post, $"Patient/{one}/Observation/_search", "code=75367002", ("Content-Type", "application/x-www-form-urlencoded"))).Ids().ShouldBe([second]);
        (await app.GetAsync($"Patient/{one}/Observation?colour=red")).Status.ShouldBe(400);
        (await app.GetAsync($"Patient/{one}/Organization")).Status.ShouldBe(400);
        (await app.GetAsync($"Patient/{one}/Nothing")).Status.ShouldBe(404);
        (await app.GetAsync("Patient/9990000018/Observation")).Status.ShouldBe(404);
        (await app.GetAsync($"Patient/{one}/*")).Ids().ShouldBe([one, .. new[] { first, second }.Order(StringComparer.Ordinal)]);
        (await app.GetAsync("metadata")).Json["rest"]![0]!["compartment"]!.ToJsonString().ShouldContain("CompartmentDefinition/patient");
    }

    [Fact]
    public async Task Resource_OfSeveralPeople_IsInTheRecordOfEach()
    {
        var (one, two, three) = (await app.GivenPatientAsync(), await app.GivenPatientAsync(), await app.GivenPatientAsync());
        var appointment = (await app.PostAsync("Appointment", Appointment(one, two))).Id;
        var message = (await app.PostAsync("Communication", $$"""{"resourceType":"Communication","status":"completed","subject":{"reference":"Patient/{{one}}"},"recipient":[{"reference":"Patient/{{two}}"}]}""")).Id;
        var group = (await app.PutAsync("Group/shared-1", Group("shared-1", one, two))).Id;
        var list = (await app.PostAsync("List", $$"""{"resourceType":"List","status":"current","mode":"snapshot","entry":[{"item":{"reference":"Patient/{{one}}"} },{"item":{"reference":"Patient/{{two}}"} }]}""")).Id;

        foreach (var person in new[] { one, two })
        {
            (await app.GetAsync($"Appointment?patient={person}")).Ids().ShouldBe([appointment]);
            (await app.GetAsync($"Appointment?actor=Patient/{person}&_include=Appointment:patient")).Ids("include").Order(StringComparer.Ordinal).ShouldBe([one, two]);
            (await app.GetAsync($"Group?member=Patient/{person}")).Ids().ShouldBe([group]);
            (await app.GetAsync($"List?item=Patient/{person}")).Ids().ShouldBe([list]);
            (await app.GetAsync($"Patient/{person}/Communication")).Ids().ShouldBe([message]);
            (await app.GetAsync($"Patient/{person}/$everything")).Ids().Length.ShouldBe(5);
            (await app.GetAsync($"Patient?_id={person}&_revinclude=Appointment:patient")).Ids("include").ShouldBe([appointment]);
        }

        (await app.GetAsync($"Communication?recipient=Patient/{two}")).Ids().ShouldBe([message]);
        (await app.GetAsync($"Communication?subject=Patient/{two}")).Ids().ShouldBeEmpty();
        (await app.GetAsync($"Appointment?patient={three}")).Ids().ShouldBeEmpty();
    }

    [Fact]
    public async Task Resource_ThatLosesSomebody_LeavesTheirRecord()
    {
        var (one, two, three) = (await app.GivenPatientAsync(), await app.GivenPatientAsync(), await app.GivenPatientAsync());
        var id = (await app.PostAsync("Appointment", Appointment(one, two))).Id;

        // The order of participants means nothing, so it may change; who comes new is found, who is gone is not.
        var changed = await app.PutAsync($"Appointment/{id}", WithId(Appointment(three, one), id));

        changed.Version.ShouldBe(2);
        (await app.GetAsync($"Appointment?patient={three}")).Ids().ShouldBe([id]);
        (await app.GetAsync($"Appointment?patient={two}")).Ids().ShouldBeEmpty();
        (await app.GetAsync($"Patient/{two}/$everything")).Ids().ShouldBe([two]);
        await app.SendAsync(HttpMethod.Delete, $"Appointment/{id}", null);
        (await app.GetAsync($"Patient/{three}/Appointment")).Ids().ShouldBeEmpty();
    }

    [Fact]
    public async Task Resource_OfSomebodyHidden_IsNotShown()
    {
        var (one, hidden) = (await app.GivenPatientAsync(), await app.GivenPatientAsync(extra: Restricted));
        var id = (await app.PostAsync("Appointment", Appointment(one, hidden, "sh-1"))).Id;

        (await app.GetAsync($"Appointment?patient={one}")).Ids().ShouldBeEmpty();
        (await app.GetAsync($"Patient/{one}/$everything")).Ids().ShouldBe([one]);
        (await app.GetAsync("Appointment?identifier=sh-1")).Ids().ShouldBeEmpty();
        (await app.GetAsync("Appointment?_lastUpdated=gt2001-01-01")).Ids().ShouldNotContain(id);
        (await app.GetAsync("_history?_count=1000")).Text.ShouldNotContain(id);

        // Whoever names the hidden person may see what is theirs, as with anything else of theirs.
        (await app.GetAsync($"Appointment?patient={hidden}")).Ids().ShouldBe([id]);
        (await app.GetAsync($"Appointment/{id}")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Resource_OfTwoPractices_IsForThoseWhoMaySeeBoth()
    {
        await app.PutAsync("Organization/Y00333", Practice("Y00333"));
        await app.PutAsync("Organization/Y00444", Practice("Y00444"));
        var mine = await app.GivenPatientAsync(extra: Gp("Y00333"));
        var theirs = await app.GivenPatientAsync(extra: Gp("Y00444"));
        await app.PutAsync("Group/two-practices", Group("two-practices", mine, theirs));

        (await AsAsync(["Y00333"], new ReadResource.Query("Group", "two-practices", null))).Error!.Status.ShouldBe(404);
        (await SearchAsync(["Y00333"], "Group", $"member=Patient/{mine}")).ShouldBeEmpty();
        (await SearchAsync(["Y00333"], "Group", "_id=two-practices")).ShouldBeEmpty();
        (await SearchAsync(["Y00333"], "Group", "")).ShouldNotContain("two-practices");
        (await SearchAsync(["Y00333", "Y00444"], "Group", $"member=Patient/{mine}")).ShouldBe(["two-practices"]);
        (await SearchAsync(["Y00333", "Y00444"], "Group", "")).ShouldContain("two-practices");

        // The group of one's own people is one's own again; its versions tell of the others still.
        (await app.PutAsync("Group/two-practices", Group("two-practices", mine))).Status.ShouldBe(200);
        (await AsAsync(["Y00333"], new ReadResource.Query("Group", "two-practices", null))).Error.ShouldBeNull();
        (await AsAsync(["Y00333"], new ReadResource.Query("Group", "two-practices", 1))).Error!.Status.ShouldBe(404);
        (await AsAsync(["Y00333"], new GetHistory.Query("Group", "two-practices", 10, default, null))).Error!.Status.ShouldBe(404);
        (await AsAsync(["Y00333"], new GetHistory.Query(null, null, 1000, default, null))).Value.Versions.ShouldNotContain(v => v.Id == "two-practices");
    }

    [Fact]
    public async Task SystemHistory_TellsEverything_NewestFirst()
    {
        var number = await app.GivenPatientAsync();
        var id = (await app.PostAsync("Observation", CareApp.Observation(number))).Id;
        await app.SendAsync(HttpMethod.Delete, $"Observation/{id}", null);
        await app.PutAsync("Practitioner/hs", """{"resourceType":"Practitioner","id":"hs","active":true}""");
        var all = (await app.GetAsync("_history?_count=1000")).Json["entry"]!.AsArray();
        all.Count.ShouldBeGreaterThan(3);
        var instants = all.Select(e => (string)e!["response"]!["lastModified"]!).ToList();
        instants.ShouldBe(instants.OrderDescending(StringComparer.Ordinal));

        var seen = new List<string>();
        var page = await app.GetAsync("_history?_count=2");
        while (true)
        {
            seen.AddRange(page.Json["entry"]!.AsArray().Select(e => $"{e!["fullUrl"]} {e["response"]!["etag"]}"));
            if (page.Link("next") is not { } next)
            {
                break;
            }

            page = await app.GetAsync(next);
            page.Status.ShouldBe(200, page.Text);
        }

        seen.ShouldBe(all.Select(e => $"{e!["fullUrl"]} {e["response"]!["etag"]}"));
        seen.ShouldBeUnique();
        (await app.GetAsync("_history?_since=2999-01-01T00:00:00Z")).Json["entry"].ShouldBeNull();
        (await app.GetAsync("_history?_count=0")).Status.ShouldBe(400);
        (await app.GetAsync("_history?_sort=date")).Status.ShouldBe(400);
    }

    private static string Appointment(string one, string two, string? identifier = null) => $$"""
        {"resourceType":"Appointment",{{(identifier is null ? "" : $"\"identifier\":[{{\"value\":\"{identifier}\"}}],")}}"status":"booked","start":"2026-12-01T09:00:00Z","end":"2026-12-01T09:30:00Z","participant":[{"actor":{"reference":"Patient/{{one}}"},"status":"accepted"},{"actor":{"reference":"Patient/{{two}}"},"status":"accepted"}]}
        """;

    private static string WithId(string json, string id) => $$"""{"id":"{{id}}",{{json.Trim()[1..]}}""";

    private static string Group(string id, params string[] people) =>
        $$"""{"resourceType":"Group","id":"{{id}}","type":"person","actual":true,"member":[{{string.Join(',', people.Select(p => $"{{\"entity\":{{\"reference\":\"Patient/{p}\"}}}}"))}}]}""";

    private static string Gp(string code) => $$"""
        "generalPractitioner":[{"reference":"Organization/{{code}}"}],
        """;

    private static string Practice(string code) =>
        $$"""{"resourceType":"Organization","id":"{{code}}","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"{{code}}"}],"name":"Practice"}""";

    private async Task<string[]> SearchAsync(string[] practices, string type, string query)
    {
        var found = await AsAsync(practices, new SearchResources.Query(type, QueryText.Parse(query), false, "http://localhost/fhir"));
        found.Error.ShouldBeNull();
        return [.. found.Value.Entries.Select(e => e.Resource.Id)];
    }

    private async Task<Result<T>> AsAsync<T>(string[] practices, IRequest<Result<T>> request)
    {
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CurrentCaller>().Caller =
            new Caller("mdt", new HashSet<Grant> { Grant.ReadRecords }, practices.ToHashSet(StringComparer.Ordinal));
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request, TestContext.Current.CancellationToken);
    }
}
