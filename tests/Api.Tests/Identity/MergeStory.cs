using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Identity;

/// <summary>Ann was registered twice: the practice knows her by one number, the hospital registered her under another.</summary>
internal static class MergeStory
{
    public static string Twin => Story.Others.First();

    /// <summary>Both records with all that can hang on one: leads, plans, levels, wishes, a meeting, an allergy.</summary>
    public static async Task<StoryApp> StartAsync(Dictionary<string, string?>? settings = null)
    {
        var app = await StoryApp.StartAsync(settings: settings);
        await Story.PostCohortAsync(app);
        await OkAsync(app.PostFhirAsync("/fhir", Story.Bundle(
        [
            Story.Entry("AllergyIntolerance", "penicillin", About("AllergyIntolerance", "penicillin", "patient", Story.Ann, """ "clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"373270004","display":"Penicillin"}]}""")),
            Story.Entry("Condition", "logical", $$$"""{"resourceType":"Condition","id":"logical","code":{"coding":[{"system":"http://snomed.info/sct","code":"84114007"}]},"subject":{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{{{Story.Ann}}}"}},"recordedDate":"2025-02-05"}"""),
            Story.Entry("Group", "choir", $$$"""{"resourceType":"Group","id":"choir","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/{{{Story.Ann}}}"}},{"entity":{"reference":"Patient/{{{Story.Others.Skip(5).First()}}}"}}]}"""),
        ])));
        await Story.StratifyAsync(app);
        await OkAsync(app.Client.PutAsJsonAsync($"/v1/patients/{Twin}/lead-professional", new { practitioner = Story.SocialWorker, reason = "Met her at home" }));
        await OkAsync(app.Client.PutAsJsonAsync($"/v1/patients/{Twin}/care-plan", new { status = "draft", aboutMe = "Has a cat" }));
        app.Clock.Now += TimeSpan.FromMinutes(1);
        await OkAsync(app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/lead-professional", new { practitioner = Story.Gp, reason = "Knows her best" }));
        await OkAsync(app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/care-plan", new { status = "draft", aboutMe = "Wants to stay at home" }));
        await OkAsync(app.Client.PutAsJsonAsync($"/v1/patients/{Story.Ann}/agreed-level", new { level = 4, reason = "Wife died", expires = "2027-05-01" }));
        await OkAsync(app.Client.PutAsJsonAsync($"/v1/patients/{Twin}/agreed-level", new { level = 3, reason = "Falls", expires = "2027-05-01" }));
        await OkAsync(app.Client.PostAsJsonAsync("/v1/mdt-meetings", new { team = "Castlefields", heldOn = "2026-11-23", practices = new[] { "N81019" } }));
        app.Clock.Now += TimeSpan.FromMinutes(1);
        return app;
    }

    public static async Task<string> MergeAsync(StoryApp app, string? from = null, string? into = null)
    {
        var made = await app.Client.PostAsJsonAsync("/v1/merges", new { from = from ?? Story.Ann, into = into ?? Twin, reason = "Same birth certificate", differencesReviewed = true });
        made.StatusCode.ShouldBe(HttpStatusCode.Created, await made.Content.ReadAsStringAsync() + string.Join('\n', app.Log.Lines.Where(l => l.Contains("Exception", StringComparison.Ordinal))));
        return (await StoryApp.JsonOf(made)).GetProperty("id").GetString()!;
    }

    public static async Task<HttpResponseMessage> UndoAsync(StoryApp app, string merge)
    {
        using var undo = new HttpRequestMessage(HttpMethod.Delete, $"/v1/merges/{merge}") { Content = JsonContent.Create(new { reason = "It was her cousin" }) };
        return await app.Client.SendAsync(undo);
    }

    public static async Task UndoneAsync(StoryApp app, string merge)
    {
        var undone = await UndoAsync(app, merge);
        undone.StatusCode.ShouldBe(HttpStatusCode.OK, await undone.Content.ReadAsStringAsync() + string.Join('\n', app.Log.Lines.Where(l => l.Contains("Exception", StringComparison.Ordinal))));
    }

    public static string Visit(string id, string patient, string day = "2026-10-01", string? source = null) =>
        $$$"""{"resourceType":"Encounter","id":"{{{id}}}",{{{(source is null ? "" : $"\"meta\":{{\"source\":\"{source}\"}},")}}}"status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{{{patient}}}"},"period":{"start":"{{{day}}}"}}""";

    public static string About(string type, string id, string link, string patient, string rest) =>
        $$$"""{"resourceType":"{{{type}}}","id":"{{{id}}}","{{{link}}}":{"reference":"Patient/{{{patient}}}"},{{{rest}}}}""";

    public static async Task<HttpResponseMessage> OkAsync(Task<HttpResponseMessage> sent)
    {
        var response = await sent;
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync());
        return response;
    }

    /// <summary>
    /// Every row of every table that is about people, and the figures counted of them. Left out: versions and their times (undoing
    /// is a version of its own), Provenance, what a merge leaves behind as deleted, the audit.
    /// </summary>
    public static async Task<string> EverythingAsync(StoryApp app)
    {
        // What worklists are sorted by is brought up to date beside the writer, within seconds: now.
        await app.Services.GetRequiredService<LoopWorker>().CatchUpAsync(CancellationToken.None);
        await using var db = await app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync();
        var lines = new List<string>();
        foreach (var table in db.Model.GetEntityTypes().Where(t => t.FindProperty("PatientKey") is not null || t.GetTableName() is "coverage_cell" or "mdt_meeting_record").Select(t => t.GetTableName()!).Order(StringComparer.Ordinal))
        {
            if (table is "resource_history" or "audit_person" or "urgent_care_access")
            {
                continue;
            }

            var rows = new List<string>();
            await using var command = db.Database.GetDbConnection().CreateCommand();
            await db.Database.OpenConnectionAsync();
            command.CommandText = $"SELECT * FROM {table}" + (table == "resource" ? " WHERE NOT deleted AND type<>" + (int)BetterCare.Care.Fhir.ResourceType.Provenance
                : table == "resource_person" ? " WHERE NOT former AND type<>" + (int)BetterCare.Care.Fhir.ResourceType.Provenance
                : table == "timeline" ? " WHERE length(events)>0"
                : table is "resource_identifier" or "resource_code" ? " WHERE type<>" + (int)BetterCare.Care.Fhir.ResourceType.Provenance
                : table == "coverage_cell" ? " WHERE people<>0" : "");
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                var cells = Enumerable.Range(0, reader.FieldCount).Where(i => Counts(table, reader.GetName(i))).Select(i => $"{reader.GetName(i)}={Text(reader.GetValue(i))}");
                rows.Add($"{table}: {string.Join('|', cells)}");
            }

            lines.AddRange(rows.Order(StringComparer.Ordinal));
        }

        return string.Join('\n', lines);
    }

    /// <summary>Shows the rows that differ, not all of them.</summary>
    public static void ShouldBeSame(string after, string before)
    {
        string[] now = after.Split('\n'), then = before.Split('\n');
        string.Join('\n', now.Except(then, StringComparer.Ordinal).Select(l => "now    " + l).Concat(then.Except(now, StringComparer.Ordinal).Select(l => "before " + l))).ShouldBeEmpty();
        now.Length.ShouldBe(then.Length);
    }

    private static bool Counts(string table, string column) => column != "last_updated" && !(table == "resource" && column is "version") && !(table == "mdt_meeting_record" && column == "revision")
        && !(table == "resource_person" && column == "former");

    private static string Text(object value) => value switch
    {
        byte[] bytes => bytes.Length < 4000 && bytes is [(byte)'{', ..] ? Encoding.UTF8.GetString(bytes) : Convert.ToHexString(bytes),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    public static async Task<int> CountAsync(StoryApp app, string search) => (await app.GetJsonAsync($"/fhir/{search}&_count=100")).GetProperty("total").GetInt32();
}
