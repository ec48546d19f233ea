using System.Net;
using System.Text;
using System.Text.Json;

namespace BetterCare.Care.Tests.Api.Identity;

/// <summary>The council exports its case list on Mondays.</summary>
public sealed class CsvImportTests
{
    internal const string Map = """
        {"source":"https://council.example/adults","dateFormat":"dd/MM/yyyy",
         "person":{"id":"Case","nhsNumber":"NHS No","family":"Surname","given":"Forename","birthDate":"DOB","gender":"Sex","postcode":"Postcode","addressLine":"Address"},
         "records":[{"kind":"package-of-care","when":{"column":"Service","equals":["Home care"]},"start":"Start","end":"End","provider":"Provider"},
                    {"kind":"care-home-permanent","when":{"column":"Service","equals":"Residential"},"start":"Start","end":"End"},
                    {"kind":"reablement","when":{"column":"Service","equals":"Reablement"},"start":"Start","end":"End"}]}
        """;

    internal const string Heading = "Case,NHS No,Surname,Forename,DOB,Sex,Postcode,Address,Service,Start,End,Provider";

    [Fact]
    public async Task CaseList_BecomesPeopleAndServices_AndAgainChangesNothing()
    {
        await using var tracing = await TracingApp.StartAsync();
        tracing.Pds.People.Add("9990000018", "Okell", ["Dorothy"], "1938-07-14", "female", "WA7 2QP", "N81019");
        var file = $"\uFEFF{Heading}\r\n"
            + "77/1,,Okell,Dorothy,14/07/1938,F,WA7 2QP,\"Flat 2\r\n12 \"\"The Elms\"\"\",Home care,01/03/2026,,Good Care Ltd\r\n"
            + "77/1,,Okell,Dorothy,14/07/1938,F,WA7 2QP,\"Flat 2\r\n12 \"\"The Elms\"\"\",Reablement,01/02/2026,28/02/2026,\r\n"
            + "78,999 000 0026,Rigby,John,02/01/1940,M,WA8 1AA,,Residential,05/05/2026,,\r\n";

        var report = await ImportAsync(tracing, Map, file);

        (report.GetProperty("created").GetInt64(), report.GetProperty("waiting").GetInt64(), report.GetProperty("rejected").GetInt64()).ShouldBe((2, 3, 0));
        (await tracing.PassAsync()).GetProperty("linked").GetInt32().ShouldBe(1);
        var episodes = await tracing.App.GetJsonAsync("/fhir/EpisodeOfCare?patient=9990000018");
        episodes.GetProperty("total").GetInt32().ShouldBe(2);
        episodes.GetRawText().ShouldContain("Good Care Ltd");
        (await tracing.App.GetJsonAsync("/fhir/Patient/9990000018")).GetProperty("address")[0].GetProperty("line")[0].GetString().ShouldBe("Flat 2, 12 \"The Elms\"");
        (await tracing.App.GetJsonAsync("/fhir/EpisodeOfCare?patient=9990000026")).GetRawText().ShouldContain("residential-care");

        var again = await ImportAsync(tracing, Map, file);
        (again.GetProperty("created").GetInt64(), again.GetProperty("updated").GetInt64(), again.GetProperty("waiting").GetInt64(), again.GetProperty("unchanged").GetInt64()).ShouldBe((0, 0, 0, 5));
    }

    [Fact]
    public async Task WrongRows_AreListedByLineAndColumn_AndTheRestIsTaken()
    {
        await using var tracing = await TracingApp.StartAsync(online: false);
        var file = $"{Heading}\n"
            + "1,,A,Ann,31/02/1940,F,,,Home care,01/03/2026,,\n"
            + "2,9990000019,B,Bob,01/02/1940,M,,\"two\nlines\",Home care,01/03/2026,,\n"
            + "3,,C,Cas,01/02/1940,X,,,Home care,01/03/2026,01/01/2026,\n"
            + "4,,D,Dee,01/02/1940,F,,,Home care,,,\n"
            + "5,,E,Eve,01/02/1940,F,,Home care,01/03/2026,,\n"
            + ",,F,Fay,01/02/1940,F,,,Home care,01/03/2026,,\n"
            + "7,,G,Gil,01/02/1940,F,,,Meals,01/03/2026,,\n"
            + "8,,H,Hal,01/02/1940,M,,,Home care,01/03/2026,,\n";

        var report = await ImportAsync(tracing, Map, file);
        var rejects = await tracing.App.Client.GetStringAsync(report.GetProperty("rejectsFile").GetString()!);

        (report.GetProperty("rejected").GetInt64(), report.GetProperty("waiting").GetInt64()).ShouldBe((7, 2));
        foreach (var where in (string[])["line 2, column DOB", "line 3, column NHS No", "line 5, column Sex", "line 5, column End", "line 6, column Start", "line 7\"", "line 8, column Case", "line 9, column Service"])
        {
            rejects.ShouldContain(where);
        }

        rejects.ShouldNotContain("9990000019");
        rejects.ShouldNotContain("31/02/1940");
    }

    [Theory]
    [InlineData("{\"source\":\"https://c.example\",\"dateFormat\":\"dd/MM/yyyy\",\"person\":{\"id\":\"Case\",\"familly\":\"Surname\"}}", "Did you mean \\u0022family\\u0022")]
    [InlineData("{\"source\":\"https://c.example\",\"dateFormat\":\"dd/MM/yyyy\",\"person\":{\"id\":\"Case\",\"family\":\"Surnane\"}}", "Did you mean \\u0022Surname\\u0022")]
    [InlineData("{\"source\":\"https://c.example\",\"person\":{\"id\":\"Case\"}}", "dateFormat is missing")]
    [InlineData("{\"source\":\"here\",\"dateFormat\":\"dd/MM/yyyy\",\"person\":{\"id\":\"Case\"}}", "source is the URI")]
    [InlineData("not json", "no JSON")]
    public async Task WrongMap_IsToldHowToMend(string map, string says)
    {
        await using var tracing = await TracingApp.StartAsync(online: false);

        var response = await PostAsync(tracing, map, Encoding.UTF8.GetBytes($"{Heading}\n"));

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync()).ShouldContain(says);
    }

    [Fact]
    public async Task WindowsFile_IsRefusedUnlessTheMapSaysSo()
    {
        await using var tracing = await TracingApp.StartAsync(online: false);
        var file = Encoding.Latin1.GetBytes($"{Heading}\n1,,Müller,Zoë,01/02/1940,F,,,Home care,01/03/2026,,\n");

        var refused = await PostAsync(tracing, Map, file);
        var taken = await FinishedAsync(tracing, await PostAsync(tracing, Map.Replace("\"dateFormat\"", "\"encoding\":\"windows-1252\",\"dateFormat\"", StringComparison.Ordinal), file));

        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await refused.Content.ReadAsStringAsync()).ShouldContain("windows-1252");
        taken.GetProperty("waiting").GetInt64().ShouldBe(2);
        (await tracing.OnlyAsync("waiting")).GetProperty("family").GetString().ShouldBe("Müller");
    }

    [Fact]
    public async Task QuoteNeverClosed_IsToldWithItsLine_AndWhatCameBeforeIsTaken()
    {
        await using var tracing = await TracingApp.StartAsync(online: false);

        var report = await ImportAsync(tracing, Map, $"{Heading}\n1,,A,Ann,01/02/1940,F,,,Home care,01/03/2026,,\n2,,B,\"Bob,01/02/1940,M\n");

        (report.GetProperty("rejected").GetInt64(), report.GetProperty("waiting").GetInt64()).ShouldBe((1, 2));
        (await tracing.App.Client.GetStringAsync(report.GetProperty("rejectsFile").GetString()!)).ShouldContain("line 3 is never closed");
    }

    internal static async Task<JsonElement> ImportAsync(TracingApp tracing, string map, string file) => await FinishedAsync(tracing, await PostAsync(tracing, map, Encoding.UTF8.GetBytes(file)));

    private static async Task<HttpResponseMessage> PostAsync(TracingApp tracing, string map, byte[] file)
    {
        using var form = new MultipartFormDataContent { { new StringContent(map), "map", "map.json" }, { new ByteArrayContent(file), "file", "cases.csv" } };
        return await tracing.App.Client.PostAsync("/v1/csv-imports", form);
    }

    private static async Task<JsonElement> FinishedAsync(TracingApp tracing, HttpResponseMessage started)
    {
        started.StatusCode.ShouldBe(HttpStatusCode.Accepted, await started.Content.ReadAsStringAsync());
        return await tracing.App.FinishedAsync(started.Content.Headers.GetValues("Content-Location").First());
    }
}
