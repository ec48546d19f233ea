using System.IO.Compression;

namespace BetterCare.Care.Storage.Ingest;

/// <summary>
/// Reads gzip and notices when it ends early. The framework's stream answers a truncated file as if it were whole; here
/// one more member with a marker in it is fed after the file: only if the file was complete does the marker come out at
/// the end. Files of several members (bgzip, cat a.gz b.gz) read as one.
/// </summary>
public sealed class VerifiedGzipStream : Stream
{
    private static readonly byte[] Marker = "\n\u0001end-of-gzip\u0001"u8.ToArray();
    private static readonly byte[] Sentinel = Compress(Marker);

    private readonly Stream _file;
    private readonly GZipStream _gzip;
    private byte[] _buffer = new byte[1 << 17];
    private int _start;
    private int _end;
    private bool _finished;

    /// <summary>Reads <paramref name="file"/> from where it stands; disposes it at the end.</summary>
    public VerifiedGzipStream(Stream file)
    {
        _file = file;
        _gzip = new GZipStream(new WithSentinel(file), CompressionMode.Decompress);
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Reads text; at the end of a file that is not whole it throws.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or ends early; all that was whole has been read before.</exception>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        while (!_finished && _end - _start <= Marker.Length)
        {
            Fill();
        }

        var free = _finished ? _end - _start : _end - _start - Marker.Length;
        var count = Math.Min(free, buffer.Length);
        _buffer.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _gzip.Dispose();
            _file.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        var read = _gzip.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        if (read > 0)
        {
            return;
        }

        if (_end < Marker.Length || !_buffer.AsSpan(_end - Marker.Length, Marker.Length).SequenceEqual(Marker))
        {
            throw new InvalidDataException("The compressed file ends early.");
        }

        _end -= Marker.Length;
        _finished = true;
    }

    private static byte[] Compress(byte[] text)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.NoCompression))
        {
            gzip.Write(text);
        }

        return output.ToArray();
    }

    /// <summary>The file, and then the sentinel member.</summary>
    private sealed class WithSentinel(Stream file) : Stream
    {
        private int _given;
        private bool _fileDone;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (!_fileDone)
            {
                var read = file.Read(buffer);
                if (read > 0)
                {
                    return read;
                }

                _fileDone = true;
            }

            var count = Math.Min(buffer.Length, Sentinel.Length - _given);
            Sentinel.AsSpan(_given, count).CopyTo(buffer);
            _given += count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
