using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Storage;

/// <summary>Brings the schema up to date.</summary>
public static class Migrator
{
    /// <summary>Applies what is missing, and fills the reference tables that ship with the product.</summary>
    /// <returns>Names of the migrations applied.</returns>
    public static async Task<IReadOnlyList<string>> MigrateAsync(IDbContextFactory<CareDbContext> contexts, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var pending = (await db.Database.GetPendingMigrationsAsync(ct)).ToList();
        if (pending.Count > 0)
        {
            await db.Database.MigrateAsync(ct);
            await Reference.Practices.SeedAsync(db, ct);
        }

        return pending;
    }
}
