using System.Security.Cryptography;
using Mesh.Actors.Tests.Routing;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Batches.Storage;

namespace Mesh.Actors.Tests.Batches;

/// <summary>What every blob store keeps to.</summary>
public abstract class BlobStoreSpec : IAsyncLifetime
{
    private const long NoLimit = long.MaxValue;

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public abstract Task DisposeAsync();

    /// <summary>Another seed's store over the same place.</summary>
    protected abstract Task<IBlobStore> CreateAsync();

    /// <summary>Changes one byte of what the store keeps, behind its back.</summary>
    protected abstract Task SpoilAsync(BlobReference blob);

    /// <summary>Things that the store keeps: blobs, pieces, unfinished ones.</summary>
    protected abstract Task<int> CountKeptAsync();

    [JournalFact]
    public async Task What_was_written_is_read_by_every_seed_from_any_byte_on()
    {
        var store = await CreateAsync();
        // Below, at and beyond the sizes of the pieces that stores work with.
        foreach (var size in new[] { 0, 1, (256 << 10) - 1, 256 << 10, 1 << 20, (1 << 20) + 1, (5 << 20) + 77 })
        {
            var content = Bytes(size, seed: size);
            var blob = await store.WriteAsync(new MemoryStream(content), NoLimit, default);
            Assert.Equal(new BlobReference(ArtifactHash.FromBytes(SHA256.HashData(content)), size), blob);
            var other = await CreateAsync();
            foreach (var offset in new[] { 0, size / 3, Math.Min(size, 1 << 20), size })
                Assert.Equal(content[offset..], await ReadAsync(other, blob, offset));
        }
    }

    [JournalFact]
    public async Task The_same_content_is_kept_once_also_when_two_seeds_write_it_at_once()
    {
        var content = Bytes(3 << 20, seed: 1);
        var first = await (await CreateAsync()).WriteAsync(new MemoryStream(content), NoLimit, default);
        var kept = await CountKeptAsync();
        var stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CreateAsync()));
        var more = await Task.WhenAll(stores.Select(store => store.WriteAsync(new MemoryStream(content), NoLimit, default)));
        Assert.All(more, blob => Assert.Equal(first, blob));
        Assert.Equal(kept, await CountKeptAsync());
        Assert.Equal(content, await ReadAsync(stores[3], first));
    }

    [JournalFact]
    public async Task Seeds_that_start_at_once_on_a_new_place_all_can_write()
    {
        var stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CreateAsync()));
        var blobs = await Task.WhenAll(stores.Select((store, i) => store.WriteAsync(new MemoryStream([(byte)i]), NoLimit, default)));
        for (var i = 0; i < blobs.Length; i++)
            Assert.Equal([(byte)i], await ReadAsync(stores[^(i + 1)], blobs[i]));
    }

    [JournalFact]
    public async Task Content_beyond_the_bound_is_refused_and_nothing_of_it_kept()
    {
        var store = await CreateAsync();
        var content = Bytes(2 << 20, seed: 2);
        await store.WriteAsync(new MemoryStream(content), content.Length, default);
        var kept = await CountKeptAsync();
        var refusal = await Assert.ThrowsAsync<BlobTooLargeException>(
            () => store.WriteAsync(new MemoryStream(content), content.Length - 1, default));
        Assert.Equal(content.Length - 1, refusal.MaxBytes);
        Assert.Equal(kept, await CountKeptAsync());
    }

    [JournalFact]
    public async Task Content_that_breaks_off_leaves_nothing_and_tells_the_readers_own_error()
    {
        var store = await CreateAsync();
        await store.WriteAsync(new MemoryStream([1]), NoLimit, default);
        var kept = await CountKeptAsync();
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(
            () => store.WriteAsync(new BreakingStream(3 << 20, new TimeZoneNotFoundException()), NoLimit, default));
        Assert.Equal(kept, await CountKeptAsync());
    }

    [JournalFact]
    public async Task Writing_can_be_cancelled_and_leaves_nothing()
    {
        var store = await CreateAsync();
        await store.WriteAsync(new MemoryStream([1]), NoLimit, default);
        var kept = await CountKeptAsync();
        using var cancellation = new CancellationTokenSource();
        var content = new BreakingStream(3 << 20, null, cancellation.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.WriteAsync(content, NoLimit, cancellation.Token));
        Assert.Equal(kept, await CountKeptAsync());
    }

    [JournalFact]
    public async Task A_deleted_blob_is_gone_and_can_be_written_again()
    {
        var store = await CreateAsync();
        await store.WriteAsync(new MemoryStream([1]), NoLimit, default);
        var kept = await CountKeptAsync();
        var content = Bytes(2 << 20, seed: 3);
        var blob = await store.WriteAsync(new MemoryStream(content), NoLimit, default);
        await store.DeleteAsync(blob, default);
        await store.DeleteAsync(blob, default);
        Assert.Equal(kept, await CountKeptAsync());
        await Assert.ThrowsAsync<FileNotFoundException>(() => store.OpenAsync(blob, 0, default));
        Assert.Equal(blob, await store.WriteAsync(new MemoryStream(content), NoLimit, default));
        Assert.Equal(content, await ReadAsync(store, blob));
    }

    [JournalFact]
    public async Task Content_that_changed_on_the_disk_is_not_given_out_as_whole()
    {
        var store = await CreateAsync();
        var blob = await store.WriteAsync(new MemoryStream(Bytes(2 << 20, seed: 4)), NoLimit, default);
        await SpoilAsync(blob);
        var error = await Assert.ThrowsAsync<IOException>(() => ReadAsync(store, blob));
        Assert.Contains(blob.Hash.Hex, error.Message, StringComparison.Ordinal);
    }

    [JournalFact]
    public async Task Large_content_goes_both_ways_in_bounded_memory()
    {
        const long size = 96L << 20;
        var store = await CreateAsync();
        var live = GC.GetTotalMemory(forceFullCollection: true);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var blob = await store.WriteAsync(new BreakingStream(size, null), NoLimit, default);
        await using (var content = await store.OpenAsync(blob, 0, default))
        {
            var buffer = new byte[64 << 10];
            long read = 0;
            for (int count; (count = await content.ReadAsync(buffer)) > 0; read += count)
            {
            }

            Assert.Equal(size, read);
        }

        // A chunk of a database is an array of its own; nothing is copied more than once, nor kept.
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, size + (size / 2));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - live, long.MinValue, size / 4);
    }

    protected static async Task<byte[]> ReadAsync(IBlobStore store, BlobReference blob, long offset = 0)
    {
        using var copy = new MemoryStream();
        await using var content = await store.OpenAsync(blob, offset, default);
        await content.CopyToAsync(copy);
        return copy.ToArray();
    }

    protected static byte[] Bytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Yields zeros, then ends, fails, or does what it is told to.</summary>
    private sealed class BreakingStream(long size, Exception? end, Action? atEnd = null) : ForwardStream
    {
        private long _position;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = (int)Math.Min(buffer.Length, size - _position);
            buffer.Span[..count].Clear();
            _position += count;
            if (count == 0 && end is not null)
                throw end;
            if (_position > size / 2)
                atEnd?.Invoke();
            cancellationToken.ThrowIfCancellationRequested();
            return new(count);
        }
    }
}
