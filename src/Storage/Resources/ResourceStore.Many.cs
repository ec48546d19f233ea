using BetterCare.Care.Fhir;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Resources;

/// <content>What a page needs to know of all its resources: one statement for many of them.</content>
public sealed partial class ResourceStore
{
    // Lists are filled up to a power of two with their last value, so that statements are few and stay prepared.
    private const int MaxList = 256;

    /// <summary>What access to people depends on, by key; who is not there is not in it.</summary>
    public async ValueTask<Dictionary<long, PersonAccess>> AccessAsync(IReadOnlyCollection<long> people, CancellationToken ct)
    {
        var found = new Dictionary<long, PersonAccess>(people.Count);
        foreach (var part in people.Chunk(MaxList))
        {
            var (list, values) = List([], part);
            foreach (var (key, access) in await _rows.FewAsync(
                $"SELECT patient_key, practice_code, flags FROM patient WHERE patient_key IN ({list})",
                values,
                static row => (row.Long(0), new PersonAccess(row.Text(1), (PersonFlags)row.Long(2))),
                ct))
            {
                found[key] = access;
            }
        }

        return found;
    }

    /// <summary>Everybody to whom resources of a type belong that are not one person's alone, by id; with those whom only former versions name.</summary>
    public async ValueTask<List<(string Id, long Person, bool Former)>> PeopleOfAsync(ResourceType type, IReadOnlyCollection<string> ids, CancellationToken ct)
    {
        var found = new List<(string, long, bool)>();
        foreach (var part in ids.Chunk(MaxList))
        {
            var (list, values) = List([(short)type], part);
            found.AddRange(await _rows.FewAsync(
                $"SELECT id, patient_key, former FROM resource_person WHERE type=@p0 AND id IN ({list})", values, static row => (row.Text(0), row.Long(1), row.Long(2) != 0), ct));
        }

        return found;
    }

    /// <summary>The current versions of resources of a type, deleted or not; what never was is not among them.</summary>
    public async ValueTask<List<StoredResource>> ReadAsync(ResourceType type, IReadOnlyCollection<string> ids, CancellationToken ct)
    {
        var found = new List<StoredResource>(ids.Count);
        foreach (var part in ids.Where(IsId).Chunk(MaxList))
        {
            var (list, values) = List([(short)type], part);
            found.AddRange(await _rows.FewAsync($"SELECT {Columns} FROM {database.ResourceById} WHERE type=@p0 AND id IN ({list})", values, Resource, ct));
        }

        return found;
    }

    private static (string List, object[] Values) List<T>(object[] before, T[] items)
        where T : notnull
    {
        var length = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)items.Length);
        var filled = Enumerable.Range(0, length).Select(i => (object)items[Math.Min(i, items.Length - 1)]);
        return (string.Join(',', Enumerable.Range(before.Length, length).Select(i => $"@p{i}")), [.. before, .. filled]);
    }
}
