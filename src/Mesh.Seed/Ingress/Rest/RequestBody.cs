using System.IO.Compression;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Mesh.Seed.Ingress.Rest;

/// <summary>Reads a request's body whole, decompressed, and never more of it than the limit.</summary>
internal static class RequestBody
{
    // Memory follows what has arrived, not what the Content-Length promises.
    private const int MaxFirstBuffer = 1 << 20;

    /// <exception cref="RequestRefusedException">Too large, truncated, or in a coding that is not understood.</exception>
    public static async Task<PooledBuffer> ReadAsync(HttpContext context, long limit)
    {
        var request = context.Request;
        if (request.ContentLength > limit)
            throw TooLarge(limit);
        // The limit is kept here, for the decompressed body too; Kestrel's own default would be another, lower one.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
            feature.MaxRequestBodySize = null;
        var buffer = new PooledBuffer((int)Math.Clamp(request.ContentLength ?? 0, 256, MaxFirstBuffer));
        try
        {
            await using var source = Decode(request.Body, request.Headers.ContentEncoding);
            await FillAsync(buffer, source, limit, context.RequestAborted);
            return buffer;
        }
        catch (Exception e)
        {
            buffer.Dispose();
            throw e switch
            {
                InvalidDataException => RequestRefusedException.Invalid($"the body is not valid {request.Headers.ContentEncoding} data: {e.Message}"),
                BadHttpRequestException => RequestRefusedException.Invalid($"the body cannot be read: {e.Message}"),
                _ => e,
            };
        }
    }

    private static async Task FillAsync(PooledBuffer buffer, Stream source, long limit, CancellationToken cancellation)
    {
        while (true)
        {
            var count = await source.ReadAsync(buffer.GetMemory(), cancellation);
            if (count == 0)
                return;
            buffer.Advance(count);
            if (buffer.Length > limit)
                throw TooLarge(limit);
        }
    }

    /// <summary>The body as it was before its Content-Encoding.</summary>
    /// <exception cref="RequestRefusedException">A coding that is not understood.</exception>
    public static Stream Decode(Stream body, StringValues coding) => coding.ToString().Trim().ToUpperInvariant() switch
    {
        "" or "IDENTITY" => body,
        "GZIP" or "X-GZIP" => new GZipStream(body, CompressionMode.Decompress, leaveOpen: true),
        // HTTP's deflate is the zlib format (RFC 9110, 8.4.1.2).
        "DEFLATE" => new ZLibStream(body, CompressionMode.Decompress, leaveOpen: true),
        _ => throw new RequestRefusedException(Refusal.UnsupportedCoding, $"Content-Encoding '{coding}' is not supported: use gzip, deflate or none"),
    };

    private static RequestRefusedException TooLarge(long limit) =>
        new(Refusal.TooLarge, $"the body is larger than the {limit} bytes that this server accepts");
}
