using System.Buffers;
using System.Buffers.Binary;
using System.Collections;
using System.Data.Common;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using BetterCare.Care.Storage.Ingest;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// How the JSON of a resource lies in the database: as it is, or as what distinguishes it from a dictionary of what FHIR
/// resources are full of (docs/decisions/0020-stored-bodies.md). Three quarters of a body are names of elements, addresses of
/// code systems and frequent codes; without them a database is a third the size, and each commit writes a third.
/// The form is that of an LZ4 block whose window begins with the dictionary, after a byte that says which dictionary and the
/// length of the JSON. JSON begins with a brace, so both forms stand side by side, and what an earlier version of the
/// service has stored stays readable.
/// </summary>
internal static class BodyCodec
{
    /// <summary>First byte of a body that was made with the first dictionary.</summary>
    private const byte First = 1;

    /// <summary>The window of the LZ4 block format: a match cannot lie further back.</summary>
    private const int MaxDistance = 65535;

    /// <summary>A shorter match costs as much as it saves.</summary>
    private const int MinMatch = 5;

    private const int MinMatchOfFormat = 4;
    private const int DictionaryBits = 14;
    private const int LocalBits = 10;
    private const int MostResource = int.MaxValue / 2;

    private static readonly byte[] Dictionary = Load();
    private static readonly ushort[] DictionaryIndex = Index();

    /// <summary>What is stored for a JSON text; the text itself where that is no longer.</summary>
    /// <param name="json">UTF-8; may be empty, as for a deleted resource.</param>
    /// <param name="arena">Where it is put; null: an array of its own.</param>
    public static ReadOnlyMemory<byte> Pack(ReadOnlySpan<byte> json, BodyArena? arena = null)
    {
        if (json.IsEmpty)
        {
            return default;
        }

        var room = ArrayPool<byte>.Shared.Rent(json.Length + (json.Length / 255) + 32);
        var length = Compress(json, room);
        var packed = length < json.Length ? room.AsSpan(0, length) : json;
        var kept = arena?.Take(packed.Length) ?? new byte[packed.Length];
        packed.CopyTo(kept.Span);
        ArrayPool<byte>.Shared.Return(room);
        return kept;
    }

    /// <summary>Both directions, for the object-relational mapper.</summary>
    public static ValueConverter<byte[], byte[]> Mapping { get; } = new(json => PackArray(json), stored => UnpackArray(stored));

    /// <summary>When two bodies are the same, for the object-relational mapper.</summary>
    public static ValueComparer<byte[]> Comparison { get; } = new((a, b) => StructuralComparisons.StructuralEqualityComparer.Equals(a, b), json => json.Length, json => json);

    /// <summary>The JSON of a stored resource, in a column of a row.</summary>
    public static byte[] GetBody(this DbDataReader reader, int column) => Unpack(reader.GetFieldValue<byte[]>(column));

    /// <summary>The JSON text of what is stored.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or made with a dictionary of a later version.</exception>
    public static byte[] Unpack(ReadOnlySpan<byte> stored)
    {
        if (stored.IsEmpty || stored[0] is (byte)'{' or >= 32)
        {
            return stored.ToArray();
        }

        if (stored[0] != First)
        {
            throw new InvalidDataException("A stored resource was written by a later version of the service: start that version.");
        }

        var at = 1;
        var json = GC.AllocateUninitializedArray<byte>(Length(stored, ref at));
        Expand(stored[at..], json);
        return json;
    }

    private static byte[] PackArray(byte[] json) => Pack(json).ToArray();

    private static byte[] UnpackArray(byte[] stored) => Unpack(stored);

    private static int Compress(ReadOnlySpan<byte> json, Span<byte> room)
    {
        Span<ushort> local = stackalloc ushort[1 << LocalBits];
        local.Clear();
        ref var text = ref MemoryMarshal.GetReference(json);
        ref var dictionary = ref MemoryMarshal.GetArrayDataReference(Dictionary);
        room[0] = First;
        var to = 1 + WriteLength(room[1..], json.Length);

        // The last eight bytes are literals: what is compared is read eight bytes at a time.
        var (at, literals, last) = (0, 0, json.Length - 8);
        while (at < last)
        {
            var next = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref text, at));
            var hash = Hash(next);
            int known = DictionaryIndex[hash], seen = local[hash >> (DictionaryBits - LocalBits)] - 1;
            if (at < ushort.MaxValue)
            {
                local[hash >> (DictionaryBits - LocalBits)] = (ushort)(at + 1);
            }

            var (length, distance) = (0, 0);
            if (seen >= 0 && at - seen <= MaxDistance && Same(next, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref text, seen))))
            {
                (length, distance) = (Common(ref text, at, ref text, seen, json.Length - at), at - seen);
            }

            if (at + Dictionary.Length - known <= MaxDistance && Same(next, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref dictionary, known)))
                && Common(ref text, at, ref dictionary, known, Math.Min(json.Length - at, Dictionary.Length - known)) is var common && common > length)
            {
                (length, distance) = (common, at + Dictionary.Length - known);
            }

            if (length == 0)
            {
                at++;
                continue;
            }

            to = WriteSequence(room, to, json[literals..at], length, distance);
            at += length;
            literals = at;
        }

        return WriteLiterals(room, to, json[literals..], 0);
    }

    private static void Expand(ReadOnlySpan<byte> stored, Span<byte> json)
    {
        var (from, to) = (0, 0);
        while (true)
        {
            var token = Next(stored, ref from);
            var literals = Run(stored, ref from, token >> 4);
            if (literals > stored.Length - from || literals > json.Length - to)
            {
                throw Damaged();
            }

            stored.Slice(from, literals).CopyTo(json[to..]);
            from += literals;
            to += literals;
            if (from == stored.Length)
            {
                break;
            }

            var distance = Next(stored, ref from) | (Next(stored, ref from) << 8);
            var length = Run(stored, ref from, token & 15) + MinMatchOfFormat;
            if (length > json.Length - to || distance == 0 || distance > to + Dictionary.Length)
            {
                throw Damaged();
            }

            var before = distance - to;
            if (before > 0)
            {
                // From the dictionary; a match that reaches its end goes on at the beginning of the text.
                var part = Math.Min(before, length);
                Dictionary.AsSpan(Dictionary.Length - before, part).CopyTo(json[to..]);
                to += part;
                length -= part;
            }

            if (length > 0 && length <= distance)
            {
                json.Slice(to - distance, length).CopyTo(json[to..]);
                to += length;
            }
            else
            {
                for (; length > 0; length--, to++)
                {
                    json[to] = json[to - distance];
                }
            }
        }

        if (to != json.Length)
        {
            throw Damaged();
        }
    }

    private static int WriteSequence(Span<byte> room, int to, ReadOnlySpan<byte> literals, int length, int distance)
    {
        to = WriteLiterals(room, to, literals, Math.Min(length - MinMatchOfFormat, 15));
        BinaryPrimitives.WriteUInt16LittleEndian(room[to..], (ushort)distance);
        return WriteRun(room, to + 2, length - MinMatchOfFormat);
    }

    private static int WriteLiterals(Span<byte> room, int to, ReadOnlySpan<byte> literals, int low)
    {
        room[to] = (byte)((Math.Min(literals.Length, 15) << 4) | low);
        to = WriteRun(room, to + 1, literals.Length);
        literals.CopyTo(room[to..]);
        return to + literals.Length;
    }

    /// <summary>What of a length does not fit into the four bits of the token.</summary>
    private static int WriteRun(Span<byte> room, int to, int length)
    {
        for (length -= 15; length >= 0; length -= 255)
        {
            room[to++] = (byte)Math.Min(length, 255);
            if (length < 255)
            {
                break;
            }
        }

        return to;
    }

    private static int Run(ReadOnlySpan<byte> stored, ref int from, int length)
    {
        if (length == 15)
        {
            byte more;
            do
            {
                more = Next(stored, ref from);
                length += more;
            }
            while (more == 255 && length < MostResource);
        }

        return length;
    }

    private static int WriteLength(Span<byte> room, int length)
    {
        var at = 0;
        for (; length >= 128; length >>= 7)
        {
            room[at++] = (byte)(length | 128);
        }

        room[at++] = (byte)length;
        return at;
    }

    private static int Length(ReadOnlySpan<byte> stored, ref int at)
    {
        var length = 0L;
        for (var shift = 0; shift <= 28; shift += 7)
        {
            var part = Next(stored, ref at);
            length |= (long)(part & 127) << shift;
            if (part < 128)
            {
                // A byte of the form stands for 255 of the text at most: a damaged length must not ask for memory without end.
                return length <= (long)stored.Length * 255 ? (int)length : throw Damaged();
            }
        }

        throw Damaged();
    }

    private static byte Next(ReadOnlySpan<byte> stored, ref int from) => from < stored.Length ? stored[from++] : throw Damaged();

    private static InvalidDataException Damaged() => new("A stored resource is damaged. Restore the database from a backup (docs/operations.md).");

    /// <summary>How many bytes are the same.</summary>
    private static int Common(ref byte a, int at, ref byte b, int other, int most)
    {
        var length = 0;
        while (length + 8 <= most)
        {
            var differ = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref a, at + length)) ^ Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref b, other + length));
            if (differ != 0)
            {
                return length + (BitOperations.TrailingZeroCount(differ) >> 3);
            }

            length += 8;
        }

        while (length < most && Unsafe.Add(ref a, at + length) == Unsafe.Add(ref b, other + length))
        {
            length++;
        }

        return length;
    }

    private static bool Same(ulong a, ulong b) => (a ^ b) << (64 - (8 * MinMatch)) == 0;

    private static int Hash(ulong next) => (int)(((next << (64 - (8 * MinMatch))) * 0x9E3779B97F4A7C15) >> (64 - DictionaryBits));

    private static byte[] Load()
    {
        using var stream = typeof(BodyCodec).Assembly.GetManifestResourceStream("body-dictionary-1.txt")!;
        var dictionary = new byte[stream.Length];
        stream.ReadExactly(dictionary);
        return dictionary;
    }

    /// <summary>Where in the dictionary five bytes stand: the last place, which is the most frequent.</summary>
    private static ushort[] Index()
    {
        var index = new ushort[1 << DictionaryBits];
        for (var i = 0; i + 8 <= Dictionary.Length; i++)
        {
            index[Hash(BinaryPrimitives.ReadUInt64LittleEndian(Dictionary.AsSpan(i)))] = (ushort)i;
        }

        return index;
    }
}
