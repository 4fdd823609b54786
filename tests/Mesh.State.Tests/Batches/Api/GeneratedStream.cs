using Mesh.Seed.Batches.Storage;

namespace Mesh.State.Tests.Batches.Api;

/// <summary>The same bytes each time, of any length, and no store of them.</summary>
internal sealed class GeneratedStream(long size) : ForwardStream
{
    private const int Period = 251;

    private static readonly byte[] Pattern = [.. Enumerable.Range(0, 64 << 10).Select(i => (byte)(i % Period))];

    private long _position;

    public override long Length => size;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var start = (int)(_position % Period);
        var count = (int)Math.Min(Math.Min(buffer.Length, size - _position), Pattern.Length - start);
        Pattern.AsSpan(start, count).CopyTo(buffer.Span);
        _position += count;
        return new(count);
    }
}
