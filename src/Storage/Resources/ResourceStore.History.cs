using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using BetterCare.Care.Fhir;

namespace BetterCare.Care.Storage.Resources;

/// <summary>A place in a history, newest first; what is equally old goes by type, id and version, so that each place is one version's.</summary>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Type">Resource type.</param>
/// <param name="Id">Logical id.</param>
/// <param name="Version">Version.</param>
public sealed record HistoryPosition(long At, ResourceType Type, string Id, int Version)
{
    // Before every id: ids are ASCII.
    private const string BeforeAllIds = "\u007F";

    /// <summary>Before the newest there is.</summary>
    public static readonly HistoryPosition Newest = new(long.MaxValue, ResourceType.None, BeforeAllIds, int.MaxValue);

    /// <summary>The place of a version.</summary>
    public static HistoryPosition Of(StoredResource version) => new(version.LastUpdated, version.Type, version.Id, version.Version);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out HistoryPosition? position)
    {
        position = null;
        var parts = text.Split('.', 4);
        if (parts.Length != 4 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            return false;
        }

        position = new HistoryPosition(at, ResourceTypes.Parse(parts[2]), parts[3], version);
        return position.Type != ResourceType.None;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At}.{Version}.{Type.Name()}.{Id}");

    /// <summary>The same place among the versions of one type.</summary>
    internal HistoryPosition Within(ResourceType type) => type == Type || Type == ResourceType.None ? this
        : type > Type ? this with { Id = "", Version = 0 } // Of this instant everything of the type came before.
        : this with { Id = BeforeAllIds, Version = int.MaxValue };
}

/// <summary>Histories of more than one resource.</summary>
public sealed partial class ResourceStore
{
    /// <summary>Versions of a type, newest first: those after a place in the history that were stored since an instant.</summary>
    public async ValueTask<List<StoredResource>> HistoryAsync(ResourceType type, HistoryPosition after, long since, PeopleFilter people, int limit, CancellationToken ct)
    {
        const string Where = "r.type=@p0 AND r.last_updated>=@p1 AND (r.last_updated<@p2 OR (r.last_updated=@p2 AND (r.id<@p3 OR (r.id=@p3 AND r.version<@p4))))";
        object[] values = [(short)type, since, after.At, after.Id, after.Version];
        const string Newest = "ORDER BY r.last_updated DESC, r.id DESC, r.version DESC";
        var found = await SelectAsync("resource r", Where, values, people, Newest, limit, ct, deleted: true);
        found.AddRange(await SelectAsync("resource_history r", Where, values, people, Newest, limit, ct, deleted: true));
        return [.. found.OrderByDescending(r => r.LastUpdated).ThenByDescending(r => r.Id, StringComparer.Ordinal).ThenByDescending(r => r.Version).Take(limit)];
    }

    /// <summary>
    /// Versions of everything, newest first. Each type that there is gives a page along its own index, and the pages are
    /// merged: an index by time alone would cost every import something, and this is asked for seldom.
    /// </summary>
    public async ValueTask<List<StoredResource>> HistoryAsync(HistoryPosition after, long since, PeopleFilter people, int limit, CancellationToken ct)
    {
        var found = new List<StoredResource>();
        foreach (var type in await TypesAsync(ct))
        {
            found.AddRange(await HistoryAsync(type, after.Within(type), since, people, limit, ct));
            if (found.Count > 8 * limit)
            {
                found = Newest(found, limit);
            }
        }

        return Newest(found, limit);
    }

    /// <summary>The types of which there are or were resources: one step along the index each.</summary>
    private ValueTask<List<ResourceType>> TypesAsync(CancellationToken ct) => _rows.ListAsync(
        """
        WITH RECURSIVE t(type) AS (SELECT MIN(type) FROM resource UNION ALL SELECT (SELECT MIN(r.type) FROM resource r WHERE r.type>t.type) FROM t WHERE t.type IS NOT NULL)
        SELECT type FROM t WHERE type IS NOT NULL
        """,
        [],
        static row => (ResourceType)row.Long(0),
        ct);

    private static List<StoredResource> Newest(List<StoredResource> found, int limit) =>
    [
        .. found.OrderByDescending(r => r.LastUpdated).ThenByDescending(r => r.Type).ThenByDescending(r => r.Id, StringComparer.Ordinal).ThenByDescending(r => r.Version).Take(limit),
    ];
}
