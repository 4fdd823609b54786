using System.Security.Cryptography;
using Mesh.Messages.Control;
using Mesh.Seed.Batches.Storage;
using Mesh.Seed.Ingress.Rest;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Mesh.Seed.Batches.Api;

/// <summary><c>/v1/files</c>: OpenAI's Files API for files of purpose <c>batch</c> and for batches' results.</summary>
internal sealed class FileEndpoints(IBatchDirectory directory, IBlobStore store, BatchLimits limits, TimeProvider time)
{
    private const int MostListed = 10_000;

    // Boundaries, part headers and the other fields of a form.
    private const long FormBytes = 64 << 10;

    // An upload has one of few places, so it must not last for ever.
    private static readonly MinDataRate SlowestUpload = new(4096, TimeSpan.FromSeconds(30));

    private int _uploads;

    public async Task UploadAsync(HttpContext context)
    {
        if (Interlocked.Increment(ref _uploads) > limits.MaxUploads)
        {
            Interlocked.Decrement(ref _uploads);
            throw new ApiRefusedException(
                StatusCodes.Status429TooManyRequests, $"{limits.MaxUploads} uploads are under way at this server: try again soon", "too_many_uploads");
        }

        try
        {
            var file = await directory.AddFileAsync(await ReceiveAsync(context), context.RequestAborted);
            await RestResponse.WriteJsonAsync(context, StatusCodes.Status200OK, writer => ApiJson.Write(writer, file));
        }
        finally
        {
            Interlocked.Decrement(ref _uploads);
        }
    }

    public async Task ListAsync(HttpContext context)
    {
        var page = await directory.ListFilesAsync(
            ApiQuery.Text(context, "purpose"),
            ApiQuery.Text(context, "after"),
            ApiQuery.Limit(context, MostListed, MostListed),
            ApiQuery.IsAscending(context),
            context.RequestAborted);
        await RestResponse.WriteJsonAsync(
            context, StatusCodes.Status200OK, writer => ApiJson.Write(writer, page, file => file.Id, ApiJson.Write));
    }

    public async Task RetrieveAsync(HttpContext context)
    {
        var file = await FindAsync(context);
        await RestResponse.WriteJsonAsync(context, StatusCodes.Status200OK, writer => ApiJson.Write(writer, file));
    }

    public async Task DeleteAsync(HttpContext context)
    {
        var id = ApiQuery.Id(context);
        if (!await directory.DeleteFileAsync(id, context.RequestAborted))
            throw NotFound(id);
        await RestResponse.WriteJsonAsync(context, StatusCodes.Status200OK, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, id);
            writer.WriteString("object"u8, "file"u8);
            writer.WriteBoolean("deleted"u8, true);
            writer.WriteEndObject();
        });
    }

    public async Task ContentAsync(HttpContext context) => await FileContent.WriteAsync(context, await FindAsync(context), store);

    private async Task<FileEntry> ReceiveAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.ContentLength > limits.MaxFileBytes + FormBytes)
            throw FileUpload.TooLarge(limits.MaxFileBytes);
        await CheckRoomAsync(context);
        // The limit is on the file, also on one that comes in chunks; Kestrel's own would be another, lower one.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = SlowestUpload;
        await using var body = RequestBody.Decode(request.Body, request.Headers.ContentEncoding);
        var (filename, life, content) = await FileUpload.ReceiveAsync(
            request.ContentType, body, store, limits.MaxFileBytes, context.RequestAborted);
        var now = time.GetUtcNow();
        return new FileEntry("file-" + RandomNumberGenerator.GetHexString(24, lowercase: true), filename, "batch", now, now + life, [content]);
    }

    /// <summary>Before any of the body is read: what there is no place for need not be sent.</summary>
    private async Task CheckRoomAsync(HttpContext context)
    {
        if (store.FreeBytes is { } free && free - (context.Request.ContentLength ?? 0) < limits.KeepFreeBytes)
        {
            throw new ApiRefusedException(
                StatusCodes.Status507InsufficientStorage, $"the server has only {free} bytes left to store: delete files or try again later", "insufficient_storage");
        }

        await directory.CheckRoomAsync(context.RequestAborted);
    }

    private async Task<FileEntry> FindAsync(HttpContext context)
    {
        var id = ApiQuery.Id(context);
        return await directory.FindFileAsync(id, context.RequestAborted) ?? throw NotFound(id);
    }

    private static ApiRefusedException NotFound(string id) =>
        new(StatusCodes.Status404NotFound, $"there is no file '{id}'", "not_found", "id");
}
