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
}
