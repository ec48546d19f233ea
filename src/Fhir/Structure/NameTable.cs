using System.Buffers.Binary;
using System.Numerics;

namespace BetterCare.Care.Fhir.Structure;

/// <summary>
/// A read-only table from a UTF-8 name to a value: open addressing at half load over a hash of the first and last eight
/// bytes, so that a property of a posted resource is found without making a string of it.
/// </summary>
internal sealed class NameTable<T>
    where T : class
{
    private readonly Entry[] _entries;
    private readonly int _mask;

    public NameTable(IReadOnlyCollection<(string Name, T Value)> names)
    {
        _entries = new Entry[BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, names.Count * 2))];
        _mask = _entries.Length - 1;
        foreach (var (name, value) in names)
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(name);
            var at = (int)Hash(bytes) & _mask;
            while (_entries[at].Name is not null)
            {
                at = (at + 1) & _mask;
            }

            _entries[at] = new Entry(bytes, value);
        }
    }

    /// <summary>The value of a name, or null.</summary>
    public T? Find(ReadOnlySpan<byte> name)
    {
        var entries = _entries;
        var at = (int)Hash(name) & _mask;
        while (true)
        {
            ref readonly var entry = ref entries[at];
            if (entry.Name is null)
            {
                return null;
            }

            if (name.SequenceEqual(entry.Name))
            {
                return entry.Value;
            }

            at = (at + 1) & _mask;
        }
    }

    private static uint Hash(ReadOnlySpan<byte> s)
    {
        ulong a, b;
        if (s.Length >= 8)
        {
            a = BinaryPrimitives.ReadUInt64LittleEndian(s);
            b = BinaryPrimitives.ReadUInt64LittleEndian(s[^8..]);
        }
        else if (s.Length >= 4)
        {
            a = BinaryPrimitives.ReadUInt32LittleEndian(s);
            b = BinaryPrimitives.ReadUInt32LittleEndian(s[^4..]);
        }
        else if (s.Length >= 2)
        {
            a = BinaryPrimitives.ReadUInt16LittleEndian(s);
            b = BinaryPrimitives.ReadUInt16LittleEndian(s[^2..]);
        }
        else
        {
            a = s.IsEmpty ? 0u : s[0];
            b = 0;
        }

        var h = ((a * 0x9E3779B97F4A7C15UL) ^ (BitOperations.RotateLeft(b, 29) * 0xC2B2AE3D27D4EB4FUL)) + (ulong)s.Length;
        return (uint)(h >> 32) ^ (uint)(h >> 51);
    }

    private readonly record struct Entry(byte[]? Name, T? Value);
}
