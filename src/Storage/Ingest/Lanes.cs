using BetterCare.Care.Storage.Model;

namespace BetterCare.Care.Storage.Ingest;

/// <summary>
/// Files of lines, read side by side: a lane for each resource type, in which its files follow one another. The next block
/// comes from the lane that is furthest behind, by share of its bytes.
/// </summary>
internal sealed class Lanes : IDisposable
{
    private const int SmallestBlock = 1 << 16;

    private readonly List<Lane> _lanes;

    /// <summary>Makes the lanes; files are opened when their turn comes.</summary>
    /// <param name="files">Files that are there, in the order in which those of a type are read.</param>
    /// <param name="maxLine">Longest line in bytes.</param>
    public Lanes(IReadOnlyList<ImportFile> files, int maxLine)
    {
        _lanes = [.. files.GroupBy(f => BulkImporter.TypeOf(f.Name)).Select(g => new Lane([.. g], maxLine))];
        var longest = Math.Max(1, _lanes.Max(l => l.Bytes));
        foreach (var lane in _lanes)
        {
            // Small types in small steps, so that every type has come about as far as every other.
            lane.BlockSize = (int)Math.Max(SmallestBlock, LineBlocks.BlockSize * lane.Bytes / longest);
        }
    }

    /// <summary>Bytes of files read.</summary>
    public long BytesRead => _lanes.Sum(l => l.Read);

    /// <summary>The next block and its file; null at the end of all.</summary>
    public (ImportFile File, LineBlock Block)? Next()
    {
        while (true)
        {
            Lane? behind = null;
            foreach (var lane in _lanes)
            {
                if (!lane.Ended && (behind is null || lane.Share < behind.Share))
                {
                    behind = lane;
                }
            }

            if (behind is null)
            {
                return null;
            }

            if (behind.Next() is { } block)
            {
                return block;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lanes.ForEach(l => l.Dispose());

    private sealed class Lane(ImportFile[] files, int maxLine) : IDisposable
    {
        private readonly long[] _sizes = [.. files.Select(f => new FileInfo(f.Path).Length)];
        private int _at = -1;
        private long _before;
        private FileStream? _stream;
        private IEnumerator<LineBlock>? _blocks;

        public long Bytes => _sizes.Sum();

        public int BlockSize { get; set; }

        public bool Ended { get; private set; }

        /// <summary>Bytes of its files read. A compressed file counts as it is on the disk.</summary>
        public long Read { get; private set; }

        public double Share => (double)Read / Math.Max(1, Bytes);

        public (ImportFile File, LineBlock Block)? Next()
        {
            if (_blocks is null)
            {
                if (++_at == files.Length)
                {
                    Ended = true;
                    return null;
                }

                var file = files[_at];
                _stream = new FileStream(file.Path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
                _blocks = LineBlocks.Read(_stream, BulkImporter.Compressed(file.Name), file.Offset, file.Lines, maxLine, BlockSize).GetEnumerator();
            }

            if (!_blocks.MoveNext())
            {
                Close();
                _before += _sizes[_at];
                Read = _before;
                return null;
            }

            var block = _blocks.Current;
            Read = block.Last ? _before + _sizes[_at] : _before + Math.Min(_sizes[_at], _stream!.Position);
            return (files[_at], block);
        }

        public void Dispose() => Close();

        private void Close()
        {
            _blocks?.Dispose();
            _stream?.Dispose();
            _blocks = null;
            _stream = null;
        }
    }
}
