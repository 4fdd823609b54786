using Mesh.Seed.Batches.Storage;

namespace Mesh.State.Tests.Batches.Lines;

/// <summary>Gives at most so many bytes at a time, as a network does.</summary>
internal sealed class PiecesStream(byte[] content, int piece) : ForwardStream
{
    private int _position;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = Math.Min(Math.Min(piece, buffer.Length), content.Length - _position);
        content.AsMemory(_position, count).CopyTo(buffer);
        _position += count;
        return new(count);
    }
}
