using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Testing;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.State.Tests.Inference;

public sealed class ModelLoadingTests
{
    private static readonly RawTensor[] Input = [EngineHarness.Floats(1)];

    [Fact]
    public async Task A_corrupt_artifact_fails_only_its_own_jobs_and_is_not_retried_for_a_while()
    {
        using var harness = new EngineHarness(time: new ManualTime());
        var corrupt = new TestArtifact("corrupt", [.. File.ReadAllBytes(Testing.Checkout.Artifact("lande"))[..50_000]]);
        var sound = Identity("sound");
        var broken = harness.Submit(corrupt, Input);
        Assert.Equal(AttemptOutcome.Ok, (await harness.Submit(sound, Input).Result).Outcome);
        var failed = await broken.Result;
        Assert.Equal(AttemptOutcome.Failed, failed.Outcome);
        Assert.Contains("ONNX Runtime cannot load it", failed.Error, StringComparison.Ordinal);

        var again = harness.Submit(corrupt, Input);
        Assert.True(again.Done.IsCompleted);
        Assert.Equal(failed.Error, (await again.Result).Error);
        Assert.Equal((1L, 2L), (harness.Engine.Status.Answered, harness.Engine.Status.Failed));
        var refused = await Assert.ThrowsAsync<ModelUnavailableException>(() => harness.Engine.LoadAsync(corrupt.Model, corrupt));
        Assert.Equal(failed.Error, refused.Message);
    }

    [Fact]
    public async Task After_the_back_off_a_source_that_recovered_serves_the_model()
    {
        var time = new ManualTime();
        using var harness = new EngineHarness(time: time);
        var artifact = Identity("flaky");
        foreach (var _ in Enumerable.Range(0, 5))
            artifact.BreakAfter.Enqueue(0);
        Assert.Equal(AttemptOutcome.Failed, (await harness.Submit(artifact, Input).Result).Outcome);
        Assert.Equal(5, artifact.Openings.Count);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(AttemptOutcome.Ok, (await harness.Submit(artifact, Input).Result).Outcome);
    }

    [Fact]
    public async Task Many_jobs_of_a_model_wait_for_one_load_within_their_bound()
    {
        using var harness = new EngineHarness(new InferenceEngineOptions { MaxWaitingPerModel = 5 });
        var artifact = Identity("wanted");
        var gate = new TaskCompletionSource();
        artifact.Gate = gate.Task;
        var jobs = Enumerable.Range(0, 5).Select(_ => harness.Submit(artifact, Input)).ToArray();
        var load = harness.Engine.LoadAsync(artifact.Model, artifact);
        Assert.Equal(AttemptOutcome.Busy, (await harness.Submit(artifact, Input).Result).Outcome);
        gate.SetResult();
        await load;
        foreach (var job in jobs)
            Assert.Equal(AttemptOutcome.Ok, (await job.Result).Outcome);
        Assert.Equal([0L], artifact.Openings);
    }

    [Fact]
    public async Task A_model_is_released_once_its_run_is_done_and_loaded_again_when_asked()
    {
        using var harness = new EngineHarness();
        var loop = new TestArtifact("loop", OnnxFile.DoublingLoop());
        await harness.Engine.LoadAsync(loop.Model, loop);
        var changed = new SemaphoreSlim(0);
        harness.Engine.StatusChanged += () => changed.Release();
        var running = await harness.RunForeverAsync(loop);
        harness.Engine.Unload(loop.Model.Hash);
        var waiting = harness.Submit(loop, [EngineHarness.Floats(3), EngineHarness.Scalar(1)]);
        var load = harness.Engine.LoadAsync(loop.Model, loop);
        Assert.False(running.Done.IsCompleted || waiting.Done.IsCompleted || load.IsCompleted);
        running.Job.Cancel();
        await load.WaitAsync(EngineHarness.Patience);
        Assert.Equal(6f, BitConverter.ToSingle((await waiting.Result).Outputs[0].Data.Span));

        Assert.True(await changed.WaitAsync(EngineHarness.Patience) && await changed.WaitAsync(EngineHarness.Patience));
        harness.Engine.Unload(loop.Model.Hash);
        Assert.True(await changed.WaitAsync(EngineHarness.Patience));
        Assert.Empty(harness.Engine.Status.Loaded);
        Assert.Equal([0L], loop.Openings);
    }

    [Fact]
    public async Task A_job_queued_before_its_model_was_unloaded_loads_it_again()
    {
        using var harness = new EngineHarness();
        var loop = new TestArtifact("loop", OnnxFile.DoublingLoop());
        var other = Identity("other");
        await harness.Engine.LoadAsync(loop.Model, loop);
        await harness.Engine.LoadAsync(other.Model, other);
        var running = await harness.RunForeverAsync(loop);
        var queued = harness.Submit(other, Input);
        harness.Engine.Unload(other.Model.Hash);
        Assert.Equal([loop.Model.Hash], harness.Engine.Status.Loaded);
        running.Job.Cancel();
        Assert.Equal(AttemptOutcome.Ok, (await queued.Result).Outcome);
    }

    [Fact]
    public async Task Memory_goes_to_the_latest_models_and_never_from_one_in_use()
    {
        var (first, second) = (Identity("a", 400), Identity("b", 400));
        var loop = new TestArtifact("loop", OnnxFile.DoublingLoop());
        var memory = loop.Model.Size * 2 + first.Model.Size * 2;
        using var harness = new EngineHarness(new InferenceEngineOptions { MemoryBytes = memory, MemoryFactor = 2, LoadBackOff = TimeSpan.Zero });
        await harness.Engine.LoadAsync(loop.Model, loop);
        var running = await harness.RunForeverAsync(loop);
        await harness.Engine.LoadAsync(first.Model, first);
        await harness.Engine.LoadAsync(second.Model, second);
        Assert.Equal([loop.Model.Hash, second.Model.Hash], harness.Engine.Status.Loaded.OrderBy(hash => hash == second.Model.Hash));

        var large = Identity("large", 800);
        var refused = await Assert.ThrowsAsync<ModelUnavailableException>(() => harness.Engine.LoadAsync(large.Model, large));
        Assert.Contains("could be freed", refused.Message, StringComparison.Ordinal);
        Assert.Contains(second.Model.Hash, harness.Engine.Status.Loaded);
        running.Job.Cancel();
        await running.Result;
    }

    [Fact]
    public void Options_out_of_range_are_all_named()
    {
        var failed = Assert.Throws<ArgumentException>(() => new InferenceEngineOptions { Threads = 0, MaxQueued = -1, LoadBackOff = TimeSpan.FromSeconds(-1) }.Validate());
        Assert.Contains("Threads must be 1 or more, not 0. MaxQueued must be 1 or more, not -1. LoadBackOff must not be negative", failed.Message, StringComparison.Ordinal);
    }

    // The producer pads the file: models of different hash and known size.
    private static TestArtifact Identity(string name, int padding = 0) =>
        new(name, OnnxFile.Identity(TensorElementType.Float, producer: name + new string('x', padding)));
}
