using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace Mesh.Seed.Ingress.Rest;

/// <summary>Writes responses: JSON documents, errors, and bodies in the coding that the client accepts.</summary>
internal static class RestResponse
{
    public const string Json = "application/json";

    // Below it the coding's own header and the time cost more than the bytes saved.
    private const int MinCompressedBytes = 1024;

    public static async Task WriteJsonAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        using var body = new PooledBuffer(1024);
        using (var writer = new Utf8JsonWriter((IBufferWriter<byte>)body, InferResponseWriter.JsonOptions))
            write(writer);
        context.Response.StatusCode = status;
        await WriteBodyAsync(context, Json, body.Written);
    }

    /// <summary>OIP's error object, whose only field is a plain string.</summary>
    public static Task WriteErrorAsync(HttpContext context, int status, string error, TimeSpan? retryAfter = null)
    {
        if (retryAfter is not null || status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = RetryAdvice.Seconds(retryAfter).ToString(CultureInfo.InvariantCulture);
        return WriteJsonAsync(context, status, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("error"u8, error);
            writer.WriteEndObject();
        });
    }

    public static async Task WriteBodyAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.ContentType = contentType;
        var coding = body.Length >= MinCompressedBytes ? ChooseCoding(context.Request.GetTypedHeaders()) : null;
        if (coding is null)
        {
            response.ContentLength = body.Length;
            await response.Body.WriteAsync(body, context.RequestAborted);
            return;
        }

        response.Headers.ContentEncoding = coding;
        response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
        await using Stream encoder = coding == "gzip"
            ? new GZipStream(response.Body, CompressionLevel.Fastest, leaveOpen: true)
            : new ZLibStream(response.Body, CompressionLevel.Fastest, leaveOpen: true);
        await encoder.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>The client's favourite of gzip and deflate, gzip at equal weight; null = neither is accepted.</summary>
    private static string? ChooseCoding(RequestHeaders headers)
    {
        double gzip = 0, deflate = 0, any = 0;
        foreach (var accepted in headers.AcceptEncoding)
        {
            var quality = accepted.Quality ?? 1;
            if (accepted.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase))
                gzip = quality;
            else if (accepted.Value.Equals("deflate", StringComparison.OrdinalIgnoreCase))
                deflate = quality;
            else if (accepted.Value == "*")
                any = quality;
        }

        if (gzip == 0 && deflate == 0)
            return any > 0 ? "gzip" : null;
        return gzip >= deflate ? "gzip" : "deflate";
    }
}
