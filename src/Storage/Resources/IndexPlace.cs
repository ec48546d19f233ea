using System.Buffers.Binary;
using System.Text;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// Where an entry stands in the order of an index: by its value, then the person, then the id. No two entries stand at one
/// place, and no entry moves because another comes or goes: so a page that begins after a place neither repeats nor skips.
/// </summary>
/// <param name="Value">What the index is by: a day, an instant in Unix milliseconds, a person.</param>
/// <param name="PatientKey">The person; 0 for shared types; -1 before everybody.</param>
/// <param name="Id">Logical id; empty in an index of people.</param>
public readonly record struct IndexPlace(long Value, long PatientKey, string Id) : IComparable<IndexPlace>
{
    // No id begins so: what is after another kind of place cannot be taken for this.
    private const byte Mark = 1;

    /// <summary>The place before every entry of a value.</summary>
    public static IndexPlace Before(long value) => new(value, -1, "");

    /// <summary>Reads what <see cref="ToBytes"/> wrote; null if it is anything else.</summary>
    public static IndexPlace? Read(ReadOnlySpan<byte> bytes) => bytes is [Mark, .. var rest] && rest.Length >= 16
        ? new IndexPlace(BinaryPrimitives.ReadInt64BigEndian(rest), BinaryPrimitives.ReadInt64BigEndian(rest[8..]), Encoding.UTF8.GetString(rest[16..]))
        : null;

    /// <summary>The place as a key for a cursor. It holds a storage key: seal it before it is shown.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[17 + Encoding.UTF8.GetByteCount(Id)];
        bytes[0] = Mark;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1), Value);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(9), PatientKey);
        Encoding.UTF8.GetBytes(Id, bytes.AsSpan(17));
        return bytes;
    }

    /// <inheritdoc/>
    public int CompareTo(IndexPlace other)
    {
        var order = Value.CompareTo(other.Value);
        order = order != 0 ? order : PatientKey.CompareTo(other.PatientKey);
        return order != 0 ? order : string.CompareOrdinal(Id, other.Id);
    }

    /// <summary>Prints nothing of the person.</summary>
    public override string ToString() => "(place)";
}
