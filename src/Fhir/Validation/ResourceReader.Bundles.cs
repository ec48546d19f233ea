namespace BetterCare.Care.Fhir.Validation;

/// <summary>What the invariants of a Bundle ask about its entries. The outermost Bundle's entries are known; those of a Bundle inside
/// are looked up again.</summary>
public sealed partial class ResourceReader
{
    private int _entriesWithSearch;
    private int _entriesWithRequest;
    private int _entriesWithResponse;
    private int[] _urlTable = new int[32];

    /// <summary>How many entries have a child.</summary>
    internal int EntriesWith(in Frame bundle, int entry, string child)
    {
        if (_depth == 0)
        {
            return child switch
            {
                "request" => _entriesWithRequest,
                "response" => _entriesWithResponse,
                _ => _entriesWithSearch,
            };
        }

        var name = System.Text.Encoding.ASCII.GetBytes(child);
        var count = 0;
        foreach (var item in Scan.Items(bundle.Json(entry)))
        {
            count += Scan.Field(item, name).IsEmpty ? 0 : 1;
        }

        return count;
    }

    /// <summary>bdl-7: no two entries have the same fullUrl and version.</summary>
    internal bool FullUrlsDiffer(in Frame bundle, int entry)
    {
        if (_depth > 0)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var item in Scan.Items(bundle.Json(entry)))
            {
                var url = Scan.Field(item, "fullUrl"u8);
                var version = Scan.Field(Scan.Field(Scan.Field(item, "resource"u8), "meta"u8), "versionId"u8);
                if (!url.IsEmpty && !seen.Add(System.Text.Encoding.UTF8.GetString(url) + System.Text.Encoding.UTF8.GetString(version)))
                {
                    return false;
                }
            }

            return true;
        }

        return UrlsDiffer(bundle.AllJson);
    }

    private bool UrlsDiffer(ReadOnlySpan<byte> json)
    {
        var size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(32, _entryCount * 2));
        if (_urlTable.Length < size)
        {
            _urlTable = new int[size];
        }

        var table = _urlTable.AsSpan(0, size);
        table.Clear();
        for (var i = 0; i < _entryCount; i++)
        {
            var url = _entries[i].FullUrl.Of(json);
            if (url.IsEmpty)
            {
                continue;
            }

            var hash = default(HashCode);
            hash.AddBytes(url);
            var at = hash.ToHashCode() & (size - 1);
            for (; table[at] != 0; at = (at + 1) & (size - 1))
            {
                ref readonly var other = ref _entries[table[at] - 1];
                if (url.SequenceEqual(other.FullUrl.Of(json))
                    && _entries[i].Resource.MetaVersionId.Of(json).SequenceEqual(other.Resource.MetaVersionId.Of(json)))
                {
                    return false;
                }
            }

            table[at] = i + 1;
        }

        return true;
    }
}
