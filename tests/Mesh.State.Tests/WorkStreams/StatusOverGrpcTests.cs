using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Node.Policy;
using Mesh.Node.Sessions;
using Mesh.State.Tests.Inference;
using Mesh.State.Tests.Policy;

namespace Mesh.State.Tests.WorkStreams;

/// <summary>What a vehicle says of itself, over a real stream: each field arrives as the seed reads it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test's DisposeAsync disposes them.")]
public sealed class StatusOverGrpcTests : IAsyncLifetime
{
    private static readonly TestArtifact Fashion = TestArtifact.OfCheckout("fashion_cnn");

    private readonly EngineHarness _harness = new(new InferenceEngineOptions { Threads = 3 });
    private readonly GrpcSeed _seed = new();
    private readonly ManualTime _time = new();

    public Task InitializeAsync() => _seed.StartAsync();

    public async Task DisposeAsync()
    {
        await _seed.DisposeAsync();
        _harness.Dispose();
    }

    [Fact]
    public async Task The_hello_says_who_where_and_what_the_vehicle_is()
    {
        await _harness.Engine.LoadAsync(Fashion.Model, Fashion);
        _time.Advance(TimeSpan.FromHours(2));
        var identity = Identity() with
        {
            DeviceClass = "cpu-2",
            ParkedAt = _time.GetUtcNow() - TimeSpan.FromSeconds(90),
            LeavesAt = () => _time.GetUtcNow() + TimeSpan.FromMinutes(10),
        };
        await using var vehicle = GrpcVehicle.Dial(_seed, _harness, identity, _time);
        var (stream, status) = await _seed.StatusAsync(_ => true);
        var session = stream.Session;
        Assert.Equal((identity.Vehicle, identity.Epoch, identity.Member), (session.Vehicle, session.Epoch, session.Member));
        Assert.Equal((identity.Place, "cpu-2", 3L << 30), (session.Place, session.DeviceClass, session.MemoryBytes));
        Assert.Equal(TimeSpan.FromSeconds(90), session.ParkedFor);
        Assert.Equal((8U, 3U, 0U, false), (status.Credits, status.Threads, status.Queued, status.Draining));
        Assert.Equal(600_000UL, status.LeavesInMs);
        Assert.Equal([Fashion.Model.Hash], status.Loaded.Select(model => ArtifactHash.FromBytes(model.Sha256.Span)));
    }

    [Fact]
    public async Task What_a_vehicle_does_not_tell_is_unknown_at_the_seed()
    {
        await using var vehicle = GrpcVehicle.Dial(_seed, _harness, Identity(), _time);
        var (stream, status) = await _seed.StatusAsync(_ => true);
        Assert.Equal(("", TimeSpan.Zero), (stream.Session.DeviceClass, stream.Session.ParkedFor));
        Assert.Equal(0UL, status.LeavesInMs);
        Assert.Empty(status.Loaded);
    }

    [Fact]
    public async Task A_status_follows_when_models_come_and_go_and_when_the_vehicle_drains_or_says_when_it_leaves()
    {
        DateTimeOffset? leaves = null;
        await using var vehicle = GrpcVehicle.Dial(_seed, _harness, Identity() with { LeavesAt = () => leaves }, _time);
        var (stream, _) = await _seed.StatusAsync(_ => true);
        await _harness.Engine.LoadAsync(Fashion.Model, Fashion);
        await _seed.StatusAsync(status => status.Loaded.Count == 1);
        _harness.Engine.Unload(Fashion.Model.Hash);
        await _seed.StatusAsync(status => status.Loaded.Count == 0);
        leaves = _time.GetUtcNow() - TimeSpan.FromSeconds(1);
        vehicle.Client.Drain();
        var (_, told) = await _seed.StatusAsync(status => status.Draining);
        Assert.Equal(1UL, told.LeavesInMs); // overdue, but told
        leaves = null;
        vehicle.Client.Drain(draining: false);
        Assert.Equal(0UL, (await _seed.StatusAsync(status => !status.Draining)).Status.LeavesInMs);
        Assert.False(stream.LastStatus.Draining);
    }

    /// <summary>A status goes with each pong, and a signal's value changes as often.</summary>
    [Fact]
    public async Task Rules_that_deny_work_are_told_at_first_and_then_when_they_are_others()
    {
        var (denials, number) = (Low(42), 1UL);
        var identity = Identity() with { Denials = () => denials, LeavesAt = () => _time.GetUtcNow() + TimeSpan.FromMilliseconds(number) };
        await using var vehicle = GrpcVehicle.Dial(_seed, _harness, identity, _time);
        var (stream, _) = await _seed.StatusAsync(_ => true);
        var first = stream.Denials;
        Assert.Equal(("LOW_CHARGE", "42"), (Assert.Single(first!.Rules).Code, first.Rules[0].Value));

        denials = Low(41);
        await NextStatusAsync();
        Assert.Same(first, stream.Denials);

        denials = [];
        await NextStatusAsync();
        Assert.Empty(stream.Denials!.Rules);
        denials = Low(41);
        await NextStatusAsync();
        Assert.Equal("41", stream.Denials!.Rules[0].Value);
        // Kept once, within bounds.
        Assert.Null(stream.LastStatus.Denials);

        // Each status has a number of its own. One that goes with a pong may have been begun before the rules changed, the next one was not.
        async Task NextStatusAsync()
        {
            for (var i = 0; i < 2; i++)
            {
                number++;
                vehicle.Client.StatusChanged();
                await _seed.StatusAsync(status => status.LeavesInMs == number);
            }
        }
    }

    [Fact]
    public async Task Rules_are_told_also_when_several_statuses_share_a_frame()
    {
        ImmutableArray<Denial> denials = [];
        var identity = Identity() with { Denials = () => denials };
        await using var vehicle = GrpcVehicle.Dial(_seed, _harness, identity, _time, opened: client =>
        {
            denials = Low(41);
            client.StatusChanged();
            client.StatusChanged();
        });
        var (stream, _) = await _seed.StatusAsync(_ => true);
        await _seed.StatusAsync(_ => true);
        Assert.Equal("41", Assert.Single(stream.Denials!.Rules).Value);
    }

    [Fact]
    public async Task Where_operators_ask_a_seed_its_hello_says()
    {
        _seed.Operators = "seed.example:9110";
        await using var vehicle = GrpcVehicle.Dial(_seed, _harness, Identity(), _time);
        Assert.Equal("", vehicle.Client.SeedOperators);
        await vehicle.Opened.WaitAsync(EngineHarness.Patience);
        Assert.Equal("seed.example:9110", vehicle.Client.SeedOperators);
    }

    private static ImmutableArray<Denial> Low(double charge) => Verdicts.Judge(Verdicts.But(Verdicts.Charge, charge)).Denials;

    private SessionIdentity Identity() => new(
        new VehicleId("V-7"), new SessionEpoch(12), _seed.Region, new NodeAddress("akka.tcp://t@car:1", 2), new GeoPoint(52.5, 13.4), 3L << 30);
}
