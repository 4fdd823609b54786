using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Testing;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.State.Tests.Inference;

public sealed class InferenceEngineTests
{
    private static readonly TestArtifact Loop = new("loop", OnnxFile.DoublingLoop());
    private static readonly RawTensor[] Once = [EngineHarness.Floats(3), EngineHarness.Scalar(1)];

    [Fact]
    public async Task A_first_job_fetches_and_loads_its_model_and_the_next_finds_it()
    {
        var artifact = TestArtifact.OfCheckout("fashion_cnn");
        using var harness = new EngineHarness();
        using var changed = new SemaphoreSlim(0);
        harness.Engine.StatusChanged += () => changed.Release();
        var first = await harness.Submit(artifact, [FashionPictures.Tensor(0, 100)]).Result;
        var second = await harness.Submit(artifact, [FashionPictures.Tensor(0, 100)]).Result;
        await harness.Engine.WhenIdleAsync(CancellationToken.None);

        Assert.True(await changed.WaitAsync(EngineHarness.Patience));
        Assert.Equal(0, changed.CurrentCount);
        Assert.Equal((AttemptOutcome.Ok, AttemptOutcome.Ok), (first.Outcome, second.Outcome));
        Assert.Equal(first.Outputs[0].Data.ToArray(), second.Outputs[0].Data.ToArray());
        Assert.Equal([0L], artifact.Openings);
        Assert.True(first.Timings.Load > TimeSpan.Zero && first.Timings.Queue >= first.Timings.Load, first.Timings.ToString());
        Assert.Equal(TimeSpan.Zero, second.Timings.Load);
        var status = harness.Engine.Status;
        Assert.Equal((1, 0, 2L, 0L), (status.Threads, status.Queued, status.Answered, status.Failed));
        Assert.Equal([artifact.Model.Hash], status.Loaded);
        Assert.Equal(first.Timings.Infer + second.Timings.Infer, status.InferenceTime);
    }

    [Fact]
    public async Task Priority_then_deadline_decide_who_runs_next()
    {
        using var harness = new EngineHarness();
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var blocker = await harness.RunForeverAsync(Loop);
        var order = new ConcurrentQueue<string>();
        var jobs = new (string Name, uint Priority, int Budget)[] { ("default", 0, 60), ("later", 2, 300), ("sooner", 2, 200), ("first", 1, 900) };
        foreach (var (name, priority, budget) in jobs)
            harness.Engine.Submit(new InferenceJob(Loop.Model, Once, [], TimeSpan.FromSeconds(budget), priority, Loop, _ => order.Enqueue(name)));
        Assert.Equal(5, harness.Engine.Status.Queued);
        blocker.Job.Cancel();
        await harness.Engine.WhenIdleAsync(CancellationToken.None).WaitAsync(EngineHarness.Patience);

        Assert.Equal(["first", "sooner", "later", "default"], order);
    }

    [Fact]
    public async Task A_running_job_is_terminated_and_a_waiting_one_dropped_when_cancelled()
    {
        using var harness = new EngineHarness();
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var running = await harness.RunForeverAsync(Loop);
        var waiting = harness.Submit(Loop, Once);
        waiting.Job.Cancel();
        Assert.True(waiting.Done.IsCompleted); // at once, though a job runs
        Assert.Equal(AttemptOutcome.Cancelled, (await waiting.Result).Outcome);
        Assert.False(running.Done.IsCompleted);
        running.Job.Cancel();
        var result = await running.Result;

        Assert.Equal(AttemptOutcome.Cancelled, result.Outcome);
        Assert.True(result.Timings.Infer > TimeSpan.Zero);
        Assert.Equal(AttemptOutcome.Ok, (await harness.Submit(Loop, Once).Result).Outcome);
        var cancelledBefore = EngineHarness.Create(Loop, Once);
        cancelledBefore.Job.Cancel();
        harness.Engine.Submit(cancelledBefore.Job);
        Assert.Equal(AttemptOutcome.Cancelled, (await cancelledBefore.Result).Outcome);
    }

    [Fact]
    public async Task A_job_that_was_withdrawn_before_it_came_does_not_run()
    {
        using var harness = new EngineHarness();
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var blocker = await harness.RunForeverAsync(Loop);
        var withdrawn = EngineHarness.Create(Loop, Once);
        withdrawn.Job.CancelUnlessRunning();
        harness.Engine.Submit(withdrawn.Job);
        Assert.True(withdrawn.Done.IsCompleted);
        Assert.Equal(AttemptOutcome.Cancelled, (await withdrawn.Result).Outcome);
        blocker.Job.CancelUnlessRunning();
        Assert.False(blocker.Done.IsCompleted);
        blocker.Job.Cancel();
        Assert.Equal(AttemptOutcome.Cancelled, (await blocker.Result).Outcome);
    }

    [Fact]
    public async Task Whoever_waits_too_long_expires_at_its_deadline_while_another_runs()
    {
        var time = new ManualTime();
        using var harness = new EngineHarness(time: time);
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var blocker = await harness.RunForeverAsync(Loop);
        var longer = harness.Submit(Loop, Once, budget: TimeSpan.FromSeconds(20));
        var shorter = harness.Submit(Loop, Once, budget: TimeSpan.FromSeconds(10));
        var late = harness.Submit(Loop, Once, budget: TimeSpan.Zero);
        Assert.Equal(AttemptOutcome.Expired, (await late.Result).Outcome);

        time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(shorter.Done.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal((AttemptOutcome.Expired, TimeSpan.FromSeconds(10.1)), ((await shorter.Result).Outcome, (await shorter.Result).Timings.Queue));
        Assert.False(longer.Done.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(AttemptOutcome.Expired, (await longer.Result).Outcome);
        blocker.Job.Cancel();
        Assert.Equal(AttemptOutcome.Cancelled, (await blocker.Result).Outcome);
    }

    [Fact]
    public async Task A_job_expires_while_its_model_is_still_being_fetched_and_the_load_goes_on()
    {
        var time = new ManualTime();
        using var harness = new EngineHarness(time: time);
        var artifact = new TestArtifact("slow", OnnxFile.Identity(TensorElementType.Float));
        var gate = new TaskCompletionSource();
        artifact.Gate = gate.Task;
        var patient = harness.Submit(artifact, [EngineHarness.Floats(1)], budget: TimeSpan.FromSeconds(10));
        var hurried = harness.Submit(artifact, [EngineHarness.Floats(1)], budget: TimeSpan.FromSeconds(1));
        await artifact.Opened.Task;
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(AttemptOutcome.Expired, (await hurried.Result).Outcome);
        gate.SetResult();

        var result = await patient.Result;
        Assert.Equal(AttemptOutcome.Ok, result.Outcome);
        Assert.Equal(new AttemptTimings(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), TimeSpan.Zero), result.Timings);
    }

    [Fact]
    public async Task Beyond_the_bound_a_job_is_refused_as_busy_at_once()
    {
        using var harness = new EngineHarness(new InferenceEngineOptions { MaxQueued = 2 });
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var blocker = await harness.RunForeverAsync(Loop);
        var admitted = new[] { harness.Submit(Loop, Once), harness.Submit(Loop, Once) };
        var refused = harness.Submit(Loop, Once, priority: 1);
        Assert.True(refused.Done.IsCompleted);
        Assert.Equal(AttemptOutcome.Busy, (await refused.Result).Outcome);
        blocker.Job.Cancel();
        foreach (var job in admitted)
            Assert.Equal(AttemptOutcome.Ok, (await job.Result).Outcome);
    }

    [Fact]
    public async Task What_waits_is_handed_back_and_what_runs_goes_on()
    {
        using var harness = new EngineHarness();
        var unfetched = new TestArtifact("unfetched", OnnxFile.Identity(TensorElementType.Float)) { Gate = new TaskCompletionSource().Task };
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var running = await harness.RunForeverAsync(Loop);
        var waiting = new[] { harness.Submit(Loop, Once), harness.Submit(unfetched, [EngineHarness.Floats(1)]) };
        var idle = harness.Engine.WhenIdleAsync(CancellationToken.None);
        harness.Engine.HandBackQueued();
        foreach (var job in waiting)
            Assert.Equal(AttemptOutcome.HandedBack, (await job.Result).Outcome);
        Assert.False(running.Done.IsCompleted || idle.IsCompleted);
        running.Job.Cancel();
        await idle.WaitAsync(EngineHarness.Patience);
        Assert.True(running.Done.IsCompleted);
    }

    [Fact]
    public async Task Results_refused_by_the_model_are_invalid_and_harm_nobody()
    {
        var artifact = TestArtifact.OfCheckout("fashion_cnn");
        using var harness = new EngineHarness();
        var wrong = await harness.Submit(artifact, [new RawTensor([1, 1, 28, 27], new byte[28 * 27 * 4])]).Result;
        var right = await harness.Submit(artifact, [FashionPictures.Tensor(0, 1)]).Result;
        Assert.Equal((AttemptOutcome.Invalid, AttemptOutcome.Ok), (wrong.Outcome, right.Outcome));
        Assert.Equal((1L, 0L), (harness.Engine.Status.Answered, harness.Engine.Status.Failed));
    }

    [Fact]
    public async Task Every_job_completes_once_under_concurrent_cancels_on_several_threads()
    {
        using var harness = new EngineHarness(new InferenceEngineOptions { Threads = 3, MaxQueued = 50 });
        var artifact = TestArtifact.OfCheckout("lande");
        var completions = new int[2000];
        var input = new RawTensor([1, 620], MemoryMarshal.AsBytes(new float[620].AsSpan()).ToArray());
        Parallel.For(0, completions.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            var budget = i % 7 == 0 ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromMinutes(1);
            var job = new InferenceJob(artifact.Model, [input], [], budget, (uint)(i % 3), artifact, _ => Interlocked.Increment(ref completions[i]));
            harness.Engine.Submit(job);
            if (i % 2 == 0)
                job.Cancel();
            if (i % 100 == 99)
                harness.Engine.Unload(artifact.Model.Hash);
            if (i % 500 == 499)
                harness.Engine.HandBackQueued();
        });
        await harness.Engine.WhenIdleAsync(CancellationToken.None).WaitAsync(EngineHarness.Patience);

        Assert.All(completions, count => Assert.Equal(1, count));
        Assert.Equal(0, harness.Engine.Status.Queued);
        Assert.Equal(AttemptOutcome.Ok, (await harness.Submit(artifact, [input]).Result).Outcome);
    }
}
