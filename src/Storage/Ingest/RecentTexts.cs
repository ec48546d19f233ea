using System.Runtime.InteropServices;
using System.Text;

namespace BetterCare.Care.Storage.Ingest;

/// <summary>
/// The strings of texts that come again and again, the source and the people of a file: made once, not with each resource.
/// One instance per thread.
/// </summary>
internal sealed class RecentTexts
{
    private const int Bits = 10;
    private const int Longest = 128;

    private readonly string?[] _texts = new string?[1 << Bits];

    /// <summary>The text of UTF-8 bytes.</summary>
    public string Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return "";
        }

        if (utf8.Length > Longest)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        ref var text = ref _texts[Place(utf8)];

        // What is not ASCII is equal to nothing here, and made anew.
        return text is not null && Ascii.Equals(utf8, text) ? text : text = Encoding.UTF8.GetString(utf8);
    }

    // Sources, references and ids differ at their end, if not at their beginning.
    private static int Place(ReadOnlySpan<byte> utf8)
    {
        var hash = (ulong)utf8.Length;
        if (utf8.Length >= sizeof(ulong))
        {
            hash ^= MemoryMarshal.Read<ulong>(utf8) ^ (MemoryMarshal.Read<ulong>(utf8[^sizeof(ulong)..]) * 0xC2B2AE3D27D4EB4F);
        }
        else
        {
            foreach (var b in utf8)
            {
                hash = (hash << 8) ^ b;
            }
        }

        return (int)((hash * 0x9E3779B97F4A7C15) >> (64 - Bits));
    }
}
