using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Synthetic;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Models;

/// <summary>A place large enough to learn from: 3,000 synthetic people straight in the database, with what became of them.</summary>
internal static class Cohort
{
    /// <summary>The data ends on 31 October 2026: the year from this day is over.</summary>
    public const string Learnt = "2025-11-01";

    public static async Task<StoryApp> StartAsync(int people = 3000)
    {
        var app = await StoryApp.StartAsync();
        await TimelineLoader.LoadAsync(
            app.Services.GetRequiredService<CareDatabase>(),
            CohortGenerator.Timelines(new CohortOptions(people, 5), CancellationToken.None).Select(t => (t.Number, t.Practice, t.Family, t.Given, t.Timeline)),
            CancellationToken.None);
        return app;
    }

    /// <summary>Posts, and waits until the background work is over.</summary>
    public static async Task<JsonElement> DoAsync(this StoryApp app, string path, object body)
    {
        var accepted = await app.Client.PostAsJsonAsync(path, body);
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
        return await app.FinishedAsync(accepted.Headers.Location!.ToString());
    }

    /// <summary>Sends a request as another person than the demo's one user.</summary>
    public static async Task<Result<T>> AsAsync<T>(this StoryApp app, string person, IRequest<Result<T>> request)
    {
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CurrentCaller>().Caller = Caller.Operator with { Name = person };
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request);
    }
}
