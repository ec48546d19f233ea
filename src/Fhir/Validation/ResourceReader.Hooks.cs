using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>What the reader keeps and checks at the end of the data types that it knows by name.</summary>
public sealed partial class ResourceReader
{
    private static readonly int ReferenceReference = Index("Reference", "reference");
    private static readonly int ReferenceType = Index("Reference", "type");
    private static readonly int IdentifierSystem = Index("Identifier", "system");
    private static readonly int IdentifierValue = Index("Identifier", "value");
    private static readonly int ConceptCoding = Index("CodeableConcept", "coding");
    private static readonly int ConceptExtension = Index("CodeableConcept", "extension");
    private static readonly int ExtensionUrl = Index("Extension", "url");
    private static readonly int ExtensionValue = Index("Extension", "value");
    private static readonly int MetaSource_ = Index("Meta", "source");
    private static readonly int MetaVersionId_ = Index("Meta", "versionId");
    private static readonly int MetaLastUpdated_ = Index("Meta", "lastUpdated");
    private static readonly int MetaSecurity_ = Index("Meta", "security");

    private ReferenceFound[] _references = new ReferenceFound[32];
    private int _referenceCount;
    private IdentifierFound[] _identifiers = new IdentifierFound[16];
    private int _identifierCount;

    private static int Index(string structure, string element) => Structures.Get(structure).IndexOf(element);

    private void Handle(ReadOnlySpan<byte> json, Shape shape, ReadOnlySpan<Slot> slots)
    {
        switch (shape.Hook)
        {
            case Hook.Reference:
                KeepReference(json, slots);
                break;
            case Hook.Identifier:
                KeepIdentifier(json, slots);
                break;
            case Hook.CodeableConcept:
                CheckRequiredCoding(json, slots);
                break;
            case Hook.Extension:
                CheckExtension(json, shape, slots);
                break;
            case Hook.Meta when _path[_depth - 1].Property.Element.Name == "meta":
                _meta = new MetaParts(Content(slots[MetaSource_]), Content(slots[MetaVersionId_]), Content(slots[MetaLastUpdated_]), slots[MetaSecurity_].Exists);
                break;
            case Hook.Bundle when _depth == 0:
                CheckUrns(json, Content(slots[BundleSlots.Type]).Of(json).SequenceEqual("transaction"u8));
                break;
            case Hook.BundleEntry:
                CountEntry(slots);
                break;
            case Hook.BundleRequest when _depth == 2:
                _request = new RequestParts(
                    Content(slots[BundleSlots.Method]), Content(slots[BundleSlots.Url]), Content(slots[BundleSlots.IfNoneExist]),
                    Content(slots[BundleSlots.IfMatch]), Content(slots[BundleSlots.IfNoneMatch]), Content(slots[BundleSlots.IfModifiedSince]),
                    slots[BundleSlots.Url].Escaped || slots[BundleSlots.IfNoneExist].Escaped || slots[BundleSlots.IfMatch].Escaped || slots[BundleSlots.IfNoneMatch].Escaped);
                break;
        }
    }

    private void KeepReference(ReadOnlySpan<byte> json, ReadOnlySpan<Slot> slots)
    {
        ref readonly var slot = ref slots[ReferenceReference];
        var type = ResourceType.None;
        if (slot.Count > 0 && !slot.Invalid)
        {
            var range = Content(slot);
            var text = slot.Escaped ? Unescaped(range.Of(json)) : range.Of(json);
            var form = ReferenceText.Parse(text, out type, out var id);
            if (form == ReferenceForm.Fragment)
            {
                AddFragment(range, isReference: true);
            }
            else if (form == ReferenceForm.Other && !text.Contains((byte)':'))
            {
                Add(IssueSeverity.Error, "value", "reference must be Type/id (Patient/123), an absolute URL, urn:uuid: and a UUID, or # and the id of a contained resource.", null, "reference");
            }

            else if (form is ReferenceForm.UrnUuid or ReferenceForm.UrnOid && _counts.Level == 1 && _type == ResourceType.Bundle)
            {
                Append(ref _urns, ref _urnCount, new Urn(range, SavePath(), _entry));
            }

            // Positions inside a text with escapes would be positions in another text.
            var targetId = slot.Escaped || id.IsEmpty ? default : new TextRange(range.Start + id.Start, id.Length);
            Append(ref _references, ref _referenceCount, new ReferenceFound(
                range, slot.Escaped, type, targetId, form, _path[_depth - 1].Property.Element.PathId, _entry, _holder.InContained > 0));
            if (type != ResourceType.None)
            {
                CheckAllowed(type);
            }
        }

        if (slots[ReferenceType].Count > 0 && !slots[ReferenceType].Invalid)
        {
            var named = ResourceTypes.Parse(Content(slots[ReferenceType]).Of(json));
            if (named != ResourceType.None && type != ResourceType.None && named != type)
            {
                Add(IssueSeverity.Error, "value", "type names another resource type than reference does. Correct one of them.", null, "type");
            }
            else if (named != ResourceType.None && type == ResourceType.None)
            {
                CheckAllowed(named);
            }
        }
    }

    private void CheckAllowed(ResourceType type)
    {
        var targets = _path[_depth - 1].Property.Type.Targets;
        if (targets is not null && !targets.Contains(type))
        {
            Add(IssueSeverity.Error, "value", $"{_path[_depth - 1].Property.Element.Name} cannot refer to the type {type.Name()}. It must refer to: {targets.Text}.");
        }
    }

    private void KeepIdentifier(ReadOnlySpan<byte> json, ReadOnlySpan<Slot> slots)
    {
        var (system, value) = (Content(slots[IdentifierSystem]), Content(slots[IdentifierValue]));
        var escaped = slots[IdentifierSystem].Escaped || slots[IdentifierValue].Escaped;
        var element = _path[_depth - 1].Property.Element;
        var isTopLevel = _depth == _holder.Depth + 1 && _holder.InContained == 0 && element.Name == "identifier";
        Append(ref _identifiers, ref _identifierCount, new IdentifierFound(system, value, escaped, isTopLevel, element.PathId, _entry));
        if (_options.UkCore && !system.IsEmpty && !value.IsEmpty)
        {
            CheckNhsIdentifier(
                Scan.Text(json.Slice(slots[IdentifierSystem].Start, slots[IdentifierSystem].Length)),
                Scan.Text(json.Slice(slots[IdentifierValue].Start, slots[IdentifierValue].Length)));
        }
    }

    private void CheckNhsIdentifier(ReadOnlySpan<byte> system, ReadOnlySpan<byte> value)
    {
        switch (NhsIdentifiers.Check(system, value))
        {
            case { IsError: true } error:
                Add(IssueSeverity.Error, "value", error.Text, error.Key, "value");
                break;
            case { } warning:
                Add(IssueSeverity.Warning, "value", warning.Text, warning.Key, "value");
                break;
        }
    }

    /// <summary>A CodeableConcept with a required binding needs one coding from the value set.</summary>
    private void CheckRequiredCoding(ReadOnlySpan<byte> json, ReadOnlySpan<Slot> slots)
    {
        if (_depth == 0 || _path[_depth - 1].Property.Type.Codes is not { } codes)
        {
            return;
        }

        ref readonly var coding = ref slots[ConceptCoding];
        if (coding.Count == 0 && slots[ConceptExtension].Exists)
        {
            return;
        }

        foreach (var item in Scan.Items(json.Slice(coding.Start, coding.Length)))
        {
            if (codes.Contains(Scan.Text(Scan.Field(item, "system"u8)), Scan.Text(Scan.Field(item, "code"u8))))
            {
                return;
            }
        }

        Add(IssueSeverity.Error, "code-invalid", $"{_path[_depth - 1].Property.Element.Name} needs a coding with one of the codes {codes.Hint} and system {codes.SystemHint}.");
    }

    private void CheckExtension(ReadOnlySpan<byte> json, Shape shape, ReadOnlySpan<Slot> slots)
    {
        ref readonly var value = ref slots[ExtensionValue];
        if (value.Exists && CoreExtensions.Find(Scan.Text(json.Slice(slots[ExtensionUrl].Start, slots[ExtensionUrl].Length))) is { } known)
        {
            var type = shape.Elements[ExtensionValue].Types[value.Chosen - 1].Name;
            if (known.IsComplex)
            {
                Add(IssueSeverity.Error, "extension", "This extension of R4 has no value: it is made of extensions of its own. Move the value into them.", null, "value");
            }
            else if (!known.ValueTypes.AsSpan().Contains(type))
            {
                Add(IssueSeverity.Error, "extension", $"The value of this extension of R4 must be of type {string.Join(" or ", known.ValueTypes)}.", null, "value");
            }
        }

        if (_options.UkCore)
        {
            var fault = NhsNumberStatus.Check(json, shape, slots);
            if (fault is not null)
            {
                Add(fault.IsError ? IssueSeverity.Error : IssueSeverity.Warning, "code-invalid", fault.Text, fault.Key);
            }
        }
    }
}
