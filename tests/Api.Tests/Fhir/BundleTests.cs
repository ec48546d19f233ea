using System.Text;

namespace BetterCare.Care.Tests.Api.Fhir;

public abstract class BundleTests(CareApp app)
{
    [Fact]
    public async Task Transaction_AllMethods_AreDoneInOrderAndAnsweredInPlace()
    {
        await app.PutAsync("Practitioner/t-del", """{"resourceType":"Practitioner","id":"t-del","active":true}""");
        await app.PutAsync("Practitioner/t-patch", """{"resourceType":"Practitioner","id":"t-patch","active":true}""");
        var patch = Convert.ToBase64String("""[{"op":"replace","path":"/active","value":false}]"""u8);

        var reply = await app.PostAsync("", Bundle(
            "transaction",
            Entry("GET", "Practitioner/t-patch"),
            Entry("GET", "Practitioner?_id=t-put,t-del"),
            Entry("PATCH", "Practitioner/t-patch", $$"""{"resourceType":"Binary","contentType":"application/json-patch+json","data":"{{patch}}"}"""),
            Entry("PUT", "Practitioner/t-put", """{"resourceType":"Practitioner","id":"t-put","active":true}"""),
            Entry("POST", "Practitioner", """{"resourceType":"Practitioner","active":true}"""),
            Entry("DELETE", "Practitioner/t-del"),
            Entry("DELETE", "Practitioner/never")));

        reply.Status.ShouldBe(200, reply.Text);
        Statuses(reply).ShouldBe(["200", "200", "200", "201", "201", "204", "204"]);
        ((bool)reply.Json["entry"]![0]!["resource"]!["active"]!).ShouldBeFalse();
        ((int)reply.Json["entry"]![1]!["resource"]!["total"]!).ShouldBe(1);
        (await app.GetAsync("Practitioner/t-del")).Status.ShouldBe(410);
    }

    [Fact]
    public async Task Transaction_OneEntryFails_KeepsNothing()
    {
        var number = app.NewNumber();

        var reply = await app.PostAsync("", Bundle(
            "transaction",
            Entry("PUT", $"Patient/{number}", CareApp.Patient(number)),
            Entry("PUT", "Practitioner/stale", """{"resourceType":"Practitioner","id":"stale"}""", "\"ifMatch\":\"W/\\\"3\\\"\",")));

        reply.Status.ShouldBe(412);
        reply.Text.ShouldContain("Bundle.entry[1]");
        (await app.GetAsync($"Patient/{number}")).Status.ShouldBe(404);
        (await app.PostAsync("", Bundle("transaction", Entry("GET", "Practitioner/x"), Entry("HEAD", "Practitioner/x")))).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Transaction_References_ForwardAndConditionalAreResolved()
    {
        var number = app.NewNumber();
        await app.PostAsync("Practitioner", """{"resourceType":"Practitioner","identifier":[{"system":"urn:gmc","value":"C777"}],"active":true}""");

        var reply = await app.PostAsync("", Bundle(
            "transaction",
            $$"""{"fullUrl":"urn:uuid:0b9f6c52-6b2f-4b53-9f9e-111111111111","resource":{{CareApp.Observation("x").Replace("Patient/x", "urn:uuid:0b9f6c52-6b2f-4b53-9f9e-222222222222", StringComparison.Ordinal).Replace("\"status\"", "\"performer\":[{\"reference\":\"Practitioner?identifier=urn:gmc|C777\"}],\"status\"", StringComparison.Ordinal)}},"request":{"method":"POST","url":"Observation"} }""",
            $$"""{"fullUrl":"urn:uuid:0b9f6c52-6b2f-4b53-9f9e-222222222222","resource":{{CareApp.Patient(number)}},"request":{"method":"PUT","url":"Patient/{{number}}"} }"""));

        reply.Status.ShouldBe(200, reply.Text);
        var stored = await app.GetAsync($"Observation?patient={number}");
        stored.Text.ShouldContain($"\"reference\":\"Patient/{number}\"");
        stored.Text.ShouldContain("\"reference\":\"Practitioner/");
        stored.Text.ShouldNotContain("Practitioner?identifier");
        var none = await app.PostAsync("", Bundle("transaction", Entry("POST", "Observation", CareApp.Observation(number, extra: "\"performer\":[{\"reference\":\"Practitioner?identifier=urn:gmc|nobody\"}],"))));
        none.Status.ShouldBe(412, none.Text);
        none.Text.ShouldContain("Bundle.entry[0].resource.performer");
    }

    [Fact]
    public async Task Transaction_IfNoneExist_CreatesOnceHoweverOftenItIsSent()
    {
        const string Json = """{"resourceType":"Practitioner","identifier":[{"system":"urn:gmc","value":"C888"}],"active":true}""";
        var entry = Entry("POST", "Practitioner", Json, "\"ifNoneExist\":\"identifier=urn:gmc|C888\",");

        var replies = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => app.PostAsync("", Bundle("transaction", entry, entry))));

        replies.ShouldAllBe(r => r.Status == 200);
        replies.SelectMany(Statuses).Count(s => s == "201").ShouldBe(1);
        (await app.GetAsync("Practitioner?identifier=urn:gmc|C888")).Ids().Length.ShouldBe(1);
    }

    [Fact]
    public async Task Transaction_ThousandEntries_IsOneAnswer()
    {
        var number = await app.GivenPatientAsync();

        var reply = await app.PostAsync("", Bundle("transaction", [.. Enumerable.Range(0, 1000).Select(i => Entry("POST", "Observation", CareApp.Observation(number, value: $"{i}.0")))]));

        reply.Status.ShouldBe(200);
        Statuses(reply).Length.ShouldBe(1000);
        ((int)(await app.GetAsync($"Observation?patient={number}&_summary=count")).Json["total"]!).ShouldBe(1000);
    }

    [Fact]
    public async Task Batch_EachEntry_StandsAlone()
    {
        var number = await app.GivenPatientAsync();

        var reply = await app.PostAsync("", Bundle(
            "batch",
            Entry("POST", "Observation", """{"resourceType":"Observation","status":"done"}"""),
            Entry("POST", "Observation", CareApp.Observation(number)),
            Entry("GET", "Patient/0000000000"),
            Entry("GET", $"Patient/{number}", null, "\"ifNoneMatch\":\"W/\\\"1\\\"\","),
            Entry("GET", "Observation?status=final"),
            Entry("DELETE", "Nothing/1")), ("Prefer", "return=representation"));

        reply.Status.ShouldBe(200, reply.Text);
        Statuses(reply).ShouldBe(["400", "201", "404", "304", "400", "400"]);
        reply.Json["entry"]![1]!["resource"].ShouldNotBeNull();
        reply.Json["entry"]![0]!["response"]!["outcome"]!.ToJsonString().ShouldContain("Bundle.entry[0].resource");
    }

    [Fact]
    public async Task Post_NotATransaction_SaysWhatToDo()
    {
        (await app.PostAsync("", """{"resourceType":"Practitioner"}""")).Status.ShouldBe(400);
        (await app.PostAsync("", """{"resourceType":"Bundle","type":"collection"}""")).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Batch_SearchOfACompartment_IsAnswered()
    {
        var number = await app.GivenPatientAsync();
        var id = (await app.PostAsync("Observation", CareApp.Observation(number))).Id;

        var reply = await app.PostAsync("", Bundle("batch", Entry("GET", $"Patient/{number}/Observation?_count=5"), Entry("GET", $"Patient/{number}/Nothing")));

        Statuses(reply).ShouldBe(["200", "400"]);
        ((string)reply.Json["entry"]![0]!["resource"]!["entry"]![0]!["resource"]!["id"]!).ShouldBe(id);
    }

    private static string Bundle(string type, params string[] entries) => $$"""{"resourceType":"Bundle","type":"{{type}}","entry":[{{string.Join(',', entries)}}]}""";

    private static string Entry(string method, string url, string? resource = null, string request = "")
    {
        var text = new StringBuilder("{");
        if (resource is not null)
        {
            text.Append("\"resource\":").Append(resource).Append(',');
        }

        return text.Append("\"request\":{").Append(request).Append("\"method\":\"").Append(method).Append("\",\"url\":\"").Append(url).Append("\"}}").ToString();
    }

    private static string[] Statuses(Reply reply) => [.. reply.Json["entry"]!.AsArray().Select(e => ((string)e!["response"]!["status"]!)[..3])];
}
