using System.Buffers.Binary;

namespace BetterCare.Care.Storage.Runs;

/// <summary>The largest contributions to a score, packed: per reason the predictor's place in the model, its contribution (log-odds) and its value.</summary>
public static class ReasonBytes
{
    /// <summary>Bytes of one reason.</summary>
    public const int Size = 10;

    /// <summary>Writes one reason at place <paramref name="index"/>.</summary>
    public static void Write(Span<byte> bytes, int index, ushort predictor, float contribution, float value)
    {
        var at = bytes.Slice(index * Size, Size);
        BinaryPrimitives.WriteUInt16LittleEndian(at, predictor);
        BinaryPrimitives.WriteSingleLittleEndian(at[2..], contribution);
        BinaryPrimitives.WriteSingleLittleEndian(at[6..], value);
    }

    /// <summary>Reads them back, largest first.</summary>
    public static IEnumerable<(int Predictor, float Contribution, float Value)> Read(byte[] bytes)
    {
        for (var at = 0; at + Size <= bytes.Length; at += Size)
        {
            yield return (
                BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at)),
                BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(at + 2)),
                BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(at + 6)));
        }
    }
}
