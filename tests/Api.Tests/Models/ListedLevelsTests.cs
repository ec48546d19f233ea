using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using BetterCare.Care.Api.Features.Levels;
using BetterCare.Care.Storage;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Models;

/// <summary>Both levels side by side in the lists, and what runs out comes back to somebody's eyes.</summary>
public sealed class ListedLevelsTests
{
    private static string Bob => Story.Others.ElementAt(20);

    [Fact]
    public async Task AgreedLevel_IsListedBesideTheModels_AndAfterItRanOutUntilSomebodyDecides()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        await AgreeAsync(app, Bob, 4, "2026-11-29");
        await AgreeAsync(app, Story.Ann, 3, "2027-01-31");

        var inForce = (await app.GetJsonAsync("/v1/agreed-levels?count=1"));
        inForce.GetProperty("people")[0].GetProperty("nhsNumber").GetString().ShouldBe(Bob, "the first to run out comes first");
        inForce.GetProperty("people")[0].GetProperty("agreed").GetProperty("level").GetInt32().ShouldBe(4);
        inForce.GetProperty("people")[0].GetProperty("modelLevelNow").GetInt32().ShouldBeLessThan(4);
        (await app.GetJsonAsync($"/v1/agreed-levels?count=1&cursor={inForce.GetProperty("next").GetString()}")).GetProperty("people")[0].GetProperty("nhsNumber").GetString().ShouldBe(Story.Ann);
        (await app.GetJsonAsync("/v1/agreed-levels?state=expired")).GetProperty("people").GetArrayLength().ShouldBe(0);

        app.Clock.Now = app.Clock.Now.AddDays(8);
        await app.Services.GetRequiredService<AgreedLevels>().ExpireAsync(new DateOnly(2026, 11, 30), CancellationToken.None);
        (await app.GetJsonAsync("/v1/agreed-levels?state=expired")).GetProperty("people")[0].GetProperty("agreed").GetProperty("endReason").GetString().ShouldBe("expired");

        await AgreeAsync(app, Bob, 2, "2027-01-31");
        (await app.GetJsonAsync("/v1/agreed-levels?state=expired")).GetProperty("people").GetArrayLength().ShouldBe(0);
        (await app.Client.GetAsync("/v1/agreed-levels?state=lost")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await app.Client.GetAsync("/v1/agreed-levels?cursor=x")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task RiskListOfALevel_HoldsThoseWhomPeoplePutThere_PageByPage()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var levels = (await app.GetJsonAsync("/v1/risk-list?count=500")).GetProperty("people").EnumerateArray().ToDictionary(p => p.GetProperty("nhsNumber").GetString()!, p => p.GetProperty("modelLevel").GetInt32());
        await AgreeAsync(app, Bob, 4, "2027-01-31");
        await AgreeAsync(app, Story.Ann, 1, "2027-01-31");
        (levels[Bob], levels[Story.Ann]) = (4, 1);

        foreach (var sort in new[] { "risk", "-risk", "name", "age" })
        {
            for (var level = 1; level <= 4; level++)
            {
                var seen = new List<string>();
                string? cursor = null;
                do
                {
                    var page = await app.GetJsonAsync($"/v1/risk-list?level={level}&count=3&sort={sort}{(cursor is null ? "" : $"&cursor={cursor}")}");
                    seen.AddRange(page.GetProperty("people").EnumerateArray().Select(p => p.GetProperty("nhsNumber").GetString()!));
                    cursor = page.TryGetProperty("next", out var next) ? next.GetString() : null;
                }
                while (cursor is not null);
                seen.Order().ShouldBe(levels.Where(l => l.Value == level).Select(l => l.Key).Order(), $"level {level} by {sort}");
            }
        }
    }

    [Theory]
    [InlineData("\"code\":\"CAREGIVER\"", "\"period\":{\"start\":\"2026-02-01\"},", true)]
    [InlineData("\"system\":\"http://snomed.info/sct\",\"code\":\"407542009\"", "\"period\":{\"start\":\"2026-02-01\",\"end\":\"2026-03-01\"},", true)]
    [InlineData("\"code\":\"SPS\"", "\"period\":{\"start\":\"2026-02-01\"},", false)]
    [InlineData("\"code\":\"CAREGIVER\"", "", false)]
    [InlineData("\"code\":\"CAREGIVER\"", "\"active\":false,\"period\":{\"start\":\"2026-02-01\"},", false)]
    public async Task RelatedPerson_WhoCares_IsAFactOfTheTimeline_OnceItSaysSinceWhen(string coding, string rest, bool known)
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        var carer = $$$"""{"resourceType":"RelatedPerson","id":"carer-1",{{{rest}}}"patient":{"reference":"Patient/{{{Story.Ann}}}"},"relationship":[{"coding":[{"code":"CHILD"}]},{"coding":[{{{{coding}}}}]}]}""";

        var response = await app.PostFhirAsync("/fhir", Story.Bundle([Story.Entry("RelatedPerson", "carer-1", carer)]));

        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        await using var db = await app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync();
        var rows = await db.Timelines.AsNoTracking().Select(t => t.Events).ToListAsync();
        rows.SelectMany(r => MemoryMarshal.Cast<byte, TimelineEvent>(r).ToArray()).Any(e => e.Kind == EventKind.Social && e.Code == (uint)SocialFact.HasCarer).ShouldBe(known);
    }

    private static async Task AgreeAsync(StoryApp app, string number, int level, string expires)
    {
        var response = await app.Client.PutAsJsonAsync($"/v1/patients/{number}/agreed-level", new { level, reason = "Fell twice.", expires });
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }
}
