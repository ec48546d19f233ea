using System.Data.Common;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BetterCare.Care.Storage;

/// <summary>Brings the schema up to date.</summary>
public static class Migrator
{
    /// <summary>
    /// Applies what is missing, if anything is. A look at the list of what has been applied tells: a start on a database that is up
    /// to date, which is nearly every one, does not build the model for it.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="contexts">Its contexts.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Names of the migrations applied.</returns>
    public static async Task<IReadOnlyList<string>> MigrateAsync(CareDatabase database, IDbContextFactory<CareDbContext> contexts, CancellationToken ct) =>
        await IsCurrentAsync(database, ct) ? [] : await MigrateAsync(contexts, ct);

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

    /// <summary>Whether every migration of this version has been applied.</summary>
    /// <exception cref="DbException">The database cannot be opened.</exception>
    public static async Task<bool> IsCurrentAsync(CareDatabase database, CancellationToken ct)
    {
        var missing = typeof(Migrator).Assembly.GetTypes()
            .Select(t => t.GetCustomAttribute<MigrationAttribute>()?.Id).OfType<string>().ToHashSet(StringComparer.Ordinal);
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT \"MigrationId\" FROM \"__EFMigrationsHistory\"";
        try
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                missing.Remove(reader.GetString(0));
            }
        }
        catch (DbException)
        {
            // There is no such table yet: an empty database.
            return false;
        }

        return missing.Count == 0;
    }
}
