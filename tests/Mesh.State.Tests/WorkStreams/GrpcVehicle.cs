using Mesh.Messages;
using Mesh.Node.Sessions;
using Mesh.Node.Units;
using Mesh.State.Tests.Inference;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.WorkStreams;

/// <summary>One stream from a vehicle, until it is disposed of.</summary>
internal sealed class GrpcVehicle : IAsyncDisposable
{
    private readonly SocketsHttpHandler _handler = SeedChannel.NewHandler();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;

    public required WorkStreamClient Client { get; init; }

    /// <summary>The seed has said hello.</summary>
    public Task Opened => _opened.Task;

    public static GrpcVehicle Dial(GrpcSeed seed, EngineHarness harness, UnitWork units, ulong epoch) => Dial(
        seed,
        harness,
        new SessionIdentity(new VehicleId("V-1"), new SessionEpoch(epoch), seed.Region, new NodeAddress("akka.tcp://t@car:1", 2), default, 1),
        TimeProvider.System,
        units);

    /// <param name="opened">Runs when the seed has said hello, before the vehicle says anything more.</param>
    public static GrpcVehicle Dial(
        GrpcSeed seed, EngineHarness harness, SessionIdentity identity, TimeProvider time, UnitWork? units = null, Action<WorkStreamClient>? opened = null)
    {
        var vehicle = new GrpcVehicle
        {
            Client = new WorkStreamClient(
                identity, harness.Engine, TestArtifact.OfCheckout("fashion_cnn"), 8, () => seed.Seeds, time, NullLogger<WorkStreamClient>.Instance, units),
        };
        vehicle.Client.Opened += vehicle._opened.SetResult;
        vehicle.Client.Opened += () => opened?.Invoke(vehicle.Client);
        vehicle._running = vehicle.RunAsync(seed.Address);
        return vehicle;
    }

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await _running;
        Client.Dispose();
        _handler.Dispose();
    }

    private async Task RunAsync(string address)
    {
        using var channel = SeedChannel.Open(address, _handler);
        await Client.RunAsync(channel, _stop.Token);
    }
}
