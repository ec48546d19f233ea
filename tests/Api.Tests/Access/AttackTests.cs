using System.Diagnostics.Metrics;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Access;

/// <summary>The attack list: what is hostile is refused, logged and counted, and the service goes on as before.</summary>
public sealed partial class AttackTests(CareApp app) : IClassFixture<CareApp>
{
    private static readonly string[] Payloads =
    [
        "' OR '1'='1", "'; DROP TABLE patient;--", "\" OR 1=1 --", "1) UNION SELECT body FROM resource--", "../../../../etc/passwd", "..\\..\\windows\\win.ini", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "\0", "%00",
        "${jndi:ldap://x/y}", "<script>alert(1)</script>", "{{7*7}}", "%27%20OR%201%3D1", "\u202e\ufeff", "99999999999999999999999999", "-1", "NaN", "9990000018' --", new('a', 5000), "\r\nSet-Cookie: x=y",
    ];

    [Fact]
    public async Task Injection_InEveryParameter_IsRefusedOrFindsNothing()
    {
        var number = await app.GivenPatientAsync("Injected");
        var root = new Uri(app.Client.BaseAddress!, "/");
        var patterns = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains("GET") == true).Select(e => "/" + e.RoutePattern.RawText!.Trim('/')).Distinct(StringComparer.Ordinal).ToList();
        string[] queries = ["practice", "level", "change", "sort", "cursor", "count", "by", "month", "reason", "nhsNumber", "place", "owner", "since", "_count", "_since", "_type", "_typeFilter", "_cursor", "_sort", "_elements", "_include", "_id", "source"];
        string[] lists = ["/v1/risk-list", "/v1/coverage", "/v1/worklist", "/fhir/Patient", "/fhir/Observation/_history", $"/fhir/Patient/{number}/$everything", $"/v1/urgent-care/{number}"];
        var tried = 0;
        foreach (var payload in Payloads)
        {
            var text = Uri.EscapeDataString(payload);
            foreach (var pattern in patterns)
            {
                var address = Hole().Replace(pattern, text);
                await TryAsync(new Uri(root, address), payload);
                tried++;
            }

            foreach (var query in queries)
            {
                await TryAsync(new Uri(root, $"{lists[tried % lists.Length]}?{query}={text}"), payload);
                tried++;
            }
        }

        foreach (var type in Enum.GetValues<ResourceType>().Where(t => t != ResourceType.None))
        {
            foreach (var parameter in SearchParameters.For(type).All.Where(p => p.IsSupported))
            {
                await TryAsync(new Uri(root, $"/fhir/{type.Name()}?{parameter.Code}={Uri.EscapeDataString(Payloads[tried % Payloads.Length])}"), "a search");
                tried++;
            }
        }

        (await app.GetAsync($"Patient/{number}")).Status.ShouldBe(200);
        tried.ShouldBeGreaterThan(3000);
    }

    [Fact]
    public async Task JsonBombs_AreRefused_AndNothingElseIsSlowed()
    {
        var number = await app.GivenPatientAsync("Bombed");
        string[] bombs =
        [
            new string('[', 200_000), string.Concat(Enumerable.Repeat("{\"a\":", 100_000)),
            $"{{\"resourceType\":\"Patient\",\"extension\":{string.Concat(Enumerable.Repeat("[{\"extension\":", 50_000))}",
            $"{{\"resourceType\":\"Observation\",\"valueQuantity\":{{\"value\":1e{new string('9', 1000)}}}}}",
            $"{{\"resourceType\":\"Observation\",\"valueQuantity\":{{\"value\":{new string('9', 1_000_000)}}}}}",
            $"{{\"resourceType\":\"Patient\",{string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"k{i}\":1"))}}}",
            $"{{\"resourceType\":\"Patient\",{string.Join(',', Enumerable.Repeat("\"active\":true", 100_000))}}}",
            $"{{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{string.Join(',', Enumerable.Repeat("{}", 100_000))}]}}",
        ];
        foreach (var bomb in bombs)
        {
            foreach (var address in new[] { "Patient", "", "Patient/$validate", "Patient/$match" })
            {
                var reply = await app.PostAsync(address.Length == 0 ? "../fhir" : address, bomb);

                // $validate answers 200 with what is wrong; a batch answers entry by entry.
                reply.Status.ShouldBeOneOf([400, 413, 422, .. address == "Patient/$validate" || (address.Length == 0 && bomb.Contains("batch", StringComparison.Ordinal)) ? [200] : Array.Empty<int>()]);
            }

            (await app.GetAsync($"Patient/{number}")).Status.ShouldBe(200);
        }
    }

    [Fact]
    public async Task ZipBomb_InARequest_IsCutOffAtTheLimit()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "Patient") { Content = new ByteArrayContent(Zipped(200_000_000)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/fhir+json");
        request.Content.Headers.ContentEncoding.Add("gzip");

        using var reply = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);

        ((int)reply.StatusCode).ShouldBe(413);
    }

    [Fact]
    public async Task ZipBomb_InAnImport_IsOneRejectedLine()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "$import") { Content = new ByteArrayContent(Zipped(300_000_000)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/fhir+ndjson");
        request.Content.Headers.ContentEncoding.Add("gzip");
        using var accepted = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
        ((int)accepted.StatusCode).ShouldBe(202);
        var address = accepted.Content.Headers.ContentLocation ?? new Uri(accepted.Headers.GetValues("Content-Location").First());

        Reply report;
        do
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
            report = await app.GetAsync(address.ToString());
        }
        while (report.Status == 202);

        report.Status.ShouldBe(200, report.Text);
        report.Text.ShouldContain("\"created\":0");
        (await app.GetAsync("metadata")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task SlowBodies_AreCutOff_WhileOthersAreServed()
    {
        var slow = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 40; i++)
            {
                var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", app.Client.BaseAddress!.Port, TestContext.Current.CancellationToken);
                await client.GetStream().WriteAsync("POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\nContent-Length: 100000\r\n\r\n{"u8.ToArray(), TestContext.Current.CancellationToken);
                slow.Add(client);
            }

            (await app.GetAsync("metadata")).Status.ShouldBe(200);

            // The server itself ends them: Kestrel asks for 240 bytes a second after five seconds of grace.
            foreach (var client in slow)
            {
                var answer = new byte[4096];
                var read = await client.GetStream().ReadAsync(answer, TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
                (read == 0 || Encoding.ASCII.GetString(answer, 0, read).StartsWith("HTTP/1.1 4", StringComparison.Ordinal)).ShouldBeTrue();
            }
        }
        catch (IOException)
        {
            // Reset by the server: just as good.
        }
        finally
        {
            slow.ForEach(c => c.Dispose());
        }

        (await app.GetAsync("metadata")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Refusal_IsLoggedAndCounted_WithoutWhatWasSent()
    {
        await using var production = await ProductionApp.StartAsync([]);
        var counted = new List<(string Name, string Error)>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => { if (instrument.Meter.Name == "BetterCare.Care.Access") { l.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) =>
        {
            lock (counted)
            {
                counted.Add((instrument.Name, tags.ToArray().First(t => t.Key is "error" or "outcome").Value!.ToString()!));
            }
        });
        listener.Start();

        (await production.GetAsync("eyJsecret.forged.token", "/fhir/Patient/9990000018")).Status.ShouldBe(401);
        (await production.GetAsync("", "/fhir/Patient/9990000018")).Status.ShouldBe(401);
        (await SignedClient.RefusedAsync(production.Client, "a.b.c")).Status.ShouldBe(401);

        lock (counted)
        {
            counted.ShouldContain(("care.access.refused", "BadToken"));
            counted.ShouldContain(("care.access.refused", "NotAuthenticated"));
            counted.ShouldContain(("care.access.tokens", "invalid_client"));
        }

        var log = string.Join('\n', production.App.Log.Lines);
        log.ShouldContain("Refused 401 BadToken at /fhir/{type}/{id}");
        log.ShouldNotContain("secret");
        log.ShouldNotContain("9990000018");
    }

    private async Task TryAsync(Uri address, string payload)
    {
        using var reply = await app.Client.GetAsync(address, TestContext.Current.CancellationToken);
        var text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        ((int)reply.StatusCode).ShouldBeLessThan(500, $"{address.AbsolutePath} with {payload}: {text}");
        text.ShouldNotContain("root:x:0");
        reply.Headers.Contains("Set-Cookie").ShouldBeFalse();
    }

    private static byte[] Zipped(long zeros)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var block = new byte[1 << 20];
            Array.Fill(block, (byte)' ');
            for (long written = 0; written < zeros; written += block.Length)
            {
                zip.Write(block);
            }
        }

        return packed.ToArray();
    }

    [GeneratedRegex(@"\{[^}]+\}", RegexOptions.None, 1000)]
    private static partial Regex Hole();
}
