using Mesh.Messages.Control;
using Mesh.Seed.Batches.Storage;

namespace Mesh.Actors.Tests.Batches;

/// <summary>A blob store whose calls fail for a number of times, as a database that is away does: not with an I/O error.</summary>
internal sealed class FailingBlobs(IBlobStore blobs) : IBlobStore
{
    private int _reads;
    private int _writes;
    private int _joins;

    /// <summary>Reads that fail still.</summary>
    public int Reads
    {
        get => _reads;
        init => _reads = value;
    }

    /// <summary>Writes of results.</summary>
    public int Writes
    {
        get => _writes;
        init => _writes = value;
    }

    /// <summary>Writes of what is joined of other blobs.</summary>
    public int Joins
    {
        get => _joins;
        init => _joins = value;
    }

    public Task<BlobReference> WriteAsync(Stream content, long maxBytes, CancellationToken cancellation)
    {
        // Tests upload without a token to cancel it by.
        if (cancellation.CanBeCanceled)
            Fail(ref content is MemoryStream ? ref _writes : ref _joins);
        return blobs.WriteAsync(content, maxBytes, cancellation);
    }

    public Task<Stream> OpenAsync(BlobReference blob, long offset, CancellationToken cancellation)
    {
        Fail(ref _reads);
        return blobs.OpenAsync(blob, offset, cancellation);
    }

    public Task DeleteAsync(BlobReference blob, CancellationToken cancellation) => blobs.DeleteAsync(blob, cancellation);

    private static void Fail(ref int left)
    {
        if (Volatile.Read(ref left) <= 0)
            return;
        Interlocked.Decrement(ref left);
        throw new TimeoutException("the store does not answer");
    }
}
