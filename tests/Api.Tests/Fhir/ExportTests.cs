using System.Text;
using System.Text.Json.Nodes;
using BetterCare.Care.Api.Features.Export;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Fhir;

/// <summary>Bulk export as the Bulk Data Access guide (version 2) has it.</summary>
public abstract class ExportTests(CareApp app)
{
    [Fact]
    public async Task Export_Since_TellsWhatChangedAndWhatWent()
    {
        var number = await app.GivenPatientAsync();
        var before = await PostAsync(number);
        var gone = await PostAsync(number);
        await Task.Delay(20, TestContext.Current.CancellationToken);
        var since = DateTimeOffset.UtcNow;
        await Task.Delay(20, TestContext.Current.CancellationToken);
        var after = await PostAsync(number);
        await app.SendAsync(HttpMethod.Delete, $"Observation/{gone}", null);

        var manifest = await FinishedAsync(await app.GetAsync($"Patient/$export?_type=Observation&_since={Uri.EscapeDataString(since.ToString("O"))}"));

        var lines = await LinesAsync(manifest.Json["output"]!);
        lines.Select(l => (string)JsonNode.Parse(l)!["id"]!).ShouldBe([after]);
        lines.ShouldNotContain(l => l.Contains(before, StringComparison.Ordinal));
        var deleted = (await LinesAsync(manifest.Json["deleted"]!)).ShouldHaveSingleItem();
        IsValid(deleted);
        JsonNode.Parse(deleted)!["entry"]![0]!["request"]!.ToJsonString().ShouldBe($$"""{"method":"DELETE","url":"Observation/{{gone}}"}""");
        manifest.Header("Expires").ShouldNotBeNull();
        ((bool)manifest.Json["requiresAccessToken"]!).ShouldBeFalse();
        manifest.Json["error"]!.AsArray().ShouldBeEmpty();
        ((string)manifest.Json["request"]!).ShouldContain("_since=");
        DateTimeOffset.Parse((string)manifest.Json["transactionTime"]!, System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThan(since);
    }

    [Fact]
    public async Task Export_OfEverything_IsValidLineByLine()
    {
        var (one, two) = (await app.GivenPatientAsync(), await app.GivenPatientAsync());
        await PostAsync(one);
        await app.PutAsync("Practitioner/ex1", "{\r\n  \"resourceType\": \"Practitioner\",\r\n  \"id\": \"ex1\",\n  \"active\": true,\n \"name\":[{\"text\":\"two\\nlines\"}] }");
        await app.PostAsync("Communication", $$"""{"resourceType":"Communication","status":"completed","subject":{"reference":"Patient/{{one}}"},"recipient":[{"reference":"Patient/{{two}}"}]}""");

        var system = await FinishedAsync(await app.GetAsync("$export"));
        var lines = await LinesAsync(system.Json["output"]!);
        lines.Count.ShouldBeGreaterThan(4);
        lines.ForEach(IsValid);
        lines.ShouldContain(l => l.Contains("\"Practitioner\"", StringComparison.Ordinal));

        // By POST, for named people; what they share with others comes along.
        var posted = await FinishedAsync(await app.PostAsync("Patient/$export", $$"""{"resourceType":"Parameters","parameter":[{"name":"_type","valueString":"Patient,Communication"},{"name":"patient","valueReference":{"reference":"Patient/{{two}}"} }]}"""));
        posted.Json["output"]!.AsArray().Select(o => (string)o!["type"]!).ShouldBe(["Communication", "Patient"], ignoreOrder: true);
        posted.Json["output"]!.AsArray().Sum(o => (int)o!["count"]!).ShouldBe(2);
        (await app.PostAsync("Patient/$export", """{"resourceType":"Parameters","parameter":[{"name":"patient","valueReference":{"reference":"Patient/9990000018"} }]}""")).Status.ShouldBe(400);
        (await app.PostAsync("Patient/$export", """{"resourceType":"Parameters","parameter":[{"name":"colour","valueString":"red"}]}""")).Status.ShouldBe(400);
        (await app.PostAsync("$export", """{"resourceType":"Patient"}""")).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Export_WhileOthersWrite_TellsOneInstant()
    {
        var number = await app.GivenPatientAsync();
        var (changed, gone) = (await PostAsync(number, "1.25"), await PostAsync(number, "2.25"));
        await Task.Delay(20, TestContext.Current.CancellationToken);
        var at = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await Task.Delay(20, TestContext.Current.CancellationToken);
        await app.PutAsync($"Observation/{changed}", CareApp.Observation(number, value: "9.75", extra: $"\"id\":\"{changed}\","));
        await app.SendAsync(HttpMethod.Delete, $"Observation/{gone}", null);
        await PostAsync(number, "8.75");
        var folder = Directory.CreateDirectory(Path.Combine(app.Folder, "instant")).FullName;

        var writer = app.Services.GetRequiredService<ExportWriter>();
        var request = new ExportRequest("Patient", null, ["Observation"], 0, "", null) { Patients = [number] };
        var files = await writer.WriteAsync(request, at, folder, _ => Task.FromResult(true), TestContext.Current.CancellationToken);

        files!.ShouldHaveSingleItem().Count.ShouldBe(2);
        var text = await File.ReadAllTextAsync(Path.Combine(folder, "Observation.ndjson"), TestContext.Current.CancellationToken);
        text.ShouldContain("1.25");
        text.ShouldContain("2.25");
        text.ShouldNotContain("9.75");
        text.ShouldNotContain("8.75");
    }

    [Fact]
    public async Task Export_Killed_ShowsNothingHalfAndBeginsAnew()
    {
        await app.PutAsync("Practitioner/ex2", """{"resourceType":"Practitioner","id":"ex2","active":true}""");
        var jobs = app.Services.GetRequiredService<ExportJobs>();
        var id = (await jobs.CreateAsync(new ExportRequest("system", null, ["Practitioner"], 0, "x", null), Caller.Demo.Name, TestContext.Current.CancellationToken)).Value;
        await ChangeAsync(id, j => j.Status = JobStatus.Running);
        Directory.CreateDirectory(Path.GetDirectoryName(jobs.PathOf(id, "Practitioner.ndjson"))!);
        await File.WriteAllTextAsync(jobs.PathOf(id, "Practitioner.ndjson"), "{\"resourceType\":\"Prac", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(jobs.PathOf(id, "Basic.ndjson"), "half", TestContext.Current.CancellationToken);

        (await app.GetAsync($"$export/{id}/Practitioner.ndjson")).Status.ShouldBe(404);
        await jobs.RunAsync(id, TestContext.Current.CancellationToken);

        var manifest = await app.GetAsync($"$export/{id}");
        manifest.Status.ShouldBe(200, manifest.Text);
        (await LinesAsync(manifest.Json["output"]!)).ForEach(IsValid);
        File.Exists(jobs.PathOf(id, "Basic.ndjson")).ShouldBeFalse();
    }

    [Fact]
    public async Task Export_OneTooMany_IsToldToWait()
    {
        var jobs = app.Services.GetRequiredService<ExportJobs>();
        var waiting = new List<string>();
        Reply refused;
        while ((refused = await app.GetAsync("$export?_type=Measure")).Status == 202)
        {
            waiting.Add((await jobs.CreateAsync(new ExportRequest("system", null, ["Measure"], 0, "x", null), "nobody", TestContext.Current.CancellationToken)).Match(id => id, _ => ""));
            waiting.Count.ShouldBeLessThan(50);
        }

        refused.Status.ShouldBe(429);
        refused.Issues.ShouldBe(["throttled"]);
        refused.Header("Retry-After").ShouldNotBeNull();
        foreach (var id in waiting.Where(w => w.Length > 0))
        {
            await jobs.CancelAsync(id, TestContext.Current.CancellationToken);
        }

        (await app.GetAsync("$export?_type=Measure")).Status.ShouldBe(202);
    }

    [Fact]
    public async Task Export_ThatIsOld_IsGone()
    {
        await app.PutAsync("Practitioner/ex3", """{"resourceType":"Practitioner","id":"ex3","active":true}""");
        var started = await app.GetAsync("$export?_type=Practitioner");
        var manifest = await FinishedAsync(started);
        var file = (string)manifest.Json["output"]![0]!["url"]!;
        (await app.GetAsync(file)).Status.ShouldBe(200);
        var id = started.Header("Content-Location")!.Split('/')[^1];
        await ChangeAsync(id, j => (j.CreatedAt, j.FinishedAt) = (1, 2));

        (await app.GetAsync(started.Header("Content-Location")!)).Status.ShouldBe(404);
        (await app.GetAsync(file)).Status.ShouldBe(404);
        var jobs = app.Services.GetRequiredService<ExportJobs>();
        await jobs.ExpireAsync(TestContext.Current.CancellationToken);
        File.Exists(jobs.PathOf(id, "Practitioner.ndjson")).ShouldBeFalse();
    }

    private static void IsValid(string json)
    {
        var reader = new ResourceReader();
        reader.Read(Encoding.UTF8.GetBytes(json)).ShouldBeTrue(string.Join('\n', reader.Issues));
    }

    private async Task<string> PostAsync(string number, string value = "70.50") => (await app.PostAsync("Observation", CareApp.Observation(number, value: value))).Id;

    private async Task<CareDbContext> ContextAsync() =>
        await app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync(TestContext.Current.CancellationToken);

    private async Task ChangeAsync(string id, Action<Job> change)
    {
        await using var db = await ContextAsync();
        change(await db.Jobs.SingleAsync(j => j.Id == id, TestContext.Current.CancellationToken));
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    private async Task<List<string>> LinesAsync(JsonNode files)
    {
        var lines = new List<string>();
        foreach (var file in files.AsArray())
        {
            var read = await app.GetAsync((string)file!["url"]!, ("Accept", "application/fhir+ndjson"));
            read.Status.ShouldBe(200);
            var found = read.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            found.Length.ShouldBe((int)file["count"]!);
            lines.AddRange(found);
        }

        return lines;
    }

    private async Task<Reply> FinishedAsync(Reply started)
    {
        started.Status.ShouldBe(202, started.Text);
        for (var status = await app.GetAsync(started.Header("Content-Location")!); ; status = await app.GetAsync(started.Header("Content-Location")!))
        {
            if (status.Status != 202)
            {
                status.Status.ShouldBe(200, status.Text);
                return status;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
