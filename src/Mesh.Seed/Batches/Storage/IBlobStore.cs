using Mesh.Messages.Control;

namespace Mesh.Seed.Batches.Storage;

/// <summary>
/// Content-addressed blobs that every seed of the region reaches: uploaded files and batches' results. The same content
/// written twice is stored once. Thread-safe.
/// </summary>
public interface IBlobStore
{
    /// <summary>Reads the content to its end and stores it. When the task completes it is durable: file and folder synced, or committed.</summary>
    /// <exception cref="BlobTooLargeException">It is longer than <paramref name="maxBytes"/>; nothing was kept.</exception>
    /// <exception cref="IOException">The store cannot take it.</exception>
    Task<BlobReference> WriteAsync(Stream content, long maxBytes, CancellationToken cancellation);

    /// <summary>Opens a blob from byte <paramref name="offset"/> on; reads ahead in bounded memory.</summary>
    /// <exception cref="FileNotFoundException">The store does not have it.</exception>
    /// <exception cref="IOException">The store cannot be read.</exception>
    Task<Stream> OpenAsync(BlobReference blob, long offset, CancellationToken cancellation);

    /// <summary>Bytes that it can still take; null where it cannot tell.</summary>
    /// <exception cref="IOException">The store cannot be read.</exception>
    long? FreeBytes => null;

    /// <summary>Removes a blob; without effect when it is not there. The caller knows that nothing refers to it.</summary>
    Task DeleteAsync(BlobReference blob, CancellationToken cancellation);
}

/// <summary>Content beyond the bound that its writer set.</summary>
public sealed class BlobTooLargeException(long maxBytes) : Exception($"the content is larger than {maxBytes} bytes")
{
    public long MaxBytes { get; } = maxBytes;
}
