namespace BetterCare.Care.Storage.Ingest;

/// <summary>
/// JSON may write a slash as <c>\\/</c>, and some languages' libraries always do. The two are the same text; here one spelling
/// is kept, so that systems, codes and references can be compared as bytes.
/// </summary>
internal static class Slashes
{
    /// <summary>The same JSON with plain slashes; the same bytes where there is nothing to do.</summary>
    public static ReadOnlyMemory<byte> Plain(ReadOnlyMemory<byte> json)
    {
        var span = json.Span;
        if (span.IndexOf("\\/"u8) < 0)
        {
            return json;
        }

        var plain = new byte[span.Length];
        var written = 0;
        while (span.IndexOf((byte)'\\') is var at and >= 0 && at + 1 < span.Length)
        {
            // A backslash takes the byte after it along, so that \\\\/ stays what it is.
            var slash = span[at + 1] == (byte)'/';
            span[..at].CopyTo(plain.AsSpan(written));
            written += at;
            if (!slash)
            {
                plain[written++] = (byte)'\\';
            }

            plain[written++] = span[at + 1];
            span = span[(at + 2)..];
        }

        span.CopyTo(plain.AsSpan(written));
        return plain.AsMemory(0, written + span.Length);
    }
}
