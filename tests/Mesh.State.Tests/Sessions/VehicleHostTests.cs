using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Akka.Configuration;
using Mesh.Messages;
using Mesh.Node;
using Mesh.Node.Metering;
using Mesh.Node.Operations;
using Mesh.Node.Policy;
using Mesh.Node.Sessions;
using Mesh.Node.Telemetry;
using Mesh.Node.Units;
using Mesh.State.Tests.Inference;
using Mesh.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Sessions;

public sealed class VehicleHostTests
{
    private static readonly TestArtifact Loop = new("loop", OnnxFile.DoublingLoop());

    /// <summary>Its clock stands still, so that it never gets as far as to join.</summary>
    [Fact]
    public async Task When_nobody_judges_any_more_nothing_runs_any_more_and_the_process_fails()
    {
        using var folder = new TemporaryFolder();
        using var harness = new EngineHarness();
        var clock = new ManualTime();
        await using var source = new FailingSource(clock);
        var settings = new VehicleSettings { Vehicle = new VehicleId("V-1"), Region = new RegionName("r"), Data = folder.Path };
        using var energy = PowerModel.Of("");
        using var usage = new UsageRecorder(
            new MeterFolder(Path.Combine(folder.Path, "meter")), energy, () => default, "", clock, NullLogger<UsageRecorder>.Instance);
        var watch = new EligibilityWatch(
            source, new FixedOwnerPolicy(OwnerPolicy.Demo), (_, _) => new UsageToday(0, 0), NullLogger<EligibilityWatch>.Instance);
        var allowed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var drain = new OperatorDrain(folder.Path, clock, NullLogger<OperatorDrain>.Instance);
        using var host = new VehicleHost(
            settings,
            Config.Empty,
            watch,
            harness.Engine,
            new UnitWork(harness.Engine, new UnitWorkOptions(), clock, NullLogger<UnitWork>.Instance),
            usage,
            drain,
            new LifeLog(folder.Path, NullLogger<LifeLog>.Instance),
            clock,
            NullLoggerFactory.Instance);
        var judged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        watch.Judged += _ => judged.TrySetResult();
        await host.StartAsync(CancellationToken.None);
        await judged.Task.WaitAsync(EngineHarness.Patience);
        // Behind the host, which listens since before the first judgement, and has told the engine when this one hears.
        watch.Judged += judgement =>
        {
            if (judgement.Verdict.Allowed != WorkKinds.None)
                allowed.TrySetResult();
        };
        source.Park();
        await allowed.Task.WaitAsync(EngineHarness.Patience);
        var running = await harness.RunForeverAsync(Loop);

        source.Fail(new InvalidOperationException("the source is broken"));

        Assert.Equal(AttemptOutcome.HandedBack, (await running.Result.WaitAsync(EngineHarness.Patience)).Outcome);
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => host.ExecuteTask!.WaitAsync(EngineHarness.Patience));
        Assert.Equal("the source is broken", failure.Message);
        Assert.Equal(AttemptOutcome.HandedBack, (await harness.Submit(Loop, [EngineHarness.Floats(1), EngineHarness.Scalar(1)]).Result).Outcome);
    }

    private sealed class FailingSource(TimeProvider clock) : ITelemetrySource
    {
        private readonly TaskCompletionSource _parked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TimeProvider Clock => clock;

        public void Park() => _parked.SetResult();

        public void Fail(Exception failure) => _failed.SetException(failure);

        public async IAsyncEnumerable<TelemetryEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
        {
            await _parked.Task;
            var now = clock.GetUtcNow();
            yield return new TelemetryEvent.Readings(
                [.. ManualTelemetry.Parked.Select(signal => new SignalReading(signal.Key, signal.Value, now, now))]);
            await _failed.Task;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
