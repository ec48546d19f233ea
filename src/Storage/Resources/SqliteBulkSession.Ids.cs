using System.Buffers;
using System.Runtime.InteropServices;
using BetterCare.Care.Fhir;
using SQLitePCL;

namespace BetterCare.Care.Storage.Resources;

/// <content>Whose an id is: a table of its own, filled in the order of ids (decision 0021).</content>
internal sealed partial class SqliteBulkSession
{
    // Fewer are as quickly found in the order in which they came.
    private const int WorthSorting = 1000;

    private readonly List<PreparedResource> _toTake = [];
    private readonly List<PreparedResource> _taken = [];

    public Task FindAsync(List<PreparedResource> items)
    {
        // Most of what comes is new: its id is taken at once, and only where that fails is there something to look for.
        var sorted = InOrderOfIds(items);
        foreach (var item in sorted)
        {
            item.Before = null;
            item.IdState = IdState.None;
            if (item is { Method: WriteMethod.Upsert, IsBeside: false })
            {
                _toTake.Add(item);
            }
        }

        InsertRows(
            "resource_id (type, id, patient_key)",
            3,
            CollectionsMarshal.AsSpan(_toTake),
            static (row, item) => row.Bind((long)item.Type).Bind(item.Id).Bind(item.PatientKey),
            taken =>
            {
                var state = raw.sqlite3_changes(_db) is var changes && changes == taken.Length ? IdState.Taken : changes > 0 ? IdState.Shared : IdState.None;
                foreach (var item in taken)
                {
                    item.IdState = state;
                }
            });
        _toTake.Clear();
        var find = Statement("SELECT patient_key, version, deleted, supplier_key, content_hash, last_updated FROM resource_by_id WHERE type=?1 AND id=?2");
        foreach (var item in sorted)
        {
            if (item.IdState != IdState.Taken)
            {
                find.Bind((long)item.Type).Bind(item.Id);
                if (find.Step())
                {
                    item.Before = new Existing(find.Long(0), (int)find.Long(1), find.Long(2) != 0, (int)find.Long(3), find.Long(4), find.Long(5));
                    item.IdState = IdState.None;
                    find.Reset();
                }
            }

            if (item.IdState != IdState.None)
            {
                _taken.Add(item);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Neighbours in the index find the page of the one before: of many, that is worth the sorting.</summary>
    private static PreparedResource[] InOrderOfIds(List<PreparedResource> items)
    {
        var sorted = items.ToArray();
        if (sorted.Length > WorthSorting)
        {
            var rented = ArrayPool<(ResourceType, ulong)>.Shared.Rent(sorted.Length);
            var keys = rented.AsSpan(0, sorted.Length);
            for (var i = 0; i < keys.Length; i++)
            {
                keys[i] = (sorted[i].Type, Beginning(sorted[i].Id));
            }

            keys.Sort(sorted.AsSpan());
            ArrayPool<(ResourceType, ulong)>.Shared.Return(rented);
        }

        return sorted;

        static ulong Beginning(string id)
        {
            var beginning = 0UL;
            for (var i = 0; i < 8; i++)
            {
                beginning = (beginning << 8) | (i < id.Length ? (byte)id[i] : 0u);
            }

            return beginning;
        }
    }

    public Task ReleaseAsync()
    {
        var release = Statement("DELETE FROM resource_id WHERE type=?1 AND id=?2 AND NOT EXISTS (SELECT 1 FROM resource_by_id r WHERE r.type=?1 AND r.id=?2)");
        foreach (var item in _taken)
        {
            if (item.IdState != IdState.None)
            {
                release.Bind((long)item.Type).Bind(item.Id).Run();
            }
        }

        _taken.Clear();
        return Task.CompletedTask;
    }

    /// <summary>Sees to it that the id of what is about to get a row is its own.</summary>
    private void Name(PreparedResource item)
    {
        if (item.IdState != IdState.Taken)
        {
            Statement("INSERT INTO resource_id (type, id, patient_key) VALUES (?1,?2,?3) ON CONFLICT DO UPDATE SET patient_key=excluded.patient_key")
                .Bind((long)item.Type).Bind(item.Id).Bind(item.PatientKey).Run();
        }

        item.IdState = IdState.None;
    }
}
