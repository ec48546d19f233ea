namespace BetterCare.Care.Tests.Api.Leaks;

/// <summary>Writing about another practice's person answers as writing about nobody, and changes nothing.</summary>
public sealed class LeakByWriteTests(LeakWorld world) : IClassFixture<LeakWorld>
{
    [Fact]
    public async Task EveryWrite_AboutAnotherPracticesPerson_AnswersAsForNobody()
    {
        var token = await world.TokenAsync("mine");
        const string Fhir = "application/fhir+json";
        const string Observation = """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{num}"}}""";
        (HttpMethod Method, string Address, string? Body, string Type, (string, string)[] Headers)[] writes =
        [
            (HttpMethod.Post, "/fhir/Observation", Observation, Fhir, []),
            (HttpMethod.Put, "/fhir/Observation/w-1", Observation.Replace("\"status\"", "\"id\":\"w-1\",\"status\"", StringComparison.Ordinal), Fhir, []),
            (HttpMethod.Post, "/fhir/Observation", Observation.Replace("{\"reference\":\"Patient/{num}\"}", "{\"identifier\":{\"system\":\"https://fhir.nhs.uk/Id/nhs-number\",\"value\":\"{num}\"}}", StringComparison.Ordinal), Fhir, []),
            (HttpMethod.Put, "/fhir/Patient/{num}", """{"resourceType":"Patient","id":"{num}","name":[{"family":"x"}],"generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"N81011"}}]}""", Fhir, []),
            (HttpMethod.Put, "/fhir/Patient/{num}", """{"resourceType":"Patient","id":"{num}","name":[{"family":"x"}]}""", Fhir, []),
            (HttpMethod.Patch, "/fhir/Observation/{mark}-observation", """[{"op":"replace","path":"/status","value":"amended"}]""", "application/json-patch+json", []),
            (HttpMethod.Patch, "/fhir/Patient/{num}", """[{"op":"replace","path":"/gender","value":"male"}]""", "application/json-patch+json", []),
            (HttpMethod.Delete, "/fhir/Observation/{mark}-observation", null, Fhir, []),
            (HttpMethod.Delete, "/fhir/Patient/{num}", null, Fhir, []),
            (HttpMethod.Delete, "/fhir/Observation?identifier=urn:{mark}|{mark}", null, Fhir, []),
            (HttpMethod.Delete, "/fhir/Patient?identifier={num}", null, Fhir, []),
            (HttpMethod.Post, "/fhir", Story.Bundle([$$$"""{"resource":{{{Observation}}},"request":{"method":"POST","url":"Observation"}}"""]), Fhir, []),
            (HttpMethod.Post, "/fhir", Story.Bundle([$$$"""{"resource":{{{Observation}}},"request":{"method":"POST","url":"Observation"}}"""], "batch"), Fhir, []),
            (HttpMethod.Post, "/fhir", Story.Bundle([$$$"""{"resource":{{{Observation.Replace("Patient/{num}", "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|{num}", StringComparison.Ordinal)}}},"request":{"method":"POST","url":"Observation"}}"""]), Fhir, []),
            (HttpMethod.Post, "/fhir", Story.Bundle(["""{"request":{"method":"GET","url":"Patient/{num}"}}""", """{"request":{"method":"GET","url":"Observation?patient={num}"}}""", """{"request":{"method":"DELETE","url":"Observation/{mark}-observation"}}""", """{"request":{"method":"DELETE","url":"Condition?identifier=urn:{mark}|{mark}"}}"""], "batch"), Fhir, []),
            (HttpMethod.Post, "/fhir/Patient/$match", """{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{num}"}],"name":[{"family":"{mark}","given":["{mark}"]}],"birthDate":"1938-02-03"}}]}""", Fhir, []),
            (HttpMethod.Post, "/fhir/Condition", Examples.About("Condition", LeakWorld.Mine, "{mark}")!.Replace("\"id\":\"{mark}-condition\",", "", StringComparison.Ordinal), Fhir, [("If-None-Exist", "identifier=urn:{mark}|{mark}"), ("Prefer", "return=minimal")]),
            (HttpMethod.Put, "/fhir/Goal?identifier=urn:{mark}|{mark}", Examples.About("Goal", LeakWorld.Mine, "{mark}")!.Replace("\"id\":\"{mark}-goal\",", "", StringComparison.Ordinal), Fhir, [("Prefer", "return=minimal")]),
        ];
        var leaks = new List<string>();
        foreach (var (method, address, body, type, headers) in writes)
        {
            await world.TriedAsync(token, method, address, body, leaks, type, headers);
        }

        leaks.ShouldBeEmpty();

        // And nothing of theirs has changed.
        var all = await world.TokenAsync("all");
        (await world.App.JsonAsync(all, $"/fhir/Patient/{LeakWorld.Theirs}")).GetProperty("meta").GetProperty("versionId").GetString().ShouldBe("2", "the second is that of the merge");
        (await world.App.JsonAsync(all, $"/fhir/Observation/{LeakWorld.TheirMark}-observation")).GetProperty("meta").GetProperty("versionId").GetString().ShouldBe("1");
        (await world.App.JsonAsync(all, $"/fhir/Goal/{LeakWorld.TheirMark}-goal")).GetProperty("meta").GetProperty("versionId").GetString().ShouldBe("1");
    }
}
