using Mesh.Hosting;
using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Batches.Storage;

/// <summary>
/// Blobs as files <c>ab/abcdef…</c>, named by their SHA-256. A blob is there whole or not at all: it is written beside them,
/// synced, and renamed. Several seeds may share the folder.
/// </summary>
public sealed class FolderBlobStore : IBlobStore
{
    private const int PieceBytes = 256 << 10;
    private const string Unfinished = "unfinished";

    private readonly string _folder;

    /// <summary>Creates the folder, and removes what writers that are gone left unfinished in it.</summary>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public FolderBlobStore(string folder)
    {
        _folder = Path.GetFullPath(folder);
        try
        {
            Directory.CreateDirectory(Path.Combine(_folder, Unfinished));
            foreach (var file in Directory.EnumerateFiles(Path.Combine(_folder, Unfinished)))
                RemoveUnlessWritten(file);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"The blob folder {_folder} cannot be used: {e.Message}", e);
        }
    }

    public long? FreeBytes => new DriveInfo(_folder).AvailableFreeSpace;

    public async Task<BlobReference> WriteAsync(Stream content, long maxBytes, CancellationToken cancellation)
    {
        var unfinished = Path.Combine(_folder, Unfinished, Guid.NewGuid().ToString("N"));
        try
        {
            var blob = await WriteFileAsync(unfinished, content, maxBytes, cancellation);
            Publish(unfinished, PathOf(blob.Hash));
            return blob;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"The blob folder {_folder} cannot be written to: {e.Message}", e);
        }
        finally
        {
            File.Delete(unfinished); // Without effect once it is published.
        }
    }

    public Task<Stream> OpenAsync(BlobReference blob, long offset, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)offset, (ulong)blob.Size, nameof(offset));
        var path = PathOf(blob.Hash);
        try
        {
            var file = new FileStream(path, new FileStreamOptions
            {
                Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
                Share = FileShare.Read | FileShare.Delete,
                BufferSize = 0,
            });
            file.Position = offset;
            return Task.FromResult<Stream>(new BlobReadStream(file, blob, offset));
        }
        catch (DirectoryNotFoundException e)
        {
            throw new FileNotFoundException($"There is no blob {blob.Hash}.", path, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"Blob {blob.Hash} cannot be read: {e.Message}", e);
        }
    }

    public Task DeleteAsync(BlobReference blob, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            File.Delete(PathOf(blob.Hash));
        }
        catch (DirectoryNotFoundException)
        {
            // Not there either.
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"Blob {blob.Hash} cannot be deleted: {e.Message}", e);
        }

        return Task.CompletedTask;
    }

    private static async Task<BlobReference> WriteFileAsync(string path, Stream content, long maxBytes, CancellationToken cancellation)
    {
        using var intake = new BlobIntake(content, maxBytes, PieceBytes);
        // Its lock says that the writer lives, see RemoveUnlessWritten.
        await using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            Options = FileOptions.Asynchronous,
            BufferSize = 0,
        });
        while (await intake.NextAsync(cancellation) is { Length: > 0 } piece)
            await file.WriteAsync(piece, cancellation);
        file.Flush(flushToDisk: true);
        return intake.Reference();
    }

    /// <summary>Also where the same content is there already, its entry in the folder is synced before it is promised: its first writer may not have come so far.</summary>
    private void Publish(string unfinished, string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            FolderSync.Sync(_folder);
        }

        // One that is there may be open, which on Windows keeps it from being replaced.
        if (!File.Exists(path))
            File.Move(unfinished, path, overwrite: true);
        FolderSync.Sync(folder);
    }

    /// <summary>A file that another seed is writing is locked.</summary>
    private static void RemoveUnlessWritten(string path)
    {
        try
        {
            using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            {
            }

            File.Delete(path);
        }
        catch (IOException)
        {
            // Being written, or just published.
        }
    }

    private string PathOf(ArtifactHash hash) => Path.Combine(_folder, hash.Hex[..2], hash.Hex);
}
