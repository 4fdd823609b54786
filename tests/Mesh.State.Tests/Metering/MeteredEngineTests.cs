using System.Collections.Concurrent;
using Mesh.Messages;
using Mesh.Messages.Work;
using Mesh.Node.Inference;
using Mesh.Node.Metering;
using Mesh.Node.Units;
using Mesh.State.Tests.Inference;
using Mesh.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.State.Tests.Metering;

/// <summary>The engine under a meter to which each run costs the same, so that sums can be compared to the microjoule.</summary>
public sealed class MeteredEngineTests : IDisposable
{
    /// <summary>A prime, so that no number of members divides it.</summary>
    private const long RunUj = 10_007;

    private static readonly TestArtifact Loop = new("loop", OnnxFile.DoublingLoop());

    private readonly ConcurrentQueue<JobUsage> _used = new();
    private readonly EngineHarness _harness;
    private long _clock;

    public MeteredEngineTests()
    {
        // Read at a run's start and at its end: a microsecond has passed.
        var clock = new CpuClock(() => TimeSpan.FromMicroseconds(Interlocked.Increment(ref _clock)), () => TimeSpan.Zero);
        var energy = new PowerModel("", IdleWatts: 0, WattsPerBusyCore: RunUj, Overhead: 1);
        _harness = new EngineHarness(meter: new RunMeter(energy, clock, singleThreaded: true, TimeProvider.System, _used.Enqueue));
    }

    public void Dispose() => _harness.Dispose();

    [Fact]
    public async Task What_runs_took_is_their_jobs_to_the_microjoule_whoever_shared_them()
    {
        var artifact = TestArtifact.OfCheckout("fashion_cnn").Batched(32);
        await _harness.Engine.LoadAsync(artifact.Model, artifact);
        var results = new List<InferenceJobResult>();
        for (var round = 0; round < 6; round++)
        {
            // The one thread is taken while company gathers; members of one, two and three rows.
            var blocker = await _harness.RunForeverAsync(Loop);
            var jobs = Enumerable.Range(1, 9).Select(i => _harness.Submit(artifact, [FashionPictures.Tensor(i, 1 + (i % 3))])).ToList();
            blocker.Job.Cancel();
            results.Add(await blocker.Result);
            foreach (var job in jobs)
                results.Add(await job.Result);
        }

        var runs = _harness.Engine.Status.Runs;
        Assert.True(runs < results.Count, $"{runs} runs for {results.Count} jobs: none was shared.");
        Assert.Equal(runs * RunUj, results.Sum(result => result.Timings.EnergyUj));
        Assert.Equal(runs * RunUj, _used.Sum(job => job.Cost.EnergyUj));
        Assert.Equal(TimeSpan.FromMicroseconds(runs), new TimeSpan(results.Sum(result => result.Timings.Cpu.Ticks)));
        Assert.All(results, result => Assert.True(result.Timings.EnergyUj > 0));
    }

    [Fact]
    public async Task A_units_results_carry_what_their_lines_took()
    {
        var rows = new TestArtifact("rows", OnnxFile.Identity((TensorElementType.Float, [-1, 1])));
        var units = new UnitWork(_harness.Engine, new UnitWorkOptions(), TimeProvider.System, NullLogger<UnitWork>.Instance);
        var due = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var port = new UnitPort(rows, () => due.TrySetResult());
        units.Announce(port, 1);
        units.Fill(port, new VehicleFrame()); // that nothing was kept
        due = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var line = new UnitLine { Inputs = { new RawTensor([1, 1], new byte[4]).ToWire() } };
        units.Take(port, new UnitLines { Unit = 1, Term = 1, Last = true, Lines = { line } }, rows.Model);
        await due.Task.WaitAsync(EngineHarness.Patience);

        var frame = new VehicleFrame();
        units.Fill(port, frame);
        var result = frame.UnitResults.Single().Results.Single();
        Assert.Equal((AttemptStatus.AttemptOk, 1UL, (ulong)RunUj), (result.Status, result.CpuUs, result.EnergyUj));
    }

    [Fact]
    public async Task Each_job_is_told_once_with_its_sizes_and_also_when_it_was_ended_or_never_ran()
    {
        var running = await _harness.RunForeverAsync(Loop);
        var waiting = _harness.Submit(Loop, [EngineHarness.Floats(1), EngineHarness.Scalar(1)]);
        waiting.Job.Cancel();
        running.Job.Cancel();
        await Task.WhenAll(waiting.Result, running.Result);
        var unit = _harness.Submit(Loop, [EngineHarness.Floats(1), EngineHarness.Scalar(1)], jobs: JobClass.Unit);
        Assert.Equal(RunUj, (await unit.Result).Timings.EnergyUj);

        var output = (await unit.Result).Outputs.Sum(tensor => (long)tensor.Data.Length);
        Assert.Equal(
            [
                ("loop/1", false, AttemptOutcome.Cancelled, 12, 0, 0L),
                ("loop/1", false, AttemptOutcome.Cancelled, 12, 0, RunUj),
                ("loop/1", true, AttemptOutcome.Ok, 12, output, RunUj),
            ],
            _used.Select(job => (job.Model, job.IsBatch, job.Outcome, job.BytesIn, job.BytesOut, job.Cost.EnergyUj)));
    }
}
