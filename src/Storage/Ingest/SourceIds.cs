using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Storage.Ingest;

/// <summary>
/// How a supplier's ids become ours. A UUID is unique by construction and is kept; so is any id of the supplier that gives
/// no name, and an ODS code of an Organization. Another id of a named supplier is local to that supplier: it gets the supplier's tag in front, so that "1" of
/// the hospital and "1" of the council are two resources. A pure function: the order of arrival does not matter.
/// </summary>
public static class SourceIds
{
    /// <summary>What the source of a registered client begins with that has none of its own: it owns what it sends, under the ids that it gives.</summary>
    public const string ClientPrefix = "urn:bettercare:client:";

    private static readonly SearchValues<char> OdsCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    private const int TagLength = 8;
    private const int MaxId = 64;

    /// <summary>The id under which a resource is stored.</summary>
    /// <param name="supplierKey">Who sent it.</param>
    /// <param name="supplierUri">The same as a URI; empty where unnamed.</param>
    /// <param name="sourceId">The id as posted.</param>
    /// <param name="type">Its type.</param>
    public static string Stored(int supplierKey, string supplierUri, ResourceType type, string sourceId)
    {
        if (supplierKey == Directories.UnnamedSupplier || !HasIdsOfItsOwn(supplierUri) || IsUuid(sourceId)
            || (type == ResourceType.Organization && IsNational(sourceId)) || sourceId.StartsWith(Tag(supplierUri) + ".", StringComparison.Ordinal))
        {
            return sourceId;
        }

        var id = $"{Tag(supplierUri)}.{sourceId}";
        return id.Length <= MaxId ? id : $"{Tag(supplierUri)}.{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sourceId)))[..40]}";
    }

    /// <summary>Whether a source has a space of ids of its own; else the server's is meant.</summary>
    public static bool HasIdsOfItsOwn(string supplierUri) => supplierUri.Length > 0 && !supplierUri.StartsWith(ClientPrefix, StringComparison.Ordinal);

    /// <summary>An id for a resource that was posted without one.</summary>
    public static string New() => Guid.CreateVersion7().ToString();

    /// <summary>Whether an id is a UUID: unique by construction, so it is kept whoever sends it.</summary>
    public static bool IsUuid(ReadOnlySpan<byte> id) => id.Length == 36 && Utf8Parser.TryParse(id, out Guid _, out var read, 'D') && read == id.Length;

    /// <summary>An ODS code is as national as an NHS number: the ODS API itself uses it as Organization.id.</summary>
    private static bool IsNational(string id) =>
        id.Length is >= 3 and <= 8 && !id.AsSpan().ContainsAnyExcept(OdsCharacters) && id.AsSpan().ContainsAnyInRange('A', 'Z');

    private static bool IsUuid(string id) => id.Length == 36 && Guid.TryParseExact(id, "D", out _);

    private static string Tag(string supplierUri) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(supplierUri)))[..TagLength];
}
