using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Reminders;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Reminders;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Tracing;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Merges;

/// <summary>A merge of two records.</summary>
/// <param name="Id">Opaque id; undo by it. The Provenance of the merge has the same.</param>
/// <param name="From">The number that is no longer in force; what names it means the other.</param>
/// <param name="Into">The number that is.</param>
/// <param name="DecidedBy">Who decided.</param>
/// <param name="DecidedAt">When.</param>
/// <param name="Reason">Why.</param>
/// <param name="UndoneBy">Who took it back; null in force.</param>
/// <param name="UndoneAt">When; null in force.</param>
/// <param name="UndoneReason">Why; null in force.</param>
public sealed record MergeView(string Id, string From, string Into, string DecidedBy, DateTimeOffset DecidedAt, string Reason, string? UndoneBy, DateTimeOffset? UndoneAt, string? UndoneReason)
{
    /// <summary>Says nothing: numbers are personal.</summary>
    public override string ToString() => "(merge)";

    internal static MergeView Of(PersonMerge m) => new(
        m.Id, NhsNumber.FromStored(m.FromNumber).Value, NhsNumber.FromStored(m.IntoNumber).Value, m.DecidedBy, DateTimeOffset.FromUnixTimeMilliseconds(m.DecidedAt), m.Reason,
        m.UndoneBy, m.UndoneAt == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(m.UndoneAt), m.UndoneReason);
}

/// <summary>What the use cases of merging share: which merges a caller sees, and the transaction that one is made in.</summary>
public sealed class MergeWork(CareDbContext db, Directories directories, Merger merger, DecisionResources resources, CurrentCaller current, People people, TimeProvider clock)
{
    /// <summary>A merge that the caller may see: of people whom they may see. Absent and not-yours answer alike.</summary>
    public async Task<PersonMerge?> FindAsync(string id, CancellationToken ct) =>
        await db.Merges.SingleOrDefaultAsync(m => m.Id == id, ct) is { } merge && await MaySeeAsync(merge, ct) ? merge : null;

    /// <summary>Whether the caller may see those whom a merge is about: the one that remains, or both once it is undone.</summary>
    public async Task<bool> MaySeeAsync(PersonMerge merge, CancellationToken ct)
    {
        var merged = await directories.MergedAsync(ct);
        var keys = new[] { merge.FromKey, merge.IntoKey }.Select(k => merged.Of(k)?.IntoKey ?? k).Distinct().ToList();
        var here = await db.Patients.AsNoTracking().Where(p => keys.Contains(p.PatientKey)).Select(p => new { p.PatientKey, p.PracticeCode, p.Flags }).ToListAsync(ct);
        if (here.Count == 0 || here.Exists(p => !current.Caller.MaySee(p.PracticeCode, p.Flags)))
        {
            AccessTrail.Current?.Refused(merge.IntoKey);
            return false;
        }

        AccessTrail.Current?.Saw(here.Select(p => p.PatientKey));
        return true;
    }

    /// <summary>Who decides now, and why.</summary>
    public async Task<MergeDecision> DecisionAsync(string reason, CancellationToken ct) =>
        new(current.Caller.Name, reason, clock.GetUtcNow(), people.Today, await directories.SupplierAsync(DecisionResources.Supplier, ct));

    /// <summary>Begins the transaction in which people are merged: nobody else writes about them until it ends.</summary>
    public async Task<Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction> BeginAsync(IReadOnlyList<long> keys, CancellationToken ct)
    {
        await merger.PrepareAsync(ct);
        var transaction = await resources.BeginAsync(ct);
        await Merger.LockAsync(db, keys, people.Today, ct);
        return transaction;
    }

    /// <summary>
    /// A run that has begun has read both records and would store scores of the one that is gone; what it is about to say
    /// would be wrong in any case.
    /// </summary>
    public async Task<CareError?> RunUnderWayAsync(CancellationToken ct) => await db.Runs.AnyAsync(r => r.Status == JobStatus.Running, ct)
        ? new Conflict(409, "A stratification run is under way. Try again when it has finished.")
        : null;

    /// <summary>Takes back what was reminded of while the two were one, and nobody has answered yet: the record that remained may not give cause for it.</summary>
    public async Task ForgetRemindersAsync(PersonMerge merge, CancellationToken ct) => await db.Reminders
        .Where(r => r.PatientKey == merge.IntoKey && r.CreatedAt >= merge.DecidedAt && r.ClosedBy == "" && r.Kind != ReminderKind.UrgentCareOpened).ExecuteDeleteAsync(ct);

    /// <summary>Tells leads and plans of a person anew, and whoever is to be reminded; nothing where a person who was only given a number is gone again.</summary>
    public async Task TellAsync(long patientKey, CancellationToken ct)
    {
        if (await db.Patients.AnyAsync(p => p.PatientKey == patientKey, ct))
        {
            await resources.KeepAsync(patientKey, ct);
            await PeoplesReminders.UpdateAsync(db, [patientKey], clock.GetUtcNow(), people.Today, ct);
        }
    }
}

/// <summary>What merging registers and serves.</summary>
internal static class MergeEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        GetMerges.Map(routes);
        GetMergeProposals.Map(routes);
        MergePeople.Map(routes);
        UndoMerge.Map(routes);
        CheckNumber.Map(routes);
    }

    public static void AddMerges(this IServiceCollection services)
    {
        services.AddSingleton<Merger>();
        services.AddScoped<MergeWork>();
        services.AddScoped<Renumbering>();
    }
}
