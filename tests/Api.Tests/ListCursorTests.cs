using System.Net;
using System.Text;
using BetterCare.Care.Tests.Api.Access;

namespace BetterCare.Care.Tests.Api;

/// <summary>Cursors of lists tell nothing, and are good for one list, one caller and a day.</summary>
public sealed class ListCursorTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("risk")]
    [InlineData("name")]
    [InlineData("age")]
    [InlineData("last-admission")]
    public async Task Cursor_OfTheRiskList_HoldsNothingThatCanBeRead(string sort)
    {
        await using var app = await StartAsync();

        var cursor = await CursorAsync(app, $"/v1/risk-list?sort={sort}&count=2");

        foreach (var text in new[] { cursor, Encoding.UTF8.GetString(Convert.FromBase64String(Padded(cursor))) })
        {
            text.ShouldNotContain("well", Case.Insensitive);
            text.ShouldNotContain("archer", Case.Insensitive);
        }

        (await app.GetJsonAsync($"/v1/risk-list?sort={sort}&count=2&cursor={cursor}")).GetProperty("people").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task Cursor_ThatWasTamperedWith_OrIsAnotherLists_IsRefusedInPlainWords()
    {
        await using var app = await StartAsync();
        var cursor = await CursorAsync(app, "/v1/risk-list?sort=name&count=2");

        foreach (var address in new[]
        {
            $"/v1/risk-list?sort=name&cursor={cursor[..^4]}AAAA", $"/v1/risk-list?sort=age&cursor={cursor}", $"/v1/worklist?cursor={cursor}",
            $"/v1/risk-list/left?cursor={cursor}", $"/v1/agreed-levels?cursor={cursor}", "/v1/risk-list?cursor=eyJzb3J0IjoibmFtZSIsInZhbHVlIjoiYSIsImtleSI6MX0", "/v1/risk-list?cursor=",
        })
        {
            var answer = await app.Client.GetAsync(address, Ct);
            answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest, address);
            (await answer.Content.ReadAsStringAsync(Ct)).ShouldContain("start again without it");
        }
    }

    [Fact]
    public async Task Cursor_AfterADay_HasExpired()
    {
        await using var app = await StartAsync();
        var cursor = await CursorAsync(app, "/v1/risk-list?count=2");

        app.Clock.Now = app.Clock.Now.AddHours(25);

        var answer = await app.Client.GetAsync($"/v1/risk-list?count=2&cursor={cursor}", Ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync(Ct)).ShouldContain("expired");
    }

    [Fact]
    public async Task Cursor_OfSomebodyElse_IsRefused()
    {
        using var one = new SignedClient("one");
        using var two = new SignedClient("two");
        const string Scope = "care/mdt care/analyst care/data-supplier system/*.cruds";
        await using var app = await ProductionApp.StartAsync([(one, Scope, ["*"]), (two, Scope, ["*"])]);
        var (mine, theirs) = (await one.TokenAsync(app.Client, Scope), await two.TokenAsync(app.Client, Scope));
        await app.SendAsync(mine, HttpMethod.Post, "/fhir", Story.Bundle(Story.Cohort()));
        var accepted = await app.SendAsync(mine, HttpMethod.Post, "/v1/stratification-runs", "{\"indexDate\":\"2026-11-01\"}", "application/json");
        var status = System.Text.Json.JsonDocument.Parse(accepted.Text).RootElement.GetProperty("status").GetString()!;
        for (var i = 0; i < 600 && (await app.JsonAsync(mine, status)).GetProperty("status").GetString() is "queued" or "running"; i++)
        {
            await Task.Delay(50, Ct);
        }

        var cursor = (await app.JsonAsync(mine, "/v1/risk-list?count=2")).GetProperty("next").GetString();

        (await app.GetAsync(mine, $"/v1/risk-list?count=2&cursor={cursor}")).Status.ShouldBe(200);
        (await app.GetAsync(theirs, $"/v1/risk-list?count=2&cursor={cursor}")).Status.ShouldBe(400);
    }

    private static async Task<StoryApp> StartAsync()
    {
        var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        return app;
    }

    private static async Task<string> CursorAsync(StoryApp app, string path) => (await app.GetJsonAsync(path)).GetProperty("next").GetString()!;

    private static string Padded(string text) => text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '=');
}
