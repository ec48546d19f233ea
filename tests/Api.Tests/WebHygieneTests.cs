using System.Collections;
using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Tests.Api;

public sealed partial class WebHygieneTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/fhir/Patient/9990000018")]
    [InlineData("/v1/risk-list")]
    [InlineData("/v1/no-such-address")]
    public async Task Answer_WithPeoplesData_IsKeptByNobodyAndRunsNothing(string path)
    {
        await using var app = await StoryApp.StartAsync();

        var answer = await app.Client.GetAsync(path, Ct);

        answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        answer.Headers.GetValues("Content-Security-Policy").ShouldBe(["default-src 'none'; frame-ancestors 'none'"]);
        answer.Headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"]);
        answer.Headers.Contains("Strict-Transport-Security").ShouldBeFalse("there is no TLS here");
    }

    [Fact]
    public async Task Cors_ByDefault_AllowsNobody_AndWhenConfiguredThatOriginOnly()
    {
        static HttpRequestMessage Preflight(string origin)
        {
            var request = new HttpRequestMessage(HttpMethod.Options, "/v1/risk-list");
            request.Headers.Add("Origin", origin);
            request.Headers.Add("Access-Control-Request-Method", "GET");
            return request;
        }

        await using var plain = await StoryApp.StartAsync();
        await using var open = await StoryApp.StartAsync(settings: new() { ["Care:Web:CorsOrigins"] = "https://mdt.example.nhs.uk" });

        (await plain.Client.SendAsync(Preflight("https://mdt.example.nhs.uk"), Ct)).Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        (await open.Client.SendAsync(Preflight("https://mdt.example.nhs.uk"), Ct)).Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["https://mdt.example.nhs.uk"]);
        (await open.Client.SendAsync(Preflight("https://evil.example"), Ct)).Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        await Should.ThrowAsync<OptionsValidationException>(() => StoryApp.StartAsync(settings: new() { ["Care:Web:CorsOrigins"] = "*" }));
    }

    [Fact]
    public async Task Flood_InProduction_IsToldWhenToComeAgain()
    {
        await using var app = await StoryApp.StartAsync(settings: new() { ["Care:Profile"] = "production", ["Care:Web:RequestsAtOnce"] = "3", ["Care:Web:RequestsPerSecond"] = "1" });
        var statuses = new List<HttpStatusCode>();
        HttpResponseMessage last = null!;
        for (var i = 0; i < 12; i++)
        {
            last = await app.Client.GetAsync("/fhir/metadata", Ct);
            statuses.Add(last.StatusCode);
        }

        statuses.ShouldContain(HttpStatusCode.OK);
        statuses.ShouldContain(HttpStatusCode.TooManyRequests);
        if (last.StatusCode == HttpStatusCode.TooManyRequests)
        {
            last.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
            (await last.Content.ReadAsStringAsync(Ct)).ShouldContain("\"throttled\"");
        }
    }

    [Fact]
    public async Task GuessingTokens_IsSoonNotListenedTo()
    {
        await using var app = await StoryApp.StartAsync(settings: new() { ["Care:Profile"] = "production", ["Care:Web:RefusalsPerMinute"] = "5" });
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 8; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/risk-list");
            request.Headers.Add("Authorization", $"Bearer guess{i}");
            statuses.Add((await app.Client.SendAsync(request, Ct)).StatusCode);
        }

        statuses.Take(5).ShouldAllBe(s => s == HttpStatusCode.Unauthorized);
        statuses.Skip(5).ShouldAllBe(s => s == HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Demo_OnThisMachine_IsNotLimited()
    {
        await using var app = await StoryApp.StartAsync(settings: new() { ["Care:Web:RequestsAtOnce"] = "1", ["Care:Web:RequestsPerSecond"] = "1" });

        for (var i = 0; i < 10; i++)
        {
            (await app.Client.GetAsync("/fhir/metadata", Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task SlowBodiesAndHeaders_AreNotWaitedForForEver()
    {
        await using var app = CareHost.Build([], [new("Care:Database", "unused.db"), new("Care:Web:HeaderSeconds", "7"), new("Care:Web:SlowestBytesPerSecond", "500"), new("Care:Web:StopSeconds", "9")]);

        var limits = app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;

        limits.RequestHeadersTimeout.ShouldBe(TimeSpan.FromSeconds(7));
        limits.MinRequestBodyDataRate!.BytesPerSecond.ShouldBe(500);
        limits.MaxConcurrentConnections.ShouldBe(10_000);
        app.Services.GetRequiredService<IOptions<Microsoft.Extensions.Hosting.HostOptions>>().Value.ShutdownTimeout.ShouldBe(TimeSpan.FromSeconds(9));
    }

    [Fact]
    public async Task Tls_ByKestrelSettings_ServesWithHsts()
    {
        var folder = Directory.CreateTempSubdirectory("care-tls").FullName;
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(Path.Combine(folder, "tls.crt"), certificate.ExportCertificatePem(), Ct);
        await File.WriteAllTextAsync(Path.Combine(folder, "tls.key"), key.ExportPkcs8PrivateKeyPem(), Ct);
        await using var app = CareHost.Build(
            [],
            [
                new("Care:Database", Path.Combine(folder, "care.db")), new("Care:WorkFolder", folder),
                new("Kestrel:Endpoints:Https:Url", "https://127.0.0.1:0"),
                new("Kestrel:Endpoints:Https:Certificate:Path", Path.Combine(folder, "tls.crt")),
                new("Kestrel:Endpoints:Https:Certificate:KeyPath", Path.Combine(folder, "tls.key")),
            ]);
        await Migrator.MigrateAsync(app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>(), Ct);
        await app.StartAsync(Ct);
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(certificate);
        using var client = new HttpClient(handler);

        var answer = await client.GetAsync(app.Urls.Single(u => u.StartsWith("https:", StringComparison.Ordinal)).Replace("127.0.0.1", "localhost", StringComparison.Ordinal) + "/health/ready", Ct);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Headers.GetValues("Strict-Transport-Security").ShouldBe(["max-age=31536000"]);
        await app.StopAsync(Ct);
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("""{"Care":{"Database":"Host=db;Username=care;Password=hunter2"}}""", "Care:Database")]
    [InlineData("""{"Care":{"Access":{"ClientSecret":"hunter2"}}}""", "ClientSecret")]
    [InlineData("""{"Kestrel":{"Certificates":{"Default":{"Password":"hunter2"}}}}""", "Kestrel:Certificates:Default:Password")]
    public void Start_WithASecretInASettingsFile_IsRefusedAndSaysWhere(string json, string where)
    {
        var path = Path.Combine(Path.GetTempPath(), $"care-{Guid.NewGuid():N}.json");
        File.WriteAllText(path, json);
        var configuration = new ConfigurationBuilder().AddJsonFile(path).Build();

        var refused = Should.Throw<InvalidOperationException>(() => SecretFiles.DemandNoSecretInFiles(configuration));

        refused.Message.ShouldContain(where);
        refused.Message.ShouldNotContain("hunter2");
        File.Delete(path);
    }

    [Fact]
    public void Secret_InAFileThatTheEnvironmentNames_IsRead()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "Host=db;Password=hunter2\n");

        var configuration = new ConfigurationBuilder().AddSecretFiles(new Hashtable { ["Care__Database_FILE"] = path, ["HOME_FILE"] = "/nowhere" }).Build();

        configuration["Care:Database"].ShouldBe("Host=db;Password=hunter2");
        Should.Throw<InvalidOperationException>(() => new ConfigurationBuilder().AddSecretFiles(new Hashtable { ["Care__Database_FILE"] = "/nowhere" })).Message.ShouldContain("Care__Database_FILE");
        File.Delete(path);
    }

    [Fact]
    public async Task LogsMetricsAndProblems_OfGoodAndHostileRequests_HoldNoIdentifier()
    {
        var measured = new List<string>();
        using var meters = new MeterListener { InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        void Keep<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
        {
            foreach (var tag in tags)
            {
                lock (measured)
                {
                    measured.Add($"{instrument.Name} {tag.Key}={tag.Value}");
                }
            }
        }

        meters.SetMeasurementEventCallback<double>(Keep);
        meters.SetMeasurementEventCallback<long>(Keep);
        meters.SetMeasurementEventCallback<int>(Keep);
        meters.Start();
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        var problems = new List<string>();
        const string n = Story.Ann;
        foreach (var (method, path, body) in new (string, string, string?)[]
        {
            ("GET", $"/fhir/Patient/{n}x", null), ("GET", $"/fhir/Patient/9990000019", null), ("GET", $"/fhir/{n}", null), ("GET", $"/fhir/Patient?{n}=1", null),
            ("GET", $"/fhir/Patient?identifier={n}&_sort={n}", null), ("GET", $"/fhir/Observation?patient={n}&date={n}", null), ("GET", $"/v1/patients/{n}/none", null),
            ("GET", $"/v1/patients/{n}0/care-plan", null), ("GET", $"/v1/patients/9990000026/care-plan", null), ("GET", $"/v1/risk-list?practice={n}&sort={n}", null), ("GET", $"/v1/risk-list?count={n}", null),
            ("POST", "/fhir", $"{{\"resourceType\":\"Patient\",\"id\":\"{n}\""), ("POST", "/fhir/Patient", $"{{\"resourceType\":\"Patient\",\"birthDate\":\"{n}\",\"gender\":\"{n}\",\"{n}\":1}}"),
            ("POST", "/fhir/Observation", $"{{\"resourceType\":\"Observation\",\"status\":\"{n}\",\"subject\":{{\"reference\":\"Patient/{n}\"}}}}"),
            ("PUT", $"/v1/patients/{n}/lead-professional", $"{{\"practitioner\":\"{n}\",\"reason\":\"{n}\"}}"), ("PUT", $"/v1/patients/{n}/care-plan", $"{{\"status\":\"{n}\"}}"),
            ("PUT", $"/v1/patients/{n}/agreed-level", $"{{\"level\":\"{n}\"}}"), ("DELETE", $"/v1/{n}", null), ("GET", $"/fhir/AuditEvent?patient={n}1", null), ("GET", $"/v1/patients/{n}/access-report?from={n}", null),
        })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            request.Headers.Add("X-Request-ID", n);
            request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, path.StartsWith("/fhir", StringComparison.Ordinal) ? "application/fhir+json" : "application/json");
            var answer = await app.Client.SendAsync(request, Ct);
            ((int)answer.StatusCode).ShouldBeInRange(200, 499, path);
            if (!answer.IsSuccessStatusCode)
            {
                problems.Add($"{method} {path} answered: {await answer.Content.ReadAsStringAsync(Ct)} {answer.Headers}");
            }
        }

        problems.Count.ShouldBeGreaterThan(12);
        problems.Where(p => HoldsNumber(p[p.IndexOf("answered:", StringComparison.Ordinal)..])).ShouldBeEmpty();
        app.Log.Lines.Where(HoldsNumber).ShouldBeEmpty();
        lock (measured)
        {
            measured.ShouldNotBeEmpty();
            measured.Where(HoldsNumber).ShouldBeEmpty();
        }
    }

    [Theory]
    [InlineData("answered: Patient/9990000018 is not here", true)]
    [InlineData("X-Request-ID: 01a2027b-d680-7a6d-8099-8082880621b3", false)]
    [InlineData("X-Request-ID: 01a2027b-d680-7a6d-8099-8082880621b3 of 9990000018", true)]
    [InlineData("TraceId: 9d12345678901234567890f2aabbccdd", false)]
    public void HoldsNumber_TenDigitsByThemselves_NotThoseOfARandomId(string text, bool expected) => HoldsNumber(text).ShouldBe(expected);

    /// <summary>Ten digits in a row, as an NHS number has them; the service's own random ids (UUIDs, trace ids) have them now and then by chance.</summary>
    private static bool HoldsNumber(string text) => TenDigits().IsMatch(RandomIds().Replace(text, "…"));

    [GeneratedRegex(@"\b([0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{16})\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RandomIds();

    [GeneratedRegex("(?<![0-9])[0-9]{10}(?![0-9])", RegexOptions.None, 1000)]
    private static partial Regex TenDigits();
}
