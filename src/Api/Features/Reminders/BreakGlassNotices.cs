using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Coordination.Reminders;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Reminders;

/// <summary>
/// Tells the accountable lead that somebody opened the person's urgent-care view: a Communication in the record and an alert in
/// the lead's list. The access itself is the note that this is to be done, so a crew never waits for it and no stop loses it.
/// </summary>
public sealed class BreakGlassNotices(IServiceScopeFactory scopes, TimeProvider clock) : IUpkeep
{
    private const int MostAtOnce = 100;

    /// <inheritdoc/>
    public string Name => "notices of urgent-care accesses";

    /// <inheritdoc/>
    public TimeSpan Every => TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<CareDbContext>();
        var resources = scope.ServiceProvider.GetRequiredService<DecisionResources>();
        var untold = await db.UrgentCareAccesses.AsNoTracking().Where(a => a.ToldAt == 0).OrderBy(a => a.Id).Take(MostAtOnce).ToListAsync(ct);
        if (untold.Count > 0 && !await TryAsync(db, resources, untold, ct))
        {
            // Another instance has told one of them, or does so now: the others are told one by one.
            foreach (var access in untold)
            {
                await TryAsync(db, resources, [access], ct);
            }
        }
    }

    /// <summary>Tells of all or of none, in one commit.</summary>
    private async Task<bool> TryAsync(CareDbContext db, DecisionResources resources, IReadOnlyList<UrgentCareAccess> accesses, CancellationToken ct)
    {
        try
        {
            await using var transaction = await resources.BeginAsync(ct);
            foreach (var access in accesses)
            {
                await TellAsync(db, resources, access, ct);
            }

            await transaction.CommitAsync(ct);
            return true;
        }
        catch (DbUpdateException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            db.ChangeTracker.Clear();
        }
    }

    private async Task TellAsync(CareDbContext db, DecisionResources resources, UrgentCareAccess access, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var number = await db.Patients.Where(p => p.PatientKey == access.PatientKey).Select(p => p.NhsNumber).SingleAsync(ct);
        var lead = await db.Standings.AsNoTracking().Where(s => s.PatientKey == access.PatientKey && s.HasLead).Select(s => new { s.LeadId, s.LeadName }).SingleOrDefaultAsync(ct);
        var at = DateTimeOffset.FromUnixTimeMilliseconds(access.AccessedAt);
        if (lead is not null && FhirText.Practitioner(lead.LeadId) is { } practitioner)
        {
            var json = DecisionResources.Render(ResourceType.Communication, access.Id, writer =>
            {
                writer.WriteString("status", "completed");
                writer.Concepts("category", "Urgent-care view opened", FhirText.Codes + "communication-category", "urgent-care-access");
                writer.WriteString("priority", "urgent");
                writer.Reference("subject", $"Patient/{number.Value}");
                writer.WriteString("sent", now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture));
                writer.WriteStartArray("recipient");
                writer.ReferenceItem(practitioner, lead.LeadName);
                writer.WriteEndArray();
                writer.WriteStartArray("payload");
                writer.WriteStartObject();
                writer.Text("contentString", $"The urgent-care view was opened by {access.AccessedBy} at {at:yyyy-MM-dd HH:mm} UTC. Reason given: {access.Reason}");
                writer.WriteEndObject();
                writer.WriteEndArray();
            });
            await resources.WriteAsync([(ResourceType.Communication, access.Id, json)], ct);
        }

        db.Reminders.Add(new ReminderRow
        {
            PatientKey = access.PatientKey,
            Id = access.Id,
            Kind = ReminderKind.UrgentCareOpened,
            Recipient = lead?.LeadId ?? "",
            OccasionDay = DateOnly.FromDateTime(at.UtcDateTime).DayNumber,
            Text = $"The urgent-care view of someone {(lead is null ? "without a lead" : "you lead")} was opened at {at:yyyy-MM-dd HH:mm} UTC: see who and why in the record.",
            CreatedAt = now.ToUnixTimeMilliseconds(),
        });
        await db.SaveChangesAsync(ct);

        // Of two instances that tell at once the reminder's key lets one commit.
        await db.UrgentCareAccesses.Where(a => a.PatientKey == access.PatientKey && a.Id == access.Id)
            .ExecuteUpdateAsync(s => s.SetProperty(a => a.ToldAt, now.ToUnixTimeMilliseconds()), ct);
    }
}
