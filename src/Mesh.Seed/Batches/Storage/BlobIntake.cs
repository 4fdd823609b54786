using System.Buffers;
using System.Security.Cryptography;
using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Batches.Storage;

/// <summary>Reads content to its end in pieces of equal size, and keeps count and hash.</summary>
internal sealed class BlobIntake(Stream content, long maxBytes, int pieceBytes) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _piece = ArrayPool<byte>.Shared.Rent(pieceBytes);
    private long _size;

    /// <summary>The next piece, full but for the last; empty at the end. Valid until the next call.</summary>
    /// <exception cref="BlobTooLargeException">More came than may.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancellation)
    {
        var count = await content.ReadAtLeastAsync(_piece.AsMemory(0, pieceBytes), pieceBytes, throwOnEndOfStream: false, cancellation);
        _size += count;
        if (_size > maxBytes)
            throw new BlobTooLargeException(maxBytes);
        _hash.AppendData(_piece, 0, count);
        return _piece.AsMemory(0, count);
    }

    /// <summary>What was read; to be asked once, at the end.</summary>
    public BlobReference Reference() => new(ArtifactHash.FromBytes(_hash.GetHashAndReset()), _size);

    public void Dispose()
    {
        _hash.Dispose();
        ArrayPool<byte>.Shared.Return(_piece);
    }
}
