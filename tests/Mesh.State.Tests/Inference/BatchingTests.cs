using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Testing;
using Microsoft.ML.OnnxRuntime.Tensors;
using static Mesh.State.Tests.Inference.JoinedRuns;

namespace Mesh.State.Tests.Inference;

/// <summary>The engine on real models, with its one thread occupied while company gathers.</summary>
public sealed class BatchingTests
{
    [Fact]
    public async Task Fashion_pictures_get_from_a_joined_run_what_they_get_alone()
    {
        using var harness = NewHarness();
        var artifact = TestArtifact.OfCheckout("fashion_cnn").Batched(32);
        var alone = await AloneAsync(harness, artifact, [.. Enumerable.Range(0, 30).Select(i => FashionPictures.Tensor(i, 1))]);
        await TrustAsync(harness, artifact, FashionPictures.Tensor(0, 1), FashionPictures.Tensor(1, 1));
        var (joined, runs) = await TogetherAsync(harness, artifact, [.. Enumerable.Range(0, 30).Select(i => FashionPictures.Tensor(i, 1))]);

        Assert.Equal(1, runs);
        for (var i = 0; i < joined.Length; i++)
            AssertSameAnswer(alone[i], joined[i], [1, 10]);
    }

    [Fact]
    public async Task Requests_of_several_rows_get_their_own_rows_back()
    {
        using var harness = NewHarness();
        var artifact = TestArtifact.OfCheckout("lande").Batched(8);
        RawTensor[] inputs = [Waves(1, 1), Waves(3, 2), Waves(2, 3), Waves(4, 4)];
        var alone = await AloneAsync(harness, artifact, inputs);
        await TrustAsync(harness, artifact, inputs[0], inputs[1]);
        var (joined, runs) = await TogetherAsync(harness, artifact, inputs);

        Assert.Equal(2, runs); // 1 + 3 + 2 rows and then 4: at most 8 in one run
        for (var i = 0; i < inputs.Length; i++)
            AssertSameAnswer(alone[i], joined[i], alone[i].Outputs[0].Shape);
    }

    [Theory]
    [InlineData("Softmax")] // gives as many rows, computed from all of them
    [InlineData("Unique")] // gives fewer rows when two are the same
    public async Task A_model_whose_first_dimension_is_no_batch_runs_its_requests_one_by_one(string type)
    {
        using var harness = NewHarness();
        var artifact = new TestArtifact(type, OnnxFile.Rows(type, OnnxFile.Attribute("axis", 0))).Batched(32);
        RawTensor[] inputs = [Row(1, 2), Row(3, 4), Row(1, 2)];
        var alone = await AloneAsync(harness, artifact, inputs);
        for (var round = 0; round < 2; round++)
        {
            var (together, runs) = await TogetherAsync(harness, artifact, inputs);
            Assert.Equal(round == 0 ? 4 : 3, runs); // the first time once joined, and never again
            Assert.Equal(alone.Select(Values), together.Select(Values));
        }
    }

    [Fact]
    public async Task A_member_that_the_model_refuses_does_not_spoil_the_others()
    {
        using var harness = NewHarness();
        var artifact = new TestArtifact("bools", OnnxFile.Identity((TensorElementType.Bool, [-1, 2]))).Batched(32);
        RawTensor[] inputs = [new([1, 2], new byte[] { 1, 0 }), new([1, 2], new byte[] { 1, 2 }), new([1, 2], new byte[] { 0, 1 })];
        await TrustAsync(harness, artifact, inputs[0], inputs[2]);
        var (results, _) = await TogetherAsync(harness, artifact, inputs);

        Assert.Equal([AttemptOutcome.Ok, AttemptOutcome.Invalid, AttemptOutcome.Ok], results.Select(result => result.Outcome));
        Assert.Contains("other than 0 and 1", results[1].Error, StringComparison.Ordinal);
        Assert.Equal([[1, 0], [0, 1]], new[] { results[0], results[2] }.Select(result => result.Outputs[0].Data.ToArray()));
    }

    [Fact]
    public async Task Strings_never_share_a_run()
    {
        using var harness = NewHarness();
        var artifact = new TestArtifact("texts", OnnxFile.Identity((TensorElementType.String, [-1]))).Batched(32);
        RawTensor[] inputs = [new([1], new byte[] { 2, 0, 0, 0, 7, 8 }), new([1], new byte[] { 2, 0, 0, 0, 9, 9 })];
        var (results, runs) = await TogetherAsync(harness, artifact, inputs);
        Assert.Equal(2, runs);
        Assert.Equal(inputs.Select(input => input.Data.ToArray()), results.Select(result => result.Outputs[0].Data.ToArray()));
    }

    [Fact]
    public async Task Cancelling_a_member_of_a_run_ends_it_for_nobody_else()
    {
        using var harness = NewHarness();
        var artifact = new TestArtifact("rows", OnnxFile.Identity((TensorElementType.Float, [-1, 2]))).Batched(32);
        await TrustAsync(harness, artifact, Row(0, 0), Row(1, 1));
        using var gate = new GatedMemory(Row(3, 4).Data.ToArray());
        var blocker = await harness.RunForeverAsync(Loop);
        Submitted[] jobs = [harness.Submit(artifact, [Row(1, 2)]), harness.Submit(artifact, [new([1, 2], gate.Memory)]), harness.Submit(artifact, [Row(5, 6)])];
        gate.Close();
        blocker.Job.Cancel();
        await gate.Reached.WaitAsync(EngineHarness.Patience);
        jobs[0].Job.Cancel();
        gate.Open();

        Assert.Equal(AttemptOutcome.Cancelled, (await jobs[0].Result).Outcome);
        Assert.Equal((float[])[3, 4], Values(await jobs[1].Result));
        Assert.Equal((float[])[5, 6], Values(await jobs[2].Result));
    }

    [Fact]
    public async Task A_run_whose_members_are_all_cancelled_is_ended()
    {
        using var harness = NewHarness();
        var artifact = new TestArtifact("rows", OnnxFile.Identity((TensorElementType.Float, [-1, 2]))).Batched(32);
        await TrustAsync(harness, artifact, Row(0, 0), Row(1, 1));
        using var gate = new GatedMemory(Row(3, 4).Data.ToArray());
        var blocker = await harness.RunForeverAsync(Loop);
        Submitted[] jobs = [harness.Submit(artifact, [Row(1, 2)]), harness.Submit(artifact, [new([1, 2], gate.Memory)])];
        gate.Close();
        blocker.Job.Cancel();
        await gate.Reached.WaitAsync(EngineHarness.Patience);
        foreach (var job in jobs)
            job.Job.Cancel();
        gate.Open();
        foreach (var job in jobs)
            Assert.Equal("Cancelled while it ran.", (await job.Result).Error);
    }

    [Fact]
    public async Task A_request_waits_for_company_as_long_as_its_model_says()
    {
        var time = new ManualTime();
        using var harness = NewHarness(time);
        var artifact = new TestArtifact("rows", OnnxFile.Identity((TensorElementType.Float, [-1, 2]))).Batched(3, TimeSpan.FromMilliseconds(10));
        await AloneAsync(harness, artifact, Row(0, 0));
        var first = harness.Submit(artifact, [Row(1, 2)]);
        time.Advance(TimeSpan.FromMilliseconds(5));
        var second = harness.Submit(artifact, [Row(3, 4)]);
        Assert.Equal(AttemptOutcome.Ok, (await harness.Submit(Loop, [EngineHarness.Floats(1), EngineHarness.Scalar(1)]).Result).Outcome);
        Assert.False(first.Done.IsCompleted || second.Done.IsCompleted); // another model ran meanwhile
        time.Advance(TimeSpan.FromMilliseconds(7));
        Assert.Equal(TimeSpan.FromMilliseconds(12), (await first.Result).Timings.Queue);
        Assert.Equal(TimeSpan.FromMilliseconds(7), (await second.Result).Timings.Queue);

        // A full batch does not wait: the clock stands still.
        Submitted[] full = [.. Enumerable.Range(0, 3).Select(i => harness.Submit(artifact, [Row(i, i)]))];
        foreach (var job in full)
            Assert.Equal(TimeSpan.Zero, (await job.Result).Timings.Queue);
    }

    [Fact]
    public async Task A_run_ends_at_its_own_deadline()
    {
        var time = new ManualTime();
        using var harness = NewHarness(time);
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        var running = await harness.RunForeverAsync(Loop, budget: TimeSpan.FromSeconds(10));
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(running.Done.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        var result = await running.Result;
        Assert.Equal((AttemptOutcome.Expired, "Its budget ended while it ran."), (result.Outcome, result.Error));
    }

    [Fact]
    public async Task Unit_lines_run_after_everything_interactive_and_never_join_it()
    {
        using var harness = NewHarness();
        var artifact = new TestArtifact("rows", OnnxFile.Identity((TensorElementType.Float, [-1, 2]))).Batched(32);
        await TrustAsync(harness, artifact, Row(0, 0), Row(1, 1));
        var blocker = await harness.RunForeverAsync(Loop);
        var order = new ConcurrentQueue<string>();
        for (var i = 0; i < 6; i++)
        {
            var jobs = i < 4 ? JobClass.Unit : JobClass.Interactive;
            harness.Engine.Submit(new InferenceJob(
                artifact.Model, [Row(i, i)], [], TimeSpan.MaxValue, 0, artifact, result => order.Enqueue($"{jobs} {result.Outcome}"))
            {
                Class = jobs,
            });
        }

        Assert.Equal(3, harness.Engine.Status.Queued); // the blocker and two: lines of units do not count
        blocker.Job.Cancel();
        await harness.Engine.WhenIdleAsync(CancellationToken.None).WaitAsync(EngineHarness.Patience);
        Assert.Equal([.. Enumerable.Repeat("Interactive Ok", 2), .. Enumerable.Repeat("Unit Ok", 4)], order);
    }

    private static RawTensor Waves(int rows, float phase) =>
        new([rows, 620], MemoryMarshal.AsBytes(Enumerable.Range(0, rows * 620).Select(i => MathF.Sin(i + phase)).ToArray().AsSpan()).ToArray());

    private static void AssertSameAnswer(InferenceJobResult alone, InferenceJobResult joined, IReadOnlyList<long> shape)
    {
        Assert.Equal((AttemptOutcome.Ok, ""), (joined.Outcome, joined.Error));
        Assert.Equal(shape, joined.Outputs[0].Shape);
        var (expected, actual) = (Values(alone), Values(joined));
        Assert.Equal(expected.Length, actual.Length);
        Assert.Equal(Array.IndexOf(expected, expected.Max()), Array.IndexOf(actual, actual.Max()));
        for (var i = 0; i < expected.Length; i++)
            Assert.InRange(actual[i], expected[i] - 1e-5f, expected[i] + 1e-5f);
    }

    /// <summary>Memory that stops whoever reads it while it is closed.</summary>
    private sealed class GatedMemory(byte[] content) : MemoryManager<byte>
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _open = new(true);

        public Task Reached => _reached.Task;

        public void Close() => _open.Reset();

        public void Open() => _open.Set();

        public override Span<byte> GetSpan()
        {
            if (!_open.IsSet)
                _reached.TrySetResult();
            _open.Wait(EngineHarness.Patience);
            return content;
        }

        public override MemoryHandle Pin(int elementIndex = 0) => content.AsMemory(elementIndex).Pin();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing) => _open.Dispose();
    }
}
