using Grpc.Net.Client;
using Mesh.Seed.Ingress.Grpc;

namespace Mesh.Process.Tests.Meshes;

/// <summary>One seed and two vehicles for all tests that only ask them something. Such a test leaves them as it found them.</summary>
public sealed class RunningMesh : IAsyncLifetime
{
    private GrpcChannel? _channel;

    internal TestMesh Mesh { get; private set; } = null!;

    internal RestClient Rest => Mesh.Rest;

    internal GRPCInferenceService.GRPCInferenceServiceClient Grpc => new(_channel);

    public async Task InitializeAsync()
    {
        Mesh = await TestMesh.StartAsync(vehicles: 2);
        _channel = GrpcChannel.ForAddress(Mesh.Seed.Grpc, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { UseProxy = false } });
    }

    public async Task DisposeAsync()
    {
        _channel?.Dispose();
        if (Mesh is not null)
            await Mesh.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
public sealed class OnRunningMesh : ICollectionFixture<RunningMesh>
{
    public const string Name = "running mesh";
}
