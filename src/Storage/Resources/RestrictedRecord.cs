using System.Text.Json;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// People with a restricted record (v3-Confidentiality R or V in <c>meta.security</c>, "S-flagged" in NHS systems). As in the
/// national PDS, nothing that tells where they are leaves the store: address, contact details, next of kin, practice. The record
/// itself is kept, so that it is whole again on the day the label goes.
/// </summary>
public static partial class RestrictedRecord
{
    private static readonly string[] Hidden = ["address", "telecom", "contact", "generalPractitioner", "managingOrganization", "text", "contained", "photo"];

    /// <summary>Whether a Patient carries the label.</summary>
    public static bool IsLabelled(ReadOnlySpan<byte> patient)
    {
        // Nearly no Patient has a label at all: looking for the word is cheaper than reading.
        if (patient.IndexOf("\"security\""u8) < 0)
        {
            return false;
        }

        foreach (var label in new JsonView(patient)["meta"u8]["security"u8].Items)
        {
            if (label["code"u8].Text is [(byte)'R' or (byte)'V'])
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The resource as it may leave the store.</summary>
    internal static StoredResource Shown(StoredResource resource) =>
        resource.Type == ResourceType.Patient && !resource.Deleted && IsLabelled(resource.Body) ? WithoutLocation(resource) : resource;

    /// <summary>A version of a Patient without what tells where they are.</summary>
    internal static StoredResource WithoutLocation(StoredResource patient)
    {
        if (patient.Deleted || patient.Type != ResourceType.Patient)
        {
            return patient;
        }

        var body = patient.Body;
        var kept = new MemoryStream(body.Length);
        var metaAt = patient.MetaAt;
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        kept.WriteByte((byte)'{');
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var hide = false;
            foreach (var name in Hidden)
            {
                hide |= reader.ValueTextEquals(name);
            }

            reader.Read();
            reader.Skip();
            var end = (int)reader.BytesConsumed;
            if (hide)
            {
                continue;
            }

            if (kept.Length > 1)
            {
                kept.WriteByte((byte)',');
            }

            if (patient.MetaAt >= start && patient.MetaAt < end)
            {
                metaAt = (int)kept.Length + patient.MetaAt - start;
            }

            kept.Write(body, start, end - start);
        }

        kept.WriteByte((byte)'}');
        return patient with { Body = kept.ToArray(), MetaAt = metaAt };
    }
}
