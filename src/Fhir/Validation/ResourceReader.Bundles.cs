using System.Numerics;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>What the invariants of a Bundle ask about its entries, counted while they are read.</summary>
public sealed partial class ResourceReader
{
    private int[] _urlTable = new int[32];
    private int _urlTableMask;
    private Urn[] _urns = new Urn[16];
    private int _urnCount;
    private EntryCounts _counts;

    /// <summary>Entries of the Bundle that was just read, by what they have.</summary>
    internal EntryCounts BundleEntries => _counts;

    /// <summary>
    /// bdl-7: no two entries have the same fullUrl and version. Bundles inside the entries of another are looked through again; those
    /// inside these are not, because doing so at every level would make a hostile Bundle expensive.
    /// </summary>
    internal bool FullUrlsDiffer(in Frame bundle, int entry)
    {
        if (_counts.Level == 1 && _type == ResourceType.Bundle)
        {
            return FillUrlTable(bundle.AllJson, withVersion: true);
        }

        if (_counts.Level > 2)
        {
            return true;
        }

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

    private void CountEntry(ReadOnlySpan<Slot> slots)
    {
        _counts = _counts with
        {
            Entries = _counts.Entries + 1,
            First = _counts.Entries == 0 ? _counts.Last : _counts.First,
            Last = ResourceType.None,
            WithSearch = _counts.WithSearch + (slots[BundleSlots.Search].Exists ? 1 : 0),
            WithRequest = _counts.WithRequest + (slots[BundleSlots.EntryRequest].Exists ? 1 : 0),
            WithResponse = _counts.WithResponse + (slots[BundleSlots.EntryResponse].Exists ? 1 : 0),
        };
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

    /// <summary>What the entries of one Bundle have.</summary>
    /// <param name="Level">1 for a Bundle in no other, 2 for one in its entries; 0 outside Bundles.</param>
    /// <param name="Entries">How many there are.</param>
    /// <param name="First">Type of the first one's resource.</param>
    /// <param name="Last">Type of the resource of the entry that is being read.</param>
    /// <param name="WithSearch">How many have search.</param>
    /// <param name="WithRequest">How many have request.</param>
    /// <param name="WithResponse">How many have response.</param>
    internal readonly record struct EntryCounts(
        int Level, int Entries, ResourceType First, ResourceType Last, int WithSearch, int WithRequest, int WithResponse);

    /// <summary>A reference by urn:uuid or urn:oid, until all entries are known.</summary>
    private readonly record struct Urn(TextRange Text, SavedPath Path, int Entry);
}
