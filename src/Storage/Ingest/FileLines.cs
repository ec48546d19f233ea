namespace BetterCare.Care.Storage.Ingest;

/// <summary>The resources of a file, one by one: a line each, or the whole of a .json document.</summary>
public static class FileLines
{
    private const int MaxLine = 64 << 20;

    /// <summary>Reads a file. The memory of a resource is valid until the next.</summary>
    /// <param name="path">NDJSON or JSON, plain or gzip.</param>
    public static IEnumerable<(long Line, ReadOnlyMemory<byte> Json)> Read(string path)
    {
        var compressed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        if (BulkImporter.IsDocument(path))
        {
            using Stream text = compressed ? new VerifiedGzipStream(stream) : stream;
            using var memory = new MemoryStream();
            text.CopyTo(memory);
            yield return (1, LineBlocks.Trim(memory.GetBuffer().AsMemory(0, (int)memory.Length), first: true));
            yield break;
        }

        foreach (var block in LineBlocks.Read(stream, compressed, 0, 0, MaxLine))
        {
            foreach (var line in LineBlocks.Lines(block))
            {
                yield return line;
            }

            if (block.Fault is not null)
            {
                throw new InvalidDataException(block.Fault);
            }
        }
    }
}
