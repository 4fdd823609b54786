using System.Text;
using Mesh.Messages.Control;
using Mesh.Seed.Batches.Storage;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using static Mesh.Seed.Batches.Api.ApiRefusedException;

namespace Mesh.Seed.Batches.Api;

/// <summary>
/// A multipart form on its way from the client into the blob store, never held whole. The store sees the end of the file only
/// once the rest of the form was read and found good: of an upload that is refused it keeps nothing.
/// </summary>
internal sealed class FileUpload
{
    private const int BufferBytes = 64 << 10;
    private const int MaxParts = 16;
    private const int MaxFieldBytes = 1024;
    private const int MaxBoundaryLength = 128;

    private readonly MultipartReader _reader;
    private readonly CancellationToken _cancellation;
    private readonly UploadForm _form = new();
    private int _parts;

    private FileUpload(string boundary, Stream body, CancellationToken cancellation)
    {
        _reader = new MultipartReader(boundary, body, BufferBytes);
        _cancellation = cancellation;
    }

    /// <param name="body">The request's, decoded.</param>
    /// <exception cref="ApiRefusedException">The form is not good, or it ends too soon.</exception>
    public static async Task<(string Filename, TimeSpan Life, BlobReference Content)> ReceiveAsync(
        string? contentType, Stream body, IBlobStore store, long maxBytes, CancellationToken cancellation)
    {
        var upload = new FileUpload(Boundary(contentType), body, cancellation);
        BlobReference? content = null;
        while (content is null && await upload.NextAsync() is { } part)
        {
            if (part.Name == "file")
                content = await upload.StoreAsync(part, store, maxBytes);
            else
                await upload.ReadFieldAsync(part);
        }

        // When there was a file, this is known to be good.
        var life = upload._form.Check();
        return (upload._form.Filename!, life, content!);
    }

    private static string Boundary(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            throw Invalid($"Content-Type must be multipart/form-data with a boundary, got '{contentType}'", null);
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        return boundary.Length is >= 1 and <= MaxBoundaryLength
            ? boundary
            : throw Invalid($"Content-Type '{contentType}' must name a boundary of 1 to {MaxBoundaryLength} characters", null);
    }

    private async Task<BlobReference> StoreAsync(Part part, IBlobStore store, long maxBytes)
    {
        _form.SetFile(part.Filename);
        try
        {
            return await store.WriteAsync(new FileStream(this, part.Body), maxBytes, _cancellation);
        }
        catch (BlobTooLargeException)
        {
            throw TooLarge(maxBytes);
        }
    }

    public static ApiRefusedException TooLarge(long maxBytes) => new(
        StatusCodes.Status413PayloadTooLarge, $"the file is larger than the {maxBytes} bytes that this server accepts", "file_too_large", "file");

    private async Task ReadRestAsync()
    {
        while (await NextAsync() is { } part)
        {
            if (part.Name == "file")
                _form.SetFile(part.Filename);
            else
                await ReadFieldAsync(part);
        }

        _form.Check();
    }

    private async Task<Part?> NextAsync()
    {
        var section = await ReceivingAsync(() => _reader.ReadNextSectionAsync(_cancellation));
        if (section is null)
            return null;
        if (++_parts > MaxParts)
            throw Invalid($"the form has more than {MaxParts} parts", null);
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) || HeaderUtilities.RemoveQuotes(disposition.Name).Length == 0)
            throw Invalid($"part {_parts} of the form has no Content-Disposition that names its field", null);
        var filename = disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName;
        return new Part(
            HeaderUtilities.RemoveQuotes(disposition.Name).ToString(), HeaderUtilities.RemoveQuotes(filename).ToString(), section.Body);
    }

    private async Task ReadFieldAsync(Part part)
    {
        var value = new byte[MaxFieldBytes + 1];
        var length = await ReceivingAsync(() => part.Body.ReadAtLeastAsync(value, value.Length, throwOnEndOfStream: false, _cancellation).AsTask());
        if (length > MaxFieldBytes)
            throw Invalid($"'{part.Name}' is longer than {MaxFieldBytes} bytes", part.Name);
        _form.Set(part.Name, Encoding.UTF8.GetString(value, 0, length));
    }

    /// <summary>Tells faults of what the client sends from those of the store.</summary>
    private static async Task<T> ReceivingAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (BadHttpRequestException e)
        {
            throw new ApiRefusedException(e.StatusCode, $"the body cannot be read: {e.Message}");
        }
        catch (Exception e) when (e is InvalidDataException or IOException and not ConnectionResetException)
        {
            throw Invalid($"the body is not a whole multipart form: {e.Message}", null);
        }
    }

    private sealed record Part(string Name, string Filename, Stream Body);

    /// <summary>The file's content, as the store reads it.</summary>
    private sealed class FileStream(FileUpload upload, Stream part) : ForwardStream
    {
        private bool _ended;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_ended || buffer.Length == 0)
                return 0;
            var count = await ReceivingAsync(() => part.ReadAsync(buffer, cancellationToken).AsTask());
            if (count == 0)
            {
                await upload.ReadRestAsync();
                _ended = true;
            }

            return count;
        }
    }
}
