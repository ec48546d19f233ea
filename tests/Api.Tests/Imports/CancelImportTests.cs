using System.Net;
using BetterCare.Care.Tests.Api.Access;

namespace BetterCare.Care.Tests.Api.Imports;

/// <summary>DELETE of an import's status cancels it, or removes what is kept of it; what it had stored stays.</summary>
public sealed class CancelImportTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Delete_OfAnImportThatIsOver_RemovesReportAndRejects_NotTheResources()
    {
        await using var app = await StoryApp.StartAsync();
        var number = Lines.Numbers[0];
        var status = await StartAsync(app, System.Text.Encoding.UTF8.GetBytes($"{CareApp.Patient(number)}\n{{}}\n"));
        (await app.FinishedAsync(status)).GetProperty("rejected").GetInt32().ShouldBe(1);

        var deleted = await app.Client.DeleteAsync(status, Ct);

        deleted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await deleted.Content.ReadAsStringAsync(Ct)).ShouldContain("OperationOutcome");
        (await app.Client.GetAsync(status, Ct)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await app.Client.GetAsync($"{status}/rejects", Ct)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await app.Client.DeleteAsync(status, Ct)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await app.Client.GetAsync($"/fhir/Patient/{number}", Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        Kept(app).ShouldBeEmpty();
    }

    [Fact]
    public async Task Delete_OfAnImportUnderWay_StopsIt_AndTheNextOneRuns()
    {
        await using var app = await StoryApp.StartAsync();
        var status = await StartAsync(app, Lines.File);

        (await app.Client.DeleteAsync(status, Ct)).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        (await app.Client.GetAsync(status, Ct)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var again = await app.FinishedAsync(await StartAsync(app, Lines.File));
        again.GetProperty("status").GetString().ShouldBe("completed");
        (again.GetProperty("created").GetInt32() + again.GetProperty("unchanged").GetInt32()).ShouldBe(Lines.People + Lines.Observations - Lines.Refused.Count());
        Kept(app).ShouldBeEmpty("neither of the two leaves a copy of what was sent");
    }

    [Fact]
    public async Task Delete_OfSomebodyElsesImport_FindsNothing()
    {
        using var one = new SignedClient("one");
        using var two = new SignedClient("two");
        await using var app = await ProductionApp.StartAsync([(one, "care/data-supplier system/*.cud", ["*"]), (two, "care/data-supplier system/*.cud", ["*"])]);
        var mine = await one.TokenAsync(app.Client, "care/data-supplier system/*.cud");
        var theirs = await two.TokenAsync(app.Client, "care/data-supplier system/*.cud");
        using var started = await app.Client.SendAsync(SignedClient.Request(HttpMethod.Post, "/fhir/$import", mine, CareApp.Patient(Lines.Numbers[0]), "application/fhir+ndjson"), Ct);
        var status = started.Content.Headers.ContentLocation!.PathAndQuery;

        (await app.SendAsync(theirs, HttpMethod.Delete, status)).Status.ShouldBe(404);

        (await app.GetAsync(mine, status)).Status.ShouldBeOneOf(200, 202);
    }

    private static async Task<string> StartAsync(StoryApp app, byte[] file)
    {
        using var body = new ByteArrayContent(file) { Headers = { ContentType = new("application/fhir+ndjson") } };
        var accepted = await app.Client.PostAsync("/fhir/$import", body, Ct);
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync(Ct));
        return accepted.Content.Headers.ContentLocation!.PathAndQuery;
    }

    private static IEnumerable<string> Kept(StoryApp app) => Directory.EnumerateFiles(Path.Combine(app.Folder, "uploads"));
}
