using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace BetterCare.Care.Tests.Api.Fhir;

/// <summary>Two processes of the service on one PostgreSQL database never do the same thing twice.</summary>
public sealed class TwoProcessesTests(PostgresApp app) : IClassFixture<PostgresApp>
{
    private const int Conditions = 12;
    private const int Requests = 6;

    [Fact]
    public async Task ConditionalCreates_OfBoth_CreateOnce()
    {
        _ = app.Client;
        using var one = ServerProcess.Start(app.Database, app.Folder);
        using var two = ServerProcess.Start(app.Database, app.Folder);
        await Task.WhenAll(one.ReadyAsync(), two.ReadyAsync());

        var statuses = await Task.WhenAll(Enumerable.Range(0, Conditions * Requests).Select(i => PostAsync(i % 2 == 0 ? one.Client : two.Client, i / Requests)));

        statuses.Count(s => s == HttpStatusCode.Created).ShouldBe(Conditions);
        statuses.ShouldAllBe(s => s == HttpStatusCode.Created || s == HttpStatusCode.OK);
        for (var condition = 0; condition < Conditions; condition++)
        {
            (await app.GetAsync($"Practitioner?identifier=urn:two|{condition}")).Ids().Length.ShouldBe(1);
        }
    }

    // Create, update and transaction in turn: all of them look first and act then.
    private static async Task<HttpStatusCode> PostAsync(HttpClient client, int condition)
    {
        var practitioner = $$"""{"resourceType":"Practitioner","identifier":[{"system":"urn:two","value":"{{condition}}"}],"active":true}""";
        var bundle = $$"""{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{{practitioner}},"request":{"method":"POST","url":"Practitioner","ifNoneExist":"identifier=urn:two|{{condition}}"} }]}""";
        using var request = (condition % 3) switch
        {
            0 => new HttpRequestMessage(HttpMethod.Post, "Practitioner") { Headers = { { "If-None-Exist", $"identifier=urn:two|{condition}" } }, Content = Json(practitioner) },
            1 => new HttpRequestMessage(HttpMethod.Put, $"Practitioner?identifier=urn:two%7C{condition}") { Content = Json(practitioner) },
            _ => new HttpRequestMessage(HttpMethod.Post, "") { Content = Json(bundle) },
        };
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return condition % 3 != 2 ? response.StatusCode : text.Contains("201 Created", StringComparison.Ordinal) ? HttpStatusCode.Created : response.StatusCode;
    }

    private static ByteArrayContent Json(string text) => new(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = new MediaTypeHeaderValue("application/fhir+json") } };
}
