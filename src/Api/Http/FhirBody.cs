using System.IO.Compression;

namespace BetterCare.Care.Api.Http;

/// <summary>Reads the body of a FHIR request: any JSON media type, gzip or plain, up to a limit that also holds after decompression.</summary>
public static class FhirBody
{
    /// <summary>The bytes of the body, without a byte order mark.</summary>
    /// <param name="http">The request.</param>
    /// <param name="limit">Most bytes, also after decompression.</param>
    /// <param name="ct">Cancels.</param>
    /// <param name="mediaType">The one media type that is taken; null: FHIR as JSON under any of its names.</param>
    public static async Task<Result<ReadOnlyMemory<byte>>> ReadAsync(HttpContext http, long limit, CancellationToken ct, string? mediaType = null)
    {
        var request = http.Request;
        var type = request.ContentType?.Split(';')[0].Trim().ToLowerInvariant() ?? "";
        if (mediaType is not null ? type != mediaType : type is not ("application/fhir+json" or "application/json" or "application/json+fhir" or "text/json"))
        {
            return new Unsupported(mediaType is null ? "Send FHIR as JSON: Content-Type: application/fhir+json." : $"Send Content-Type: {mediaType}.");
        }

        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding is not ("" or "identity" or "gzip"))
        {
            return new Unsupported("Send the body plain or with Content-Encoding: gzip.");
        }

        if (request.ContentLength > limit)
        {
            return new TooLarge(limit);
        }

        try
        {
            await using Stream body = encoding == "gzip" ? new GZipStream(request.Body, CompressionMode.Decompress) : request.Body;
            var buffer = new byte[(int)Math.Clamp(request.ContentLength ?? 16_384, 1024, 1 << 20)];
            var length = 0;
            int read;
            while ((read = await body.ReadAsync(buffer.AsMemory(length), ct)) > 0)
            {
                length += read;
                if (length > limit)
                {
                    return new TooLarge(limit);
                }

                if (length == buffer.Length)
                {
                    Array.Resize(ref buffer, buffer.Length * 2);
                }
            }

            var bytes = buffer.AsMemory(0, length);
            return (ReadOnlyMemory<byte>)(bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes);
        }
        catch (InvalidDataException)
        {
            return new Invalid("", "The gzip body is damaged.");
        }
        catch (BadHttpRequestException e) when (e.StatusCode == 413)
        {
            return new TooLarge(limit);
        }
    }
}

/// <summary>A media type or encoding that is not taken.</summary>
public sealed record Unsupported(string Problem) : CareError(415, "not-supported", Problem);
