using System.Buffers.Binary;
using System.Security.Cryptography;

namespace BetterCare.Care.Storage.Resources;

/// <summary>64-bit hashes that are the same on every machine and in every version: they are stored.</summary>
public static class Hashing
{
    /// <summary>The start of a running hash.</summary>
    public const ulong Seed = 14695981039346656037;

    /// <summary>First eight bytes of SHA-256: equal bodies are the same content.</summary>
    public static long Content(ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(body, hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }

    /// <summary>Adds bytes to a running FNV-1a hash.</summary>
    public static ulong Add(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            hash = (hash ^ b) * 1099511628211;
        }

        // A separator, so that ("ab","c") and ("a","bc") differ.
        return (hash ^ 0x1F) * 1099511628211;
    }

    /// <summary>Spreads the bits, so that neighbours do not hash to neighbours.</summary>
    public static long Finish(ulong hash)
    {
        hash ^= hash >> 32;
        hash *= 0x9E3779B97F4A7C15;
        hash ^= hash >> 29;
        return (long)hash;
    }

    /// <summary>The index key of a business identifier; an empty system finds it by value alone.</summary>
    public static long Identifier(byte type, ReadOnlySpan<byte> system, ReadOnlySpan<byte> value) =>
        Finish(Add(Add((Seed ^ type) * 1099511628211, system), value));

    /// <summary>The index key of a code.</summary>
    public static long Code(ReadOnlySpan<byte> system, ReadOnlySpan<byte> code) => Finish(Add(Add(Seed, system), code));
}
