using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Node.Inference;
using Mesh.Node.Units;
using Mesh.Seed.WorkStreams;
using Mesh.State.Tests.Inference;
using Mesh.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.WorkStreams;

/// <summary>Units over a real stream: a seed's service in Kestrel, a vehicle's client, and an engine with real models.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test's DisposeAsync disposes them.")]
public sealed class UnitsOverGrpcTests : IAsyncLifetime
{
    private static readonly TestArtifact Loop = new("loop", OnnxFile.DoublingLoop());
    private static readonly TestArtifact Fashion = TestArtifact.OfCheckout("fashion_cnn").Batched(32);

    private readonly EngineHarness _harness = new();
    private readonly GrpcSeed _seed = new();
    private UnitWork _units = null!;

    public async Task InitializeAsync()
    {
        await _seed.StartAsync();
        _units = new UnitWork(_harness.Engine, new UnitWorkOptions(), TimeProvider.System, NullLogger<UnitWork>.Instance);
    }

    public async Task DisposeAsync()
    {
        await _seed.DisposeAsync();
        _harness.Dispose();
    }

    [Fact]
    public async Task Lines_come_back_as_results_and_are_not_told_again_once_acknowledged()
    {
        var alone = new List<float[]>();
        for (var i = 0; i < 100; i++)
            alone.Add(Values((await _harness.Submit(Fashion, [FashionPictures.Tensor(i, 1)]).Result).Outputs[0].Data.Span));
        _seed.Registry.AnnounceTerm(1);
        await using (var vehicle = GrpcVehicle.Dial(_seed, _harness, _units, 1))
        {
            var stream = await _seed.ToldAllAsync();
            Assert.Equal((8U, 1U), (stream.LastStatus.Credits, stream.LastStatus.Threads));
            for (var first = 0; first < 100; first += 25)
                Assert.True(stream.TrySendUnitLines(1, 1, Fashion.Model, Pictures(first, 25), last: first == 75));
            foreach (var (line, result) in await _seed.ResultsAsync(1, 100))
            {
                Assert.Equal(AttemptStatus.AttemptOk, result.Status);
                var (expected, actual) = (alone[(int)line], Values(result.Outputs[0].Data.Span));
                Assert.Equal(Array.IndexOf(expected, expected.Max()), Array.IndexOf(actual, actual.Max()));
                for (var i = 0; i < expected.Length; i++)
                    Assert.InRange(actual[i], expected[i] - 1e-5f, expected[i] + 1e-5f);
            }

            Assert.True(stream.TryAckUnit(1, [.. Enumerable.Range(0, 99)]));
            await AskAsync(stream);
        }

        await using (var vehicle = GrpcVehicle.Dial(_seed, _harness, _units, 2))
        {
            await _seed.ToldAllAsync();
            Assert.Equal([99U], (await _seed.ResultsAsync(1, 1)).Keys);
            Assert.Empty(_seed.Told);
        }
    }

    [Fact]
    public async Task What_a_lost_stream_did_not_tell_the_next_one_tells_and_a_lower_term_is_refused()
    {
        await _harness.Engine.LoadAsync(Fashion.Model, Fashion);
        await _harness.Engine.LoadAsync(Loop.Model, Loop);
        _seed.Registry.AnnounceTerm(5);
        await using (var vehicle = GrpcVehicle.Dial(_seed, _harness, _units, 1))
        {
            var stream = await _seed.ToldAllAsync();
            stream.TrySendUnitLines(1, 5, Fashion.Model, Pictures(0, 3), last: false);
            await _seed.ResultsAsync(1, 3);
            var blocker = await _harness.RunForeverAsync(Loop);
            stream.TrySendUnitLines(1, 5, Fashion.Model, Pictures(3, 3), last: true);
            stream.TryAckUnit(1, [0]);
            await AskAsync(stream);
            await vehicle.DisposeAsync();
            blocker.Job.Cancel();
        }

        await using (var vehicle = GrpcVehicle.Dial(_seed, _harness, _units, 2))
        {
            var stream = await _seed.ToldAllAsync();
            Assert.Equal([1U, 2U], (await _seed.ResultsAsync(1, 2)).Keys.Order());
            stream.TrySendUnitLines(2, 4, Fashion.Model, Pictures(0, 1), last: true);
            var notice = await _seed.NoticeAsync();
            Assert.Equal((2UL, UnitState.UnitRefused), (notice.Unit, notice.State));
        }
    }

    [Fact]
    public async Task A_leaving_vehicle_hands_back_what_did_not_run_before_its_goodbye()
    {
        await _harness.Engine.LoadAsync(Fashion.Model, Fashion);
        await _harness.Engine.LoadAsync(Loop.Model, Loop);
        _seed.Registry.AnnounceTerm(1);
        await using var vehicle = GrpcVehicle.Dial(_seed, _harness, _units, 1);
        var stream = await _seed.ToldAllAsync();
        stream.TrySendUnitLines(1, 1, Fashion.Model, Pictures(0, 2), last: false);
        await _seed.ResultsAsync(1, 2);
        var blocker = await _harness.RunForeverAsync(Loop);
        stream.TrySendUnitLines(1, 1, Fashion.Model, Pictures(2, 2), last: false);
        await AskAsync(stream);

        vehicle.Client.Drain();
        _units.SetDraining(true);
        _harness.Engine.HandBackQueued();
        var notice = await _seed.NoticeAsync();
        Assert.Equal((1UL, UnitState.UnitHandedBack), (notice.Unit, notice.State));
        var acknowledged = _units.WhenAcknowledgedAsync(CancellationToken.None);
        Assert.False(acknowledged.IsCompleted);
        stream.TryAckUnit(1, [0, 1]);
        await acknowledged.WaitAsync(EngineHarness.Patience);
        vehicle.Client.Leave("it is time");
        Assert.Equal(DepartureKind.Planned, await _seed.Ended.Task.WaitAsync(EngineHarness.Patience));
        blocker.Job.Cancel();
    }

    /// <summary>Lines of no term are refused at once: with the answer, everything that was sent before is on the vehicle.</summary>
    private async Task AskAsync(WorkStreamConnection stream)
    {
        Assert.True(stream.TrySendUnitLines(99, 0, Fashion.Model, [], last: true));
        var notice = await _seed.NoticeAsync();
        Assert.Equal((99UL, UnitState.UnitRefused), (notice.Unit, notice.State));
    }

    private static OutgoingUnitLine[] Pictures(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(i => new OutgoingUnitLine(i, [FashionPictures.Tensor(i, 1)], []))];

    private static float[] Values(ReadOnlySpan<byte> data) => MemoryMarshal.Cast<byte, float>(data).ToArray();
}
