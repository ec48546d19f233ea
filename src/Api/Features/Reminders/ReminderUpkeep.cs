using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Storage;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Reminders;

/// <summary>
/// What becomes due because a day has passed. What somebody decides is in the list at once, and an admission within seconds
/// (see <see cref="PeoplesReminders"/>); nobody but the calendar needs this.
/// </summary>
public sealed class ReminderUpkeep(IDbContextFactory<CareDbContext> contexts, TimeProvider clock) : IUpkeep
{
    private const int PeopleAtOnce = 500;

    /// <inheritdoc/>
    public string Name => "reminders";

    /// <inheritdoc/>
    public TimeSpan Every => TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken ct)
    {
        var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var from = long.MinValue;
        while (true)
        {
            var listed = db.Standings.Where(s => s.HasLead || s.PlanState == "agreed" || s.AgreedLevel == 4 || (s.AgreedLevel == 0 && s.ModelLevel == 4)).Select(s => s.PatientKey);
            var reminded = db.Reminders.Where(r => r.ClosedAt == 0 && PeoplesReminders.Settled.Contains(r.Kind)).Select(r => r.PatientKey);
            var people = await listed.Union(reminded).Where(key => key > from).OrderBy(key => key).Take(PeopleAtOnce).ToListAsync(ct);
            if (people.Count == 0)
            {
                return;
            }

            from = people[^1];
            await PeoplesReminders.UpdateAsync(db, people, clock.GetUtcNow(), today, ct);
        }
    }
}
