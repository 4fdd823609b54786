using Mesh.Actors.Tests.Routing;
using Mesh.Messages.Control;
using Mesh.Seed.Batches.Storage;
using Mesh.Testing;
using Npgsql;

namespace Mesh.Actors.Tests.Batches;

/// <summary>The spec measures what the whole process allocates, so nothing else may run beside it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

/// <summary>In a folder: of a single seed, or shared.</summary>
[Collection(Alone.Name)]
public sealed class FolderBlobStoreTests : BlobStoreSpec
{
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("mesh-blobs-").FullName, "blobs");

    public override Task DisposeAsync()
    {
        Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task What_a_crash_left_unfinished_is_removed_at_the_next_start_and_never_was_a_blob()
    {
        // A crash between write and rename: the content is there in full, under no blob's name.
        var content = Bytes(1000, seed: 5);
        var elsewhere = new FolderBlobStore(_folder + "-other");
        var blob = await elsewhere.WriteAsync(new MemoryStream(content), long.MaxValue, default);
        var torn = Path.Combine(_folder, "unfinished", "torn");
        Directory.CreateDirectory(Path.GetDirectoryName(torn)!);
        await File.WriteAllBytesAsync(torn, content);

        var store = new FolderBlobStore(_folder);
        await Assert.ThrowsAsync<FileNotFoundException>(() => store.OpenAsync(blob, 0, default));
        Assert.Equal(0, await CountKeptAsync());
    }

    [Fact]
    public async Task A_seed_that_starts_leaves_alone_what_another_is_writing()
    {
        var content = new TwoPieces();
        var writing = new FolderBlobStore(_folder).WriteAsync(content, long.MaxValue, default);
        await content.Asked;
        _ = new FolderBlobStore(_folder);
        content.Release();
        var blob = await writing;
        Assert.Equal(2, blob.Size);
        Assert.Equal([1, 2], await ReadAsync(new FolderBlobStore(_folder), blob));
    }

    [Fact]
    public async Task A_blob_that_was_cut_short_is_not_given_out_as_whole()
    {
        var store = await CreateAsync();
        var blob = await store.WriteAsync(new MemoryStream(Bytes(1000, seed: 6)), long.MaxValue, default);
        await using (var file = new FileStream(FileOf(blob), FileMode.Open, FileAccess.Write))
            file.SetLength(999);
        Assert.Contains("ends 1 bytes before its end", (await Assert.ThrowsAsync<IOException>(() => ReadAsync(store, blob))).Message, StringComparison.Ordinal);
        Assert.Contains("before its end", (await Assert.ThrowsAsync<IOException>(() => ReadAsync(store, blob, 10))).Message, StringComparison.Ordinal);
    }

    protected override Task<IBlobStore> CreateAsync() => Task.FromResult<IBlobStore>(new FolderBlobStore(_folder));

    protected override async Task SpoilAsync(BlobReference blob)
    {
        await using var file = new FileStream(FileOf(blob), FileMode.Open, FileAccess.ReadWrite);
        var value = (byte)file.ReadByte();
        file.Position = 0;
        file.WriteByte((byte)~value);
    }

    protected override Task<int> CountKeptAsync() => Task.FromResult(Directory.GetFiles(_folder, "*", SearchOption.AllDirectories).Length);

    private string FileOf(BlobReference blob) => Path.Combine(_folder, blob.Hash.Hex[..2], blob.Hash.Hex);

    /// <summary>Gives its second byte when it is told to.</summary>
    private sealed class TwoPieces : ForwardStream
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private byte _next = 1;

        public Task Asked => _asked.Task;

        public void Release() => _released.SetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_next == 3)
                return 0;
            if (_next == 2)
            {
                _asked.SetResult();
                await _released.Task;
            }

            buffer.Span[0] = _next++;
            return 1;
        }
    }
}

/// <summary>In the journal's database, by default where that is PostgreSQL.</summary>
[NeedsPostgres]
[Collection(Alone.Name)]
public sealed class PostgresBlobStoreTests : BlobStoreSpec
{
    private readonly List<PostgresBlobStore> _stores = [];
    private string _database = "";

    public override async Task InitializeAsync() => _database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();

    public override async Task DisposeAsync()
    {
        foreach (var store in _stores)
            await store.DisposeAsync();
    }

    [JournalFact]
    public async Task A_database_that_is_away_is_an_IOException()
    {
        await using var away = new PostgresBlobStore(new NpgsqlConnectionStringBuilder(_database) { Port = 1 }.ConnectionString);
        var error = await Assert.ThrowsAsync<IOException>(() => away.WriteAsync(new MemoryStream([1]), 1, default));
        Assert.Contains("cannot be written in PostgreSQL", error.Message, StringComparison.Ordinal);
    }

    [JournalFact]
    public async Task A_chunk_that_is_missing_is_not_passed_over()
    {
        var store = await CreateAsync();
        var blob = await store.WriteAsync(new MemoryStream(Bytes(3 << 20, seed: 7)), long.MaxValue, default);
        await ExecuteAsync("delete from mesh_blob_chunk where number = 1");
        Assert.Contains("before its end", (await Assert.ThrowsAsync<IOException>(() => ReadAsync(store, blob))).Message, StringComparison.Ordinal);
    }

    protected override Task<IBlobStore> CreateAsync()
    {
        var store = new PostgresBlobStore(_database);
        lock (_stores)
            _stores.Add(store);
        return Task.FromResult<IBlobStore>(store);
    }

    protected override async Task SpoilAsync(BlobReference blob) => await ExecuteAsync(
        "update mesh_blob_chunk set content = set_byte(content, 0, 255 - get_byte(content, 0)) where number = 0");

    protected override async Task<int> CountKeptAsync() =>
        (int)(long)(await ExecuteAsync("select (select count(*) from mesh_blob) + (select count(*) from mesh_blob_chunk)"))!;

    private async Task<object?> ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync();
#pragma warning disable CA2100 // Texts of this file.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }
}
