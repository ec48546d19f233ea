using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Runs;

/// <summary>The run that everybody works with: the latest that is completed.</summary>
internal static class CurrentRun
{
    /// <summary>Its number; 0 none.</summary>
    public static async Task<int> IdAsync(CareDbContext db, CancellationToken ct) =>
        await db.Runs.Where(r => r.Status == JobStatus.Completed).MaxAsync(r => (int?)r.RunId, ct) ?? 0;

    /// <summary>A run as stored.</summary>
    public static Task<StratificationRun> OfAsync(CareDbContext db, int runId, CancellationToken ct) =>
        db.Runs.AsNoTracking().SingleAsync(r => r.RunId == runId, ct);
}
