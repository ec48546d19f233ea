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

    /// <summary>Tells of all or of none, in one commit. What it reads it reads before, so that the next crew does not wait behind it.</summary>
    private async Task<bool> TryAsync(CareDbContext db, DecisionResources resources, IReadOnlyList<UrgentCareAccess> accesses, CancellationToken ct)
    {
        var people = accesses.Select(a => a.PatientKey).Distinct().ToList();
        var numbers = await db.Patients.AsNoTracking().Where(p => people.Contains(p.PatientKey)).ToDictionaryAsync(p => p.PatientKey, p => p.NhsNumber, ct);
        var leads = await db.Standings.AsNoTracking().Where(s => people.Contains(s.PatientKey) && s.HasLead).Select(s => new { s.PatientKey, s.LeadId, s.LeadName }).ToDictionaryAsync(s => s.PatientKey, ct);
        var now = clock.GetUtcNow();
        var communications = new List<(ResourceType, string, byte[])>();
        foreach (var access in accesses)
        {
            if (leads.GetValueOrDefault(access.PatientKey) is { } lead && FhirText.Practitioner(lead.LeadId) is { } practitioner)
            {
                communications.Add((ResourceType.Communication, access.Id, Communication(access, numbers[access.PatientKey].Value, practitioner, lead.LeadName, now)));
            }

            db.Reminders.Add(Alert(access, leads.GetValueOrDefault(access.PatientKey)?.LeadId, now));
        }

        try
        {
            await using var transaction = await resources.BeginAsync(ct);
            await resources.WriteAsync(communications, ct);
            await db.SaveChangesAsync(ct);

            // Of two instances that tell at once the reminder's key lets one commit.
            var told = accesses.Select(a => a.Id).ToList();
            await db.UrgentCareAccesses.Where(a => people.Contains(a.PatientKey) && told.Contains(a.Id)).ExecuteUpdateAsync(s => s.SetProperty(a => a.ToldAt, now.ToUnixTimeMilliseconds()), ct);
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

    private static byte[] Communication(UrgentCareAccess access, string number, string practitioner, string leadName, DateTimeOffset now) => DecisionResources.Render(ResourceType.Communication, access.Id, writer =>
    {
        writer.WriteString("status", "completed");
        writer.Concepts("category", "Urgent-care view opened", FhirText.Codes + "communication-category", "urgent-care-access");
        writer.WriteString("priority", "urgent");
        writer.Reference("subject", $"Patient/{number}");
        writer.WriteString("sent", now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture));
        writer.WriteStartArray("recipient");
        writer.ReferenceItem(practitioner, leadName);
        writer.WriteEndArray();
        writer.WriteStartArray("payload");
        writer.WriteStartObject();
        writer.Text("contentString", $"The urgent-care view was opened by {access.AccessedBy} at {At(access):yyyy-MM-dd HH:mm} UTC. Reason given: {access.Reason}");
        writer.WriteEndObject();
        writer.WriteEndArray();
    });

    private static ReminderRow Alert(UrgentCareAccess access, string? lead, DateTimeOffset now) => new()
    {
        PatientKey = access.PatientKey,
        Id = access.Id,
        Kind = ReminderKind.UrgentCareOpened,
        Recipient = lead ?? "",
        OccasionDay = DateOnly.FromDateTime(At(access).UtcDateTime).DayNumber,
        Text = $"The urgent-care view of someone {(lead is null ? "without a lead" : "you lead")} was opened at {At(access):yyyy-MM-dd HH:mm} UTC: see who and why in the record.",
        CreatedAt = now.ToUnixTimeMilliseconds(),
    };

    private static DateTimeOffset At(UrgentCareAccess access) => DateTimeOffset.FromUnixTimeMilliseconds(access.AccessedAt);
}
