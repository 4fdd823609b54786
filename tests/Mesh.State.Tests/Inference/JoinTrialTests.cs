using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Testing;
using Microsoft.ML.OnnxRuntime.Tensors;
using static Mesh.State.Tests.Inference.JoinedRuns;

namespace Mesh.State.Tests.Inference;

/// <summary>How the engine comes to trust a model's joined runs, and when it gives them up.</summary>
public sealed class JoinTrialTests
{
    private static readonly byte[] TwoFloats = new byte[8];

    [Fact]
    public async Task Nothing_is_joined_before_a_run_of_the_model_was_measured()
    {
        using var harness = NewHarness();
        var artifact = NewRows();
        var (_, runs) = await TogetherAsync(harness, artifact, [Row(1, 2), Row(3, 4), Row(5, 6)]);
        Assert.Equal(1 + 1 + 2, runs); // one alone, then two joined and, as a trial, alone
    }

    [Fact]
    public async Task A_model_too_slow_to_be_joined_is_not_even_tried()
    {
        using var harness = new EngineHarness(new InferenceEngineOptions { JoinedRunLimit = TimeSpan.FromTicks(1) });
        var (_, runs) = await TogetherAsync(harness, NewRows(), [Row(1, 2), Row(3, 4), Row(5, 6)]);
        Assert.Equal(3, runs);
    }

    [Fact]
    public async Task A_model_that_fails_whenever_it_is_joined_runs_alone_after_some_failures()
    {
        using var harness = NewHarness();
        var artifact = new TestArtifact("square", OnnxFile.Square()).Batched(32);
        RawTensor[] inputs = [One(2), One(3)];
        await AloneAsync(harness, artifact, inputs);
        for (var round = 0; round < 5; round++)
        {
            var (results, runs) = await TogetherAsync(harness, artifact, inputs);
            Assert.Equal([4F, 9F], results.SelectMany(Values));
            Assert.Equal(round < 3 ? 3 : 2, runs);
        }
    }

    [Fact]
    public async Task Failures_that_a_members_input_may_have_caused_do_not_count()
    {
        using var harness = NewHarness();
        var artifact = new TestArtifact("bools", OnnxFile.Identity((TensorElementType.Bool, [-1, 2]))).Batched(32);
        RawTensor[] good = [new([1, 2], new byte[] { 1, 0 }), new([1, 2], new byte[] { 0, 1 })];
        await TrustAsync(harness, artifact, good);
        for (var round = 0; round < 5; round++)
            await TogetherAsync(harness, artifact, [good[0], new([1, 2], new byte[] { 1, 2 })]);
        var (_, runs) = await TogetherAsync(harness, artifact, good);
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task A_trial_that_compared_nothing_does_not_count()
    {
        using var harness = NewHarness();
        var artifact = NewRows();
        await AloneAsync(harness, artifact, Row(0, 0));
        for (var round = 0; round < 3; round++)
        {
            // Both are cancelled once the joined run has read them.
            List<Submitted> jobs = [];
            var blocker = await LoadAndBlockAsync(harness);
            for (var i = 0; i < 2; i++)
                jobs.Add(harness.Submit(artifact, [new([1, 2], new PinnedMemory(TwoFloats, () => jobs.ForEach(job => job.Job.Cancel())).Memory)]));
            blocker.Job.Cancel();
            foreach (var job in jobs)
                Assert.Equal(AttemptOutcome.Cancelled, (await job.Result).Outcome);
            await IdleAsync(harness);
        }

        var (_, runs) = await TogetherAsync(harness, artifact, [Row(1, 2), Row(3, 4)]);
        Assert.Equal(3, runs);
    }

    [Fact]
    public async Task Who_makes_way_during_a_trial_keeps_what_the_joined_run_computed()
    {
        var time = new ManualTime();
        using var harness = new EngineHarness(new InferenceEngineOptions { UnitRunLimit = TimeSpan.FromMilliseconds(5) }, time);
        var artifact = NewRows();
        await AloneAsync(harness, artifact, Row(0, 0));
        var blocker = await LoadAndBlockAsync(harness);
        var before = harness.Engine.Status.Runs;
        Submitted? hurried = null;
        var second = new PinnedMemory(Row(3, 4).Data.ToArray(), () =>
        {
            hurried = harness.Submit(Loop, [EngineHarness.Floats(1), EngineHarness.Scalar(1)]);
            time.Advance(TimeSpan.FromMilliseconds(11));
        });
        Submitted[] lines =
        [
            harness.Submit(artifact, [Row(1, 2)], jobs: JobClass.Unit), harness.Submit(artifact, [new([1, 2], second.Memory)], jobs: JobClass.Unit),
        ];
        blocker.Job.Cancel();
        Assert.Equal([1F, 2F, 3F, 4F], (await Task.WhenAll(lines.Select(line => line.Result))).SelectMany(Values));
        Assert.Equal(AttemptOutcome.Ok, (await hurried!.Result).Outcome);
        await IdleAsync(harness);
        Assert.Equal(1 + 1 + 2 + 1, harness.Engine.Status.Runs - before); // the blocker, joined, alone twice (once in vain), the hurried one
    }

    private static TestArtifact NewRows() => new TestArtifact("rows", OnnxFile.Identity((TensorElementType.Float, [-1, 2]))).Batched(32);

    private static RawTensor One(float value) => new([1, 1], BitConverter.GetBytes(value));

    private static async Task<Submitted> LoadAndBlockAsync(EngineHarness harness)
    {
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        return await harness.RunForeverAsync(Loop);
    }
}
