using BetterCare.Care.Storage;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Security;

/// <summary>Turns what a registration or a claim says (ODS codes, places) into the practices that a caller may see.</summary>
public sealed class PracticeGroups(IDbContextFactory<CareDbContext> contexts)
{
    /// <summary>Stands for all practices.</summary>
    public const string Everything = "*";

    /// <summary>ODS codes of the practices; null: all; empty: none, which is what nothing said means.</summary>
    /// <param name="codes">ODS codes, or <see cref="Everything"/>.</param>
    /// <param name="places">Names of places, localities or neighbourhoods.</param>
    /// <param name="ct">Cancels the look-up.</param>
    public async ValueTask<IReadOnlySet<string>?> PracticesAsync(IReadOnlyCollection<string> codes, IReadOnlyCollection<string> places, CancellationToken ct)
    {
        if (codes.Contains(Everything))
        {
            return null;
        }

        var practices = codes.Select(c => c.Trim().ToUpperInvariant()).Where(c => c.Length > 0).ToHashSet(StringComparer.Ordinal);
        if (places.Count > 0)
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            practices.UnionWith(await db.Practices.AsNoTracking()
                .Where(p => places.Contains(p.Place) || places.Contains(p.Locality) || places.Contains(p.Neighbourhood)).Select(p => p.Code).ToListAsync(ct));
        }

        return practices;
    }
}
