using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Testing;
using Microsoft.ML.OnnxRuntime.Tensors;
using static Mesh.State.Tests.Inference.JoinedRuns;

namespace Mesh.State.Tests.Inference;

/// <summary>All work ends at once, by termination: the runs of these tests would never end by themselves.</summary>
public sealed class StoppingTests
{
    private static readonly RawTensor[] Once = [EngineHarness.Floats(3), EngineHarness.Scalar(1)];

    [Fact]
    public async Task Everything_is_handed_back_and_nothing_is_taken_until_work_resumes()
    {
        using var harness = new EngineHarness(new InferenceEngineOptions { Threads = 2 });
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var unfetched = new TestArtifact("unfetched", OnnxFile.Identity(TensorElementType.Float)) { Gate = new TaskCompletionSource().Task };
        Submitted[] jobs =
        [
            await harness.RunForeverAsync(Loop), await harness.RunForeverAsync(Loop, jobs: JobClass.Unit),
            harness.Submit(Loop, Once, jobs: JobClass.Unit), harness.Submit(unfetched, [EngineHarness.Floats(1)]),
        ];
        await harness.StopAllAsync().WaitAsync(EngineHarness.Patience);
        Assert.All(jobs, job => Assert.True(job.Done.IsCompleted));
        foreach (var job in jobs)
            Assert.Equal(AttemptOutcome.HandedBack, (await job.Result).Outcome);
        Assert.Equal((0, 0L), (harness.Engine.Status.Queued, harness.Engine.Status.Failed));

        var refused = harness.Submit(Loop, Once);
        Assert.True(refused.Done.IsCompleted);
        Assert.Equal(AttemptOutcome.HandedBack, (await refused.Result).Outcome);
        await Assert.ThrowsAsync<ModelUnavailableException>(() => harness.Engine.LoadAsync(unfetched.Model, unfetched));

        harness.Resume();
        Assert.Equal(AttemptOutcome.Ok, (await harness.Submit(Loop, Once).Result).Outcome);
        Assert.Equal([Loop.Model.Hash], harness.Engine.Status.Loaded);
    }

    [Fact]
    public async Task A_load_that_was_broken_off_starts_again_for_whoever_comes_after()
    {
        using var harness = new EngineHarness();
        var fetched = new TaskCompletionSource();
        var artifact = new TestArtifact("slow", OnnxFile.Identity(TensorElementType.Float)) { Gate = fetched.Task };
        var load = harness.Engine.LoadAsync(artifact.Model, artifact);
        var before = harness.Submit(artifact, [EngineHarness.Floats(1)]);
        await artifact.Opened.Task.WaitAsync(EngineHarness.Patience);
        await harness.StopAllAsync().WaitAsync(EngineHarness.Patience);
        harness.Resume();
        var after = harness.Submit(artifact, [EngineHarness.Floats(1)]);
        fetched.SetResult();
        Assert.Equal(AttemptOutcome.HandedBack, (await before.Result).Outcome);
        Assert.Equal(AttemptOutcome.Ok, (await after.Result).Outcome);
        await Assert.ThrowsAsync<ModelUnavailableException>(() => load.WaitAsync(EngineHarness.Patience));
    }

    [Fact]
    public async Task The_fetch_of_a_load_is_broken_off_with_it()
    {
        using var harness = new EngineHarness();
        var artifact = new TestArtifact("endless", OnnxFile.Identity(TensorElementType.Float)) { Gate = new TaskCompletionSource().Task };
        var load = harness.Engine.LoadAsync(artifact.Model, artifact);
        await artifact.Opened.Task.WaitAsync(EngineHarness.Patience);
        await harness.StopAllAsync().WaitAsync(EngineHarness.Patience);
        await Assert.ThrowsAsync<ModelUnavailableException>(() => load.WaitAsync(EngineHarness.Patience));

        artifact.Gate = Task.CompletedTask;
        harness.Resume();
        Assert.Equal(AttemptOutcome.Ok, (await harness.Submit(artifact, [EngineHarness.Floats(1)]).Result).Outcome);
        Assert.Equal([0L, 0L], artifact.Openings);
    }

    [Fact]
    public async Task Members_of_a_run_that_have_no_answer_yet_are_handed_back()
    {
        using var harness = NewHarness();
        var artifact = new TestArtifact("rows", OnnxFile.Identity((TensorElementType.Float, [-1, 2]))).Batched(32);
        await AloneAsync(harness, artifact, Row(0, 0));
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var blocker = await harness.RunForeverAsync(Loop);
        // A trial, which runs its members one by one after the joined run: as the second is to run, everything stops.
        Task? stopping = null;
        var pinned = new PinnedMemory(Row(3, 4).Data.ToArray(), () => stopping = harness.StopAllAsync());
        Submitted[] jobs = [harness.Submit(artifact, [Row(1, 2)]), harness.Submit(artifact, [new([1, 2], pinned.Memory)]), harness.Submit(artifact, [Row(5, 6)])];
        blocker.Job.Cancel();
        Assert.Equal(
            [AttemptOutcome.Ok, AttemptOutcome.HandedBack, AttemptOutcome.HandedBack],
            (await Task.WhenAll(jobs.Select(job => job.Result))).Select(result => result.Outcome));
        await stopping!.WaitAsync(EngineHarness.Patience);
    }

    [Fact]
    public async Task A_line_that_is_making_way_is_handed_back_too()
    {
        var time = new ManualTime();
        using var harness = new EngineHarness(time: time);
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var line = await harness.RunForeverAsync(Loop, jobs: JobClass.Unit);
        var job = harness.Submit(Loop, [EngineHarness.Floats(1), EngineHarness.Scalar(long.MaxValue)]);
        time.Advance(TimeSpan.FromMilliseconds(11));
        await harness.StopAllAsync().WaitAsync(EngineHarness.Patience);
        Assert.Equal((AttemptOutcome.HandedBack, AttemptOutcome.HandedBack), ((await line.Result).Outcome, (await job.Result).Outcome));
    }

    [Fact]
    public async Task An_engine_that_ends_hands_back_what_waits_and_what_runs_and_resumes_no_more()
    {
        var harness = new EngineHarness();
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        Submitted[] jobs = [await harness.RunForeverAsync(Loop), harness.Submit(Loop, Once)];
        harness.Dispose();
        harness.Resume();
        foreach (var job in jobs.Append(harness.Submit(Loop, Once)))
            Assert.Equal(AttemptOutcome.HandedBack, (await job.Result).Outcome);
    }

    [Fact]
    public void Creating_a_session_is_broken_off()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => OnnxModel.Load(Testing.Checkout.Artifact("fashion_cnn"), 1, stop.Token));
    }
}
