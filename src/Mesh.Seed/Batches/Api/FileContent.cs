using System.Buffers;
using Mesh.Messages.Control;
using Mesh.Seed.Batches.Storage;
using Microsoft.Net.Http.Headers;

namespace Mesh.Seed.Batches.Api;

/// <summary>Sends a file's parts, one after the other: all of it, or the one range that the client asks for.</summary>
internal static class FileContent
{
    private const int BufferBytes = 256 << 10;

    public static async Task WriteAsync(HttpContext context, FileEntry file, IBlobStore store)
    {
        var response = context.Response;
        response.Headers.AcceptRanges = "bytes";
        var (from, count, isPart) = Range(context, file.Bytes);
        response.ContentType = "application/octet-stream";
        response.ContentLength = count;
        if (isPart)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = new ContentRangeHeaderValue(from, from + count - 1, file.Bytes).ToString();
        }

        try
        {
            await CopyAsync(file, from, count, store, response.Body, context.RequestAborted);
        }
        catch (Exception) when (!response.HasStarted)
        {
            // An error object follows.
            (response.Headers.ContentLength, response.Headers.ContentRange) = (null, default);
            throw;
        }
    }

    private static async Task CopyAsync(FileEntry file, long from, long count, IBlobStore store, Stream target, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            foreach (var part in file.Parts)
            {
                if (from < part.Size && count > 0)
                {
                    var length = Math.Min(part.Size - from, count);
                    await CopyAsync(part, from, length, store, target, buffer, cancellation);
                    (from, count) = (0, count - length);
                }
                else
                {
                    from -= part.Size;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task CopyAsync(
        BlobReference blob, long from, long count, IBlobStore store, Stream target, byte[] buffer, CancellationToken cancellation)
    {
        await using var content = await store.OpenAsync(blob, from, cancellation);
        while (count > 0)
        {
            var length = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, count)), cancellation);
            if (length == 0)
                throw new IOException($"Blob {blob.Hash} ends too soon.");
            await target.WriteAsync(buffer.AsMemory(0, length), cancellation);
            count -= length;
        }
    }

    /// <summary>What to send; a header that is not a single range of bytes is ignored, as RFC 9110 allows.</summary>
    private static (long From, long Count, bool IsPart) Range(HttpContext context, long size)
    {
        var headers = context.Request.GetTypedHeaders();
        if (headers.Range is not { Ranges: { Count: 1 } ranges } range || range.Unit != "bytes" || headers.IfRange is not null)
            return (0, size, false);
        // "-500" has only To: the last 500 bytes.
        var (first, last) = (ranges.Single().From, ranges.Single().To);
        var from = first ?? Math.Max(0, size - last!.Value);
        var to = first is null || last is null ? size - 1 : Math.Min(last.Value, size - 1);
        if (from <= to)
            return (from, to - from + 1, true);
        context.Response.Headers.ContentRange = new ContentRangeHeaderValue(size).ToString();
        throw new ApiRefusedException(
            StatusCodes.Status416RangeNotSatisfiable, $"the file has {size} bytes, none of them in Range '{context.Request.Headers.Range}'");
    }
}
