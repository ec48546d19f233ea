using System.Buffers;

namespace BetterCare.Care.Storage.Ingest;

/// <summary>Some whole lines of a file.</summary>
/// <param name="Buffer">Rented; given back by whoever is done with it.</param>
/// <param name="Length">Bytes in use.</param>
/// <param name="FirstLine">Number of its first line, from 1.</param>
/// <param name="Lines">Number of its lines.</param>
/// <param name="StartOffset">Where in the text it begins.</param>
/// <param name="EndOffset">Where in the text it ends.</param>
/// <param name="Fault">What broke the file after these lines; null: nothing.</param>
/// <param name="Last">Whether the file ends here.</param>
internal sealed record LineBlock(byte[] Buffer, int Length, long FirstLine, long Lines, long StartOffset, long EndOffset, string? Fault, bool Last);

/// <summary>Cuts a file into blocks of whole lines: any line ending, with or without a last one, any length up to a limit.</summary>
internal static class LineBlocks
{
    /// <summary>Bytes of text in a block, unless a line is longer.</summary>
    public const int BlockSize = 1 << 20;

    /// <summary>Reads the blocks that begin at or after <paramref name="offset"/> of the text.</summary>
    /// <param name="file">The file, compressed when its name ends in .gz.</param>
    /// <param name="compressed">Whether it is gzip.</param>
    /// <param name="offset">Bytes of text to pass over.</param>
    /// <param name="lines">Lines among those bytes.</param>
    /// <param name="maxLine">Longest line in bytes.</param>
    /// <param name="blockSize">Bytes of text in a block.</param>
    public static IEnumerable<LineBlock> Read(Stream file, bool compressed, long offset, long lines, int maxLine, int blockSize = BlockSize)
    {
        using Stream text = compressed ? new VerifiedGzipStream(file) : file;
        var fault = Skip(text, compressed, offset);
        var buffer = ArrayPool<byte>.Shared.Rent(blockSize);
        var used = 0;
        var start = offset;
        var line = lines + 1;
        while (true)
        {
            var read = 0;
            if (fault is null)
            {
                try
                {
                    read = text.Read(buffer, used, buffer.Length - used);
                }
                catch (InvalidDataException)
                {
                    fault = "The compressed file is damaged or ends early; the lines before that were taken. Send the whole file again: what is stored already stays as it is.";
                }
            }

            used += read;
            if (read == 0)
            {
                // What follows the last line break is a line too, unless the file broke off in it.
                var whole = fault is null ? used : LastBreak(buffer, used);
                yield return new LineBlock(buffer, whole, line, Count(buffer, whole), start, start + whole, fault, true);
                yield break;
            }

            if (used < buffer.Length)
            {
                continue;
            }

            var cut = LastBreak(buffer, used);
            if (cut == 0)
            {
                if (used >= maxLine)
                {
                    fault = $"A line is longer than {maxLine / (1 << 20)} MB. Send it in smaller resources.";
                    yield return new LineBlock(buffer, 0, line, 0, start, start, fault, true);
                    yield break;
                }

                var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                buffer.AsSpan(0, used).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
                continue;
            }

            var count = Count(buffer, cut);
            var next = ArrayPool<byte>.Shared.Rent(Math.Max(blockSize, (used - cut) * 2));
            buffer.AsSpan(cut, used - cut).CopyTo(next);
            yield return new LineBlock(buffer, cut, line, count, start, start + cut, null, false);
            line += count;
            start += cut;
            used -= cut;
            buffer = next;
        }
    }

    /// <summary>The lines of a block that hold something, with their numbers.</summary>
    public static IEnumerable<(long Line, ReadOnlyMemory<byte> Text)> Lines(LineBlock block)
    {
        var line = block.FirstLine;
        for (var at = 0; at < block.Length; line++)
        {
            var end = block.Buffer.AsSpan(at, block.Length - at).IndexOf((byte)'\n');
            var length = end < 0 ? block.Length - at : end;
            var text = Trim(block.Buffer.AsMemory(at, length), first: line == 1);
            at += length + 1;
            if (text.Length > 0)
            {
                yield return (line, text);
            }
        }
    }

    /// <summary>Takes off white space, carriage returns and, from a first line, a byte order mark.</summary>
    public static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> text, bool first)
    {
        if (first && text.Span.StartsWith("\uFEFF"u8))
        {
            text = text[3..];
        }

        var start = text.Span.IndexOfAnyExcept(" \t\r\n"u8);
        return start < 0 ? default : text[start..(text.Span.LastIndexOfAnyExcept(" \t\r\n"u8) + 1)];
    }

    private static string? Skip(Stream text, bool compressed, long offset)
    {
        if (!compressed)
        {
            text.Seek(offset, SeekOrigin.Begin);
            return null;
        }

        var scratch = new byte[1 << 16];
        while (offset > 0)
        {
            var read = text.Read(scratch, 0, (int)Math.Min(scratch.Length, offset));
            if (read == 0)
            {
                return "The file is shorter than when it was begun.";
            }

            offset -= read;
        }

        return null;
    }

    private static int LastBreak(byte[] buffer, int used) => buffer.AsSpan(0, used).LastIndexOf((byte)'\n') + 1;

    private static long Count(byte[] buffer, int length)
    {
        var text = buffer.AsSpan(0, length);
        return text.Count((byte)'\n') + (length > 0 && text[^1] != (byte)'\n' ? 1 : 0);
    }
}
