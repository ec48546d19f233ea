using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;

namespace BetterCare.Care.Tests.Api.Fhir;

public abstract class UntidyTests(CareApp app)
{
    private const string Practitioner = """{"resourceType":"Practitioner","active":true}""";

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/fhir+json; charset=utf-8")]
    [InlineData("Application/FHIR+JSON;fhirVersion=4.0")]
    public async Task Post_AnyNameOfJson_IsTaken(string type) =>
        (await app.PostAsync("Practitioner", Practitioner, ("Content-Type", type))).Status.ShouldBe(201);

    [Theory]
    [InlineData("application/fhir+xml")]
    [InlineData("text/plain")]
    public async Task Post_OtherFormat_Returns415(string type) =>
        (await app.PostAsync("Practitioner", Practitioner, ("Content-Type", type))).Status.ShouldBe(415);

    [Theory]
    [InlineData("application/fhir+xml", 406)]
    [InlineData("text/turtle", 406)]
    [InlineData("application/fhir+xml, application/fhir+json;q=0.5", 200)]
    [InlineData("text/html,application/xhtml+xml,*/*;q=0.8", 200)]
    [InlineData("application/json", 200)]
    public async Task Get_Accept_IsHonoured(string accept, int status) => (await app.GetAsync("metadata", ("Accept", accept))).Status.ShouldBe(status);

    [Theory]
    [InlineData("json", 200)]
    [InlineData("application/fhir+json", 200)]
    [InlineData("xml", 406)]
    public async Task Get_Format_GoesBeforeAccept(string format, int status) =>
        (await app.GetAsync($"metadata?_format={format}", ("Accept", "application/fhir+xml"))).Status.ShouldBe(status);

    [Theory]
    [InlineData("\uFEFF{\"resourceType\":\"Practitioner\",\"active\":true}", 201)]
    [InlineData("\r\n{\"resourceType\":\"Practitioner\",\r\n\"active\":true}\r\n", 201)]
    [InlineData("", 400)]
    [InlineData("{\"resourceType\":\"Practitioner\"", 400)]
    [InlineData("[]", 400)]
    [InlineData("{\"resourceType\":\"Practitioner\",\"active\":true,\"active\":true}", 400)]
    [InlineData("{\"resourceType\":\"Practitioner\",\"active\":true} {}", 400)]
    [InlineData("{\"resourceType\":\"Practitioner\",\"name\":[{\"family\":\"\\ud800\"}]}", 400)]
    public async Task Post_UntidyJson_IsTakenOrRefused(string json, int status) => (await app.PostAsync("Practitioner", json)).Status.ShouldBe(status);

    [Fact]
    public async Task Post_TooDeep_IsRefused()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"extension\":[", 300)) + string.Concat(Enumerable.Repeat("]}", 300));

        var reply = await app.PostAsync("Practitioner", $$"""{"resourceType":"Practitioner","extension":[{{deep}}]}""");

        reply.Status.ShouldBe(400);
        reply.Text.ShouldContain("OperationOutcome");
    }

    [Fact]
    public async Task Post_Gzip_IsTaken()
    {
        (await GzipAsync("Practitioner", Practitioner)).ShouldBe(201);
        // Small on the wire, too large once unpacked.
        (await GzipAsync("Practitioner", new string(' ', 5_000_000))).ShouldBe(413);
    }

    [Fact]
    public async Task Post_TooLarge_Returns413()
    {
        var reply = await app.PostAsync("Practitioner", new string(' ', 3_000_000));

        reply.Status.ShouldBe(413);
        reply.Issues.ShouldBe(["too-long"]);
    }

    private async Task<int> GzipAsync(string path, string text)
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(text), TestContext.Current.CancellationToken);
        }

        using var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/fhir+json");
        content.Headers.ContentEncoding.Add("gzip");
        using var response = await app.Client.PostAsync(path, content, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }

    [Fact]
    public async Task Head_OfAnything_IsGetWithoutBody()
    {
        var number = await app.GivenPatientAsync();

        foreach (var address in new[] { $"Patient/{number}", $"Patient?_id={number}", "metadata" })
        {
            var head = await app.SendAsync(HttpMethod.Head, address, null);
            head.Status.ShouldBe(200, address);
            head.Text.ShouldBeEmpty();
        }

        (await app.SendAsync(HttpMethod.Head, $"Patient/{number}", null)).ETag.ShouldBe("W/\"1\"");
        (await app.SendAsync(HttpMethod.Head, "Patient/none", null)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task MethodThatIsNotThere_IsToldInFhir()
    {
        var refused = await app.PostAsync("Patient/9990000018", "{}");

        refused.Status.ShouldBe(405);
        refused.Issues.ShouldBe(["not-supported"]);
    }

    [Fact]
    public async Task Ids_ThatCannotBe_AreNotFound()
    {
        foreach (var address in new[] { $"Patient/{new string('a', 65)}", "Observation/a%20b", "Observation/a_b/_history", "Patient/a%20b/$everything" })
        {
            (await app.GetAsync(address)).Status.ShouldBe(404, address);
        }

        (await app.GetAsync("Patient/%00")).Status.ShouldBe(400);

        (await app.GetAsync("Observation?_id=%00")).Status.ShouldBe(400);
        (await app.GetAsync("Patient?family=%00")).Status.ShouldBe(400);
        (await app.GetAsync("Observation?_id=a_b")).Ids().ShouldBeEmpty();
        var batch = await app.PostAsync("", """{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient/\u0000"} },{"request":{"method":"DELETE","url":"Patient/\u0000"} }]}""");
        batch.Status.ShouldBe(200, batch.Text);
    }

    [Fact]
    public async Task Slashes_Escaped_MeanTheSame()
    {
        var number = app.NewNumber();
        var patient = CareApp.Patient(number).Replace("/", "\\/", StringComparison.Ordinal).Replace($"\"id\":\"{number}\",", "", StringComparison.Ordinal);
        (await app.PostAsync("Patient", patient)).Status.ShouldBe(201);
        var observation = CareApp.Observation(number, "554001").Replace("/", "\\/", StringComparison.Ordinal).Replace("\"kg\",\"system\"", "\"a\\\\/b\",\"system\"", StringComparison.Ordinal);
        var id = (await app.PostAsync("Observation", observation)).Id;
        var bundle = $$"""{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{{observation}},"request":{"method":"POST","url":"Observation"} }]}""";
        (await app.PostAsync("", bundle)).Status.ShouldBe(200);

        (await app.GetAsync($"Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|{number}")).Ids().ShouldBe([number]);
        (await app.GetAsync("Observation?code=http://snomed.info/sct|554001")).Ids().Length.ShouldBe(2);
        ((string)(await app.GetAsync($"Observation/{id}")).Json["valueQuantity"]!["unit"]!).ShouldBe("a\\/b");
    }

    [Fact]
    public async Task OldNhsNumberSystem_IsTakenAndFoundByEither()
    {
        const string Old = "http://fhir.nhs.net/Id/nhs-number";
        const string Today = "https://fhir.nhs.uk/Id/nhs-number";
        var number = app.NewNumber();
        var patient = CareApp.Patient(number).Replace(Today, Old, StringComparison.Ordinal).Replace($"\"id\":\"{number}\",", "", StringComparison.Ordinal);
        var posted = await app.PostAsync("Patient", patient);
        posted.Status.ShouldBe(201, posted.Text);
        ((string)posted.Json["identifier"]![0]!["system"]!).ShouldBe(Today);
        var logical = CareApp.Observation(number).Replace($$"""{"reference":"Patient/{{number}}"}""", $$"""{"identifier":{"system":"{{Old}}","value":"{{number}}"} }""", StringComparison.Ordinal);
        var id = (await app.PostAsync("Observation", logical)).Id;

        foreach (var system in new[] { Old, Today })
        {
            (await app.GetAsync($"Patient?identifier={system}|{number}")).Ids().ShouldBe([number]);
            (await app.GetAsync($"Patient/{number}/Observation?subject:identifier={system}|{number}")).Ids().ShouldBe([id]);
            (await app.GetAsync($"Observation?subject:Patient.identifier={system}|{number}")).Ids().ShouldBe([id]);
            (await app.PutAsync($"Patient?identifier={system}|{number}", patient)).Status.ShouldBe(200);
        }

        // The number alone says whom it is about; a number that nobody here has is not passed over.
        var read = (await app.GetAsync($"Observation/{id}")).Json["subject"]!;
        ((string)read["reference"]!).ShouldBe($"Patient/{number}");
        ((string)read["identifier"]!["system"]!).ShouldBe(Today);
        (await app.PostAsync("Observation", logical.Replace(number, "9990000018", StringComparison.Ordinal))).Status.ShouldBe(422);
    }
}
