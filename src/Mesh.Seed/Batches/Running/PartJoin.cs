using Mesh.Messages.Control;
using Mesh.Seed.Batches.Storage;

namespace Mesh.Seed.Batches.Running;

/// <summary>Makes few blobs of many, in their order, so that what names a file's parts stays small.</summary>
internal static class PartJoin
{
    public static async Task<IReadOnlyList<BlobReference>> JoinAsync(
        IBlobStore store, IReadOnlyList<BlobReference> parts, int most, CancellationToken cancellation)
    {
        if (parts.Count <= most)
            return parts;
        // Groups of equal size would need most of them; half leaves room for groups that end early.
        var target = parts.Sum(part => part.Size) / (most / 2) + 1;
        var joined = new List<BlobReference>();
        for (var next = 0; next < parts.Count;)
        {
            var group = new List<BlobReference>();
            for (var bytes = 0L; next < parts.Count && bytes < target; next++)
            {
                group.Add(parts[next]);
                bytes += parts[next].Size;
            }

            await using var content = new Sequence(store, group);
            joined.Add(await store.WriteAsync(content, long.MaxValue, cancellation));
        }

        return joined;
    }

    /// <summary>Blobs as one stream, each opened when the one before has ended.</summary>
    private sealed class Sequence(IBlobStore store, IReadOnlyList<BlobReference> parts) : Stream
    {
        private Stream? _current;
        private int _next;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (true)
            {
                if (_current is null)
                {
                    if (_next == parts.Count)
                        return 0;
                    _current = await store.OpenAsync(parts[_next++], 0, cancellationToken);
                }

                var count = await _current.ReadAsync(buffer, cancellationToken);
                if (count > 0 || buffer.Length == 0)
                    return count;
                await _current.DisposeAsync();
                _current = null;
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask DisposeAsync()
        {
            if (_current is not null)
                await _current.DisposeAsync();
            await base.DisposeAsync();
        }
    }
}
