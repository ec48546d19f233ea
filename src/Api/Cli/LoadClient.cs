using System.Buffers.Text;
using System.Net.Sockets;

namespace BetterCare.Care.Api.Cli;

/// <summary>
/// One HTTP/1.1 connection that is kept open, for measuring: it costs a tenth of a general client, which would otherwise be
/// half of what is measured. It waits on its own thread, as that costs less than to be called back.
/// </summary>
internal sealed class LoadClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[1 << 16];

    public LoadClient(int port) => _socket.Connect("127.0.0.1", port);

    /// <summary>Sends a request and reads its answer to the end; the status.</summary>
    public int Send(ReadOnlySpan<byte> request)
    {
        while (request.Length > 0)
        {
            request = request[_socket.Send(request)..];
        }

        var used = 0;
        int headEnd;
        while ((headEnd = _buffer.AsSpan(0, used).IndexOf("\r\n\r\n"u8)) < 0)
        {
            used += Read(used);
        }

        headEnd += 4;
        _ = Utf8Parser.TryParse(_buffer.AsSpan(9, 3), out int status, out _);
        var lengthAt = _buffer.AsSpan(0, headEnd).IndexOf("Content-Length: "u8);
        if (lengthAt >= 0)
        {
            _ = Utf8Parser.TryParse(_buffer.AsSpan(lengthAt + 16), out int length, out _);
            while (used < headEnd + length)
            {
                used += Read(used);
            }
        }
        else if (status is not (204 or 304))
        {
            // Chunked: its end is the empty chunk.
            while (!_buffer.AsSpan(0, used).EndsWith("0\r\n\r\n"u8))
            {
                used += Read(used);
            }
        }

        return status;
    }

    public void Dispose() => _socket.Dispose();

    private int Read(int used)
    {
        if (used == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = _socket.Receive(_buffer.AsSpan(used));
        return read > 0 ? read : throw new IOException("The service closed the connection.");
    }
}
