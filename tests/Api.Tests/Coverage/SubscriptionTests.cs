using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Api.Features.Subscriptions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BetterCare.Care.Tests.Api.Coverage;

/// <summary>Another system asks to be told; the receiver is a real one, and not always well.</summary>
public sealed class SubscriptionTests
{
    private const string Secret = "a-secret-of-the-test";

    private static readonly Dictionary<string, string?> Settings = new(StringComparer.Ordinal)
    {
        ["Care:Subscriptions:LoopbackSecret"] = Secret,
        ["Care:Subscriptions:MaxAttempts"] = "2",
        ["Care:Subscriptions:FirstRetrySeconds"] = "1",
        ["Care:Subscriptions:TimeoutSeconds"] = "0.5",
        ["Care:Subscriptions:QuickRetryMilliseconds"] = "1",
    };

    [Fact]
    public async Task ChangeThatMatches_IsToldSigned_WithIdsOnly_AndOnce()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var app = await StoryApp.StartAsync(settings: Settings);
        await Story.PostCohortAsync(app);
        var created = await SubscribeAsync(app, receiver.Url, "Encounter?status=in-progress");
        created.GetProperty("status").GetString().ShouldBe("active");

        await PostEncounterAsync(app, "yes", "in-progress");
        await PostEncounterAsync(app, "no", "finished");
        var got = await receiver.NextAsync(app);

        got.Body.ShouldContain("Encounter/yes/_history/1");
        got.Body.ShouldNotContain(Story.Ann);
        got.Header.ShouldBe("token 123");
        var parts = got.Signature.Split(',').Select(p => p.Split('=')[1]).ToArray();
        parts[1].ShouldBe(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{parts[0]}.{got.Body}"))));
        await StateAsync(app, "delivered");
        receiver.Waiting.ShouldBe(0, "what does not match is not told, and nothing twice");
        (await app.GetJsonAsync("/fhir/Subscription?status=active")).GetProperty("total").GetInt32().ShouldBe(1);
    }

    [Theory]
    [InlineData("transaction")]
    [InlineData("batch")]
    public async Task SubscriptionInABundle_IsCheckedAndServedLikeOneAlone(string type)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var app = await StoryApp.StartAsync(settings: Settings);
        await Story.PostCohortAsync(app);

        var taken = await app.PostFhirAsync("/fhir", Story.Bundle([Entry(receiver.Url, "Encounter?status=in-progress")], type));
        taken.StatusCode.ShouldBe(HttpStatusCode.OK, await taken.Content.ReadAsStringAsync());
        await PostEncounterAsync(app, "yes", "in-progress");
        (await receiver.NextAsync(app)).Body.ShouldContain("Encounter/yes/_history/1");
        (await app.GetJsonAsync("/fhir/Subscription?status=active")).GetProperty("total").GetInt32().ShouldBe(1);

        var refused = await app.PostFhirAsync("/fhir", Story.Bundle([Entry("https://elsewhere.example/hook", "Encounter?status=in-progress"), Story.Patient("9990000026", "1950-01-01", "Else")], type));
        var text = await refused.Content.ReadAsStringAsync();
        text.ShouldContain("Bundle.entry[0].resource");
        refused.StatusCode.ShouldBe(type == "transaction" ? HttpStatusCode.UnprocessableEntity : HttpStatusCode.OK, text);
        (await app.GetJsonAsync("/fhir/Subscription?status=active")).GetProperty("total").GetInt32().ShouldBe(1, "no address that is not listed is ever called");

        static string Entry(string endpoint, string criteria) =>
            $$$"""{"resource":{"resourceType":"Subscription","status":"requested","reason":"Test","criteria":"{{{criteria}}}","channel":{"type":"rest-hook","endpoint":"{{{endpoint}}}"}},"request":{"method":"POST","url":"Subscription"}}""";
    }

    [Theory]
    [InlineData("fail")]
    [InlineData("stall")]
    [InlineData("reset")]
    public async Task ReceiverIsIll_NothingIsHeldUp_TheNoticeDies_AndIsReplayedWhenItIsWell(string illness)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var app = await StoryApp.StartAsync(settings: Settings);
        await Story.PostCohortAsync(app);
        await SubscribeAsync(app, receiver.Url, "Encounter?status=in-progress");
        receiver.Mode = illness;

        await PostEncounterAsync(app, "one", "in-progress");
        var dead = await StateAsync(app, "dead");
        dead.GetProperty("attempts").GetInt32().ShouldBe(2);
        dead.GetProperty("about").GetString().ShouldBe("Encounter");
        dead.GetProperty("problem").GetString()!.ShouldStartWith("The endpoint");

        receiver.Mode = "well";
        receiver.Forget();
        app.Clock.Now = app.Clock.Now.AddMinutes(2);
        var replayed = await app.Client.PostAsync($"/v1/subscription-deliveries/{dead.GetProperty("id").GetString()}/replay", null);
        replayed.StatusCode.ShouldBe(HttpStatusCode.OK, await replayed.Content.ReadAsStringAsync());
        (await receiver.NextAsync(app)).Body.ShouldContain("Encounter/one/");
        await StateAsync(app, "delivered");
        (await app.Client.PostAsync($"/v1/subscription-deliveries/{dead.GetProperty("id").GetString()}/replay", null)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task ReceiverRefuses_ItIsNotAskedAgain()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var app = await StoryApp.StartAsync(settings: Settings);
        await Story.PostCohortAsync(app);
        await SubscribeAsync(app, receiver.Url, "Encounter");
        receiver.Mode = "refuse";

        await PostEncounterAsync(app, "one", "in-progress");

        (await StateAsync(app, "dead")).GetProperty("attempts").GetInt32().ShouldBe(1);
    }

    [Theory]
    [InlineData("rest-hook", "https://elsewhere.example/hook", "Encounter", null, "Care:Subscriptions:Endpoints")]
    [InlineData("rest-hook", "http://169.254.169.254/latest", "Encounter", null, "Care:Subscriptions:Endpoints")]
    [InlineData("rest-hook", "http://localhost.elsewhere.example/", "Encounter", null, "Care:Subscriptions:Endpoints")]
    [InlineData("rest-hook", "file:///etc/passwd", "Encounter", null, "https")]
    [InlineData("email", "http://127.0.0.1:9/", "Encounter", null, "rest-hook only")]
    [InlineData("rest-hook", "http://127.0.0.1:9/", "Nonsense?x=1", null, "Criteria are a search")]
    [InlineData("rest-hook", "http://127.0.0.1:9/", "Encounter?nonsense=1", null, "nonsense")]
    [InlineData("rest-hook", "http://127.0.0.1:9/", "Encounter?subject:Patient.family=Archer", null, "chains")]
    [InlineData("rest-hook", "http://127.0.0.1:9/", "Encounter", "Host: other", "header")]
    public async Task WhatCannotBeServed_IsRefusedAtOnce_WithTheReason(string type, string endpoint, string criteria, string? header, string hint)
    {
        await using var app = await StoryApp.StartAsync(settings: Settings);

        var response = await app.PostFhirAsync("/fhir/Subscription", Subscription(type, endpoint, criteria, header));
        var text = await response.Content.ReadAsStringAsync();

        ((int)response.StatusCode).ShouldBe(422, text);
        text.ShouldContain(hint);
        (await app.GetJsonAsync("/fhir/Subscription?status=active,requested")).GetProperty("total").GetInt32().ShouldBe(0);
    }

    private static string Subscription(string type, string endpoint, string criteria, string? header) =>
        $$$"""{"resourceType":"Subscription","status":"requested","reason":"Test","criteria":"{{{criteria}}}","channel":{"type":"{{{type}}}","endpoint":"{{{endpoint}}}","header":["{{{header ?? "X-Token: token 123"}}}"]}}""";

    private static async Task<JsonElement> SubscribeAsync(StoryApp app, string url, string criteria)
    {
        var response = await app.PostFhirAsync("/fhir/Subscription", Subscription("rest-hook", url, criteria, null));
        response.StatusCode.ShouldBe(HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
        app.Clock.Now = app.Clock.Now.AddSeconds(30);
        return await StoryApp.JsonOf(response);
    }

    private static async Task PostEncounterAsync(StoryApp app, string id, string status)
    {
        var response = await app.PostFhirAsync("/fhir", Story.Bundle([Story.Entry("Encounter", id,
            $$$"""{"resourceType":"Encounter","id":"{{{id}}}","status":"{{{status}}}","class":{"code":"IMP"},"subject":{"reference":"Patient/{{{Story.Ann}}}"},"period":{"start":"2026-11-21"}}""")]));
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Waits until a notification is in a state, and moves the clock on so that what waits comes due.</summary>
    private static async Task<JsonElement> StateAsync(StoryApp app, string state)
    {
        for (var i = 0; i < 300; i++)
        {
            var list = await app.GetJsonAsync($"/v1/subscription-deliveries?state={state}");
            if (list.GetArrayLength() > 0)
            {
                return list[0];
            }

            app.Clock.Now = app.Clock.Now.AddSeconds(20);
            await Task.Delay(100);
        }

        throw new TimeoutException($"No notification became {state}: {await app.GetJsonAsync("/v1/subscription-deliveries")}");
    }

    private sealed record Got(string Body, string Signature, string Header);

    /// <summary>A real receiver on this machine, that can be ill.</summary>
    private sealed class Receiver : IAsyncDisposable
    {
        private readonly ConcurrentQueue<Got> _got = new();
        private readonly WebApplication _app;

        private Receiver()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            _app = builder.Build();
            _app.MapPost("/hook", AnswerAsync);
        }

        public string Mode { get; set; } = "well";

        public string Url => _app.Urls.First() + "/hook";

        public int Waiting => _got.Count;

        public static async Task<Receiver> StartAsync()
        {
            var receiver = new Receiver();
            await receiver._app.StartAsync();
            return receiver;
        }

        public void Forget() => _got.Clear();

        public async Task<Got> NextAsync(StoryApp app)
        {
            for (var i = 0; i < 300; i++)
            {
                if (_got.TryDequeue(out var got))
                {
                    return got;
                }

                app.Clock.Now = app.Clock.Now.AddSeconds(5);
                await Task.Delay(100);
            }

            throw new TimeoutException("Nothing was received.");
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();

        private async Task AnswerAsync(HttpContext http)
        {
            switch (Mode)
            {
                case "fail":
                    http.Response.StatusCode = 503;
                    return;
                case "refuse":
                    http.Response.StatusCode = 400;
                    return;
                case "reset":
                    http.Abort();
                    return;
                case "stall":
                    await Task.Delay(TimeSpan.FromSeconds(30), http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                    return;
            }

            using var reader = new StreamReader(http.Request.Body);
            _got.Enqueue(new Got(await reader.ReadToEndAsync(), http.Request.Headers[SubscriptionSender.SignatureHeader].ToString(), http.Request.Headers["X-Token"].ToString()));
        }
    }
}
