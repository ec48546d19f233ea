using System.IO.Compression;

namespace BetterCare.Care.Api.Http;

/// <summary>Reads the body of a FHIR request: any JSON media type, gzip or plain, up to a limit that also holds after decompression.</summary>
public static class FhirBody
{
    /// <summary>The bytes of the body, without a byte order mark.</summary>
    public static async Task<Result<ReadOnlyMemory<byte>>> ReadAsync(HttpContext http, long limit, CancellationToken ct)
    {
        var request = http.Request;
        var type = request.ContentType?.Split(';')[0].Trim() ?? "";
        if (type is not ("application/fhir+json" or "application/json" or "application/json+fhir" or "text/json"))
        {
            return new Unsupported("Send FHIR as JSON: Content-Type: application/fhir+json.");
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
