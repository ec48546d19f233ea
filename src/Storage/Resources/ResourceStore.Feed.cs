using BetterCare.Care.Fhir;

namespace BetterCare.Care.Storage.Resources;

/// <summary>What has been stored since, for those who are told of it.</summary>
public sealed partial class ResourceStore
{
    /// <summary>Current resources of a type by the time of their version, the earliest first.</summary>
    /// <param name="type">Type.</param>
    /// <param name="since">From this instant on, in Unix milliseconds.</param>
    /// <param name="afterId">Of that instant only those after this id.</param>
    /// <param name="limit">Most rows.</param>
    /// <param name="ct">Cancels.</param>
    public ValueTask<List<StoredResource>> UpdatedSinceAsync(ResourceType type, long since, string afterId, int limit, CancellationToken ct) => _rows.ListAsync(
        $"SELECT {Columns} FROM resource WHERE type=@p0 AND last_updated>=@p1 AND (last_updated>@p1 OR id>@p2) ORDER BY last_updated, id LIMIT @p3",
        [(short)type, since, afterId, limit],
        Resource,
        ct);
}
