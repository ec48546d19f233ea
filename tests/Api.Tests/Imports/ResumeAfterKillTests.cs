using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace BetterCare.Care.Tests.Api.Imports;

/// <summary>An import over HTTP whose server is killed in the middle goes on by itself at the next start, and ends as if nothing had happened.</summary>
public sealed class ResumeAfterKillTests : IDisposable
{
    private const int Attempts = 5;

    private readonly string _folder = Directory.CreateTempSubdirectory("care-kill").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Import_KilledInTheMiddle_EndsAsTheUndisturbedOne()
    {
        var (killed, job) = await KilledAsync();
        using var again = ServerProcess.Start(Database(killed), killed);
        await again.ReadyAsync();
        var report = await FinishedAsync(again.Client, job);
        var rejects = await again.Client.GetStringAsync($"{job}/rejects", Ct);
        again.Kill();

        var quiet = Path.Combine(_folder, "quiet");
        using var undisturbed = ServerProcess.Start(Database(quiet), quiet);
        await undisturbed.ReadyAsync();
        var other = await StartAsync(undisturbed.Client);
        var expected = await FinishedAsync(undisturbed.Client, other);
        var expectedRejects = await undisturbed.Client.GetStringAsync($"{other}/rejects", Ct);
        undisturbed.Kill();

        report.GetProperty("created").GetInt64().ShouldBe(Lines.People + Lines.Observations - Lines.Refused.Count());
        foreach (var count in new[] { "created", "updated", "unchanged", "rejected", "waiting" })
        {
            report.GetProperty(count).GetInt64().ShouldBe(expected.GetProperty(count).GetInt64(), count);
        }

        report.GetProperty("files")[0].GetProperty("lines").GetInt64().ShouldBe(Lines.People + Lines.Observations);
        rejects.ShouldBe(expectedRejects);
        var lines = rejects.TrimEnd().Split('\n');
        lines.Length.ShouldBe(Lines.Refused.Count());
        lines.Zip(Lines.Refused).ShouldAllBe(l => l.First.Contains($"line {l.Second.ToString(CultureInfo.InvariantCulture)}\"", StringComparison.Ordinal));
        Content(Database(killed)).ShouldBe(Content(Database(quiet)));
        Directory.EnumerateFiles(Path.Combine(killed, "uploads")).ShouldBeEmpty("the copy of what was sent is not kept");
    }

    /// <summary>Starts an import and kills the server when some of it, and not all, is stored; anew where the import was faster.</summary>
    private async Task<(string Folder, string Job)> KilledAsync()
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var folder = Path.Combine(_folder, $"killed-{attempt}");
            using var server = ServerProcess.Start(Database(folder), folder);
            await server.ReadyAsync();
            var job = await StartAsync(server.Client);
            long stored = 0;
            for (var i = 0; stored == 0 && i < 2000; i++)
            {
                // A request in between makes the writer commit the import in small parts.
                using var put = await server.Client.PutAsync("Basic/b", Json($$"""{"resourceType":"Basic","id":"b","code":{"text":"{{i}}"} }"""), Ct);
                stored = await StoredAsync(server.Client, job);
            }

            server.Kill();
            if (Scalar(Database(folder), "SELECT COUNT(*) FROM import_file WHERE NOT finished") == 1 && stored > 0)
            {
                return (folder, job);
            }
        }

        throw new InvalidOperationException("The import was over before the server could be killed, each time: make the file longer.");
    }

    private static string Database(string folder)
    {
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, "care.db");
    }

    private static async Task<string> StartAsync(HttpClient client)
    {
        using var body = new ByteArrayContent(Lines.File) { Headers = { ContentType = new MediaTypeHeaderValue("application/fhir+ndjson") } };
        using var accepted = await client.PostAsync("$import", body, Ct);
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        return accepted.Content.Headers.ContentLocation!.AbsolutePath["/fhir/".Length..];
    }

    private static async Task<long> StoredAsync(HttpClient client, string job)
    {
        using var report = JsonDocument.Parse(await client.GetStringAsync(job, Ct));
        return report.RootElement.GetProperty("created").GetInt64();
    }

    private static async Task<JsonElement> FinishedAsync(HttpClient client, string job)
    {
        for (var i = 0; i < 1200; i++)
        {
            var report = JsonDocument.Parse(await client.GetStringAsync(job, Ct)).RootElement;
            if (report.GetProperty("status").GetString() is not ("queued" or "running"))
            {
                report.GetProperty("status").GetString().ShouldBe("completed");
                return report;
            }

            await Task.Delay(50, Ct);
        }

        throw new TimeoutException("The import did not finish.");
    }

    private static ByteArrayContent Json(string text) => new(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = new MediaTypeHeaderValue("application/fhir+json") } };

    /// <summary>Every resource, version and timeline of a database, as one hash: without times, and without storage keys.</summary>
    private static string Content(string database)
    {
        using var connection = new SqliteConnection($"Data Source={database}");
        connection.Open();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var sql in new[]
        {
            "SELECT type, r.id, version, deleted, body, COALESCE(p.nhs_number, 0) FROM resource r LEFT JOIN patient p USING (patient_key) WHERE r.id<>'b' ORDER BY type, r.id",
            "SELECT nhs_number, birth_day, family, flags FROM patient ORDER BY nhs_number",
            "SELECT nhs_number, events FROM timeline JOIN patient USING (patient_key) ORDER BY nhs_number",
        })
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                for (var i = 0; i < reader.FieldCount; i++)
                {
                    hash.AppendData(reader.GetValue(i) is byte[] bytes ? bytes : Encoding.UTF8.GetBytes(Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)! + "|"));
                }
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static long Scalar(string database, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={database}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}
