using Mesh.Messages;
using Mesh.Node.Inference;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Inference;

public sealed class ModelStoreTests : IDisposable
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_artifact_is_fetched_once_and_found_again_by_another_process()
    {
        var artifact = Artifact(1, 300_000);
        using (var store = Store())
        {
            for (var i = 0; i < 3; i++)
            {
                using var lease = await store.AcquireAsync(artifact.Model, artifact, Never);
                Assert.Equal(Path.Combine(_folder.Path, artifact.Model.Hash.Hex + ".onnx"), lease.Path);
                Assert.Equal(artifact.Content, await File.ReadAllBytesAsync(lease.Path));
            }
        }

        using var later = Store();
        using var again = await later.AcquireAsync(artifact.Model, artifact, Never);
        Assert.Equal([0L], artifact.Openings);
    }

    [Fact]
    public async Task Calls_for_one_artifact_share_a_download_which_goes_on_while_one_of_them_waits()
    {
        var artifact = Artifact(1, 50_000);
        var gate = new TaskCompletionSource();
        artifact.Gate = gate.Task;
        using var store = Store();
        using var impatient = new CancellationTokenSource();
        var givenUp = store.AcquireAsync(artifact.Model, artifact, impatient.Token);
        var others = Enumerable.Range(0, 8).Select(_ => store.AcquireAsync(artifact.Model, artifact, Never)).ToArray();
        await artifact.Opened.Task;
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
        gate.SetResult();

        Assert.Single((await Task.WhenAll(others)).Select(lease => lease.Path).Distinct());
        Assert.Equal([0L], artifact.Openings);
    }

    [Fact]
    public async Task A_download_that_nobody_waits_for_ends_and_the_next_one_goes_on_from_there()
    {
        var artifact = Artifact(1, 500_000);
        var fetched = new Fetched();
        using var store = Store(Options(fetched));
        await GiveUpAsync(store, artifact, 200_000, fetched);
        Assert.True(File.Exists(store.PathOf(artifact.Model.Hash) + ".part"));

        artifact.Gate = Task.CompletedTask;
        using var lease = await store.AcquireAsync(artifact.Model, artifact, Never).WaitAsync(EngineHarness.Patience);
        Assert.Equal(0, artifact.Openings.First());
        Assert.All(artifact.Openings.Skip(1), offset => Assert.Equal(200_000, offset));
        Assert.Equal(500_000, fetched.Bytes);
        Assert.Equal(artifact.Content, await File.ReadAllBytesAsync(lease.Path));
        Assert.Equal([lease.Path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task What_came_of_a_cancelled_download_makes_room()
    {
        var (artifact, other) = (Artifact(1, 2000), Artifact(2, 1500));
        var fetched = new Fetched();
        using var store = Store(Options(fetched) with { QuotaBytes = 2500 });
        await GiveUpAsync(store, artifact, 1500, fetched);
        using var lease = await store.AcquireAsync(other.Model, other, Never);
        Assert.Equal([lease.Path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_part_that_is_not_the_artifacts_is_found_out_and_deleted()
    {
        var artifact = Artifact(1, 2000);
        var forged = new TestArtifact("forged", Artifact(2, 2000).Content) { Model = artifact.Model };
        var fetched = new Fetched();
        using var store = Store(Options(fetched));
        await GiveUpAsync(store, forged, 1500, fetched);
        await Assert.ThrowsAsync<ModelUnavailableException>(() => store.AcquireAsync(artifact.Model, artifact, Never));
        using var lease = await store.AcquireAsync(artifact.Model, artifact, Never);
        Assert.Equal(artifact.Content, await File.ReadAllBytesAsync(lease.Path));
    }

    [Fact]
    public async Task A_broken_download_goes_on_from_where_it_broke()
    {
        var artifact = Artifact(1, 500_000);
        artifact.BreakAfter.Enqueue(200_000);
        artifact.BreakAfter.Enqueue(0);
        artifact.BreakAfter.Enqueue(100_000);
        var fetched = 0;
        using var store = Store(new ModelStoreOptions { Folder = _folder.Path, RetryDelay = TimeSpan.Zero, Fetched = bytes => fetched += bytes });
        using var lease = await store.AcquireAsync(artifact.Model, artifact, Never);

        Assert.Equal([0L, 200_000, 200_000, 300_000], artifact.Openings);
        Assert.Equal(500_000, fetched);
        Assert.Equal(artifact.Content, await File.ReadAllBytesAsync(lease.Path));
    }

    [Fact]
    public async Task A_source_that_stays_broken_ends_the_fetch_and_a_later_one_starts_anew()
    {
        var artifact = Artifact(1, 500_000);
        foreach (var bytes in (int[])[10, 0, 0, 0, 0])
            artifact.BreakAfter.Enqueue(bytes);
        using var store = Store();
        var failed = await Assert.ThrowsAsync<ModelUnavailableException>(() => store.AcquireAsync(artifact.Model, artifact, Never));

        Assert.Contains("in 5 attempts; 10 of 500000 bytes came. Last: The connection was reset.", failed.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
        using var lease = await store.AcquireAsync(artifact.Model, artifact, Never);
        Assert.Equal(artifact.Content, await File.ReadAllBytesAsync(lease.Path));
    }

    [Fact]
    public async Task A_source_that_falls_silent_counts_as_broken()
    {
        var time = new ManualTime();
        var artifact = Artifact(1, 1000);
        artifact.Gate = new TaskCompletionSource().Task;
        using var store = Store(new ModelStoreOptions { Folder = _folder.Path, Attempts = 1 }, time);
        var fetch = store.AcquireAsync(artifact.Model, artifact, Never);
        await artifact.Opened.Task;
        time.Advance(TimeSpan.FromSeconds(30));

        var failed = await Assert.ThrowsAsync<ModelUnavailableException>(() => fetch);
        Assert.Contains("sent nothing for 00:00:30", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Content_with_another_hash_is_deleted_and_named()
    {
        var real = Artifact(1, 1000);
        var forged = new TestArtifact("forged", Artifact(2, 1000).Content) { Model = real.Model };
        using var store = Store();
        var failed = await Assert.ThrowsAsync<ModelUnavailableException>(() => store.AcquireAsync(real.Model, forged, Never));

        Assert.Contains($"not {real.Model.Hash}", failed.Message, StringComparison.Ordinal);
        Assert.Equal([0L], forged.Openings);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task More_bytes_than_announced_end_the_fetch()
    {
        var artifact = Artifact(1, 1000);
        using var store = Store();
        var failed = await Assert.ThrowsAsync<ModelUnavailableException>(() => store.AcquireAsync(artifact.Model with { Size = 999 }, artifact, Never));
        Assert.Contains("more than the 999 bytes", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1001)]
    public async Task A_size_out_of_bounds_is_refused_before_anything_is_fetched(long size)
    {
        var artifact = Artifact(1, 10);
        using var store = Store(new ModelStoreOptions { Folder = _folder.Path, MaxArtifactBytes = 1000 });
        var failed = await Assert.ThrowsAsync<ModelUnavailableException>(() => store.AcquireAsync(artifact.Model with { Size = size }, artifact, Never));
        Assert.Contains("takes 1 to 1000", failed.Message, StringComparison.Ordinal);
        Assert.Empty(artifact.Openings);
    }

    [Fact]
    public async Task A_corrupt_file_is_fetched_again_and_left_parts_are_removed()
    {
        var artifact = Artifact(1, 1000);
        var path = Path.Combine(_folder.Path, artifact.Model.Hash.Hex + ".onnx");
        await File.WriteAllBytesAsync(path, new byte[1000]);
        await File.WriteAllBytesAsync(path + ".part", new byte[10]);
        using var store = Store();
        using var lease = await store.AcquireAsync(artifact.Model, artifact, Never);

        Assert.Equal(artifact.Content, await File.ReadAllBytesAsync(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task The_least_recently_used_artifact_makes_room_and_one_in_use_never_does()
    {
        var time = new ManualTime();
        using var store = Store(new ModelStoreOptions { Folder = _folder.Path, QuotaBytes = 2500 }, time);
        var (first, second, third, fourth) = (Artifact(1, 1000), Artifact(2, 1000), Artifact(3, 1000), Artifact(4, 1000));
        var firstLease = await Touch(store, first, time);
        (await Touch(store, second, time)).Dispose();
        (await Touch(store, third, time)).Dispose();
        Assert.Equal((true, false, true), (Has(store, first), Has(store, second), Has(store, third)));

        firstLease.Dispose();
        (await Touch(store, first, time)).Dispose();
        var fourthLease = await Touch(store, fourth, time);
        Assert.Equal((true, false, true), (Has(store, first), Has(store, third), Has(store, fourth)));

        var firstAgain = await Touch(store, first, time);
        var full = await Assert.ThrowsAsync<ModelUnavailableException>(() => store.AcquireAsync(second.Model, second, Never));
        Assert.Contains("disk quota", full.Message, StringComparison.Ordinal);
        firstAgain.Dispose();
        fourthLease.Dispose();
        (await Touch(store, second, time)).Dispose();
    }

    /// <summary>Waits until so many bytes came, the source's last for now, and gives up.</summary>
    private static async Task GiveUpAsync(ModelStore store, TestArtifact artifact, int bytes, Fetched fetched)
    {
        artifact.BreakAfter.Enqueue(bytes);
        fetched.At(bytes, () => artifact.Gate = new TaskCompletionSource().Task);
        using var impatient = new CancellationTokenSource();
        var fetch = store.AcquireAsync(artifact.Model, artifact, impatient.Token);
        await fetched.Reached.WaitAsync(EngineHarness.Patience);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetch);
    }

    private ModelStoreOptions Options(Fetched fetched) =>
        new() { Folder = _folder.Path, RetryDelay = TimeSpan.Zero, Fetched = fetched.Add };

    private static bool Has(ModelStore store, TestArtifact artifact) => File.Exists(store.PathOf(artifact.Model.Hash));

    private static async Task<ArtifactLease> Touch(ModelStore store, TestArtifact artifact, ManualTime time)
    {
        time.Advance(TimeSpan.FromMinutes(1));
        return await store.AcquireAsync(artifact.Model, artifact, Never);
    }

    private static TestArtifact Artifact(int seed, int bytes)
    {
        var content = new byte[bytes];
        new Random(seed).NextBytes(content);
        return new TestArtifact($"artifact-{seed}", content);
    }

    private ModelStore Store(ModelStoreOptions? options = null, TimeProvider? time = null) => new(
        options ?? new ModelStoreOptions { Folder = _folder.Path, RetryDelay = TimeSpan.Zero },
        time ?? TimeProvider.System,
        NullLogger<ModelStore>.Instance);

    /// <summary>Counts what comes, and tells when so much has come.</summary>
    private sealed class Fetched
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private (int Bytes, Action Act) _at = (int.MaxValue, () => { });

        public int Bytes { get; private set; }

        public Task Reached => _reached.Task;

        public void At(int bytes, Action act) => _at = (bytes, act);

        public void Add(int bytes)
        {
            Bytes += bytes;
            if (Bytes < _at.Bytes)
                return;
            _at.Act();
            _at.Bytes = int.MaxValue;
            _reached.TrySetResult();
        }
    }
}
