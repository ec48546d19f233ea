using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Storage;
using BetterCare.Care.Synthetic;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Cli;

/// <summary>
/// <c>./run bench http</c>: starts the service as a user would, in a process of its own, and sends it transactions, reads and
/// searches from several clients. Server and clients share the machine, as they say.
/// </summary>
internal static class HttpBench
{
    private const int MaxSample = 2000;

    public static Command Create()
    {
        var people = new Option<int>("--patients") { Description = "How many synthetic people are stored before (some 60 resources each).", DefaultValueFactory = _ => 2000 };
        var posted = new Option<int>("--posted") { Description = "How many more are posted as transactions, half of them to warm up.", DefaultValueFactory = _ => 6000 };
        var clients = new Option<int>("--clients") { Description = "Clients, one request each under way.", DefaultValueFactory = _ => 8 };
        var seconds = new Option<int>("--seconds") { Description = "Length of each kind of request.", DefaultValueFactory = _ => 5 };
        var command = new Command("http", "Transactions, reads and searches a second over HTTP, and how long they take.") { people, posted, clients, seconds };
        command.SetAction(async (parse, ct) =>
        {
            var folder = Directory.CreateTempSubdirectory("care-bench").FullName;
            try
            {
                var cohort = await CohortAsync(parse, folder, parse.GetValue(people), parse.GetValue(posted), ct);
                var port = FreePort();
                using var server = Serve(parse, folder, port);
                try
                {
                    await ReadyAsync(port, ct);
                    await using var database = new CareDatabase(BenchServices.Settings(parse, folder)["Care:Database"]!);
                    await MeasureAsync(new Terminal(parse.GetValue(Verb.Json)), cohort, new Service(server, port, database), parse.GetValue(clients), parse.GetValue(seconds), ct);
                }
                finally
                {
                    server.Kill();
                    await server.WaitForExitAsync(CancellationToken.None);
                }

                return Verb.Ok;
            }
            finally
            {
                Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    /// <summary>Stores most of a cohort and keeps the last people of it as Bundles to post.</summary>
    private static async Task<Cohort> CohortAsync(ParseResult parse, string folder, int people, int posted, CancellationToken ct)
    {
        var all = Path.Combine(folder, "cohort");
        var stored = Path.Combine(folder, "stored");
        Directory.CreateDirectory(stored);
        await CohortGenerator.WriteNdjsonAsync(new CohortOptions(people + posted, 1), all, null, ct);
        var numbers = File.ReadLines(Path.Combine(all, "Patient.ndjson")).Select(l => Text(l, "id")).Distinct().ToArray();
        var bundles = numbers[people..].ToDictionary(n => n, _ => new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal);
        var conditions = new List<(string Id, string Patient, string Code)>();
        foreach (var file in Directory.GetFiles(all, "*.ndjson"))
        {
            await using var writer = new StreamWriter(Path.Combine(stored, Path.GetFileName(file)));
            var type = Path.GetFileNameWithoutExtension(file);
            foreach (var line in File.ReadLines(file))
            {
                var number = type == "Patient" ? Text(line, "id") : PatientOf(line);
                if (number is not null && bundles.TryGetValue(number, out var entries))
                {
                    // The cohort repeats some resources, as suppliers do; a transaction holds each once.
                    var url = $"{type}/{Text(line, "id")}";
                    entries.TryAdd(url, $$$"""{"resource":{{{line}}},"request":{"method":"PUT","url":"{{{url}}}"}}""");
                    continue;
                }

                await writer.WriteLineAsync(line);
                if (type == "Condition" && conditions.Count < MaxSample && number is not null)
                {
                    // Some conditions have a text only, as in life.
                    using var json = JsonDocument.Parse(line);
                    if (json.RootElement.GetProperty("code").TryGetProperty("coding", out var coding) && coding[0].TryGetProperty("code", out var code))
                    {
                        conditions.Add((Text(line, "id"), number, code.GetString()!));
                    }
                }
            }
        }

        await using var provider = await BenchServices.StartAsync(parse, folder, ct);
        var jobs = provider.GetRequiredService<ImportJobs>();
        var report = await jobs.RunAsync(await jobs.CreateAsync(ImportJobs.Find([stored], out _), null, "bench", ct), null, ct);
        return new Cohort(
            report.Created,
            provider.GetRequiredService<CareDatabase>().Engine.ToString(),
            [.. bundles.Values.Select(entries => new Posted(
                Encoding.UTF8.GetBytes($$"""{"resourceType":"Bundle","type":"transaction","entry":[{{string.Join(',', entries.Values)}}]}"""), entries.Count))],
            [.. conditions]);
    }

    private static async Task MeasureAsync(Terminal terminal, Cohort cohort, Service service, int clients, int seconds, CancellationToken ct)
    {
        var figures = new List<Figures>();
        var host = $"127.0.0.1:{service.Port.ToString(CultureInfo.InvariantCulture)}";

        // The first half warms the compiler up, which has several tiers and is at work for the first hundred thousand resources;
        // the other half is told.
        var warm = cohort.Bundles.Length / 2;
        var next = -1;
        Request? Bundle(int until) => Interlocked.Increment(ref next) is var i && i < until
            ? new Request(Post(host, cohort.Bundles[i].Json), cohort.Bundles[i].Resources)
            : null;
        await RunAsync("", service, clients, null, _ => Bundle(warm), ct);
        next = warm - 1;
        figures.Add(await RunAsync("transactions of one person's whole record", service, clients, null, _ => Bundle(cohort.Bundles.Length), ct));

        var sample = cohort.Conditions;
        foreach (var (what, path) in new (string, Func<(string Id, string Patient, string Code), string>)[]
        {
            ("read by id", c => $"/fhir/Condition/{c.Id}"),
            ("Condition by patient", c => $"/fhir/Condition?patient={c.Patient}"),
            ("Observation by patient, newest first", c => $"/fhir/Observation?patient={c.Patient}&_sort=-date&_count=20"),
            ("Patient by identifier", c => $"/fhir/Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|{c.Patient}"),
            ("a page of Condition by code across people", c => $"/fhir/Condition?code={c.Code}&_count=20"),
            ("urgent-care view", c => $"/v1/urgent-care/{c.Patient}?reason=bench"),
        })
        {
            var requests = sample.Select(c => new Request(Get(host, path(c)), 1)).ToArray();
            var random = new Random(1);
            Request Any(Random r) => requests[r.Next(requests.Length)];
            await RunAsync("", service, clients, TimeSpan.FromSeconds(Math.Min(seconds, 4)), _ => Any(random), ct);
            figures.Add(await RunAsync(what, service, clients, TimeSpan.FromSeconds(seconds), Any, ct));
        }

        terminal.Result(new { cohort.Stored, cohort.Engine, Clients = clients, Cores = Environment.ProcessorCount, Figures = figures }, r =>
        {
            terminal.Say($"{r.Stored:N0} resources stored before; {r.Engine}; {r.Clients} clients and the service on {r.Cores} cores");
            foreach (var f in r.Figures)
            {
                var many = f.Resources > f.Requests;
                var resources = many ? $" = {f.Resources / f.Seconds:N0} resources/s" : "";
                var database = f.DatabaseCpuMicroseconds > 0 ? $", {f.DatabaseCpuMicroseconds:N0} µs of PostgreSQL's" : "";
                var small = many ? $" (of up to 100 resources {f.P99UpTo100:F1} ms)" : "";
                terminal.Say($"{f.What}: {f.Requests / f.Seconds:N0}/s{resources}; p50 {f.P50:F1} ms, p99 {f.P99:F1} ms{small}; {f.CpuMicroseconds:N0} µs of the service's CPU each{database}; {f.Errors} errors");
            }
        });
    }

    /// <summary>Sends requests from every client until the time is over, or there are no more.</summary>
    private static async Task<Figures> RunAsync(string what, Service service, int clients, TimeSpan? time, Func<Random, Request?> next, CancellationToken ct)
    {
        var before = await service.ProcessorTimeAsync(ct);
        var clock = Stopwatch.StartNew();
        var parts = await Task.WhenAll(Enumerable.Range(0, clients).Select(n => Task.Factory.StartNew(
            () =>
            {
                var random = new Random(n);
                var took = new List<(double Milliseconds, int Resources)>();
                long resources = 0, errors = 0;
                using var client = new LoadClient(service.Port);
                while (!ct.IsCancellationRequested && (time is null || clock.Elapsed < time) && next(random) is { } request)
                {
                    var start = Stopwatch.GetTimestamp();
                    errors += client.Send(request.Bytes) is >= 200 and < 300 ? 0 : 1;
                    took.Add((Stopwatch.GetElapsedTime(start).TotalMilliseconds, request.Resources));
                    resources += request.Resources;
                }

                return (took, resources, errors);
            },
            ct,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        var elapsed = clock.Elapsed.TotalSeconds;
        var after = await service.ProcessorTimeAsync(ct);
        var resources = Math.Max(1, parts.Sum(p => p.resources));
        var all = parts.SelectMany(p => p.took).ToArray();
        double At(double share, int largest = int.MaxValue)
        {
            var ordered = all.Where(t => t.Resources <= largest).Select(t => t.Milliseconds).Order().ToArray();
            return ordered.Length == 0 ? 0 : ordered[Math.Min(ordered.Length - 1, (int)(ordered.Length * share))];
        }

        return new Figures(
            what, all.Length, parts.Sum(p => p.resources), elapsed, At(0.5), At(0.99), At(0.99, 100), parts.Sum(p => p.errors),
            (after.Own - before.Own).TotalMicroseconds / resources, (after.Database - before.Database).TotalMicroseconds / resources);
    }

    private static Process Serve(ParseResult parse, string folder, int port)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(HttpBench).Assembly.Location);
        }

        foreach (var argument in new[] { "serve", "--urls", $"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}" })
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in BenchServices.Settings(parse, folder))
        {
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        // The service has the instrumented tier, which ./run takes from verbs that come and go.
        start.Environment.Remove("DOTNET_TieredPGO");
        var server = Process.Start(start)!;
        server.OutputDataReceived += static (_, _) => { };
        server.ErrorDataReceived += static (_, e) => Console.Error.WriteLine(e.Data);
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        return server;
    }

    private static async Task ReadyAsync(int port, CancellationToken ct)
    {
        using var http = new HttpClient();
        for (var i = 0; i < 600; i++)
        {
            try
            {
                if ((await http.GetAsync(new Uri($"http://127.0.0.1:{port}/fhir/metadata"), ct)).IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(100, ct);
        }

        throw new IOException("The service did not become ready within a minute.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static byte[] Get(string host, string path) => Encoding.ASCII.GetBytes(
        $"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/fhir+json, application/json\r\n\r\n");

    private static byte[] Post(string host, byte[] body) =>
    [
        .. Encoding.ASCII.GetBytes(
            $"POST /fhir HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/fhir+json\r\nPrefer: return=minimal\r\nContent-Length: {body.Length.ToString(CultureInfo.InvariantCulture)}\r\n\r\n"),
        .. body,
    ];

    /// <summary>A string property of a line, by looking for it: the generator writes no escapes in ids.</summary>
    private static string Text(string line, string property)
    {
        var from = line.IndexOf($"\"{property}\":\"", StringComparison.Ordinal) + property.Length + 4;
        return line[from..line.IndexOf('"', from)];
    }

    private static string? PatientOf(string line)
    {
        const string Start = "\"reference\":\"Patient/";
        var at = line.IndexOf(Start, StringComparison.Ordinal);
        return at < 0 ? null : line.Substring(at + Start.Length, 10);
    }

    private sealed record Cohort(long Stored, string Engine, Posted[] Bundles, (string Id, string Patient, string Code)[] Conditions);

    private sealed record Posted(byte[] Json, int Resources);

    private sealed record Request(byte[] Bytes, int Resources);

    private sealed record Figures(string What, int Requests, long Resources, double Seconds, double P50, double P99, double P99UpTo100, long Errors, double CpuMicroseconds, double DatabaseCpuMicroseconds);

    /// <summary>The service that is measured, and its database.</summary>
    private sealed record Service(Process Process, int Port, CareDatabase Database)
    {
        public async Task<(TimeSpan Own, TimeSpan Database)> ProcessorTimeAsync(CancellationToken ct)
        {
            Process.Refresh();
            return (Process.TotalProcessorTime, await ServerProcesses.ProcessorTimeAsync(Database, ct));
        }
    }
}
