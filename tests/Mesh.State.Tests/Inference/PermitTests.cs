using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Testing;
using Microsoft.ML.OnnxRuntime.Tensors;
using static Mesh.State.Tests.Inference.JoinedRuns;

namespace Mesh.State.Tests.Inference;

/// <summary>What the owner does not allow does not start, and what must end ends; the rest goes on.</summary>
public sealed class PermitTests
{
    private static readonly OwnerConsent Everything = OwnerConsent.Everything;
    private static readonly RawTensor[] Once = [EngineHarness.Floats(3), EngineHarness.Scalar(1)];

    [Fact]
    public async Task Without_consent_to_batches_units_end_and_requests_go_on()
    {
        using var harness = new EngineHarness(new InferenceEngineOptions { Threads = 2 });
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var line = await harness.RunForeverAsync(Loop, jobs: JobClass.Unit);
        var request = await harness.RunForeverAsync(Loop);
        var waiting = harness.Submit(Loop, Once, jobs: JobClass.Unit);
        harness.Engine.Permit(Everything with { Batch = false }, Everything with { Batch = false });
        Assert.Equal(AttemptOutcome.HandedBack, (await line.Result).Outcome);
        Assert.Equal(AttemptOutcome.HandedBack, (await waiting.Result).Outcome);
        Assert.False(request.Done.IsCompleted);
        Assert.Equal(AttemptOutcome.Ok, (await harness.Submit(Loop, Once).Result).Outcome);
        request.Job.Cancel();
    }

    [Fact]
    public async Task What_may_finish_finishes_and_nothing_follows_it()
    {
        using var harness = new EngineHarness();
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var running = await harness.RunForeverAsync(Loop);
        var waiting = harness.Submit(Loop, Once);
        harness.Engine.Permit(OwnerConsent.Nothing, Everything);
        Assert.Equal(AttemptOutcome.HandedBack, (await waiting.Result).Outcome);
        Assert.Equal(AttemptOutcome.HandedBack, (await harness.Submit(Loop, Once).Result).Outcome);
        Assert.False(running.Done.IsCompleted);
        harness.Engine.Permit(OwnerConsent.Nothing, OwnerConsent.Nothing);
        Assert.Equal(AttemptOutcome.HandedBack, (await running.Result).Outcome);
    }

    [Fact]
    public async Task A_model_whose_consent_is_withdrawn_is_neither_run_nor_loaded()
    {
        using var harness = new EngineHarness(new InferenceEngineOptions { Threads = 2 });
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var other = new TestArtifact("other", OnnxFile.Identity(TensorElementType.Float));
        var running = await harness.RunForeverAsync(Loop);
        var others = Everything with { Models = new ConsentedModels([other.Model.Name], []) };
        harness.Engine.Permit(others, others);
        Assert.Equal(AttemptOutcome.HandedBack, (await running.Result).Outcome);
        Assert.Equal(AttemptOutcome.HandedBack, (await harness.Submit(Loop, Once).Result).Outcome);
        Assert.Equal(AttemptOutcome.Ok, (await harness.Submit(other, [EngineHarness.Floats(1)]).Result).Outcome);
        await Assert.ThrowsAsync<ModelUnavailableException>(() => harness.Engine.LoadAsync(Loop.Model with { Name = "third" }, Loop));
    }

    [Fact]
    public async Task A_model_whose_consent_is_withdrawn_is_fetched_no_further_and_another_one_is()
    {
        using var harness = new EngineHarness();
        var gate = new TaskCompletionSource();
        var withdrawn = new TestArtifact("withdrawn", OnnxFile.Identity(TensorElementType.Float)) { Gate = gate.Task };
        var other = new TestArtifact("other", OnnxFile.Identity(TensorElementType.Double)) { Gate = gate.Task };
        var fetches = new[] { harness.Engine.LoadAsync(withdrawn.Model, withdrawn), harness.Engine.LoadAsync(other.Model, other) };
        await Task.WhenAll(withdrawn.Opened.Task, other.Opened.Task).WaitAsync(EngineHarness.Patience);

        var others = Everything with { Models = new ConsentedModels([other.Model.Name], []) };
        harness.Engine.Permit(others, others);
        await Assert.ThrowsAsync<ModelUnavailableException>(() => fetches[0].WaitAsync(EngineHarness.Patience));
        gate.SetResult();
        await fetches[1].WaitAsync(EngineHarness.Patience);
        Assert.Equal([other.Model.Hash], harness.Engine.Status.Loaded);
    }

    [Fact]
    public async Task Of_two_models_with_one_artifact_the_permitted_one_is_loaded_however_often_it_is_permitted()
    {
        using var harness = new EngineHarness();
        var gate = new TaskCompletionSource();
        var withdrawn = new TestArtifact("withdrawn", OnnxFile.Identity(TensorElementType.Float)) { Gate = gate.Task };
        var other = new TestArtifact("other", withdrawn.Content) { Gate = gate.Task };
        var others = Everything with { Models = new ConsentedModels([other.Model.Name], []) };
        var broken = harness.Engine.LoadAsync(withdrawn.Model, withdrawn);
        harness.Engine.Permit(others, others);
        await Assert.ThrowsAsync<ModelUnavailableException>(() => broken.WaitAsync(EngineHarness.Patience));

        var load = harness.Engine.LoadAsync(other.Model, other);
        harness.Engine.Permit(others, others);
        gate.SetResult();
        await load.WaitAsync(EngineHarness.Patience);
    }

    [Fact]
    public async Task A_model_that_waits_to_be_loaded_again_is_not_without_consent()
    {
        using var harness = new EngineHarness();
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var running = await harness.RunForeverAsync(Loop);
        harness.Engine.Unload(Loop.Model.Hash);
        var again = harness.Engine.LoadAsync(Loop.Model, Loop);
        harness.Engine.Permit(Everything with { Models = new ConsentedModels(["other"], []) }, Everything);
        Assert.False(running.Done.IsCompleted || again.IsCompleted);
        running.Job.Cancel();
        await Assert.ThrowsAsync<ModelUnavailableException>(() => again.WaitAsync(EngineHarness.Patience));
        Assert.Empty(harness.Engine.Status.Loaded);
    }

    /// <summary>Whatever comes in whatever order: one outcome each, and no answer of work that came, or still waited, without consent.</summary>
    [Property(MaxTest = 40)]
    public Property Without_consent_no_further_inference_starts_whatever_else_happens() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ArrayOf(60).ToArbitrary(), happenings => RunAsync(happenings).GetAwaiter().GetResult());

    private static async Task RunAsync(int[] happenings)
    {
        using var harness = new EngineHarness(new InferenceEngineOptions { Threads = 2 });
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        // Both threads are busy whenever something is withdrawn, so all else waits: its outcome is not a matter of timing.
        Submitted[] busy = [await harness.RunForeverAsync(Loop), await harness.RunForeverAsync(Loop)];
        var starts = Everything;
        var all = new List<(Submitted Job, bool MayRun)>();
        foreach (var random in happenings.Select(happening => new Random(happening)))
        {
            if (random.Next(4) > 0)
            {
                var kind = random.Next(2) == 0 ? JobClass.Interactive : JobClass.Unit;
                all.Add((harness.Submit(Loop, Once, jobs: kind), Allows(starts, kind)));
                continue;
            }

            starts = new OwnerConsent(random.Next(3) > 0, random.Next(3) > 0);
            harness.Engine.Permit(starts, Everything);
            all = [.. all.Select(entry => (entry.Job, entry.MayRun && Allows(starts, entry.Job.Job.Class)))];
        }

        Array.ForEach(busy, job => job.Job.Cancel());
        foreach (var (job, mayRun) in all)
            Assert.Equal(mayRun ? AttemptOutcome.Ok : AttemptOutcome.HandedBack, (await job.Result).Outcome);
    }

    private static bool Allows(OwnerConsent consent, JobClass kind) => kind == JobClass.Interactive ? consent.Interactive : consent.Batch;
}
