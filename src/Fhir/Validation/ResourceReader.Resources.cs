using System.Text.Json;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>Resources inside resources: contained ones, Bundle entries, parameters.</summary>
public sealed partial class ResourceReader
{
    // Every resource begins with these; every DomainResource goes on with text and contained.
    private const int TypeSlot = 0;
    private const int IdSlot = 1;
    private const int MetaSlot = 2;
    private const int TextSlot = 5;

    private Fragment[] _fragments = new Fragment[16];
    private int _fragmentCount;
    private Contained[] _contained = new Contained[8];
    private int _containedCount;
    private Step[] _saved = new Step[64];
    private int _savedCount;
    private BundleEntryFound[] _entries = new BundleEntryFound[16];
    private int _entryCount;
    private Holder _holder;
    private MetaParts _meta;
    private RequestParts _request;
    private ResourceFound _entryResource;
    private long _lookedAhead;
    private (int Start, int References, int Identifiers) _entryBegin;

    private enum Placement : byte
    {
        Root,
        Nested,
        Contained,
    }

    private ResourceFound ReadResource(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Placement placement, ResourceType expected)
    {
        var start = (int)reader.TokenStartIndex;
        var type = FindType(reader, LookAheadLimit(json), out var given);
        if (type == ResourceType.None)
        {
            Error("structure", given
                ? "resourceType must be the name of one of the 146 resource types of FHIR R4, such as Patient (names are case-sensitive)."
                : _lookedAhead > LookAheadLimit(json)
                    ? "resourceType comes too late in too many resources. Put it first in each object."
                    : "resourceType is missing. Add it first in the object: \"resourceType\": \"Patient\", for example.");
            reader.Skip();
            return default;
        }

        if (placement == Placement.Root)
        {
            _type = type;
        }

        if (expected != ResourceType.None && type != expected)
        {
            Error("invalid", $"The resource must be of type {expected.Name()}. Send it to its own type's address, or correct resourceType.");
        }

        var (outerHolder, outerMeta, outerCounts) = (_holder, _meta, _counts);
        _meta = default;
        if (type == ResourceType.Bundle)
        {
            _counts = new EntryCounts { Level = _counts.Level + 1 };
        }

        if (placement == Placement.Contained)
        {
            _holder.InContained = Math.Max(_path[_depth - 1].Index, 0) + 1;
        }
        else
        {
            _holder = new Holder { ContainedFrom = _containedCount, FragmentsFrom = _fragmentCount, Depth = _depth };
        }

        var shape = Structures.Get(type);
        var frame = ReadObject(ref reader, json, shape);
        var found = Locate(json, new TextRange(start, (int)reader.BytesConsumed - start), type, _slots.AsSpan(frame, shape.Elements.Length));
        var hasText = shape.Elements.Length <= TextSlot || shape.Elements[TextSlot].Name != "text" || _slots[frame + TextSlot].Exists;
        if (placement == Placement.Contained)
        {
            EndContained(found);
        }
        else
        {
            if (!hasText && _options.BestPractice)
            {
                Add(IssueSeverity.Warning, "invariant", "The resource has no narrative. Add text, so that people can read it without software.", "dom-6");
            }

            CheckFragments(json);
            (_containedCount, _fragmentCount) = (_holder.ContainedFrom, _holder.FragmentsFrom);
        }

        (_holder, _meta, _counts) = (outerHolder, outerMeta, outerCounts);
        return found;
    }

    /// <summary>
    /// Looks ahead for resourceType, which JSON may hold anywhere in the object; nearly always it comes first. Resources inside
    /// resources that all keep it for the end would be looked through once a level: there is a limit to that.
    /// </summary>
    private ResourceType FindType(Utf8JsonReader ahead, long limit, out bool given)
    {
        given = false;
        var start = ahead.BytesConsumed;
        while (ahead.Read() && ahead.TokenType == JsonTokenType.PropertyName)
        {
            given = Scan.IsNamed(ref ahead, "resourceType"u8);
            ahead.Read();
            if (given)
            {
                return ahead.TokenType == JsonTokenType.String ? ResourceTypes.Parse(ahead.ValueSpan) : ResourceType.None;
            }

            if (_lookedAhead > limit)
            {
                return ResourceType.None;
            }

            ahead.Skip();
            _lookedAhead += ahead.BytesConsumed - start;
            start = ahead.BytesConsumed;
        }

        return ResourceType.None;
    }

    private static long LookAheadLimit(ReadOnlySpan<byte> json) => 8L * json.Length;

    private void ReadNested(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Property property)
    {
        if (property.Element.Name != "contained")
        {
            var found = ReadResource(ref reader, json, Placement.Nested, ResourceType.None);
            if (property.Element.Path == "Bundle.entry.resource")
            {
                _counts = _counts with { Last = found.Type };
                _entryResource = _depth == 2 ? found : _entryResource;
            }

            return;
        }

        if (_holder.InContained > 0)
        {
            Add(IssueSeverity.Error, "invariant", "A contained resource must not contain others. Move it up into the outer resource's contained.", "dom-2");
            reader.Skip();
            return;
        }

        ReadResource(ref reader, json, Placement.Contained, ResourceType.None);
    }

    private ResourceFound Locate(ReadOnlySpan<byte> json, TextRange text, ResourceType type, ReadOnlySpan<Slot> slots)
    {
        TextRange id = default, idProperty = default;
        ref readonly var idSlot = ref slots[IdSlot];
        if (idSlot.Count > 0 && !idSlot.Invalid)
        {
            if (idSlot.Escaped)
            {
                Add(IssueSeverity.Error, "value", "Write the id without \\ escapes.", null, "id");
            }

            id = new TextRange(idSlot.Start + 1, idSlot.Length - 2);
            var close = json[..idSlot.Start].LastIndexOf((byte)'"');
            var open = json[..close].LastIndexOf((byte)'"');
            idProperty = new TextRange(open, idSlot.Start + idSlot.Length - open);
        }

        var meta = slots[MetaSlot].Count > 0 && !slots[MetaSlot].Invalid ? new TextRange(slots[MetaSlot].Start, slots[MetaSlot].Length) : default;
        return new ResourceFound(type, text, id, idProperty, meta, _meta.Source, _meta.VersionId, _meta.LastUpdated, InsertionPoint(json, text, slots[TypeSlot]));
    }

    private static int InsertionPoint(ReadOnlySpan<byte> json, TextRange resource, Slot type)
    {
        var after = SkipSpace(json, type.Start + type.Length);
        return json[after] == (byte)',' ? SkipSpace(json, after + 1) : SkipSpace(json, resource.Start + 1);

        static int SkipSpace(ReadOnlySpan<byte> json, int at)
        {
            while (json[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                at++;
            }

            return at;
        }
    }

    private void EndContained(in ResourceFound found)
    {
        if (!_meta.VersionId.IsEmpty || !_meta.LastUpdated.IsEmpty)
        {
            Add(IssueSeverity.Error, "invariant", "A contained resource has no versions of its own. Remove versionId and lastUpdated from its meta.", "dom-4", "meta");
        }

        if (_meta.HasSecurity)
        {
            Add(IssueSeverity.Error, "invariant", "A contained resource has no security label of its own. Move it to the outer resource's meta.security.", "dom-5", "meta");
        }

        Append(ref _contained, ref _containedCount, new Contained(found.Id, found.Type, _path[_depth - 1].Index));
    }

    /// <summary>Remembers a text that begins with #, until all contained resources are known.</summary>
    private void AddFragment(TextRange id, bool isReference)
    {
        // The text's own # is not part of the id.
        Append(ref _fragments, ref _fragmentCount, new Fragment(new TextRange(id.Start + 1, id.Length - 1), isReference, _holder.InContained, SavePath()));
    }

    /// <summary>dom-3 and ref-1: contained resources and the references to them belong together.</summary>
    private void CheckFragments(ReadOnlySpan<byte> json)
    {
        var contained = _contained.AsSpan(_holder.ContainedFrom, _containedCount - _holder.ContainedFrom);
        var byId = contained.Length > 16 ? IndexById(json, contained) : null;
        foreach (ref readonly var fragment in _fragments.AsSpan(_holder.FragmentsFrom, _fragmentCount - _holder.FragmentsFrom))
        {
            var target = fragment.Id.IsEmpty ? IndexOfHolder(contained, fragment.Holder) : IndexOf(json, fragment.Id, contained, byId);
            if (target >= 0)
            {
                contained[target].IsReferred = true;
            }

            if (fragment.IsReference && !fragment.Id.IsEmpty)
            {
                CheckFragment(fragment, target < 0 ? ResourceType.None : contained[target].Type);
            }
        }

        foreach (ref readonly var resource in contained)
        {
            if (!resource.IsReferred)
            {
                Add(IssueSeverity.Error, "invariant", resource.Id.IsEmpty
                    ? "A contained resource needs an id, and a reference to it (# and the id) in the outer resource."
                    : "Nothing refers to this contained resource. Refer to it (# and its id), or remove it.", "dom-3", resource.Index < 0 ? "contained" : $"contained[{resource.Index}]");
            }
        }
    }

    private void CheckFragment(Fragment fragment, ResourceType target)
    {
        var depth = _depth;
        GoBackTo(fragment.Path);
        if (target == ResourceType.None)
        {
            Add(IssueSeverity.Error, "invariant", "The reference begins with #, but no contained resource has that id. Correct the id, or add the resource to contained.", "ref-1", "reference");
        }
        else
        {
            CheckAllowed(target);
        }

        _depth = depth;
    }

    private static int IndexOf(ReadOnlySpan<byte> json, TextRange id, ReadOnlySpan<Contained> contained, Dictionary<string, int>? byId)
    {
        if (byId is not null)
        {
            return byId.GetValueOrDefault(System.Text.Encoding.UTF8.GetString(id.Of(json)), -1);
        }

        for (var i = 0; i < contained.Length; i++)
        {
            if (id.Of(json).SequenceEqual(contained[i].Id.Of(json)))
            {
                return i;
            }
        }

        return -1;
    }

    private static int IndexOfHolder(ReadOnlySpan<Contained> contained, int holder)
    {
        // The list is in order and lacks only items that were no resources, so it is at its index or a little before.
        var i = Math.Min(holder - 1, contained.Length - 1);
        while (i >= 0 && contained[i].Index > holder - 1)
        {
            i--;
        }

        return i;
    }

    /// <summary>For resources with a great many contained ones, so that a hostile one cannot make the look-up quadratic.</summary>
    private static Dictionary<string, int> IndexById(ReadOnlySpan<byte> json, ReadOnlySpan<Contained> contained)
    {
        var byId = new Dictionary<string, int>(contained.Length, StringComparer.Ordinal);
        for (var i = 0; i < contained.Length; i++)
        {
            byId.TryAdd(System.Text.Encoding.UTF8.GetString(contained[i].Id.Of(json)), i);
        }

        return byId;
    }

    private void BeginEntry(int start)
    {
        _entry = _path[0].Index;
        _entryFailed = false;
        _entryResource = default;
        _request = default;
        _entryBegin = (start, _referenceCount, _identifierCount);
    }

    private void EndEntry(int end, ReadOnlySpan<Slot> slots)
    {
        ref readonly var fullUrl = ref slots[BundleSlots.FullUrl];
        Append(ref _entries, ref _entryCount, new BundleEntryFound(
            new TextRange(_entryBegin.Start, end - _entryBegin.Start), Content(fullUrl), _entryResource,
            _request.Method, _request.Url, _request.IfNoneExist, _request.IfMatch, _request.IfNoneMatch, _request.IfModifiedSince,
            _entryBegin.References.._referenceCount, _entryBegin.Identifiers.._identifierCount,
            _entryFailed, _request.Escaped || fullUrl.Escaped, Math.Max(_entry, 0)));
        _entry = -1;
    }

    /// <summary>The content of a string value, quotes excluded; empty when absent.</summary>
    private static TextRange Content(Slot slot) =>
        slot.Count > 0 && !slot.Invalid && slot.Length >= 2 ? new TextRange(slot.Start + 1, slot.Length - 2) : default;

    private static void Append<T>(ref T[] list, ref int count, in T item)
    {
        if (count == list.Length)
        {
            Array.Resize(ref list, list.Length * 2);
        }

        list[count++] = item;
    }

    /// <summary>The resource that contained ones belong to.</summary>
    private record struct Holder(int ContainedFrom, int FragmentsFrom, int Depth)
    {
        /// <summary>1 + index of the contained resource that is being read, or 0.</summary>
        public int InContained { get; set; }
    }

    private record struct Contained(TextRange Id, ResourceType Type, int Index)
    {
        public bool IsReferred { get; set; }
    }

    private readonly record struct Fragment(TextRange Id, bool IsReference, int Holder, SavedPath Path);

    private readonly record struct MetaParts(TextRange Source, TextRange VersionId, TextRange LastUpdated, bool HasSecurity);

    private readonly record struct RequestParts(
        TextRange Method, TextRange Url, TextRange IfNoneExist, TextRange IfMatch, TextRange IfNoneMatch, TextRange IfModifiedSince, bool Escaped);
}
