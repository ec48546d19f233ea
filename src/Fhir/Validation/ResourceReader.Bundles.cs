using System.Numerics;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>What the invariants of a Bundle ask about its entries. The outermost Bundle's entries are known; those of a Bundle inside
/// are looked up again.</summary>
public sealed partial class ResourceReader
{
    private int _entriesWithSearch;
    private int _entriesWithRequest;
    private int _entriesWithResponse;
    private int[] _urlTable = new int[32];
    private int _urlTableMask;
    private Urn[] _urns = new Urn[16];
    private int _urnCount;

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

        return FillUrlTable(bundle.AllJson, withVersion: true);
    }

    /// <summary>
    /// References by urn: to an entry that R4 does not allow there, and, in a transaction, to no entry at all.
    /// </summary>
    private void CheckUrns(ReadOnlySpan<byte> json, bool mustResolve)
    {
        if (_urnCount == 0)
        {
            return;
        }

        FillUrlTable(json, withVersion: false);
        for (var i = 0; i < _urnCount; i++)
        {
            ref readonly var urn = ref _urns[i];
            var target = FindByUrl(json, urn.Text.Of(json));
            if (target < 0 ? !mustResolve : _entries[target].Resource.Type == ResourceType.None)
            {
                continue;
            }

            GoBackTo(urn.Path);
            (_entry, _entryFailed) = (urn.Entry, false);
            if (target < 0)
            {
                Add(IssueSeverity.Error, "not-found", "No entry of this transaction has that fullUrl. Add the entry, or correct the reference.", null, "reference");
            }
            else
            {
                CheckAllowed(_entries[target].Resource.Type);
            }

            if (_entryFailed)
            {
                MarkFailed(urn.Entry);
            }

            (_entry, _depth) = (-1, 0);
        }
    }

    private void MarkFailed(int index)
    {
        // Entries are in order and lack only items that were no objects, so this one is at its index or a little before.
        var i = Math.Min(index, _entryCount - 1);
        while (i > 0 && _entries[i].Index > index)
        {
            i--;
        }

        _entries[i] = _entries[i] with { HasErrors = true };
    }

    /// <summary>Fills the table of fullUrls.</summary>
    /// <returns>Whether all are different, together with the resource's version if asked.</returns>
    private bool FillUrlTable(ReadOnlySpan<byte> json, bool withVersion)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(32, _entryCount * 2));
        if (_urlTable.Length < size)
        {
            _urlTable = new int[size];
        }

        _urlTableMask = size - 1;
        _urlTable.AsSpan(0, size).Clear();
        var differ = true;
        for (var i = 0; i < _entryCount; i++)
        {
            var url = _entries[i].FullUrl.Of(json);
            if (url.IsEmpty)
            {
                continue;
            }

            var version = withVersion ? _entries[i].Resource.MetaVersionId.Of(json) : default;
            var at = Hash(url, version) & _urlTableMask;
            while (_urlTable[at] != 0)
            {
                ref readonly var other = ref _entries[_urlTable[at] - 1];
                if (url.SequenceEqual(other.FullUrl.Of(json)) && (!withVersion || version.SequenceEqual(other.Resource.MetaVersionId.Of(json))))
                {
                    differ = false;
                    break;
                }

                at = (at + 1) & _urlTableMask;
            }

            _urlTable[at] = i + 1;
        }

        return differ;
    }

    private int FindByUrl(ReadOnlySpan<byte> json, ReadOnlySpan<byte> url)
    {
        var at = Hash(url, default) & _urlTableMask;
        while (_urlTable[at] != 0 && !url.SequenceEqual(_entries[_urlTable[at] - 1].FullUrl.Of(json)))
        {
            at = (at + 1) & _urlTableMask;
        }

        return _urlTable[at] - 1;
    }

    // Seeded afresh in every process, so that nobody can post a Bundle of colliding URLs.
    private static int Hash(ReadOnlySpan<byte> url, ReadOnlySpan<byte> version)
    {
        var hash = default(HashCode);
        hash.AddBytes(url);
        hash.AddBytes(version);
        return hash.ToHashCode();
    }

    /// <summary>Where the elements of a Bundle are in its shapes.</summary>
    private static class BundleSlots
    {
        private static readonly Shape Bundle = Structures.Get(ResourceType.Bundle);
        private static readonly Shape Entry = Bundle.Elements[Bundle.IndexOf("entry")].Types[0].Shape;
        private static readonly Shape Request = Entry.Elements[Entry.IndexOf("request")].Types[0].Shape;

        public static readonly int Type = Bundle.IndexOf("type");
        public static readonly int FullUrl = Entry.IndexOf("fullUrl");
        public static readonly int Search = Entry.IndexOf("search");
        public static readonly int EntryRequest = Entry.IndexOf("request");
        public static readonly int EntryResponse = Entry.IndexOf("response");
        public static readonly int Method = Request.IndexOf("method");
        public static readonly int Url = Request.IndexOf("url");
        public static readonly int IfNoneExist = Request.IndexOf("ifNoneExist");
        public static readonly int IfMatch = Request.IndexOf("ifMatch");
        public static readonly int IfNoneMatch = Request.IndexOf("ifNoneMatch");
        public static readonly int IfModifiedSince = Request.IndexOf("ifModifiedSince");
    }

    /// <summary>A reference by urn:uuid or urn:oid, until all entries are known.</summary>
    private readonly record struct Urn(TextRange Text, SavedPath Path, int Entry);
}
