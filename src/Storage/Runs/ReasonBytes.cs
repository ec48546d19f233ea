using System.Runtime.InteropServices;
using BetterCare.Care.Stratification.Runs;

namespace BetterCare.Care.Storage.Runs;

/// <summary>The largest contributions to a score as stored: <see cref="RunReason"/>s as they are, largest first.</summary>
public static class ReasonBytes
{
    /// <summary>Bytes of one reason.</summary>
    public const int Size = 16;

    /// <summary>Writes one reason at place <paramref name="index"/>.</summary>
    public static void Write(Span<byte> bytes, int index, RunReason reason) => MemoryMarshal.Write(bytes.Slice(index * Size, Size), in reason);

    /// <summary>Reads them back, largest first.</summary>
    public static RunReason[] Read(byte[] bytes) => MemoryMarshal.Cast<byte, RunReason>(bytes).ToArray();
}
