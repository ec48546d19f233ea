using System.Runtime.CompilerServices;
using BetterCare.Care.Fhir;

namespace BetterCare.Care.Storage.Resources;

/// <summary>What exports read: streams of whole types.</summary>
public sealed partial class ResourceStore
{
    /// <summary>Every resource of a type as it was at an instant, by id: whoever writes meanwhile changes nothing of it.</summary>
    /// <param name="type">The type.</param>
    /// <param name="at">Unix milliseconds.</param>
    /// <param name="ct">Cancels.</param>
    public async IAsyncEnumerable<StoredResource> AsOfAsync(ResourceType type, long at, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var current in ListAsync($"SELECT {Columns} FROM {database.ResourceById} WHERE type=@p0 AND (NOT deleted OR last_updated>@p1) ORDER BY id", [(short)type, at], ct))
        {
            if (current.LastUpdated <= at)
            {
                yield return current;
            }
            else if (current.Version > 1 && await _rows.FirstAsync(
                $"SELECT {Columns} FROM resource_history WHERE patient_key=@p0 AND type=@p1 AND id=@p2 AND last_updated<=@p3 ORDER BY version DESC LIMIT 1",
                [current.PatientKey, (short)type, current.Id, at],
                Resource,
                ct) is { Deleted: false } then)
            {
                yield return then;
            }
        }
    }

    /// <summary>Resources of a type that were deleted within a time, Unix milliseconds, both included, and still are.</summary>
    public IAsyncEnumerable<StoredResource> DeletedAsync(ResourceType type, long from, long to, CancellationToken ct) => ListAsync(
        $"SELECT {Columns} FROM resource WHERE type=@p0 AND last_updated BETWEEN @p1 AND @p2 AND deleted ORDER BY id", [(short)type, from, to], ct);

    /// <summary>The people of those resources of a type that are not one person's alone, by id; they are few.</summary>
    /// <param name="type">The type.</param>
    /// <param name="former">Whether those count whom only former versions name.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<ILookup<string, long>> PeopleOfTypeAsync(ResourceType type, bool former, CancellationToken ct)
    {
        var rows = await _rows.ListAsync(
            "SELECT id, patient_key FROM resource_person WHERE type=@p0" + (former ? "" : " AND NOT former"), [(short)type], static row => (Id: row.Text(0), Person: row.Long(1)), ct);
        return rows.ToLookup(r => r.Id, r => r.Person, StringComparer.Ordinal);
    }
}
