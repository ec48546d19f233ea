using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// Walks JSON 64 bytes at a time and keeps count of how deep it is. A block turns into bit masks (quotes, brackets);
/// a prefix XOR of the quotes says which bits are inside strings, and popcounts of the brackets outside them say how the
/// depth changes. The technique is that of simdjson (Langdale and Lemire 2019), in portable vectors.
/// </summary>
internal ref struct JsonBlocks
{
    private const int BlockBytes = 64;

    private readonly ReadOnlySpan<byte> _json;
    private int _at;
    private int _depth;
    private ulong _inString; // all ones while the block before ended inside a string
    private ulong _escaped; // one while the block before ended with a backslash that escapes

    private ulong _open;
    private ulong _close;
    private ulong _inside;
    private ulong _nextEscaped;

    /// <summary>Starts outside any string, at depth 0.</summary>
    public JsonBlocks(ReadOnlySpan<byte> json, int start)
    {
        _json = json;
        _at = start;
    }

    /// <summary>The index after the bracket that closes the first one opened; the length if none does.</summary>
    public int EndOfContainer()
    {
        for (; _at < _json.Length; Advance())
        {
            ReadBlock();
            if (BitOperations.PopCount(_close) < _depth)
            {
                continue; // cannot get back to 0 within this block
            }

            var depth = _depth;
            for (var brackets = _open | _close; brackets != 0; brackets &= brackets - 1)
            {
                var bit = brackets & (~brackets + 1);
                depth += (_open & bit) != 0 ? 1 : -1;
                if (depth <= 0)
                {
                    return Math.Min(_json.Length, _at + BitOperations.TrailingZeroCount(bit) + 1);
                }
            }
        }

        return _json.Length;
    }

    /// <summary>
    /// Whether the quote at an index opens a string directly inside the outermost object. Indices must grow from call to
    /// call.
    /// </summary>
    public bool IsAtRoot(int index)
    {
        while (_at + BlockBytes <= index)
        {
            ReadBlock();
            Advance();
        }

        ReadBlock();
        var bit = 1UL << (index - _at);
        var before = bit - 1;
        // The prefix XOR takes an opening quote as inside and a closing one as outside; so "inside" at a quote means that it opens.
        return (_inside & bit) != 0
            && _depth + BitOperations.PopCount(_open & before) - BitOperations.PopCount(_close & before) == 1;
    }

    private void Advance()
    {
        _depth += BitOperations.PopCount(_open) - BitOperations.PopCount(_close);
        _inString = (ulong)((long)_inside >> 63);
        _escaped = _nextEscaped;
        _at += BlockBytes;
    }

    private void ReadBlock()
    {
        if (_json.Length - _at >= BlockBytes)
        {
            ReadBlock(ref Unsafe.Add(ref MemoryMarshal.GetReference(_json), _at));
            return;
        }

        Span<byte> padded = stackalloc byte[BlockBytes];
        padded.Fill((byte)' ');
        _json[_at..].CopyTo(padded);
        ReadBlock(ref MemoryMarshal.GetReference(padded));
    }

    private void ReadBlock(ref byte block)
    {
        ulong quotes = 0, backslashes = 0, open = 0, close = 0;
        for (var i = 0; i < BlockBytes; i += Vector128<byte>.Count)
        {
            var bytes = Vector128.LoadUnsafe(ref block, (nuint)i);
            var lower = bytes | Vector128.Create((byte)0x20); // [ and { differ by this bit only, as do ] and }
            quotes |= (ulong)Vector128.Equals(bytes, Vector128.Create((byte)'"')).ExtractMostSignificantBits() << i;
            backslashes |= (ulong)Vector128.Equals(bytes, Vector128.Create((byte)'\\')).ExtractMostSignificantBits() << i;
            open |= (ulong)Vector128.Equals(lower, Vector128.Create((byte)'{')).ExtractMostSignificantBits() << i;
            close |= (ulong)Vector128.Equals(lower, Vector128.Create((byte)'}')).ExtractMostSignificantBits() << i;
        }

        _nextEscaped = 0;
        if ((backslashes | _escaped) != 0)
        {
            quotes &= ~EscapedBits(backslashes);
        }

        var inside = quotes;
        inside ^= inside << 1;
        inside ^= inside << 2;
        inside ^= inside << 4;
        inside ^= inside << 8;
        inside ^= inside << 16;
        inside ^= inside << 32;
        _inside = inside ^ _inString;
        _open = open & ~_inside;
        _close = close & ~_inside;
    }

    // The characters that a backslash stands before; a backslash that is itself escaped escapes nothing.
    private ulong EscapedBits(ulong backslashes)
    {
        var escaped = _escaped;
        backslashes &= ~escaped;
        while (backslashes != 0)
        {
            var i = BitOperations.TrailingZeroCount(backslashes);
            if (i == BlockBytes - 1)
            {
                _nextEscaped = 1;
                break;
            }

            escaped |= 2UL << i;
            backslashes &= ~(3UL << i);
        }

        return escaped;
    }
}
