using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Leaks;

/// <summary>Nobody sees, by any address, search or write, that another practice's person is there at all.</summary>
public sealed partial class LeakTests(LeakWorld world) : IClassFixture<LeakWorld>
{
    [Fact]
    public async Task EverySearchShape_ForAnotherPracticesPerson_AnswersAsForNobody()
    {
        var token = await world.TokenAsync("mine");
        var shapes = Shapes.All(world.Types).Distinct(StringComparer.Ordinal).ToList();
        var leaks = new List<string>();
        var answered = 0;
        foreach (var shape in shapes)
        {
            answered += await world.TriedAsync(token, HttpMethod.Get, shape, null, leaks) == 200 ? 1 : 0;
        }

        // The form is the same search by another door: every parameter of the types that hold marked resources, and in the
        // compartment too; of the others one is enough.
        var forms = shapes.Where(s => s.Contains('?', StringComparison.Ordinal) && (s.Contains("{num}", StringComparison.Ordinal) || s.Contains("{mark}", StringComparison.Ordinal)) && !s.Contains('$', StringComparison.Ordinal) && !s.Contains("_history", StringComparison.Ordinal))
            .DistinctBy(s => world.Types.Contains(s.Split('?')[0].Split('/')[^1]) ? s.Split('=')[0] : s.Split('?')[0]).ToList();
        foreach (var shape in forms)
        {
            var parts = shape.Split('?');
            await world.TriedAsync(token, HttpMethod.Post, $"{parts[0]}/_search", parts[1], leaks, "application/x-www-form-urlencoded");
        }

        forms.Count.ShouldBeGreaterThan(400);
        TestContext.Current.SendDiagnosticMessage($"{shapes.Count} search shapes, {forms.Count} of them as forms too, tried over {world.Types.Count + 1} types with marked resources, {answered} answered with 200, {leaks.Count} leaks");
        leaks.ShouldBeEmpty();
        world.Types.Count.ShouldBeGreaterThan(40);
        shapes.Count.ShouldBeGreaterThan(4000);
        answered.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public async Task EveryEndpoint_AsEveryRole_TellsNothingOfAnotherPracticesPerson()
    {
        var endpoints = Endpoints().ToList();
        var leaks = new List<string>();
        var tried = 0;
        foreach (var role in LeakWorld.Roles.Append("mine"))
        {
            var token = await world.TokenAsync(role);
            foreach (var (method, pattern, type) in endpoints)
            {
                foreach (var address in Addresses(pattern))
                {
                    var body = method.Method is "POST" or "PUT" or "PATCH" ? BodyOf(pattern) : method.Method == "DELETE" && pattern.StartsWith("/v1", StringComparison.Ordinal) ? AnyBody : null;
                    await world.TriedAsync(token, method, address, body, leaks, type);
                    tried++;
                }
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{endpoints.Count} endpoints, {tried} requests as {LeakWorld.Roles.Count + 1} callers, {leaks.Count} leaks");
        leaks.ShouldBeEmpty();
    }

    [Fact]
    public async Task PersonMergedIntoAnotherPractices_IsTheirs_ByEitherNumber_AndNoReviewerOfOneMergesAcross()
    {
        var mine = await world.TokenAsync("mine");
        foreach (var number in new[] { LeakWorld.Former, LeakWorld.Theirs })
        {
            (await world.App.GetAsync(mine, $"/fhir/Patient/{number}")).Status.ShouldBe(404);
            (await world.App.GetAsync(mine, $"/fhir/Patient/{number}/_history/1")).Status.ShouldBe(404);
            (await world.App.JsonAsync(mine, $"/fhir/Observation?patient={number}")).GetProperty("total").GetInt32().ShouldBe(0);
            (await world.App.GetAsync(mine, $"/v1/patients/{number}/care-plan")).Status.ShouldBe(404);
            (await world.App.GetAsync(mine, $"/v1/urgent-care/{number}?reason=x")).Status.ShouldBe(404);
            (await world.App.SendAsync(mine, HttpMethod.Post, "/v1/merges", $$"""{"from":"{{LeakWorld.Mine}}","into":"{{number}}","reason":"x","differencesReviewed":true}""", "application/json")).Status.ShouldBe(404);
        }

        (await world.App.GetAsync(mine, "/fhir/Observation/zmarkedz-former")).Status.ShouldBe(404);
        (await world.App.JsonAsync(mine, "/v1/merges")).GetArrayLength().ShouldBe(0);
        (await world.App.GetAsync(mine, "/v1/tracing")).Status.ShouldBe(403);
        var all = await world.TokenAsync("all");
        (await world.App.JsonAsync(all, $"/fhir/Patient/{LeakWorld.Former}")).GetProperty("id").GetString().ShouldBe(LeakWorld.Theirs);
        (await world.App.JsonAsync(all, "/v1/merges")).GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task EveryEndpoint_WithoutAToken_IsClosedUnlessItIsPublic()
    {
        string[] open = ["/", "/auth/jwks", "/auth/token", "/fhir/.well-known/smart-configuration", "/fhir/metadata", "/health/live", "/health/ready", "/openapi.yaml", "/.well-known/smart-configuration"];
        var published = world.App.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<IAllowAnonymous>() is not null).Select(e => "/" + e.RoutePattern.RawText!.Trim('/')).Distinct(StringComparer.Ordinal);
        published.Except(open, StringComparer.Ordinal).ShouldBeEmpty("an endpoint is public that this test does not know: is it meant to be?");
        foreach (var (method, pattern, _) in Endpoints())
        {
            foreach (var address in Addresses(pattern))
            {
                (await world.App.SendAsync("", method, world.InPlace(address))).Status.ShouldBe(401, $"{method} {pattern}");
            }
        }
    }

    [Fact]
    public async Task Export_AsOnePractice_HoldsNothingOfAnother()
    {
        var token = await world.TokenAsync("mine");
        foreach (var address in new[] { "/fhir/$export", "/fhir/Patient/$export" })
        {
            using var started = await world.App.Client.SendAsync(Access.SignedClient.Request(HttpMethod.Get, address, token));
            var poll = started.Content.Headers.ContentLocation?.PathAndQuery ?? started.Headers.GetValues("Content-Location").First();
            var (status, manifest) = (202, "");
            for (var i = 0; i < 600 && status == 202; i++)
            {
                await Task.Delay(50);
                (status, manifest) = await world.App.GetAsync(token, poll);
            }

            status.ShouldBe(200, manifest);
            var files = JsonDocument.Parse(manifest).RootElement.GetProperty("output").EnumerateArray().Select(o => o.GetProperty("url").GetString()!).ToList();
            files.Count.ShouldBeGreaterThan(10);
            foreach (var file in files)
            {
                var (_, text) = await world.App.GetAsync(token, file);
                LeakWorld.Marked(text).ShouldBeFalse(file);

                // Another caller does not get the file, however they came by its address.
                (await world.App.GetAsync(await world.TokenAsync("mdt"), file)).Status.ShouldBe(404);
            }
        }
    }

    /// <summary>The endpoints that answer with anything of the service's data, each method of each.</summary>
    private IEnumerable<(HttpMethod Method, string Pattern, string ContentType)> Endpoints() =>
        from endpoint in world.App.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        where endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
        let pattern = "/" + endpoint.RoutePattern.RawText!.Trim('/')
        select (new HttpMethod(method), pattern, method == "PATCH" ? "application/json-patch+json" : pattern.StartsWith("/fhir", StringComparison.Ordinal) ? "application/fhir+json" : "application/json");

    /// <summary>
    /// Addresses to try of a pattern. A parameter that this suite does not know fails it: say here what of another practice
    /// could stand in its place.
    /// </summary>
    private List<string> Addresses(string pattern)
    {
        var addresses = new List<string> { pattern };
        foreach (Match hole in Hole().Matches(pattern))
        {
            var name = hole.Groups["name"].Value;
            var known = world.Ids.Keys.FirstOrDefault(k => pattern.Contains(k, StringComparison.Ordinal) && k.EndsWith($"{{{name}}}", StringComparison.Ordinal));
            string[] values = (name, pattern) switch
            {
                _ when known is not null => [$"{{id:{known}}}"],
                ("nhsNumber" or "number", _) => ["{num}"],
                ("compartment", _) => ["Patient"],
                ("type", _) => ["Patient", "Observation", "CarePlan", "CareTeam", "RiskAssessment"],
                ("version", _) => ["1"],
                ("id", _) when pattern.StartsWith("/fhir/Patient/", StringComparison.Ordinal) || pattern.StartsWith("/fhir/{compartment}", StringComparison.Ordinal) => ["{num}"],
                ("id", _) when pattern.StartsWith("/fhir/{type}", StringComparison.Ordinal) => ["{num}", "{mark}-observation"],
                ("id", _) when pattern.StartsWith("/fhir/", StringComparison.Ordinal) => ["{mark}-group"],
                ("month", _) => ["2026-11"],
                ("code" or "practice" or "odsCode", _) => ["{practice}"],
                ("id" or "file" or "name" or "client" or "practitioner" or "task" or "person" or "assessment" or "key" or "metric" or "model" or "team" or "runId" or "measure" or "subscription" or "kind" or "item" or "job" or "reference", _) => ["{mark}"],
                _ => throw new InvalidOperationException($"The leak suite does not know what could stand for {name} in {pattern}: add it to Addresses."),
            };
            addresses = [.. addresses.SelectMany(a => values.Select(v => a.Replace(hole.Value, v, StringComparison.Ordinal)))];
        }

        // What narrows a list must not widen it: somebody else's practice, person or mark as a filter.
        return pattern.StartsWith("/v1", StringComparison.Ordinal)
            ? [.. addresses, .. addresses.Select(a => $"{a}?practice={{practice}}&nhsNumber={{num}}&place={{mark}}&q={{mark}}&search={{mark}}&reason=x&by=practice&count=500")]
            : addresses;
    }

    private const string AnyBody = """{"reason":"x","nhsNumber":"{num}","practitioner":"11111111-0000-4000-8000-000000000001","level":2,"expires":"2027-01-01","status":"draft","outcome":"x","done":true}""";

    private static string BodyOf(string pattern) => pattern.StartsWith("/fhir", StringComparison.Ordinal)
        ? """{"resourceType":"Observation","id":"{mark}-observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{num}"}}"""
        : AnyBody;

    [GeneratedRegex(@"\{(?<name>\w+)(:\w+)?\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Hole();
}
