namespace BetterCare.Care.Tests.Api.Fhir;

public abstract class InteractionsTests(CareApp app)
{
    [Fact]
    public async Task Create_Observation_IsReadBackWithItsDigits()
    {
        var number = await app.GivenPatientAsync();

        var created = await app.PostAsync("Observation", CareApp.Observation(number, value: "70.50"));

        created.Status.ShouldBe(201, created.Text);
        created.ETag.ShouldBe("W/\"1\"");
        created.Header("Location").ShouldEndWith($"/fhir/Observation/{created.Id}/_history/1");
        created.Header("Last-Modified").ShouldNotBeNull();
        var read = await app.GetAsync($"Observation/{created.Id}");
        read.Status.ShouldBe(200);
        read.Text.ShouldContain("\"value\":70.50");
        read.Text.ShouldBe(created.Text);
    }

    [Fact]
    public async Task Create_IdOfNobody_IsNotKept()
    {
        var first = await app.PostAsync("Practitioner", """{"resourceType":"Practitioner","id":"mine","active":true}""");
        var second = await app.PostAsync("Practitioner", """{"resourceType":"Practitioner","id":"mine","active":false}""");

        first.Id.ShouldNotBe("mine");
        second.Id.ShouldNotBe(first.Id);
        second.Status.ShouldBe(201);
    }

    [Fact]
    public async Task Create_SameSupplierSameIdTwice_IsOneResource()
    {
        const string Json = """{"resourceType":"Practitioner","id":"p1","meta":{"source":"https://hospital.example#1"},"active":true}""";
        var first = await app.PostAsync("Practitioner", Json);
        var second = await app.PostAsync("Practitioner", Json);
        var other = await app.PostAsync("Practitioner", Json.Replace("hospital", "council", StringComparison.Ordinal));

        first.Status.ShouldBe(201, first.Text);
        second.Status.ShouldBe(200);
        second.Id.ShouldBe(first.Id);
        other.Status.ShouldBe(201);
        other.Id.ShouldNotBe(first.Id);
    }

    [Fact]
    public async Task Create_IfNoneExist_FindsWhatIsThere()
    {
        const string Json = """{"resourceType":"Practitioner","identifier":[{"system":"https://fhir.hl7.org.uk/Id/gmc-number","value":"C4444444"}],"active":true}""";
        const string Condition = "identifier=https://fhir.hl7.org.uk/Id/gmc-number|C4444444";

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => app.PostAsync("Practitioner", Json, ("If-None-Exist", Condition))));

        replies.Count(r => r.Status == 201).ShouldBe(1);
        replies.Select(r => r.Id).Distinct().Count().ShouldBe(1);
        _ = await app.PostAsync("Practitioner", Json);
        var several = await app.PostAsync("Practitioner", Json, ("If-None-Exist", Condition));
        several.Status.ShouldBe(412);
        several.Issues.ShouldBe(["multiple-matches"]);
    }

    [Fact]
    public async Task Create_Invalid_SaysWhereAndHow()
    {
        var reply = await app.PostAsync("Observation", """{"resourceType":"Observation","status":"done","colour":1}""");

        reply.Status.ShouldBe(400);
        reply.Text.ShouldContain("Observation.status");
        reply.Text.ShouldContain("Observation.code");
        reply.Text.ShouldContain("Observation.colour");
    }

    [Fact]
    public async Task Create_TypeNotThatOfTheAddress_IsRefused() =>
        (await app.PostAsync("Condition", """{"resourceType":"Practitioner","active":true}""")).Status.ShouldBe(400);

    [Fact]
    public async Task Create_UnknownType_Returns404() => (await app.PostAsync("Patientt", """{"resourceType":"Patient"}""")).Status.ShouldBe(404);

    [Fact]
    public async Task Create_UnknownPerson_Returns422()
    {
        var reply = await app.PostAsync("Observation", CareApp.Observation("9990000018"));

        reply.Status.ShouldBe(422);
        reply.Text.ShouldNotContain("9990000018");
    }

    [Fact]
    public async Task Update_NewId_CreatesThenUpdatesThenNothing()
    {
        const string Json = """{"resourceType":"Practitioner","id":"u1","active":true}""";
        (await app.PutAsync("Practitioner/u1", Json)).Status.ShouldBe(201);

        var changed = await app.PutAsync("Practitioner/u1", Json.Replace("true", "false", StringComparison.Ordinal));
        changed.Status.ShouldBe(200);
        changed.Version.ShouldBe(2);

        (await app.PutAsync("Practitioner/u1", Json.Replace("true", "false", StringComparison.Ordinal))).Version.ShouldBe(2);
    }

    [Fact]
    public async Task Update_IdNotThatOfTheAddress_IsRefused()
    {
        (await app.PutAsync("Practitioner/a", """{"resourceType":"Practitioner","id":"b"}""")).Status.ShouldBe(400);
        (await app.PutAsync("Practitioner/a", """{"resourceType":"Practitioner","active":true}""")).Status.ShouldBe(400);
        var (one, other) = (app.NewNumber(), app.NewNumber());
        (await app.PutAsync($"Patient/{one}", CareApp.Patient(other).Replace($"\"id\":\"{other}\"", $"\"id\":\"{one}\"", StringComparison.Ordinal))).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Update_IfMatch_GuardsAgainstOverwriting()
    {
        const string Json = """{"resourceType":"Practitioner","id":"m1","active":true}""";
        await app.PutAsync("Practitioner/m1", Json);
        var changed = Json.Replace("true", "false", StringComparison.Ordinal);

        (await app.PutAsync("Practitioner/m1", changed, ("If-Match", "W/\"7\""))).Status.ShouldBe(412);
        (await app.PutAsync("Practitioner/m1", changed, ("If-Match", "W/\"1\""))).Version.ShouldBe(2);
        (await app.PutAsync("Practitioner/m1", Json, ("If-Match", "W/\"1\""))).Status.ShouldBe(412);
        (await app.PutAsync("Practitioner/m1", Json, ("If-None-Match", "*"))).Status.ShouldBe(412);
    }

    [Fact]
    public async Task Update_ByCondition_CreatesUpdatesOrRefuses()
    {
        const string Url = "Organization?identifier=https://fhir.nhs.uk/Id/ods-organization-code|Q9X01";
        const string Json = """{"resourceType":"Organization","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"Q9X01"}],"name":"One"}""";

        var created = await app.PutAsync(Url, Json);
        var updated = await app.PutAsync(Url, Json.Replace("One", "Two", StringComparison.Ordinal));

        created.Status.ShouldBe(201, created.Text);
        updated.Status.ShouldBe(200, updated.Text);
        updated.Id.ShouldBe(created.Id);
        updated.Version.ShouldBe(2);
        (await app.PutAsync(Url, Json.Replace("\"name\"", "\"id\":\"else\",\"name\"", StringComparison.Ordinal))).Status.ShouldBe(400);
        (await app.PutAsync("Organization", Json)).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Delete_Resource_IsGoneButNotForgotten()
    {
        const string Json = """{"resourceType":"Practitioner","id":"d1","active":true}""";
        await app.PutAsync("Practitioner/d1", Json);

        (await app.SendAsync(HttpMethod.Delete, "Practitioner/d1", null, ("If-Match", "W/\"9\""))).Status.ShouldBe(412);
        var deleted = await app.SendAsync(HttpMethod.Delete, "Practitioner/d1", null);

        deleted.Status.ShouldBe(204);
        deleted.ETag.ShouldBe("W/\"2\"");
        (await app.GetAsync("Practitioner/d1")).Status.ShouldBe(410);
        (await app.GetAsync("Practitioner/d1/_history/1")).Status.ShouldBe(200);
        (await app.SendAsync(HttpMethod.Delete, "Practitioner/d1", null)).Status.ShouldBe(204);
        (await app.SendAsync(HttpMethod.Delete, "Practitioner/never", null)).Status.ShouldBe(404);
        var again = await app.PutAsync("Practitioner/d1", Json);
        again.Status.ShouldBe(201);
        again.Version.ShouldBe(3);
        var history = await app.GetAsync("Practitioner/d1/_history");
        history.Json["entry"]!.AsArray().Select(e => (string)e!["request"]!["method"]!).ShouldBe(["PUT", "DELETE", "PUT"]);
        ((int)history.Json["total"]!).ShouldBe(3);
    }

    [Fact]
    public async Task Delete_ByCondition_DeletesTheOneMatch()
    {
        var created = await app.PostAsync("Location", """{"resourceType":"Location","identifier":[{"system":"urn:x","value":"del-1"}],"name":"Ward"}""");

        (await app.SendAsync(HttpMethod.Delete, "Location?identifier=urn:x|del-1", null)).Status.ShouldBe(204);

        (await app.GetAsync($"Location/{created.Id}")).Status.ShouldBe(410);
        (await app.SendAsync(HttpMethod.Delete, "Location?identifier=urn:x|del-1", null)).Status.ShouldBe(404);
        (await app.SendAsync(HttpMethod.Delete, "Location", null)).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Patch_Resource_ChangesWhatItSays()
    {
        var number = await app.GivenPatientAsync();
        var id = (await app.PostAsync("Observation", CareApp.Observation(number, value: "70.50"))).Id;
        Task<Reply> PatchAsync(string patch, params (string, string)[] headers) =>
            app.SendAsync(HttpMethod.Patch, $"Observation/{id}", patch, [("Content-Type", "application/json-patch+json"), .. headers]);

        var patched = await PatchAsync("""[{"op":"replace","path":"/status","value":"amended"}]""", ("If-Match", "W/\"1\""));

        patched.Status.ShouldBe(200, patched.Text);
        patched.Version.ShouldBe(2);
        patched.Text.ShouldContain("70.50");
        ((string)patched.Json["status"]!).ShouldBe("amended");
        (await PatchAsync("""[{"op":"replace","path":"/status","value":"final"}]""", ("If-Match", "W/\"1\""))).Status.ShouldBe(412);
        (await PatchAsync("""[{"op":"replace","path":"/status","value":"nonsense"}]""")).Status.ShouldBe(400);
        (await PatchAsync("""[{"op":"replace","path":"/id","value":"other"}]""")).Status.ShouldBe(400);
        (await PatchAsync("""[{"op":"test","path":"/status","value":"final"}]""")).Status.ShouldBe(422);
        (await PatchAsync("""{"op":"test"}""")).Status.ShouldBe(400);
        (await app.SendAsync(HttpMethod.Patch, $"Observation/{id}", "[]")).Status.ShouldBe(415);
        (await app.SendAsync(HttpMethod.Patch, "Observation/none", "[]", ("Content-Type", "application/json-patch+json"))).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Patch_ManyAtOnce_LosesNone()
    {
        await app.PutAsync("Practitioner/many", """{"resourceType":"Practitioner","id":"many","identifier":[{"value":"0"}]}""");

        var replies = await Task.WhenAll(Enumerable.Range(1, 4).Select(i => app.SendAsync(
            HttpMethod.Patch, "Practitioner/many", $$"""[{"op":"add","path":"/identifier/-","value":{"value":"{{i}}"} }]""", ("Content-Type", "application/json-patch+json"))));

        replies.ShouldAllBe(r => r.Status == 200);
        (await app.GetAsync("Practitioner/many")).Json["identifier"]!.AsArray().Count.ShouldBe(5);
    }

    [Fact]
    public async Task Read_SameVersion_Returns304()
    {
        var number = await app.GivenPatientAsync();
        var read = await app.GetAsync($"Patient/{number}");

        (await app.GetAsync($"Patient/{number}", ("If-None-Match", read.ETag!))).Status.ShouldBe(304);
        (await app.GetAsync($"Patient/{number}", ("If-None-Match", "W/\"99\""))).Status.ShouldBe(200);
        (await app.GetAsync($"Patient/{number}", ("If-Modified-Since", read.Header("Last-Modified")!))).Status.ShouldBe(304);
        (await app.GetAsync($"Patient/{number}", ("If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Read_PartsAsked_ShowsThem()
    {
        var number = await app.GivenPatientAsync();

        var elements = await app.GetAsync($"Patient/{number}?_elements=birthDate");
        elements.Json["name"].ShouldBeNull();
        elements.Json["birthDate"].ShouldNotBeNull();
        elements.Text.ShouldContain("SUBSETTED");
        (await app.GetAsync($"Patient/{number}?_pretty=true")).Text.ShouldContain("\n  \"birthDate\"");
        (await app.GetAsync($"Patient/{number}?_summary=true")).Text.ShouldContain("SUBSETTED");
        (await app.GetAsync($"Patient/{number}?_summary=nonsense")).Status.ShouldBe(400);
    }

    [Theory]
    [InlineData("minimal", "")]
    [InlineData("representation", "\"resourceType\":\"Practitioner\"")]
    [InlineData("OperationOutcome", "\"resourceType\":\"OperationOutcome\"")]
    public async Task Write_Prefer_GivesBackWhatIsPreferred(string preference, string expected)
    {
        var reply = await app.PostAsync("Practitioner", """{"resourceType":"Practitioner","active":true}""", ("Prefer", $"return={preference}"));

        reply.Status.ShouldBe(201);
        reply.Header("Location").ShouldNotBeNull();
        reply.ETag.ShouldBe("W/\"1\"");
        if (expected.Length == 0)
        {
            reply.Text.ShouldBeEmpty();
        }
        else
        {
            reply.Text.ShouldContain(expected);
        }
    }

    [Fact]
    public async Task History_OfType_PagesThroughEveryVersionOnce()
    {
        for (var i = 0; i < 5; i++)
        {
            await app.PutAsync("Medication/h1", $$"""{"resourceType":"Medication","id":"h1","amount":{"denominator":{"value":1},"numerator":{"value":{{i}} } } }""");
        }

        var seen = new List<string>();
        var page = await app.GetAsync("Medication/_history?_count=2");
        while (true)
        {
            seen.AddRange(page.Json["entry"]!.AsArray().Select(e => (string)e!["response"]!["etag"]!));
            if (page.Link("next") is not { } next)
            {
                break;
            }

            page = await app.GetAsync(next);
        }

        seen.ShouldBe(["W/\"5\"", "W/\"4\"", "W/\"3\"", "W/\"2\"", "W/\"1\""]);
        (await app.GetAsync("Medication/h1/_history?_since=2999-01-01T00:00:00Z")).Json["entry"].ShouldBeNull();
        (await app.GetAsync("Medication/h1/_history?_count=x")).Status.ShouldBe(400);
    }
}
