namespace BetterCare.Care.Fhir.Validation;

/// <summary>The text of a Reference.reference.</summary>
public static class ReferenceText
{
    /// <summary>Says how a reference is written and what it points to.</summary>
    /// <param name="text">The text, without JSON escapes.</param>
    /// <param name="type">The type that it names, or None.</param>
    /// <param name="id">Where the id is in <paramref name="text"/>; empty unless relative or absolute RESTful.</param>
    public static ReferenceForm Parse(ReadOnlySpan<byte> text, out ResourceType type, out TextRange id)
    {
        type = ResourceType.None;
        id = default;
        if (text.IsEmpty)
        {
            return ReferenceForm.Other;
        }

        if (text[0] == (byte)'#')
        {
            return ReferenceForm.Fragment;
        }

        if (text.StartsWith("urn:uuid:"u8))
        {
            return ReferenceForm.UrnUuid;
        }

        if (text.StartsWith("urn:oid:"u8))
        {
            return ReferenceForm.UrnOid;
        }

        var isAbsolute = text.StartsWith("http://"u8) || text.StartsWith("https://"u8);
        var query = text.IndexOf((byte)'?');
        if (query >= 0)
        {
            type = isAbsolute ? ResourceType.None : ResourceTypes.Parse(text[..query]);
            return type == ResourceType.None ? ReferenceForm.Other : ReferenceForm.Conditional;
        }

        // …/Type/id or …/Type/id/_history/version
        var end = text.IndexOf("/_history/"u8);
        if (end >= 0 && !Primitives.IsId(text[(end + 10)..]))
        {
            return ReferenceForm.Other;
        }

        var path = end < 0 ? text : text[..end];
        var slash = path.LastIndexOf((byte)'/');
        if (slash <= 0 || !Primitives.IsId(path[(slash + 1)..]))
        {
            return ReferenceForm.Other;
        }

        var before = path[..slash].LastIndexOf((byte)'/');
        if ((before >= 0) != isAbsolute)
        {
            return ReferenceForm.Other;
        }

        type = ResourceTypes.Parse(path[(before + 1)..slash]);
        if (type == ResourceType.None)
        {
            return ReferenceForm.Other;
        }

        id = new TextRange(slash + 1, path.Length - slash - 1);
        return isAbsolute ? ReferenceForm.Absolute : ReferenceForm.Relative;
    }
}
