using BetterCare.Care.Api.Features.Assessments;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Features.Reminders;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Worklists;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Coordination;

/// <summary>
/// What the loop does by itself: serves its questionnaire, keeps worklists and reminders up to date with the timelines, and ends the leads
/// of professionals who, by the register, have left. It decides nothing about a person: an ended lead is a fact of the
/// register, and who leads next is for people.
/// </summary>
public sealed partial class LoopWorker(
    IServiceScopeFactory scopes, ResourceWrites writes, WorklistFacts facts, BackgroundTrail trails, TimeProvider clock, ILogger<LoopWorker> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DeparturesEvery = TimeSpan.FromHours(1);

    /// <summary>A commit becomes visible a little after its timestamp: so far each look reaches back behind the last.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(1);

    private const int PeopleAtOnce = 500;

    private readonly SemaphoreSlim _one = new(1, 1);
    private long? _since;

    /// <summary>Brings worklists and reminders up to date with every resource that is stored by now.</summary>
    public async Task CatchUpAsync(CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            var now = clock.GetUtcNow();
            _since ??= await facts.LastRunAsync(ct);
            var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
            var changed = await facts.CatchUpAsync(_since.Value, today, ct);
            await RemindAsync(changed, now, today, ct);
            _since = (now - Overlap).ToUnixTimeMilliseconds();
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Somebody's admission or discharge is in their lead's list as soon as it is on the worklist.</summary>
    private async Task RemindAsync(IReadOnlyList<long> changed, DateTimeOffset now, DateOnly today, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<CareDbContext>();
        foreach (var people in changed.Chunk(PeopleAtOnce))
        {
            await PeoplesReminders.UpdateAsync(db, people, now, today, ct);
        }
    }

    /// <summary>Ends the leads of professionals whose role has ended or whose registration is not current.</summary>
    /// <returns>How many people have no lead now, and stand on the next agenda for it.</returns>
    public async Task<int> EndDepartedAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CurrentCaller>().Caller = Caller.Operator with { Name = "register" };
        var register = await scope.ServiceProvider.GetRequiredService<ProfessionalRegister>().ReadAsync(ct);
        var leading = await scope.ServiceProvider.GetRequiredService<CareDbContext>().Leads
            .Where(l => l.State == LeadState.Confirmed).Select(l => l.PractitionerId).Distinct().ToListAsync(ct);
        var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
        var people = 0;
        foreach (var id in leading)
        {
            // Someone whom the register does not know may only be late in the data: that is for people to look at.
            if (register.GetValueOrDefault(id)?.Professional is { } professional && (professional.LastDay < today || !professional.IsRegistered))
            {
                var lastDay = professional.LastDay < today ? professional.LastDay.Value : today;
                people += await scope.ServiceProvider.GetRequiredService<LeadDecisions>()
                    .DepartAsync(id, lastDay, professional.IsRegistered ? "the role has ended in the register." : "the registration is not current.", ct);
            }
        }

        return people;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await TryAsync("questionnaire", () => ShipAsync(stoppingToken));
        using var timer = new PeriodicTimer(Interval);
        var departures = DateTimeOffset.MinValue;
        try
        {
            do
            {
                await TryAsync("worklists", () => CatchUpAsync(stoppingToken));
                if (clock.GetUtcNow() - departures >= DeparturesEvery)
                {
                    departures = clock.GetUtcNow();
                    await TryAsync("departures", () => EndDepartedAsync(stoppingToken));
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    /// <summary>The shipped questionnaire, as a resource like any other; the same content again changes nothing.</summary>
    private async Task ShipAsync(CancellationToken ct) =>
        _ = (await writes.StoreAsync(null, ResourceType.Questionnaire, JointQuestionnaire.Json, new WriteTarget { Id = JointQuestionnaire.Id, IsOurs = true }, ct)).Value;

    private async Task TryAsync(string what, Func<Task> work)
    {
        try
        {
            await trails.RunAsync(what, work);
        }
#pragma warning disable CA1031 // The next look tries again.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            Failed(what, e.GetType().Name);
        }
    }

    [LoggerMessage(1201, LogLevel.Error, "Keeping {What} up to date failed: {Exception}")]
    private partial void Failed(string what, string exception);
}
