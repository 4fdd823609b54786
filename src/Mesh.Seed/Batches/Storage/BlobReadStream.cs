using System.Security.Cryptography;
using Mesh.Messages.Control;

namespace Mesh.Seed.Batches.Storage;

/// <summary>
/// A blob as it is read: ends exactly where the blob ends, and when it was read from its start its SHA-256 is checked before
/// the last bytes are given out. So nobody takes broken content for whole.
/// </summary>
/// <param name="content">Disposed with this stream.</param>
internal sealed class BlobReadStream(Stream content, BlobReference blob, long offset) : ForwardStream
{
    private readonly IncrementalHash? _hash = offset == 0 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
    private long _left = blob.Size - offset;

    /// <exception cref="IOException">The content is not what its name says, or cannot be read.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_left == 0 || buffer.Length == 0)
            return 0;
        var count = await content.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
        if (count == 0)
            throw new IOException($"Blob {blob.Hash} ends {_left} bytes before its end.");
        _hash?.AppendData(buffer.Span[..count]);
        _left -= count;
        if (_left == 0 && _hash is not null && !_hash.GetHashAndReset().AsSpan().SequenceEqual(blob.Hash.ToBytes()))
            throw new IOException($"Blob {blob.Hash} holds other content than its hash says.");
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        _hash?.Dispose();
        await content.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash?.Dispose();
            content.Dispose();
        }

        base.Dispose(disposing);
    }
}
