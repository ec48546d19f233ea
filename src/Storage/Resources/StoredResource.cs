using System.Buffers;
using System.Globalization;
using System.Text.Unicode;
using BetterCare.Care.Fhir;

namespace BetterCare.Care.Storage.Resources;

/// <summary>A version of a resource as it is kept.</summary>
/// <param name="PatientKey">The person; 0 for shared types.</param>
/// <param name="Type">Its type.</param>
/// <param name="Id">Logical id.</param>
/// <param name="Version">1 and up.</param>
/// <param name="LastUpdated">Unix milliseconds.</param>
/// <param name="Deleted">Whether this version is a deletion.</param>
/// <param name="MetaAt">Where version and time go.</param>
/// <param name="Body">The JSON without them.</param>
public sealed record StoredResource(long PatientKey, ResourceType Type, string Id, int Version, long LastUpdated, bool Deleted, int MetaAt, byte[] Body)
{
    /// <summary>The instant of the version in FHIR's form.</summary>
    public string Instant => DateTimeOffset.FromUnixTimeMilliseconds(LastUpdated).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Writes the resource with version and time in its meta: two copies and nothing parsed.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        Span<byte> meta = stackalloc byte[96];
        var at = DateTimeOffset.FromUnixTimeMilliseconds(LastUpdated);
        var comma = Body[MetaAt] == (byte)'}' ? "" : ",";
        _ = Utf8.TryWrite(meta, CultureInfo.InvariantCulture, $"\"versionId\":\"{Version}\",\"lastUpdated\":\"{at:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\"{comma}", out var length);
        output.Write(Body.AsSpan(0, MetaAt));
        output.Write(meta[..length]);
        output.Write(Body.AsSpan(MetaAt));
    }

    /// <summary>The resource as UTF-8.</summary>
    public byte[] ToUtf8()
    {
        var buffer = new ArrayBufferWriter<byte>(Body.Length + 96);
        WriteTo(buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
