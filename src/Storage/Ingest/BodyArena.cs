using System.Buffers;

namespace BetterCare.Care.Storage.Ingest;

/// <summary>
/// Memory for the bodies of one block of an import: rented at once and given back when the block is stored, so that the
/// garbage collector neither makes nor moves a million short-lived arrays.
/// </summary>
internal sealed class BodyArena(int blockSize)
{
    private readonly List<byte[]> _rented = [];
    private int _used;

    /// <summary>Memory of a size, valid until <see cref="Release"/>.</summary>
    public Memory<byte> Take(int size)
    {
        if (_rented.Count == 0 || _rented[^1].Length - _used < size)
        {
            // Ids and metas that we write make a body a little longer than its line.
            _rented.Add(ArrayPool<byte>.Shared.Rent(Math.Max(blockSize + (blockSize >> 3), size)));
            _used = 0;
        }

        var memory = _rented[^1].AsMemory(_used, size);
        _used += size;
        return memory;
    }

    /// <summary>Gives the memory back. Nobody may hold a body any more.</summary>
    public void Release()
    {
        foreach (var buffer in _rented)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _rented.Clear();
    }
}
