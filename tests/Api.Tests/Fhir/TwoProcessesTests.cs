using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using BetterCare.Care.Api.Hosting;

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
        using var one = Start();
        using var two = Start();
        try
        {
            await Task.WhenAll(ReadyAsync(one.Client), ReadyAsync(two.Client));

            var statuses = await Task.WhenAll(Enumerable.Range(0, Conditions * Requests).Select(i => PostAsync(i % 2 == 0 ? one.Client : two.Client, i / Requests)));

            statuses.Count(s => s == HttpStatusCode.Created).ShouldBe(Conditions);
            statuses.ShouldAllBe(s => s == HttpStatusCode.Created || s == HttpStatusCode.OK);
            for (var condition = 0; condition < Conditions; condition++)
            {
                (await app.GetAsync($"Practitioner?identifier=urn:two|{condition}")).Ids().Length.ShouldBe(1);
            }
        }
        finally
        {
            one.Process.Kill();
            two.Process.Kill();
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

    private Running Start()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { typeof(CareHost).Assembly.Location, "serve", "--urls", $"http://127.0.0.1:{port}", "--database", app.Database })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["Care__WorkFolder"] = app.Folder;
        start.Environment["Logging__LogLevel__Default"] = "Error";
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new Running(process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/fhir/") });
    }

    private static async Task ReadyAsync(HttpClient client)
    {
        for (var attempt = 0; attempt < 600; attempt++)
        {
            try
            {
                using var ready = await client.GetAsync("/health/ready", TestContext.Current.CancellationToken);
                if (ready.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException("A second process did not start.");
    }

    private sealed record Running(Process Process, HttpClient Client) : IDisposable
    {
        public void Dispose()
        {
            Client.Dispose();
            Process.Dispose();
        }
    }
}
